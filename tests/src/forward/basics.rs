//! The plain problem classes: no constraint, one variable, linear objectives, absent sides.

use super::{Expected, ForwardContext};
use crate::{CaseResult, Problem};

const INF: f64 = f64::INFINITY;

/// `x = −P⁻¹q = −(1/11) [3 −1; −1 4] (1, 2) = (−1/11, −7/11)`.
pub(super) fn unconstrained(ctx: &ForwardContext<'_>) -> CaseResult {
    let problem = Problem::new(&[1.0, 2.0]).hessian(&[4.0, 1.0, 1.0, 3.0]);
    ctx.check(&problem, Expected { x: &[-1.0 / 11.0, -7.0 / 11.0], ..Expected::default() })
}

/// `x² − 6x` on `x ≤ 1`: at the bound the slope is `2 − 6`, so `ζ = 4`.
pub(super) fn one_variable(ctx: &ForwardContext<'_>) -> CaseResult {
    let problem = Problem::new(&[-6.0]).diagonal(&[2.0]).bounds(&[-INF], &[1.0]);
    ctx.check(&problem, Expected { x: &[1.0], bounds: &[4.0], ..Expected::default() })
}

/// One equality in one variable: `2x = 6` leaves `x = 3`; `3 − 1 + 2y = 0` gives `y = −1`.
pub(super) fn one_variable_one_row(ctx: &ForwardContext<'_>) -> CaseResult {
    let problem = Problem::new(&[-1.0]).diagonal(&[1.0]).equality(&[2.0], 6.0);
    ctx.check(&problem, Expected { x: &[3.0], y: &[-1.0], ..Expected::default() })
}

/// No rows, bounds only, `P = [2 1; 1 2]`, `q = (−3, 3)`, box `[0, 1]²`: with `x₂ = 0` (lower), `2x₁ − 3 = 0` gives 1.5,
/// so `x₁ = 1` (upper). `Px + q = (−1, 4)`, so `ζ = (1, −4)`.
pub(super) fn no_rows(ctx: &ForwardContext<'_>) -> CaseResult {
    let problem = Problem::new(&[-3.0, 3.0]).hessian(&[2.0, 1.0, 1.0, 2.0]).bounds(&[0.0; 2], &[1.0; 2]);
    ctx.check(&problem, Expected { x: &[1.0, 0.0], bounds: &[1.0, -4.0], ..Expected::default() })
}

/// `max x₁ + 2x₂`, `x₁ + x₂ ≤ 4`, `x₁ + 3x₂ ≤ 6`, `x ≥ 0`: the vertices give 4 at (4, 0), 4 at (0, 2), 5 at (3, 1).
/// There `y₁ + y₂ = 1` and `y₁ + 3y₂ = 2`, so `y = (½, ½)`.
pub(super) fn linear_program(ctx: &ForwardContext<'_>) -> CaseResult {
    let problem =
        Problem::new(&[-1.0, -2.0]).at_most(&[1.0, 1.0], 4.0).at_most(&[1.0, 3.0], 6.0).bounds(&[0.0; 2], &[INF; 2]);
    ctx.check(&problem, Expected { x: &[3.0, 1.0], y: &[0.5, 0.5], ..Expected::default() })
}

/// `min 2x₁ + x₂ + 3x₃`, `x₁ + x₂ + x₃ = 2.5`, `0 ≤ x ≤ 1`: the two cheapest are full, `x = (1, 1, ½)`, and the third sets
/// the price: `3 + y = 0`, `ζ₁ = 3 − 2`, `ζ₂ = 3 − 1`. The row `x₁ − x₃ ≥ ¼` is slack.
pub(super) fn linear_program_equality(ctx: &ForwardContext<'_>) -> CaseResult {
    let problem = Problem::new(&[2.0, 1.0, 3.0])
        .equality(&[1.0; 3], 2.5)
        .at_least(0.25, &[1.0, 0.0, -1.0])
        .bounds(&[0.0; 3], &[1.0; 3]);
    let expected = Expected { x: &[1.0, 1.0, 0.5], y: &[-3.0, 0.0], bounds: &[1.0, 2.0, 0.0], ..Expected::default() };
    ctx.check(&problem, expected)
}

/// A Hessian of stored zeros is a linear objective: `min x₁ − x₂` on the box `[−1, 2]²` is at `(−1, 2)`, `ζ = (−1, 1)`.
pub(super) fn stored_zero_hessian(ctx: &ForwardContext<'_>) -> CaseResult {
    let build = || {
        let p = bpqp_traits::CscMatrix::from_diagonal(&[0.0, 0.0])?;
        let a = bpqp_traits::CscMatrix::zeros(0, 2);
        let bounds = (vec![-1.0; 2], vec![2.0; 2]);
        bpqp_traits::ProgramBuf::new(p, vec![1.0, -1.0], a, (vec![], vec![]), bounds)
    };
    let program = crate::verdict::accepted("the suite's own problem", build())?;
    let expected = Expected { x: &[-1.0, 2.0], bounds: &[-1.0, 1.0], ..Expected::default() };
    ctx.compare(&ctx.solved(&program)?, &super::solution_of(&program, &expected), ctx.config.accuracy)
}

/// Every side infinite: the rows and bounds say nothing and their duals are zero. `x = −P⁻¹q = (−1, 2)`.
pub(super) fn infinite_sides(ctx: &ForwardContext<'_>) -> CaseResult {
    let problem = Problem::new(&[2.0, -2.0]).diagonal(&[2.0, 1.0]).row(-INF, &[1.0, 1.0], INF);
    ctx.check(&problem, Expected { x: &[-1.0, 2.0], ..Expected::default() })
}

/// A free row beside an active one: `½‖x‖²`, `x₁ + x₂ ≥ 2` gives `x = (1, 1)`, `y = −1`; the free row's dual is zero.
pub(super) fn free_row(ctx: &ForwardContext<'_>) -> CaseResult {
    let problem = Problem::distance_to(&[0.0, 0.0]).row(-INF, &[3.0, -1.0], INF).at_least(2.0, &[1.0, 1.0]);
    ctx.check(&problem, Expected { x: &[1.0, 1.0], y: &[0.0, -1.0], ..Expected::default() })
}

/// A variable in no row and with no curvature of its own still obeys its bounds: `½x₁² − x₁ + x₂`, `x₂ ≥ −3`.
pub(super) fn linear_variable(ctx: &ForwardContext<'_>) -> CaseResult {
    let problem = Problem::new(&[-1.0, 1.0]).diagonal(&[1.0, 0.0]).bounds(&[-INF, -3.0], &[INF; 2]);
    ctx.check(&problem, Expected { x: &[1.0, -3.0], bounds: &[0.0, -1.0], ..Expected::default() })
}
