//! Symmetric Ruiz equilibration.

use bpqp_traits::CscRef;

use super::KktMatrix;

/// Passes of Ruiz's iteration; each halves the logarithms of the remaining imbalance.
const PASSES: usize = 6;

/// Powers of two `s` such that `diag(s) K diag(s)` has rows of largest entry near one; empty rows keep 1.
pub(crate) fn ruiz(matrix: &KktMatrix) -> Vec<f64> {
    let pattern = &matrix.pattern;
    let mut scale = vec![1.0; pattern.dim];
    let mut largest = vec![0.0; pattern.dim];
    for _ in 0..PASSES {
        largest.fill(0.0);
        for j in 0..pattern.dim {
            for p in pattern.col_ptr[j]..pattern.col_ptr[j + 1] {
                let i = pattern.row_idx[p];
                let v = (matrix.values[p] * scale[i] * scale[j]).abs();
                largest[i] = v.max(largest[i]);
                largest[j] = v.max(largest[j]);
            }
        }
        for (s, &v) in scale.iter_mut().zip(&largest) {
            if v > 0.0 && v.is_finite() {
                *s /= v.sqrt();
            }
        }
    }
    scale.iter_mut().for_each(|s| *s = power_of_two(*s));
    scale
}

/// The same for the values of `h` and `c`, on their pattern.
pub(crate) fn ruiz_of(h: CscRef<'_>, c: CscRef<'_>) -> Vec<f64> {
    let mut matrix = KktMatrix::new(h, c);
    matrix.set(h.values(), c.values());
    ruiz(&matrix)
}

/// One scale for all rows, that makes the largest entry of the matrix about one.
pub(crate) fn uniform(matrix: &KktMatrix) -> Vec<f64> {
    let largest = matrix.values.iter().fold(0.0, |m: f64, v| m.max(v.abs()));
    let scale = if largest > 0.0 && largest.is_finite() { power_of_two(1.0 / largest.sqrt()) } else { 1.0 };
    vec![scale; matrix.pattern.dim]
}

/// The nearest power of two, so that scaling rounds nothing.
fn power_of_two(v: f64) -> f64 {
    v.log2().round().clamp(-300.0, 300.0).exp2()
}
