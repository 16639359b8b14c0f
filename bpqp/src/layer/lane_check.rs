//! What is true of solutions in lanes: as [`Reading`](super::active::Reading), [`weakly_active`](super::certificate::weakly_active)
//! and [`is_settled`](super::polish::is_settled) have it for one, for all at once.

use bpqp_traits::{KktResiduals, LANES, Lane, LanePoint, LaneVectors, Side};
use pulp::Arch;

use super::active::ROUNDED;
use super::certificate::WEAK;
use super::polish::SIGN_TOLERANCE;

/// The side of a constraint, as a number among other numbers: at its lower or upper side, an equality held at either, or none.
pub(super) const FREE: f64 = 0.0;
pub(super) const LOWER: f64 = 1.0;
pub(super) const UPPER: f64 = 2.0;
pub(super) const EQUAL_AT_LOWER: f64 = 3.0;
pub(super) const EQUAL_AT_UPPER: f64 = 4.0;

/// The side that stands for an equality, too: the one that its dual pushes against.
pub(super) fn pushing_side(code: f64) -> Side {
    match code {
        LOWER | EQUAL_AT_LOWER => Side::Lower,
        UPPER | EQUAL_AT_UPPER => Side::Upper,
        _ => Side::Free,
    }
}

/// What all lanes share.
pub(super) struct Units<'a> {
    /// Norms of the rows, none of them zero.
    pub(super) row_norms: &'a [f64],
    /// `max P_jj`.
    pub(super) curvature: f64,
}

/// Forces and lengths by which duals and slacks become comparable, and what counts as zero.
struct Scales {
    inverse_force: Lane,
    inverse_length: Lane,
    dual_tolerance: Lane,
    slack_tolerance: Lane,
}

/// Writes the sides of all constraints, rows first, and tells the lanes in which something is in doubt: a weakly active
/// constraint, a violated one, or one that is active by its dual and slack but was not held, or the other way round.
pub(super) fn sides(
    units: &Units<'_>,
    vectors: &LaneVectors,
    point: &LanePoint,
    (px, ax): (&[Lane], &[Lane]),
    residuals: &[KktResiduals; LANES],
    sides: &mut [Lane],
) -> [bool; LANES] {
    Arch::new().dispatch(|| {
        let scales = scales(units, vectors, point, px, residuals);
        let (rows, bounds) = sides.split_at_mut(ax.len());
        let mut doubt = [0.0; LANES];
        for (i, side) in rows.iter_mut().enumerate() {
            let sides = (&vectors.l[i], &vectors.u[i]);
            *side = look(&scales, &ax[i], sides, &point.y[i], units.row_norms[i], &mut doubt);
        }
        for (j, side) in bounds.iter_mut().enumerate() {
            let sides = (&vectors.lb[j], &vectors.ub[j]);
            *side = look(&scales, &point.x[j], sides, &point.bound_duals[j], 1.0, &mut doubt);
        }
        doubt.map(|doubt| doubt != 0.0)
    })
}

#[inline(always)]
fn grow(worst: &mut Lane, v: &Lane, factor: f64) {
    for k in 0..LANES {
        let v = (factor * v[k]).abs();
        worst[k] = if v > worst[k] { v } else { worst[k] };
    }
}

#[inline(always)]
fn scales(
    units: &Units<'_>,
    vectors: &LaneVectors,
    point: &LanePoint,
    px: &[Lane],
    residuals: &[KktResiduals; LANES],
) -> Scales {
    let [mut q, mut force, mut length] = [[0.0; LANES], [0.0; LANES], [1.0; LANES]];
    vectors.q.iter().for_each(|v| grow(&mut q, v, 1.0));
    px.iter().chain(&point.bound_duals).for_each(|v| grow(&mut force, v, 1.0));
    point.y.iter().zip(units.row_norms).for_each(|(y, norm)| grow(&mut force, y, *norm));
    point.x.iter().for_each(|v| grow(&mut length, v, 1.0));
    let mut scales = Scales {
        inverse_force: [0.0; LANES],
        inverse_length: [0.0; LANES],
        dual_tolerance: [0.0; LANES],
        slack_tolerance: [0.0; LANES],
    };
    for k in 0..LANES {
        let force = force[k].max(q[k]);
        let force = if force > 0.0 && force.is_finite() { force } else { 1.0 };
        let none = q[k] == 0.0 && units.curvature == 0.0;
        let force = force.max(if none { 1.0 } else { ROUNDED * units.curvature * length[k] });
        let accuracy = 10.0 * residuals[k].max();
        scales.inverse_force[k] = 1.0 / force;
        scales.inverse_length[k] = 1.0 / length[k];
        scales.slack_tolerance[k] = WEAK.max(accuracy);
        scales.dual_tolerance[k] = WEAK.max(accuracy).max(10.0 * residuals[k].dual_absolute / force);
    }
    scales
}

/// The side of one constraint in every lane.
#[inline(always)]
fn look(
    scales: &Scales,
    value: &Lane,
    (lower, upper): (&Lane, &Lane),
    dual: &Lane,
    norm: f64,
    doubt: &mut Lane,
) -> Lane {
    let (mut codes, inverse_norm) = ([0.0; LANES], 1.0 / norm);
    for k in 0..LANES {
        let unit = scales.inverse_length[k] * inverse_norm;
        let y = dual[k] * norm * scales.inverse_force[k];
        let (below, above) = ((value[k] - lower[k]) * unit, (upper[k] - value[k]) * unit);
        let slack = if below < above { below } else { above };
        let is_upper = y > 0.0 && y > above;
        let is_lower = y < 0.0 && -y > below;
        let side = if is_upper {
            UPPER
        } else if is_lower {
            LOWER
        } else {
            FREE
        };
        let is_weak = y.abs() <= scales.dual_tolerance[k] && slack <= scales.slack_tolerance[k];
        let is_violated = side == FREE && -slack > SIGN_TOLERANCE;
        let was_held = dual[k] != 0.0;
        let in_doubt = is_weak || is_violated || was_held != (side != FREE);
        let is_equality = lower[k] == upper[k];
        doubt[k] += if in_doubt && !is_equality { 1.0 } else { 0.0 };
        let pushing = if y < -WEAK { EQUAL_AT_LOWER } else { EQUAL_AT_UPPER };
        codes[k] = if is_equality { pushing } else { side };
    }
    codes
}
