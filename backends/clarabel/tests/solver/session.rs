//! What a session of Clarabel's does that others do not.

use bpqp_traits::{ErrorKind, ForwardSolver, ProgramUpdate, Settings, Solution};

use super::shared::support::{INF, assert_close, program, rows_only, solver};

#[test]
fn warm_start_is_refused() {
    let problem = rows_only(&[1.0], &[0.0], &[], &[], &[]);
    let mut session = solver().setup(&problem.as_ref(), &Settings::default()).unwrap();
    assert_eq!(session.warm_start(&[0.0], &[], &[0.0]).unwrap_err().kind(), ErrorKind::Unsupported);
}

#[test]
fn distant_sides_are_left_out_only_while_they_do_not_matter() {
    // ½‖x‖² + qᵀx within −1e10 ≤ x₁ ≤ 1 and |1e6 x₂| ≤ 2e8. First x = (1, ½) with ζ₁ = 2; for q₂ = −300 the row holds at
    // x₂ = 200 with y = 100/1e6. The bound of x₁ alone costs Clarabel the digits that are asked for.
    let (lb, ub) = ([-1e10, -INF], [1.0, INF]);
    let problem = program(&[1.0, 0.0, 0.0, 1.0], &[-3.0, -0.5], &[0.0, 1e6], (&[-2e8], &[2e8]), (&lb, &ub));
    let mut session = solver().setup(&problem.as_ref(), &Settings::with_tolerance(1e-9)).unwrap();
    let mut out = Solution::default();
    for (q, x, y) in [(-0.5, 0.5, 0.0), (-300.0, 200.0, 1e-4), (-0.5, 0.5, 0.0)] {
        session.update(&ProgramUpdate { q: Some(&[-3.0, q]), ..Default::default() }).unwrap();
        let status = session.solve(&mut out).unwrap();
        assert!(status.has_solution(), "{status} with q₂ = {q}");
        assert_close("x", &out.x, &[1.0, x], 1e-6);
        assert_close("y", &out.y, &[y], 1e-9);
        assert_close("ζ", &out.bound_duals, &[2.0, 0.0], 1e-6);
    }
}
