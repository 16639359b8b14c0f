//! What the suite asks of a backend.

use std::collections::BTreeMap;

use bpqp_traits::Settings;

/// What the suite asks of a backend. Start from [`Config::default`] and change what the backend's method cannot reach.
#[derive(Clone, Debug, PartialEq)]
pub struct Config {
    /// Names of exactly those cases that the backend's declared capabilities exclude, in any order.
    pub expected_skips: &'static [&'static str],
    /// Tolerance asked of each forward solve and found again in the recomputed residuals. Default 1e-9.
    pub tolerance: f64,
    /// Largest error of primal and dual values on well-conditioned problems, relative to `1 + ‖expected‖∞`. Default 1e-6.
    pub accuracy: f64,
    /// Largest violation of an infeasibility certificate. Default 1e-6.
    pub certificate_accuracy: f64,
    /// Tolerance asked of the solves that central differences are taken of. Default 1e-10.
    pub gradient_tolerance: f64,
    /// Largest error of a block of gradients, relative to its largest entry. Default 1e-5.
    pub gradient_accuracy: f64,
    /// Step of the central differences, relative to `max(1, |θ|)`. Default 1e-6.
    pub difference_step: f64,
    /// Largest residual and error of an adjoint solve on well-conditioned problems. Default 1e-9.
    pub adjoint_accuracy: f64,
    /// Whether the backward solver chooses the solution of least norm where there are many, which not every method does:
    /// see [`BackwardQpSolver`](bpqp_traits::BackwardQpSolver). Default true.
    pub least_norm: bool,
    /// Cases that came after this version of the suite are not run. Default [`SUITE_VERSION`](crate::SUITE_VERSION): all are.
    pub suite_version: u32,
    /// The backend's own options, given to every solve.
    pub options: BTreeMap<String, String>,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            expected_skips: &[],
            tolerance: 1e-9,
            accuracy: 1e-6,
            certificate_accuracy: 1e-6,
            gradient_tolerance: 1e-10,
            gradient_accuracy: 1e-5,
            difference_step: 1e-6,
            adjoint_accuracy: 1e-9,
            least_norm: true,
            suite_version: crate::SUITE_VERSION,
            options: BTreeMap::new(),
        }
    }
}

impl Config {
    /// Default settings of one forward solve at [`tolerance`](Self::tolerance).
    pub fn settings(&self) -> Settings {
        Settings { options: self.options.clone(), ..Settings::with_tolerance(self.tolerance) }
    }

    /// Largest error of values that lie on a curved boundary, relative to `1 + ‖expected‖∞`. Near a smooth extremum a gap of
    /// `ε` leaves room for an error of `√(2ε/κ)`; ten times `√ε` allows for curvatures `κ` down to 0.02.
    pub(crate) fn curved_accuracy(&self) -> f64 {
        self.accuracy.max(10.0 * self.tolerance.sqrt())
    }
}
