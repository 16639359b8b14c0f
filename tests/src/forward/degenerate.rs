//! Redundant rows, degenerate vertices, solutions that are not unique: `x` or a combination of duals is still known.

use super::{Expected, ForwardContext};
use crate::verdict::{at_most, close, ensure};
use crate::{CaseResult, Problem};

const INF: f64 = f64::INFINITY;

/// The same equality twice: `x` is the projection `(−1/3, 4/3)` with `ν = 8/3`, which the two duals share somehow.
pub(super) fn duplicate_equality(ctx: &ForwardContext<'_>) -> CaseResult {
    let problem =
        Problem::new(&[-2.0, -8.0]).diagonal(&[2.0, 4.0]).equality(&[1.0, 1.0], 1.0).equality(&[1.0, 1.0], 1.0);
    let found = ctx.solved(&problem.build()?)?;
    close("x", &found.x, &[-1.0 / 3.0, 4.0 / 3.0], ctx.config.accuracy)?;
    if !ctx.capabilities.duals {
        return Ok(());
    }
    close("y₁ + y₂", &[found.y[0] + found.y[1]], &[8.0 / 3.0], ctx.config.accuracy)
}

/// `x ≤ 1` as a row, again as `2x ≤ 2`, and as `x ≤ 5`: `1 − 3 + y₁ + 2y₂ = 0`, `y₃ = 0`.
pub(super) fn redundant_inequalities(ctx: &ForwardContext<'_>) -> CaseResult {
    let problem = Problem::distance_to(&[3.0]).at_most(&[1.0], 1.0).at_most(&[2.0], 2.0).at_most(&[1.0], 5.0);
    let found = ctx.solved(&problem.build()?)?;
    close("x", &found.x, &[1.0], ctx.config.accuracy)?;
    if !ctx.capabilities.duals {
        return Ok(());
    }
    close("(y₁ + 2y₂, y₃)", &[found.y[0] + 2.0 * found.y[1], found.y[2]], &[2.0, 0.0], ctx.config.accuracy)
}

/// A dependent equality `row₃ = row₁ + row₂` beside the affine projection `x = (2/3, 4/3, 2/3)`.
pub(super) fn dependent_equalities(ctx: &ForwardContext<'_>) -> CaseResult {
    let problem = Problem::distance_to(&[0.0; 3])
        .equality(&[1.0, 1.0, 0.0], 2.0)
        .equality(&[0.0, 1.0, 1.0], 2.0)
        .equality(&[1.0, 2.0, 1.0], 4.0);
    let found = ctx.solved(&problem.build()?)?;
    close("x", &found.x, &[2.0 / 3.0, 4.0 / 3.0, 2.0 / 3.0], ctx.config.accuracy)
}

/// Three rows meet at the vertex `(1, 1)` of `max x₁ + x₂`; the duals are not unique, their optimality is.
pub(super) fn degenerate_vertex(ctx: &ForwardContext<'_>) -> CaseResult {
    let problem = Problem::new(&[-1.0, -1.0])
        .at_most(&[1.0, 0.0], 1.0)
        .at_most(&[0.0, 1.0], 1.0)
        .at_most(&[1.0, 1.0], 2.0)
        .bounds(&[0.0; 2], &[INF; 2]);
    let found = ctx.solved(&problem.build()?)?;
    close("x", &found.x, &[1.0, 1.0], ctx.config.accuracy)
}

/// Weakly active bound: `½x²`, `x ≥ 0`. Both `x` and `ζ` are zero, each only to the root of the tolerance.
pub(super) fn weakly_active_bound(ctx: &ForwardContext<'_>) -> CaseResult {
    let problem = Problem::distance_to(&[0.0]).bounds(&[0.0], &[INF]);
    let accuracy = ctx.config.accuracy.max(10.0 * ctx.config.tolerance.sqrt());
    ctx.check_within(&problem, Expected { x: &[0.0], ..Expected::default() }, accuracy)
}

/// A row without entries is satisfied by any `x`, and its dual is zero.
pub(super) fn zero_row(ctx: &ForwardContext<'_>) -> CaseResult {
    let problem = Problem::distance_to(&[3.0, 4.0]).row(-1.0, &[0.0, 0.0], 1.0).at_most(&[1.0, 2.0], 5.0);
    ctx.check(&problem, Expected { x: &[1.8, 1.6], y: &[0.0, 1.2], ..Expected::default() })
}

/// `½x₁² − x₁` with `x₂ ∈ [0, 1]` in no term: `x₁ = 1`, any `x₂` of the interval will do.
pub(super) fn solution_not_unique(ctx: &ForwardContext<'_>) -> CaseResult {
    let problem = Problem::new(&[-1.0, 0.0]).diagonal(&[1.0, 0.0]).bounds(&[-INF, 0.0], &[INF, 1.0]);
    let found = ctx.solved(&problem.build()?)?;
    close("x₁", &found.x[..1], &[1.0], ctx.config.accuracy)
}

/// An optimal edge: `min −x₁ − x₂`, `x₁ + x₂ ≤ 1`, `x ≥ 0` has the value −1 along the whole edge, with `y = 1`, `ζ = 0`.
pub(super) fn optimal_edge(ctx: &ForwardContext<'_>) -> CaseResult {
    let problem = Problem::new(&[-1.0, -1.0]).at_most(&[1.0, 1.0], 1.0).bounds(&[0.0; 2], &[INF; 2]);
    let found = ctx.solved(&problem.build()?)?;
    close("objective", &[found.objective], &[-1.0], ctx.config.accuracy)?;
    if !ctx.capabilities.duals {
        return Ok(());
    }
    close("y", &found.y, &[1.0], ctx.config.accuracy)
}

/// Singular Hessian `(x₁ + x₂)²/2` made unique by a bound: `min ½(x₁ + x₂ − 2)² + x₂`, `x ≥ 0`: `x = (2, 0)`, `ζ₂ = −1`.
pub(super) fn singular_hessian(ctx: &ForwardContext<'_>) -> CaseResult {
    let problem = Problem::new(&[-2.0, -1.0]).hessian(&[1.0; 4]).bounds(&[0.0; 2], &[INF; 2]);
    ctx.check(&problem, Expected { x: &[2.0, 0.0], bounds: &[0.0, -1.0], ..Expected::default() })
}

/// A feasible set of one point, cut out by inequalities: `x ≤ 1` and `x ≥ 1` as separate rows. `1 − 3 + y₁ + y₂ = 0`.
pub(super) fn single_point(ctx: &ForwardContext<'_>) -> CaseResult {
    let problem = Problem::distance_to(&[3.0]).at_most(&[1.0], 1.0).at_least(1.0, &[1.0]);
    let found = ctx.solved(&problem.build()?)?;
    close("x", &found.x, &[1.0], ctx.config.accuracy)?;
    if !ctx.capabilities.duals {
        return Ok(());
    }
    close("y₁ + y₂", &[found.y[0] + found.y[1]], &[2.0], ctx.config.accuracy)?;
    at_most("−y₁", -found.y[0], ctx.config.accuracy)?;
    ensure(found.y[1] <= ctx.config.accuracy, || format!("y₂ = {} at a lower side", found.y[1]))
}
