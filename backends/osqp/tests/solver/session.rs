//! What a session of OSQP's does that others do not.

use bpqp_traits::{CscMatrix, ErrorKind, ForwardSolver, ProgramUpdate, Settings, Solution, Status};

use super::shared::support::{Random, assert_close, rows_only, solve, solver};

#[test]
fn warm_start_at_the_solution() {
    let problem = Random::new(1).program(20, 15);
    let (status, cold) = solve(&problem);
    assert_eq!(status, Status::Solved);
    let mut session = solver().setup(&problem.as_ref(), &Settings::default()).unwrap();
    session.warm_start(&cold.x, &cold.y, &cold.bound_duals).unwrap();
    let mut warm = Solution::default();
    assert_eq!(session.solve(&mut warm), Ok(Status::Solved));
    assert!(warm.iterations <= cold.iterations, "{} after {}", warm.iterations, cold.iterations);
    assert_close("x", &warm.x, &cold.x, 1e-7);
}

#[test]
fn bad_warm_starts_are_refused() {
    let problem = rows_only(&[1.0], &[0.0], &[], &[], &[]);
    let mut session = solver().setup(&problem.as_ref(), &Settings::default()).unwrap();
    for (x, zeta) in [(&[][..], &[0.0][..]), (&[0.0], &[0.0, 0.0]), (&[f64::NAN], &[0.0])] {
        assert_eq!(session.warm_start(x, &[], zeta).unwrap_err().kind(), ErrorKind::InvalidArgument);
    }
}

#[test]
fn second_order_cones_are_refused() {
    let matrix = CscMatrix::from_triplets(2, 1, &[(1, 0, 1.0)]).unwrap();
    let problem = rows_only(&[1.0], &[0.0], &[], &[], &[]).with_cones(matrix, vec![1.0, 0.0], vec![2]).unwrap();
    let error = solver().setup(&problem.as_ref(), &Settings::default()).map(drop).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unsupported);
}

#[test]
fn negative_curvature_that_osqp_notices() {
    // Eigenvalues 3 and −1.
    let problem = rows_only(&[1.0, 2.0, 2.0, 1.0], &[0.0; 2], &[], &[], &[]);
    let error = solver().setup(&problem.as_ref(), &Settings::default()).map(drop).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotConvex);
    // As an update it is refused, and the session answers as before: x = −q.
    let problem = rows_only(&[1.0, 0.5, 0.5, 1.0], &[-1.5, -1.5], &[], &[], &[]);
    let mut session = solver().setup(&problem.as_ref(), &Settings::default()).unwrap();
    let p = [1.0, 2.0, 1.0];
    let error = session.update(&ProgramUpdate { p: Some(&p), ..Default::default() }).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotConvex);
    let mut out = Solution::default();
    assert_eq!(session.solve(&mut out), Ok(Status::Solved));
    assert_close("x", &out.x, &[1.0, 1.0], 1e-7);
}

#[test]
fn the_version_comes_from_the_library() {
    let version = solver().info().version;
    assert!(version.starts_with("1."), "{version}");
}
