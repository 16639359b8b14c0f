//! Answers derived by hand, primal and dual.

use bpqp_traits::{CscMatrix, KktResiduals, ProgramBuf, Status};

use super::support::{INF, Random, assert_close, expect, free, program, rows_only, solve};

#[test]
fn row_at_its_upper_side() {
    // min ½x² − 2x, −1 ≤ x ≤ 1: the minimum 2 is cut to 1, and y = −(x − 2) = 1 > 0.
    expect(&rows_only(&[1.0], &[-2.0], &[1.0], &[-1.0], &[1.0]), &[1.0], &[1.0], &[0.0]);
}

#[test]
fn row_at_its_lower_side() {
    // min ½x² + 2x, −1 ≤ x ≤ 1: x = −1, y = −(x + 2) = −1 < 0.
    expect(&rows_only(&[1.0], &[2.0], &[1.0], &[-1.0], &[1.0]), &[-1.0], &[-1.0], &[0.0]);
}

#[test]
fn bounds_on_either_side() {
    // Separable: x₁ = 1 at its upper bound, ζ₁ = −(1 − 2) = 1; x₂ = −1 at its lower, ζ₂ = −(−1 + 2) = −1; x₃ = ½ free.
    let (p, q) = ([1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0], [-2.0, 2.0, -0.5]);
    let problem = program(&p, &q, &[], (&[], &[]), (&[-1.0, -1.0, -1.0], &[1.0, 1.0, 1.0]));
    expect(&problem, &[1.0, -1.0, 0.5], &[], &[1.0, -1.0, 0.0]);
}

#[test]
fn equality() {
    // min ½(x₁² + x₂²), x₁ + x₂ = 2: x = (1, 1) by symmetry, x + y·1 = 0 gives y = −1.
    expect(&rows_only(&[1.0, 0.0, 0.0, 1.0], &[0.0; 2], &[1.0, 1.0], &[2.0], &[2.0]), &[1.0, 1.0], &[-1.0], &[0.0; 2]);
}

#[test]
fn fixed_variable() {
    // x₁ = 3 is fixed; x₂: x₁ + 2x₂ = 0 gives −1.5; ζ₁ = −(x₁ + x₂) = −1.5 (an equality's dual has any sign).
    let problem = program(&[1.0, 1.0, 1.0, 2.0], &[0.0; 2], &[], (&[], &[]), (&[3.0, -INF], &[3.0, INF]));
    expect(&problem, &[3.0, -1.5], &[], &[-1.5, 0.0]);
}

#[test]
fn no_constraint() {
    // Px = −q with P = diag(2, 1), q = (−2, 1).
    expect(&rows_only(&[2.0, 0.0, 0.0, 1.0], &[-2.0, 1.0], &[], &[], &[]), &[1.0, -1.0], &[], &[0.0; 2]);
}

#[test]
fn no_objective_and_no_constraint() {
    let (lb, ub) = free(2);
    let (p, a) = (CscMatrix::zeros(2, 2), CscMatrix::zeros(0, 2));
    let problem = ProgramBuf::new(p, vec![0.0; 2], a, (vec![], vec![]), (lb, ub)).unwrap();
    let (status, out) = solve(&problem);
    assert_eq!((status, out.objective), (Status::Solved, 0.0));
}

#[test]
fn linear_program() {
    // max x₁ + 2x₂, x₁ + x₂ ≤ 4, 0 ≤ x ≤ (3, 2): x₂ at its bound, then x₁ = 2. Stationarity: −1 + y = 0, −2 + y + ζ₂ = 0.
    let problem = program(&[0.0; 4], &[-1.0, -2.0], &[1.0, 1.0], (&[-INF], &[4.0]), (&[0.0; 2], &[3.0, 2.0]));
    let out = expect(&problem, &[2.0, 2.0], &[1.0], &[0.0, 1.0]);
    assert!((out.objective + 6.0).abs() <= 1e-6);
}

#[test]
fn free_rows_and_free_bounds_have_exactly_zero_duals() {
    // The second row and both variables are unbounded; the first row decides: x₁ = 1, y₁ = 1 − (−2)·… = 1, x₂ = 0.
    let problem = rows_only(&[1.0, 0.0, 0.0, 1.0], &[-2.0, 0.0], &[1.0, 0.0, 1.0, 1.0], &[-INF; 2], &[1.0, INF]);
    let out = expect(&problem, &[1.0, 0.0], &[1.0, 0.0], &[0.0; 2]);
    assert_eq!((out.y[1], &out.bound_duals[..]), (0.0, &[0.0, 0.0][..]));
}

#[test]
fn sides_beyond_the_solvers_infinity() {
    // Finite, but so far away that no solver sees them: the same as absent.
    let problem = program(&[1.0], &[-2.0], &[1.0], (&[-1e31], &[1.0]), (&[-1e31], &[1e31]));
    expect(&problem, &[1.0], &[1.0], &[0.0]);
}

#[test]
fn redundant_equalities() {
    // The same row twice: x = (1, 1) as in `equality`; the duals are not unique but sum to −1.
    let problem = rows_only(&[1.0, 0.0, 0.0, 1.0], &[0.0; 2], &[1.0; 4], &[2.0; 2], &[2.0; 2]);
    let (status, out) = solve(&problem);
    assert_eq!(status, Status::Solved);
    assert_close("x", &out.x, &[1.0, 1.0], 1e-6);
    assert_close("sum of duals", &[out.y[0] + out.y[1]], &[-1.0], 1e-6);
}

#[test]
fn solved_means_that_the_residuals_hold() {
    for seed in 1..=20 {
        let problem = Random::new(seed).program(12, 9);
        let (status, out) = solve(&problem);
        assert_eq!(status, Status::Solved, "seed {seed}");
        assert!(KktResiduals::compute(&problem.as_ref(), &out).max() <= 1e-8, "seed {seed}");
    }
}
