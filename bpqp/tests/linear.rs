//! Linear programs through the layer: derivatives of `qᵀx + ε‖x‖²`, by closed forms and by differences.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)] // a failed helper is a failed test
#![cfg(feature = "native")]

mod common;

use bpqp::{
    CertificateKind, CheckOptions, Error, Layer, LayerBuilder, Program, Registry, Settings, Status, Values,
    check_gradient,
};
use common::{Rng, difference};

const INF: f64 = f64::INFINITY;

/// Every forward backend with every backward one that takes a Hessian: not OSQP, which is first-order and does not get
/// through linear programs with so little curvature, and not backward solvers with absolute tolerances, which call a
/// regular system of this kind degenerate now and then.
fn pairs() -> Vec<(String, LayerBuilder)> {
    let all: Vec<_> = Registry::compiled().usable().names().into_iter().filter(|name| name != "osqp").collect();
    let quadratic: Vec<_> =
        all.iter().filter(|name| ["native", "clarabel"].contains(&name.as_str())).cloned().collect();
    let builder = |f: &str, b: &str| Layer::builder().forward(f).backward(b).settings(Settings::with_tolerance(1e-9));
    let pairs = all.iter().flat_map(|f| quadratic.iter().map(move |b| (f, b)));
    pairs.map(|(f, b)| (format!("{f} forward, {b} backward"), builder(f, b))).collect()
}

/// `min −x₀ − 2x₁`, `x₀ + x₁ ≤ 4`, `x₀ + 3x₁ ≤ 6`, `x ≥ 0`: the vertex (3, 1), with the inverse ½ [3 −1; −1 1] of its rows.
fn vertex() -> Program {
    Program::builder(2)
        .linear_objective(&[-1.0, -2.0])
        .inequalities(&[[1.0, 1.0], [1.0, 3.0]], &[4.0, 6.0])
        .bounds(&[0.0; 2], &[INF; 2])
        .build()
        .unwrap()
}

/// `min q₀x₀ + q₁x₁`, `x₀ + x₁ ≤ 1`, `x ≥ 0`, near `q = (−1, −1)`, where the whole edge is optimal. Along it
/// `x₀ − x₁ = (q₁ − q₀)/2ε`, up to the corners.
fn edge(q: [f64; 2]) -> Program {
    Program::builder(2)
        .linear_objective(&q)
        .inequalities(&[[1.0, 1.0]], &[1.0])
        .bounds(&[0.0; 2], &[INF; 2])
        .build()
        .unwrap()
}

#[test]
fn a_unique_vertex_stays_and_does_not_move_with_q() {
    let program = vertex();
    for (name, builder) in pairs() {
        for epsilon in [0.0, 1e-6, 1e-3] {
            let layer = builder.clone().lp_regularization(epsilon).build().unwrap();
            let mut solved = layer.forward(&program).unwrap();
            let gradient = solved.backward(&[1.0, 0.0]).unwrap();
            assert!(difference(solved.x(), &[3.0, 1.0]) <= 1e-9, "{name}, ε = {epsilon}: {:?}", solved.x());
            assert!((solved.objective() + 5.0).abs() <= 1e-9);
            assert!(difference(gradient.q(), &[0.0; 2]) <= 1e-9, "{name}, ε = {epsilon}: {:?}", gradient.q());
            assert!(difference(gradient.h(), &[1.5, -0.5]) <= 1e-9, "{name}, ε = {epsilon}: {:?}", gradient.h());
            let certificate = gradient.certificate();
            assert_eq!((certificate.kind, certificate.regularization), (CertificateKind::Exact, epsilon), "{name}");
        }
    }
}

#[test]
fn among_many_solutions_it_is_the_one_of_least_norm() {
    // On the edge the projector is ½ [1 −1; −1 1], so x̄ = (1, 0) gives ∂L/∂q = −(½, −½)/2ε. Of h, ∂x/∂h = (½, ½).
    for (name, builder) in pairs() {
        // A large q makes the regularization's share of the duals small: 2e-11 at the last.
        for (epsilon, size) in [(1e-6, 1.0), (1e-4, 1.0), (1e-2, 1.0), (1e-6, 1e5)] {
            let layer = builder.clone().lp_regularization(epsilon).build().unwrap();
            for shift in [0.0, 0.1, -0.7] {
                // x₀ − x₁ = shift.
                let program = edge([-size, -size + 2.0 * epsilon * shift]);
                let mut solved = layer.forward(&program).unwrap();
                assert_eq!(solved.status(), Status::Solved, "{name}");
                let x = [0.5 + 0.5 * shift, 0.5 - 0.5 * shift];
                // q itself is rounded to its size times the machine's epsilon.
                let accuracy = 1e-6 + size * f64::EPSILON / epsilon;
                assert!(difference(solved.x(), &x) <= accuracy, "{name}, ε = {epsilon}: {:?}, not {x:?}", solved.x());
                let gradient = solved.backward(&[1.0, 0.0]).unwrap();
                let q = [-0.25 / epsilon, 0.25 / epsilon];
                assert!(difference(gradient.q(), &q) <= 1e-7, "{name}, ε = {epsilon}: {:?}", gradient.q());
                assert!(difference(gradient.h(), &[0.5]) <= 1e-7, "{name}, ε = {epsilon}: {:?}", gradient.h());
                assert_eq!(gradient.certificate().kind, CertificateKind::Exact, "{name}, ε = {epsilon}, {shift}");
            }
        }
    }
}

#[test]
fn without_regularization_the_edge_has_no_derivative() {
    for (name, builder) in pairs() {
        let program = edge([-1.0, -1.0]);
        let mut solved = builder.lp_regularization(0.0).build().unwrap().forward(&program).unwrap();
        let gradient = solved.backward(&[1.0, 0.0]).unwrap();
        assert_ne!(gradient.certificate().kind, CertificateKind::Exact, "{name}");
        assert_eq!(gradient.certificate().regularization, 0.0);
    }
}

#[test]
fn a_row_that_only_touches_is_a_kink() {
    // The least-norm point (½, ½) of the edge lies on x₀ ≤ ½, which does not push.
    let program = Program::builder(2)
        .linear_objective(&[-1.0, -1.0])
        .inequalities(&[[1.0, 1.0], [1.0, 0.0]], &[1.0, 0.5])
        .bounds(&[0.0; 2], &[INF; 2])
        .build()
        .unwrap();
    for (name, builder) in pairs() {
        let mut solved = builder.build().unwrap().forward(&program).unwrap();
        let gradient = solved.backward(&[1.0, 0.0]).unwrap();
        let weak: Vec<String> = gradient.certificate().weakly_active.iter().map(ToString::to_string).collect();
        assert_eq!((gradient.certificate().kind, weak), (CertificateKind::Kink, vec!["G[1]".to_string()]), "{name}");
    }
}

/// A feasible and bounded linear program with every block, from a seed, with a Hessian of stored zeros or none.
fn random(seed: u64, n: usize, zeros: bool) -> (Program, Vec<f64>) {
    let mut rng = Rng::new(seed);
    let x = rng.normals(n);
    let values = |rows: &[Vec<f64>]| -> Vec<f64> {
        rows.iter().map(|row| row.iter().zip(&x).map(|(a, x)| a * x).sum()).collect()
    };
    let (a, g, c) = (rng.matrix(n / 5, n), rng.matrix(n / 2, n), rng.matrix(n / 3, n));
    let (b, mut h, mut l, mut u) = (values(&a), values(&g), values(&c), values(&c));
    h.iter_mut().for_each(|h| *h += rng.uniform());
    l.iter_mut().for_each(|l| *l -= rng.uniform());
    u.iter_mut().for_each(|u| *u += rng.uniform());
    let lb: Vec<f64> = x.iter().map(|x| x - 1.0 - rng.uniform()).collect();
    let ub: Vec<f64> = x.iter().map(|x| x + 1.0 + rng.uniform()).collect();
    let q = rng.normals(n);
    let stored = bpqp::CscMatrix::from_diagonal(&vec![0.0; n]).unwrap();
    let builder = Program::builder(n);
    let program = if zeros { builder.objective(&stored, &q) } else { builder.linear_objective(&q) }
        .equalities(&a, &b)
        .inequalities(&g, &h)
        .rows(&l, &c, &u)
        .bounds(&lb, &ub)
        .build()
        .unwrap();
    let x_bar = rng.normals(n);
    (program, x_bar)
}

/// The same program with the regularization written out.
fn with_hessian(program: &Program, epsilon: f64) -> Program {
    let mut regularized = program.clone();
    let n = program.num_vars();
    regularized.update(&Values { p: Some(&vec![2.0 * epsilon; n]), ..Values::default() }).unwrap();
    regularized
}

#[test]
fn where_exchanging_rows_does_not_end_the_forward_solver_helps_or_the_gradient_is_refused() {
    let quadratic = Registry::compiled().usable().quadratic().names();
    for (seed, epsilon) in [(8, 0.01), (11, 0.1)] {
        let (program, x_bar) = random(seed, 30, false);
        let written = random(seed, 30, true).0;
        let expected = with_hessian(&written, epsilon);
        let mut expected = Layer::new().unwrap().forward(&expected).unwrap();
        let q = expected.backward(&x_bar).unwrap().q().to_vec();
        for (name, builder) in pairs() {
            let mut solved = builder.lp_regularization(epsilon).build().unwrap().forward(&program).unwrap();
            match solved.backward(&x_bar) {
                Ok(gradient) => {
                    assert!(difference(solved.x(), expected.x()) <= 1e-7, "{name}, seed {seed}");
                    assert!(difference(gradient.q(), &q) <= 1e-7, "{name}, seed {seed}");
                }
                Err(error) => {
                    assert!(!quadratic.iter().any(|forward| name.starts_with(forward)), "{name}, seed {seed}: {error}");
                    assert_eq!(error.kind(), "regularization");
                    assert!(solved.status().is_solved(), "the solution of the linear program stays");
                }
            }
        }
    }
}

#[test]
fn a_regularization_below_rounding_is_told_and_the_solution_stays() {
    // Duals of 1e4 are known to 1e-12; 2ε = 2e-15 says nothing beside that.
    let q = [-0.3e5 / 7.0, -0.7e5 / 7.0];
    let program = Program::builder(2)
        .linear_objective(&q)
        .inequalities(&[[0.3, 0.7]], &[1.1])
        .bounds(&[0.0; 2], &[INF; 2])
        .build()
        .unwrap();
    for (name, builder) in pairs() {
        let mut solved = builder.lp_regularization(1e-15).build().unwrap().forward(&program).unwrap();
        assert_eq!(solved.status(), Status::Solved, "{name}");
        assert!((solved.objective() + 1.1e5 / 7.0).abs() <= 1e-4, "{name}");
        // By luck the residual is below even that; then the system's rank tells.
        match solved.backward(&[1.0, 0.0]) {
            Err(Error::Regularization { epsilon, .. }) => assert_eq!(epsilon, 1e-15),
            Err(error) => assert!(matches!(error, Error::Adjoint { .. }), "{name}: {error}"),
            Ok(gradient) => assert!(!gradient.certificate().loose_variables.is_empty(), "{name}"),
        }
    }
}

#[test]
fn every_block_is_that_of_the_program_with_the_hessian_written_out() {
    for (name, builder) in pairs() {
        for (seed, epsilon) in [(1, 1e-6), (2, 1e-3), (3, 0.1), (4, 1.0)] {
            let (program, x_bar) = random(seed, 15, true);
            let layer = builder.clone().lp_regularization(epsilon).build().unwrap();
            let mut solved = layer.forward(&program).unwrap();
            let gradient = solved.backward(&x_bar).unwrap();
            let written = with_hessian(&program, epsilon);
            let mut reference = Layer::new().unwrap().forward(&written).unwrap();
            let expected = reference.backward(&x_bar).unwrap();
            assert!(difference(solved.x(), reference.x()) <= 1e-8, "{name}, seed {seed}");
            let apart = gradient.difference(&expected);
            assert!(apart <= 1e-7, "{name}, seed {seed}, ε = {epsilon}: {apart:e}");
        }
    }
}

#[test]
fn every_block_matches_central_differences() {
    for (name, builder) in pairs() {
        for seed in 1..=3 {
            let (program, x_bar) = random(seed, 10, false);
            let layer = builder.clone().lp_regularization(0.2).build().unwrap();
            let gradient = layer.forward(&program).unwrap().backward(&x_bar).unwrap();
            assert_eq!(gradient.certificate().kind, CertificateKind::Exact, "{name}, seed {seed}");
            let checks =
                check_gradient(&layer, &program, &x_bar, &gradient, &CheckOptions::default(), |_, _| ()).unwrap();
            for check in checks {
                assert!(check.error <= 1e-5, "{name}, seed {seed}: {} is off by {:e}", check.block, check.error);
            }
        }
    }
}

#[test]
fn forward_mode_agrees_with_backward_mode() {
    let (program, x_bar) = random(4, 12, true);
    let dq = Rng::new(6).normals(12);
    let dp = Rng::new(7).normals(12);
    let direction = Values { q: Some(&dq), p: Some(&dp), ..Values::default() };
    for (name, builder) in pairs() {
        let layer = builder.lp_regularization(0.3).build().unwrap();
        let mut solved = layer.forward(&program).unwrap();
        let gradient = solved.backward(&x_bar).unwrap();
        let tangent = solved.jvp(&direction).unwrap();
        let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
        let (left, right) = (dot(&tangent.x, &x_bar), dot(gradient.q(), &dq) + dot(gradient.p().values(), &dp));
        assert!((left - right).abs() <= 1e-9 * left.abs().max(1.0), "{name}: {left} and {right}");
    }
}

#[test]
fn what_has_no_solution_is_still_told_so() {
    let unbounded = Program::builder(1).linear_objective(&[-1.0]).bounds(&[0.0], &[INF]).build().unwrap();
    let infeasible =
        Program::builder(1).linear_objective(&[1.0]).inequalities(&[[1.0], [-1.0]], &[0.0, -1.0]).build().unwrap();
    for (name, builder) in pairs() {
        let layer = builder.build().unwrap();
        assert_eq!(layer.forward(&unbounded).unwrap().status(), Status::DualInfeasible, "{name}");
        assert_eq!(layer.forward(&infeasible).unwrap().status(), Status::PrimalInfeasible, "{name}");
    }
}

#[test]
fn a_session_regularizes_every_solve() {
    let layer = Layer::builder().lp_regularization(1e-4).build().unwrap();
    let mut session = layer.session(edge([-1.0, -1.0])).unwrap();
    for shift in [0.0, 0.4, -0.2] {
        let q = [-1.0, -1.0 + 2e-4 * shift];
        session.update(&Values { q: Some(&q), ..Values::default() }).unwrap();
        let mut solved = session.forward().unwrap();
        assert!(difference(solved.x(), &[0.5 + 0.5 * shift, 0.5 - 0.5 * shift]) <= 1e-7, "{:?}", solved.x());
        let gradient = solved.backward(&[1.0, 0.0]).unwrap();
        assert!(difference(gradient.q(), &[-2500.0, 2500.0]) <= 1e-8, "{:?}", gradient.q());
    }
}

#[test]
fn programs_with_curvature_are_left_alone() {
    let program = Program::builder(1).objective(&[[1.0]], &[-3.0]).bounds(&[0.0], &[1.0]).build().unwrap();
    let mut solved = Layer::new().unwrap().forward(&program).unwrap();
    assert_eq!(solved.backward(&[1.0]).unwrap().certificate().regularization, 0.0);
}

#[test]
fn what_is_no_regularization_is_refused() {
    for epsilon in [-1e-6, f64::NAN, INF] {
        let error = Layer::builder().lp_regularization(epsilon).build().map(drop).unwrap_err();
        assert!(error.kind() == "invalid_setting" && error.to_string().contains("lp_regularization"), "{error}");
    }
}

#[cfg(feature = "good-lp")]
#[test]
fn backward_solvers_without_curvature_serve_only_the_program_itself() {
    let program = vertex();
    for backward in ["good-lp-microlp", "good-lp-clarabel"] {
        let builder = Layer::builder().backward(backward);
        let layer = builder.clone().build().unwrap();
        let mut solved = layer.forward(&program).unwrap();
        assert!(solved.status().is_solved() && difference(solved.x(), &[3.0, 1.0]) <= 1e-7);
        let error = solved.backward(&[1.0, 0.0]).unwrap_err();
        assert!(matches!(error, Error::Solver(bpqp::traits::Error::Unsupported { .. })), "{error}");
        assert!(error.to_string().contains("regularized") && error.to_string().contains(backward), "{error}");
        let mut solved = builder.lp_regularization(0.0).build().unwrap().forward(&program).unwrap();
        let gradient = solved.backward(&[1.0, 0.0]).unwrap();
        assert!(difference(gradient.h(), &[1.5, -0.5]) <= 1e-9, "{:?}", gradient.h());
    }
}
