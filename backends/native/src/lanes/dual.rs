//! One program's active set, in the space of its constraints: with multipliers `y` these have the values `v₀ − H y`, where
//! `H = A P⁻¹Aᵀ` is what all programs share.

use std::ops::Range;

use pulp::{Arch, Simd};

/// A pivot smaller than this, relative to its diagonal entry, is not told from zero.
pub(super) const REGULAR: f64 = 1e-6;
/// Rounding allowed in a constraint's value, relative to the terms that it is made of.
const ROUNDING: f64 = 1e-11;
/// Exchanges of all wrong constraints without fewer of them before only the last one is exchanged.
const TRIES: u32 = 3;
/// Exchanges at most, beside one for each constraint.
const MAX_EXCHANGES: usize = 20;

/// Entries that fit a register together.
const BLOCK: usize = 8;

/// How a constraint is held: `Some(0)` as an equality, `Some(±1)` at its upper or lower side.
pub(super) type Held = Option<i8>;

/// Values and sides of all constraints where nothing is held.
pub(super) struct Constraints<'a> {
    /// `A P⁻¹Aᵀ` (`c × c`), and the roots of its diagonal.
    pub(super) gram: &'a [f64],
    pub(super) norms: &'a [f64],
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
        let same = members.iter().zip(factored.iter()).take_while(|(a, b)| a == b).count();
        factored.truncate(same);
        pivots.truncate(same);
        factor.truncate(same, c);
        if w > n {
            return false;
        }
        let entry = |i: usize, j: usize| constraints.gram[members[i] * c + members[j]];
        let is_regular = factor.extend(simd, w, entry, pivots);
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

/// A Cholesky factor that grows by rows. Its columns and rows are both kept, filled up with zeros to whole blocks: what is
/// read as a block was not just written number by number, which processors wait for.
#[derive(Default)]
struct GrowingLlt {
    /// The columns below the diagonal, `stride` apart.
    columns: Vec<f64>,
    /// The rows before the diagonal, `stride` apart.
    rows: Vec<f64>,
    stride: usize,
    /// The reciprocals of the diagonal.
    inverse: Vec<f64>,
    /// What is left of the new rows, `stride` apart.
    rest: Vec<f64>,
}

impl GrowingLlt {
    /// Keeps the first `len` rows of at most `capacity`.
    #[inline(always)]
    fn truncate(&mut self, len: usize, capacity: usize) {
        let stride = capacity.next_multiple_of(BLOCK);
        let len = if stride == self.stride { len } else { 0 };
        self.stride = stride;
        for column in self.columns.chunks_exact_mut(stride.max(1)).take(len) {
            column[len..].fill(0.0);
        }
        self.columns.truncate(len * stride);
        self.rows.truncate(len * stride);
        self.inverse.truncate(len);
    }

    /// Appends rows of the matrix up to `size`; false, and the factor of no use, where a pivot is no larger than
    /// [`REGULAR`] times its diagonal entry. `pivots` takes these shares.
    #[inline(always)]
    fn extend<S: Simd>(
        &mut self,
        simd: S,
        size: usize,
        entry: impl Fn(usize, usize) -> f64,
        pivots: &mut Vec<f64>,
    ) -> bool {
        let Self { columns, rows, stride, inverse, rest } = self;
        let (stride, old) = (*stride, inverse.len());
        rest.clear();
        rest.resize((size - old) * stride, 0.0);
        columns.resize(size * stride, 0.0);
        rows.resize(size * stride, 0.0);
        for (i, rest) in (old..size).zip(rest.chunks_exact_mut(stride)) {
            rest[..=i].iter_mut().enumerate().for_each(|(j, r)| *r = entry(i, j));
        }
        for j in 0..size {
            if j >= old {
                let (left, diagonal) = (rest[(j - old) * stride + j], entry(j, j));
                // Not a number fails, too.
                if !(left >= REGULAR * diagonal && left > 0.0) {
                    return false;
                }
                inverse.push(1.0 / left.sqrt());
                pivots.push(left / diagonal);
            }
            let first = old.max(j + 1);
            let column = &mut columns[j * stride..(j + 1) * stride];
            for i in first..size {
                let v = rest[(i - old) * stride + j] * inverse[j];
                column[i] = v;
                rows[i * stride + j] = v;
            }
            for i in first..size {
                let rest = &mut rest[(i - old) * stride..(i - old + 1) * stride];
                subtract(simd, column[i], column, rest, (j + 1) / BLOCK..i / BLOCK + 1);
            }
        }
        true
    }

    /// `y ← (LLᵀ)⁻¹ y`; `work` is overwritten.
    #[inline(always)]
    fn solve<S: Simd>(&self, simd: S, y: &mut [f64], work: &mut Vec<f64>) {
        let (stride, size) = (self.stride, y.len());
        work.clear();
        work.extend_from_slice(y);
        work.resize(stride, 0.0);
        for j in 0..size {
            y[j] = work[j] * self.inverse[j];
            subtract(
                simd,
                y[j],
                &self.columns[j * stride..(j + 1) * stride],
                work,
                (j + 1) / BLOCK..size.div_ceil(BLOCK),
            );
        }
        work[..size].copy_from_slice(y);
        for i in (0..size).rev() {
            y[i] = work[i] * self.inverse[i];
            subtract(simd, y[i], &self.rows[i * stride..(i + 1) * stride], work, 0..i.div_ceil(BLOCK));
        }
    }
}

/// `y −= s v` over these blocks.
#[inline(always)]
fn subtract<S: Simd>(simd: S, s: f64, v: &[f64], y: &mut [f64], blocks: Range<usize>) {
    let entries = blocks.start * BLOCK..blocks.end * BLOCK;
    let factor = simd.splat_f64s(-s);
    let (v, y) = (S::as_simd_f64s(&v[entries.clone()]).0, S::as_mut_simd_f64s(&mut y[entries]).0);
    for (y, v) in y.iter_mut().zip(v) {
        *y = simd.mul_add_e_f64s(factor, *v, *y);
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
