//! The forward solver: who it is, what it can do, and how a session starts.

use bpqp_traits::{BackendInfo, Capabilities, Error, ForwardSolver, ProgramRef, Result, Session, Settings};

use crate::options::Options;
use crate::session::OsqpSession;

/// The name this backend is registered under.
pub(crate) const NAME: &str = "osqp";

/// OSQP, an operator-splitting solver for QPs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct OsqpSolver;

impl ForwardSolver for OsqpSolver {
    fn info(&self) -> BackendInfo {
        BackendInfo::new(NAME, crate::ffi::version())
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities {
            quadratic_objective: true,
            second_order_cones: false,
            duals: true,
            infeasibility_certificates: true,
            warm_start: true,
            update_vectors: true,
            update_matrices: true,
            time_limit: true,
            iteration_limit: true,
            checks_convexity: false,
        }
    }

    fn setup(&self, problem: &ProgramRef<'_>, settings: &Settings) -> Result<Box<dyn Session>> {
        if problem.cones().is_some() {
            return Err(Error::unsupported(NAME, "second-order cones; use clarabel"));
        }
        let options = Options::parse(settings)?;
        Ok(Box::new(OsqpSession::new(problem, options)?))
    }
}
