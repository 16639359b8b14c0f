//! Projections with closed forms: stationarity reads `x − c + Aᵀy + ζ = 0`.

use super::{Expected, ForwardContext};
use crate::{CaseResult, Problem};

const INF: f64 = f64::INFINITY;

/// Clip `c = (2, −3, ½)` to `[0, 1]³`; `ζ = c − x`.
pub(super) fn box_projection(ctx: &ForwardContext<'_>) -> CaseResult {
    let problem = Problem::distance_to(&[2.0, -3.0, 0.5]).bounds(&[0.0; 3], &[1.0; 3]);
    ctx.check(&problem, Expected { x: &[1.0, 0.0, 0.5], bounds: &[1.0, -3.0, 0.0], ..Expected::default() })
}

/// Simplex: `x = (c − τ)₊` with `(0.9 − τ) + (0.6 − τ) = 1`, so `τ = ¼ = y`; the third is at zero with `ζ₃ = −½ − ¼`.
pub(super) fn simplex_projection(ctx: &ForwardContext<'_>) -> CaseResult {
    let problem = Problem::distance_to(&[0.9, 0.6, -0.5]).equality(&[1.0; 3], 1.0).bounds(&[0.0; 3], &[INF; 3]);
    let expected = Expected { x: &[0.65, 0.35, 0.0], y: &[0.25], bounds: &[0.0, 0.0, -0.75], ..Expected::default() };
    ctx.check(&problem, expected)
}

/// Half-space `aᵀx ≤ 5`, `a = (1, 2)`, `c = (3, 4)`: `aᵀc = 11`, so `x = c − (6/5) a`, `y = 6/5`.
pub(super) fn half_space_projection(ctx: &ForwardContext<'_>) -> CaseResult {
    let problem = Problem::distance_to(&[3.0, 4.0]).at_most(&[1.0, 2.0], 5.0);
    ctx.check(&problem, Expected { x: &[1.8, 1.6], y: &[1.2], ..Expected::default() })
}

/// A half-space that holds `c` already changes nothing, and its dual is zero.
pub(super) fn half_space_inactive(ctx: &ForwardContext<'_>) -> CaseResult {
    let problem = Problem::distance_to(&[1.0, 1.0]).at_most(&[1.0, 2.0], 5.0);
    ctx.check(&problem, Expected { x: &[1.0, 1.0], y: &[0.0], ..Expected::default() })
}

/// Least squares `½‖Mx − t‖²` with `MᵀM = diag(2, 4)`, `Mᵀt = (2, 8)` and `x₁ + x₂ = 1`:
/// `x = (1 − ν/2, 2 − ν/4)`, whose sum `3 − ¾ν = 1` gives `ν = 8/3`.
pub(super) fn equality_least_squares(ctx: &ForwardContext<'_>) -> CaseResult {
    let problem = Problem::new(&[-2.0, -8.0]).diagonal(&[2.0, 4.0]).equality(&[1.0, 1.0], 1.0);
    ctx.check(&problem, Expected { x: &[-1.0 / 3.0, 4.0 / 3.0], y: &[8.0 / 3.0], ..Expected::default() })
}

/// Two equalities in three variables: `x₁ + x₂ = 2`, `x₂ + x₃ = 2`, nearest to the origin. By symmetry `x₁ = x₃`,
/// `x₁ = 2 − x₂`; `2(2 − x₂)² + x₂²` is least at `x₂ = 4/3`. `x + Aᵀy = 0` gives `y = (−2/3, −2/3)`.
pub(super) fn affine_projection(ctx: &ForwardContext<'_>) -> CaseResult {
    let problem = Problem::distance_to(&[0.0; 3]).equality(&[1.0, 1.0, 0.0], 2.0).equality(&[0.0, 1.0, 1.0], 2.0);
    let t = 2.0 / 3.0;
    ctx.check(&problem, Expected { x: &[t, 2.0 * t, t], y: &[-t, -t], ..Expected::default() })
}
