//! The forward solver: who it is, what it can do, and how a session starts.

use bpqp_traits::{BackendInfo, Capabilities, ForwardSolver, ProgramRef, Result, Session, Settings};

use crate::options::Options;
use crate::session::ClarabelSession;

/// The name this backend is registered under.
pub(crate) const NAME: &str = "clarabel";

/// Version of the Clarabel library, which exports none: a test compares it with what its log says.
pub const VERSION: &str = "0.11.1";

/// Clarabel, an interior-point solver for QPs with second-order cones.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ClarabelSolver;

impl ForwardSolver for ClarabelSolver {
    fn info(&self) -> BackendInfo {
        BackendInfo::new(NAME, VERSION)
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities {
            quadratic_objective: true,
            second_order_cones: true,
            duals: true,
            infeasibility_certificates: true,
            warm_start: false,
            update_vectors: true,
            update_matrices: true,
            time_limit: true,
            iteration_limit: true,
            checks_convexity: false,
        }
    }

    fn setup(&self, problem: &ProgramRef<'_>, settings: &Settings) -> Result<Box<dyn Session>> {
        let options = Options::parse(settings)?;
        Ok(Box::new(ClarabelSession::new(problem, options)?))
    }
}
