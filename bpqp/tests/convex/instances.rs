//! Instances of every program of the library, for tests and examples.
#![allow(clippy::unwrap_used)] // sizes and values are right by construction

use bpqp::CscMatrix;
use bpqp::convex::ConvexProgram;
use bpqp::convex::library::{
    EntropicTransport, GeometricProgram, Kelly, LogUtility, LogisticRegression, QuadraticConstraints, Softmax,
};

use crate::common::Rng;

/// A program with parameters at which its solution is differentiable.
pub(crate) struct Instance {
    pub(crate) name: &'static str,
    pub(crate) program: Box<dyn ConvexProgram>,
    pub(crate) theta: Vec<f64>,
}

/// A positive definite matrix.
pub(crate) fn definite(rng: &mut Rng, d: usize, shift: f64) -> Vec<Vec<f64>> {
    let factor = rng.matrix(d, d);
    let dot = |i: usize, j: usize| (0..d).map(|t| factor[t][i] * factor[t][j]).sum::<f64>() / d as f64;
    (0..d).map(|i| (0..d).map(|j| dot(i, j) + if i == j { shift } else { 0.0 }).collect()).collect()
}

pub(crate) fn transport(rng: &mut Rng, n: usize, m: usize, epsilon: f64) -> Instance {
    let costs: Vec<f64> = (0..n * m).map(|_| rng.uniform()).collect();
    let mut marginal = |k: usize| {
        let v: Vec<f64> = (0..k).map(|_| 0.2 + rng.uniform()).collect();
        let total: f64 = v.iter().sum();
        v.into_iter().map(|v| v / total).collect::<Vec<_>>()
    };
    let (from, to) = (marginal(n), marginal(m));
    let program = Box::new(EntropicTransport::new(n, m, epsilon).unwrap());
    Instance { name: "transport", program, theta: EntropicTransport::theta(&costs, &from, &to) }
}

pub(crate) fn softmax(rng: &mut Rng, d: usize) -> Instance {
    Instance { name: "softmax", program: Box::new(Softmax::new(d, 0.7).unwrap()), theta: rng.normals(d) }
}

pub(crate) fn log_utility(rng: &mut Rng, d: usize) -> Instance {
    let mut theta: Vec<f64> = (0..2 * d).map(|_| 0.1 + rng.uniform()).collect();
    theta.push(0.3 * d as f64);
    Instance { name: "log utility", program: Box::new(LogUtility::new(d).unwrap()), theta }
}

pub(crate) fn kelly(rng: &mut Rng, bets: usize, outcomes: usize) -> Instance {
    let p: Vec<f64> = (0..outcomes).map(|_| 0.2 + rng.uniform()).collect();
    let total: f64 = p.iter().sum();
    let returns = (0..outcomes * bets).map(|k| if k % bets == 0 { 1.0 } else { 2.1 * rng.uniform() });
    let theta = p.iter().map(|p| p / total).chain(returns).collect();
    Instance { name: "Kelly", program: Box::new(Kelly::new(bets, outcomes).unwrap()), theta }
}

pub(crate) fn logistic(rng: &mut Rng, samples: usize, features: usize) -> Instance {
    let a = rng.matrix(samples, features);
    let truth = rng.normals(features);
    let score = |row: &[f64]| row.iter().zip(&truth).map(|(a, t)| a * t).sum::<f64>();
    let labels: Vec<f64> = a.iter().map(|row| if score(row) + rng.normal() > 0.0 { 1.0 } else { -1.0 }).collect();
    let (lb, ub) = (vec![-0.6; features], vec![0.6; features]);
    let program = LogisticRegression::new(&a, &labels).unwrap().with_bounds(&lb, &ub).unwrap();
    let theta = std::iter::once(0.05).chain((0..samples).map(|_| 0.5 + rng.uniform())).collect();
    Instance { name: "logistic", program: Box::new(program), theta }
}

pub(crate) fn geometric(rng: &mut Rng, d: usize, constraints: usize, monomials: usize) -> Instance {
    let mut exponents = |extra: usize| {
        // Powers ±e of every variable keep the objective's minimum within reach.
        let mut triplets = Vec::new();
        for k in 0..extra {
            (0..3).for_each(|_| triplets.push((k, (rng.uniform() * d as f64) as usize, rng.normal())));
        }
        triplets
    };
    let mut objective = exponents(monomials);
    for j in 0..d {
        objective.push((monomials + 2 * j, j, 1.0));
        objective.push((monomials + 2 * j + 1, j, -1.0));
    }
    let count = monomials + 2 * d;
    let objective = CscMatrix::from_triplets(count, d, &objective).unwrap();
    let rows: Vec<CscMatrix> =
        (0..constraints).map(|_| CscMatrix::from_triplets(monomials, d, &exponents(monomials)).unwrap()).collect();
    let program = GeometricProgram::new(&objective, &rows.iter().collect::<Vec<_>>()).unwrap();
    let offset = -(monomials as f64).ln() - 0.05;
    let theta = rng.normals(count).into_iter().map(|v| 0.5 * v).collect::<Vec<_>>();
    let sides = rng.normals(constraints * monomials).into_iter().map(|v| offset + 0.1 * v);
    let theta = theta.into_iter().chain(sides).collect();
    Instance { name: "geometric", program: Box::new(program), theta }
}

pub(crate) fn quadratic(rng: &mut Rng, d: usize, constraints: usize) -> Instance {
    let p: Vec<Vec<Vec<f64>>> = (0..=constraints).map(|_| definite(rng, d, 0.2)).collect();
    let program = QuadraticConstraints::new(&p[0], &p[1..].iter().collect::<Vec<_>>()).unwrap();
    let mut theta: Vec<f64> = rng.normals(d).into_iter().map(|v| 2.0 * v).collect();
    theta.extend(rng.normals(constraints * d).into_iter().map(|v| 0.3 * v));
    theta.extend((0..constraints).map(|i| if i % 3 == 2 { 1e3 } else { 1.0 + rng.uniform() }));
    Instance { name: "quadratic", program: Box::new(program), theta }
}
