//! Dense vector kernels whose sums the compiler may vectorize.

/// Partial sums of [`dot`].
const LANES: usize = 8;

/// `xᵀy` over equal lengths, in eight partial sums.
pub(crate) fn dot(x: &[f64], y: &[f64]) -> f64 {
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
