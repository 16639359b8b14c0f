//! Small dense-vector helpers that the contract's formulas need. NaN is never swallowed.

/// Largest absolute value; NaN if any entry is NaN, 0 for an empty slice.
pub fn max_abs(v: &[f64]) -> f64 {
    v.iter().fold(0.0, |m: f64, x| if x.abs() > m || x.is_nan() { x.abs() } else { m })
}

/// `xᵀy` over the shorter of the two lengths.
pub fn dot(x: &[f64], y: &[f64]) -> f64 {
    x.iter().zip(y).map(|(a, b)| a * b).sum()
}

/// `y += alpha · x` over the shorter of the two lengths.
pub fn axpy(alpha: f64, x: &[f64], y: &mut [f64]) {
    for (y, x) in y.iter_mut().zip(x) {
        *y += alpha * x;
    }
}

/// The larger of two values; NaN if either is NaN (unlike [`f64::max`]).
pub fn max_nan(a: f64, b: f64) -> f64 {
    if a.is_nan() || a > b { a } else { b }
}
