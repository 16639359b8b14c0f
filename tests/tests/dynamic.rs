//! The suite on the solvers that are loaded at run time, those that this machine has.
//!
//! A library that is missing or refuses its license skips its tests and says so. Where `BPQP_EXPECTED_LIBRARIES` is set
//! (`highs,xpress`), exactly these must run: so that nothing is skipped without being noticed.

use bpqp_conformance::{Config, run_backward, run_forward};
use bpqp_dynamic::{DynamicSolver, Vendor};
use bpqp_traits::{ForwardAsBackward, ForwardSolver};

/// The cases with starts from outside and those with cones, which not all of them take.
const NO_STARTS_NO_CONES: [&str; 12] = [
    "warm_start_far_off",
    "warm_start_invalid",
    "ball_projection",
    "ball_inactive",
    "ball_linear",
    "ball_and_row",
    "several_cones",
    "cone_apex",
    "cone_projection",
    "cone_infeasible",
    "cone_unbounded",
    "cone_updates",
];
const NO_CONES: &[&str] = NO_STARTS_NO_CONES.split_at(2).1;
const NO_STARTS: &[&str] = NO_STARTS_NO_CONES.split_at(2).0;
const NO_REFACTORIZATION: &[&str] = &["refactorize_equals_fresh", "refactorize_other_pattern"];

/// The solver, or why it cannot run here.
fn usable(vendor: Vendor) -> Result<DynamicSolver, String> {
    let solver = DynamicSolver::new(vendor);
    match solver.installation() {
        Ok(found) => found.license_refused.map_or(Ok(solver), |reason| Err(format!("license refused: {reason}"))),
        Err(error) => Err(error.to_string()),
    }
}

/// Both sides of the suite with the default configuration, `change`d where the library's method cannot do it.
fn conforms(vendor: Vendor, change: impl Fn(Config) -> Config) {
    let solver = match usable(vendor) {
        Ok(solver) => solver,
        Err(reason) => return println!("SKIPPED {vendor:?}: {reason}"),
    };
    let expected = change(Config { expected_skips: NO_CONES, ..Config::default() });
    let report = run_forward(&solver, &expected);
    println!("{report}");
    assert!(report.is_conformant(), "{report}");
    // Which of many solutions comes out is the library's choice.
    let backward = Config { expected_skips: NO_REFACTORIZATION, least_norm: false, ..expected };
    let report = run_backward(&ForwardAsBackward::new(solver), &backward);
    println!("{report}");
    let unexpected: Vec<_> = report.skip_mismatches.iter().filter(|skip| !skip.contains("least_norm")).collect();
    assert!(report.failed().is_empty() && unexpected.is_empty(), "{report}");
}

#[test]
fn highs() {
    conforms(Vendor::Highs, |config| config);
}

#[test]
fn gurobi() {
    conforms(Vendor::Gurobi, |config| Config { expected_skips: &[], ..config });
}

#[test]
fn mosek() {
    conforms(Vendor::Mosek, |config| Config { expected_skips: NO_STARTS, ..config });
}

#[test]
fn xpress() {
    conforms(Vendor::Xpress, |config| Config { expected_skips: NO_STARTS, ..config });
}

#[test]
fn copt() {
    conforms(Vendor::Copt, |config| Config { expected_skips: NO_STARTS, ..config });
}

#[test]
fn cplex() {
    conforms(Vendor::Cplex, |config| Config { expected_skips: NO_STARTS, ..config });
}

/// What is skipped is what was expected to be.
#[test]
fn expected_libraries_run() {
    let runs: Vec<_> = Vendor::ALL.into_iter().filter(|vendor| usable(*vendor).is_ok()).map(Vendor::name).collect();
    let Ok(expected) = std::env::var("BPQP_EXPECTED_LIBRARIES") else {
        return println!("BPQP_EXPECTED_LIBRARIES is not set; these run: {}", runs.join(", "));
    };
    let expected: Vec<_> = expected.split(',').filter(|name| !name.is_empty()).collect();
    assert_eq!(runs, expected);
}
