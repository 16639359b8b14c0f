//! Dense vector kernels, compiled for the machine's vector instructions as well and chosen at run time.

use pulp::Arch;

/// Partial sums of [`dot`].
const LANES: usize = 8;

/// From this length on the choice of instructions pays.
const SHORT: usize = 24;

/// `xᵀy` over equal lengths.
pub(crate) fn dot(x: &[f64], y: &[f64]) -> f64 {
    if x.len() < SHORT { dot_inline(x, y) } else { Arch::new().dispatch(|| dot_inline(x, y)) }
}

/// `y += alpha · x` over equal lengths.
pub(crate) fn axpy(alpha: f64, x: &[f64], y: &mut [f64]) {
    if x.len() < SHORT { axpy_inline(alpha, x, y) } else { Arch::new().dispatch(|| axpy_inline(alpha, x, y)) }
}

#[inline(always)]
fn axpy_inline(alpha: f64, x: &[f64], y: &mut [f64]) {
    for (y, x) in y.iter_mut().zip(x) {
        *y += alpha * x;
    }
}

/// The product in eight partial sums, which the compiler may vectorize.
#[inline(always)]
fn dot_inline(x: &[f64], y: &[f64]) -> f64 {
    let ((xs, x_rest), (ys, y_rest)) = (x.as_chunks::<LANES>(), y.as_chunks::<LANES>());
    let mut sums = [0.0; LANES];
    for (x, y) in xs.iter().zip(ys) {
        for k in 0..LANES {
            sums[k] += x[k] * y[k];
        }
    }
    let rest: f64 = x_rest.iter().zip(y_rest).map(|(x, y)| x * y).sum();
    let [a, b, c, d, e, f, g, h] = sums;
    ((a + e) + (b + f)) + ((c + g) + (d + h)) + rest
}

/// `‖x‖₂`.
pub(crate) fn norm(x: &[f64]) -> f64 {
    dot(x, x).sqrt()
}
