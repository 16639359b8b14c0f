//! What a caller may ask of any solver.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::{Error, Result};

/// What a caller may ask of any solver. A backend refuses what it cannot honor.
#[derive(Clone, Debug, PartialEq)]
pub struct Settings {
    /// Relative tolerance on primal residual, dual residual and duality gap, as [`KktResiduals`](crate::KktResiduals)
    /// measures them. Default 1e-8.
    pub tolerance: f64,
    /// Iteration limit; `None` leaves the backend's own.
    pub max_iterations: Option<u32>,
    /// Time limit for one solve; `None` is no limit.
    pub time_limit: Option<Duration>,
    /// Whether the solver may print to standard output. Default false.
    pub verbose: bool,
    /// Options of one backend by their own names (`rho`, `alpha`, …); an unknown name is an error.
    pub options: BTreeMap<String, String>,
}

impl Default for Settings {
    fn default() -> Self {
        Self { tolerance: 1e-8, max_iterations: None, time_limit: None, verbose: false, options: BTreeMap::new() }
    }
}

impl Settings {
    /// Default settings with another tolerance.
    pub fn with_tolerance(tolerance: f64) -> Self {
        Self { tolerance, ..Self::default() }
    }

    /// Checks the ranges that all backends share.
    ///
    /// # Errors
    /// [`Error::InvalidSetting`] for a tolerance outside `(0, 1)` or an iteration limit of zero.
    pub fn validate(&self) -> Result<()> {
        if !(self.tolerance > 0.0 && self.tolerance < 1.0) {
            return Err(Error::invalid_setting("tolerance", format!("must lie in (0, 1), is {}", self.tolerance)));
        }
        if self.max_iterations == Some(0) {
            return Err(Error::invalid_setting("max_iterations", "must be at least 1"));
        }
        Ok(())
    }

    /// Refuses every option whose name is not in `known`.
    ///
    /// # Errors
    /// [`Error::InvalidSetting`] naming the option and what is known.
    pub fn check_options(&self, backend: &str, known: &[&str]) -> Result<()> {
        match self.options.keys().find(|name| !known.contains(&name.as_str())) {
            Some(name) if known.is_empty() => Err(Error::invalid_setting(name, format!("{backend} has no options"))),
            Some(name) => Err(Error::invalid_setting(name, format!("{backend} knows {}", known.join(", ")))),
            None => Ok(()),
        }
    }

    /// The option `name` parsed as `T`, if it was given.
    ///
    /// # Errors
    /// [`Error::InvalidSetting`] when its text is not a `T`.
    pub fn option<T: std::str::FromStr>(&self, name: &str) -> Result<Option<T>> {
        let Some(text) = self.options.get(name) else { return Ok(None) };
        let parsed = text
            .parse()
            .map_err(|_| Error::invalid_setting(name, format!("'{text}' is not a {}", std::any::type_name::<T>())))?;
        Ok(Some(parsed))
    }
}
