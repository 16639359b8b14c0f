//! Sparse LDLᵀ through faer: AMD ordering, simplicial or supernodal by predicted fill.

use std::sync::Arc;

use bpqp_traits::{Error, Lane, Result};
use faer::dyn_stack::{MemBuffer, MemStack, StackReq};
use faer::linalg::cholesky::ldlt::factor::LdltRegularization;
use faer::sparse::linalg::cholesky::simplicial::SymbolicSimplicialCholesky;
use faer::sparse::linalg::cholesky::supernodal::SupernodalLdltRef;
use faer::sparse::linalg::cholesky::{
    CholeskySymbolicParams, LdltRef, SymbolicCholesky, SymbolicCholeskyRaw, SymmetricOrdering,
    factorize_symbolic_cholesky,
};
use faer::sparse::{SparseColMatRef, SymbolicSparseColMat};
use faer::{Conj, MatMut, Par, Side, Spec};
use pulp::Arch;

use super::interleave::{interleaved, subtract};
use super::ldl::{PivotRule, UpperPattern};
use crate::NAME;

/// A sparse LDLᵀ factorization on a fixed pattern.
pub(crate) struct SparseLdl {
    pattern: SymbolicSparseColMat<usize>,
    symbolic: Arc<SymbolicCholesky<usize>>,
    values: Vec<f64>,
    workspace: MemBuffer,
    /// The permuted right-hand side of simplicial solves.
    permuted: Vec<f64>,
    /// Right-hand sides of solves with many, as they come and permuted.
    lanes: Vec<Lane>,
    permuted_lanes: Vec<Lane>,
}

impl SparseLdl {
    pub(crate) fn new(pattern: UpperPattern) -> Result<Self> {
        let dim = pattern.dim;
        let pattern = SymbolicSparseColMat::new_checked(dim, dim, pattern.col_ptr, None, pattern.row_idx);
        let params = CholeskySymbolicParams::default();
        let symbolic = factorize_symbolic_cholesky(pattern.as_ref(), Side::Upper, SymmetricOrdering::Amd, params)
            .map_err(|e| Error::backend(NAME, format!("symbolic factorization: {e}")))?;
        let workspace = MemBuffer::try_new(scratch(&symbolic)).map_err(|_| Error::backend(NAME, "out of memory"))?;
        let symbolic = Arc::new(symbolic);
        Ok(Self {
            values: vec![0.0; symbolic.len_val()],
            permuted: vec![0.0; dim],
            lanes: Vec::new(),
            permuted_lanes: Vec::new(),
            pattern,
            symbolic,
            workspace,
        })
    }

    pub(crate) fn sibling(&self) -> Self {
        Self {
            pattern: self.pattern.clone(),
            symbolic: Arc::clone(&self.symbolic),
            values: vec![0.0; self.values.len()],
            workspace: MemBuffer::new(scratch(&self.symbolic)),
            permuted: vec![0.0; self.permuted.len()],
            lanes: Vec::new(),
            permuted_lanes: Vec::new(),
        }
    }

    /// Four operations of a solve for each entry; supernodal arithmetic is about eight times faster.
    pub(crate) fn cost_ratio(&self) -> f64 {
        let (entries, operations) = self.size();
        let speed = if matches!(self.symbolic.raw(), SymbolicCholeskyRaw::Simplicial(_)) { 1.0 } else { 8.0 };
        2.0 + operations / (4.0 * speed * f64::max(entries, 1.0))
    }

    /// Entries of the factor and Σ (column count)².
    fn size(&self) -> (f64, f64) {
        let (mut operations, mut entries) = (0.0, 0.0);
        let mut column = |count: usize| {
            entries += count as f64;
            operations += (count * count) as f64;
        };
        match self.symbolic.raw() {
            SymbolicCholeskyRaw::Simplicial(l) => l.col_ptr().windows(2).for_each(|w| column(w[1] - w[0])),
            SymbolicCholeskyRaw::Supernodal(l) => {
                let factor = SupernodalLdltRef::new(l, &self.values);
                for s in 0..l.n_supernodes() {
                    let block = factor.supernode(s).val();
                    (0..block.ncols()).for_each(|j| column(block.nrows() - j));
                }
            }
        }
        (entries, operations)
    }

    pub(crate) fn factorize(&mut self, values: &[f64], rule: PivotRule<'_>) -> bool {
        let regularization = LdltRegularization {
            dynamic_regularization_signs: rule.signs,
            dynamic_regularization_delta: rule.delta,
            dynamic_regularization_epsilon: rule.epsilon,
        };
        let stack = MemStack::new(&mut self.workspace);
        let matrix = SparseColMatRef::new(self.pattern.as_ref(), values);
        let done = self.symbolic.factorize_numeric_ldlt(
            &mut self.values,
            matrix,
            Side::Upper,
            regularization,
            Par::Seq,
            stack,
            Spec::default(),
        );
        let done = done.is_ok();
        let mut finite = true;
        self.for_each_pivot(&mut |d| finite &= d.is_finite() && d != 0.0);
        done && finite
    }

    pub(crate) fn solve(&mut self, rhs: &mut [f64]) {
        if let (SymbolicCholeskyRaw::Simplicial(l), Some(perm)) = (self.symbolic.raw(), self.symbolic.perm()) {
            let (forward, _) = perm.arrays();
            for (x, &i) in self.permuted.iter_mut().zip(forward) {
                *x = rhs[i];
            }
            solve_simplicial(l, &self.values, &mut self.permuted);
            for (x, &i) in self.permuted.iter().zip(forward) {
                rhs[i] = *x;
            }
            return;
        }
        let stack = MemStack::new(&mut self.workspace);
        let column = MatMut::from_column_major_slice_mut(rhs, self.symbolic.nrows(), 1);
        LdltRef::new(&self.symbolic, &self.values).solve_in_place_with_conj(Conj::No, column, Par::Seq, stack);
    }

    /// Solves in place for right-hand sides one after another.
    pub(crate) fn solve_many(&mut self, rhs: &mut [f64]) {
        let dim = self.symbolic.nrows();
        if let (SymbolicCholeskyRaw::Simplicial(l), Some(perm)) = (self.symbolic.raw(), self.symbolic.perm()) {
            let (forward, _) = perm.arrays();
            let Self { values, permuted_lanes, .. } = self;
            return interleaved(rhs, dim, &mut self.lanes, |lanes| {
                permuted_lanes.clear();
                permuted_lanes.extend(forward.iter().map(|&i| lanes[i]));
                Arch::new().dispatch(|| solve_simplicial_lanes(l, values, permuted_lanes));
                forward.iter().zip(&*permuted_lanes).for_each(|(&i, x)| lanes[i] = *x);
            });
        }
        let count = rhs.len() / dim.max(1);
        let mut workspace = MemBuffer::new(self.symbolic.solve_in_place_scratch::<f64>(count, Par::Seq));
        let columns = MatMut::from_column_major_slice_mut(rhs, dim, count);
        let stack = MemStack::new(&mut workspace);
        LdltRef::new(&self.symbolic, &self.values).solve_in_place_with_conj(Conj::No, columns, Par::Seq, stack);
    }

    pub(crate) fn for_each_pivot(&self, visit: &mut dyn FnMut(f64)) {
        match self.symbolic.raw() {
            SymbolicCholeskyRaw::Simplicial(l) => {
                for &p in &l.col_ptr()[..l.ncols()] {
                    visit(self.values[p]);
                }
            }
            SymbolicCholeskyRaw::Supernodal(l) => {
                let factor = SupernodalLdltRef::new(l, &self.values);
                for s in 0..l.n_supernodes() {
                    let block = factor.supernode(s).val();
                    for j in 0..block.ncols() {
                        visit(block[(j, j)]);
                    }
                }
            }
        }
    }
}

fn scratch(symbolic: &SymbolicCholesky<usize>) -> StackReq {
    StackReq::any_of(&[
        symbolic.factorize_numeric_ldlt_scratch::<f64>(Par::Seq, Spec::default()),
        symbolic.solve_in_place_scratch::<f64>(1, Par::Seq),
    ])
}

/// `L D Lᵀ x = rhs` in place; each column holds its pivot first.
fn solve_simplicial(l: &SymbolicSimplicialCholesky<usize>, values: &[f64], x: &mut [f64]) {
    let (col_ptr, row_idx) = (l.col_ptr(), l.row_idx());
    for j in 0..l.ncols() {
        let xj = x[j];
        let below = col_ptr[j] + 1..col_ptr[j + 1];
        for (&i, v) in row_idx[below.clone()].iter().zip(&values[below]) {
            x[i] -= v * xj;
        }
    }
    for j in (0..l.ncols()).rev() {
        let below = col_ptr[j] + 1..col_ptr[j + 1];
        let sum: f64 = row_idx[below.clone()].iter().zip(&values[below]).map(|(&i, v)| v * x[i]).sum();
        x[j] = x[j] / values[col_ptr[j]] - sum;
    }
}

/// The same for one right-hand side in every lane.
#[inline(always)]
fn solve_simplicial_lanes(l: &SymbolicSimplicialCholesky<usize>, values: &[f64], x: &mut [Lane]) {
    let (col_ptr, row_idx) = (l.col_ptr(), l.row_idx());
    for j in 0..l.ncols() {
        let xj = x[j];
        let below = col_ptr[j] + 1..col_ptr[j + 1];
        for (&i, v) in row_idx[below.clone()].iter().zip(&values[below]) {
            subtract(*v, &xj, &mut x[i]);
        }
    }
    for j in (0..l.ncols()).rev() {
        let below = col_ptr[j] + 1..col_ptr[j + 1];
        let mut sum = x[j].map(|v| v / values[col_ptr[j]]);
        for (&i, v) in row_idx[below.clone()].iter().zip(&values[below]) {
            subtract(*v, &x[i], &mut sum);
        }
        x[j] = sum;
    }
}
