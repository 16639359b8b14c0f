//! Residuals and certificates on hand-derived cases: right ones, wrong signs, NaN, cones.
#![allow(clippy::unwrap_used, reason = "a helper of tests fails the test")]

use bpqp_traits::{CscMatrix, KktResiduals, ProgramBuf, Solution, dual_ray_violation, primal_ray_violation};

const INF: f64 = f64::INFINITY;

fn program(p: &[f64], q: &[f64], a: &[f64], (l, u): (&[f64], &[f64]), (lb, ub): (&[f64], &[f64])) -> ProgramBuf {
    let n = q.len();
    let p = CscMatrix::from_diagonal(p).unwrap();
    let a = CscMatrix::from_dense_rows(l.len(), n, a).unwrap();
    ProgramBuf::new(p, q.to_vec(), a, (l.to_vec(), u.to_vec()), (lb.to_vec(), ub.to_vec())).unwrap()
}

/// `½‖x − (3, 4)‖²`, `x₁ + 2x₂ ≤ 5`: `x = (1.8, 1.6)`, `y = 1.2`.
fn half_space() -> (ProgramBuf, Solution) {
    let free = (&[-INF; 2][..], &[INF; 2][..]);
    let program = program(&[1.0, 1.0], &[-3.0, -4.0], &[1.0, 2.0], (&[-INF], &[5.0]), free);
    let solution = Solution { x: vec![1.8, 1.6], y: vec![1.2], bound_duals: vec![0.0; 2], ..Solution::default() };
    (program, solution)
}

/// `½‖x‖²` with `x₁ ≥ 1` and `x₂ ≤ −2` as bounds: `ζ = (−1, 2)`.
fn bounded() -> (ProgramBuf, Solution) {
    let none = (&[][..], &[][..]);
    let program = program(&[1.0, 1.0], &[0.0, 0.0], &[], none, (&[1.0, -INF], &[INF, -2.0]));
    let solution = Solution { x: vec![1.0, -2.0], bound_duals: vec![-1.0, 2.0], ..Solution::default() };
    (program, solution)
}

/// `½‖x − (3, 4)‖²` on the unit ball: `x = (0.6, 0.8)`, `w = (4, −2.4, −3.2)`.
fn ball() -> (ProgramBuf, Solution) {
    let none = (&[][..], &[][..]);
    let rows = CscMatrix::from_dense_rows(3, 2, &[0.0, 0.0, 1.0, 0.0, 0.0, 1.0]).unwrap();
    let program = program(&[1.0, 1.0], &[-3.0, -4.0], &[], none, (&[-INF; 2], &[INF; 2]))
        .with_cones(rows, vec![1.0, 0.0, 0.0], vec![3])
        .unwrap();
    let solution = Solution {
        x: vec![0.6, 0.8],
        bound_duals: vec![0.0; 2],
        cone_duals: vec![4.0, -2.4, -3.2],
        ..Solution::default()
    };
    (program, solution)
}

#[test]
fn solutions_have_no_residual() {
    for (program, solution) in [half_space(), bounded(), ball()] {
        let found = KktResiduals::compute(&program.as_ref(), &solution);
        assert!(found.max() <= 1e-15, "{found:?}");
        assert!((found.primal_objective - program.as_ref().objective(&solution.x)).abs() <= 1e-15);
    }
}

#[test]
fn each_violation_shows_where_it_should() {
    let (program, good) = half_space();
    let compute = |change: &dyn Fn(&mut Solution)| {
        let mut solution = good.clone();
        change(&mut solution);
        KktResiduals::compute(&program.as_ref(), &solution)
    };
    // x = (3, 4): A x = 11, six above the side.
    let outside = compute(&|s| s.x = vec![3.0, 4.0]);
    assert_eq!((outside.primal_absolute, outside.primal), (6.0, 0.5));
    // Without the dual, stationarity misses y a = (1.2, 2.4).
    let no_dual = compute(&|s| s.y[0] = 0.0);
    assert!((no_dual.dual_absolute - 2.4).abs() <= 1e-15 && no_dual.primal <= 1e-15);
    // A negative dual belongs to a lower side that is infinite: the sign itself is a violation.
    let negative = compute(&|s| s.y[0] = -1.2);
    assert!(negative.dual_absolute >= 1.2);
}

#[test]
fn duals_at_the_wrong_side_show_in_the_gap() {
    // min ½x² − x, 0 ≤ x ≤ 2 is solved by x = 1, ζ = 0. At x = 0 with ζ = +1 is stationary (0 − 1 + 1 = 0) and
    // feasible too, but ζ > 0 belongs to ub = 2: the dual objective is −0 − 2·1, the primal one 0, so the gap is 2.
    let program = program(&[1.0], &[-1.0], &[], (&[], &[]), (&[0.0], &[2.0]));
    let wrong = Solution { x: vec![0.0], bound_duals: vec![1.0], ..Solution::default() };
    let found = KktResiduals::compute(&program.as_ref(), &wrong);
    assert_eq!((found.primal, found.dual, found.gap_absolute), (0.0, 0.0, 2.0));
    assert_eq!((found.primal_objective, found.dual_objective), (0.0, -2.0));
}

#[test]
fn cone_violations_are_primal_and_dual() {
    let (program, good) = ball();
    let mut outside = good.clone();
    outside.x = vec![3.0, 4.0];
    assert_eq!(KktResiduals::compute(&program.as_ref(), &outside).primal_absolute, 4.0);
    let mut flat = good.clone();
    flat.cone_duals[0] = 3.0;
    // ‖(2.4, 3.2)‖ = 4 against 3: one outside the cone; stationarity does not see the first row, which is empty.
    assert!((KktResiduals::compute(&program.as_ref(), &flat).dual_absolute - 1.0).abs() <= 1e-15);
}

#[test]
fn nan_is_never_small() {
    let (program, good) = half_space();
    let spoil: [&dyn Fn(&mut Solution); 4] =
        [&|s| s.x[1] = f64::NAN, &|s| s.y[0] = f64::NAN, &|s| s.bound_duals[0] = f64::NAN, &|s| s.x[0] = INF];
    for change in spoil {
        let mut solution = good.clone();
        change(&mut solution);
        let max = KktResiduals::compute(&program.as_ref(), &solution).max();
        assert!(max.is_nan() || max == INF, "{max}");
    }
    let (program, good) = ball();
    for k in 0..3 {
        let mut solution = good.clone();
        solution.cone_duals[k] = f64::NAN;
        assert!(KktResiduals::compute(&program.as_ref(), &solution).max().is_nan());
    }
    // Without rows and bounds nothing but x itself can tell.
    let free = no_constraint();
    let solution = Solution { x: vec![f64::NAN], bound_duals: vec![0.0], ..Solution::default() };
    assert!(KktResiduals::compute(&free.as_ref(), &solution).primal.is_nan());
}

/// `min 0` over one free variable.
fn no_constraint() -> ProgramBuf {
    program(&[0.0], &[0.0], &[], (&[], &[]), (&[-INF], &[INF]))
}

#[test]
fn wrong_shapes_are_infinitely_wrong() {
    let (program, good) = half_space();
    let shapes: [&dyn Fn(&mut Solution); 4] =
        [&|s| s.x.truncate(1), &|s| s.y.push(0.0), &|s| s.bound_duals.clear(), &|s| s.cone_duals.push(0.0)];
    for change in shapes {
        let mut solution = good.clone();
        change(&mut solution);
        let found = KktResiduals::compute(&program.as_ref(), &solution);
        assert_eq!((found.primal, found.dual, found.gap), (INF, INF, INF));
    }
}

#[test]
fn a_violated_bound_is_not_hidden_by_rows_of_large_entries() {
    // 1e12 x₁ = 1e12 and x₂ ≥ 0, at x₂ = −1: half of the bounded variables' size, though nothing beside the row.
    let program = program(&[0.0; 2], &[0.0, 1.0], &[1e12, 0.0], (&[1e12], &[1e12]), (&[-INF, 0.0], &[INF; 2]));
    let solution = Solution { x: vec![1.0, -1.0], y: vec![0.0], bound_duals: vec![0.0, -1.0], ..Solution::default() };
    let found = KktResiduals::compute(&program.as_ref(), &solution);
    assert_eq!((found.primal, found.primal_absolute), (0.5, 1.0));
}

#[test]
fn farkas_certificates_are_weighed() {
    // x₁ + x₂ ≥ 3 against x ≤ 1: y = −1, ζ = (1, 1) has support −3 + 2 = −1.
    let program = program(&[0.0; 2], &[0.0; 2], &[1.0, 1.0], (&[3.0], &[INF]), (&[-INF; 2], &[1.0; 2]));
    let view = program.as_ref();
    assert_eq!(primal_ray_violation(&view, &[-1.0], &[1.0, 1.0], &[]), 0.0);
    assert_eq!(primal_ray_violation(&view, &[-4.0], &[4.0, 4.0], &[]), 0.0, "a ray has no length");
    // Forces (0, −0.5) over the support 3 − 1.5.
    let off = primal_ray_violation(&view, &[-1.0], &[1.0, 0.5], &[]);
    assert!((off - 0.5 / 1.5).abs() <= 1e-15);
    assert_eq!(primal_ray_violation(&view, &[1.0], &[-1.0, -1.0], &[]), INF, "wrong signs prove nothing");
    assert_eq!(primal_ray_violation(&view, &[0.0], &[0.0, 0.0], &[]), INF);
    assert!(proves_nothing(primal_ray_violation(&view, &[f64::NAN], &[1.0, 1.0], &[])));
}

#[test]
fn a_support_of_rounding_proves_nothing() {
    // x = 0.3 in three rows that agree, of which 0.1 · 3 is rounded: forces zero, support −5.6e-17.
    let sides = [0.1 + 0.2, 0.3];
    let program = program(&[0.0], &[0.0], &[1.0, 1.0], (&sides, &sides), (&[-INF], &[INF]));
    assert_eq!(primal_ray_violation(&program.as_ref(), &[-1.0, 1.0], &[0.0], &[]), INF);
}

#[test]
fn rays_of_descent_are_weighed() {
    // min ½x₁² − x₂, x₂ ≥ 0, x₁ − x₂ ≤ 7.
    let program = program(&[1.0, 0.0], &[0.0, -1.0], &[1.0, -1.0], (&[-INF], &[7.0]), (&[-INF, 0.0], &[INF; 2]));
    let view = program.as_ref();
    assert_eq!(dual_ray_violation(&view, &[0.0, 2.0]), 0.0);
    assert_eq!(dual_ray_violation(&view, &[1.0, 2.0]), 0.5, "curvature 1 over the slope 2");
    assert_eq!(dual_ray_violation(&view, &[0.0, -1.0]), INF, "uphill");
    assert_eq!(dual_ray_violation(&view, &[0.0, 0.0]), INF);
    assert!(proves_nothing(dual_ray_violation(&view, &[f64::NAN, 1.0])));
}

#[test]
fn cone_certificates_are_weighed() {
    // ‖x‖ ≤ −1: w = (1, 0) has support −1.
    let rows = CscMatrix::from_dense_rows(2, 1, &[0.0, 1.0]).unwrap();
    let program = program(&[0.0], &[-1.0], &[], (&[], &[]), (&[-INF], &[INF]))
        .with_cones(rows, vec![-1.0, 0.0], vec![2])
        .unwrap();
    let view = program.as_ref();
    assert_eq!(primal_ray_violation(&view, &[], &[0.0], &[1.0, 0.0]), 0.0);
    assert!(primal_ray_violation(&view, &[], &[0.0], &[1.0, 2.0]) >= 1.0, "outside the cone");
    // Along x = 1 the cone row moves by (0, 1), which leaves the cone by 1.
    assert_eq!(dual_ray_violation(&view, &[1.0]), 1.0);
}

fn proves_nothing(violation: f64) -> bool {
    violation.is_nan() || violation == INF
}
