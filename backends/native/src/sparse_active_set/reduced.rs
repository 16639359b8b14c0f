//! The KKT matrix without what is eliminated: free variables by active rows, factored by LDLᵀ.

use bpqp_traits::vector::{dot, random_signs};
use bpqp_traits::{ActiveSet, Lane, ProgramRef, Result};

use crate::kkt::{KktMatrix, ruiz};
use crate::linalg::{Ldl, PivotRule, Simplicial, UpperPattern, interleaved, permute, reverse_cuthill_mckee};

/// Regularization `±δ` of the equilibrated matrix …
const DELTA: f64 = 1e-8;
/// … where without it a pivot is smaller than this, as those of rows are that come before all of their variables.
const HEALTHY: f64 = 1e-4;
/// Passes of equilibration.
const PASSES: usize = 3;
/// The band order serves where a factorization costs at most so many operations for each entry of the factor …
const MAX_WORK: usize = 32;
/// … and the factor has at most so many entries for each of the matrix; otherwise the least degree orders.
const MAX_FILL: usize = 6;
/// A random vector that grows no more than this belongs to a regular matrix.
const CLEAR: f64 = 1e3;
/// In the place of what is eliminated.
const OUT: usize = usize::MAX;

/// The matrix of one active set and its factor.
pub(super) struct Reduced {
    whole: Whole,
    /// What is in the matrix, by place.
    kept: Vec<bool>,
    factor: Form,
    /// The regularization: zero until a pivot asks for it.
    delta: f64,
    rhs: Vec<f64>,
    /// Many right-hand sides, by place.
    many: Vec<f64>,
    lanes: Vec<Lane>,
}

enum Form {
    /// In the order of the whole matrix.
    Band(Box<Simplicial>),
    /// Ordered anew for every set.
    LeastDegree(Box<LeastDegree>),
}

/// The KKT matrix of all variables and rows, permuted and equilibrated.
struct Whole {
    /// The index eliminated at every place.
    order: Vec<usize>,
    /// Scales by place.
    scale: Vec<f64>,
    /// The sign of every pivot, by place.
    signs: Vec<i8>,
    pattern: UpperPattern,
    values: Vec<f64>,
}

impl Whole {
    /// Places everything in `order`.
    fn new(program: &ProgramRef<'_>, matrix: &KktMatrix, order: Vec<usize>) -> Self {
        let (pattern, places) = permute(&matrix.pattern, &order);
        let mut values = vec![0.0; places.len()];
        places.iter().zip(&matrix.values).for_each(|(&place, v)| values[place] = *v);
        let scale = ruiz(&pattern, &values, PASSES);
        let signs: Vec<i8> = order.iter().map(|&index| if index < program.num_vars() { 1 } else { -1 }).collect();
        for j in 0..pattern.dim {
            for p in pattern.col_ptr[j]..pattern.col_ptr[j + 1] {
                values[p] *= scale[pattern.row_idx[p]] * scale[j];
            }
        }
        Self { order, scale, signs, pattern, values }
    }
}

/// The KKT matrix of `program` in the order of its variables and rows.
fn assemble(program: &ProgramRef<'_>) -> KktMatrix {
    let mut matrix = KktMatrix::new(program.p(), program.a());
    matrix.set(program.p().values(), program.a().values());
    matrix
}

impl Reduced {
    /// Equilibrates the whole KKT matrix and chooses an order for its parts.
    pub(super) fn new(program: &ProgramRef<'_>) -> Self {
        let matrix = assemble(program);
        let banded = Whole::new(program, &matrix, reverse_cuthill_mckee(&matrix.pattern));
        let (dim, mut simplicial) = (banded.order.len(), Box::<Simplicial>::default());
        let size = simplicial.analyze(&banded.pattern, MAX_FILL * banded.values.len());
        let fits = size.is_some_and(|(entries, work)| work <= MAX_WORK * (entries + dim));
        let (whole, factor) = if fits {
            (banded, Form::Band(simplicial))
        } else {
            (Whole::new(program, &matrix, (0..dim).collect()), Form::LeastDegree(Box::default()))
        };
        let (many, lanes) = (Vec::new(), Vec::new());
        Self { kept: vec![false; dim], rhs: vec![0.0; dim], whole, factor, delta: 0.0, many, lanes }
    }

    /// Takes new values of `P` and `A`.
    pub(super) fn set_matrices(&mut self, program: &ProgramRef<'_>) {
        self.whole = Whole::new(program, &assemble(program), std::mem::take(&mut self.whole.order));
        self.delta = 0.0;
    }

    /// Factors for `active`; false where a pivot is not finite.
    pub(super) fn factorize(&mut self, n: usize, active: &ActiveSet) -> Result<bool> {
        let Self { whole, kept, factor, delta, .. } = self;
        for (kept, &index) in kept.iter_mut().zip(&whole.order) {
            *kept = if index < n { !active.bounds[index].is_active() } else { active.rows[index - n].is_active() };
        }
        match factor {
            Form::Band(simplicial) => {
                let matrix = (&whole.pattern, &whole.values[..]);
                if *delta == 0.0 {
                    // A pivot that is not healthy becomes zero, which ends the factorization.
                    let rule = PivotRule { signs: Some(&whole.signs), epsilon: HEALTHY, delta: 0.0 };
                    if simplicial.factorize(matrix, kept, 0.0, rule) {
                        return Ok(true);
                    }
                    *delta = DELTA;
                }
                Ok(simplicial.factorize(matrix, kept, *delta, rule(&whole.signs)))
            }
            Form::LeastDegree(factor) => factor.factorize(whole, kept),
        }
    }

    /// How far the equilibrated matrix `K` is from singular, where one solve tells: `‖v‖ / ‖(K + D)⁻¹v‖` for a random `v`,
    /// with the regularization `D`.
    ///
    /// A null vector `w` of `K` has `(K + D)⁻¹D w = w` with `‖D‖ ≤ δ`, so along it `(K + D)⁻¹` stretches by `1/δ` at least:
    /// a random vector that hardly grows has next to nothing there.
    pub(super) fn regularity(&mut self) -> Option<f64> {
        let Self { kept, factor: Form::Band(simplicial), rhs, .. } = self else { return None };
        for ((rhs, v), kept) in rhs.iter_mut().zip(random_signs(kept.len(), 0)).zip(&*kept) {
            *rhs = if *kept { v } else { 0.0 };
        }
        let before = dot(rhs, rhs);
        if before == 0.0 {
            return Some(1.0);
        }
        simplicial.solve(rhs);
        let growth = (dot(rhs, rhs) / before).sqrt();
        // Not a number is not below.
        (growth <= CLEAR).then_some(1.0 / growth.max(1.0))
    }

    /// Solves in place for `(top, bottom)` of lengths `n` and `m`; what is eliminated becomes zero.
    pub(super) fn solve(&mut self, v: &mut [f64]) {
        let Self { whole, factor, rhs, .. } = self;
        for ((rhs, scale), &index) in rhs.iter_mut().zip(&whole.scale).zip(&whole.order) {
            *rhs = scale * v[index];
        }
        match factor {
            Form::Band(simplicial) => simplicial.solve(rhs),
            Form::LeastDegree(factor) => factor.solve(rhs),
        }
        for ((rhs, scale), &index) in rhs.iter().zip(&whole.scale).zip(&whole.order) {
            v[index] = scale * rhs;
        }
    }

    /// The same for vectors one after another.
    pub(super) fn solve_many(&mut self, v: &mut [f64]) {
        let Self { whole, factor, many, lanes, .. } = self;
        let dim = whole.order.len();
        many.clear();
        for v in v.chunks_exact(dim) {
            many.extend(whole.order.iter().zip(&whole.scale).map(|(&index, scale)| scale * v[index]));
        }
        match factor {
            Form::Band(simplicial) => interleaved(many, dim, lanes, |lanes| simplicial.solve_lanes(lanes)),
            Form::LeastDegree(factor) => factor.solve_many(many),
        }
        for (v, solved) in v.chunks_exact_mut(dim).zip(many.chunks_exact(dim)) {
            for ((solved, scale), &index) in solved.iter().zip(&whole.scale).zip(&whole.order) {
                v[index] = scale * solved;
            }
        }
    }
}

/// How regularized factors treat pivots that rounding has made small.
fn rule(signs: &[i8]) -> PivotRule<'_> {
    PivotRule { signs: Some(signs), epsilon: 1e-6 * DELTA, delta: DELTA }
}

/// The kept part of the matrix by itself, and its factor.
#[derive(Default)]
struct LeastDegree {
    /// Where every place of the whole matrix is among those that are kept.
    place: Vec<usize>,
    signs: Vec<i8>,
    pattern: UpperPattern,
    values: Vec<f64>,
    factor: Option<Ldl>,
    rhs: Vec<f64>,
}

impl LeastDegree {
    fn factorize(&mut self, whole: &Whole, kept: &[bool]) -> Result<bool> {
        self.gather(whole, kept);
        let mut ldl = Ldl::new(self.pattern.clone())?;
        let finite = ldl.factorize(&self.values, rule(&self.signs));
        self.factor = finite.then_some(ldl);
        Ok(finite)
    }

    fn gather(&mut self, whole: &Whole, kept: &[bool]) {
        let Self { place, signs, pattern, values, .. } = self;
        place.clear();
        place.resize(kept.len(), OUT);
        signs.clear();
        pattern.row_idx.clear();
        pattern.col_ptr.clear();
        pattern.col_ptr.push(0);
        values.clear();
        for j in (0..kept.len()).filter(|&j| kept[j]) {
            place[j] = signs.len();
            signs.push(whole.signs[j]);
            let column = whole.pattern.col_ptr[j]..whole.pattern.col_ptr[j + 1];
            for (&i, v) in whole.pattern.row_idx[column.clone()].iter().zip(&whole.values[column]) {
                if place[i] != OUT {
                    pattern.row_idx.push(place[i]);
                    values.push(if i == j { v + DELTA * f64::from(whole.signs[j]) } else { *v });
                }
            }
            pattern.col_ptr.push(values.len());
        }
        pattern.dim = signs.len();
    }

    /// Solves in place; what is not kept becomes zero.
    fn solve(&mut self, v: &mut [f64]) {
        self.rhs.clear();
        self.rhs.extend(v.iter().zip(&self.place).filter(|(_, place)| **place != OUT).map(|(v, _)| v));
        match &mut self.factor {
            Some(ldl) => ldl.solve(&mut self.rhs),
            None => self.rhs.fill(0.0),
        }
        for (v, &place) in v.iter_mut().zip(&self.place) {
            *v = if place == OUT { 0.0 } else { self.rhs[place] };
        }
    }

    /// The same for vectors one after another.
    fn solve_many(&mut self, v: &mut [f64]) {
        let (dim, kept) = (self.place.len(), self.signs.len());
        self.rhs.clear();
        for v in v.chunks_exact(dim) {
            self.rhs.extend(v.iter().zip(&self.place).filter(|(_, place)| **place != OUT).map(|(v, _)| v));
        }
        match &mut self.factor {
            Some(ldl) if kept > 0 => ldl.solve_many(&mut self.rhs),
            _ => self.rhs.fill(0.0),
        }
        for (s, v) in v.chunks_exact_mut(dim).enumerate() {
            for (v, &place) in v.iter_mut().zip(&self.place) {
                *v = if place == OUT { 0.0 } else { self.rhs[s * kept + place] };
            }
        }
    }
}
