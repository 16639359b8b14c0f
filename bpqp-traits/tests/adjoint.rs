//! The adjoint QP's shapes, residual and right-hand sides; settings, statuses and small helpers.
#![allow(clippy::unwrap_used, reason = "a helper of tests fails the test")]

use std::collections::BTreeMap;

use bpqp_traits::vector::{axpy, dot, max_abs, max_nan};
use bpqp_traits::{ActiveSet, AdjointQpRef, Capabilities, CscMatrix, Error, ErrorKind, Settings, Side, Status};

const NAN: f64 = f64::NAN;

fn parts() -> (CscMatrix, CscMatrix) {
    // H = [2 1; 1 3], C = (1, −1).
    let h = CscMatrix::from_dense_rows(2, 2, &[2.0, 1.0, 0.0, 3.0]).unwrap();
    (h, CscMatrix::from_dense_rows(1, 2, &[1.0, -1.0]).unwrap())
}

#[test]
fn shapes_are_checked() {
    let (h, c) = parts();
    assert!(AdjointQpRef::new(h.as_ref(), c.as_ref()).is_ok());
    assert!(AdjointQpRef::new(CscMatrix::zeros(2, 3).as_ref(), c.as_ref()).is_err());
    assert!(AdjointQpRef::new(h.as_ref(), CscMatrix::zeros(1, 3).as_ref()).is_err());
    let full = CscMatrix::from_dense_rows(2, 2, &[2.0, 1.0, 1.0, 3.0]).unwrap();
    let error = AdjointQpRef::new(full.as_ref(), c.as_ref()).unwrap_err();
    assert!(error.to_string().contains("H: entry (1, 0)"), "{error}");
}

#[test]
fn the_residual_is_that_of_both_equations() {
    let (h, c) = parts();
    let qp = AdjointQpRef::new(h.as_ref(), c.as_ref()).unwrap();
    // z = (1, 2), ν = 3: H z + Cᵀν = (4 + 3, 7 − 3), C z = −1.
    assert_eq!(qp.residual(&[-7.0, -4.0], &[-1.0], &[1.0, 2.0], &[3.0]), 0.0);
    let (mut res_z, mut res_nu) = ([NAN; 2], [NAN]);
    let size = qp.residual_into((&[-8.0, -4.0], &[1.0]), (&[1.0, 2.0], &[3.0]), (&mut res_z, &mut res_nu));
    assert_eq!((res_z, res_nu, size), ([1.0, 0.0], [2.0], 2.0));
    assert_eq!(qp.residual(&[-8.0, -4.0], &[1.0], &[1.0, 2.0], &[3.0]), 2.0 / 8.0);
    assert_eq!(qp.residual(&[0.0; 2], &[0.0], &[0.0; 2], &[0.0]), 0.0);
    assert_eq!(qp.residual(&[0.0; 2], &[0.0], &[1.0, 1.0], &[0.0]), 4.0, "not relative to zero");
}

#[test]
fn the_residual_of_nan_is_nan() {
    let (h, c) = parts();
    let none = CscMatrix::zeros(0, 2);
    let with_rows = AdjointQpRef::new(h.as_ref(), c.as_ref()).unwrap();
    assert!(with_rows.residual(&[1.0, 1.0], &[1.0], &[NAN, 0.0], &[0.0]).is_nan());
    assert!(with_rows.residual(&[1.0, 1.0], &[1.0], &[0.0, 0.0], &[NAN]).is_nan());
    let without = AdjointQpRef::new(h.as_ref(), none.as_ref()).unwrap();
    assert!(without.residual(&[1.0, 1.0], &[], &[0.0, NAN], &[]).is_nan());
}

#[test]
fn right_hand_sides_are_checked() {
    let (h, c) = parts();
    let qp = AdjointQpRef::new(h.as_ref(), c.as_ref()).unwrap();
    let (two, one) = ([0.0; 2], [0.0; 1]);
    assert!(qp.check_rhs(&two, &one, &two, &one).is_ok());
    assert!(qp.check_rhs(&two, &one, &[NAN; 2], &[NAN]).is_ok(), "buffers may hold anything");
    let named = |result: Result<(), Error>, wanted: &str| match result {
        Err(Error::InvalidArgument { name, .. }) => assert_eq!(name, wanted),
        other => panic!("{wanted}: {other:?}"),
    };
    named(qp.check_rhs(&one, &one, &two, &one), "g");
    named(qp.check_rhs(&two, &two, &two, &one), "r");
    named(qp.check_rhs(&two, &one, &one, &one), "z");
    named(qp.check_rhs(&two, &one, &two, &[]), "nu");
    named(qp.check_rhs(&[0.0, NAN], &one, &two, &one), "g");
    named(qp.check_rhs(&two, &[f64::INFINITY], &two, &one), "r");
}

#[test]
fn settings_are_checked_and_parsed() {
    assert!(Settings::default().validate().is_ok());
    for tolerance in [0.0, 1.0, -1.0, NAN] {
        assert_eq!(Settings::with_tolerance(tolerance).validate().unwrap_err().kind(), ErrorKind::InvalidSetting);
    }
    let settings = Settings { max_iterations: Some(0), ..Settings::default() };
    assert!(settings.validate().unwrap_err().to_string().contains("max_iterations"));
    let options = BTreeMap::from([("rho".to_string(), "0.1".to_string()), ("kind".to_string(), "x".to_string())]);
    let settings = Settings { options, ..Settings::default() };
    assert!(settings.check_options("it", &["kind", "rho"]).is_ok());
    assert!(settings.check_options("it", &["rho"]).unwrap_err().to_string().contains("kind: it knows rho"));
    assert!(settings.check_options("it", &[]).unwrap_err().to_string().contains("it has no options"));
    assert_eq!(settings.option::<f64>("rho").unwrap(), Some(0.1));
    assert_eq!(settings.option::<f64>("absent").unwrap(), None);
    assert!(settings.option::<f64>("kind").unwrap_err().to_string().contains("'x' is not a f64"));
}

#[test]
fn statuses_have_one_name_each() {
    let names: std::collections::BTreeSet<_> = Status::ALL.iter().map(|s| s.as_str()).collect();
    assert_eq!(names.len(), Status::ALL.len());
    let solved: Vec<_> = Status::ALL.into_iter().filter(|s| s.has_solution()).collect();
    assert_eq!(solved, [Status::Solved, Status::SolvedInaccurate, Status::ClosestFeasible]);
    assert!(!Status::default().has_solution());
    assert_eq!(format!("{:>8}", Status::Solved), "  solved");
}

#[test]
fn capabilities_are_no_by_default_and_named_once() {
    let flags = Capabilities::default().flags();
    assert!(flags.iter().all(|(_, on)| !on));
    let names: std::collections::BTreeSet<_> = flags.iter().map(|(name, _)| name).collect();
    assert_eq!(names.len(), flags.len());
}

#[test]
fn errors_say_what_to_do() {
    let missing = Error::LibraryMissing { backend: "x".into(), tried: vec!["a.so".into(), "b.so".into()] };
    assert_eq!(missing.to_string(), "x: library not found; tried a.so, b.so; install it, or name its path");
    let failed = Error::Backend { backend: "x".into(), code: Some(-3), message: "no".into() };
    assert_eq!(failed.to_string(), "x failed with code -3: no");
    assert_eq!(Error::backend("x", "no").to_string(), "x failed: no");
    assert_eq!(Error::unsupported("x", "cones").kind().as_str(), "unsupported");
}

#[test]
fn active_sets_list_their_indices() {
    let active = ActiveSet { rows: vec![Side::Free, Side::Lower, Side::Equal], bounds: vec![Side::Upper, Side::Free] };
    assert_eq!(active.active_rows().collect::<Vec<_>>(), [1, 2]);
    assert_eq!(active.active_bounds().collect::<Vec<_>>(), [0]);
    assert_eq!(active.free_variables().collect::<Vec<_>>(), [1]);
}

#[test]
fn vector_helpers_keep_nan() {
    assert!(max_abs(&[1.0, NAN, 2.0]).is_nan() && max_abs(&[NAN, 1.0]).is_nan());
    assert_eq!((max_abs(&[]), max_abs(&[1.0, -3.0])), (0.0, 3.0));
    assert!(max_nan(NAN, 1.0).is_nan() && max_nan(1.0, NAN).is_nan());
    assert_eq!((max_nan(1.0, 2.0), max_nan(2.0, 1.0)), (2.0, 2.0));
    let mut y = [1.0, 1.0];
    axpy(2.0, &[1.0, 2.0], &mut y);
    assert_eq!((y, dot(&y, &[1.0, 1.0])), ([3.0, 5.0], 8.0));
}
