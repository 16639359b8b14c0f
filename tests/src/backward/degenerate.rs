//! Singular KKT matrices: what is determined is right, the rest is finite, and the residual tells.

use super::{BackwardContext, Qp};
use crate::CaseResult;
use crate::verdict::{at_most, close, ensure};

const IDENTITY: [f64; 4] = [1.0, 0.0, 0.0, 1.0];

/// The same row twice, consistent: `z = (−g + mean g) + r/2` is unique, `ν₁ + ν₂` too.
/// `g = (1, 3)`, `r = 2`: `z = (1, −1) + (1, 1)`, `ν₁ + ν₂ = −g₁ − z₁ = −3`.
pub(super) fn duplicate_rows(ctx: &BackwardContext<'_>) -> CaseResult {
    let qp = Qp::dense(&IDENTITY, &[1.0, 1.0, 1.0, 1.0], 2)?;
    let solved = ctx.solve_well(ctx.factorize(&qp)?.as_mut(), &qp, &[1.0, 3.0], &[2.0, 2.0])?;
    close("z", &solved.z, &[2.0, 0.0], ctx.config.adjoint_accuracy)?;
    close("ν₁ + ν₂", &[solved.nu[0] + solved.nu[1]], &[-3.0], ctx.config.adjoint_accuracy)
}

/// Three dependent rows of rank two in three variables, consistent: `z₁ + z₂ = 1`, `z₂ + z₃ = 1`, their sum 2. `H = I`,
/// `g = (0, −1, 0)`: `z = (1 − t, t, 1 − t)` minimizes `(1 − t)² + ½t² − t` at `t = 1`: `z = (0, 1, 0)`.
pub(super) fn dependent_rows(ctx: &BackwardContext<'_>) -> CaseResult {
    let identity = [1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0];
    let rows = [1.0, 1.0, 0.0, 0.0, 1.0, 1.0, 1.0, 2.0, 1.0];
    let qp = Qp::dense(&identity, &rows, 3)?;
    let solved = ctx.solve_well(ctx.factorize(&qp)?.as_mut(), &qp, &[0.0, -1.0, 0.0], &[1.0, 1.0, 2.0])?;
    close("z", &solved.z, &[0.0, 1.0, 0.0], ctx.config.adjoint_accuracy)
}

/// A row without entries that asks for nothing: `z = −g` beside it.
pub(super) fn zero_row(ctx: &BackwardContext<'_>) -> CaseResult {
    let qp = Qp::dense(&IDENTITY, &[0.0, 0.0], 2)?;
    let solved = ctx.solve_well(ctx.factorize(&qp)?.as_mut(), &qp, &[1.0, -2.0], &[0.0])?;
    close("z", &solved.z, &[-1.0, 2.0], ctx.config.adjoint_accuracy)
}

/// Rows that contradict each other, `z₁ + z₂ = 1` and `= 2`: no residual below ½ exists, and the report says so.
pub(super) fn inconsistent_rows(ctx: &BackwardContext<'_>) -> CaseResult {
    let qp = Qp::dense(&IDENTITY, &[1.0, 1.0, 1.0, 1.0], 2)?;
    let solved = ctx.solve(&qp, &[1.0, 0.0], &[1.0, 2.0])?;
    // The two row residuals differ by 1, so one is at least ½, and the right-hand side is at most 2.
    ensure(solved.report.residual >= 0.2, || format!("reports {:.3e}", solved.report.residual))
}

/// `H = [1 −1; −1 1]` with `g` in its range: solutions form a line, `z₁ − z₂ = −1` for `g = (1, −1)`.
pub(super) fn singular_hessian_consistent(ctx: &BackwardContext<'_>) -> CaseResult {
    let qp = Qp::dense(&[1.0, -1.0, -1.0, 1.0], &[], 2)?;
    let solved = ctx.solve(&qp, &[1.0, -1.0], &[])?;
    at_most("the residual", solved.report.residual, 1e-6)?;
    close("z₁ − z₂", &[solved.z[0] - solved.z[1]], &[-1.0], 1e-6)?;
    at_most("‖z‖∞", solved.z.iter().fold(0.0, |m: f64, v| m.max(v.abs())), 1e3)
}

/// `H = diag(1, 0)` with `g = (1, 1)`: the second equation reads `0 = −1`. Finite, and the residual is about 1.
pub(super) fn singular_hessian_inconsistent(ctx: &BackwardContext<'_>) -> CaseResult {
    let qp = Qp::dense(&[1.0, 0.0, 0.0, 0.0], &[], 2)?;
    let solved = ctx.solve(&qp, &[1.0, 1.0], &[])?;
    ensure(solved.report.residual >= 0.9, || format!("reports {:.3e}", solved.report.residual))
}

/// Where solutions are many, the least-norm one is returned: `z = (−½, ½)` for the singular Hessian above.
pub(super) fn least_norm_primal(ctx: &BackwardContext<'_>) -> CaseResult {
    let qp = Qp::dense(&[1.0, -1.0, -1.0, 1.0], &[], 2)?;
    close("z", &ctx.solve(&qp, &[1.0, -1.0], &[])?.z, &[-0.5, 0.5], 1e-5)
}

/// The same for duals: equal shares `ν = (−3/2, −3/2)` for the duplicate rows.
pub(super) fn least_norm_duals(ctx: &BackwardContext<'_>) -> CaseResult {
    let qp = Qp::dense(&IDENTITY, &[1.0, 1.0, 1.0, 1.0], 2)?;
    close("nu", &ctx.solve(&qp, &[1.0, 3.0], &[2.0, 2.0])?.nu, &[-1.5, -1.5], 1e-4)
}
