//! Model-predictive control of a random linear system.

use bpqp_traits::CscMatrix;

use super::random::Random;
use super::{Sizes, invalid};
use crate::{Program, Result};

/// Largest input.
const INPUT_BOUND: f64 = 0.03;
/// Cost of inputs.
const INPUT_COST: f64 = 0.1;
/// How much farther the bounds of the states lie than where the system goes without inputs.
const ROOM: f64 = 1.2;

/// Steering `x⁺ = A x + B u` to the origin: minimize `½ Σ (xₜᵀQxₜ + uₜᵀRuₜ)` under bounds on states and inputs.
/// A control loop solves it again and again, with the state of the moment.
#[derive(Clone, Debug, PartialEq)]
pub struct ModelPredictiveControl {
    sizes: Sizes,
    /// `A` (`p × p`) and `B` (`p × m`), row by row.
    dynamics: Vec<f64>,
    inputs: Vec<f64>,
    /// Diagonal of `Q`.
    cost: Vec<f64>,
    start: Vec<f64>,
    /// Bounds of the states' magnitudes.
    limits: Vec<f64>,
}

impl ModelPredictiveControl {
    /// A system near the identity whose rows' magnitudes sum to at most one: without inputs no state grows.
    pub(super) fn random(sizes: Sizes, random: &mut Random) -> Self {
        let Sizes { m, p, .. } = sizes;
        let mut dynamics: Vec<f64> = (0..p * p).map(|_| 0.03 * random.normal()).collect();
        (0..p).for_each(|i| dynamics[i * p + i] += 1.0);
        for row in dynamics.chunks_mut(p) {
            let sum: f64 = row.iter().map(|v| v.abs()).sum();
            row.iter_mut().for_each(|v| *v /= sum.max(1.0));
        }
        let inputs = random.normals(p * m);
        let cost = (0..p).map(|_| random.uniform(0.1, 10.0)).collect();
        let start: Vec<f64> = (0..p).map(|_| random.uniform(-1.0, 1.0)).collect();
        let mut system = Self { sizes, dynamics, inputs, cost, start, limits: vec![0.0; p] };
        system.limits = system.reach();
        system
    }

    /// The start that the problem is made for.
    pub fn start(&self) -> &[f64] {
        &self.start
    }

    /// Bounds that leave the system feasible: it stays inside without inputs.
    fn reach(&self) -> Vec<f64> {
        let p = self.sizes.p;
        let (mut x, mut reach) = (self.start.clone(), vec![0.0_f64; p]);
        for _ in 0..self.sizes.n {
            x = self.free_step(&x);
            reach.iter_mut().zip(&x).for_each(|(r, v)| *r = r.max(v.abs()));
        }
        reach.into_iter().map(|r| ROOM * r).collect()
    }

    /// `A x`.
    fn free_step(&self, x: &[f64]) -> Vec<f64> {
        self.dynamics.chunks(self.sizes.p).map(|row| bpqp_traits::vector::dot(row, x)).collect()
    }

    /// The right-hand side `b` of the equalities for another start (`p`).
    ///
    /// # Errors
    /// [`InvalidArgument`](bpqp_traits::Error::InvalidArgument) for a wrong length.
    pub fn right_hand_side(&self, start: &[f64]) -> Result<Vec<f64>> {
        let Sizes { n, p, .. } = self.sizes;
        if start.len() != p {
            return Err(invalid("start", format!("has length {}, expected {p}", start.len())));
        }
        let mut b: Vec<f64> = self.free_step(start).into_iter().map(|v| -v).collect();
        b.resize(n * p, 0.0);
        Ok(b)
    }

    /// The problem in the variables `(u₀, x₁, u₁, x₂, …)`, stage by stage.
    ///
    /// # Errors
    /// None for a system made here.
    pub fn program(&self) -> Result<Program> {
        let Sizes { n, m, p } = self.sizes;
        let width = m + p;
        let stage = |inputs: f64, states: &[f64]| [vec![inputs; m], states.to_vec()].concat().repeat(n);
        let cost = stage(INPUT_COST, &self.cost);
        let upper = stage(INPUT_BOUND, &self.limits);
        let lower: Vec<f64> = upper.iter().map(|v| -v).collect();
        let mut rows = Vec::with_capacity(n * p * (width + 1));
        for t in 0..n {
            for i in 0..p {
                let row = t * p + i;
                if t > 0 {
                    rows.extend((0..p).map(|j| (row, (t - 1) * width + m + j, self.dynamics[i * p + j])));
                }
                rows.extend((0..m).map(|j| (row, t * width + j, self.inputs[i * m + j])));
                rows.push((row, t * width + m + i, -1.0));
            }
        }
        Program::builder(n * width)
            .objective(&CscMatrix::from_diagonal(&cost)?, &vec![0.0; n * width])
            .equalities(&CscMatrix::from_triplets(n * p, n * width, &rows)?, &self.right_hand_side(&self.start)?)
            .bounds(&lower, &upper)
            .build()
    }
}
