//! What a forward case works with: one solver, one configuration, and checks shared by many cases.

use bpqp_traits::{
    Capabilities, ForwardSolver, KktResiduals, ProgramBuf, Session, Settings, Solution, Status, dual_ray_violation,
    primal_ray_violation,
};

use crate::verdict::{accepted, at_most, close, ensure};
use crate::{CaseResult, Config, Problem};

/// What a forward case works with.
pub struct ForwardContext<'a> {
    /// The solver under test.
    pub solver: &'a dyn ForwardSolver,
    /// What is asked of it.
    pub config: &'a Config,
    /// What it declares.
    pub capabilities: Capabilities,
}

/// A solution derived by hand.
#[derive(Clone, Copy, Default)]
pub(crate) struct Expected<'a> {
    pub(crate) x: &'a [f64],
    pub(crate) y: &'a [f64],
    pub(crate) bounds: &'a [f64],
    pub(crate) cones: &'a [f64],
}

/// The expected values as a solution, zeros where a block is left out.
pub(crate) fn solution_of(program: &ProgramBuf, expected: &Expected<'_>) -> Solution {
    let program = program.as_ref();
    let or_zeros = |v: &[f64], len: usize| if v.is_empty() { vec![0.0; len] } else { v.to_vec() };
    Solution {
        x: expected.x.to_vec(),
        y: or_zeros(expected.y, program.num_rows()),
        bound_duals: or_zeros(expected.bounds, program.num_vars()),
        cone_duals: or_zeros(expected.cones, program.num_cone_rows()),
        objective: program.objective(expected.x),
        iterations: 0,
    }
}

/// Buffers that no solver would leave like this, to see that all of them are written and sized.
pub(crate) fn dirty_solution() -> Solution {
    let junk = vec![f64::NAN, 1e300, -7.0];
    Solution {
        x: junk.clone(),
        y: junk.clone(),
        bound_duals: vec![],
        cone_duals: junk,
        objective: f64::NAN,
        iterations: u64::MAX,
    }
}

impl ForwardContext<'_> {
    /// A session for `program` with the configured settings.
    pub(crate) fn setup(&self, program: &ProgramBuf) -> Result<Box<dyn Session>, String> {
        self.setup_with(program, &self.config.settings())
    }

    pub(crate) fn setup_with(&self, program: &ProgramBuf, settings: &Settings) -> Result<Box<dyn Session>, String> {
        accepted("setup", self.solver.setup(&program.as_ref(), settings))
    }

    /// Sets up, solves, and audits the answer whatever it is.
    pub(crate) fn solve(&self, program: &ProgramBuf) -> Result<(Status, Solution), String> {
        self.solve_in(self.setup(program)?.as_mut(), program)
    }

    /// Solves in a session that holds `program`, and audits the answer whatever it is.
    pub(crate) fn solve_in(
        &self,
        session: &mut dyn Session,
        program: &ProgramBuf,
    ) -> Result<(Status, Solution), String> {
        let mut out = dirty_solution();
        let status = accepted("solve", session.solve(&mut out))?;
        self.audit(program, status, &out)?;
        Ok((status, out))
    }

    /// As [`solve_in`](Self::solve_in), for a problem that has a solution.
    pub(crate) fn solved_in(&self, session: &mut dyn Session, program: &ProgramBuf) -> Result<Solution, String> {
        let (status, solution) = self.solve_in(session, program)?;
        ensure(status == Status::Solved, || format!("status is {status}, expected solved"))?;
        Ok(solution)
    }

    pub(crate) fn solved(&self, program: &ProgramBuf) -> Result<Solution, String> {
        self.solved_in(self.setup(program)?.as_mut(), program)
    }

    /// Checks that buffers have the promised shape and that a status keeps its promise, from the data alone.
    pub(crate) fn audit(&self, program: &ProgramBuf, status: Status, out: &Solution) -> CaseResult {
        let view = program.as_ref();
        let (n, m, k) = (view.num_vars(), view.num_rows(), view.num_cone_rows());
        ensure(out.x.len() == n, || format!("{status}: x has length {}, expected {n}", out.x.len()))?;
        let duals = [out.y.len(), out.bound_duals.len(), out.cone_duals.len()];
        let shaped = !self.capabilities.duals || duals == [m, n, k];
        ensure(shaped, || format!("{status}: duals have lengths {duals:?}, expected {:?}", [m, n, k]))?;
        match status {
            Status::Solved => self.audit_solved(program, out),
            Status::PrimalInfeasible => {
                let nan = out.x.iter().all(|v| v.is_nan());
                ensure(nan, || format!("primal_infeasible: x must be NaN, is {:?}", out.x))?;
                if !self.capabilities.infeasibility_certificates {
                    return Ok(());
                }
                let violation = primal_ray_violation(&view, &out.y, &out.bound_duals, &out.cone_duals);
                at_most("primal_ray_violation of the certificate", violation, self.config.certificate_accuracy)
            }
            Status::DualInfeasible => {
                let nan = [&out.y, &out.bound_duals, &out.cone_duals].into_iter().flatten().all(|v| v.is_nan());
                ensure(nan, || "dual_infeasible: duals must be NaN".into())?;
                if !self.capabilities.infeasibility_certificates {
                    return Ok(());
                }
                at_most(
                    "dual_ray_violation of the ray",
                    dual_ray_violation(&view, &out.x),
                    self.config.certificate_accuracy,
                )
            }
            _ => Ok(()),
        }
    }

    fn audit_solved(&self, program: &ProgramBuf, out: &Solution) -> CaseResult {
        let view = program.as_ref();
        let mut complete = out.clone();
        if !self.capabilities.duals {
            complete.resize(view.num_vars(), view.num_rows(), view.num_cone_rows());
        }
        let residuals = KktResiduals::compute(&view, &complete);
        at_most("solved, but the primal residual", residuals.primal, self.config.tolerance)?;
        if self.capabilities.duals {
            at_most("solved, but the dual residual", residuals.dual, self.config.tolerance)?;
            at_most("solved, but the gap", residuals.gap, self.config.tolerance)?;
        }
        close("objective", &[out.objective], &[view.objective(&out.x)], 1e-9)
    }

    /// Solves and compares with a hand-derived solution.
    pub(crate) fn check(&self, problem: &Problem, expected: Expected<'_>) -> CaseResult {
        self.check_within(problem, expected, self.config.accuracy)
    }

    /// As [`check`](Self::check), for a solution on a curved boundary.
    pub(crate) fn check_curved(&self, problem: &Problem, expected: Expected<'_>) -> CaseResult {
        self.check_within(problem, expected, self.config.curved_accuracy())
    }

    pub(crate) fn check_within(&self, problem: &Problem, expected: Expected<'_>, accuracy: f64) -> CaseResult {
        let program = problem.build()?;
        let wanted = solution_of(&program, &expected);
        let suite = KktResiduals::compute(&program.as_ref(), &wanted).max();
        at_most("the suite's own solution: its residual", suite, 1e-12)?;
        self.compare(&self.solved(&program)?, &wanted, accuracy)
    }

    /// Compares primal and, where declared, dual values.
    pub(crate) fn compare(&self, found: &Solution, wanted: &Solution, accuracy: f64) -> CaseResult {
        close("x", &found.x, &wanted.x, accuracy)?;
        if !self.capabilities.duals {
            return Ok(());
        }
        close("y", &found.y, &wanted.y, accuracy)?;
        close("bound_duals", &found.bound_duals, &wanted.bound_duals, accuracy)?;
        close("cone_duals", &found.cone_duals, &wanted.cone_duals, accuracy)
    }
}
