//! The forward solver: who it is, what it can do, and how a session starts.

use bpqp_traits::{BackendInfo, Capabilities, Error, ForwardSolver, ProgramRef, Result, Session, Settings};

use crate::engine::Engine;
use crate::options::Options;
use crate::session::GoodLpSession;

/// Version of good_lp, which exports none: a test compares it with the lock file.
pub const VERSION: &str = "1.15.3";

/// One of good_lp's solvers, for linear programs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GoodLpSolver {
    engine: Engine,
}

impl GoodLpSolver {
    /// microlp, a simplex method in Rust, registered as `good-lp-microlp`.
    #[cfg(feature = "microlp")]
    pub fn microlp() -> Self {
        Self { engine: Engine::Microlp }
    }

    /// Clarabel, an interior-point method in Rust, registered as `good-lp-clarabel`.
    #[cfg(feature = "clarabel")]
    pub fn clarabel() -> Self {
        Self { engine: Engine::Clarabel }
    }

    /// HiGHS, in C++, registered as `good-lp-highs`.
    #[cfg(feature = "highs")]
    pub fn highs() -> Self {
        Self { engine: Engine::Highs }
    }
}

impl ForwardSolver for GoodLpSolver {
    fn info(&self) -> BackendInfo {
        BackendInfo::new(self.engine.name(), VERSION)
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities {
            quadratic_objective: false,
            second_order_cones: false,
            duals: true,
            infeasibility_certificates: true,
            warm_start: false,
            update_vectors: true,
            update_matrices: true,
            time_limit: true,
            iteration_limit: self.engine.facts().has_iteration_limit,
            checks_convexity: false,
        }
    }

    fn setup(&self, problem: &ProgramRef<'_>, settings: &Settings) -> Result<Box<dyn Session>> {
        refuse_nonlinear(problem, self.engine)?;
        let options = Options::parse(self.engine, settings)?;
        Ok(Box::new(GoodLpSession::new(problem, self.engine, options)))
    }
}

/// Refuses what is not a linear program.
pub(crate) fn refuse_nonlinear(problem: &ProgramRef<'_>, engine: Engine) -> Result<()> {
    if !problem.is_linear() {
        return Err(Error::unsupported(engine.name(), "a quadratic objective; choose a backend for QPs"));
    }
    match problem.cones() {
        Some(_) => Err(Error::unsupported(engine.name(), "second-order cones")),
        None => Ok(()),
    }
}
