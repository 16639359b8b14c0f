//! One problem held by OSQP.

use bpqp_traits::claims::{self, Claim};
use bpqp_traits::vector::max_abs;
use bpqp_traits::{ProgramBuf, ProgramRef, ProgramUpdate, Result, Reuse, Session, Solution, Status, check_start};

use crate::budget::Budget;
use crate::ffi::{Matrix, RawSolver};
use crate::options::{Accuracy, Options, Run};
use crate::stack::Stack;
use crate::status::claim;

/// A problem, its unit rows, and OSQP's solver for it.
pub(crate) struct OsqpSession {
    program: ProgramBuf,
    options: Options,
    stack: Stack,
    solver: RawSolver,
    /// Counted by OSQP into the time of the first run.
    setup_seconds: f64,
    /// Where the caller wants the next solve to start: `x` and the stacked duals are applied then, so that an update in
    /// between does not lose them.
    start: Option<Start>,
    /// Whether the last solve found no point: its iterate and step size then ran off along the certificate, and the next
    /// solve would not come back from there.
    lost: bool,
}

struct Start {
    x: Vec<f64>,
    y: Vec<f64>,
    bound_duals: Vec<f64>,
}

impl OsqpSession {
    /// Copies `problem` and sets OSQP up for it.
    pub(crate) fn new(problem: &ProgramRef<'_>, options: Options) -> Result<Self> {
        let (stack, solver) = build(problem, &options)?;
        let setup_seconds = solver.setup_seconds();
        Ok(Self { program: ProgramBuf::from(problem), options, stack, solver, setup_seconds, start: None, lost: false })
    }

    /// Sets OSQP up afresh for `program`; on failure the session stays as it was.
    fn rebuild(&mut self, program: ProgramBuf) -> Result<()> {
        (self.stack, self.solver) = build(&program.as_ref(), &self.options)?;
        self.setup_seconds = self.solver.setup_seconds();
        self.program = program;
        Ok(())
    }

    /// Hands OSQP the caller's start, if there is one.
    fn apply_start(&mut self) -> Result<()> {
        let Some(start) = self.start.take() else { return Ok(()) };
        self.solver.warm_start(&start.x, &self.stack.stack_duals(&start.y, &start.bound_duals))
    }

    /// One run of OSQP from its iterate; `None` where it broke off.
    fn run(&mut self, run: Run, budget: &mut Budget, out: &mut Solution) -> Result<Option<Status>> {
        let program = self.program.as_ref();
        self.solver.update_settings(&self.options.raw(run, budget, self.setup_seconds))?;
        // Also resets the status: a stale "solved" would end the run at its first check.
        let sides = self.stack.sides(&program);
        self.solver.update_vectors(program.q(), &sides.l, &sides.u)?;
        self.apply_start()?;
        let ended = self.solver.solve();
        self.setup_seconds = 0.0;
        let Ok(ended) = ended else { return Ok(None) };
        budget.spend(ended.iterations);
        out.iterations += u64::from(ended.iterations);
        let mut claim = claim(ended.status)?;
        if claim == Status::SolvedInaccurate || (claim == Status::Solved && budget.is_spent()) {
            // OSQP says "inaccurate" only where a limit came first.
            claim = if budget.out_of_time() { Status::TimeLimit } else { Status::IterationLimit };
        }
        self.read(claim, out);
        Ok(Some(claim))
    }

    /// Copies what belongs to `claim` into `out`.
    fn read(&self, claim: Status, out: &mut Solution) {
        let program = self.program.as_ref();
        let (x, y) = self.solver.point();
        let (primal_certificate, dual_certificate) = self.solver.certificates();
        let (x, y) = match claim {
            Status::PrimalInfeasible => (x, primal_certificate),
            Status::DualInfeasible => (dual_certificate, y),
            _ => (x, y),
        };
        out.x.copy_from_slice(x);
        self.stack.unstack_duals(&program, y, out);
    }

    fn judge(&self, status: Status, out: &mut Solution) -> Status {
        let limited = match status {
            Status::IterationLimit => self.options.iterations_limited,
            _ => self.options.time_limit.is_some(),
        };
        claims::judge(&self.program.as_ref(), Claim { status, limited }, self.options.tolerance, out)
    }

    /// A run and, where it converged short of the tolerance, a polished one. Returns what OSQP claims and what holds.
    fn stage(&mut self, accuracy: Accuracy, budget: &mut Budget, out: &mut Solution) -> Result<(Status, Status)> {
        let Some(claim) = self.run(Run { accuracy, polish: false }, budget, out)? else { return self.broken(out) };
        let status = self.judge(claim, out);
        // With no active side OSQP would only print that there is nothing to polish. Inactive ones keep some rounding.
        let active = max_abs(self.solver.point().1) > 1e-10 * (1.0 + max_abs(self.program.as_ref().q()));
        if claim != Status::Solved || status.is_solved() || !self.options.polishing || !active {
            return Ok((claim, status));
        }
        match self.run(Run { accuracy, polish: true }, budget, out)? {
            Some(claim) => Ok((claim, self.judge(claim, out))),
            // The reduced system could not be factorized; the iterate before is still there.
            None => Ok((claim, status)),
        }
    }

    /// One run whose answer is taken as OSQP gives it.
    fn solve_unverified(&mut self, accuracy: Accuracy, budget: &mut Budget, out: &mut Solution) -> Result<Status> {
        let polish = self.options.polishing;
        let Some(status) = self.run(Run { accuracy, polish }, budget, out)? else { return Ok(self.broken(out)?.1) };
        self.lost = !status.has_solution();
        out.objective = self.program.as_ref().objective(&out.x);
        Ok(status)
    }

    /// After a failed factorization within a run nothing of the solver is worth keeping.
    fn broken(&mut self, out: &mut Solution) -> Result<(Status, Status)> {
        self.rebuild(self.program.clone())?;
        out.x.fill(f64::NAN);
        out.objective = f64::NAN;
        Ok((Status::NumericalError, Status::NumericalError))
    }
}

impl Session for OsqpSession {
    fn solve(&mut self, out: &mut Solution) -> Result<Status> {
        let mut budget = Budget::new(self.options.max_iterations, self.options.time_limit);
        if std::mem::take(&mut self.lost) {
            self.rebuild(self.program.clone())?;
        }
        let mut accuracy = self.options.accuracy();
        out.resize(self.program.as_ref().num_vars(), self.program.as_ref().num_rows(), 0);
        out.iterations = 0;
        if !self.options.verify {
            return self.solve_unverified(accuracy, &mut budget, out);
        }
        loop {
            let (claim, status) = self.stage(accuracy, &mut budget, out)?;
            let mendable = matches!(status, Status::SolvedInaccurate | Status::NumericalError) && !budget.is_spent();
            let next = match claim {
                Status::Solved => accuracy.tighter_residual(self.options.tolerance),
                Status::PrimalInfeasible | Status::DualInfeasible => accuracy.tighter_infeasibility(),
                _ => None,
            };
            match next.filter(|_| mendable) {
                Some(next) => accuracy = next,
                None => {
                    self.lost =
                        matches!(status, Status::PrimalInfeasible | Status::DualInfeasible | Status::NumericalError);
                    return Ok(status);
                }
            }
        }
    }

    fn warm_start(&mut self, x: &[f64], y: &[f64], bound_duals: &[f64]) -> Result<()> {
        let (n, m) = (self.program.as_ref().num_vars(), self.program.as_ref().num_rows());
        check_start((n, m), x, y, bound_duals)?;
        self.start = Some(Start { x: x.to_vec(), y: y.to_vec(), bound_duals: bound_duals.to_vec() });
        Ok(())
    }

    fn update(&mut self, new: &ProgramUpdate<'_>) -> Result<Reuse> {
        if new.lb.is_none() && new.ub.is_none() && !new.changes_matrices() {
            // OSQP gets the vectors before each run.
            self.program.apply(new)?;
            return Ok(Reuse::Numeric);
        }
        let mut program = self.program.clone();
        program.apply(new)?;
        if !self.stack.covers(&program.as_ref()) {
            self.rebuild(program)?;
            return Ok(Reuse::Nothing);
        }
        if !new.changes_matrices() {
            self.program = program;
            return Ok(Reuse::Numeric);
        }
        let view = program.as_ref();
        if let Err(error) = self.solver.update_matrices(view.p().values(), &self.stack.values(&view)) {
            // All or nothing: back to the matrices before.
            self.rebuild(self.program.clone())?;
            return Err(error);
        }
        self.program = program;
        Ok(Reuse::Symbolic)
    }
}

/// OSQP set up for `program`, and the unit rows it was given.
fn build(program: &ProgramRef<'_>, options: &Options) -> Result<(Stack, RawSolver)> {
    let stack = Stack::new(program);
    let (p, a) = (Matrix::new(program.p())?, Matrix::new(stack.matrix(program)?.as_ref())?);
    let sides = stack.sides(program);
    let run = Run { accuracy: options.accuracy(), polish: false };
    let settings = options.raw(run, &Budget::new(options.max_iterations, options.time_limit), 0.0);
    let solver = RawSolver::setup((&p, program.q()), (&a, &sides.l, &sides.u), &settings)?;
    Ok((stack, solver))
}
