//! From the contract's settings to Clarabel's.

use std::time::Duration;

use bpqp_traits::{Error, Result, Settings};
use clarabel::solver::DefaultSettings;

use crate::solver::NAME;

const KNOWN: [&str; 5] = [
    "max_step_fraction",
    "equilibrate_enable",
    "equilibrate_max_iter",
    "static_regularization_constant",
    "iterative_refinement_max_iter",
];

/// Checked settings.
#[derive(Clone, Debug)]
pub(crate) struct Options {
    /// Tolerance on [`KktResiduals`](bpqp_traits::KktResiduals).
    pub(crate) tolerance: f64,
    /// The caller's iteration limit, if any.
    pub(crate) max_iterations: Option<u32>,
    /// The caller's time limit, if any.
    pub(crate) time_limit: Option<Duration>,
    base: DefaultSettings<f64>,
}

impl Options {
    /// Checks `settings` and translates what does not change between solves.
    pub(crate) fn parse(settings: &Settings) -> Result<Self> {
        settings.validate()?;
        settings.check_options(NAME, &KNOWN)?;
        let mut base = DefaultSettings::<f64> {
            verbose: settings.verbose,
            // Data updates are refused after a presolve.
            presolve_enable: false,
            input_sparse_dropzeros: false,
            ..Default::default()
        };
        if let Some(limit) = settings.max_iterations {
            base.max_iter = limit;
        }
        if let Some(v) = settings.option::<f64>("max_step_fraction")? {
            check("max_step_fraction", v > 0.0 && v < 1.0, "must lie in (0, 1)")?;
            base.max_step_fraction = v;
        }
        if let Some(v) = settings.option::<f64>("static_regularization_constant")? {
            check("static_regularization_constant", v > 0.0 && v.is_finite(), "must be positive and finite")?;
            base.static_regularization_constant = v;
        }
        if let Some(v) = settings.option("equilibrate_enable")? {
            base.equilibrate_enable = v;
        }
        if let Some(v) = settings.option("equilibrate_max_iter")? {
            base.equilibrate_max_iter = v;
        }
        if let Some(v) = settings.option("iterative_refinement_max_iter")? {
            base.iterative_refinement_max_iter = v;
        }
        Ok(Self {
            tolerance: settings.tolerance,
            max_iterations: settings.max_iterations,
            time_limit: settings.time_limit,
            base,
        })
    }

    /// Clarabel's settings for one run at `accuracy` (feasibility and gap) within `time` (`None`: no limit).
    pub(crate) fn clarabel(&self, accuracy: Accuracy, time: Option<Duration>) -> DefaultSettings<f64> {
        DefaultSettings {
            tol_gap_abs: accuracy.residual,
            tol_gap_rel: accuracy.residual,
            tol_feas: accuracy.residual,
            tol_infeas_abs: accuracy.infeasibility,
            tol_infeas_rel: accuracy.infeasibility,
            // No reduced accuracy: a limit that came first stays a limit, and the rest is judged by our residuals.
            reduced_tol_gap_abs: accuracy.residual,
            reduced_tol_gap_rel: accuracy.residual,
            reduced_tol_feas: accuracy.residual,
            reduced_tol_infeas_abs: accuracy.infeasibility,
            reduced_tol_infeas_rel: accuracy.infeasibility,
            time_limit: time.map_or(f64::INFINITY, |t| t.as_secs_f64()),
            ..self.base.clone()
        }
    }
}

/// The accuracy that Clarabel is asked for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Accuracy {
    /// Of residuals and gap, in Clarabel's measure.
    pub(crate) residual: f64,
    /// Of infeasibility certificates, in Clarabel's measure.
    pub(crate) infeasibility: f64,
}

impl Accuracy {
    /// One digit more than asked for: Clarabel divides by the Euclidean norms of x, z and b, the contract by less.
    pub(crate) fn first(tolerance: f64) -> Self {
        Self { residual: 0.1 * tolerance, infeasibility: 1e-9 }
    }

    /// For a second try, where the answer at the first accuracy did not stand the test.
    pub(crate) fn tighter(self) -> Self {
        Self { residual: (0.01 * self.residual).max(1e-15), infeasibility: (0.01 * self.infeasibility).max(1e-15) }
    }
}

fn check(name: &str, ok: bool, reason: &str) -> Result<()> {
    if ok { Ok(()) } else { Err(Error::invalid_setting(name, reason)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(name: &str, value: &str) -> Settings {
        Settings { options: [(name.to_owned(), value.to_owned())].into(), ..Settings::default() }
    }

    #[test]
    fn options_reach_clarabel() {
        let accuracy = Accuracy::first(1e-8);
        let set = |name, value| Options::parse(&with(name, value)).unwrap().clarabel(accuracy, None);
        assert_eq!(set("max_step_fraction", "0.9").max_step_fraction, 0.9);
        assert!(!set("equilibrate_enable", "false").equilibrate_enable);
        assert_eq!(set("equilibrate_max_iter", "3").equilibrate_max_iter, 3);
        assert_eq!(set("static_regularization_constant", "1e-9").static_regularization_constant, 1e-9);
        assert_eq!(set("iterative_refinement_max_iter", "5").iterative_refinement_max_iter, 5);
        assert_eq!(set("max_step_fraction", "0.9").tol_feas, 1e-9);
    }

    #[test]
    fn bad_options_are_refused_by_name() {
        for (name, value) in [
            ("max_step_fraction", "1"),
            ("max_step_fraction", "fast"),
            ("max_step_fraction", "NaN"),
            ("static_regularization_constant", "-1"),
            ("equilibrate_max_iter", "-1"),
            ("rho", "0.1"),
        ] {
            let error = Options::parse(&with(name, value)).unwrap_err();
            assert!(matches!(error, Error::InvalidSetting { name: ref n, .. } if n == name), "{error}");
        }
    }
}
