//! One run of one of good_lp's solvers.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use bpqp_traits::{Error, ProgramRef, Result, Status};
use good_lp::constraint::ConstraintReference;
use good_lp::{ResolutionError, Solution as _, SolverModel};

use crate::model::{Form, Handle, Model, Origin};
use crate::options::Options;
use crate::status::{claim, failure};

/// The words that an option takes.
pub(crate) type Words = (&'static str, &'static [&'static str]);

/// Which of good_lp's solvers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Engine {
    #[cfg(feature = "microlp")]
    Microlp,
    #[cfg(feature = "clarabel")]
    Clarabel,
    #[cfg(feature = "highs")]
    Highs,
}

/// What sets one of the solvers apart.
pub(crate) struct Facts {
    pub(crate) name: &'static str,
    /// Whether good_lp lets us limit its iterations, and says that the limit came first.
    pub(crate) has_iteration_limit: bool,
    /// Whether it can be asked for more accuracy.
    pub(crate) has_accuracy: bool,
    /// Whether a breakdown of its arithmetic reaches us as a sentence.
    pub(crate) fails_in_words: bool,
    /// Its options.
    pub(crate) options: &'static [Words],
}

/// How one run ended.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Run {
    /// What the solver claims.
    pub(crate) claim: Status,
    /// The point (`n`), where it left one.
    pub(crate) x: Option<Vec<f64>>,
    /// Its duals `(y, ζ)`, where it returns any.
    pub(crate) duals: Option<(Vec<f64>, Vec<f64>)>,
    /// Iterations, where it tells them.
    pub(crate) iterations: u64,
}

impl Engine {
    /// All that were compiled in.
    #[cfg(test)]
    pub(crate) const ALL: &[Self] = &[
        #[cfg(feature = "microlp")]
        Self::Microlp,
        #[cfg(feature = "clarabel")]
        Self::Clarabel,
        #[cfg(feature = "highs")]
        Self::Highs,
    ];

    /// What sets it apart.
    pub(crate) fn facts(self) -> Facts {
        match self {
            #[cfg(feature = "microlp")]
            Self::Microlp => Facts {
                name: "good-lp-microlp",
                has_iteration_limit: false,
                has_accuracy: false,
                fails_in_words: true,
                options: &[],
            },
            #[cfg(feature = "clarabel")]
            Self::Clarabel => Facts {
                name: "good-lp-clarabel",
                has_iteration_limit: true,
                has_accuracy: true,
                fails_in_words: false,
                options: &[],
            },
            #[cfg(feature = "highs")]
            Self::Highs => Facts {
                name: "good-lp-highs",
                has_iteration_limit: false,
                has_accuracy: true,
                fails_in_words: false,
                options: &[("presolve", &["on", "off", "choose"]), ("solver", &["simplex", "ipm", "choose"])],
            },
        }
    }

    /// The name it is registered under.
    pub(crate) fn name(self) -> &'static str {
        self.facts().name
    }

    /// Solves the linear `program` to `accuracy` within `time` (`None`: no limit).
    ///
    /// # Errors
    /// [`Error::Backend`] where the solver refuses its model or panics.
    pub(crate) fn run(
        self,
        program: &ProgramRef<'_>,
        options: &Options,
        accuracy: f64,
        time: Option<Duration>,
    ) -> Result<Run> {
        // microlp asserts on its own state: a panic of a solver must not become one of ours.
        let run = catch_unwind(AssertUnwindSafe(|| match self {
            #[cfg(feature = "microlp")]
            Self::Microlp => microlp(program, time),
            #[cfg(feature = "clarabel")]
            Self::Clarabel => clarabel(program, options, accuracy, time),
            #[cfg(feature = "highs")]
            Self::Highs => highs(program, options, accuracy, time),
        }));
        match run {
            Ok(Ok(run)) => Ok(run),
            Ok(Err(error)) => Ok(Run { claim: failure(self, &error)?, x: None, duals: None, iterations: 0 }),
            Err(_) => Err(Error::backend(self.name(), "the solver panicked; its message is on standard error")),
        }
    }
}

/// Adds the rows, solves, and reads the point off.
#[allow(clippy::type_complexity, reason = "a solution with what it takes to read its duals")]
fn solve<M: SolverModel<Error = ResolutionError>>(
    mut model: M,
    variables: &[Handle],
    constraints: Vec<(Origin, good_lp::Constraint)>,
) -> std::result::Result<(Run, M::Solution, Vec<(Origin, ConstraintReference)>), ResolutionError> {
    let rows = constraints.into_iter().map(|(origin, row)| (origin, model.add_constraint(row))).collect();
    let solution = model.solve()?;
    let x = variables.iter().map(|v| v.value(&solution)).collect();
    Ok((Run { claim: claim(solution.status()), x: Some(x), duals: None, iterations: 0 }, solution, rows))
}

/// A time limit in seconds, within what any solver takes.
fn seconds(time: Duration) -> f64 {
    time.as_secs_f64().min(1e9)
}

#[cfg(feature = "microlp")]
fn microlp(program: &ProgramRef<'_>, time: Option<Duration>) -> std::result::Result<Run, ResolutionError> {
    use good_lp::WithTimeLimit as _;
    // On free variables microlp cycles for ever, or calls a bounded program unbounded.
    let model = Model::new(program, Form { free_as_difference: true, ..Form::default() });
    let mut solver = model.problem.using(good_lp::solvers::microlp::microlp);
    if let Some(time) = time {
        solver = solver.with_time_limit(seconds(time));
    }
    Ok(solve(solver, &model.variables, model.constraints)?.0)
}

#[cfg(feature = "clarabel")]
fn clarabel(
    program: &ProgramRef<'_>,
    options: &Options,
    accuracy: f64,
    time: Option<Duration>,
) -> std::result::Result<Run, ResolutionError> {
    use good_lp::SolutionWithDual as _;
    let form = Form { bounds_as_rows: true, ..Form::default() };
    let model = Model::new(program, form);
    let mut solver = model.problem.using(good_lp::solvers::clarabel::clarabel);
    let settings = solver.settings();
    settings.verbose(options.verbose);
    settings.tol_feas(accuracy).tol_gap_abs(accuracy).tol_gap_rel(accuracy);
    // What falls short of these comes without its point. What does not counts as solved, and is judged like the rest.
    let usable = options.tolerance.sqrt();
    settings.reduced_tol_feas(usable).reduced_tol_gap_abs(usable).reduced_tol_gap_rel(usable);
    if let Some(limit) = options.max_iterations {
        settings.max_iter(limit);
    }
    if let Some(time) = time {
        settings.time_limit(seconds(time));
    }
    let (mut run, mut solution, rows) = solve(solver, &model.variables, model.constraints)?;
    run.iterations = u64::from(solution.inner().iterations);
    run.duals = Some(crate::model::signed_duals(program, form, rows.into_iter(), &solution.compute_dual()));
    Ok(run)
}

#[cfg(feature = "highs")]
fn highs(
    program: &ProgramRef<'_>,
    options: &Options,
    accuracy: f64,
    time: Option<Duration>,
) -> std::result::Result<Run, ResolutionError> {
    use good_lp::SolutionWithDual as _;
    let form = Form::default();
    let model = Model::new(program, form);
    let mut solver = model.problem.using(good_lp::solvers::highs::highs);
    solver.set_verbose(options.verbose);
    // One thread: HiGHS's pool belongs to the process and takes its size from whoever comes first.
    solver = solver.set_parallel(good_lp::solvers::highs::HighsParallelType::Off).set_threads(1);
    let accuracy = accuracy.clamp(1e-10, 1e-4);
    for tolerance in ["primal_feasibility_tolerance", "dual_feasibility_tolerance", "ipm_optimality_tolerance"] {
        solver = solver.set_option(tolerance, accuracy);
    }
    for (name, word) in &options.words {
        solver = solver.set_option(*name, word.as_str());
    }
    if let Some(time) = time {
        solver = solver.set_time_limit(seconds(time));
    }
    let (mut run, mut solution, rows) = solve(solver, &model.variables, model.constraints)?;
    run.duals = Some(crate::model::signed_duals(program, form, rows.into_iter(), &solution.compute_dual()));
    Ok(run)
}
