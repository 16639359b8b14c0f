//! Gurobi: against a stub, and against the library where `BPQP_GUROBI_LIBRARY` names one. A stub tests our reading of the
//! header, not the vendor.
#![cfg(unix)]

mod common;

use bpqp_dynamic::{DynamicSolver, Vendor};
use bpqp_traits::{Error, ErrorKind, ForwardSolver, Settings, Solution, Status};

use common::{
    Stub, assert_error_codes, assert_invalid_settings, assert_limit_without_a_point, assert_marshals,
    assert_marshals_cones, assert_statuses, lp, open, outcome_of, qp, real_library, set_option, stub_of,
};

fn stub(defines: &[&str]) -> (DynamicSolver, Stub) {
    stub_of(Vendor::Gurobi, defines)
}

/// How the QP ends with a stub made so.
fn outcome(defines: &[&str]) -> Result<Status, Error> {
    outcome_of(Vendor::Gurobi, &qp(), defines).0
}

#[test]
fn marshals() {
    let (solver, _stub) = stub(&[]);
    assert_marshals(&solver);
    let mut out = Solution::default();
    open(&solver, &lp(), &Settings::default()).solve(&mut out).unwrap();
    assert_eq!(out.iterations, 10, "simplex and barrier together");
}

#[test]
fn cones() {
    assert_marshals_cones(Vendor::Gurobi);
}

#[test]
fn is_found_and_named() {
    let (solver, stub) = stub(&[]);
    let found = solver.installation().unwrap();
    assert_eq!((found.version.as_str(), found.license_refused), ("13.0.3", None));
    assert_eq!(found.library.as_deref(), Some(stub.path()));
    assert_eq!(solver.info().version, "13.0.3");
}

#[test]
fn statuses() {
    assert_statuses(
        Vendor::Gurobi,
        &["STATUS=2", "STATUS=7", "STATUS=9", "STATUS=12", "STATUS=13"],
        &["STATUS=3", "STATUS=4", "STATUS=5"],
        &["STATUS=77"],
    );
}

#[test]
fn a_limit_without_a_point_is_reported() {
    assert_limit_without_a_point(Vendor::Gurobi, "STATUS=9");
}

#[test]
fn error_codes() {
    let codes = [
        ("OPTIMIZE=10010", ErrorKind::LicenseRefused),
        ("OPTIMIZE=10020", ErrorKind::NotConvex),
        ("OPTIMIZE=10001", ErrorKind::Backend),
    ];
    assert_error_codes(Vendor::Gurobi, &codes);
    assert_eq!(outcome(&["OPTIMIZE=10014"]), Ok(Status::NumericalError));
}

#[test]
fn a_refused_license() {
    let (solver, _stub) = stub(&["START=10009"]);
    let reason = solver.installation().unwrap().license_refused.unwrap();
    assert!(reason.contains("10009") && reason.contains("GRB_LICENSE_FILE"), "{reason}");
    let refused = solver.setup(&qp().program.as_ref(), &Settings::default()).err().unwrap();
    assert_eq!(refused.kind(), ErrorKind::LicenseRefused);
}

#[test]
fn parameters() {
    let (solver, _stub) = stub(&[]);
    assert_eq!(set_option(&solver, "param:Method", "1"), Ok(()));
    let invalid = [("param:Method", "99"), ("param:Method", "x"), ("param:NoSuch", "1"), ("param:a\0b", "1")];
    assert_invalid_settings(&solver, &invalid);
}

#[test]
fn another_library_or_version() {
    let missing = stub(&["NO_OPTIMIZE"]).0.installation().unwrap_err().to_string();
    assert!(missing.contains("GRBoptimize"), "{missing}");
    let (old, _stub) = stub(&["VERSION=9"]);
    let message = old.installation().unwrap_err().to_string();
    assert!(message.contains("9.0.3") && message.contains("install version 10"), "{message}");
}

/// The library itself: its license file in the Python package serves Python alone, so that it refuses to start.
#[test]
fn the_library_without_a_license() {
    let Some(library) = real_library("GUROBI") else { return };
    let solver = DynamicSolver::at(Vendor::Gurobi, library);
    let found = solver.installation().unwrap();
    let Some(reason) = found.license_refused else { return println!("SKIPPED: there is a license") };
    assert!(found.version.split('.').count() == 3 && found.library.is_some(), "{:?}", found.version);
    assert!(reason.contains("GRB_LICENSE_FILE") && !reason.contains("HostID"), "{reason}");
    for case in [lp(), qp()] {
        let refused = solver.setup(&case.program.as_ref(), &Settings::default()).err().unwrap();
        assert_eq!(refused.kind(), ErrorKind::LicenseRefused, "{refused}");
    }
    let unknown = Settings { options: [("param:NoSuch".into(), "1".into())].into(), ..Settings::default() };
    let refused = solver.setup(&qp().program.as_ref(), &unknown).err().unwrap();
    assert_eq!(refused.kind(), ErrorKind::InvalidSetting, "parameters come before the license: {refused}");
}
