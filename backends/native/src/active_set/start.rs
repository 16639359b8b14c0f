//! The working set that a solve starts from.

use bpqp_traits::vector::max_abs;

use super::engine::Engine;
use super::factor::Member;

impl Engine {
    /// Guesses the active set of a point with its multipliers: constraints whose multiplier, in the problem's scale,
    /// exceeds their slack.
    pub(crate) fn warm_start(&mut self, x: &[f64], y: &[f64], bound_duals: &[f64]) {
        self.data.values(x, &mut self.values);
        let data = &self.data;
        let (point, force) = (1.0 + max_abs(x), 1.0 + max_abs(&data.q));
        let mut guess = Vec::new();
        for (index, dual) in y.iter().chain(bound_duals).copied().enumerate() {
            let sign = if dual > 0.0 { 1.0 } else { -1.0 };
            let side = if dual > 0.0 { data.hi[index] } else { data.lo[index] };
            let slack = (side - self.values[index]) * sign;
            let a = data.norms[index];
            if dual != 0.0 && side.is_finite() && dual.abs() * a * a * point > slack * force {
                guess.push(Member { index, sign });
            }
        }
        self.center.copy_from_slice(x);
        self.guess = Some(guess);
    }

    /// Starts without a guess.
    pub(crate) fn cold_start(&mut self) {
        self.center.fill(0.0);
        self.guess = Some(Vec::new());
    }

    /// Prepares the working set: the equalities that are independent, then what was guessed or was there. Returns
    /// whether there was anything to guess from.
    pub(super) fn prepare(&mut self) -> bool {
        let Self { factor, data, equalities, guess, .. } = self;
        let mut changed = false;
        for (k, old) in equalities.iter_mut().enumerate() {
            let new = data.is_equality(k);
            changed |= new != *old;
            *old = new;
        }
        let mut members = match guess.take() {
            Some(members) => members,
            None if changed || factor.members.iter().any(|w| missing(data, *w)) => factor.members.clone(),
            None => return true,
        };
        members.retain(|w| !equalities[w.index]);
        for w in &mut members {
            // What was an equality has no side yet; the multiplier's sign will tell whether this one is right.
            w.sign = if w.sign == 0.0 { 1.0 } else { w.sign };
            w.sign = if missing(data, *w) { -w.sign } else { w.sign };
        }
        members.retain(|w| !missing(data, *w));
        let warm = !members.is_empty();
        let there = factor.members.iter().filter(|w| w.sign != 0.0);
        if !changed && warm && there.count() == members.len() && members.iter().all(|w| factor.contains(w.index)) {
            for w in &mut factor.members {
                w.sign = members.iter().find(|guess| guess.index == w.index).map_or(w.sign, |guess| guess.sign);
            }
            return true;
        }
        let fixed = (0..equalities.len()).filter(|&k| equalities[k]).map(|index| Member { index, sign: 0.0 });
        members.splice(0..0, fixed);
        factor.clear();
        factor.columns.ensure(data, &factor.llt, members.iter().map(|w| w.index));
        if !factor.append_all(&members) {
            members.iter().for_each(|w| {
                factor.append(*w);
            });
        }
        warm
    }
}

/// Whether the side at which a member is held is absent.
fn missing(data: &super::data::DenseData, w: Member) -> bool {
    let side = if w.sign < 0.0 { data.lo[w.index] } else { data.hi[w.index] };
    side.is_infinite()
}
