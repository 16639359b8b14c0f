//! Bad scaling. A relative tolerance `t` leaves an error of about `κ t` in `x` where a unit is stretched by `κ`; the
//! comparison allows ten times that, the residuals are held to the tolerance itself.

use super::{Expected, ForwardContext};
use crate::{CaseResult, Problem};

const INF: f64 = f64::INFINITY;

pub(super) fn check_stretched(
    ctx: &ForwardContext<'_>,
    problem: &Problem,
    expected: Expected<'_>,
    stretch: f64,
) -> CaseResult {
    let accuracy = ctx.config.accuracy + 10.0 * stretch * ctx.config.tolerance;
    ctx.check_within(problem, expected, accuracy)
}

/// The half-space projection with its objective times `α`: the same `x`, duals times `α`.
fn scaled_objective(ctx: &ForwardContext<'_>, alpha: f64) -> CaseResult {
    let problem = Problem::new(&[-3.0 * alpha, -4.0 * alpha]).diagonal(&[alpha, alpha]).at_most(&[1.0, 2.0], 5.0);
    let expected = Expected { x: &[1.8, 1.6], y: &[1.2 * alpha], ..Expected::default() };
    check_stretched(ctx, &problem, expected, 1.0 / alpha.min(1.0))
}

/// Objective times 1e6.
pub(super) fn scaled_objective_up(ctx: &ForwardContext<'_>) -> CaseResult {
    scaled_objective(ctx, 1e6)
}

/// Objective times 1e-6.
pub(super) fn scaled_objective_down(ctx: &ForwardContext<'_>) -> CaseResult {
    scaled_objective(ctx, 1e-6)
}

/// The half-space projection with its row times `β`: the same `x`, the dual over `β`.
fn scaled_row(ctx: &ForwardContext<'_>, beta: f64) -> CaseResult {
    let problem = Problem::distance_to(&[3.0, 4.0]).at_most(&[beta, 2.0 * beta], 5.0 * beta);
    let expected = Expected { x: &[1.8, 1.6], y: &[1.2 / beta], ..Expected::default() };
    check_stretched(ctx, &problem, expected, 1.0 / beta.min(1.0))
}

/// Row times 1e6.
pub(super) fn scaled_row_up(ctx: &ForwardContext<'_>) -> CaseResult {
    scaled_row(ctx, 1e6)
}

/// Row times 1e-6.
pub(super) fn scaled_row_down(ctx: &ForwardContext<'_>) -> CaseResult {
    scaled_row(ctx, 1e-6)
}

/// Rows of very different sizes on one problem: `1e4 x₁ ≤ 1e4` and `1e-4 x₂ ≥ 2e-4` from `c = (3, −1)`: `x = (1, 2)`,
/// `1 − 3 + 1e4 y₁ = 0`, `2 + 1 + 1e-4 y₂ = 0`.
pub(super) fn mixed_rows(ctx: &ForwardContext<'_>) -> CaseResult {
    let problem = Problem::distance_to(&[3.0, -1.0]).at_most(&[1e4, 0.0], 1e4).at_least(2e-4, &[0.0, 1e-4]);
    check_stretched(ctx, &problem, Expected { x: &[1.0, 2.0], y: &[2e-4, -3e4], ..Expected::default() }, 1e4)
}

/// Variables in very different units: `½(x₁/1e3)² − x₁/1e3` and `½(1e3 x₂)² − 2(1e3 x₂)` with `x₁/1e3 + 1e3 x₂ = 1`. In
/// `t = (x₁/1e3, 1e3 x₂)` this projects `(1, 2)` onto `t₁ + t₂ = 1`: `t = (0, 1)`, `y = 1`.
pub(super) fn mixed_variables(ctx: &ForwardContext<'_>) -> CaseResult {
    let problem = Problem::new(&[-1e-3, -2e3]).diagonal(&[1e-6, 1e6]).equality(&[1e-3, 1e3], 1.0);
    check_stretched(ctx, &problem, Expected { x: &[0.0, 1e-3], y: &[1.0], ..Expected::default() }, 1e6)
}

/// Large coordinates: `½‖x − (3e6, −2e6)‖²` on `x₁ ≤ 1e6`, `x₂ ≥ −1e6` with duals of the same size.
pub(super) fn large_values(ctx: &ForwardContext<'_>) -> CaseResult {
    let problem = Problem::distance_to(&[3e6, -2e6]).bounds(&[-INF, -1e6], &[1e6, INF]);
    ctx.check(&problem, Expected { x: &[1e6, -1e6], bounds: &[2e6, -1e6], ..Expected::default() })
}

/// Distant bounds that never matter, `±1e10`, beside one that does: `x = 1` from 3, `ζ = 2`.
pub(super) fn distant_bounds(ctx: &ForwardContext<'_>) -> CaseResult {
    let problem = Problem::distance_to(&[3.0, 0.5]).bounds(&[-1e10, -1e10], &[1.0, 1e10]);
    ctx.check(&problem, Expected { x: &[1.0, 0.5], bounds: &[2.0, 0.0], ..Expected::default() })
}
