//! The solver as the registry sees it.

use bpqp_traits::{BackendInfo, Capabilities, ForwardSolver, ProgramRef, Result, Session, Settings};

use crate::conic::ConicSession;
use crate::session::NativeSession;
use crate::settings::Options;
use crate::{NAME, VERSION};

/// BPQP's own QP solver: active-set methods, dense on one Cholesky factorization of `P` or sparse on the reduced KKT
/// matrix; where they do not fit or give up, an interior-point method that ends on an active set; and behind it the
/// alternating direction method of multipliers (OSQP's splitting) with a polish that solves the final active set exactly.
///
/// The option `method` is `auto` (the default), `active-set`, `interior-point` or `admm`; `structure` is `auto`, `dense`
/// or `sparse`. Those of ADMM are `rho`, `sigma`, `alpha`,
/// `scaling` (passes), `adaptive_rho`, `adaptive_rho_interval`, `polish`, `check_interval`. All heed
/// `infeasibility_tolerance`.
#[derive(Clone, Copy, Debug, Default)]
pub struct NativeSolver;

impl ForwardSolver for NativeSolver {
    fn info(&self) -> BackendInfo {
        BackendInfo::new(NAME, VERSION)
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities {
            quadratic_objective: true,
            second_order_cones: true,
            duals: true,
            infeasibility_certificates: true,
            warm_start: true,
            update_vectors: true,
            update_matrices: true,
            time_limit: true,
            iteration_limit: true,
            checks_convexity: true,
        }
    }

    fn setup(&self, problem: &ProgramRef<'_>, settings: &Settings) -> Result<Box<dyn Session>> {
        if problem.cones().is_some() {
            return Ok(Box::new(ConicSession::new(problem, Options::parse(settings)?)?));
        }
        Ok(Box::new(NativeSession::new(problem, Options::parse(settings)?)?))
    }
}
