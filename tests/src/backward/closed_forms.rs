//! Closed forms: `H z + Cᵀν = −g`, `C z = r`.

use super::{BackwardContext, Qp};
use crate::CaseResult;
use crate::verdict::{close, ensure};

/// No rows: `z = −H⁻¹g = −(1/11) [3 −1; −1 4] (1, 2) = (−1/11, −7/11)`.
pub(super) fn unconstrained(ctx: &BackwardContext<'_>) -> CaseResult {
    let qp = Qp::dense(&[4.0, 1.0, 1.0, 3.0], &[], 2)?;
    ctx.check(&qp, &[1.0, 2.0], &[], (&[-1.0 / 11.0, -7.0 / 11.0], &[]))
}

/// One variable, no row and one: `2z = −6`; then `3z = 6`, `2·2 + 3ν = −1`.
pub(super) fn one_variable(ctx: &BackwardContext<'_>) -> CaseResult {
    ctx.check(&Qp::dense(&[2.0], &[], 1)?, &[6.0], &[], (&[-3.0], &[]))?;
    ctx.check(&Qp::dense(&[2.0], &[3.0], 1)?, &[1.0], &[6.0], (&[2.0], &[-5.0 / 3.0]))
}

/// Projection on `Σz = 0`: `z = −(g − mean g)`, `ν = −mean g`. With `g = (1, 2, 6)` the mean is 3.
pub(super) fn hyperplane(ctx: &BackwardContext<'_>) -> CaseResult {
    let qp = Qp::dense(&[1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0], &[1.0; 3], 3)?;
    ctx.check(&qp, &[1.0, 2.0, 6.0], &[0.0], (&[2.0, 1.0, -3.0], &[-3.0]))
}

/// `H = diag(2, 4)`, `z₁ + z₂ = 1`, `g = (−2, −8)`: `z = (1 − ν/2, 2 − ν/4)`, so `ν = 8/3`.
pub(super) fn least_squares(ctx: &BackwardContext<'_>) -> CaseResult {
    let qp = Qp::dense(&[2.0, 0.0, 0.0, 4.0], &[1.0, 1.0], 2)?;
    ctx.check(&qp, &[-2.0, -8.0], &[1.0], (&[-1.0 / 3.0, 4.0 / 3.0], &[8.0 / 3.0]))
}

/// A cotangent on the dual alone: `g = 0`, `r = 2`, `C = (1, 1)`, `H = I`: `z = (1, 1)`, `ν = −1`.
pub(super) fn dual_cotangent(ctx: &BackwardContext<'_>) -> CaseResult {
    let qp = Qp::dense(&[1.0, 0.0, 0.0, 1.0], &[1.0, 1.0], 2)?;
    ctx.check(&qp, &[0.0, 0.0], &[2.0], (&[1.0, 1.0], &[-1.0]))
}

/// As many rows as variables: `C = [1 1; 1 −1]`, `r = (3, 1)` fixes `z = (2, 1)`; `Cᵀν = −g − z` with `g = (0, 1)` reads
/// `ν₁ + ν₂ = −2`, `ν₁ − ν₂ = −2`, so `ν = (−2, 0)`.
pub(super) fn square_rows(ctx: &BackwardContext<'_>) -> CaseResult {
    let qp = Qp::dense(&[1.0, 0.0, 0.0, 1.0], &[1.0, 1.0, 1.0, -1.0], 2)?;
    ctx.check(&qp, &[0.0, 1.0], &[3.0, 1.0], (&[2.0, 1.0], &[-2.0, 0.0]))
}

/// A linear program's vertex: `H = 0` without stored entries, the same rows. `z = (2, 1)`, `Cᵀν = −g = (−1, −3)`:
/// `ν = (−2, 1)`. With `r = 0` the gradient is exactly zero.
pub(super) fn vertex_without_hessian(ctx: &BackwardContext<'_>) -> CaseResult {
    let qp = Qp::dense(&[0.0; 4], &[1.0, 1.0, 1.0, -1.0], 2)?;
    ctx.check(&qp, &[1.0, 3.0], &[3.0, 1.0], (&[2.0, 1.0], &[-2.0, 1.0]))?;
    ctx.check(&qp, &[1.0, 3.0], &[0.0, 0.0], (&[0.0, 0.0], &[-2.0, 1.0]))
}

/// `H = diag(0, 2)` is singular, but `z₁ = r` takes the flat direction: `z = (5, −½)`, `ν = −3` for `g = (3, 1)`.
pub(super) fn flat_direction_taken(ctx: &BackwardContext<'_>) -> CaseResult {
    let qp = Qp::dense(&[0.0, 0.0, 0.0, 2.0], &[1.0, 0.0], 2)?;
    ctx.check(&qp, &[3.0, 1.0], &[5.0], (&[5.0, -0.5], &[-3.0]))
}

/// Every variable held at a bound: nothing to solve, no error.
pub(super) fn no_variables(ctx: &BackwardContext<'_>) -> CaseResult {
    ctx.check(&Qp::dense(&[], &[], 0)?, &[], &[], (&[], &[]))
}

/// A zero right-hand side gives exactly zero, with the residual 0.
pub(super) fn zero_right_hand_side(ctx: &BackwardContext<'_>) -> CaseResult {
    let qp = Qp::dense(&[2.0, 0.5, 0.5, 4.0], &[1.0, 1.0], 2)?;
    let solved = ctx.solve(&qp, &[0.0, 0.0], &[0.0])?;
    close("z", &solved.z, &[0.0, 0.0], 0.0)?;
    close("nu", &solved.nu, &[0.0], 0.0)?;
    ensure(solved.report.residual == 0.0, || format!("the residual is {:e}", solved.report.residual))
}
