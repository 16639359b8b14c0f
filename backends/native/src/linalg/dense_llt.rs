//! Dense Cholesky factorization `LLᵀ` of a positive definite matrix, with hand-written solves for single vectors.

use faer::dyn_stack::{MemBuffer, MemStack};
use faer::linalg::cholesky::llt::factor::{LltRegularization, cholesky_in_place, cholesky_in_place_scratch};
use faer::linalg::triangular_solve::solve_lower_triangular_in_place;
use faer::{MatMut, MatRef, Par, Spec};

use super::kernels::{axpy, dot};

/// `A = LLᵀ` (`n × n`), `L` by columns.
pub(crate) struct DenseLlt {
    n: usize,
    l: Vec<f64>,
    inverse_diagonal: Vec<f64>,
    workspace: MemBuffer,
}

impl DenseLlt {
    pub(crate) fn new(n: usize) -> Self {
        let scratch = cholesky_in_place_scratch::<f64>(n, Par::Seq, Spec::default());
        Self { n, l: vec![0.0; n * n], inverse_diagonal: vec![0.0; n], workspace: MemBuffer::new(scratch) }
    }

    /// Factors `a + diag(shift)` (`a` full, by columns) and returns the smallest pivot relative to the diagonal of the
    /// matrix; `None` where a pivot is not positive.
    pub(crate) fn factorize(&mut self, a: &[f64], shift: &[f64]) -> Option<f64> {
        let n = self.n;
        self.l.copy_from_slice(a);
        for j in 0..n {
            self.l[j * n + j] += shift[j];
            self.inverse_diagonal[j] = self.l[j * n + j];
        }
        let matrix = MatMut::from_column_major_slice_mut(&mut self.l, n, n);
        let stack = MemStack::new(&mut self.workspace);
        cholesky_in_place(matrix, LltRegularization::default(), Par::Seq, stack, Spec::default()).ok()?;
        let mut smallest = f64::INFINITY;
        for (j, d) in self.inverse_diagonal.iter_mut().enumerate() {
            let pivot = self.l[j * n + j];
            let relative = pivot * pivot / *d;
            smallest = if relative < smallest || relative.is_nan() { relative } else { smallest };
            *d = 1.0 / pivot;
        }
        (smallest > 0.0).then_some(smallest)
    }

    /// `v ← L⁻¹v`, where the entries of `v` before `start` are zero.
    pub(crate) fn solve_lower_from(&self, start: usize, v: &mut [f64]) {
        let n = self.n;
        for j in start..n {
            let x = v[j] * self.inverse_diagonal[j];
            v[j] = x;
            axpy(-x, &self.l[j * n + j + 1..(j + 1) * n], &mut v[j + 1..]);
        }
    }

    /// `v ← L⁻¹v`.
    pub(crate) fn solve_lower(&self, v: &mut [f64]) {
        self.solve_lower_from(0, v);
    }

    /// `v ← L⁻ᵀv`.
    pub(crate) fn solve_upper(&self, v: &mut [f64]) {
        let n = self.n;
        for j in (0..n).rev() {
            let sum = dot(&self.l[j * n + j + 1..(j + 1) * n], &v[j + 1..]);
            v[j] = (v[j] - sum) * self.inverse_diagonal[j];
        }
    }

    /// Each column of `b` (`n × k`) becomes `L⁻¹` times itself.
    pub(crate) fn solve_lower_many(&self, b: &mut [f64]) {
        let n = self.n;
        let columns = b.len() / n;
        let l = MatRef::from_column_major_slice(&self.l, n, n);
        let b = MatMut::from_column_major_slice_mut(b, n, columns);
        solve_lower_triangular_in_place(l, b, Par::Seq);
    }
}
