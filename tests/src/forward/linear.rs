//! Linear programs: what the quadratic cases ask of duals, degeneracy and scaling, for backends that serve nothing else.

use bpqp_traits::Status;

use super::infeasible::expect;
use super::scaling::check_stretched;
use super::{Expected, ForwardContext};
use crate::verdict::{at_most, close, ensure};
use crate::{CaseResult, Problem};

const INF: f64 = f64::INFINITY;

/// `min −x₁ + 2x₂` with `−1 ≤ x₁ ± x₂ ≤ 1`: in `s = x₁ + x₂`, `d = x₁ − x₂` the objective is `½s − (3/2)d`, so `s = −1`
/// (lower) and `d = 1` (upper), `x = (0, −1)`. `−1 + y₁ + y₂ = 0` and `2 + y₁ − y₂ = 0`: `y = (−½, 3/2)`.
pub(super) fn linear_row_duals(ctx: &ForwardContext<'_>) -> CaseResult {
    let problem = Problem::new(&[-1.0, 2.0]).row(-1.0, &[1.0, 1.0], 1.0).row(-1.0, &[1.0, -1.0], 1.0);
    ctx.check(&problem, Expected { x: &[0.0, -1.0], y: &[-0.5, 1.5], ..Expected::default() })
}

/// `min x₁ + 2x₂`, `2x₁ = 4`, `x₁ + x₂ = −1`: `x = (2, −3)`; `2 + y₂ = 0`, `1 + 2y₁ + y₂ = 0`: `y = (½, −2)`.
pub(super) fn linear_equality_duals(ctx: &ForwardContext<'_>) -> CaseResult {
    let problem = Problem::new(&[1.0, 2.0]).equality(&[2.0, 0.0], 4.0).equality(&[1.0, 1.0], -1.0);
    ctx.check(&problem, Expected { x: &[2.0, -3.0], y: &[0.5, -2.0], ..Expected::default() })
}

/// Each variable by itself, the last two fixed: `q + ζ = 0`, negative at `x₁ ≥ −1`, positive at `x₂ ≤ 4`, either when fixed.
pub(super) fn linear_bound_duals(ctx: &ForwardContext<'_>) -> CaseResult {
    let problem = Problem::new(&[2.0, -3.0, 1.0, -5.0]).bounds(&[-1.0, -INF, -2.0, 1.0], &[INF, 4.0, -2.0, 1.0]);
    let expected = Expected { x: &[-1.0, 4.0, -2.0, 1.0], bounds: &[-2.0, 3.0, -1.0, 5.0], ..Expected::default() };
    ctx.check(&problem, expected)
}

/// `min −2x₁ − x₂`, `x₁ + x₂ = 1`, `x₁ ≤ ¼`: `x = (¼, ¾)`; `−1 + y = 0`, `−2 + y + ζ₁ = 0`. The second row is slack.
pub(super) fn linear_row_and_bound_duals(ctx: &ForwardContext<'_>) -> CaseResult {
    let problem = Problem::new(&[-2.0, -1.0])
        .equality(&[1.0, 1.0], 1.0)
        .row(-9.0, &[1.0, -1.0], 9.0)
        .bounds(&[-INF, -INF], &[0.25, INF]);
    let expected = Expected { x: &[0.25, 0.75], y: &[1.0, 0.0], bounds: &[1.0, 0.0], ..Expected::default() };
    ctx.check(&problem, expected)
}

/// A free row beside `x₁ + x₂ ≥ 2` and `x₁ = x₂`: `x = (1, 1)`; `1 + y₂ + y₃ = 0`, `2 + y₂ − y₃ = 0`: `y = (0, −3/2, ½)`.
pub(super) fn linear_free_row(ctx: &ForwardContext<'_>) -> CaseResult {
    let problem =
        Problem::new(&[1.0, 2.0]).row(-INF, &[3.0, -1.0], INF).at_least(2.0, &[1.0, 1.0]).equality(&[1.0, -1.0], 0.0);
    ctx.check(&problem, Expected { x: &[1.0, 1.0], y: &[0.0, -1.5, 0.5], ..Expected::default() })
}

/// A row without entries says nothing: `min −x₁ + x₂`, `x₁ + 2x₂ ≤ 5`, `x ≥ 0`: `x = (5, 0)`, `y₂ = 1`, `ζ₂ = −3`.
pub(super) fn linear_zero_row(ctx: &ForwardContext<'_>) -> CaseResult {
    let problem =
        Problem::new(&[-1.0, 1.0]).row(-1.0, &[0.0, 0.0], 1.0).at_most(&[1.0, 2.0], 5.0).bounds(&[0.0; 2], &[INF; 2]);
    let expected = Expected { x: &[5.0, 0.0], y: &[0.0, 1.0], bounds: &[0.0, -3.0], ..Expected::default() };
    ctx.check(&problem, expected)
}

/// The same equality twice: `min x₁ + 2x₂`, `x₁ + x₂ = 1`, `x ≥ 0`: `x = (1, 0)`, and the two duals add up to −1.
pub(super) fn linear_duplicate_equality(ctx: &ForwardContext<'_>) -> CaseResult {
    let problem =
        Problem::new(&[1.0, 2.0]).equality(&[1.0, 1.0], 1.0).equality(&[1.0, 1.0], 1.0).bounds(&[0.0; 2], &[INF; 2]);
    let found = ctx.solved(&problem.build()?)?;
    close("x", &found.x, &[1.0, 0.0], ctx.config.accuracy)?;
    if !ctx.capabilities.duals {
        return Ok(());
    }
    close("y₁ + y₂", &[found.y[0] + found.y[1]], &[-1.0], ctx.config.accuracy)
}

/// A feasible set of one point, cut out by two rows: `min −x`, `x ≤ 1`, `x ≥ 1`. `−1 + y₁ + y₂ = 0`, `y₁ ≥ 0 ≥ y₂`.
pub(super) fn linear_single_point(ctx: &ForwardContext<'_>) -> CaseResult {
    let problem = Problem::new(&[-1.0]).at_most(&[1.0], 1.0).at_least(1.0, &[1.0]);
    let found = ctx.solved(&problem.build()?)?;
    close("x", &found.x, &[1.0], ctx.config.accuracy)?;
    if !ctx.capabilities.duals {
        return Ok(());
    }
    close("y₁ + y₂", &[found.y[0] + found.y[1]], &[1.0], ctx.config.accuracy)?;
    at_most("−y₁", -found.y[0], ctx.config.accuracy)?;
    ensure(found.y[1] <= ctx.config.accuracy, || format!("y₂ = {} at a lower side", found.y[1]))
}

/// The first linear program, without its slack bounds, with its objective times `α` and its rows times `β`: the same `x`, duals times `α/β`.
fn scaled(ctx: &ForwardContext<'_>, alpha: f64, beta: f64) -> CaseResult {
    let problem = Problem::new(&[-alpha, -2.0 * alpha])
        .at_most(&[beta, beta], 4.0 * beta)
        .at_most(&[beta, 3.0 * beta], 6.0 * beta);
    let y = 0.5 * alpha / beta;
    let stretch = (1.0 / alpha).max(1.0).max(beta).max(1.0 / beta);
    check_stretched(ctx, &problem, Expected { x: &[3.0, 1.0], y: &[y, y], ..Expected::default() }, stretch)
}

/// Objective times 1e6 and 1e-3.
pub(super) fn linear_scaled_objective(ctx: &ForwardContext<'_>) -> CaseResult {
    scaled(ctx, 1e6, 1.0)?;
    scaled(ctx, 1e-3, 1.0)
}

/// Rows times 1e4 and 1e-4.
pub(super) fn linear_scaled_rows(ctx: &ForwardContext<'_>) -> CaseResult {
    scaled(ctx, 1.0, 1e4)?;
    scaled(ctx, 1.0, 1e-4)
}

/// Bounds a long way off, on the side where the variable is not: `min x₁ − x₂` is at `(−1, 1)`, `ζ = (−1, 1)`.
pub(super) fn linear_distant_bounds(ctx: &ForwardContext<'_>) -> CaseResult {
    let problem = Problem::new(&[1.0, -1.0]).bounds(&[-1.0, -1e6], &[1e6, 1.0]);
    ctx.check(&problem, Expected { x: &[-1.0, 1.0], bounds: &[-1.0, 1.0], ..Expected::default() })
}

/// `x₁ + x₂ ≥ 3` against `x₁ + x₂ ≤ 1`: `y = (−1, 1)` has `Aᵀy = 0` and support `−3 + 1 < 0`.
pub(super) fn linear_infeasible_rows(ctx: &ForwardContext<'_>) -> CaseResult {
    let problem = Problem::new(&[1.0, 1.0]).at_least(3.0, &[1.0, 1.0]).at_most(&[1.0, 1.0], 1.0);
    expect(ctx, &problem, &[Status::PrimalInfeasible])
}

/// `x₁ + x₂ ≥ 3` against `x ≤ 1`: `y = −1`, `ζ = (1, 1)`, support `−3 + 2 < 0`.
pub(super) fn linear_infeasible_bounds(ctx: &ForwardContext<'_>) -> CaseResult {
    let problem = Problem::new(&[1.0, 1.0]).at_least(3.0, &[1.0, 1.0]).bounds(&[-INF; 2], &[1.0, 1.0]);
    expect(ctx, &problem, &[Status::PrimalInfeasible])
}

/// `x₁ − x₂ = 1` against `2x₁ − 2x₂ = 5`: `y = (2, −1)`, support `2 − 5 < 0`.
pub(super) fn linear_infeasible_equalities(ctx: &ForwardContext<'_>) -> CaseResult {
    let problem = Problem::new(&[1.0, -1.0]).equality(&[1.0, -1.0], 1.0).equality(&[2.0, -2.0], 5.0);
    expect(ctx, &problem, &[Status::PrimalInfeasible])
}

/// A row without entries that asks for one: `0 ≥ 1`, with `y = −1` as the proof.
pub(super) fn linear_infeasible_zero_row(ctx: &ForwardContext<'_>) -> CaseResult {
    let problem = Problem::new(&[1.0]).at_least(1.0, &[0.0]).bounds(&[0.0], &[INF]);
    expect(ctx, &problem, &[Status::PrimalInfeasible])
}

/// `min −x₁ − x₂`, `−3 ≤ x₁ − x₂ ≤ 3`: falling along `(1, 1)`, which no coordinate shows.
pub(super) fn linear_unbounded_oblique(ctx: &ForwardContext<'_>) -> CaseResult {
    let problem = Problem::new(&[-1.0, -1.0]).row(-3.0, &[1.0, -1.0], 3.0);
    expect(ctx, &problem, &[Status::DualInfeasible])
}
