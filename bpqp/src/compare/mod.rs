//! Backends against each other: every problem through every pair of a forward and a backward backend.
//!
//! ```
//! use bpqp::compare::{compare, embedded, every_pair};
//! use bpqp::{Registry, Settings};
//!
//! # fn main() -> bpqp::Result<()> {
//! let pairs = every_pair(&Registry::compiled().quadratic(), |_| Settings::default())?;
//! let comparison = compare(&embedded()?[..1], &pairs, |_, _| ());
//! assert!(comparison.runs.iter().all(|run| run.is_good()));
//! # Ok(())
//! # }
//! ```

mod problems;
mod run;

pub use problems::{Problem, embedded};
pub use run::Run;

use bpqp_traits::vector::max_nan;

use crate::{Backend, CertificateKind, Gradient, Layer, Registry, Result, Settings};

/// One backend for the forward pass, one for the backward pass.
pub struct Pair {
    forward: String,
    backward: String,
    layer: Layer,
}

impl Pair {
    /// The backends named `forward` and `backward` in `registry`.
    ///
    /// # Errors
    /// As [`LayerBuilder::build`](crate::LayerBuilder::build).
    pub fn new(registry: &Registry, forward: &str, backward: &str, settings: Settings) -> Result<Self> {
        let layer = Layer::builder().registry(registry.clone()).forward(forward).backward(backward);
        Ok(Self { forward: forward.into(), backward: backward.into(), layer: layer.settings(settings).build()? })
    }

    /// Name of the forward backend.
    pub fn forward(&self) -> &str {
        &self.forward
    }

    /// Name of the backward backend.
    pub fn backward(&self) -> &str {
        &self.backward
    }

    /// `forward/backward`, or the one name where both are the same.
    pub fn label(&self) -> String {
        label(&self.forward, &self.backward)
    }
}

/// `forward/backward`, or the one name where both are the same.
pub(crate) fn label(forward: &str, backward: &str) -> String {
    if forward == backward { forward.into() } else { format!("{forward}/{backward}") }
}

/// Every usable forward backend with every usable backward one; `settings` are those of the forward backend.
///
/// # Errors
/// As [`Pair::new`].
pub fn every_pair(registry: &Registry, settings: impl Fn(&Backend) -> Settings) -> Result<Vec<Pair>> {
    let registry = registry.clone().usable();
    let backends: Vec<&Backend> = registry.iter().collect();
    let pairs = backends.iter().flat_map(|f| backends.iter().map(move |b| (f, b)));
    pairs.map(|(f, b)| Pair::new(&registry, &f.info().name, &b.info().name, settings(f))).collect()
}

/// What became of every problem with every pair.
#[derive(Clone, Debug, Default)]
pub struct Comparison {
    /// One run per problem and pair, problem by problem.
    pub runs: Vec<Run>,
    /// Labels of the pairs.
    pub pairs: Vec<String>,
    /// Entry `(i, j)`: how pairs `i` and `j` agree (square, symmetric).
    pub agreement: Vec<Vec<Agreement>>,
}

/// How the gradients of two pairs agree, over the problems where both call theirs exact.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Agreement {
    /// The number of such problems.
    pub problems: usize,
    /// The largest [`difference`](Gradient::difference), taken either way.
    pub difference: f64,
}

/// Sends every problem through every pair and differentiates the sum of `x`; `progress` is called before each run.
///
/// What fails becomes part of its [`Run`]. A forward pass that leaves no solution is not repeated for the other backward
/// backends, but told in their runs, too.
pub fn compare(problems: &[Problem], pairs: &[Pair], mut progress: impl FnMut(&Problem, &Pair)) -> Comparison {
    let mut comparison = Comparison {
        pairs: pairs.iter().map(Pair::label).collect(),
        agreement: vec![vec![Agreement::default(); pairs.len()]; pairs.len()],
        ..Comparison::default()
    };
    for problem in problems {
        let first = comparison.runs.len();
        let mut gradients: Vec<Option<Gradient>> = Vec::new();
        for pair in pairs {
            progress(problem, pair);
            let failed = comparison.runs[first..].iter().find(|run| run.forward == pair.forward && !run.has_solution());
            let (run, gradient) = match failed {
                Some(run) => (Run { backward: pair.backward.clone(), ..run.clone() }, None),
                None => Run::measure(problem, pair),
            };
            let reference = gradients.iter().flatten().next().or(gradient.as_ref());
            let gradient_difference = gradient.as_ref().zip(reference).map(|(g, r)| g.difference(r));
            comparison.runs.push(Run { gradient_difference, ..run });
            gradients.push(gradient);
        }
        comparison.agree(&gradients);
    }
    comparison
}

impl Comparison {
    /// Takes one problem's gradients, one per pair, into account.
    fn agree(&mut self, gradients: &[Option<Gradient>]) {
        let is_exact = |g: &&Gradient| g.certificate().kind == CertificateKind::Exact;
        let exact: Vec<Option<&Gradient>> = gradients.iter().map(|g| g.as_ref().filter(is_exact)).collect();
        for (row, g) in self.agreement.iter_mut().zip(&exact) {
            for (agreement, r) in row.iter_mut().zip(&exact) {
                if let (Some(g), Some(r)) = (g, r) {
                    agreement.problems += 1;
                    agreement.difference = max_nan(max_nan(g.difference(r), r.difference(g)), agreement.difference);
                }
            }
        }
    }

    /// The largest difference between two exact gradients of the same problem, if any problem has two.
    pub fn largest_difference(&self) -> Option<f64> {
        let between = |(i, row): (usize, &Vec<Agreement>)| row[..i].to_vec();
        let all = self.agreement.iter().enumerate().flat_map(between).filter(|a| a.problems > 0);
        all.map(|a| a.difference).reduce(max_nan)
    }
}
