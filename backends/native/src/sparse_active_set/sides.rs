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

/// The value at which a constraint is held; 0 where it is not.
pub(super) fn held_at(side: Side, lower: f64, upper: f64) -> f64 {
    // Selections, not branches: the sides come in no order that a processor could guess.
    let held = if side == Side::Lower { lower } else { upper };
    if side == Side::Free { 0.0 } else { held }
}

/// Releases constraints with multipliers of the wrong sign and holds violated ones; returns how many were wrong.
pub(super) fn exchange(
    sides: &mut [Side],
    (values, duals): (&[f64], &[f64]),
    (lower, upper): (&[f64], &[f64]),
    (feasibility, force): (impl Fn(usize) -> f64, f64),
) -> usize {
    let len = sides.len();
    let (values, duals, lower, upper) = (&values[..len], &duals[..len], &lower[..len], &upper[..len]);
    let mut wrong = 0;
    for k in 0..len {
        let (side, tolerance) = (sides[k], feasibility(k));
        let (below, above) = (values[k] < lower[k] - tolerance, values[k] > upper[k] + tolerance);
        // Bitwise: the sides come in no order that a processor could guess, and most are right.
        let hold = (side == Side::Free) & (below | above);
        let release = ((side == Side::Lower) & (duals[k] > force)) | ((side == Side::Upper) & (duals[k] < -force));
        if hold | release {
            wrong += 1;
            sides[k] = match (hold, below) {
                (false, _) => Side::Free,
                (true, true) => Side::Lower,
                (true, false) => Side::Upper,
            };
        }
    }
    wrong
}
