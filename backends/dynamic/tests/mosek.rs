//! MOSEK: against a stub, and against the library where `BPQP_MOSEK_LIBRARY` names one. A stub tests our reading of the
//! header, not the vendor.
#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "helpers of tests")]

mod common;

use bpqp_dynamic::{DynamicSolver, Vendor};
use bpqp_traits::{Error, ErrorKind, ForwardSolver, ProgramUpdate, Settings, Solution, Status};

use common::{
    Stub, assert_error_codes, assert_invalid_settings, assert_limit_without_a_point, assert_marshals,
    assert_marshals_cones, assert_solves, assert_statuses, cone_qp, lp, open, outcome_of, qp, real_library, set_option,
    stub_of,
};

fn stub(defines: &[&str]) -> (DynamicSolver, Stub) {
    stub_of(Vendor::Mosek, defines)
}

/// How the QP ends with a stub made so.
fn outcome(defines: &[&str]) -> Result<Status, Error> {
    outcome_of(Vendor::Mosek, &qp(), defines).0
}

#[test]
fn marshals() {
    let (solver, _stub) = stub(&[]);
    assert!(!solver.capabilities().warm_start);
    assert_marshals(&solver);
    assert_eq!(outcome_of(Vendor::Mosek, &lp(), &[]).1.iterations, 7);
}

#[test]
fn cones() {
    assert_marshals_cones(Vendor::Mosek);
}

/// Its quadratic objective becomes a cone, for which it must be convex; an update that is not leaves the session as it was.
#[test]
fn a_quadratic_objective_beside_cones_must_be_convex() {
    let (solver, _stub) = stub(&[]);
    let case = cone_qp();
    let mut session = open(&solver, &case, &Settings::default());
    let indefinite = ProgramUpdate { p: Some(&[1.125, 0.875, 0.625]), ..ProgramUpdate::default() };
    assert_eq!(session.update(&indefinite).unwrap_err().kind(), ErrorKind::NotConvex);
    assert_solves(&mut *session, &case);
    let mut program = case.program;
    program.apply(&indefinite).unwrap();
    let refused = solver.setup(&program.as_ref(), &Settings::default()).err().unwrap();
    assert_eq!(refused.kind(), ErrorKind::NotConvex, "{refused}");
}

/// A point short of the tolerance is what is left where the step from there, a QP that the stub does not know, fails.
#[test]
fn an_inaccurate_point_is_told_and_kept() {
    for (blur, expected) in [("BLUR=1e-11", Status::Solved), ("BLUR=1e-6", Status::SolvedInaccurate)] {
        let case = cone_qp();
        let (outcome, out) = outcome_of(Vendor::Mosek, &case, &[blur]);
        assert_eq!(outcome, Ok(expected));
        assert!(out.x[0] > case.x[0] && out.x[0] < case.x[0] + 2e-6, "{}", out.x[0]);
        assert_eq!((out.y, out.cone_duals), (case.y, case.cone_duals));
    }
    assert_eq!(outcome_of(Vendor::Mosek, &cone_qp(), &["BLUR=1e-2"]).0, Ok(Status::NumericalError));
}

#[test]
fn an_interior_solution_serves_where_there_is_no_basis() {
    let (solver, _stub) = stub(&["NO_BASIS"]);
    assert_solves(&mut *open(&solver, &lp(), &Settings::default()), &lp());
}

#[test]
fn is_found_and_named() {
    let (solver, stub) = stub(&[]);
    let found = solver.installation().unwrap();
    assert_eq!((found.version.as_str(), found.license_refused), ("11.2.7", None));
    assert_eq!(found.library.as_deref(), Some(stub.path()));
}

#[test]
fn statuses() {
    assert_statuses(
        Vendor::Mosek,
        &["SOLUTION=0 TERMINATED=100001", "SOLUTION=4 TERMINATED=100006", "SOLUTION=1 TERMINATED=0"],
        &["SOLUTION=5", "SOLUTION=6", "SOLUTION=7", "SOLUTION=8"],
        &["SOLUTION=77", "TERMINATED=100077"],
    );
}

#[test]
fn a_limit_without_a_point_is_reported() {
    assert_limit_without_a_point(Vendor::Mosek, "TERMINATED=100001");
}

#[test]
fn error_codes() {
    let codes = [
        ("OPTIMIZE=1295", ErrorKind::NotConvex),
        ("OPTIMIZE=1011", ErrorKind::LicenseRefused),
        ("OPTIMIZE=1051", ErrorKind::Backend),
    ];
    assert_error_codes(Vendor::Mosek, &codes);
    let too_large = outcome(&["OPTIMIZE=1011"]).unwrap_err().to_string();
    assert!(too_large.contains("1011") && too_large.contains("larger"), "{too_large}");
}

#[test]
fn a_refused_license() {
    let (solver, _stub) = stub(&["LICENSE=1008"]);
    let reason = solver.installation().unwrap().license_refused.unwrap();
    assert!(reason.contains("1008") && reason.contains("MOSEKLM_LICENSE_FILE"), "{reason}");
    assert_eq!(outcome(&["LICENSE=1008"]).unwrap_err().kind(), ErrorKind::LicenseRefused);
}

#[test]
fn parameters() {
    let (solver, _stub) = stub(&[]);
    assert_parameters(&solver);
}

fn assert_parameters(solver: &DynamicSolver) {
    assert_eq!(set_option(solver, "param:MSK_IPAR_OPTIMIZER", "4"), Ok(()));
    let invalid = [
        ("param:MSK_IPAR_OPTIMIZER", "77"),
        ("param:MSK_IPAR_OPTIMIZER", "x"),
        ("param:MSK_IPAR_NOSUCH", "1"),
        ("param:a\0b", "1"),
    ];
    assert_invalid_settings(solver, &invalid);
}

#[test]
fn another_library_or_version() {
    let missing = stub(&["NO_OPTIMIZE"]).0.installation().unwrap_err().to_string();
    assert!(missing.contains("MSK_optimizetrm"), "{missing}");
    let (old, _stub) = stub(&["VERSION=9"]);
    let message = old.installation().unwrap_err().to_string();
    assert!(message.contains("9.2.7") && message.contains("install version 10"), "{message}");
}

/// The library itself. What it holds after a set-up is compared in the module's own tests.
#[test]
fn the_library_without_a_license() {
    let Some(library) = real_library("MOSEK") else { return };
    let solver = DynamicSolver::at(Vendor::Mosek, library);
    let found = solver.installation().unwrap();
    assert_parameters(&solver);
    let Some(reason) = found.license_refused else { return println!("SKIPPED: there is a license") };
    assert!(found.version.split('.').count() == 3 && found.library.is_some(), "{:?}", found.version);
    assert!(reason.contains("MOSEKLM_LICENSE_FILE"), "{reason}");
    for case in [lp(), qp()] {
        let mut out = Solution::default();
        let refused = open(&solver, &case, &Settings::default()).solve(&mut out).unwrap_err();
        assert_eq!(refused.kind(), ErrorKind::LicenseRefused, "{refused}");
    }
}
