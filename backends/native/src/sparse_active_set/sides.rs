//! Which constraints are held, and which should be.

use bpqp_traits::{ActiveSet, ProgramRef, Side};

/// The sides of a point with its multipliers: where a multiplier, against the violation it would take, is the larger.
pub(super) fn of_point(program: &ProgramRef<'_>, x: &[f64], y: &[f64], bound_duals: &[f64]) -> ActiveSet {
    let mut ax = vec![0.0; y.len()];
    program.a().mul_add(1.0, x, &mut ax);
    let side = |value: f64, dual: f64, lower: f64, upper: f64| {
        if lower == upper {
            Side::Equal
        } else if dual > 0.0 && dual > upper - value {
            Side::Upper
        } else if dual < 0.0 && -dual > value - lower {
            Side::Lower
        } else {
            Side::Free
        }
    };
    let sides = |values: &[f64], duals: &[f64], lower: &[f64], upper: &[f64]| {
        (0..values.len()).map(|k| side(values[k], duals[k], lower[k], upper[k])).collect()
    };
    ActiveSet {
        rows: sides(&ax, y, program.l(), program.u()),
        bounds: sides(x, bound_duals, program.lb(), program.ub()),
    }
}

/// Makes `sides` fit the sides that exist: equalities are held, absent sides are not.
pub(super) fn fit(sides: &mut Vec<Side>, lower: &[f64], upper: &[f64]) {
    sides.resize(lower.len(), Side::Free);
    for ((side, l), u) in sides.iter_mut().zip(lower).zip(upper) {
        *side = match side {
            _ if l == u => Side::Equal,
            Side::Lower if l.is_finite() => Side::Lower,
            Side::Upper if u.is_finite() => Side::Upper,
            // What was an equality has no side yet: the next multiplier tells.
            Side::Equal if u.is_finite() => Side::Upper,
            Side::Equal if l.is_finite() => Side::Lower,
            _ => Side::Free,
        };
    }
}

/// The value at which a constraint is held.
pub(super) fn held_at(side: Side, lower: f64, upper: f64) -> Option<f64> {
    match side {
        Side::Free => None,
        Side::Lower => Some(lower),
        Side::Upper | Side::Equal => Some(upper),
    }
}

/// Releases constraints with multipliers of the wrong sign and holds violated ones; returns how many were wrong.
pub(super) fn exchange(
    sides: &mut [Side],
    (values, duals): (&[f64], impl Fn(usize) -> f64),
    (lower, upper): (&[f64], &[f64]),
    (feasibility, force): (impl Fn(usize) -> f64, f64),
) -> usize {
    let mut wrong = 0;
    for (k, side) in sides.iter_mut().enumerate() {
        let new = match *side {
            Side::Equal => Side::Equal,
            Side::Lower if duals(k) > force => Side::Free,
            Side::Upper if duals(k) < -force => Side::Free,
            Side::Free if values[k] < lower[k] - feasibility(k) => Side::Lower,
            Side::Free if values[k] > upper[k] + feasibility(k) => Side::Upper,
            same => same,
        };
        wrong += usize::from(new != *side);
        *side = new;
    }
    wrong
}
