//! Problems without a solution: the status, and the certificate's inequalities (checked by the audit of every solve).

use bpqp_traits::Status;

use super::ForwardContext;
use crate::verdict::ensure;
use crate::{CaseResult, Problem};

const INF: f64 = f64::INFINITY;

/// One of `wanted`, with a certificate; a backend without certificates need only not claim a solution.
pub(super) fn expect(ctx: &ForwardContext<'_>, problem: &Problem, wanted: &[Status]) -> CaseResult {
    let (status, _) = ctx.solve(&problem.build()?)?;
    let right = wanted.contains(&status);
    let excused = !ctx.capabilities.infeasibility_certificates && !status.has_solution();
    ensure(right || excused, || format!("status is {status}, expected one of {wanted:?}"))
}

/// `x₁ + x₂ ≥ 3` against `x₁ + x₂ ≤ 1`: `y = (−1, 1)` has `Aᵀy = 0` and support `−3 + 1 < 0`.
pub(super) fn infeasible_rows(ctx: &ForwardContext<'_>) -> CaseResult {
    let problem = Problem::distance_to(&[0.0, 0.0]).at_least(3.0, &[1.0, 1.0]).at_most(&[1.0, 1.0], 1.0);
    expect(ctx, &problem, &[Status::PrimalInfeasible])
}

/// `x₁ + x₂ ≥ 3` against `x ≤ 1`: `y = −1`, `ζ = (1, 1)`, support `−3 + 2 < 0`.
pub(super) fn infeasible_bounds(ctx: &ForwardContext<'_>) -> CaseResult {
    let problem = Problem::distance_to(&[0.0, 0.0]).at_least(3.0, &[1.0, 1.0]).bounds(&[-INF; 2], &[1.0, 1.0]);
    expect(ctx, &problem, &[Status::PrimalInfeasible])
}

/// `x₁ − x₂ = 1` against `2x₁ − 2x₂ = 5`: `y = (2, −1)`, support `2 − 5 < 0`.
pub(super) fn infeasible_equalities(ctx: &ForwardContext<'_>) -> CaseResult {
    let problem = Problem::distance_to(&[0.0, 0.0]).equality(&[1.0, -1.0], 1.0).equality(&[2.0, -2.0], 5.0);
    expect(ctx, &problem, &[Status::PrimalInfeasible])
}

/// A linear program: `x₁ + 2x₂ ≤ −1` against `x ≥ 0`: `y = 1`, `ζ = (−1, −2)`, support `−1 < 0`.
pub(super) fn infeasible_linear_program(ctx: &ForwardContext<'_>) -> CaseResult {
    let problem = Problem::new(&[1.0, 1.0]).at_most(&[1.0, 2.0], -1.0).bounds(&[0.0; 2], &[INF; 2]);
    expect(ctx, &problem, &[Status::PrimalInfeasible])
}

/// A row without entries that asks for one: `0 ≥ 1`, with `y = −1` as the proof.
pub(super) fn infeasible_zero_row(ctx: &ForwardContext<'_>) -> CaseResult {
    let problem = Problem::distance_to(&[0.0, 0.0]).at_least(1.0, &[0.0, 0.0]);
    expect(ctx, &problem, &[Status::PrimalInfeasible])
}

/// `min −x₁`, `x₁ − x₂ ≤ 1`, `x ≥ 0`: along `(1, 1)` the slope is −1 and nothing stands in the way.
pub(super) fn unbounded_linear_program(ctx: &ForwardContext<'_>) -> CaseResult {
    let problem = Problem::new(&[-1.0, 0.0]).at_most(&[1.0, -1.0], 1.0).bounds(&[0.0; 2], &[INF; 2]);
    expect(ctx, &problem, &[Status::DualInfeasible])
}

/// `½x₁² − x₂`, `x₂ ≥ 0`: along `(0, 1)` there is no curvature.
pub(super) fn unbounded_quadratic(ctx: &ForwardContext<'_>) -> CaseResult {
    let problem = Problem::new(&[0.0, -1.0]).diagonal(&[1.0, 0.0]).bounds(&[-INF, 0.0], &[INF; 2]);
    expect(ctx, &problem, &[Status::DualInfeasible])
}

/// `½(x₁ − x₂)² − x₁ − x₂` with `x₁ − x₂ ≤ 3`: flat and falling along `(1, 1)`, which no coordinate shows.
pub(super) fn unbounded_oblique(ctx: &ForwardContext<'_>) -> CaseResult {
    let problem = Problem::new(&[-1.0, -1.0]).hessian(&[1.0, -1.0, -1.0, 1.0]).at_most(&[1.0, -1.0], 3.0);
    expect(ctx, &problem, &[Status::DualInfeasible])
}

/// `min x` with no constraint at all.
pub(super) fn unbounded_free(ctx: &ForwardContext<'_>) -> CaseResult {
    expect(ctx, &Problem::new(&[1.0]), &[Status::DualInfeasible])
}

/// `min −x₁` with `x₂ ≥ 1` against `x₂ ≤ 0`: infeasible, and its dual too; either proof will do.
pub(super) fn doubly_infeasible(ctx: &ForwardContext<'_>) -> CaseResult {
    let problem = Problem::new(&[-1.0, 0.0]).at_least(1.0, &[0.0, 1.0]).at_most(&[0.0, 1.0], 0.0);
    expect(ctx, &problem, &[Status::PrimalInfeasible, Status::DualInfeasible])
}
