//! Objectives given as a factor model, beside the same ones given in full.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)] // a failed helper is a failed test

mod common;

use bpqp::{CertificateKind, CscMatrix, Error, Layer, Program, Settings, Values};
use common::{Rng, difference, every_pair};

const INF: f64 = f64::INFINITY;

/// A long-only portfolio of `n` assets with `k` factors, a budget, a limit on a group, in both forms.
struct Market {
    factors: Vec<Vec<f64>>,
    diagonal: Vec<f64>,
    q: Vec<f64>,
    group: Vec<f64>,
}

impl Market {
    fn random(n: usize, k: usize, seed: u64) -> Self {
        let mut rng = Rng::new(seed);
        Self {
            factors: rng.matrix(n, k),
            diagonal: (0..n).map(|_| 0.2 + rng.uniform()).collect(),
            q: rng.normals(n),
            group: (0..n).map(|j| f64::from(j % 3 == 0)).collect(),
        }
    }

    fn covariance(&self) -> Vec<Vec<f64>> {
        let n = self.q.len();
        let dot = |i: usize, j: usize| self.factors[i].iter().zip(&self.factors[j]).map(|(a, b)| a * b).sum::<f64>();
        (0..n).map(|i| (0..n).map(|j| dot(i, j) + if i == j { self.diagonal[i] } else { 0.0 }).collect()).collect()
    }

    fn finish(&self, builder: bpqp::ProgramBuilder) -> Program {
        let n = self.q.len();
        builder
            .equalities(&[vec![1.0; n]][..], &[1.0])
            .inequalities(&[self.group.clone()][..], &[0.3])
            .bounds(&vec![0.0; n], &vec![INF; n])
            .build()
            .unwrap()
    }

    fn full(&self) -> Program {
        self.finish(Program::builder(self.q.len()).objective(&self.covariance(), &self.q))
    }

    fn lifted(&self) -> Program {
        self.finish(Program::builder(self.q.len()).factor_objective(&self.diagonal, &self.factors, &self.q))
    }
}

#[test]
fn both_forms_have_the_same_solution_and_gradients() {
    let (n, k) = (9, 3);
    for seed in 0..5 {
        let market = Market::random(n, k, seed);
        let (full, lifted) = (market.full(), market.lifted());
        assert_eq!((lifted.num_vars(), lifted.num_factors(), full.num_factors()), (n + k, k, 0));
        for (name, layer) in every_pair() {
            let x_bar = Rng::new(seed + 100).normals(n);
            let (mut one, mut other) = (layer.forward(&full).unwrap(), layer.forward(&lifted).unwrap());
            let (g, f) = (one.backward(&x_bar).unwrap(), other.backward(&x_bar).unwrap());
            assert_eq!(f.certificate().kind, CertificateKind::Exact, "{name}, seed {seed}");
            assert!(difference(one.x(), &other.x()[..n]) <= 1e-9, "{name}, seed {seed}");
            assert!(difference(g.q(), &f.q()[..n]) <= 1e-9);
            assert!(difference(g.b(), &f.b()[..1]) <= 1e-9);
            assert!(difference(g.h(), f.h()) <= 1e-9);
            assert!(difference(g.lb(), &f.lb()[..n]) <= 1e-9);
            // ∂L/∂F = (∂L/∂P + ∂L/∂Pᵀ) F, ∂L/∂d = diag(∂L/∂P).
            let p = |i: usize, j: usize| g.p().values()[j * n + i];
            let want: Vec<f64> =
                (0..n * k).map(|e| (0..n).map(|j| 2.0 * p(e % n, j) * market.factors[j][e / n]).sum()).collect();
            assert!(difference(f.factors().unwrap().values(), &want) <= 1e-9, "{name}, seed {seed}");
            let diagonal: Vec<f64> = (0..n).map(|j| p(j, j)).collect();
            assert!(difference(f.diagonal().unwrap(), &diagonal) <= 1e-9);
            assert!(g.factors().is_none() && g.diagonal().is_none());
        }
    }
}

/// Sparse factors, in another order than the equalities that hold them.
#[test]
fn new_factors_on_the_same_pattern() {
    let (n, k) = (6, 2);
    let pattern = [(0, 0), (3, 0), (5, 0), (1, 1), (3, 1)];
    let matrix = |values: &[f64]| {
        let triplets: Vec<_> = pattern.iter().zip(values).map(|(&(i, j), v)| (i, j, *v)).collect();
        CscMatrix::from_triplets(n, k, &triplets).unwrap()
    };
    let build = |values: &[f64], diagonal: &[f64]| {
        Program::builder(n)
            .factor_objective(diagonal, &matrix(values), &[-1.0, 0.5, 0.0, 2.0, -0.3, 0.1])
            .bounds(&[-0.5; 6], &[0.8; 6])
            .build()
            .unwrap()
    };
    let (first, second) = ([1.0, -2.0, 0.5, 0.7, 1.1], [0.3, 1.2, -0.8, 2.0, -0.4]);
    let (one, two) = ([1.0; 6], [2.0, 1.0, 0.5, 1.5, 0.3, 1.0]);
    let mut program = build(&first, &one);
    let (a, p) = (program.factor_values(&second).unwrap(), [&two[..], &[1.0; 2]].concat());
    program.update(&Values { a: Some(&a), p: Some(&p), ..Values::default() }).unwrap();
    let want = build(&second, &two);
    assert_eq!(program.as_stacked().a().values(), want.as_stacked().a().values());
    let layer = Layer::builder().settings(Settings::with_tolerance(1e-10)).build().unwrap();
    assert!(difference(layer.forward(&program).unwrap().x(), layer.forward(&want).unwrap().x()) <= 1e-12);
}

#[test]
fn what_does_not_fit_is_told() {
    let message = |result: bpqp::Result<Program>| match result {
        Err(error) => error.to_string(),
        Ok(_) => panic!("accepted"),
    };
    let short = Program::builder(2).factor_objective(&[1.0, 1.0], &[[1.0]], &[0.0; 2]).build();
    assert!(message(short).contains("F: has 1 rows, expected 2"));
    let negative = Program::builder(1).factor_objective(&[-1.0], &[[1.0]], &[0.0]).build();
    assert!(matches!(negative, Err(Error::Solver(bpqp::traits::Error::NotConvex { .. }))), "{negative:?}");
    let twice = Program::builder(1).linear_objective(&[0.0]).factor_objective(&[1.0], &[[1.0]], &[0.0]).build();
    assert!(message(twice).contains("given twice"));
    let program = Program::builder(1).factor_objective(&[1.0], &[[1.0]], &[0.0]).build().unwrap();
    assert!(program.factor_values(&[1.0, 2.0]).is_err());
    assert!(Program::builder(1).linear_objective(&[0.0]).build().unwrap().factor_values(&[]).is_err());
}
