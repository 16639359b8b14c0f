//! What the benches share: backends, settings, and the timing of one generated problem.
#![allow(dead_code, unreachable_pub, clippy::expect_used)] // each bench uses a part; a bench may panic

use std::time::Duration;

use bpqp::generate::{Generated, Recipe};
use bpqp::{Layer, Program, Registry, Settings, Values};
use criterion::{BenchmarkId, Criterion};

/// Tolerance of the forward pass.
const TOLERANCE: f64 = 1e-8;
/// A problem that takes longer than this is left to those who ask for large ones.
const PATIENCE: Duration = Duration::from_millis(500);

/// Few samples: a whole run takes minutes, and medians of a quiet machine agree.
pub fn config() -> Criterion {
    Criterion::default()
        .sample_size(10)
        .warm_up_time(Duration::from_millis(200))
        .measurement_time(Duration::from_millis(800))
        .without_plots()
}

/// Whether the large problems were asked for.
pub fn large() -> bool {
    std::env::var_os("BPQP_BENCH_LARGE").is_some()
}

/// The backends to time: native, and Clarabel where it is compiled in; `BPQP_BENCH_BACKENDS=a,b` for others.
pub fn backends() -> Vec<String> {
    let usable = Registry::compiled().usable().names();
    let wanted = std::env::var("BPQP_BENCH_BACKENDS").unwrap_or_else(|_| "native,clarabel".into());
    wanted.split(',').map(String::from).filter(|name| usable.contains(name)).collect()
}

/// A layer with one backend both ways.
pub fn layer(backend: &str) -> Layer {
    let layer = Layer::builder().forward(backend).backward(backend).settings(Settings::with_tolerance(TOLERANCE));
    layer.build().expect("the backend was found before")
}

/// What changes from one training step or batch member to the next: `q`, or the right-hand side of the equalities where
/// `q` is zero, as in control problems, where that is the state.
pub struct Change {
    q: Option<Vec<f64>>,
    b: Option<Vec<f64>>,
}

impl Change {
    /// Values nearby, another set for each `step`.
    pub fn new(program: &Program, step: u64) -> Self {
        let moved = |values: &[f64]| Some(values.iter().enumerate().map(|(i, v)| v * wave(i, step)).collect());
        let stacked = program.as_stacked();
        if stacked.q().iter().any(|v| *v != 0.0) {
            return Self { q: moved(stacked.q()), b: None };
        }
        Self { q: None, b: moved(&stacked.l()[program.blocks().equalities.clone()]) }
    }

    pub fn values(&self) -> Values<'_> {
        Values { q: self.q.as_deref(), b: self.b.as_deref(), ..Values::default() }
    }
}

fn wave(i: usize, step: u64) -> f64 {
    1.0 + 1e-3 * (i as f64 + step as f64).sin()
}

/// The gradient of a loss; not that of the sum of `x`, which is constant where a budget holds.
pub fn cotangent(n: usize) -> Vec<f64> {
    (0..n).map(|i| (i as f64).cos()).collect()
}

/// Runs `work` once: an error, or why it is no work for a short run.
pub fn in_time(work: impl FnOnce() -> bpqp::Result<()>) -> Result<(), String> {
    let clock = std::time::Instant::now();
    work().map_err(|error| error.to_string())?;
    match clock.elapsed() {
        elapsed if elapsed > PATIENCE && !large() => Err(format!("takes {elapsed:.1?}")),
        _ => Ok(()),
    }
}

/// One generated problem.
pub struct Bench {
    problem: Generated,
    size: String,
}

impl Bench {
    pub fn new(recipe: &Recipe, size: String) -> Self {
        Self { problem: recipe.generate().expect("the sizes suit the family"), size }
    }

    /// Set-up, forward and backward pass.
    pub fn cold(&self, c: &mut Criterion, family: &str) {
        let x_bar = cotangent(self.problem.program.num_vars());
        let mut group = c.benchmark_group(format!("{family}/cold"));
        for backend in self.backends_that_serve() {
            let layer = layer(&backend);
            group.bench_function(BenchmarkId::new(&backend, &self.size), |bencher| {
                let pass = || layer.forward(&self.problem.program).and_then(|mut solved| solved.backward(&x_bar));
                bencher.iter(pass);
            });
        }
        group.finish();
    }

    /// A change, forward and backward pass, in a session.
    pub fn warm(&self, c: &mut Criterion, family: &str) {
        let x_bar = cotangent(self.problem.program.num_vars());
        let mut group = c.benchmark_group(format!("{family}/warm"));
        for backend in self.backends_that_serve() {
            let Ok(mut session) = layer(&backend).session(self.problem.program.clone()) else { continue };
            let mut step = 0;
            group.bench_function(BenchmarkId::new(&backend, &self.size), |bencher| {
                bencher.iter_batched(
                    || {
                        step += 1;
                        Change::new(&self.problem.program, step)
                    },
                    |change| -> bpqp::Result<_> {
                        session.update(&change.values())?;
                        session.forward()?.backward(&x_bar)
                    },
                    criterion::BatchSize::LargeInput,
                );
            });
        }
        group.finish();
    }

    /// The backends that solve and differentiate this problem, in reasonable time unless large ones were asked for; the
    /// others are told.
    fn backends_that_serve(&self) -> Vec<String> {
        let x_bar = cotangent(self.problem.program.num_vars());
        let serves = |backend: &String| {
            let pass = || layer(backend).forward(&self.problem.program)?.backward(&x_bar).map(drop);
            let outcome = in_time(pass);
            if let Err(reason) = &outcome {
                eprintln!("{}: {backend} left out: {reason}", self.problem.name);
            }
            outcome.is_ok()
        };
        backends().into_iter().filter(serves).collect()
    }
}
