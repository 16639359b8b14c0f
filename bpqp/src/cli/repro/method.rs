//! The methods that the tables compare.

use std::time::{Duration, Instant};

use super::ball::Constraint;
use super::exact;
use super::problem::{Kind, Problem};
use super::published::{Chosen, Published};
use super::reference::Vectors;
use crate::cli::input::ms;
use crate::{Backend, Layer, Registry, Settings};

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
    Exact(Layers),
    Published(Published, Option<Layer>),
    Layer(Layers),
    /// The paper's equations 18 and 21 at the reference solution.
    Printed,
}

/// One layer for quadratic programs, one for programs with cones, where the build has a solver of these.
struct Layers {
    quadratic: Layer,
    conic: Option<Layer>,
}

impl Layers {
    fn of(&self, kind: Kind) -> Option<&Layer> {
        if kind == Kind::Socp { self.conic.as_ref() } else { Some(&self.quadratic) }
    }
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
    /// The notebooks' measure of error, of the rows that are theirs: see [`Passes`](super::published::Passes).
    pub(super) to_inverse: Option<f64>,
}

impl Outcome {
    fn new(
        (forward_setup, forward): (Duration, Duration),
        (backward_setup, backward): (Duration, Duration),
        (x, gradient): (Vec<f64>, Vectors),
    ) -> Self {
        let [forward_setup, forward, backward_setup, backward] =
            [forward_setup, forward, backward_setup, backward].map(ms);
        Self { forward_setup, forward, backward_setup, backward, x, gradient, to_inverse: None }
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
        let layer = |forward: &str, backward: &str| {
            let layer = Layer::builder().registry(registry.clone()).settings(settings.clone());
            layer.forward(forward).backward(backward).build()
        };
        let cones = |backend: &&Backend| backend.capabilities().second_order_cones;
        let conic = registry.iter().find(cones).map(|backend| backend.info().name.into_owned());
        let layers = |name: &str| -> crate::Result<Layers> {
            let own = registry.get(name).is_ok_and(|backend| cones(&backend)).then(|| name.to_owned());
            let conic = own.as_ref().or(conic.as_ref()).map(|conic| layer(conic, name)).transpose()?;
            Ok(Layers { quadratic: layer(name, name)?, conic })
        };
        let mut missing = Vec::new();
        let names: Vec<String> = if backends.is_empty() {
            BACKENDS.into_iter().filter(|name| registry.get(name).is_ok()).map(String::from).collect()
        } else {
            backends.to_vec()
        };
        let default = registry.names().into_iter().next().unwrap_or_default();
        let mut all = vec![Self { name: "exact".into(), work: Work::Exact(layers(&default)?) }];
        match registry.get("osqp") {
            Ok(osqp) => {
                for (name, chosen) in [("bpqp as published", Chosen::TRAINED), ("bpqp as timed", Chosen::TIMED)] {
                    let work = Work::Published(Published::new(osqp.forward(), chosen), layers(&default)?.conic);
                    all.push(Self { name: name.into(), work });
                }
            }
            Err(_) => {
                missing.push("bpqp as published and as timed: this build is without OSQP (feature `osqp`)".into());
            }
        }
        if conic.is_none() {
            missing.push("SOCP: this build is without a solver of cones (feature `native` or `clarabel`)".into());
        }
        if printed {
            all.push(Self { name: "equations as printed".into(), work: Work::Printed });
        }
        for name in names {
            let suffix = if name == default { " (default)" } else { "" };
            all.push(Self { work: Work::Layer(layers(&name)?), name: format!("{name}{suffix}") });
        }
        Ok((all, missing))
    }

    /// Whether it has what such problems need.
    pub(super) fn applies(&self, kind: Kind) -> bool {
        match &self.work {
            Work::Exact(layers) | Work::Layer(layers) => layers.of(kind).is_some(),
            Work::Published(_, conic) => kind != Kind::Socp || conic.is_some(),
            // The printed equations are those of a QP.
            Work::Printed => kind != Kind::Socp,
        }
    }

    /// Runs both passes.
    ///
    /// # Errors
    /// Why there is no gradient.
    pub(super) fn run(&self, problem: &Problem) -> Result<Outcome, String> {
        let Problem { kind, program, x_bar, reference } = problem;
        let told = |error: crate::Error| error.to_string();
        let forward = |layers: &Layers| {
            let layer = layers.of(*kind).ok_or("no solver of cones")?;
            layer.forward(program).map_err(told)
        };
        match &self.work {
            Work::Exact(layers) => {
                let solved = forward(layers)?;
                if !solved.status().is_solved() {
                    return Err(solved.status().to_string());
                }
                let (x, timing, started) = (solved.x().to_vec(), solved.timing(), Instant::now());
                let gradient = if *kind == Kind::Socp {
                    let multiplier = solved.solution().cone_duals.first().copied().unwrap_or_default();
                    Constraint::at(program, &x, multiplier).backward(x_bar)
                } else {
                    exact::backward(program, &x, solved.duals().inequalities, x_bar)
                };
                let backward = (Duration::ZERO, started.elapsed());
                Ok(Outcome::new((timing.setup, timing.forward), backward, (x, gradient)))
            }
            Work::Published(published, conic) => {
                let passes = match (kind, conic) {
                    (Kind::Socp, Some(layer)) => published.run_over_ball(layer, program, x_bar)?,
                    _ => published.run(program, x_bar)?,
                };
                let outcome = Outcome::new(passes.forward, passes.backward, (passes.x, passes.gradient));
                Ok(Outcome { to_inverse: Some(passes.to_inverse), ..outcome })
            }
            Work::Layer(layers) => {
                let mut solved = forward(layers)?;
                let timing = solved.timing();
                let gradient = solved.backward(x_bar).map_err(told)?;
                let backward = (Duration::ZERO, gradient.elapsed());
                let [q, b, mut h] = [gradient.q(), gradient.b(), gradient.h()].map(<[f64]>::to_vec);
                // Of a ball the radius stands for `h`.
                h.extend(gradient.cone_offsets().first());
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
