//! The signs of duals: positive at upper sides, negative at lower ones, for rows and for bounds.

use super::{Expected, ForwardContext};
use crate::{CaseResult, Problem};

const INF: f64 = f64::INFINITY;

/// `½x² − 3x`, `2x ≤ 2`: at `x = 1`, `1 − 3 + 2y = 0` gives `y = 1 > 0`.
pub(super) fn row_upper_dual(ctx: &ForwardContext<'_>) -> CaseResult {
    let problem = Problem::distance_to(&[3.0]).at_most(&[2.0], 2.0);
    ctx.check(&problem, Expected { x: &[1.0], y: &[1.0], ..Expected::default() })
}

/// `½x² + 3x`, `2x ≥ −2`: at `x = −1`, `−1 + 3 + 2y = 0` gives `y = −1 < 0`.
pub(super) fn row_lower_dual(ctx: &ForwardContext<'_>) -> CaseResult {
    let problem = Problem::distance_to(&[-3.0]).at_least(-2.0, &[2.0]);
    ctx.check(&problem, Expected { x: &[-1.0], y: &[-1.0], ..Expected::default() })
}

/// One-sided bounds: `x₁ ≤ 1` from 3 gives `ζ₁ = 2`; `x₂ ≥ −1` from −4 gives `ζ₂ = −3`.
pub(super) fn bound_duals(ctx: &ForwardContext<'_>) -> CaseResult {
    let problem = Problem::distance_to(&[3.0, -4.0]).bounds(&[-INF, -1.0], &[1.0, INF]);
    ctx.check(&problem, Expected { x: &[1.0, -1.0], bounds: &[2.0, -3.0], ..Expected::default() })
}

/// `−1 ≤ x₁ ± x₂ ≤ 1` from `c = (1, 3)`: in `s = x₁ + x₂`, `d = x₁ − x₂` the objective is `¼s² − 2s + ¼d² + d`, so
/// `s = 1` (upper) and `d = −1` (lower), `x = (0, 1)`. `−1 + y₁ + y₂ = 0` and `−2 + y₁ − y₂ = 0`: `y = (1.5, −0.5)`.
pub(super) fn two_sided_rows(ctx: &ForwardContext<'_>) -> CaseResult {
    let problem = Problem::distance_to(&[1.0, 3.0]).row(-1.0, &[1.0, 1.0], 1.0).row(-1.0, &[1.0, -1.0], 1.0);
    ctx.check(&problem, Expected { x: &[0.0, 1.0], y: &[1.5, -0.5], ..Expected::default() })
}

/// Equality duals of either sign: from the origin, `x₁ = 2` gives `y₁ = −2` and `x₂ = −3` gives `y₂ = 3`.
pub(super) fn equality_duals(ctx: &ForwardContext<'_>) -> CaseResult {
    let problem = Problem::distance_to(&[0.0, 0.0]).equality(&[1.0, 0.0], 2.0).equality(&[0.0, 1.0], -3.0);
    ctx.check(&problem, Expected { x: &[2.0, -3.0], y: &[-2.0, 3.0], ..Expected::default() })
}

/// Fixed variables `lb = ub`: `P = [2 1 0; 1 2 0; 0 0 1]`, `q = (0, 0, 5)`, `x₁ = 1`, `x₃ = −2` fixed. `1 + 2x₂ = 0`
/// gives `x₂ = −½`; `Px + q = (3/2, 0, 3)`, so `ζ = (−3/2, 0, −3)`. With `q₁ = −5` instead, `ζ₁ = 7/2`.
pub(super) fn fixed_variables(ctx: &ForwardContext<'_>) -> CaseResult {
    let p = [2.0, 1.0, 0.0, 1.0, 2.0, 0.0, 0.0, 0.0, 1.0];
    for (q1, zeta) in [(0.0, -1.5), (-5.0, 3.5)] {
        let problem = Problem::new(&[q1, 0.0, 5.0]).hessian(&p).bounds(&[1.0, -INF, -2.0], &[1.0, INF, -2.0]);
        ctx.check(&problem, Expected { x: &[1.0, -0.5, -2.0], bounds: &[zeta, 0.0, -3.0], ..Expected::default() })?;
    }
    Ok(())
}

/// A row and a bound side by side keep their own duals: `x₁ + x₂ = 1`, `x₁ ≤ ¼` from `c = (2, 0)`: `x = (¼, ¾)`,
/// second: `¾ + y = 0`; first: `¼ − 2 − ¾ + ζ₁ = 0` gives `ζ₁ = 5/2`.
pub(super) fn row_and_bound_duals(ctx: &ForwardContext<'_>) -> CaseResult {
    let problem = Problem::distance_to(&[2.0, 0.0])
        .equality(&[1.0, 1.0], 1.0)
        .row(-9.0, &[1.0, -1.0], 9.0)
        .bounds(&[-INF, -INF], &[0.25, INF]);
    let expected = Expected { x: &[0.25, 0.75], y: &[-0.75, 0.0], bounds: &[2.5, 0.0], ..Expected::default() };
    ctx.check(&problem, expected)
}

/// Scaling laws: `(P, q)` times 7 multiplies the duals by 7; a row times 4 divides its dual by 4. From the half-space
/// projection `x = (1.8, 1.6)`, `y = 1.2`.
pub(super) fn scaling_laws(ctx: &ForwardContext<'_>) -> CaseResult {
    let objective = Problem::new(&[-21.0, -28.0]).diagonal(&[7.0, 7.0]).at_most(&[1.0, 2.0], 5.0);
    ctx.check(&objective, Expected { x: &[1.8, 1.6], y: &[8.4], ..Expected::default() })?;
    let row = Problem::distance_to(&[3.0, 4.0]).at_most(&[4.0, 8.0], 20.0);
    ctx.check(&row, Expected { x: &[1.8, 1.6], y: &[0.3], ..Expected::default() })
}
