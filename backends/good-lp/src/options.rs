//! From the contract's settings to those of good_lp's solvers.

use std::time::Duration;

use bpqp_traits::{Error, Result, Settings};

use crate::engine::Engine;

/// Checked settings.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Options {
    /// Tolerance on [`KktResiduals`](bpqp_traits::KktResiduals).
    pub(crate) tolerance: f64,
    /// The caller's iteration limit, if any.
    pub(crate) max_iterations: Option<u32>,
    /// The caller's time limit for one solve, auxiliary programs included.
    pub(crate) time_limit: Option<Duration>,
    /// Whether the solver may print.
    pub(crate) verbose: bool,
    /// The solver's own options.
    pub(crate) words: Vec<(&'static str, String)>,
}

impl Options {
    /// Checks `settings`.
    pub(crate) fn parse(engine: Engine, settings: &Settings) -> Result<Self> {
        settings.validate()?;
        let known = engine.facts().options;
        settings.check_options(engine.name(), &known.iter().map(|o| o.0).collect::<Vec<_>>())?;
        if settings.max_iterations.is_some() && !engine.facts().has_iteration_limit {
            return Err(Error::unsupported(engine.name(), "an iteration limit; set a time limit"));
        }
        let mut words = Vec::new();
        for &(name, values) in known {
            let Some(word) = settings.option::<String>(name)? else { continue };
            if !values.contains(&word.as_str()) {
                let reason = format!("'{word}' is not one of {}", values.join(", "));
                return Err(Error::invalid_setting(name, reason));
            }
            words.push((name, word));
        }
        Ok(Self {
            tolerance: settings.tolerance,
            max_iterations: settings.max_iterations,
            time_limit: settings.time_limit,
            verbose: settings.verbose,
            words,
        })
    }
}
