//! Smoothed derivatives: those of the log-barrier solution, against differences of it.
#![cfg(feature = "native")]
#![allow(clippy::unwrap_used)] // a test panics by design

#[path = "../common/mod.rs"]
mod common;
mod cones;
mod cones_closed_forms;
mod planted;
mod reference;
mod rows;

use bpqp::{Cotangent, Layer, Program, Settings};
use common::Rng;

fn layer(mu: f64) -> Layer {
    let settings = Settings { tolerance: 1e-9, ..Settings::default() };
    Layer::builder().smoothing(mu).settings(settings).build().unwrap()
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

/// Weights of a loss of the solution and its duals.
struct Loss {
    x: Vec<f64>,
    y: [Vec<f64>; 3],
    bounds: Vec<f64>,
    cones: Vec<f64>,
}

impl Loss {
    fn random(program: &Program, seed: u64) -> Self {
        let (mut rng, blocks) = (Rng::new(seed), program.blocks());
        let (x, bounds) = (rng.normals(program.num_vars()), rng.normals(program.num_vars()));
        let y = [&blocks.equalities, &blocks.inequalities, &blocks.rows].map(|r| rng.normals(r.len()));
        Self { x, y, bounds, cones: rng.normals(program.as_stacked().num_cone_rows()) }
    }

    fn cotangent(&self) -> Cotangent<'_> {
        let [equalities, inequalities, rows] = &self.y;
        Cotangent {
            x: Some(&self.x),
            equalities: Some(equalities),
            inequalities: Some(inequalities),
            rows: Some(rows),
            bounds: Some(&self.bounds),
            cones: Some(&self.cones),
        }
    }

    fn value(&self, at: &bpqp::traits::Solution) -> f64 {
        let y = dot(&self.y.concat(), &at.y);
        dot(&self.x, &at.x) + y + dot(&self.bounds, &at.bound_duals) + dot(&self.cones, &at.cone_duals)
    }
}
