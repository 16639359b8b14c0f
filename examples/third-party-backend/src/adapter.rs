//! The adapter: all that BPQP needs in order to use the solver of `algorithm.rs`, forward and backward.

use bpqp_traits::claims::{Claim, judge};
use bpqp_traits::{
    BackendInfo, Capabilities, Error, ForwardSolver, ProgramBuf, ProgramRef, ProgramUpdate, Result, Reuse, Session,
    Settings, Solution, Status,
};

use crate::algorithm::{Answer, DualActiveSet};

const NAME: &str = "dual-active-set";

/// A dense dual active-set method: exact on small problems, slow on large ones.
#[derive(Clone, Copy, Debug, Default)]
pub struct MySolver;

struct MySession {
    program: ProgramBuf,
    settings: Settings,
    solver: DualActiveSet,
}

impl ForwardSolver for MySolver {
    fn info(&self) -> BackendInfo {
        BackendInfo::new(NAME, env!("CARGO_PKG_VERSION"))
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities {
            quadratic_objective: true,
            duals: true,
            infeasibility_certificates: true,
            update_vectors: true,
            update_matrices: true,
            iteration_limit: true,
            checks_convexity: true,
            ..Capabilities::default() // no cones, no warm start, no time limit
        }
    }

    fn setup(&self, problem: &ProgramRef<'_>, settings: &Settings) -> Result<Box<dyn Session>> {
        if problem.cones().is_some() {
            return Err(Error::unsupported(NAME, "second-order cones; use clarabel"));
        }
        settings.validate()?;
        settings.check_options(NAME, &[])?;
        if settings.time_limit.is_some() {
            return Err(Error::unsupported(NAME, "time limits; set max_iterations"));
        }
        let solver = DualActiveSet::new(problem)?;
        Ok(Box::new(MySession { program: problem.into(), settings: settings.clone(), solver }))
    }
}

impl Session for MySession {
    fn solve(&mut self, out: &mut Solution) -> Result<Status> {
        let program = self.program.as_ref();
        let Settings { tolerance, max_iterations, .. } = self.settings;
        let Answer { end, x, mut y, steps } = self.solver.solve(tolerance, max_iterations.unwrap_or(100_000));
        let bound_duals = y.split_off(program.num_rows());
        *out = Solution { x, y, bound_duals, iterations: steps.into(), ..Solution::default() };
        // The contract's own residuals decide what the answer is worth.
        Ok(judge(&program, Claim { status: end, limited: max_iterations.is_some() }, tolerance, out))
    }

    fn update(&mut self, new: &ProgramUpdate<'_>) -> Result<Reuse> {
        let mut program = self.program.clone();
        program.apply(new)?; // checks everything first …
        self.solver = DualActiveSet::new(&program.as_ref())?;
        self.program = program; // … so that an error leaves the session as it was
        Ok(Reuse::Nothing)
    }
}
