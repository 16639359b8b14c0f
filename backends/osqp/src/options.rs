//! From the contract's settings to OSQP's.

use std::time::Duration;

use bpqp_traits::{Error, Result, Settings};

use crate::budget::Budget;
use crate::ffi::{Int, RawSettings, default_settings};
use crate::solver::NAME;

const KNOWN: [&str; 14] = [
    "rho",
    "sigma",
    "alpha",
    "adaptive_rho",
    "adaptive_rho_interval",
    "adaptive_rho_tolerance",
    "check_termination",
    "scaling",
    "polishing",
    "polish_refine_iter",
    "delta",
    "max_iter",
    "check_dualgap",
    "verify",
];

/// Iteration limit where the caller names none: OSQP's 4000 end too early for tolerances that gradients need.
const MAX_ITER: u32 = 200_000;

/// Checked settings.
#[derive(Clone, Debug)]
pub(crate) struct Options {
    /// Tolerance on [`KktResiduals`](bpqp_traits::KktResiduals).
    pub(crate) tolerance: f64,
    /// Iteration limit of one solve.
    pub(crate) max_iterations: u32,
    /// Whether the caller set the iteration limit.
    pub(crate) iterations_limited: bool,
    /// The caller's time limit, if any.
    pub(crate) time_limit: Option<Duration>,
    /// Whether to polish.
    pub(crate) polishing: bool,
    /// Whether answers are judged by the data, and improved where they do not hold; else OSQP's word is taken.
    pub(crate) verify: bool,
    verbose: bool,
    numbers: Numbers,
}

/// Options that go to OSQP as they are.
#[derive(Clone, Debug)]
struct Numbers {
    rho: f64,
    sigma: f64,
    alpha: f64,
    adaptive_rho: bool,
    adaptive_rho_interval: u32,
    adaptive_rho_tolerance: f64,
    check_termination: u32,
    scaling: u32,
    polish_refine_iter: u32,
    delta: f64,
    check_dualgap: bool,
}

/// One run of OSQP within a solve.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Run {
    /// The accuracy it is asked for.
    pub(crate) accuracy: Accuracy,
    /// Whether it takes one step from a converged iterate, and polishes.
    pub(crate) polish: bool,
}

impl Options {
    /// Checks `settings`: OSQP would print its complaints.
    pub(crate) fn parse(settings: &Settings) -> Result<Self> {
        settings.validate()?;
        settings.check_options(NAME, &KNOWN)?;
        let number = |name: &str, default: f64, valid: fn(f64) -> bool, range: &str| {
            let v = settings.option(name)?.unwrap_or(default);
            if valid(v) && f64::is_finite(v) { Ok(v) } else { Err(Error::invalid_setting(name, range)) }
        };
        let integer = |name: &str, default: u32, min: u32| {
            let v = settings.option(name)?.unwrap_or(default);
            if v >= min { Ok(v) } else { Err(Error::invalid_setting(name, format!("must be at least {min}"))) }
        };
        let positive: fn(f64) -> bool = |v| v > 0.0;
        let numbers = Numbers {
            rho: number("rho", 0.1, positive, "must be positive")?,
            sigma: number("sigma", 1e-6, positive, "must be positive")?,
            alpha: number("alpha", 1.6, |v| v > 0.0 && v < 2.0, "must lie in (0, 2)")?,
            adaptive_rho: settings.option("adaptive_rho")?.unwrap_or(true),
            adaptive_rho_interval: integer("adaptive_rho_interval", 50, 1)?,
            adaptive_rho_tolerance: number("adaptive_rho_tolerance", 5.0, |v| v >= 1.0, "must be at least 1")?,
            check_termination: integer("check_termination", 25, 1)?,
            scaling: integer("scaling", 10, 0)?,
            polish_refine_iter: integer("polish_refine_iter", 10, 0)?,
            delta: number("delta", 1e-6, positive, "must be positive")?,
            check_dualgap: settings.option("check_dualgap")?.unwrap_or(true),
        };
        let max_iter = integer("max_iter", MAX_ITER, 1)?;
        let verify = settings.option("verify")?.unwrap_or(true);
        Ok(Self {
            tolerance: settings.tolerance,
            max_iterations: settings.max_iterations.unwrap_or(max_iter),
            iterations_limited: settings.max_iterations.is_some() || settings.options.contains_key("max_iter"),
            time_limit: settings.time_limit,
            polishing: settings.option("polishing")?.unwrap_or(verify),
            verify,
            verbose: settings.verbose,
            numbers,
        })
    }

    /// The accuracy that a solve starts with.
    pub(crate) fn accuracy(&self) -> Accuracy {
        if self.verify { Accuracy::first(self.tolerance) } else { Accuracy::plain(self.tolerance) }
    }

    /// OSQP's settings for one run within `budget`, to which OSQP adds `setup_seconds`.
    pub(crate) fn raw(&self, run: Run, budget: &Budget, setup_seconds: f64) -> RawSettings {
        let mut raw = default_settings();
        let numbers = &self.numbers;
        raw.verbose = self.verbose.into();
        raw.rho = numbers.rho;
        raw.sigma = numbers.sigma;
        raw.alpha = numbers.alpha;
        // By iterations (1), never by time: runs must repeat.
        raw.adaptive_rho = numbers.adaptive_rho.into();
        raw.adaptive_rho_interval = numbers.adaptive_rho_interval.into();
        raw.adaptive_rho_tolerance = numbers.adaptive_rho_tolerance;
        raw.scaling = numbers.scaling.into();
        raw.polish_refine_iter = numbers.polish_refine_iter.into();
        raw.delta = numbers.delta;
        raw.polishing = run.polish.into();
        raw.check_termination = if run.polish && self.verify { 1 } else { numbers.check_termination.into() };
        raw.eps_abs = run.accuracy.residual;
        raw.eps_rel = run.accuracy.residual;
        raw.eps_prim_inf = run.accuracy.infeasibility;
        raw.eps_dual_inf = run.accuracy.infeasibility;
        raw.scaled_termination = 0;
        raw.check_dualgap = numbers.check_dualgap.into();
        raw.warm_starting = 1;
        raw.max_iter = Int::from(budget.iterations().max(1));
        if let Some(seconds) = budget.seconds() {
            // OSQP refuses zero.
            raw.time_limit = (seconds + setup_seconds).max(1e-9);
        }
        raw
    }
}

/// The accuracy that OSQP is asked for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Accuracy {
    /// Of residuals and gap.
    pub(crate) residual: f64,
    /// Of infeasibility certificates.
    pub(crate) infeasibility: f64,
}

impl Accuracy {
    /// Loose, since polishing then often gives the exact solution; tight for certificates, since a loose one lies.
    pub(crate) fn first(tolerance: f64) -> Self {
        Self { residual: (0.1 * tolerance).max(1e-5), infeasibility: 1e-9 }
    }

    /// The tolerance alone, as a caller of OSQP would give it.
    pub(crate) fn plain(tolerance: f64) -> Self {
        Self { residual: tolerance, infeasibility: tolerance }
    }

    /// Two digits more for the points, or `None` where OSQP cannot be expected to give more.
    pub(crate) fn tighter_residual(self, tolerance: f64) -> Option<Self> {
        let last = (1e-3 * tolerance).max(1e-14);
        (self.residual > last).then(|| Self { residual: (0.01 * self.residual).max(last), ..self })
    }

    /// Two digits more for the certificates, or `None`.
    pub(crate) fn tighter_infeasibility(self) -> Option<Self> {
        (self.infeasibility > 1e-14).then_some(Self { infeasibility: 0.01 * self.infeasibility, ..self })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(name: &str, value: &str) -> Settings {
        Settings { options: [(name.to_owned(), value.to_owned())].into(), ..Settings::default() }
    }

    #[test]
    fn options_reach_osqp() {
        let run = Run { accuracy: Accuracy::first(1e-8), polish: false };
        let raw = |name, value| {
            let options = Options::parse(&with(name, value)).unwrap();
            options.raw(run, &Budget::new(options.max_iterations, None), 0.0)
        };
        assert_eq!(raw("rho", "0.5").rho, 0.5);
        assert_eq!(raw("sigma", "1e-7").sigma, 1e-7);
        assert_eq!(raw("alpha", "1.2").alpha, 1.2);
        assert_eq!(raw("adaptive_rho", "false").adaptive_rho, 0);
        assert_eq!(raw("adaptive_rho_interval", "20").adaptive_rho_interval, 20);
        assert_eq!(raw("adaptive_rho_tolerance", "2").adaptive_rho_tolerance, 2.0);
        assert_eq!(raw("check_termination", "5").check_termination, 5);
        assert_eq!(raw("scaling", "0").scaling, 0);
        assert_eq!(raw("polish_refine_iter", "2").polish_refine_iter, 2);
        assert_eq!(raw("delta", "1e-7").delta, 1e-7);
        assert_eq!(raw("max_iter", "7").max_iter, 7);
        assert_eq!(raw("check_dualgap", "false").check_dualgap, 0);
        assert!(!Options::parse(&with("polishing", "false")).unwrap().polishing);
    }

    #[test]
    fn unverified_runs_ask_for_the_tolerance_itself_and_do_not_polish() {
        let options = Options::parse(&Settings { tolerance: 1e-5, ..with("verify", "false") }).unwrap();
        assert!(!options.polishing);
        assert_eq!(options.accuracy(), Accuracy { residual: 1e-5, infeasibility: 1e-5 });
    }

    #[test]
    fn bad_options_are_refused_by_name() {
        for (name, value) in [
            ("rho", "0"),
            ("rho", "inf"),
            ("alpha", "2"),
            ("alpha", "NaN"),
            ("adaptive_rho", "maybe"),
            ("adaptive_rho_interval", "0"),
            ("scaling", "-1"),
            ("max_iter", "0"),
            ("verify", "perhaps"),
            ("max_step_fraction", "0.9"),
        ] {
            let error = Options::parse(&with(name, value)).unwrap_err();
            assert!(matches!(error, Error::InvalidSetting { name: ref n, .. } if n == name), "{error}");
        }
    }
}
