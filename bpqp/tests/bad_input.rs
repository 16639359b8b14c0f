//! Broken data are refused with a kind, a block and a place.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)] // a failed helper is a failed test

mod common;

use bpqp::traits::{Error as SolverError, ErrorKind};
use bpqp::{Cotangent, CscMatrix, Error, Layer, Program, ProgramBuilder, Settings, Values};
use common::{Sizes, layer, random_program};

const I2: [[f64; 2]; 2] = [[1.0, 0.0], [0.0, 1.0]];

fn refused(builder: ProgramBuilder, block: &str, place: &str) {
    match builder.build() {
        Err(Error::Solver(SolverError::InvalidProblem { block: found, reason })) => {
            assert_eq!(found, block, "{reason}");
            assert!(reason.contains(place), "'{reason}' does not say '{place}'");
        }
        other => panic!("expected an invalid problem at {block}, found {other:?}"),
    }
}

fn base() -> ProgramBuilder {
    Program::builder(2).objective(&I2, &[0.0, 0.0])
}

#[test]
fn wrong_shapes() {
    refused(Program::builder(2).objective(&[[1.0]], &[0.0, 0.0]), "P", "1 × 1");
    refused(Program::builder(2).objective(&I2, &[0.0]), "q", "length 1, expected 2");
    refused(Program::builder(2), "objective", "missing");
    refused(Program::builder(0).linear_objective(&[]), "q", "no variables");
    refused(base().equalities(&[[1.0]], &[0.0]), "A", "1 columns, expected 2");
    refused(base().equalities(&[[1.0, 1.0]], &[0.0, 1.0]), "b", "length 2, expected 1");
    refused(base().inequalities(&[[1.0, 1.0]], &[]), "h", "length 0, expected 1");
    refused(base().inequalities(&vec![vec![1.0, 1.0], vec![1.0]], &[0.0, 0.0]), "G", "row 1 has 1 entries");
    refused(base().bounds(&[0.0], &[1.0, 1.0]), "lb", "length 1, expected 2");
    refused(base().rows(&[0.0], &[[1.0, 1.0]], &[]), "u", "length 0");
    refused(base().equalities(&[[1.0, 0.0]], &[0.0]).equalities(&[[1.0, 0.0]], &[0.0]), "equalities", "twice");
}

#[test]
fn numbers_that_are_not_finite() {
    refused(Program::builder(2).objective(&[[1.0, 0.0], [0.0, f64::NAN]], &[0.0, 0.0]), "P", "(1, 1) is NaN");
    refused(Program::builder(2).objective(&I2, &[0.0, f64::INFINITY]), "q", "entry 1 is inf");
    refused(base().equalities(&[[1.0, f64::NAN]], &[0.0]), "A", "(0, 1) is NaN");
    refused(base().equalities(&[[1.0, 0.0]], &[f64::INFINITY]), "b", "entry 0 is inf");
    refused(base().inequalities(&[[1.0, 0.0]], &[f64::NAN]), "h", "entry 0 is NaN");
    refused(base().bounds(&[f64::NAN, 0.0], &[1.0, 1.0]), "lb", "entry 0 is NaN");
}

#[test]
fn crossed_sides() {
    refused(base().bounds(&[0.0, 2.0], &[1.0, 1.0]), "lb", "lb = 2 exceeds ub = 1");
    refused(base().rows(&[1.0], &[[1.0, 0.0]], &[0.0]), "u", "entry 0");
    refused(base().inequalities(&[[1.0, 0.0]], &[f64::NEG_INFINITY]), "h", "entry 0");
}

#[test]
fn objectives_that_are_not_convex() {
    let not_convex = |p: &[[f64; 2]; 2]| match Program::builder(2).objective(p, &[0.0, 0.0]).build() {
        Err(Error::Solver(error)) => assert_eq!(error.kind(), ErrorKind::NotConvex, "{error}"),
        other => panic!("{other:?}"),
    };
    not_convex(&[[1.0, 0.0], [0.0, -1.0]]);
    not_convex(&[[1.0, 2.0], [2.0, 1.0]]); // eigenvalues 3 and −1
    not_convex(&[[0.0, 1.0], [1.0, 0.0]]);
    not_convex(&[[1.0, 1.0001], [1.0001, 1.0]]);
    // Semidefinite is fine: rank one, and zero.
    assert!(Program::builder(2).objective(&[[1.0, -1.0], [-1.0, 1.0]], &[0.0, 0.0]).build().is_ok());
    assert!(Program::builder(2).objective(&[[0.0, 0.0], [0.0, 0.0]], &[0.0, 0.0]).build().is_ok());
    refused(Program::builder(2).objective(&[[1.0, 0.5], [0.4, 1.0]], &[0.0, 0.0]), "P", "not symmetric");
    let lower = CscMatrix::from_triplets(2, 2, &[(0, 0, 1.0), (1, 0, 0.1), (1, 1, 1.0)]).unwrap();
    refused(Program::builder(2).objective(&lower, &[0.0, 0.0]), "P", "both triangles");
}

#[test]
fn updates_that_break_the_contract_change_nothing() {
    let mut program = random_program(1, Sizes { vars: 6, equalities: 1, inequalities: 2, rows: 2 });
    let before = program.clone();
    let nan = vec![f64::NAN; 6];
    let negative: Vec<f64> = program.p().values().iter().map(|v| -v).collect();
    for bad in [
        Values { q: Some(&nan), ..Values::default() },
        Values { q: Some(&[0.0]), ..Values::default() },
        Values { b: Some(&[]), ..Values::default() },
        Values { a: Some(&[1.0]), ..Values::default() },
        Values { p: Some(&negative), ..Values::default() },
        Values { l: Some(&[9e9, 9e9]), ..Values::default() },
        Values { b: Some(&[f64::NEG_INFINITY]), ..Values::default() },
    ] {
        assert!(program.update(&bad).is_err(), "{bad:?}");
        assert_eq!(program, before);
    }
}

#[test]
fn cotangents_and_directions_that_do_not_fit() {
    let program = base().inequalities(&[[1.0, 1.0]], &[1.0]).build().unwrap();
    let mut solved = layer("native", "native").forward(&program).unwrap();
    assert!(solved.backward(&[1.0]).is_err());
    assert!(solved.backward(&[1.0, f64::NAN]).is_err());
    assert!(solved.vjp(&Cotangent { inequalities: Some(&[]), ..Cotangent::default() }).is_err());
    assert!(solved.jvp(&Values { q: Some(&[1.0]), ..Values::default() }).is_err());
    assert!(solved.jvp(&Values { h: Some(&[f64::INFINITY]), ..Values::default() }).is_err());
    assert!(solved.jvp(&Values { lb: Some(&[0.0]), ..Values::default() }).is_err());
}

#[test]
fn settings_and_names_that_do_not_exist() {
    let unknown = Layer::builder().forward("nobody").build();
    assert!(matches!(unknown, Err(Error::UnknownBackend { ref name, .. }) if name == "nobody"));
    let message = unknown.err().map(|e| e.to_string()).unwrap_or_default();
    assert!(message.contains("native"), "{message} does not name what there is");
    assert!(Layer::builder().settings(Settings::with_tolerance(0.0)).build().is_err());
}
