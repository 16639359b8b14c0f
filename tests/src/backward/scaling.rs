//! Bad scaling, from the closed form `H = diag(2, 4)`, `z₁ + z₂ = 1`, `g = (−2, −8)`: `z = (−1/3, 4/3)`, `ν = 8/3`.

use super::{BackwardContext, Qp};
use crate::CaseResult;
use crate::verdict::{at_most, close};

/// `H` and `g` times `α`, the row times `β` and its right-hand side too: the same `z`, and `ν` times `α/β`.
fn check_scaled(ctx: &BackwardContext<'_>, alpha: f64, beta: f64) -> CaseResult {
    let qp = Qp::dense(&[2.0 * alpha, 0.0, 0.0, 4.0 * alpha], &[beta, beta], 2)?;
    let (g, r) = ([-2.0 * alpha, -8.0 * alpha], [beta]);
    let solved = ctx.solve(&qp, &g, &r)?;
    at_most("the residual", solved.report.residual, ctx.config.adjoint_accuracy)?;
    // The residual is relative to the larger of g and r, so the other equation is known to this much.
    let stretch = (g[1].abs().max(beta) / alpha.min(beta)).max(1.0);
    let accuracy = (10.0 * stretch * ctx.config.adjoint_accuracy).min(1e-3);
    close("z", &solved.z, &[-1.0 / 3.0, 4.0 / 3.0], accuracy)?;
    let nu = 8.0 / 3.0 * alpha / beta;
    close("nu over its size", &[solved.nu[0] / nu], &[1.0], accuracy)
}

/// `H` times 1e6.
pub(super) fn scaled_hessian_up(ctx: &BackwardContext<'_>) -> CaseResult {
    check_scaled(ctx, 1e6, 1.0)
}

/// `H` times 1e-6.
pub(super) fn scaled_hessian_down(ctx: &BackwardContext<'_>) -> CaseResult {
    check_scaled(ctx, 1e-6, 1.0)
}

/// The row times 1e6.
pub(super) fn scaled_rows_up(ctx: &BackwardContext<'_>) -> CaseResult {
    check_scaled(ctx, 1.0, 1e6)
}

/// The row times 1e-6.
pub(super) fn scaled_rows_down(ctx: &BackwardContext<'_>) -> CaseResult {
    check_scaled(ctx, 1.0, 1e-6)
}

/// The solution is linear in the right-hand side, from 1e-12 to 1e12, relative to its size.
pub(super) fn scaled_right_hand_side(ctx: &BackwardContext<'_>) -> CaseResult {
    let qp = Qp::dense(&[2.0, 0.0, 0.0, 4.0], &[1.0, 1.0], 2)?;
    let mut factor = ctx.factorize(&qp)?;
    for scale in [1e-12, 1e-6, 1e6, 1e12] {
        let solved = ctx.solve_well(factor.as_mut(), &qp, &[-2.0 * scale, -8.0 * scale], &[scale])?;
        let unit: Vec<f64> = solved.z.iter().chain(&solved.nu).map(|v| v / scale).collect();
        close("(z, nu) over the scale", &unit, &[-1.0 / 3.0, 4.0 / 3.0, 8.0 / 3.0], ctx.config.adjoint_accuracy)?;
    }
    Ok(())
}

/// Curvatures from 1e-4 to 1e4 in one QP, `H = diag(1e-4, 1, 1e4)`, `g = H·1`, no rows: `z = −1`.
pub(super) fn mixed_scales(ctx: &BackwardContext<'_>) -> CaseResult {
    let qp = Qp::dense(&[1e-4, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1e4], &[], 3)?;
    let solved = ctx.solve_well(ctx.factorize(&qp)?.as_mut(), &qp, &[1e-4, 1.0, 1e4], &[])?;
    // A relative residual of 1e-9 leaves 1e-9 · 1e4 / 1e-4 in the softest variable.
    close("z₁", &solved.z[..1], &[-1.0], 0.1)?;
    close("z₂, z₃", &solved.z[1..], &[-1.0, -1.0], 1e4 * ctx.config.adjoint_accuracy)
}
