//! Laws that solutions, gradients and certificates obey, on random programs built around known solutions.
//!
//! `PROPTEST_CASES=n` in the environment makes it `n` programs for each law.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "helpers of tests")]

mod degenerate;
mod planted;
mod regular;

use bpqp::{Gradient, Layer, Program, Settings};
use proptest::prelude::ProptestConfig;
use proptest::test_runner::FileFailurePersistence;

/// Programs for each law.
const CASES: u32 = 64;

/// The number of cases from the environment; failures are kept in the repository.
fn config() -> ProptestConfig {
    let cases = std::env::var("PROPTEST_CASES").ok().and_then(|n| n.parse().ok()).unwrap_or(CASES);
    let kept = FileFailurePersistence::Direct("tests/properties/regressions.txt");
    // Some laws speak of programs with a certain feature only.
    let max_global_rejects = 1024 + 8 * cases;
    ProptestConfig { cases, max_global_rejects, failure_persistence: Some(Box::new(kept)), ..ProptestConfig::default() }
}

/// A layer with `forward` as its forward backend, with options, and native's backward pass.
fn layer_of(forward: &str, options: &[(&str, &str)]) -> Layer {
    let options = options.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    let settings = Settings { options, ..Settings::with_tolerance(1e-9) };
    Layer::builder().forward(forward).settings(settings).lp_regularization(0.0).build().unwrap()
}

fn layer() -> Layer {
    layer_of("native", &[])
}

/// The solution and its gradient.
fn solve(layer: &Layer, program: &Program, x_bar: &[f64]) -> Result<(Vec<f64>, Gradient), String> {
    let mut solved = layer.forward(program).map_err(|e| e.to_string())?;
    let gradient = solved.backward(x_bar).map_err(|e| e.to_string())?;
    Ok((solved.x().to_vec(), gradient))
}

/// Whether two vectors agree to `tolerance` of the larger one's largest entry, or of one.
fn close(a: &[f64], b: &[f64], tolerance: f64) -> bool {
    let size = a.iter().chain(b).fold(1.0_f64, |m, v| m.max(v.abs()));
    a.len() == b.len() && a.iter().zip(b).all(|(a, b)| (a - b).abs() <= tolerance * size)
}
