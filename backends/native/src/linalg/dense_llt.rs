//! Dense Cholesky factorization `LLᵀ` of a positive definite matrix.

use faer::linalg::matmul::matmul;
use faer::linalg::matmul::triangular::{self, BlockStructure};
use faer::linalg::triangular_solve::{solve_lower_triangular_in_place, solve_upper_triangular_in_place};
use faer::reborrow::{Reborrow, ReborrowMut};
use faer::{Accum, MatMut, MatRef, Par};

use super::kernels::{cholesky, solve_lower, solve_upper};
use super::packed::unpack_lower;

/// Up to this size halving does not pay.
const SMALL: usize = 512;
/// Halves begin at multiples of this.
const ALIGNED: usize = 32;
/// Up to this size the factor stays in the first cache, and its columns are made in one go …
const TINY: usize = 120;
/// … otherwise so many at a time, which do, before the rest of the matrix is updated: faer's products are about as fast as the
/// registers allow, where columns read again from the second cache are half as fast.
const PANEL: usize = 48;
/// Solves with several right-hand sides take so many rows at a time …
const ROWS: usize = 64;
/// … up to this size, from which on faer's halves are as good.
const HALVED: usize = 256;

/// Overwrites the lower triangle of `a` (`n × n`, by columns) with its factor; false where a pivot is not positive.
pub(super) fn factor_lower(a: &mut [f64], n: usize) -> bool {
    factor_blocks(a, n, n)
}

/// [`factor_lower`] with columns `stride` apart: halves, until they are small.
fn factor_blocks(a: &mut [f64], stride: usize, n: usize) -> bool {
    if n <= SMALL {
        return factor_panels(a, stride, n);
    }
    let half = (n / 2).next_multiple_of(ALIGNED);
    if !factor_blocks(a, stride, half) {
        return false;
    }
    let rest = n - half;
    let (left, right) = a.split_at_mut(half * stride);
    let left = MatMut::from_column_major_slice_with_stride_mut(left, n, half, stride);
    let (top, mut below) = left.split_at_row_mut(half);
    solve_lower_triangular_in_place(top.as_ref(), below.as_mut().transpose_mut(), Par::Seq);
    let right = &mut right[half..];
    let square = MatMut::from_column_major_slice_with_stride_mut(right, rest, rest, stride);
    let (lower, full) = (BlockStructure::TriangularLower, BlockStructure::Rectangular);
    let below = below.as_ref();
    triangular::matmul(square, lower, Accum::Add, below, full, below.transpose(), full, -1.0, Par::Seq);
    factor_blocks(right, stride, rest)
}

/// [`factor_blocks`] of a matrix of moderate size, a panel after the other.
fn factor_panels(mut a: &mut [f64], stride: usize, mut n: usize) -> bool {
    while n > TINY {
        if !cholesky(a, stride, n, PANEL) {
            return false;
        }
        let (panel, rest) = a.split_at_mut(PANEL * stride);
        n -= PANEL;
        a = &mut rest[PANEL..];
        let below = MatRef::from_column_major_slice_with_stride(&panel[PANEL..], n, PANEL, stride);
        let square = MatMut::from_column_major_slice_with_stride_mut(a, n, n, stride);
        let (lower, full) = (BlockStructure::TriangularLower, BlockStructure::Rectangular);
        triangular::matmul(square, lower, Accum::Add, below, full, below.transpose(), full, -1.0, Par::Seq);
    }
    cholesky(a, stride, n, n)
}

/// `A = LLᵀ` (`n × n`), `L` by columns.
pub(crate) struct DenseLlt {
    n: usize,
    l: Vec<f64>,
    inverse_diagonal: Vec<f64>,
}

impl DenseLlt {
    pub(crate) fn new(n: usize) -> Self {
        Self { n, l: vec![0.0; n * n], inverse_diagonal: vec![0.0; n] }
    }

    /// Makes room for matrices of another size, in the memory that is there where it suffices.
    pub(crate) fn resize(&mut self, n: usize) {
        self.n = n;
        self.l.clear();
        self.l.resize(n * n, 0.0);
        self.inverse_diagonal.resize(n, 0.0);
    }

    /// Factors `A + diag(shift)`, the upper triangle of `A` packed by columns, and returns the smallest pivot relative
    /// to the diagonal of the matrix; `None` where a pivot is not positive.
    pub(crate) fn factorize(&mut self, packed: &[f64], shift: &[f64]) -> Option<f64> {
        let n = self.n;
        unpack_lower(packed, n, &mut self.l);
        for j in 0..n {
            self.l[j * n + j] += shift[j];
            self.inverse_diagonal[j] = self.l[j * n + j];
        }
        factor_lower(&mut self.l, n).then_some(())?;
        let mut smallest = f64::INFINITY;
        for (j, d) in self.inverse_diagonal.iter_mut().enumerate() {
            let pivot = self.l[j * n + j];
            let relative = pivot * pivot / *d;
            smallest = if relative < smallest || relative.is_nan() { relative } else { smallest };
            *d = 1.0 / pivot;
        }
        (smallest > 0.0).then_some(smallest)
    }

    /// `L` by columns, zeros or not above its diagonal, and the reciprocals of the diagonal.
    pub(crate) fn parts(&self) -> (&[f64], &[f64]) {
        (&self.l, &self.inverse_diagonal)
    }

    /// `v ← L⁻¹v`, where the entries of `v` before `start` are zero.
    pub(crate) fn solve_lower_from(&self, start: usize, v: &mut [f64]) {
        solve_lower(&self.l, &self.inverse_diagonal, start, v);
    }

    /// `v ← L⁻¹v`.
    pub(crate) fn solve_lower(&self, v: &mut [f64]) {
        self.solve_lower_from(0, v);
    }

    /// `v ← L⁻ᵀv`.
    pub(crate) fn solve_upper(&self, v: &mut [f64]) {
        solve_upper(&self.l, &self.inverse_diagonal, v);
    }

    /// Each column of `b` (`n × k`) becomes `L⁻¹` times itself.
    pub(crate) fn solve_lower_many(&self, b: &mut [f64]) {
        let n = self.n;
        let columns = b.len() / n;
        let l = MatRef::from_column_major_slice(&self.l, n, n);
        let b = MatMut::from_column_major_slice_mut(b, n, columns);
        if n > HALVED {
            return solve_lower_triangular_in_place(l, b, Par::Seq);
        }
        let mut left = b;
        for first in (0..n).step_by(ROWS) {
            let rows = ROWS.min(n - first);
            let l = l.submatrix(first, first, n - first, rows);
            let (mut solved, mut rest) = left.split_at_row_mut(rows);
            solve_lower_triangular_in_place(l.subrows(0, rows), solved.rb_mut(), Par::Seq);
            let below = l.subrows(rows, n - first - rows);
            matmul(rest.rb_mut(), Accum::Add, below, solved.rb(), -1.0, Par::Seq);
            left = rest;
        }
    }

    /// Each column of `b` (`n × k`) becomes `L⁻ᵀ` times itself.
    pub(crate) fn solve_upper_many(&self, b: &mut [f64]) {
        let n = self.n;
        let columns = b.len() / n;
        let l = MatRef::from_column_major_slice(&self.l, n, n);
        let b = MatMut::from_column_major_slice_mut(b, n, columns);
        solve_upper_triangular_in_place(l.transpose(), b, Par::Seq);
    }
}

#[cfg(test)]
mod tests {
    use super::{DenseLlt, HALVED, PANEL, SMALL, TINY};

    /// Solves with the factor of `A = MMᵀ + I` give the right-hand side back, by the small kernel and by blocks, one
    /// vector at a time and many at once, at every remainder of the kernels' blocks.
    #[test]
    fn solves_at_every_remainder_and_on_both_sides_of_the_limit() {
        for n in (1..40).chain([TINY, TINY + 1, TINY + PANEL + 7, HALVED, HALVED + 1, SMALL - 1, SMALL, SMALL + 1]) {
            let entry = |i: usize, k: usize| ((i * 7 + k * 13 + i * k) % 11) as f64 / 11.0 - 0.4;
            let a = |i: usize, j: usize| -> f64 {
                (0..n).map(|k| entry(i, k) * entry(j, k)).sum::<f64>() + f64::from(u8::from(i == j))
            };
            let packed: Vec<f64> = (0..n).flat_map(|j| (0..=j).map(move |i| a(i, j))).collect();
            let mut llt = DenseLlt::new(n);
            let smallest = llt.factorize(&packed, &vec![0.5; n]).unwrap();
            assert!(smallest > 0.0 && smallest <= 1.0 + 1e-12, "{n}: {smallest}");
            let x: Vec<f64> = (0..n).map(|i| (i as f64 - 1.5) / (1.0 + i as f64)).collect();
            let mut b: Vec<f64> = (0..n).map(|i| (0..n).map(|j| a(i, j) * x[j]).sum::<f64>() + 0.5 * x[i]).collect();
            let mut many = [b.clone(), b.clone()].concat();
            llt.solve_lower(&mut b);
            llt.solve_lower_many(&mut many);
            for (one, many) in b.iter().chain(&b).zip(&many) {
                assert!((one - many).abs() <= 1e-14 * n.max(100) as f64 * (1.0 + one.abs()), "{n}");
            }
            llt.solve_upper(&mut b);
            llt.solve_upper_many(&mut many);
            for (b, x) in b.iter().chain(&many).zip(x.iter().cycle()) {
                assert!((b - x).abs() < 1e-11, "{n}: {b} {x}");
            }
        }
    }

    #[test]
    fn refuses_what_is_not_positive_definite() {
        assert_eq!(DenseLlt::new(2).factorize(&[1.0, 2.0, 1.0], &[0.0; 2]), None);
        assert_eq!(DenseLlt::new(1).factorize(&[f64::NAN], &[0.0]), None);
    }
}
