//! Dense LDLᵀ through faer, with the own kernels' solves for single right-hand sides.

use faer::dyn_stack::{MemBuffer, MemStack};
use faer::linalg::cholesky::ldlt::factor::{LdltRegularization, cholesky_in_place, cholesky_in_place_scratch};
use faer::linalg::triangular_solve::{solve_unit_lower_triangular_in_place, solve_unit_upper_triangular_in_place};
use faer::reborrow::ReborrowMut;
use faer::{MatMut, MatRef, Par, Spec};

use super::kernels::{solve_lower, solve_upper};
use super::ldl::{PivotRule, UpperPattern};

/// A dense LDLᵀ factorization: unit lower `L` with `D` on its diagonal.
pub(crate) struct DenseLdl {
    pattern: UpperPattern,
    /// `L` by columns, with `D` on its diagonal; what is above is not used.
    factor: Vec<f64>,
    /// The diagonal of `L`, and `1/D`.
    ones: Vec<f64>,
    inverse: Vec<f64>,
    workspace: MemBuffer,
}

impl DenseLdl {
    pub(crate) fn new(pattern: UpperPattern) -> Self {
        let scratch = cholesky_in_place_scratch::<f64>(pattern.dim, Par::Seq, Spec::default());
        let n = pattern.dim;
        let [ones, inverse] = [1.0, 0.0].map(|v| vec![v; n]);
        Self { factor: vec![0.0; n * n], ones, inverse, workspace: MemBuffer::new(scratch), pattern }
    }

    pub(crate) fn sibling(&self) -> Self {
        Self::new(self.pattern.clone())
    }

    /// `n³/3` operations at blocked speed against `2 n²`.
    pub(crate) fn cost_ratio(&self) -> f64 {
        2.0 + self.pattern.dim as f64 / 20.0
    }

    pub(crate) fn factorize(&mut self, values: &[f64], rule: PivotRule<'_>) -> bool {
        let n = self.pattern.dim;
        self.factor.fill(0.0);
        for j in 0..n {
            let range = self.pattern.col_ptr[j]..self.pattern.col_ptr[j + 1];
            for (&i, &v) in self.pattern.row_idx[range.clone()].iter().zip(&values[range]) {
                self.factor[i * n + j] = v;
            }
        }
        let regularization = LdltRegularization {
            dynamic_regularization_signs: rule.signs,
            dynamic_regularization_delta: rule.delta,
            dynamic_regularization_epsilon: rule.epsilon,
        };
        let stack = MemStack::new(&mut self.workspace);
        let factor = MatMut::from_column_major_slice_mut(&mut self.factor, n, n);
        let done = cholesky_in_place(factor, regularization, Par::Seq, stack, Spec::default());
        for j in 0..n {
            self.inverse[j] = 1.0 / self.factor[j * (n + 1)];
        }
        let mut finite = true;
        self.for_each_pivot(&mut |d| finite &= d.is_finite() && d != 0.0);
        done.is_ok() && finite
    }

    pub(crate) fn solve(&mut self, rhs: &mut [f64]) {
        solve_lower(&self.factor, &self.ones, 0, rhs);
        rhs.iter_mut().zip(&self.inverse).for_each(|(v, inverse)| *v *= inverse);
        solve_upper(&self.factor, &self.ones, rhs);
    }

    pub(crate) fn solve_many(&mut self, rhs: &mut [f64]) {
        let n = self.pattern.dim;
        let l = MatRef::from_column_major_slice(&self.factor, n, n);
        let count = rhs.len() / n.max(1);
        let mut rhs = MatMut::from_column_major_slice_mut(rhs, n, count);
        solve_unit_lower_triangular_in_place(l, rhs.rb_mut(), Par::Seq);
        for j in 0..n {
            let inverse = self.inverse[j];
            rhs.rb_mut().row_mut(j).iter_mut().for_each(|v| *v *= inverse);
        }
        solve_unit_upper_triangular_in_place(l.transpose(), rhs, Par::Seq);
    }

    pub(crate) fn for_each_pivot(&self, visit: &mut dyn FnMut(f64)) {
        for j in 0..self.pattern.dim {
            visit(self.factor[j * (self.pattern.dim + 1)]);
        }
    }
}
