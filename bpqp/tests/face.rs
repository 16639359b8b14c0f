//! Where the solution is not unique: which blocks are the derivative all the same, by differences.
#![cfg(feature = "native")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)] // a failed helper is a failed test

mod common;

use bpqp::traits::CscMatrix;
use bpqp::{CertificateKind, Cotangent, Layer, Program, Registry, Solved, Values, check_directions};
use common::{difference, every_pair};

const INF: f64 = f64::INFINITY;

/// `x₂ + x₃` is determined and `x₂ − x₃` is not: at `(½, ¼, ·, ·)` the equality `x₀ + x₂ + x₃ = 1` has the multiplier 0.3, the
/// inequality `x₀ + x₁ ≤ ¾` 0.7, and `x₂ ≤ 5` none.
fn face() -> Program {
    let p = CscMatrix::from_triplets(4, 4, &[(0, 0, 2.0), (0, 1, 0.5), (1, 0, 0.5), (1, 1, 1.0)]).unwrap();
    let g = CscMatrix::from_triplets(2, 4, &[(0, 0, 1.0), (0, 1, 1.0), (1, 2, 1.0)]).unwrap();
    Program::builder(4)
        .objective(&p, &[-2.125, -1.2, -0.3, -0.3])
        .equalities(&[[1.0, 0.0, 1.0, 1.0]], &[1.0])
        .inequalities(&g, &[0.75, 5.0])
        .bounds(&[-INF, -INF, -3.0, -3.0], &[INF, INF, 3.0, 3.0])
        .build()
        .unwrap()
}

/// The solution between the ends of the face; `None` where the solver returned an end, at which a bound is weakly active.
fn inside<'a>(layer: &Layer, program: &'a Program) -> Option<Solved<'a>> {
    let mut solved = layer.forward(program).unwrap();
    let certificate = solved.backward(&[1.0; 4]).unwrap().certificate().clone();
    let loose = certificate.loose_variables;
    assert!(loose.is_empty() || loose == [2, 3], "{loose:?}");
    (!loose.is_empty() && certificate.weakly_active.is_empty()).then_some(solved)
}

#[test]
fn a_loss_that_is_the_same_on_all_of_the_face_has_derivatives_by_all_data_that_leave_it_a_face() {
    let program = face();
    let mut seen = 0;
    for (name, layer) in every_pair() {
        let Some(mut solved) = inside(&layer, &program) else { continue };
        seen += 1;
        let x_bar = [1.0, 0.5, 2.0, 2.0];
        let gradient = solved.backward(&x_bar).unwrap();
        let certificate = gradient.certificate();
        assert_eq!(certificate.kind, CertificateKind::Degenerate, "{name}");
        assert!(certificate.undetermined <= 1e-12, "{name}: {certificate:?}");
        assert_eq!(certificate.inexact_blocks, ["q", "A"], "{name}");
        let vouched = |block: &str| !certificate.inexact_blocks.contains(&block);
        let checks = check_directions(&layer, &program, &x_bar, &gradient, vouched, 7).unwrap();
        let checked: Vec<&str> = checks.iter().map(|check| check.block).collect();
        assert!(["P", "b", "G", "h"].iter().all(|block| checked.contains(block)), "{name}: {checked:?}");
        for check in checks {
            assert!(check.difference.is_some() && check.error <= 1e-4, "{name}: {check:?}");
        }
        // L = 2b − x₀ + ½x₁, with x₀ + x₁ = h and, of the two multipliers, 2dx₀ + ½dx₁ = ½dx₀ + dx₁.
        assert!(difference(gradient.b(), &[2.0]) <= 1e-9, "{name}: {:?}", gradient.b());
        assert!(difference(gradient.h(), &[0.125, 0.0]) <= 1e-9, "{name}: {:?}", gradient.h());
    }
    assert!(seen > 0);
}

#[test]
fn a_loss_that_differs_on_the_face_has_none_and_nor_has_the_solution() {
    let program = face();
    for (name, layer) in every_pair() {
        let Some(mut solved) = inside(&layer, &program) else { continue };
        let gradient = solved.backward(&[1.0, 0.5, 3.0, 1.0]).unwrap();
        let certificate = gradient.certificate();
        assert_eq!(certificate.inexact_blocks.len(), gradient.blocks().len(), "{name}");
        let share = 2.0_f64.sqrt() / 11.25_f64.sqrt();
        assert!((certificate.undetermined - share).abs() <= 1e-9, "{name}: {}", certificate.undetermined);
        let tangent = solved.jvp(&Values { h: Some(&[1.0, 0.0]), ..Values::default() }).unwrap();
        assert_eq!(tangent.certificate.inexact_blocks.len(), gradient.blocks().len(), "{name}");
        let jacobian = solved.jacobian(bpqp::VectorBlock::B).unwrap();
        assert_eq!(jacobian.certificate().inexact_blocks.len(), gradient.blocks().len(), "{name}");
    }
}

/// Multipliers are the same on all of the face.
#[test]
fn a_loss_of_the_multipliers_has_derivatives() {
    let program = face();
    let layer = Layer::new().unwrap();
    let cotangent = Cotangent { inequalities: Some(&[1.0, 0.0]), equalities: Some(&[1.0]), ..Cotangent::default() };
    let multipliers = |h: f64| {
        let mut moved = program.clone();
        moved.update(&Values { h: Some(&[h, 5.0]), ..Values::default() }).unwrap();
        let mut solved = layer.forward(&moved).unwrap();
        solved.polish().unwrap();
        solved.duals().inequalities[0] + solved.duals().equalities[0]
    };
    let layer = Layer::builder().backward("native").build().unwrap();
    let Some(mut solved) = inside(&layer, &program) else { return };
    let gradient = solved.vjp(&cotangent).unwrap();
    assert_eq!(gradient.certificate().inexact_blocks, ["q", "A"]);
    let quotient = (multipliers(0.75 + 1e-3) - multipliers(0.75 - 1e-3)) / 2e-3;
    assert!((gradient.h()[0] - quotient).abs() <= 1e-8, "{} {quotient}", gradient.h()[0]);
}

/// Error and radius are those of what is determined: `min ½x² − x  s.t.  x ≤ 1 + δ`, beside a variable that nothing holds.
#[test]
fn error_and_radius_are_those_across_the_face() {
    for name in Registry::compiled().usable().quadratic().names() {
        let layer = Layer::builder().forward("native").backward(&name).estimate_errors(true).build().unwrap();
        let delta = 1e-3;
        let program = Program::builder(2)
            .objective(&[[1.0, 0.0], [0.0, 0.0]], &[-1.0, 0.0])
            .bounds(&[-INF, -INF], &[1.0 + delta, INF])
            .build()
            .unwrap();
        let gradient = layer.forward(&program).unwrap().backward(&[1.0, 1.0]).unwrap();
        let certificate = gradient.certificate();
        assert_eq!(certificate.loose_variables, [1], "{name}");
        let (error, radius) = (certificate.error_estimate.unwrap(), certificate.radius.unwrap());
        assert!(error <= 1e-10, "{name}: {error:e}");
        assert!((0.02 * delta..=delta).contains(&radius), "{name}: {radius:e}");
    }
}
