//! Claims against hand-derived points and certificates: what holds, what is taken back, and what is left in the buffers.
#![allow(clippy::unwrap_used)] // a failed helper is a failed test

use bpqp_traits::claims::{Claim, MAX_RAY_VIOLATION, judge};
use bpqp_traits::{CscMatrix, ProgramBuf, Solution, Status};

const INF: f64 = f64::INFINITY;
const TOLERANCE: f64 = 1e-8;

/// `½px² + qx` with `lb ≤ x ≤ ub` and one row `x ≤ u`.
fn program(p: f64, q: f64, u: f64, (lb, ub): (f64, f64)) -> ProgramBuf {
    let a = CscMatrix::from_diagonal(&[1.0]).unwrap();
    let p = CscMatrix::from_diagonal(&[p]).unwrap();
    ProgramBuf::new(p, vec![q], a, (vec![-INF], vec![u]), (vec![lb], vec![ub])).unwrap()
}

fn solution(x: f64, y: f64, bound_dual: f64) -> Solution {
    Solution { x: vec![x], y: vec![y], bound_duals: vec![bound_dual], objective: f64::NAN, ..Solution::default() }
}

fn claim(status: Status) -> Claim {
    Claim { status, limited: false }
}

/// `½x² − 3x` with `x ≤ 1`: `x = 1`, `y = 2`, value −2.5. An error of `4e` in `y` leaves `r = 4e`, a dual residual
/// of `4e / (1 + 3) = e`, and a gap of `(4e + |r x|) / (1 + 2.5) = 16e/7`.
fn judged(error: f64, claim: Claim) -> Status {
    let mut out = solution(1.0, 2.0 + 4.0 * error, 0.0);
    let status = judge(&program(1.0, -3.0, 1.0, (-INF, INF)).as_ref(), claim, TOLERANCE, &mut out);
    assert_eq!(out.objective, -2.5);
    status
}

const POINTS: [Status; 5] =
    [Status::Solved, Status::SolvedInaccurate, Status::NumericalError, Status::IterationLimit, Status::TimeLimit];

#[test]
fn a_point_within_tolerance_is_solved_whatever_is_claimed() {
    for status in POINTS {
        for limited in [false, true] {
            assert_eq!(judged(0.0, Claim { status, limited }), Status::Solved, "{status}");
            assert_eq!(judged(0.4 * TOLERANCE, Claim { status, limited }), Status::Solved, "{status}");
        }
    }
}

#[test]
fn half_the_digits_are_inaccurate_unless_the_callers_limit_came_first() {
    for error in [4.0 * TOLERANCE, 0.2 * TOLERANCE.sqrt()] {
        for status in POINTS {
            assert_eq!(judged(error, claim(status)), Status::SolvedInaccurate, "{status}, off by {error}");
        }
        for status in [Status::IterationLimit, Status::TimeLimit] {
            assert_eq!(judged(error, Claim { status, limited: true }), status);
        }
    }
}

#[test]
fn less_is_no_solution() {
    for error in [10.0 * TOLERANCE.sqrt(), 1.0, f64::NAN, INF] {
        for status in [Status::Solved, Status::SolvedInaccurate, Status::NumericalError] {
            assert_eq!(judged(error, claim(status)), Status::NumericalError, "{status}, off by {error}");
        }
        for status in [Status::IterationLimit, Status::TimeLimit] {
            assert_eq!(judged(error, claim(status)), status);
        }
    }
}

/// `x ≥ 3` against `x ≤ 1`: `(y, ζ) = (1, −1)` has force 0 and support `1 − 3 < 0`.
#[test]
fn a_farkas_certificate_is_scaled_and_checked() {
    let program = program(1.0, 0.0, 1.0, (3.0, INF));
    let judged = |y: f64, zeta: f64| {
        let mut out = solution(7.0, y, zeta);
        let status = judge(&program.as_ref(), claim(Status::PrimalInfeasible), TOLERANCE, &mut out);
        assert!(out.x[0].is_nan() && out.objective.is_nan());
        (status, out)
    };
    let (status, out) = judged(5e4, -5e4);
    assert_eq!((status, out.y[0], out.bound_duals[0]), (Status::PrimalInfeasible, 1.0, -1.0));
    // Signs turned, a force of 10 %, nothing at all, and no number.
    for (y, zeta) in [(-1.0, 1.0), (1.0, -0.9), (0.0, 0.0), (f64::NAN, -1.0)] {
        assert_eq!(judged(y, zeta).0, Status::NumericalError, "y = {y}, ζ = {zeta}");
    }
    // Support −2 divides the force: just within and just beyond.
    assert_eq!(judged(1.0, -(1.0 - 1.9 * MAX_RAY_VIOLATION)).0, Status::PrimalInfeasible);
    assert_eq!(judged(1.0, -(1.0 - 2.1 * MAX_RAY_VIOLATION)).0, Status::NumericalError);
}

/// `min x` with `x ≤ 1`: the ray −1. With curvature, or a lower bound, it proves nothing.
#[test]
fn a_ray_is_scaled_and_checked() {
    let judged = |program: &ProgramBuf, x: f64| {
        let mut out = solution(x, 5.0, 5.0);
        let status = judge(&program.as_ref(), claim(Status::DualInfeasible), TOLERANCE, &mut out);
        assert!(out.y[0].is_nan() && out.bound_duals[0].is_nan());
        (status, out)
    };
    let unbounded = program(0.0, 1.0, 1.0, (-INF, INF));
    let (status, out) = judged(&unbounded, -3e5);
    assert_eq!((status, out.x[0], out.objective), (Status::DualInfeasible, -1.0, -1.0));
    for x in [3.0, 0.0, f64::NAN] {
        assert_eq!(judged(&unbounded, x).0, Status::NumericalError, "x = {x}");
    }
    for bounded in [program(1e-3, 1.0, 1.0, (-INF, INF)), program(0.0, 1.0, 1.0, (-1e6, INF))] {
        assert_eq!(judged(&bounded, -1.0).0, Status::NumericalError);
    }
}
