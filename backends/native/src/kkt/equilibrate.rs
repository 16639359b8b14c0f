//! Symmetric Ruiz equilibration.

use super::KktMatrix;
use crate::linalg::UpperPattern;

/// No pass follows where all rows' largest entries were this near to one.
const BALANCED: std::ops::RangeInclusive<f64> = 0.75..=1.35;

/// Powers of two `s` such that `diag(s) K diag(s)` has rows of largest entry near one, for the symmetric `K` whose upper
/// triangle has `values` on `pattern`; empty rows keep 1. Each of the `passes` of Ruiz's iteration halves the logarithms of
/// the remaining imbalance.
pub(crate) fn ruiz(pattern: &UpperPattern, values: &[f64], passes: usize) -> Vec<f64> {
    let mut scale = vec![1.0; pattern.dim];
    let mut largest = vec![0.0; pattern.dim];
    for _ in 0..passes {
        largest.fill(0.0);
        for j in 0..pattern.dim {
            let column = pattern.col_ptr[j]..pattern.col_ptr[j + 1];
            let mut own: f64 = largest[j];
            for (&i, v) in pattern.row_idx[column.clone()].iter().zip(&values[column]) {
                let v = (v * scale[i] * scale[j]).abs();
                largest[i] = v.max(largest[i]);
                own = v.max(own);
            }
            largest[j] = own.max(largest[j]);
        }
        let mut balanced = true;
        for (s, &v) in scale.iter_mut().zip(&largest) {
            // Without branches, for vector instructions.
            let v = if v > 0.0 && v.is_finite() { v } else { 1.0 };
            *s /= v.sqrt();
            balanced &= BALANCED.contains(&v);
        }
        if balanced {
            break;
        }
    }
    scale.iter_mut().for_each(|s| *s = power_of_two(*s));
    scale
}

/// One scale for all rows, that makes the largest entry of the matrix about one.
pub(crate) fn uniform(matrix: &KktMatrix) -> Vec<f64> {
    let largest = matrix.values.iter().fold(0.0, |m: f64, v| m.max(v.abs()));
    let scale = if largest > 0.0 && largest.is_finite() { power_of_two(1.0 / largest.sqrt()) } else { 1.0 };
    vec![scale; matrix.pattern.dim]
}

/// The nearest power of two by ratio, so that scaling rounds nothing.
fn power_of_two(v: f64) -> f64 {
    let v = v.clamp(1e-90, 1e90);
    // A normal number without its fraction.
    let below = f64::from_bits(v.to_bits() & (0x7ff << 52));
    if v > std::f64::consts::SQRT_2 * below { 2.0 * below } else { below }
}

#[cfg(test)]
mod tests {
    use super::power_of_two;

    #[test]
    fn powers_of_two_are_the_nearest() {
        for (v, nearest) in [(1.0, 1.0), (1.4, 1.0), (1.5, 2.0), (0.7, 0.5), (0.75, 1.0), (3e-3, 2f64.powi(-8))] {
            assert_eq!(power_of_two(v), nearest);
        }
        assert_eq!(power_of_two(0.0).log2().fract(), 0.0);
        assert_eq!(power_of_two(f64::INFINITY).log2().fract(), 0.0);
    }
}
