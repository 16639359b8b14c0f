//! Second-order cones.

use bpqp_traits::{CscMatrix, ForwardSolver, KktResiduals, ProgramBuf, ProgramUpdate, Settings, Solution, Status};
use bpqp_traits::{dual_ray_violation, primal_ray_violation};

use super::shared::support::{INF, assert_close, program, rows_only, solve, solver};

/// `min qᵀx  s.t.  ‖x‖ ≤ radius` in the plane.
fn disk(q: [f64; 2], radius: f64) -> ProgramBuf {
    let matrix = CscMatrix::from_triplets(3, 2, &[(1, 0, 1.0), (2, 1, 1.0)]).unwrap();
    rows_only(&[0.0; 4], &q, &[], &[], &[]).with_cones(matrix, vec![radius, 0.0, 0.0], vec![3]).unwrap()
}

#[test]
fn linear_objective_over_a_disk() {
    // x = (1, 1)/√2. q = Sᵀw gives w = (t, −1, −1), and wᵀ(Sx + s) = t − √2 = 0.
    let problem = disk([-1.0, -1.0], 1.0);
    let (status, out) = solve(&problem);
    let (half, root) = (0.5f64.sqrt(), 2f64.sqrt());
    assert_eq!(status, Status::Solved);
    assert!(KktResiduals::compute(&problem.as_ref(), &out).max() <= 1e-8);
    assert_close("x", &out.x, &[half, half], 1e-7);
    assert_close("cone duals", &out.cone_duals, &[root, -1.0, -1.0], 1e-7);
}

#[test]
fn a_one_dimensional_cone_is_a_half_line() {
    // min x, x − 1 ≥ 0: x = 1, and 1 − w = 0.
    let matrix = CscMatrix::from_triplets(1, 1, &[(0, 0, 1.0)]).unwrap();
    let problem = rows_only(&[0.0], &[1.0], &[], &[], &[]).with_cones(matrix, vec![-1.0], vec![1]).unwrap();
    let (status, out) = solve(&problem);
    assert_eq!(status, Status::Solved);
    assert_close("x, w", &[out.x[0], out.cone_duals[0]], &[1.0, 1.0], 1e-7);
}

#[test]
fn cones_with_rows_bounds_and_a_half_line() {
    // min ½‖x‖² − 2x₁ − x₂ over the unit disk, x₁ ≤ 0.6 (row), x₂ ≤ 5, 0.6 − x₁ + 1 ≥ 0 (slack).
    // x = (0.6, 0.8) if both bind: stationarity (0.6 − 2 + y, 0.8 − 1) + (w₀ = t)·x = 0 with w = t(1, −x):
    // t = 0.2/0.8 = 0.25, y = 1.4 − 0.15 = 1.25, all of the right sign.
    let entries = [(1, 0, 1.0), (2, 1, 1.0), (3, 0, -1.0)];
    let matrix = CscMatrix::from_triplets(4, 2, &entries).unwrap();
    let base = program(&[1.0, 0.0, 0.0, 1.0], &[-2.0, -1.0], &[1.0, 0.0], (&[-INF], &[0.6]), (&[-INF; 2], &[INF, 5.0]));
    let problem = base.with_cones(matrix, vec![1.0, 0.0, 0.0, 1.6], vec![3, 1]).unwrap();
    let (status, out) = solve(&problem);
    assert_eq!(status, Status::Solved);
    assert_close("x", &out.x, &[0.6, 0.8], 1e-7);
    assert_close("y", &out.y, &[1.25], 1e-6);
    assert_close("cone duals", &out.cone_duals, &[0.25, -0.15, -0.2, 0.0], 1e-6);
}

#[test]
fn infeasible_cones() {
    // ‖x‖ ≤ −1 has no solution.
    let problem = disk([1.0, 0.0], -1.0);
    let (status, out) = solve(&problem);
    assert_eq!(status, Status::PrimalInfeasible);
    assert!(primal_ray_violation(&problem.as_ref(), &out.y, &out.bound_duals, &out.cone_duals) <= 1e-8);
    assert!(out.x.iter().all(|v| v.is_nan()));
}

#[test]
fn unbounded_along_a_cone() {
    // min −x₁ over ‖x₂‖ ≤ x₁.
    let matrix = CscMatrix::from_triplets(2, 2, &[(0, 0, 1.0), (1, 1, 1.0)]).unwrap();
    let problem = rows_only(&[0.0; 4], &[-1.0, 0.0], &[], &[], &[]).with_cones(matrix, vec![0.0; 2], vec![2]).unwrap();
    let (status, out) = solve(&problem);
    assert_eq!(status, Status::DualInfeasible);
    assert!(dual_ray_violation(&problem.as_ref(), &out.x) <= 1e-8);
    assert!(out.cone_duals.iter().all(|v| v.is_nan()));
}

#[test]
fn updates_of_matrix_and_offset() {
    let problem = disk([-1.0, -1.0], 1.0);
    let mut session = solver().setup(&problem.as_ref(), &Settings::default()).unwrap();
    let mut out = Solution::default();
    session.solve(&mut out).unwrap();
    // Radius 2.
    session.update(&ProgramUpdate { cone_offset: Some(&[2.0, 0.0, 0.0]), ..Default::default() }).unwrap();
    assert_eq!(session.solve(&mut out), Ok(Status::Solved));
    assert_close("x", &out.x, &[2f64.sqrt(); 2], 1e-7);
    // ‖2x‖ ≤ 2 is the unit disk again.
    session.update(&ProgramUpdate { cone_matrix: Some(&[2.0, 2.0]), ..Default::default() }).unwrap();
    assert_eq!(session.solve(&mut out), Ok(Status::Solved));
    assert_close("x", &out.x, &[0.5f64.sqrt(); 2], 1e-7);
}
