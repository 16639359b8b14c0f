//! Infeasible and unbounded problems, with certificates that hold.

use bpqp_traits::{ProgramBuf, Status, dual_ray_violation, primal_ray_violation};

use super::support::{INF, Random, program, rows_only, solve};

fn expect_infeasible(problem: &ProgramBuf) {
    let (status, out) = solve(problem);
    assert_eq!(status, Status::PrimalInfeasible);
    assert!(primal_ray_violation(&problem.as_ref(), &out.y, &out.bound_duals, &out.cone_duals) <= 1e-8);
    assert!(out.x.iter().all(|v| v.is_nan()));
}

fn expect_unbounded(problem: &ProgramBuf) {
    let (status, out) = solve(problem);
    assert_eq!(status, Status::DualInfeasible);
    assert!(dual_ray_violation(&problem.as_ref(), &out.x) <= 1e-8);
    assert!(out.y.iter().chain(&out.bound_duals).all(|v| v.is_nan()));
}

#[test]
fn contradicting_rows() {
    // x ≥ 1 and x ≤ 0.
    expect_infeasible(&rows_only(&[1.0], &[0.0], &[1.0, 1.0], &[1.0, -INF], &[INF, 0.0]));
}

#[test]
fn contradicting_equalities() {
    // x₁ + x₂ = 1 and x₁ + x₂ = 2.
    expect_infeasible(&rows_only(&[1.0, 0.0, 0.0, 1.0], &[1.0; 2], &[1.0; 4], &[1.0, 2.0], &[1.0, 2.0]));
}

#[test]
fn row_against_bounds() {
    // x₁ + x₂ ≥ 3 on the unit square.
    expect_infeasible(&program(&[0.0; 4], &[1.0, 1.0], &[1.0, 1.0], (&[3.0], &[INF]), (&[0.0; 2], &[1.0; 2])));
}

#[test]
fn unbounded_linear_program() {
    // min −x₁ − x₂ over the positive quadrant below x₁ − x₂ ≤ 1.
    let problem = program(&[0.0; 4], &[-1.0, -1.0], &[1.0, -1.0], (&[-INF], &[1.0]), (&[0.0; 2], &[INF; 2]));
    expect_unbounded(&problem);
}

#[test]
fn unbounded_along_a_flat_direction() {
    // P = diag(1, 0), q = (0, −1): nothing holds x₂.
    expect_unbounded(&rows_only(&[1.0, 0.0, 0.0, 0.0], &[0.0, -1.0], &[1.0, 0.0], &[-1.0], &[1.0]));
}

#[test]
fn unbounded_without_constraints() {
    expect_unbounded(&rows_only(&[0.0; 4], &[1.0, -1.0], &[], &[], &[]));
}

#[test]
fn far_but_feasible_problems_are_not_called_infeasible() {
    // Nearly parallel rows meet at x = (0, 1/ε): a loose certificate would say that they do not meet.
    for eps in [1e-2, 1e-4, 1e-6] {
        let problem = rows_only(&[0.0; 4], &[0.0; 2], &[1.0, 0.0, 1.0, eps], &[0.0, 1.0], &[0.0, 1.0]);
        let (status, _) = solve(&problem);
        assert_ne!(status, Status::PrimalInfeasible, "eps {eps}");
    }
}

#[test]
fn feasible_bounded_problems_are_never_given_a_certificate() {
    for seed in 1..=20 {
        let (status, _) = solve(&Random::new(seed).program(10, 8));
        assert_eq!(status, Status::Solved, "seed {seed}");
    }
}
