//! Dense LDLᵀ through faer, with hand-written solves for single right-hand sides.

use faer::dyn_stack::{MemBuffer, MemStack};
use faer::linalg::cholesky::ldlt::factor::{LdltRegularization, cholesky_in_place, cholesky_in_place_scratch};
use faer::linalg::triangular_solve::{solve_unit_lower_triangular_in_place, solve_unit_upper_triangular_in_place};
use faer::reborrow::ReborrowMut;
use faer::{Mat, MatMut, Par, Spec};

use super::ldl::{PivotRule, UpperPattern};

/// A dense LDLᵀ factorization: unit lower `L` with `D` on its diagonal.
pub(crate) struct DenseLdl {
    pattern: UpperPattern,
    factor: Mat<f64>,
    workspace: MemBuffer,
}

impl DenseLdl {
    pub(crate) fn new(pattern: UpperPattern) -> Self {
        let scratch = cholesky_in_place_scratch::<f64>(pattern.dim, Par::Seq, Spec::default());
        Self { factor: Mat::zeros(pattern.dim, pattern.dim), workspace: MemBuffer::new(scratch), pattern }
    }

    pub(crate) fn sibling(&self) -> Self {
        Self::new(self.pattern.clone())
    }

    /// `n³/3` operations at blocked speed against `2 n²`.
    pub(crate) fn cost_ratio(&self) -> f64 {
        2.0 + self.pattern.dim as f64 / 20.0
    }

    pub(crate) fn factorize(&mut self, values: &[f64], rule: PivotRule<'_>) -> bool {
        self.factor.fill(0.0);
        for j in 0..self.pattern.dim {
            let range = self.pattern.col_ptr[j]..self.pattern.col_ptr[j + 1];
            for (&i, &v) in self.pattern.row_idx[range.clone()].iter().zip(&values[range]) {
                self.factor[(j, i)] = v;
            }
        }
        let regularization = LdltRegularization {
            dynamic_regularization_signs: rule.signs,
            dynamic_regularization_delta: rule.delta,
            dynamic_regularization_epsilon: rule.epsilon,
        };
        let stack = MemStack::new(&mut self.workspace);
        let done = cholesky_in_place(self.factor.as_mut(), regularization, Par::Seq, stack, Spec::default());
        let mut finite = true;
        self.for_each_pivot(&mut |d| finite &= d.is_finite() && d != 0.0);
        done.is_ok() && finite
    }

    pub(crate) fn solve(&mut self, rhs: &mut [f64]) {
        let n = self.pattern.dim;
        for j in 0..n {
            let x = rhs[j];
            if let Some(column) = self.column(j) {
                for (r, l) in rhs[j + 1..].iter_mut().zip(&column[j + 1..]) {
                    *r -= l * x;
                }
            }
        }
        for j in (0..n).rev() {
            if let Some(column) = self.column(j) {
                let sum: f64 = rhs[j + 1..].iter().zip(&column[j + 1..]).map(|(r, l)| r * l).sum();
                rhs[j] = rhs[j] / column[j] - sum;
            }
        }
    }

    pub(crate) fn solve_many(&mut self, rhs: &mut [f64]) {
        let n = self.pattern.dim;
        let l = self.factor.as_ref();
        let count = rhs.len() / n.max(1);
        let mut rhs = MatMut::from_column_major_slice_mut(rhs, n, count);
        solve_unit_lower_triangular_in_place(l, rhs.rb_mut(), Par::Seq);
        for j in 0..n {
            let inverse = 1.0 / l[(j, j)];
            rhs.rb_mut().row_mut(j).iter_mut().for_each(|v| *v *= inverse);
        }
        solve_unit_upper_triangular_in_place(l.transpose(), rhs, Par::Seq);
    }

    /// Column `j` as a slice; owned matrices are always contiguous by column.
    fn column(&self, j: usize) -> Option<&[f64]> {
        self.factor.as_ref().col(j).try_as_col_major().map(|c| c.as_slice())
    }

    pub(crate) fn for_each_pivot(&self, visit: &mut dyn FnMut(f64)) {
        for j in 0..self.pattern.dim {
            visit(self.factor[(j, j)]);
        }
    }
}
