//! COPT, against a stub: it tests our reading of the header, not the vendor.
#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "helpers of tests")]

mod common;

use bpqp_dynamic::{DynamicSolver, Vendor};
use bpqp_traits::{Error, ErrorKind, ForwardSolver, Settings, Solution, Status};

use common::{
    Stub, assert_error_codes, assert_invalid_settings, assert_limit_without_a_point, assert_marshals,
    assert_marshals_cones, assert_statuses, outcome_of, qp, set_option, stub_of,
};

fn stub(defines: &[&str]) -> (DynamicSolver, Stub) {
    stub_of(Vendor::Copt, defines)
}

/// How the QP ends with a stub made so.
fn outcome(defines: &[&str]) -> (Result<Status, Error>, Solution) {
    outcome_of(Vendor::Copt, &qp(), defines)
}

#[test]
fn marshals() {
    let (solver, _stub) = stub(&[]);
    assert!(!solver.capabilities().warm_start);
    assert_marshals(&solver);
    assert_eq!(outcome(&[]).1.iterations, 10, "simplex and barrier together");
}

#[test]
fn cones() {
    assert_marshals_cones(Vendor::Copt);
}

#[test]
fn versions() {
    let (solver, stub) = stub(&[]);
    let found = solver.installation().unwrap();
    assert_eq!((found.version.as_str(), found.license_refused), ("8.0.7", None));
    assert_eq!(found.library.as_deref(), Some(stub.path()));
    // 7 has no parameter `NonConvex`.
    assert_eq!(outcome(&["VERSION=7"]).0, Ok(Status::Solved));
}

#[test]
fn statuses() {
    assert_statuses(
        Vendor::Copt,
        &["STATUS=1", "STATUS=5", "STATUS=7", "STATUS=8", "STATUS=9", "STATUS=10", "STATUS=11"],
        &["STATUS=2", "STATUS=3", "STATUS=4"],
        &["STATUS=77"],
    );
}

#[test]
fn a_limit_without_a_point_is_reported() {
    assert_limit_without_a_point(Vendor::Copt, "STATUS=8");
}

#[test]
fn return_codes() {
    let codes = [
        ("SOLVE=4", ErrorKind::LicenseRefused),
        ("SOLVE=8", ErrorKind::NotConvex),
        ("STATUS=20", ErrorKind::NotConvex),
        ("SOLVE=1", ErrorKind::Backend),
    ];
    assert_error_codes(Vendor::Copt, &codes);
}

#[test]
fn a_refused_license() {
    let (solver, _stub) = stub(&["CREATE=4"]);
    let reason = solver.installation().unwrap().license_refused.unwrap();
    assert!(reason.contains("code 4") && reason.contains("COPT_LICENSE_DIR"), "{reason}");
    let refused = solver.setup(&qp().program.as_ref(), &Settings::default()).err().unwrap();
    assert_eq!(refused.kind(), ErrorKind::LicenseRefused);
}

#[test]
fn parameters() {
    let (solver, _stub) = stub(&[]);
    assert_eq!(set_option(&solver, "param:LpMethod", "2"), Ok(()));
    assert_eq!(set_option(&solver, "param:TimeLimit", "2.5"), Ok(()));
    let invalid = [
        ("param:LpMethod", "99"),
        ("param:LpMethod", "2.5"),
        ("param:TimeLimit", "x"),
        ("param:FeasTol", "1e-12"),
        ("param:NoSuch", "1"),
        ("param:a\0b", "1"),
    ];
    assert_invalid_settings(&solver, &invalid);
}

#[test]
fn another_library_or_version() {
    let missing = stub(&["NO_SOLVE"]).0.installation().unwrap_err().to_string();
    assert!(missing.contains("COPT_Solve"), "{missing}");
    let (old, _stub) = stub(&["VERSION=6"]);
    let message = old.installation().unwrap_err().to_string();
    assert!(message.contains("6.0.7") && message.contains("install version 7"), "{message}");
    let (unknown, _stub) = stub(&["BANNER=\"a vendor\""]);
    let message = unknown.installation().unwrap_err().to_string();
    assert!(message.contains("version"), "{message}");
}
