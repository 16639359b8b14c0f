//! Goldfarb and Idnani's dual method: one violated constraint enters at a time, and those whose multipliers reach zero
//! on the way leave. D. Goldfarb, A. Idnani, *A numerically stable dual method for solving strictly convex quadratic
//! programs*, Mathematical Programming 27 (1983).

use bpqp_traits::vector::axpy;

use super::budget::{Budget, Stop};
use super::engine::Engine;
use super::factor::Member;

/// A multiplier that a step changes by less than this, relative to the step, does not block it.
const BLOCKING: f64 = 1e-11;
/// Violations up to this share of a constraint's terms are looked at again in a refined point.
const DRIFT: f64 = 1e-7;

impl Engine {
    /// From a working set whose multipliers have the right signs, until no constraint is violated.
    pub(super) fn dual_steps(&mut self, budget: &mut Budget) -> Result<(), Stop> {
        let mut exact = false;
        while let Some(member) = self.most_violated() {
            if !exact && self.is_drift(member) {
                exact = true;
                if self.refine_rows(self.target()) {
                    continue;
                }
            }
            self.enter(member, budget)?;
            self.data.values(&self.x, &mut self.values);
            exact = false;
        }
        Ok(())
    }

    /// Whether the member is violated by so little that the steps' rounding may have done it.
    fn is_drift(&self, w: Member) -> bool {
        self.excess(w) <= DRIFT * (self.data.magnitude(w.index, &self.x) + self.side(w).abs())
    }

    /// The violated constraint whose entry alone would raise the dual objective most: the largest `s²/|y_k|²`.
    fn most_violated(&mut self) -> Option<Member> {
        self.find_violated();
        let Self { factor, data, violated, .. } = self;
        factor.columns.ensure(data, &factor.llt, violated.iter().map(|w| w.index));
        let mut best = None;
        let mut most = -1.0;
        for w in &self.violated {
            let by = self.excess(*w);
            let gain = by * by / self.factor.columns.square(w.index).max(f64::MIN_POSITIVE);
            if gain > most {
                (best, most) = (Some(*w), gain);
            }
        }
        best
    }

    /// By how much the point is beyond the member's side.
    pub(super) fn excess(&self, w: Member) -> f64 {
        w.sign * (self.values[w.index] - self.side(w))
    }

    /// Raises the multiplier of `entering` until its constraint holds.
    fn enter(&mut self, entering: Member, budget: &mut Budget) -> Result<(), Stop> {
        let (k, sign) = (entering.index, entering.sign);
        let mut multiplier = 0.0;
        loop {
            budget.spend()?;
            let pivot = self.factor.project(k);
            let full = pivot.map_or(f64::INFINITY, |pivot| self.excess(entering).max(0.0) / pivot);
            let (partial, blocking) = self.ratio_test(entering);
            let step = full.min(partial);
            if step.is_nan() {
                return Err(Stop::GaveUp);
            }
            if step == f64::INFINITY {
                self.write_ray(entering);
                return Err(Stop::Infeasible(k));
            }
            axpy(-sign * step, &self.factor.r, &mut self.y);
            multiplier += sign * step;
            if pivot.is_some() {
                self.dx.copy_from_slice(&self.factor.rest);
                self.factor.llt.solve_upper(&mut self.dx);
                axpy(-sign * step, &self.dx, &mut self.x);
            }
            match (pivot, blocking) {
                (Some(pivot), _) if full <= partial => {
                    self.factor.append_projected(entering, pivot);
                    self.y.push(multiplier);
                    return Ok(());
                }
                (_, Some(position)) => {
                    self.factor.remove(position);
                    self.y.remove(position);
                    self.values[k] = self.data.value(k, &self.x);
                }
                _ => return Err(Stop::GaveUp),
            }
        }
    }

    /// The step at which the first multiplier reaches zero, and whose.
    fn ratio_test(&self, entering: Member) -> (f64, Option<usize>) {
        let columns = &self.factor.columns;
        let smallest = BLOCKING * columns.square(entering.index).sqrt();
        let (mut step, mut blocking) = (f64::INFINITY, None);
        for (position, (w, r)) in self.factor.members.iter().zip(&self.factor.r).enumerate() {
            let rate = w.sign * entering.sign * r;
            if w.sign == 0.0 || rate * columns.square(w.index).sqrt() <= smallest {
                continue;
            }
            let at = (w.sign * self.y[position]).max(0.0) / rate;
            if at < step {
                (step, blocking) = (at, Some(position));
            }
        }
        (step, blocking)
    }

    /// `A_Wᵀr = a_k` with signs that no step can change: the multipliers of a contradiction.
    fn write_ray(&mut self, entering: Member) {
        self.ray.clear();
        self.ray.resize(self.data.len(), 0.0);
        self.ray[entering.index] = entering.sign;
        for (w, r) in self.factor.members.iter().zip(&self.factor.r) {
            let y = -entering.sign * r;
            self.ray[w.index] = if w.sign * y < 0.0 { 0.0 } else { y };
        }
    }
}
