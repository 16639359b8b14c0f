//! Gurobi: against a stub, and against the library where `BPQP_GUROBI_LIBRARY` names one. A stub tests our reading of the
//! header, not the vendor.
#![cfg(unix)]

mod common;

use bpqp_dynamic::{DynamicSolver, Vendor};
use bpqp_traits::{Error, ErrorKind, ForwardSolver, Settings, Solution, Status};

use common::{
    Stub, assert_marshals, assert_marshals_cones, lp, open, outcome_of, qp, real_library, set_option, stub_of,
};

fn stub(defines: &[&str]) -> (DynamicSolver, Stub) {
    stub_of(Vendor::Gurobi, defines)
}

/// How the QP ends with a stub made so.
fn outcome(defines: &[&str]) -> (Result<Status, Error>, Solution) {
    outcome_of(Vendor::Gurobi, &qp(), defines)
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
    // The point is right, whatever the status says.
    for status in ["STATUS=2", "STATUS=7", "STATUS=9", "STATUS=12", "STATUS=13"] {
        assert_eq!(outcome(&[status]).0, Ok(Status::Solved), "{status}");
    }
    // What no auxiliary LP proves is not believed.
    for status in ["STATUS=3", "STATUS=4", "STATUS=5"] {
        assert_eq!(outcome(&[status]).0, Ok(Status::NumericalError), "{status}");
    }
    assert_eq!(outcome(&["NO_SOLUTION"]).0, Ok(Status::NumericalError));
    assert_eq!(outcome(&["NANS"]).0, Ok(Status::NumericalError));
    let unknown = outcome(&["STATUS=77"]).0.unwrap_err();
    assert!(unknown.kind() == ErrorKind::Backend && unknown.to_string().contains("77"), "{unknown}");
}

#[test]
fn a_limit_without_a_point_is_reported() {
    let (solver, _stub) = stub(&["STATUS=9", "NO_SOLUTION"]);
    let limited = Settings { time_limit: Some(std::time::Duration::from_secs(1)), ..Settings::default() };
    let mut out = Solution::default();
    assert_eq!(open(&solver, &qp(), &limited).solve(&mut out), Ok(Status::TimeLimit));
}

#[test]
fn error_codes() {
    for (code, kind) in [
        ("OPTIMIZE=10010", ErrorKind::LicenseRefused),
        ("OPTIMIZE=10020", ErrorKind::NotConvex),
        ("OPTIMIZE=10001", ErrorKind::Backend),
    ] {
        assert_eq!(outcome(&[code]).0.unwrap_err().kind(), kind, "{code}");
    }
    assert_eq!(outcome(&["OPTIMIZE=10014"]).0, Ok(Status::NumericalError));
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
    let set = |name: &str, value: &str| set_option(&solver, name, value);
    assert_eq!(set("param:Method", "1"), Ok(()));
    for (name, value) in [("param:Method", "99"), ("param:Method", "x"), ("param:NoSuch", "1"), ("param:a\0b", "1")] {
        let error = set(name, value).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidSetting, "{name}={value}: {error}");
    }
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
