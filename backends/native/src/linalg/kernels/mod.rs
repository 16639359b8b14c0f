//! Dense kernels, compiled for several sets of vector instructions and chosen at run time, once per operation.
//!
//! Columns are handed in as a function from their number to their entries, so that they may lie anywhere.

mod blocks;
mod cholesky;
mod columns;
mod products;
mod triangular;

use pulp::{Arch, Simd};

pub(crate) use cholesky::cholesky;
pub(crate) use columns::{dots, gram, lower_gram, subtract_columns, subtract_symmetric};
pub(crate) use products::{is_large, lower_square, subtract_product, transposed_product};
pub(crate) use triangular::{solve_lower, solve_rows_lower, solve_rows_lower_many, solve_rows_upper, solve_upper};

/// From this length on the choice of instructions pays.
const SHORT: usize = 24;

/// `xᵀy` over equal lengths.
pub(crate) fn dot(x: &[f64], y: &[f64]) -> f64 {
    if x.len() < SHORT { x.iter().zip(y).map(|(x, y)| x * y).sum() } else { long_dot(x, y) }
}

/// `y += alpha · x` over equal lengths.
pub(crate) fn axpy(alpha: f64, x: &[f64], y: &mut [f64]) {
    let add = |x: &[f64], y: &mut [f64]| y.iter_mut().zip(x).for_each(|(y, x)| *y += alpha * x);
    if x.len() < SHORT { add(x, y) } else { Arch::new().dispatch(|| add(x, y)) }
}

/// `‖x‖₂`.
pub(crate) fn norm(x: &[f64]) -> f64 {
    dot(x, x).sqrt()
}

#[pulp::with_simd(long_dot = Arch::new())]
#[inline(always)]
fn long_dot_with_simd<S: Simd>(simd: S, x: &[f64], y: &[f64]) -> f64 {
    blocks::dot1(simd, x, y)
}
