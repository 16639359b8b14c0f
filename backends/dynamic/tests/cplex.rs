//! CPLEX, against a stub. It tests our reading of the header, not CPLEX; for the library itself, `tests/tests/dynamic.rs`
//! runs the suite where `BPQP_CPLEX_LIBRARY` names it.
#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "helpers of tests fail the test")]

mod common;

use bpqp_dynamic::{DynamicSolver, Vendor};
use bpqp_traits::{CscMatrix, Error, ErrorKind, ForwardSolver, ProgramUpdate, Settings, Solution, Status};

use common::{
    Stub, assert_error_codes, assert_invalid_settings, assert_limit_without_a_point, assert_marshals,
    assert_marshals_cones, assert_solves, assert_statuses, lp, open, outcome_of, qp, set_option, stub_of,
};

fn stub(defines: &[&str]) -> (DynamicSolver, Stub) {
    stub_of(Vendor::Cplex, defines)
}

/// How the QP ends with a stub made so.
fn outcome(defines: &[&str]) -> Result<Status, Error> {
    outcome_of(Vendor::Cplex, &qp(), defines).0
}

#[test]
fn marshals() {
    let (solver, _stub) = stub(&[]);
    assert_marshals(&solver);
    let mut out = Solution::default();
    open(&solver, &lp(), &Settings::default()).solve(&mut out).unwrap();
    assert_eq!(out.iterations, 10, "simplex and barrier together");
}

/// A row that becomes free leaves CPLEX, and comes back with a side.
#[test]
fn free_rows_come_and_go() {
    let (solver, _stub) = stub(&[]);
    let (case, mut session) = (qp(), open(&solver, &qp(), &Settings::default()));
    let (l, u) = (case.program.as_ref().l().to_vec(), case.program.as_ref().u().to_vec());
    let mut held = u.clone();
    held[2] = 100.0;
    for _ in 0..2 {
        session.update(&ProgramUpdate { l: Some(&l), u: Some(&held), ..ProgramUpdate::default() }).unwrap();
        // Five rows: not a problem that the stub knows.
        assert_eq!(session.solve(&mut Solution::default()), Ok(Status::NumericalError));
        session.update(&ProgramUpdate { l: Some(&l), u: Some(&u), ..ProgramUpdate::default() }).unwrap();
        assert_solves(&mut *session, &case);
    }
}

#[test]
fn cones() {
    assert_marshals_cones(Vendor::Cplex);
}

#[test]
fn is_found_and_named() {
    let (solver, stub) = stub(&[]);
    let found = solver.installation().unwrap();
    assert_eq!((found.version.as_str(), found.license_refused), ("22.1.1.0", None));
    assert_eq!(found.library.as_deref(), Some(stub.path()));
    assert_eq!(solver.info().version, "22.1.1.0");
}

#[test]
fn statuses() {
    assert_statuses(
        Vendor::Cplex,
        &["STATUS=1", "STATUS=5", "STATUS=6", "STATUS=10", "STATUS=11", "STATUS=20", "STATUS=25"],
        &["STATUS=0", "STATUS=2", "STATUS=3", "STATUS=4", "STATUS=21", "STATUS=22"],
        &["STATUS=77"],
    );
}

#[test]
fn a_limit_without_a_point_is_reported() {
    assert_limit_without_a_point(Vendor::Cplex, "STATUS=11");
}

#[test]
fn error_codes() {
    let codes = [
        ("OPTIMIZE=1016", ErrorKind::LicenseRefused),
        ("OPTIMIZE=32024", ErrorKind::LicenseRefused),
        ("OPTIMIZE=5002", ErrorKind::NotConvex),
        ("STATUS=24", ErrorKind::NotConvex),
        ("OPTIMIZE=1001", ErrorKind::Backend),
    ];
    assert_error_codes(Vendor::Cplex, &codes);
    assert_eq!(outcome(&["OPTIMIZE=1256"]), Ok(Status::NumericalError));
}

#[test]
fn a_refused_license() {
    let (solver, _stub) = stub(&["OPEN=32201"]);
    let found = solver.installation().unwrap();
    let reason = found.license_refused.unwrap();
    assert!(reason.contains("in the words of a stub") && reason.contains("code 32201"), "{reason}");
    assert_eq!(found.version, "unknown");
    let refused = solver.setup(&qp().program.as_ref(), &Settings::default()).err().unwrap();
    assert_eq!(refused.kind(), ErrorKind::LicenseRefused);
}

#[test]
fn parameters() {
    let (solver, _stub) = stub(&[]);
    for (name, value) in [
        ("param:CPXPARAM_LPMethod", "1"),
        ("param:CPXPARAM_TimeLimit", "1.5"),
        ("param:CPXPARAM_Simplex_Limits_Iterations", "3000000000"),
        ("param:CPXPARAM_WorkDir", "/tmp"),
    ] {
        assert_eq!(set_option(&solver, name, value), Ok(()), "{name}");
    }
    let invalid = [
        ("param:CPXPARAM_LPMethod", "99"),
        ("param:CPXPARAM_LPMethod", "1.5"),
        ("param:CPXPARAM_TimeLimit", "soon"),
        ("param:CPXPARAM_Simplex_Limits_Iterations", "x"),
        ("param:CPXPARAM_WorkDir", "a\0b"),
        ("param:CPXPARAM_NoSuch", "1"),
        ("param:a\0b", "1"),
    ];
    assert_invalid_settings(&solver, &invalid);
    // They come last, in each run: the stub refuses a loose tolerance.
    let loose = ("param:CPXPARAM_Simplex_Tolerances_Feasibility".into(), "1e-2".into());
    let settings = Settings { options: [loose].into(), ..Settings::default() };
    let refused = open(&solver, &lp(), &settings).solve(&mut Solution::default()).unwrap_err();
    assert!(refused.to_string().contains("1003"), "{refused}");
}

#[test]
fn another_library_or_version() {
    let missing = stub(&["NO_QPOPT"]).0.installation().unwrap_err().to_string();
    assert!(missing.contains("CPXqpopt"), "{missing}");
    let (old, stub) = stub(&["VERSION=\"11.2.0\""]);
    let message = old.installation().unwrap_err().to_string();
    assert!(message.contains("11.2.0") && message.contains("install version 12"), "{message}");
    assert!(message.contains(&stub.path().display().to_string()), "{message}");
}

/// Without rows, and with one zero row: nothing is passed beyond the ends of empty vectors.
#[test]
fn no_rows() {
    let (solver, _stub) = stub(&[]);
    for m in [0, 1] {
        let sides = (vec![f64::NEG_INFINITY; m], vec![f64::INFINITY; m]);
        let program = bpqp_traits::ProgramBuf::new(
            CscMatrix::zeros(1, 1),
            vec![1.0],
            CscMatrix::zeros(m, 1),
            sides.clone(),
            (vec![0.0], vec![1.0]),
        )
        .unwrap();
        let mut session = solver.setup(&program.as_ref(), &Settings::default()).unwrap();
        let new = ProgramUpdate { l: Some(&sides.0), u: Some(&sides.1), q: Some(&[2.0]), ..ProgramUpdate::default() };
        session.update(&new).unwrap();
        // Not a problem that the stub knows.
        assert_eq!(session.solve(&mut Solution::default()), Ok(Status::NumericalError));
    }
}
