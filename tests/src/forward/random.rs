//! Random problems with a known primal and dual solution, about half of the inequality rows active, multipliers not 1.

use super::{Expected, ForwardContext};
use crate::{CaseResult, KnownProblem, RandomShape};

fn check_all(ctx: &ForwardContext<'_>, shape: RandomShape, seeds: std::ops::Range<u64>) -> CaseResult {
    for seed in seeds {
        let known = KnownProblem::random(shape, seed);
        let expected = Expected { x: &known.x, y: &known.y, bounds: &known.bound_duals, cones: &[] };
        // The conditioning of these problems is up to a few hundred.
        ctx.check_within(&known.problem, expected, 100.0 * ctx.config.accuracy)
            .map_err(|message| format!("seed {seed}: {message}"))?;
    }
    Ok(())
}

const SMALL: RandomShape = RandomShape {
    n: 8,
    equalities: 2,
    active_rows: 3,
    inactive_rows: 3,
    active_bounds: 2,
    inactive_bounds: 2,
    density: 0.8,
    linear: false,
};

/// Eight variables, all kinds of rows and bounds.
pub(super) fn random_small(ctx: &ForwardContext<'_>) -> CaseResult {
    check_all(ctx, SMALL, 100..110)
}

/// Thirty variables, sparse, with more rows than variables.
pub(super) fn random_medium(ctx: &ForwardContext<'_>) -> CaseResult {
    let shape = RandomShape {
        n: 30,
        equalities: 5,
        active_rows: 12,
        inactive_rows: 20,
        active_bounds: 6,
        inactive_bounds: 8,
        density: 0.2,
        linear: false,
    };
    check_all(ctx, shape, 200..203)
}

/// Equalities alone.
pub(super) fn random_equalities(ctx: &ForwardContext<'_>) -> CaseResult {
    let shape = RandomShape { equalities: 5, active_rows: 0, inactive_rows: 0, active_bounds: 0, ..SMALL };
    check_all(ctx, RandomShape { inactive_bounds: 0, ..shape }, 300..305)
}

/// Bounds alone.
pub(super) fn random_bounds(ctx: &ForwardContext<'_>) -> CaseResult {
    let shape = RandomShape { equalities: 0, active_rows: 0, inactive_rows: 0, active_bounds: 5, ..SMALL };
    check_all(ctx, RandomShape { inactive_bounds: 3, ..shape }, 400..405)
}

/// Many more rows than variables, half of them as tight as they can be.
pub(super) fn random_tall(ctx: &ForwardContext<'_>) -> CaseResult {
    let shape = RandomShape { equalities: 0, active_rows: 6, inactive_rows: 24, active_bounds: 0, ..SMALL };
    check_all(ctx, RandomShape { inactive_bounds: 0, ..shape }, 500..503)
}

/// Linear programs whose solution is a nondegenerate vertex: as many active constraints as variables.
pub(super) fn random_linear(ctx: &ForwardContext<'_>) -> CaseResult {
    check_all(ctx, RandomShape { active_rows: 4, inactive_rows: 4, linear: true, ..SMALL }, 600..606)
}
