//! The KKT matrix without what is eliminated: free variables by active rows, factored by LDLᵀ.

use bpqp_traits::{ActiveSet, ProgramRef, Result};

use crate::kkt::{KktMatrix, ruiz_of};
use crate::linalg::{Ldl, PivotRule, UpperPattern, reverse_cuthill_mckee};

/// Regularization of the equilibrated matrix.
const DELTA: f64 = 1e-9;
/// The band order serves where a factorization costs at most so many operations for each entry of the factor …
const MAX_WORK: f64 = 10.0;
/// … and the factor has at most so many entries for each of the matrix; otherwise the least degree orders.
const MAX_FILL: f64 = 4.0;
/// In the place of what is eliminated.
const OUT: usize = usize::MAX;

/// The matrix of one active set and its factor.
pub(super) struct Reduced {
    /// Scales of variables and rows (`n + m`).
    scale: Vec<f64>,
    /// The band order of all `n + m` indices; none where fill forbids it.
    order: Option<Vec<usize>>,
    /// Where every index is among those that are kept.
    place: Vec<usize>,
    signs: Vec<i8>,
    pattern: UpperPattern,
    values: Vec<f64>,
    ldl: Option<Ldl>,
    rhs: Vec<f64>,
}

impl Reduced {
    /// Equilibrates the whole KKT matrix and chooses an order for its parts.
    pub(super) fn new(program: &ProgramRef<'_>) -> Result<Self> {
        let whole = KktMatrix::new(program.p(), program.a());
        let scale = ruiz_of(program.p(), program.a());
        let mut new = Self {
            scale,
            order: None,
            place: vec![OUT; whole.pattern.dim],
            signs: Vec::new(),
            pattern: UpperPattern::default(),
            values: Vec::new(),
            ldl: None,
            rhs: Vec::new(),
        };
        let order = reverse_cuthill_mckee(&whole.pattern);
        let (n, m) = (program.num_vars(), program.num_rows());
        new.arrange(order.iter().copied(), |_| true);
        new.assemble(program);
        let (entries, operations) = Ldl::in_order(std::mem::take(&mut new.pattern))?.size();
        let fits = operations <= MAX_WORK * entries && entries <= MAX_FILL * (new.values.len() + n + m) as f64;
        new.order = fits.then_some(order);
        Ok(new)
    }

    /// Takes new values of `P` and `A`.
    pub(super) fn set_matrices(&mut self, program: &ProgramRef<'_>) {
        self.scale = ruiz_of(program.p(), program.a());
        self.ldl = None;
    }

    /// Gives a place to everything that `keep` says true of.
    fn arrange(&mut self, order: impl Iterator<Item = usize>, keep: impl Fn(usize) -> bool) {
        self.place.fill(OUT);
        let mut next = 0;
        for k in order.filter(|&k| keep(k)) {
            self.place[k] = next;
            next += 1;
        }
        self.pattern.dim = next;
    }

    /// Writes the pattern and the values of what has a place.
    fn assemble(&mut self, program: &ProgramRef<'_>) {
        let (n, dim) = (program.num_vars(), self.pattern.dim);
        let Self { place, scale, pattern, values, signs, .. } = self;
        let diagonal = (0..place.len()).map(|k| (k, k, if k < n { DELTA } else { -DELTA }));
        let entries = || {
            let p = program.p().entries().map(|(i, j, v)| (i, j, v * scale[i] * scale[j]));
            let a = program.a().entries().map(|(i, j, v)| (j, n + i, v * scale[j] * scale[n + i]));
            let kept = |(i, j, v): (usize, usize, f64)| {
                let (i, j) = (place[i], place[j]);
                (i != OUT && j != OUT).then(|| (i.min(j), i.max(j), v))
            };
            p.chain(a).chain(diagonal.clone()).filter_map(kept)
        };
        // Sorted by rows first, then stably by columns.
        let mut by_row = vec![0; dim + 1];
        entries().for_each(|(i, _, _)| by_row[i + 1] += 1);
        (0..dim).for_each(|i| by_row[i + 1] += by_row[i]);
        let mut sorted = vec![(0, 0, 0.0); by_row[dim]];
        for entry in entries() {
            let slot = &mut by_row[entry.0];
            sorted[*slot] = entry;
            *slot += 1;
        }
        let mut col_ptr = vec![0; dim + 1];
        sorted.iter().for_each(|&(_, j, _)| col_ptr[j + 1] += 1);
        (0..dim).for_each(|j| col_ptr[j + 1] += col_ptr[j]);
        let mut last = vec![OUT; dim];
        let mut next = col_ptr.clone();
        pattern.row_idx.clear();
        pattern.row_idx.resize(sorted.len(), 0);
        values.clear();
        values.resize(sorted.len(), 0.0);
        for (i, j, v) in sorted {
            // The regularization joins the diagonal entry that is there.
            if last[j] == i {
                values[next[j] - 1] += v;
                continue;
            }
            last[j] = i;
            pattern.row_idx[next[j]] = i;
            values[next[j]] = v;
            next[j] += 1;
        }
        close_gaps(&mut col_ptr, &next, &mut pattern.row_idx, values);
        pattern.col_ptr = col_ptr;
        signs.clear();
        signs.resize(dim, 1);
        place[n..].iter().filter(|&&k| k != OUT).for_each(|&k| signs[k] = -1);
    }

    /// Factors for `active`; false where a pivot is not finite.
    pub(super) fn factorize(&mut self, program: &ProgramRef<'_>, active: &ActiveSet) -> Result<bool> {
        let n = program.num_vars();
        let keep = |k: usize| if k < n { !active.bounds[k].is_active() } else { active.rows[k - n].is_active() };
        match self.order.take() {
            Some(order) => {
                self.arrange(order.iter().copied(), keep);
                self.order = Some(order);
            }
            None => self.arrange(0..self.place.len(), keep),
        }
        self.assemble(program);
        let pattern = self.pattern.clone();
        let mut ldl = if self.order.is_some() { Ldl::in_order(pattern)? } else { Ldl::new(pattern)? };
        let rule = PivotRule { signs: Some(&self.signs), epsilon: 1e-6 * DELTA, delta: DELTA };
        let finite = ldl.factorize(&self.values, rule);
        self.ldl = finite.then_some(ldl);
        self.rhs.resize(self.pattern.dim, 0.0);
        Ok(finite)
    }

    /// Solves in place for `(top, bottom)` of lengths `n` and `m`; what is eliminated becomes zero.
    pub(super) fn solve(&mut self, v: &mut [f64]) {
        let Some(ldl) = &mut self.ldl else { return };
        for ((&k, s), v) in self.place.iter().zip(&self.scale).zip(v.iter()) {
            if k != OUT {
                self.rhs[k] = s * v;
            }
        }
        ldl.solve(&mut self.rhs);
        for ((&k, s), v) in self.place.iter().zip(&self.scale).zip(v) {
            *v = if k == OUT { 0.0 } else { s * self.rhs[k] };
        }
    }
}

/// Moves columns that ended early next to one another.
fn close_gaps(col_ptr: &mut [usize], ends: &[usize], row_idx: &mut Vec<usize>, values: &mut Vec<f64>) {
    let mut next = 0;
    for j in 0..col_ptr.len() - 1 {
        let column = col_ptr[j]..ends[j];
        col_ptr[j] = next;
        next += column.len();
        row_idx.copy_within(column.clone(), col_ptr[j]);
        values.copy_within(column, col_ptr[j]);
    }
    if let Some(end) = col_ptr.last_mut() {
        *end = next;
    }
    row_idx.truncate(next);
    values.truncate(next);
}
