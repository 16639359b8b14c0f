//! Second-order cones: stationarity reads `P x + q + Aᵀy + ζ − Sᵀw = 0` with `w` in the cone and `wᵀ(S x + s) = 0`.

use bpqp_traits::{ProgramUpdate, Status};

use super::{Expected, ForwardContext, solution_of};
use crate::verdict::{accepted, ensure};
use crate::{CaseResult, Problem};

/// `c = (3, 4)` onto the unit ball: `x = c/5`. `S = (0; I)`, so `w₁ = x − c = (−2.4, −3.2)` and `w₀ = ‖w₁‖ = 4`.
pub(super) fn ball_projection(ctx: &ForwardContext<'_>) -> CaseResult {
    let problem = Problem::distance_to(&[3.0, 4.0]).ball(1.0);
    ctx.check_curved(&problem, Expected { x: &[0.6, 0.8], cones: &[4.0, -2.4, -3.2], ..Expected::default() })
}

/// A point inside the ball stays, and the cone's dual is zero.
pub(super) fn ball_inactive(ctx: &ForwardContext<'_>) -> CaseResult {
    let problem = Problem::distance_to(&[0.3, -0.4]).ball(1.0);
    ctx.check(&problem, Expected { x: &[0.3, -0.4], ..Expected::default() })
}

/// `min 3x₁ + 4x₂` on the unit ball: `x = −q/‖q‖`, `w₁ = q`, `w₀ = 5`. No quadratic objective.
pub(super) fn ball_linear(ctx: &ForwardContext<'_>) -> CaseResult {
    let problem = Problem::new(&[3.0, 4.0]).ball(1.0);
    ctx.check_curved(&problem, Expected { x: &[-0.6, -0.8], cones: &[5.0, 3.0, 4.0], ..Expected::default() })
}

/// `max x₁` on the unit ball with `x₂ ≥ 0.6`: `x = (0.8, 0.6)`. `w₁ = −w₀ x`; the first row `−1 + 0.8 w₀ = 0` gives
/// `w₀ = 1.25`, the second `y + 0.75 = 0`.
pub(super) fn ball_and_row(ctx: &ForwardContext<'_>) -> CaseResult {
    let problem = Problem::new(&[-1.0, 0.0]).at_least(0.6, &[0.0, 1.0]).ball(1.0);
    let expected = Expected { x: &[0.8, 0.6], y: &[-0.75], cones: &[1.25, -1.0, -0.75], ..Expected::default() };
    ctx.check_curved(&problem, expected)
}

/// A cone of dimension 1 is a half line: `x₁ ≥ 0`, with the unit ball, from `c = (−1, 2)`: `x = (0, 1)`. `x − c = (1, −1)
/// = w_a e₁ + w₁` with `w₁ = −w₀ x`, so `w_a = 1`, `w₀ = 1`, `w₁ = (0, −1)`.
pub(super) fn several_cones(ctx: &ForwardContext<'_>) -> CaseResult {
    let problem = Problem::distance_to(&[-1.0, 2.0]).cone(&[&[1.0, 0.0]], &[0.0]).ball(1.0);
    ctx.check_curved(&problem, Expected { x: &[0.0, 1.0], cones: &[1.0, 1.0, 0.0, -1.0], ..Expected::default() })
}

/// The apex: `(t, v)` nearest to `(−2; 1, 0)` in `‖v‖ ≤ t`. The point lies in the polar cone, so the answer is 0 and
/// `w = −c = (2, −1, 0)`, strictly inside.
pub(super) fn cone_apex(ctx: &ForwardContext<'_>) -> CaseResult {
    let problem = Problem::distance_to(&[-2.0, 1.0, 0.0])
        .cone(&[&[1.0, 0.0, 0.0], &[0.0, 1.0, 0.0], &[0.0, 0.0, 1.0]], &[0.0; 3]);
    ctx.check(&problem, Expected { x: &[0.0; 3], cones: &[2.0, -1.0, 0.0], ..Expected::default() })
}

/// Projection of `(0; 3, 4)` onto the cone itself: `(5/2)(1; 0.6, 0.8)`; `w = x − c = (2.5; −1.5, −2)`.
pub(super) fn cone_projection(ctx: &ForwardContext<'_>) -> CaseResult {
    let problem =
        Problem::distance_to(&[0.0, 3.0, 4.0]).cone(&[&[1.0, 0.0, 0.0], &[0.0, 1.0, 0.0], &[0.0, 0.0, 1.0]], &[0.0; 3]);
    ctx.check_curved(&problem, Expected { x: &[2.5, 1.5, 2.0], cones: &[2.5, -1.5, -2.0], ..Expected::default() })
}

/// Balls of radius 1 about `(±2, 0)` do not meet: each `w` pulls towards the other center. Only the status and the
/// certificate are checked.
pub(super) fn cone_infeasible(ctx: &ForwardContext<'_>) -> CaseResult {
    let rows: [&[f64]; 3] = [&[0.0, 0.0], &[1.0, 0.0], &[0.0, 1.0]];
    let problem = Problem::new(&[1.0, 0.0]).cone(&rows, &[1.0, 2.0, 0.0]).cone(&rows, &[1.0, -2.0, 0.0]);
    let (status, _) = ctx.solve(&problem.build()?)?;
    let excused = !ctx.capabilities.infeasibility_certificates && !status.has_solution();
    ensure(status == Status::PrimalInfeasible || excused, || format!("status is {status}"))
}

/// `min −t` over the cone `|v| ≤ t`: the ray `(1, 0)`.
pub(super) fn cone_unbounded(ctx: &ForwardContext<'_>) -> CaseResult {
    let problem = Problem::new(&[-1.0, 0.0]).cone(&[&[1.0, 0.0], &[0.0, 1.0]], &[0.0, 0.0]);
    let (status, _) = ctx.solve(&problem.build()?)?;
    let excused = !ctx.capabilities.infeasibility_certificates && !status.has_solution();
    ensure(status == Status::DualInfeasible || excused, || format!("status is {status}"))
}

/// New offsets and a new cone matrix, each against a fresh setup: the ball's radius 1 becomes 2, then the second
/// coordinate is halved, `x₁² + x₂²/4 ≤ 4`.
pub(super) fn cone_updates(ctx: &ForwardContext<'_>) -> CaseResult {
    let mut program = Problem::distance_to(&[3.0, 4.0]).ball(1.0).build()?;
    let mut session = ctx.setup(&program)?;
    ctx.solved_in(session.as_mut(), &program)?;
    for new in [
        ProgramUpdate { cone_offset: Some(&[2.0, 0.0, 0.0]), ..Default::default() },
        ProgramUpdate { cone_matrix: Some(&[1.0, 0.5]), ..Default::default() },
    ] {
        accepted("update", session.update(&new))?;
        accepted("the suite's own update", program.apply(&new))?;
        let found = ctx.solved_in(session.as_mut(), &program)?;
        ctx.compare(&found, &ctx.solved(&program)?, ctx.config.curved_accuracy())?;
    }
    // Radius 2 alone has the closed form x = (1.2, 1.6), w = (3, −1.8, −2.4).
    let program = Problem::distance_to(&[3.0, 4.0]).ball(2.0).build()?;
    let expected = Expected { x: &[1.2, 1.6], cones: &[3.0, -1.8, -2.4], ..Expected::default() };
    ctx.compare(&ctx.solved(&program)?, &solution_of(&program, &expected), ctx.config.curved_accuracy())
}
