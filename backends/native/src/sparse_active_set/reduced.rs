//! The KKT matrix without what is eliminated: free variables by active rows, factored by LDLᵀ.

use bpqp_traits::{ActiveSet, ProgramRef, Result};

use crate::kkt::{KktMatrix, ruiz_of};
use crate::linalg::{Ldl, PivotRule, Simplicial, UpperPattern, reverse_cuthill_mckee};

/// Regularization of the equilibrated matrix.
const DELTA: f64 = 1e-9;
/// The band order serves where a factorization costs at most so many operations for each entry of the factor …
const MAX_WORK: usize = 10;
/// … and the factor has at most so many entries for each of the matrix; otherwise the least degree orders.
const MAX_FILL: usize = 4;
/// In the place of what is eliminated.
const OUT: usize = usize::MAX;

/// The matrix of one active set and its factor.
pub(super) struct Reduced {
    /// The whole matrix, permuted, equilibrated and regularized.
    whole: Whole,
    /// Where every index of the whole matrix is among those that are kept.
    place: Vec<usize>,
    signs: Vec<i8>,
    pattern: UpperPattern,
    values: Vec<f64>,
    factor: Form,
    rhs: Vec<f64>,
}

enum Form {
    /// In the order of the whole matrix.
    Band(Simplicial),
    /// Ordered anew for every set.
    LeastDegree(Option<Ldl>),
}

/// The KKT matrix of all variables and rows.
struct Whole {
    /// The index eliminated at every place.
    order: Vec<usize>,
    /// Scales of variables and rows (`n + m`).
    scale: Vec<f64>,
    pattern: UpperPattern,
    values: Vec<f64>,
}

impl Whole {
    /// Places everything in `order`, rows ascending in every column.
    fn new(program: &ProgramRef<'_>, order: Vec<usize>) -> Self {
        let (n, dim) = (program.num_vars(), order.len());
        let scale = ruiz_of(program.p(), program.a());
        let mut place = vec![0; dim];
        order.iter().enumerate().for_each(|(k, &i)| place[i] = k);
        let entries = || {
            let p = program.p().entries();
            let a = program.a().entries().map(|(i, j, v)| (j, n + i, v));
            p.chain(a).map(|(i, j, v)| (place[i].min(place[j]), place[i].max(place[j]), v * scale[i] * scale[j]))
        };
        // Sorted by rows, then stably by columns; the diagonal comes last in its column anyway.
        let sorted = counting_sort(dim, entries().collect(), |e| e.0);
        let sorted = counting_sort(dim, sorted, |e| e.1);
        let mut pattern = UpperPattern { dim, col_ptr: Vec::with_capacity(dim + 1), row_idx: Vec::new() };
        let mut values = Vec::with_capacity(sorted.len() + dim);
        pattern.col_ptr.push(0);
        let mut rest = sorted.as_slice();
        for (j, &index) in order.iter().enumerate() {
            let (column, after) = rest.split_at(rest.iter().take_while(|e| e.1 == j).count());
            rest = after;
            let mut diagonal = if index < n { DELTA } else { -DELTA };
            for &(i, _, v) in column {
                if i == j {
                    diagonal += v;
                } else {
                    pattern.row_idx.push(i);
                    values.push(v);
                }
            }
            pattern.row_idx.push(j);
            values.push(diagonal);
            pattern.col_ptr.push(values.len());
        }
        Self { order, scale, pattern, values }
    }
}

fn counting_sort(
    dim: usize,
    entries: Vec<(usize, usize, f64)>,
    key: impl Fn(&(usize, usize, f64)) -> usize,
) -> Vec<(usize, usize, f64)> {
    let mut next = vec![0; dim + 1];
    entries.iter().for_each(|e| next[key(e) + 1] += 1);
    (0..dim).for_each(|k| next[k + 1] += next[k]);
    let mut sorted = vec![(0, 0, 0.0); entries.len()];
    for entry in entries {
        let slot = &mut next[key(&entry)];
        sorted[*slot] = entry;
        *slot += 1;
    }
    sorted
}

impl Reduced {
    /// Equilibrates the whole KKT matrix and chooses an order for its parts.
    pub(super) fn new(program: &ProgramRef<'_>) -> Self {
        let order = reverse_cuthill_mckee(&KktMatrix::new(program.p(), program.a()).pattern);
        let banded = Whole::new(program, order);
        let mut simplicial = Simplicial::default();
        let size = simplicial.analyze(&banded.pattern, MAX_FILL * banded.values.len());
        let fits = size.is_some_and(|(entries, work)| work <= MAX_WORK * (entries + banded.order.len()));
        let (whole, factor) = if fits {
            (banded, Form::Band(simplicial))
        } else {
            let natural = (0..program.num_vars() + program.num_rows()).collect();
            (Whole::new(program, natural), Form::LeastDegree(None))
        };
        Self {
            place: vec![OUT; whole.order.len()],
            whole,
            signs: Vec::new(),
            pattern: UpperPattern::default(),
            values: Vec::new(),
            factor,
            rhs: Vec::new(),
        }
    }

    /// Takes new values of `P` and `A`.
    pub(super) fn set_matrices(&mut self, program: &ProgramRef<'_>) {
        self.whole = Whole::new(program, std::mem::take(&mut self.whole.order));
    }

    /// Keeps the free variables and the active rows of the whole matrix.
    fn assemble(&mut self, n: usize, active: &ActiveSet) {
        let Self { whole, place, signs, pattern, values, .. } = self;
        signs.clear();
        pattern.row_idx.clear();
        pattern.col_ptr.clear();
        pattern.col_ptr.push(0);
        values.clear();
        for (j, &index) in whole.order.iter().enumerate() {
            let is_row = index >= n;
            let kept = if is_row { active.rows[index - n].is_active() } else { !active.bounds[index].is_active() };
            if !kept {
                place[j] = OUT;
                continue;
            }
            place[j] = signs.len();
            signs.push(if is_row { -1 } else { 1 });
            let column = whole.pattern.col_ptr[j]..whole.pattern.col_ptr[j + 1];
            for (&i, v) in whole.pattern.row_idx[column.clone()].iter().zip(&whole.values[column]) {
                if place[i] != OUT {
                    pattern.row_idx.push(place[i]);
                    values.push(*v);
                }
            }
            pattern.col_ptr.push(values.len());
        }
        pattern.dim = signs.len();
    }

    /// Factors for `active`; false where a pivot is not finite.
    pub(super) fn factorize(&mut self, n: usize, active: &ActiveSet) -> Result<bool> {
        self.assemble(n, active);
        self.rhs.resize(self.pattern.dim, 0.0);
        let rule = PivotRule { signs: Some(&self.signs), epsilon: 1e-6 * DELTA, delta: DELTA };
        match &mut self.factor {
            Form::Band(simplicial) => Ok(simplicial.factorize(&self.pattern, &self.values, rule)),
            Form::LeastDegree(factor) => {
                let mut ldl = Ldl::new(self.pattern.clone())?;
                let finite = ldl.factorize(&self.values, rule);
                *factor = finite.then_some(ldl);
                Ok(finite)
            }
        }
    }

    /// Solves in place for `(top, bottom)` of lengths `n` and `m`; what is eliminated becomes zero.
    pub(super) fn solve(&mut self, v: &mut [f64]) {
        let Self { whole, place, factor, rhs, .. } = self;
        for (&k, &index) in place.iter().zip(&whole.order) {
            if k != OUT {
                rhs[k] = whole.scale[index] * v[index];
            }
        }
        match factor {
            Form::Band(simplicial) => simplicial.solve(rhs),
            Form::LeastDegree(Some(ldl)) => ldl.solve(rhs),
            Form::LeastDegree(None) => rhs.fill(0.0),
        }
        for (&k, &index) in place.iter().zip(&whole.order) {
            v[index] = if k == OUT { 0.0 } else { whole.scale[index] * rhs[k] };
        }
    }
}
