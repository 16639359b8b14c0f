//! Multipliers of the augmented Lagrangian.

use bpqp_traits::Side;

/// The multipliers `ρ(v − Π(v))` at `v = value + center/ρ`, and the sides where they are not zero.
pub(crate) fn multipliers(
    value: &[f64],
    center: &[f64],
    rho: f64,
    (lower, upper): (&[f64], &[f64]),
    duals: &mut [f64],
    sides: &mut [Side],
) {
    for i in 0..value.len() {
        let v = value[i] + center[i] / rho;
        (sides[i], duals[i]) = if lower[i] == upper[i] {
            (Side::Equal, rho * (v - upper[i]))
        } else if v > upper[i] {
            (Side::Upper, rho * (v - upper[i]))
        } else if v < lower[i] {
            (Side::Lower, rho * (v - lower[i]))
        } else {
            (Side::Free, 0.0)
        };
    }
}
