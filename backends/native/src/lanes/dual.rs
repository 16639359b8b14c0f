//! One program's active set, in the space of its constraints: with multipliers `y` these have the values `v₀ − H y`, where
//! `H = A P⁻¹Aᵀ` is what all programs share.

use pulp::{Arch, Simd};

use super::growing_llt::GrowingLlt;
use super::leading::Leading;

/// A pivot smaller than this, relative to its diagonal entry, is not told from zero.
pub(super) const REGULAR: f64 = 1e-6;
/// Rounding allowed in a constraint's value, relative to the terms that it is made of.
const ROUNDING: f64 = 1e-11;
/// Exchanges of all wrong constraints without fewer of them before only the last one is exchanged.
const TRIES: u32 = 3;
/// Exchanges at most, beside one for each constraint.
const MAX_EXCHANGES: usize = 20;

/// How a constraint is held: `Some(0)` as an equality, `Some(±1)` at its upper or lower side.
pub(super) type Held = Option<i8>;

/// Values and sides of all constraints where nothing is held.
pub(super) struct Constraints<'a> {
    /// `A P⁻¹Aᵀ` (`c × c`), and the roots of its diagonal.
    pub(super) gram: &'a [f64],
    pub(super) norms: &'a [f64],
    /// The equalities that come first.
    pub(super) leading: &'a Leading,
    pub(super) values: &'a [f64],
    pub(super) lo: &'a [f64],
    pub(super) hi: &'a [f64],
}

impl Constraints<'_> {
    pub(super) fn side(&self, k: usize, held: i8) -> f64 {
        if held < 0 { self.lo[k] } else { self.hi[k] }
    }
}

/// The working set, with its factor.
#[derive(Default)]
pub(super) struct LaneDual {
    pub(super) held: Vec<Held>,
    /// The constraints held, ascending.
    pub(super) members: Vec<usize>,
    /// Their multipliers.
    pub(super) y: Vec<f64>,
    factor: GrowingLlt,
    /// The pivots, relative to the diagonal of `H`.
    pivots: Vec<f64>,
    /// The members that `factor` belongs to, as far as it goes.
    factored: Vec<usize>,
    /// The multipliers of all constraints.
    multipliers: Vec<f64>,
    /// The constraints on the wrong side, and how each should be held.
    wrong: Vec<(usize, Held)>,
}

impl LaneDual {
    /// Forgets the working set.
    pub(super) fn clear(&mut self) {
        self.members.clear();
        self.y.clear();
    }

    /// The smallest pivot, relative to the diagonal.
    pub(super) fn pivot(&self) -> f64 {
        self.pivots.iter().fold(1.0, |least, pivot| least.min(*pivot))
    }

    /// Finds the active set, from `held`, for a problem of `n` variables; false where that does not come to an end, or at a
    /// set that is close to dependent.
    pub(super) fn solve(&mut self, constraints: &Constraints<'_>, n: usize) -> bool {
        for ((held, lo), hi) in self.held.iter_mut().zip(constraints.lo).zip(constraints.hi) {
            *held = match *held {
                _ if lo == hi => Some(0),
                Some(1) if *hi < f64::INFINITY => Some(1),
                Some(-1) if *lo > f64::NEG_INFINITY => Some(-1),
                _ => None,
            };
        }
        find_active_set(self, constraints, n)
    }

    /// `y ← H_WW⁻¹ y`.
    pub(super) fn solve_members(&mut self) {
        solve_factored(&self.factor, &mut self.y, &mut self.multipliers);
    }

    #[inline(always)]
    fn exchange<S: Simd>(&mut self, simd: S, constraints: &Constraints<'_>, n: usize) -> bool {
        let (mut fewest, mut tries) = (usize::MAX, TRIES);
        for _ in 0..MAX_EXCHANGES + self.held.len() {
            if !self.factorize(simd, constraints, n) {
                return false;
            }
            self.y.clear();
            for &k in &self.members {
                self.y.push(constraints.values[k] - constraints.side(k, self.held[k].unwrap_or(0)));
            }
            self.factor.solve(simd, &mut self.y, &mut self.multipliers);
            if !self.find_wrong(simd, constraints) {
                return false;
            }
            if self.wrong.is_empty() {
                return true;
            }
            if self.wrong.len() < fewest {
                (fewest, tries) = (self.wrong.len(), TRIES);
            } else {
                tries = tries.saturating_sub(1);
            }
            // The least-index rule ends, if slowly (Murty 1974).
            let first = if tries > 0 { 0 } else { self.wrong.len() - 1 };
            for &(k, next) in &self.wrong[first..] {
                self.held[k] = next;
            }
        }
        false
    }

    /// Lists the constraints of the wrong sign, and the violated ones, with what becomes of them; false where a number is
    /// not one.
    #[inline(always)]
    fn find_wrong<S: Simd>(&mut self, simd: S, constraints: &Constraints<'_>) -> bool {
        let Self { held, members, y, multipliers, wrong, .. } = self;
        let c = held.len();
        multipliers.clear();
        multipliers.resize(c, 0.0);
        // Bounds all terms of one constraint's value, divided by its own norm.
        let mut size = 0.0;
        for (&k, y) in members.iter().zip(y.iter()) {
            multipliers[k] = *y;
            size += constraints.norms[k] * y.abs();
        }
        if !size.is_finite() {
            return false;
        }
        wrong.clear();
        for (k, held) in held.iter().enumerate() {
            if let Some(sign) = held {
                if f64::from(*sign) * multipliers[k] < 0.0 {
                    wrong.push((k, None));
                }
                continue;
            }
            let free = constraints.values[k];
            let value = free - dot(simd, &constraints.gram[k * c..(k + 1) * c], multipliers);
            let (lo, hi) = (constraints.lo[k], constraints.hi[k]);
            let (by, side, next) = if value > hi { (value - hi, hi, 1) } else { (lo - value, lo, -1) };
            if by.is_nan() {
                return false;
            }
            if by > 0.0 && by > ROUNDING * (free.abs() + constraints.norms[k] * size + side.abs()) {
                wrong.push((k, Some(next)));
            }
        }
        true
    }

    /// Factors `H_WW`, from the first member on that is not where it was.
    #[inline(always)]
    fn factorize<S: Simd>(&mut self, simd: S, constraints: &Constraints<'_>, n: usize) -> bool {
        let Self { held, members, factor, factored, pivots, .. } = self;
        let c = held.len();
        members.clear();
        members.extend((0..c).filter(|&k| held[k].is_some()));
        let w = members.len();
        let mut same = members.iter().zip(factored.iter()).take_while(|(a, b)| a == b).count();
        let leading = constraints.leading;
        // Members ascend.
        let known = if leading.count > 0 && members.get(leading.count - 1) == Some(&(leading.count - 1)) {
            leading.count
        } else {
            0
        };
        if same < known {
            same = known;
            factor.clone_from(&leading.factor);
            factored.clear();
            factored.extend(0..known);
            pivots.clone_from(&leading.pivots);
        }
        factored.truncate(same);
        pivots.truncate(same);
        factor.truncate(same, c);
        if w > n {
            return false;
        }
        let gram = if known > 0 { &leading.gram } else { constraints.gram };
        let entry = |i: usize, j: usize| gram[members[i] * c + members[j]];
        let diagonal = |i: usize| constraints.gram[members[i] * (c + 1)];
        let is_regular = factor.extend(simd, w, (known, |i| leading.solved(members[i])), entry, diagonal, pivots);
        if is_regular {
            factored.clone_from(members);
        } else {
            factored.clear();
            pivots.clear();
            factor.truncate(0, c);
        }
        is_regular
    }
}

#[pulp::with_simd(find_active_set = Arch::new())]
#[inline(always)]
fn find_active_set_with_simd<S: Simd>(simd: S, dual: &mut LaneDual, constraints: &Constraints<'_>, n: usize) -> bool {
    dual.exchange(simd, constraints, n)
}

#[pulp::with_simd(solve_factored = Arch::new())]
#[inline(always)]
fn solve_factored_with_simd<S: Simd>(simd: S, factor: &GrowingLlt, y: &mut [f64], work: &mut Vec<f64>) {
    factor.solve(simd, y, work);
}

/// `aᵀb`.
#[inline(always)]
fn dot<S: Simd>(simd: S, a: &[f64], b: &[f64]) -> f64 {
    let ((a, a_rest), (b, b_rest)) = (S::as_simd_f64s(a), S::as_simd_f64s(b));
    let mut sum = simd.splat_f64s(0.0);
    for (a, b) in a.iter().zip(b) {
        sum = simd.mul_add_e_f64s(*a, *b, sum);
    }
    simd.reduce_sum_f64s(simd.mul_add_e_f64s(simd.partial_load_f64s(a_rest), simd.partial_load_f64s(b_rest), sum))
}
