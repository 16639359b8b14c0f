//! Products of two dense matrices with the same number of rows.

use faer::linalg::matmul::matmul;
use faer::linalg::matmul::triangular::{self, BlockStructure};
use faer::{Accum, MatMut, MatRef, Par};

use super::columns::lower_gram;

/// Multiplications from which on faer's product, blocked for the caches, is faster than the own kernel.
const LARGE: usize = 1 << 24;

/// `out = AᵀB` for `A` (`n × rows`), `B` (`n × cols`) and `out` (its first `rows` of `stride` rows), all by columns.
pub(crate) fn transposed_product(a: &[f64], b: &[f64], n: usize, out: MatMut<'_, f64>) {
    let (rows, cols) = (a.len() / n, b.len() / n);
    let (a, b) = (MatRef::from_column_major_slice(a, n, rows), MatRef::from_column_major_slice(b, n, cols));
    matmul(out, Accum::Replace, a.transpose(), b, 1.0, Par::Seq);
}

/// `out −= A B` for `A` (`n × k`), `B` (`k × cols`) and `out` (`n × cols`), all by columns.
pub(crate) fn subtract_product(a: &[f64], b: &[f64], n: usize, out: &mut [f64]) {
    let (k, cols) = (a.len() / n.max(1), out.len() / n.max(1));
    let (a, b) = (MatRef::from_column_major_slice(a, n, k), MatRef::from_column_major_slice(b, k, cols));
    matmul(MatMut::from_column_major_slice_mut(out, n, cols), Accum::Add, a, b, -1.0, Par::Seq);
}

/// The lower triangle of `out = AᵀA` for `A` (`n × k`) and `out` (`k × k`), by columns; what is above it is not used.
pub(crate) fn lower_square(a: &[f64], n: usize, out: &mut [f64]) {
    let k = a.len() / n.max(1);
    if !is_large(n, k, k) {
        return lower_gram(|i| &a[i * n..(i + 1) * n], k, out);
    }
    let out = MatMut::from_column_major_slice_mut(out, k, k);
    let a = MatRef::from_column_major_slice(a, n, k);
    let (lower, full) = (BlockStructure::TriangularLower, BlockStructure::Rectangular);
    triangular::matmul(out, lower, Accum::Replace, a.transpose(), full, a, full, 1.0, Par::Seq);
}

/// Whether [`transposed_product`] is worth while for a product of this size.
pub(crate) fn is_large(n: usize, rows: usize, cols: usize) -> bool {
    n * rows * cols >= LARGE
}
