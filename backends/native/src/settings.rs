//! The solver's options, by name.

use std::time::Duration;

use bpqp_traits::{Error, Result, Settings};

use crate::NAME;

/// The option names that [`Options::parse`] knows.
const KNOWN: [&str; 11] = [
    "method",
    "structure",
    "rho",
    "sigma",
    "alpha",
    "scaling",
    "adaptive_rho",
    "polish",
    "check_interval",
    "infeasibility_tolerance",
    "adaptive_rho_interval",
];

/// Without an iteration limit of the caller's, this many.
const MAX_ITERATIONS: u64 = 200_000;

/// Which forward method solves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Method {
    /// The active-set method where it fits; where it does not or gives up, the interior-point method, then ADMM.
    Auto,
    ActiveSet,
    InteriorPoint,
    Admm,
}

/// Which linear algebra the active-set method uses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Structure {
    /// By size and density.
    Auto,
    Dense,
    Sparse,
}

const METHODS: [(&str, Method); 4] = [
    ("auto", Method::Auto),
    ("active-set", Method::ActiveSet),
    ("interior-point", Method::InteriorPoint),
    ("admm", Method::Admm),
];

const STRUCTURES: [(&str, Structure); 3] =
    [("auto", Structure::Auto), ("dense", Structure::Dense), ("sparse", Structure::Sparse)];

/// The value of the option `name` among those that `choices` names; the first without the option.
fn choose<T: Copy>(settings: &Settings, name: &str, choices: &[(&str, T)]) -> Result<T> {
    let wanted = settings.options.get(name).map_or(choices[0].0, String::as_str);
    choices.iter().find(|(known, _)| *known == wanted).map(|&(_, choice)| choice).ok_or_else(|| {
        let names: Vec<&str> = choices.iter().map(|&(known, _)| known).collect();
        Error::invalid_setting(name, format!("must be one of {}", names.join(", ")))
    })
}

/// What the caller asked for, with defaults filled in.
#[derive(Clone, Debug)]
pub(crate) struct Options {
    pub(crate) method: Method,
    pub(crate) structure: Structure,
    pub(crate) tolerance: f64,
    pub(crate) max_iterations: u64,
    pub(crate) time_limit: Option<Duration>,
    pub(crate) verbose: bool,
    /// Initial step size ρ.
    pub(crate) rho: f64,
    /// Proximal weight σ.
    pub(crate) sigma: f64,
    /// Over-relaxation α.
    pub(crate) alpha: f64,
    /// Ruiz passes.
    pub(crate) scaling: u32,
    pub(crate) adaptive_rho: bool,
    pub(crate) adaptive_rho_interval: u64,
    pub(crate) polish: bool,
    pub(crate) check_interval: u64,
    /// Largest violation of a ray that counts as a certificate.
    pub(crate) infeasibility_tolerance: f64,
}

impl Options {
    /// Reads the settings.
    ///
    /// # Errors
    /// [`Error::InvalidSetting`] for an unknown option or a value out of range.
    pub(crate) fn parse(settings: &Settings) -> Result<Self> {
        settings.validate()?;
        settings.check_options(NAME, &KNOWN)?;
        let real = |name: &str, default: f64, range: std::ops::Range<f64>| -> Result<f64> {
            let value = settings.option(name)?.unwrap_or(default);
            if value > 0.0 && range.contains(&value) {
                return Ok(value);
            }
            Err(Error::invalid_setting(name, format!("must be positive, from {} to {}", range.start, range.end)))
        };
        let count = |name: &str, default: u64| -> Result<u64> {
            match settings.option(name)?.unwrap_or(default) {
                0 => Err(Error::invalid_setting(name, "must be at least 1")),
                value => Ok(value),
            }
        };
        Ok(Self {
            method: choose(settings, "method", &METHODS)?,
            structure: choose(settings, "structure", &STRUCTURES)?,
            tolerance: settings.tolerance,
            max_iterations: settings.max_iterations.map_or(MAX_ITERATIONS, u64::from),
            time_limit: settings.time_limit,
            verbose: settings.verbose,
            rho: real("rho", 0.1, 1e-6..1e6)?,
            sigma: real("sigma", 1e-6, 1e-12..1e3)?,
            alpha: real("alpha", 1.6, 0.1..2.0)?,
            scaling: settings.option("scaling")?.unwrap_or(10),
            adaptive_rho: settings.option("adaptive_rho")?.unwrap_or(true),
            adaptive_rho_interval: count("adaptive_rho_interval", 50)?,
            polish: settings.option("polish")?.unwrap_or(true),
            check_interval: count("check_interval", 25)?,
            infeasibility_tolerance: real("infeasibility_tolerance", 1e-9, 0.0..1e-2)?,
        })
    }
}
