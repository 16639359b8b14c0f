//! The methods that the tables compare.

use std::time::{Duration, Instant};

use super::exact;
use super::problem::Problem;
use super::published::Published;
use super::reference::Vectors;
use crate::cli::input::ms;
use crate::{Layer, Registry, Settings};

/// Backends that the tables take by default, where the build has them.
const BACKENDS: [&str; 3] = ["native", "clarabel", "osqp"];

/// Tolerance of the backends; what they leave is mended before a gradient is taken.
const TOLERANCE: f64 = 1e-8;

/// One row of a table.
pub(super) struct Method {
    pub(super) name: String,
    work: Work,
}

enum Work {
    /// The solver of the layer forward, the inverse of the whole KKT matrix backward.
    Exact(Layer),
    Published(Published),
    Layer(Layer),
    /// The paper's equations 18 and 21 at the reference solution.
    Printed,
}

/// What one method made of one problem: milliseconds, and the gradient.
#[derive(Clone, Debug)]
pub(super) struct Outcome {
    pub(super) forward_setup: f64,
    pub(super) forward: f64,
    pub(super) backward_setup: f64,
    pub(super) backward: f64,
    /// Where the gradient was taken.
    pub(super) x: Vec<f64>,
    pub(super) gradient: Vectors,
}

impl Outcome {
    fn new(
        (forward_setup, forward): (Duration, Duration),
        (backward_setup, backward): (Duration, Duration),
        (x, gradient): (Vec<f64>, Vectors),
    ) -> Self {
        let [forward_setup, forward, backward_setup, backward] =
            [forward_setup, forward, backward_setup, backward].map(ms);
        Self { forward_setup, forward, backward_setup, backward, x, gradient }
    }
}

impl Method {
    /// Baseline, paper and backends, as far as `registry` has what they need; with the equations as printed where these
    /// are wanted. The second part is what is missing.
    ///
    /// # Errors
    /// [`UnknownBackend`](crate::Error::UnknownBackend) for a name that was asked for.
    pub(super) fn all(
        registry: &Registry,
        backends: &[String],
        printed: bool,
    ) -> crate::Result<(Vec<Self>, Vec<String>)> {
        let settings = Settings::with_tolerance(TOLERANCE);
        let layer = |name: &str| {
            Layer::builder().registry(registry.clone()).settings(settings.clone()).forward(name).backward(name).build()
        };
        let mut missing = Vec::new();
        let names: Vec<String> = if backends.is_empty() {
            BACKENDS.into_iter().filter(|name| registry.get(name).is_ok()).map(String::from).collect()
        } else {
            backends.to_vec()
        };
        let default = Layer::builder().registry(registry.clone()).settings(settings.clone()).build()?;
        let default_name = registry.names().into_iter().next().unwrap_or_default();
        let mut all = vec![Self { name: "exact".into(), work: Work::Exact(default) }];
        match registry.get("osqp") {
            Ok(osqp) => all
                .push(Self { name: "bpqp as published".into(), work: Work::Published(Published::new(osqp.forward())) }),
            Err(_) => missing.push("bpqp as published: this build is without OSQP (feature `osqp`)".into()),
        }
        if printed {
            all.push(Self { name: "equations as printed".into(), work: Work::Printed });
        }
        for name in names {
            let suffix = if name == default_name { " (default)" } else { "" };
            all.push(Self { work: Work::Layer(layer(&name)?), name: format!("{name}{suffix}") });
        }
        Ok((all, missing))
    }

    /// Runs both passes.
    ///
    /// # Errors
    /// Why there is no gradient.
    pub(super) fn run(&self, problem: &Problem) -> Result<Outcome, String> {
        let Problem { program, x_bar, reference } = problem;
        let told = |error: crate::Error| error.to_string();
        match &self.work {
            Work::Exact(layer) => {
                let solved = layer.forward(program).map_err(told)?;
                if !solved.status().is_solved() {
                    return Err(solved.status().to_string());
                }
                let started = Instant::now();
                let gradient = exact::backward(program, solved.x(), solved.duals(), x_bar);
                let backward = (Duration::ZERO, started.elapsed());
                Ok(Outcome::new(
                    (solved.timing().setup, solved.timing().forward),
                    backward,
                    (solved.x().to_vec(), gradient),
                ))
            }
            Work::Published(published) => {
                let passes = published.run(program, x_bar)?;
                Ok(Outcome::new(passes.forward, passes.backward, (passes.x, passes.gradient)))
            }
            Work::Layer(layer) => {
                let mut solved = layer.forward(program).map_err(told)?;
                let timing = solved.timing();
                let gradient = solved.backward(x_bar).map_err(told)?;
                let backward = (Duration::ZERO, gradient.elapsed());
                let [q, b, h] = [gradient.q(), gradient.b(), gradient.h()].map(<[f64]>::to_vec);
                let result = (solved.x().to_vec(), Vectors { q, b, h });
                Ok(Outcome::new((timing.setup, timing.forward), backward, result))
            }
            Work::Printed => {
                let mut gradient = reference.gradient.clone();
                gradient.b.iter_mut().for_each(|b| *b = -*b);
                gradient.h.iter_mut().zip(&reference.lambda).for_each(|(h, lambda)| *h *= lambda);
                let nothing = (Duration::ZERO, Duration::ZERO);
                Ok(Outcome::new(nothing, nothing, (reference.x.clone(), gradient)))
            }
        }
    }
}
