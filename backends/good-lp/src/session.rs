//! One problem, solved by one of good_lp's solvers.

use std::time::{Duration, Instant};

use bpqp_traits::claims::{Claim, judge};
use bpqp_traits::rays::{prove_infeasible, prove_unbounded};
use bpqp_traits::{ProgramBuf, ProgramRef, ProgramUpdate, Result, Reuse, Session, Solution, Status};

use crate::dual_program::DualProgram;
use crate::engine::{Engine, Run};
use crate::options::Options;
use crate::solver::refuse_nonlinear;

/// A problem and how to solve it: good_lp's models do not outlive a solve.
pub(crate) struct GoodLpSession {
    program: ProgramBuf,
    engine: Engine,
    options: Options,
}

impl GoodLpSession {
    /// Copies `problem`.
    pub(crate) fn new(problem: &ProgramRef<'_>, engine: Engine, options: Options) -> Self {
        Self { program: ProgramBuf::from(problem), engine, options }
    }

    fn attempt(&self) -> Attempt<'_> {
        let deadline = self.options.time_limit.map(|limit| (Instant::now(), limit));
        let accuracy = 0.1 * self.options.tolerance;
        Attempt { engine: self.engine, options: &self.options, deadline, accuracy, iterations: 0 }
    }
}

impl Session for GoodLpSession {
    fn solve(&mut self, out: &mut Solution) -> Result<Status> {
        let program = self.program.as_ref();
        let mut attempt = self.attempt();
        let claimed = attempt.point(&program, out)?;
        let mut status = attempt.judge(&program, claimed, out);
        let short =
            status == Status::SolvedInaccurate || (status == Status::NumericalError && claimed == Status::Solved);
        if short && self.engine.facts().has_accuracy {
            let first = out.clone();
            attempt.accuracy *= TIGHTER;
            let again = attempt.point(&program, out)?;
            let second = attempt.judge(&program, again, out);
            if second == Status::Solved || status == Status::NumericalError {
                status = second;
            } else {
                *out = first;
            }
        }
        if status == Status::NumericalError {
            status = attempt.certificate(&program, claimed, out)?;
        }
        out.objective = program.objective(&out.x);
        out.iterations = attempt.iterations;
        Ok(status)
    }

    fn update(&mut self, new: &ProgramUpdate<'_>) -> Result<Reuse> {
        let before = new.p.is_some().then(|| self.program.clone());
        self.program.apply(new)?;
        if let (Err(error), Some(before)) = (refuse_nonlinear(&self.program.as_ref(), self.engine), before) {
            self.program = before;
            return Err(error);
        }
        Ok(Reuse::Nothing)
    }
}

/// What a second run is asked for, relative to the first.
const TIGHTER: f64 = 0.01;

/// What the auxiliary programs of certificates are solved to: a violation of 1e-8 is already too much.
const CERTIFICATE_ACCURACY: f64 = 1e-12;

/// The runs of one solve, which share its time.
struct Attempt<'a> {
    engine: Engine,
    options: &'a Options,
    deadline: Option<(Instant, Duration)>,
    accuracy: f64,
    iterations: u64,
}

impl Attempt<'_> {
    fn time_left(&self) -> Option<Duration> {
        self.deadline.map(|(start, limit)| limit.saturating_sub(start.elapsed()))
    }

    fn time_is_up(&self) -> bool {
        self.time_left() == Some(Duration::ZERO)
    }

    fn run(&mut self, program: &ProgramRef<'_>) -> Result<Run> {
        let time = self.time_left();
        let run = self.engine.run(program, self.options, self.accuracy, time)?;
        self.iterations += run.iterations;
        Ok(run)
    }

    /// The point and its duals in `out`, NaN where there are none; returns what the solver claims of it.
    fn point(&mut self, program: &ProgramRef<'_>, out: &mut Solution) -> Result<Status> {
        out.resize(program.num_vars(), program.num_rows(), 0);
        for v in [&mut out.x, &mut out.y, &mut out.bound_duals] {
            v.fill(f64::NAN);
        }
        let run = self.run(program)?;
        let Some(x) = run.x else { return Ok(run.claim) };
        out.x.copy_from_slice(&x);
        let (claim, duals) = match run.duals {
            Some(duals) => (run.claim, Some(duals)),
            None => self.duals(program, &x, run.claim)?,
        };
        if let Some((y, zeta)) = duals {
            out.y.copy_from_slice(&y);
            out.bound_duals.copy_from_slice(&zeta);
        }
        Ok(claim)
    }

    /// The solution of the dual program, and what both runs together claim.
    #[allow(clippy::type_complexity, reason = "a claim and the two parts of the duals")]
    fn duals(
        &mut self,
        program: &ProgramRef<'_>,
        x: &[f64],
        claim: Status,
    ) -> Result<(Status, Option<(Vec<f64>, Vec<f64>)>)> {
        let dual = DualProgram::new(program, x)?;
        let run = self.run(&dual.program.as_ref())?;
        let claim = if claim == Status::Solved { run.claim } else { claim };
        Ok((claim, run.x.map(|parts| dual.duals(&parts))))
    }

    fn judge(&self, program: &ProgramRef<'_>, claimed: Status, out: &mut Solution) -> Status {
        match claimed {
            // Without a certificate there is nothing to judge.
            Status::PrimalInfeasible | Status::DualInfeasible => Status::NumericalError,
            status => judge(program, Claim { status, limited: self.is_limited(status) }, self.options.tolerance, out),
        }
    }

    fn is_limited(&self, status: Status) -> bool {
        match status {
            Status::IterationLimit => self.options.max_iterations.is_some(),
            _ => self.options.time_limit.is_some(),
        }
    }

    /// The certificate that `claimed` speaks for, else the other one; `out` keeps its point where neither holds.
    fn certificate(&mut self, program: &ProgramRef<'_>, claimed: Status, out: &mut Solution) -> Result<Status> {
        let point = out.clone();
        self.accuracy = CERTIFICATE_ACCURACY;
        let infeasible_first = claimed == Status::PrimalInfeasible;
        for infeasible in [infeasible_first, !infeasible_first] {
            let mut solve = |auxiliary: &ProgramRef<'_>| {
                let mut found = Solution::default();
                self.point(auxiliary, &mut found)?;
                Ok(found)
            };
            let status = if infeasible {
                prove_infeasible(program, &mut solve, out)?
            } else {
                prove_unbounded(program, &mut solve, out)?
            };
            if status != Status::NumericalError {
                return Ok(status);
            }
        }
        *out = point;
        Ok(if self.time_is_up() { Status::TimeLimit } else { Status::NumericalError })
    }
}
