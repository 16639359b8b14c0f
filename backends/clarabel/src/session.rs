//! One problem held by Clarabel.

use std::time::{Duration, Instant};

use bpqp_traits::claims::{Claim, judge};
use bpqp_traits::standard_form::{Layout, StandardForm};
use bpqp_traits::{Error, ProgramBuf, ProgramRef, ProgramUpdate, Result, Reuse, Session, Solution, Status};
use clarabel::solver::{DefaultSolver, IPSolver};

use crate::assemble::{Reach, cones, matrix};
use crate::options::{Accuracy, Options};
use crate::solver::NAME;
use crate::status::claim;

/// A problem, the rows of its standard form, and Clarabel's solver for it.
pub(crate) struct ClarabelSession {
    program: ProgramBuf,
    options: Options,
    layout: Layout,
    reach: Reach,
    solver: DefaultSolver<f64>,
    /// Clarabel counts its setup into every solve's time.
    setup_time: Duration,
    /// Whether matrices changed since Clarabel equilibrated them.
    stale_scaling: bool,
    accuracy: Accuracy,
}

impl ClarabelSession {
    /// Copies `problem` and sets Clarabel up for it.
    pub(crate) fn new(problem: &ProgramRef<'_>, options: Options) -> Result<Self> {
        let program = ProgramBuf::from(problem);
        let accuracy = Accuracy::first(options.tolerance);
        let reach = Reach::Full;
        let (solver, layout, setup_time) = build(problem, reach, &options, accuracy)?;
        Ok(Self { program, options, layout, reach, solver, setup_time, stale_scaling: false, accuracy })
    }

    /// Sets Clarabel up afresh for the problem as it is.
    fn rebuild(&mut self) -> Result<()> {
        let program = self.program.as_ref();
        (self.solver, self.layout, self.setup_time) = build(&program, self.reach, &self.options, self.accuracy)?;
        self.stale_scaling = false;
        Ok(())
    }

    /// One run of Clarabel at the current accuracy.
    fn run(&mut self, time: Option<Duration>, out: &mut Solution) -> Result<Status> {
        let settings = self.options.clarabel(self.accuracy, time.map(|t| t.saturating_add(self.setup_time)));
        self.solver.update_settings(settings).map_err(|e| Error::backend(NAME, e.to_string()))?;
        self.solver.solve();
        let (solution, program) = (&self.solver.solution, self.program.as_ref());
        out.iterations += u64::from(solution.iterations);
        self.layout.restore((program.num_vars(), program.num_rows()), &solution.x, &solution.z, out);
        let status = claim(solution.status)?;
        let limited = match status {
            Status::IterationLimit => self.options.max_iterations.is_some(),
            _ => self.options.time_limit.is_some(),
        };
        Ok(judge(&program, Claim { status, limited }, self.options.tolerance, out))
    }

    /// The reach to try next: distant sides are left out where they blur the answer, and taken in again whenever it fails
    /// without them. Every answer is judged on the whole problem.
    fn next_reach(&self, status: Status) -> Reach {
        let blurred = self.reach == Reach::Full && status == Status::SolvedInaccurate;
        if blurred && Layout::new(&self.program.as_ref(), Reach::Near.limit()) != self.layout {
            Reach::Near
        } else {
            Reach::Full
        }
    }

    /// Whether a second, tighter run (on fresh scaling, with distant sides left out) may mend the answer.
    fn worth_another_run(&self, status: Status) -> bool {
        let claims_success = !matches!(claim(self.solver.solution.status), Ok(Status::NumericalError));
        let failed = matches!(status, Status::SolvedInaccurate | Status::NumericalError);
        failed && (claims_success || self.stale_scaling || self.next_reach(status) != self.reach)
    }
}

impl Session for ClarabelSession {
    fn solve(&mut self, out: &mut Solution) -> Result<Status> {
        let start = Instant::now();
        out.iterations = 0;
        self.accuracy = Accuracy::first(self.options.tolerance);
        let status = self.run(self.options.time_limit, out)?;
        let time_left = self.options.time_limit.map(|limit| limit.saturating_sub(start.elapsed()));
        if !self.worth_another_run(status) || time_left == Some(Duration::ZERO) {
            return Ok(status);
        }
        let first = out.clone();
        self.accuracy = self.accuracy.tighter();
        let reach = self.next_reach(status);
        if reach != self.reach || self.stale_scaling {
            self.reach = reach;
            self.rebuild()?;
        }
        let second = self.run(time_left, out)?;
        if status == Status::SolvedInaccurate && !second.is_solved() {
            *out = Solution { iterations: out.iterations, ..first };
            return Ok(status);
        }
        Ok(second)
    }

    fn update(&mut self, new: &ProgramUpdate<'_>) -> Result<Reuse> {
        self.program.apply(new)?;
        let program = self.program.as_ref();
        let StandardForm { g, h, layout } = StandardForm::new(&program, self.reach.limit())?;
        if layout != self.layout {
            self.rebuild()?;
            return Ok(Reuse::Nothing);
        }
        let refused = |e: clarabel::solver::DataUpdateError| Error::backend(NAME, e.to_string());
        if let Some(p) = new.p {
            self.solver.update_P(&p.to_vec()).map_err(refused)?;
        }
        if let Some(q) = new.q {
            self.solver.update_q(&q.to_vec()).map_err(refused)?;
        }
        if new.a.is_some() || new.cone_matrix.is_some() {
            self.solver.update_A(&g.as_ref().values().to_vec()).map_err(refused)?;
        }
        self.solver.update_b(&h).map_err(refused)?;
        self.stale_scaling |= new.changes_matrices();
        // An interior-point method factorizes anew in every iteration, on one symbolic factorization.
        Ok(Reuse::Symbolic)
    }
}

/// Sets Clarabel up on the standard form, and says how long that took.
fn build(
    program: &ProgramRef<'_>,
    reach: Reach,
    options: &Options,
    accuracy: Accuracy,
) -> Result<(DefaultSolver<f64>, Layout, Duration)> {
    let start = Instant::now();
    let StandardForm { g, h, layout } = StandardForm::new(program, reach.limit())?;
    let (p, a) = (matrix(program.p()), matrix(g.as_ref()));
    let settings = options.clarabel(accuracy, options.time_limit);
    let solver = DefaultSolver::new(&p, program.q(), &a, &h, &cones(&layout), settings)
        .map_err(|e| Error::backend(NAME, e.to_string()))?;
    Ok((solver, layout, start.elapsed()))
}
