//! What a certificate says where the derivative is not what it seems.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)] // a failed helper is a failed test

mod common;

use bpqp::{Block, CertificateKind, ConstraintId, Error, Program, Status};
#[cfg(feature = "native")]
use bpqp::{Layer, Registry};
use common::{Sizes, difference, every_pair, layer, random_program};

const INF: f64 = f64::INFINITY;

fn id(block: Block, index: usize) -> ConstraintId {
    ConstraintId { block, index }
}

/// min ½x² s.t. x ≥ 0: the bound is met with multiplier zero. The one-sided derivative that drops it is dx/dq = −1.
#[test]
fn a_weakly_active_bound_is_a_kink() {
    let program = Program::builder(1).objective(&[[1.0]], &[0.0]).bounds(&[0.0], &[INF]).build().unwrap();
    for (name, layer) in every_pair() {
        let gradient = layer.forward(&program).unwrap().backward(&[1.0]).unwrap();
        let certificate = gradient.certificate();
        assert_eq!(certificate.kind, CertificateKind::Kink, "{name}");
        assert_eq!(certificate.weakly_active, [id(Block::Bounds, 0)], "{name}");
        assert!(certificate.active.is_empty(), "{name}");
        assert!((gradient.q()[0] + 1.0).abs() <= 1e-9, "{name}: {:?}", gradient.q());
    }
}

/// An equality given twice: x is still unique, z̃ too (min ½‖x‖², x₀ + x₁ = 1: ∂L/∂q = −(½, −½) for L = x₀), the duals
/// are not. The least-norm adjoint shares ν̃ = −½ equally: ∂L/∂b = (¼, ¼).
#[test]
fn a_duplicate_equality_is_degenerate_with_the_least_norm_dual() {
    let program = Program::builder(2)
        .objective(&[[1.0, 0.0], [0.0, 1.0]], &[0.0, 0.0])
        .equalities(&[[1.0, 1.0], [1.0, 1.0]], &[1.0, 1.0])
        .build()
        .unwrap();
    for (name, layer) in every_pair() {
        let gradient = layer.forward(&program).unwrap().backward(&[1.0, 0.0]).unwrap();
        let certificate = gradient.certificate();
        assert_eq!(certificate.kind, CertificateKind::Degenerate, "{name}");
        assert_eq!(certificate.dependent, [id(Block::Equalities, 0), id(Block::Equalities, 1)], "{name}");
        assert!(certificate.residual <= 1e-9, "{name}: {:.1e}", certificate.residual);
        assert!(difference(gradient.q(), &[-0.5, 0.5]) <= 1e-9, "{name}: {:?}", gradient.q());
        assert!((gradient.b().iter().sum::<f64>() - 0.5).abs() <= 1e-9, "{name}: {:?}", gradient.b());
        if name.ends_with("native backward") {
            // Along the null space the regularized factor is accurate to machine epsilon over δ = 1e-8.
            assert!(difference(gradient.b(), &[0.25, 0.25]) <= 1e-7, "{name}: {:?}", gradient.b());
        }
    }
}

/// min ½(x₀ − 1)² over (x₀, x₁) with 0 ≤ x₁ ≤ 1: any x₁ is optimal.
#[test]
fn a_solution_that_is_not_unique_is_degenerate_and_says_where() {
    let program = Program::builder(2)
        .objective(&[[1.0, 0.0], [0.0, 0.0]], &[-1.0, 0.0])
        .bounds(&[-INF, 0.0], &[INF, 1.0])
        .build()
        .unwrap();
    let mut solved = layer("clarabel", "native").forward(&program).unwrap();
    let gradient = solved.backward(&[1.0, 0.0]).unwrap();
    assert_eq!(gradient.certificate().kind, CertificateKind::Degenerate);
    assert_eq!(gradient.certificate().loose_variables, [1]);
    assert!((gradient.q()[0] + 1.0).abs() <= 1e-9);
}

/// A redundant inequality that stays slack, and one that repeats another's active side at a zero multiplier.
#[test]
fn the_active_set_is_listed_by_block() {
    let program = random_program(7, Sizes { vars: 24, equalities: 2, inequalities: 16, rows: 12 });
    let reference = layer("clarabel", "native").forward(&program).unwrap().backward(&[1.0; 24]).unwrap();
    let active = &reference.certificate().active;
    // By construction of the random programs: inequalities 0, 2, 4, 6, 8; rows 0, 1, 4, 5; bounds 0, 1, 3.
    let expected: Vec<ConstraintId> = [0, 2, 4, 6, 8]
        .map(|i| id(Block::Inequalities, i))
        .into_iter()
        .chain([0, 1, 4, 5].map(|i| id(Block::Rows, i)))
        .chain([0, 1, 3].map(|i| id(Block::Bounds, i)))
        .collect();
    assert_eq!(*active, expected);
    for (name, layer) in every_pair() {
        let gradient = layer.forward(&program).unwrap().backward(&[1.0; 24]).unwrap();
        assert_eq!(gradient.certificate().active, expected, "{name}");
        for (ours, theirs) in [
            (gradient.q(), reference.q()),
            (gradient.p().values(), reference.p().values()),
            (gradient.a().values(), reference.a().values()),
            (gradient.g().values(), reference.g().values()),
            (gradient.rows().values(), reference.rows().values()),
            (gradient.h(), reference.h()),
        ] {
            assert!(difference(ours, theirs) <= 1e-8, "{name}");
        }
    }
}

#[test]
fn an_infeasible_or_unbounded_program_has_a_status_and_no_gradient() {
    let infeasible =
        Program::builder(1).objective(&[[1.0]], &[0.0]).inequalities(&[[1.0], [-1.0]], &[0.0, -1.0]).build().unwrap();
    let unbounded = Program::builder(1).linear_objective(&[-1.0]).bounds(&[0.0], &[INF]).build().unwrap();
    for (name, layer) in every_pair() {
        for (program, status) in [(&infeasible, Status::PrimalInfeasible), (&unbounded, Status::DualInfeasible)] {
            let mut solved = layer.forward(program).unwrap();
            assert_eq!(solved.status(), status, "{name}");
            assert!(matches!(solved.backward(&[1.0]), Err(Error::NotSolved { status: s }) if s == status), "{name}");
        }
    }
}

/// A row of zeros, `−1 ≤ 0ᵀx ≤ 1`, constrains nothing and has any dual. One that is met, `0 ≤ 0ᵀx ≤ 1` or `0ᵀx = 0`, has no
/// derivative with respect to its sides, and spoils no other.
#[test]
fn rows_of_zeros_are_never_active() {
    let empty = bpqp::CscMatrix::zeros(3, 1);
    let (l, u) = ([0.0, 0.0, -1.0], [1.0, 0.0, 1.0]);
    let program = Program::builder(1).objective(&[[2.0]], &[-2.0]).rows(&l, &empty, &u).build().unwrap();
    for (name, layer) in every_pair() {
        let gradient = layer.forward(&program).unwrap().backward(&[1.0]).unwrap();
        let certificate = gradient.certificate();
        assert_eq!(certificate.dependent, [id(Block::Rows, 0), id(Block::Rows, 1)], "{name}");
        assert_eq!(certificate.inexact_blocks, ["rows", "l", "u"], "{name}");
        assert!(certificate.active.is_empty(), "{name}");
        assert!((gradient.q()[0] + 0.5).abs() <= 1e-9, "{name}");
        assert_eq!(gradient.u(), [0.0, 0.0, 0.0], "{name}");
    }
}

/// `360360 Hᵢⱼ = 360360/(i + j + 1)` is a matrix of whole numbers up to order 8, and so is the inverse of `H`: the exact
/// gradient is known, and at a condition number of 1.5e10 the computed one is not exact.
#[cfg(all(feature = "native", feature = "clarabel"))]
#[test]
fn errors_are_estimated_to_within_a_factor() {
    const SCALE: f64 = 360_360.0;
    let binomial = |n: usize, k: usize| (0..k).fold(1.0, |c, i| c * (n - i) as f64 / (i + 1) as f64).round();
    for n in 4..=8_usize {
        let hilbert: Vec<Vec<f64>> = (0..n).map(|i| (0..n).map(|j| SCALE / (i + j + 1) as f64).collect()).collect();
        let inverse = |i: usize, j: usize| {
            let sign = if (i + j).is_multiple_of(2) { 1.0 } else { -1.0 };
            let product = binomial(n + i, n - j - 1) * binomial(n + j, n - i - 1) * binomial(i + j, i).powi(2);
            sign * (i + j + 1) as f64 * product
        };
        let program = Program::builder(n).objective(&hilbert, &vec![0.0; n]).build().unwrap();
        for (forward, backward) in [("native", "native"), ("clarabel", "native"), ("native", "clarabel")] {
            let layer = Layer::builder().forward(forward).backward(backward).estimate_errors(true).build().unwrap();
            let mut x_bar = vec![0.0; n];
            x_bar[n / 2] = SCALE;
            let mut solved = layer.forward(&program).unwrap();
            let gradient = solved.backward(&x_bar).unwrap();
            let exact: Vec<f64> = (0..n).map(|i| -inverse(i, n / 2)).collect();
            let size = exact.iter().fold(1.0_f64, |m, v| m.max(v.abs()));
            let error = gradient.q().iter().zip(&exact).fold(0.0_f64, |m, (g, e)| m.max((g - e).abs())) / size;
            let estimate = gradient.certificate().error_estimate.unwrap();
            assert!(error <= estimate, "order {n}, {forward} {backward}: error {error:e}, estimate {estimate:e}");
            // Not a bound so wide that it says nothing: ε times the condition number, and a few digits.
            let condition = [1.6e4, 4.8e5, 1.5e7, 4.8e8, 1.6e10][n - 4];
            assert!(estimate <= 100.0 * f64::EPSILON * condition, "order {n}: estimate {estimate:e}");
        }
    }
    let layer = Layer::new().unwrap();
    let program = Program::builder(1).objective(&[[1.0]], &[1.0]).build().unwrap();
    assert_eq!(layer.forward(&program).unwrap().backward(&[1.0]).unwrap().certificate().error_estimate, None);
}

/// `min ½x² − x  s.t.  x ≤ 1 + δ`: `x = 1`, and changes of `P` and `q` by a share `ρ` of themselves move `x` by up to `2ρ` and the
/// bound by `ρ`, so that they meet at `ρ = δ/3`.
#[cfg(feature = "native")]
#[test]
fn how_far_a_derivative_holds_is_told() {
    for name in Registry::compiled().usable().quadratic().names() {
        let layer = Layer::builder().forward("native").backward(&name).estimate_errors(true).build().unwrap();
        for delta in [1e-1, 1e-3, 1e-5] {
            let program =
                Program::builder(1).objective(&[[1.0]], &[-1.0]).bounds(&[-INF], &[1.0 + delta]).build().unwrap();
            let gradient = layer.forward(&program).unwrap().backward(&[1.0]).unwrap();
            let radius = gradient.certificate().radius.unwrap();
            assert!((0.02 * delta..=delta).contains(&radius), "{name}: {radius:e} for a slack of {delta:e}");
        }
    }
}
