//! Checks of vectors that callers pass.

use crate::vector::max_abs;
use crate::{Error, Result};

/// Checks that the vector called `name` has length `expected`.
///
/// # Errors
/// [`Error::InvalidArgument`] that names both lengths.
pub fn check_length(name: &str, v: &[f64], expected: usize) -> Result<()> {
    if v.len() == expected {
        return Ok(());
    }
    Err(Error::invalid_argument(name, format!("expected length {expected}, found {}", v.len())))
}

/// Checks that the vector called `name` has length `expected` and finite entries.
///
/// # Errors
/// [`Error::InvalidArgument`] that names the lengths, or the first entry that is not finite.
pub fn check_vector(name: &str, v: &[f64], expected: usize) -> Result<()> {
    check_length(name, v, expected)?;
    if max_abs(v).is_finite() {
        return Ok(());
    }
    let Some(i) = v.iter().position(|v| !v.is_finite()) else { return Ok(()) };
    Err(Error::invalid_argument(name, format!("entry {i} is {}", v[i])))
}

/// Checks the right-hand side of an adjoint QP with `d` variables and `k` rows, and the buffers of its solution.
///
/// # Errors
/// As [`check_vector`].
pub fn check_adjoint((d, k): (usize, usize), (g, r): (&[f64], &[f64]), (z, nu): (&[f64], &[f64])) -> Result<()> {
    check_vector("g", g, d)?;
    check_vector("r", r, k)?;
    check_length("z", z, d)?;
    check_length("nu", nu, k)
}

/// Checks a starting point `(x, y, bound_duals)` of a program with `n` variables and `m` rows.
///
/// # Errors
/// As [`check_vector`].
pub fn check_start((n, m): (usize, usize), x: &[f64], y: &[f64], bound_duals: &[f64]) -> Result<()> {
    check_vector("x", x, n)?;
    check_vector("y", y, m)?;
    check_vector("bound_duals", bound_duals, n)
}
