//! `bpqp solve`.

use std::fmt::Write;

use crate::io::ProblemFile;
use crate::{Registry, Solved, Status};
use bpqp_traits::vector::max_abs;
use serde::Serialize;

use super::args::{PairArgs, SolveArgs};
use super::input::{self, Pair};
use super::output::{self, Failure, Outcome};
use super::report::DualsReport;
use super::table::{millis, small, table, value};

/// Variables that the table shows.
const SHOWN: usize = 20;

#[derive(Serialize)]
struct Report<'a> {
    file: String,
    name: &'a str,
    status: &'static str,
    backend: &'a str,
    /// Of the minimization; a file that maximizes has it negated.
    objective: Option<f64>,
    maximize: bool,
    x: Option<&'a [f64]>,
    duals: Option<DualsReport<'a>>,
    residuals: Option<Residuals>,
    /// What was added to each row of an infeasible program.
    relaxation: Option<&'a [f64]>,
    iterations: u64,
    timing_ms: Timing,
}

#[derive(Serialize)]
struct Residuals {
    primal: f64,
    dual: f64,
    gap: f64,
}

#[derive(Serialize)]
struct Timing {
    setup: f64,
    forward: f64,
}

pub(crate) fn run(registry: &Registry, args: &SolveArgs, json: bool) -> Result<Outcome, Failure> {
    let pair = PairArgs { forward: args.backend.clone(), backward: None };
    let pair = input::pair(registry, &pair, &args.solver, |layer| {
        layer.lp_regularization(args.lp_regularization).at_infeasibility(args.at_infeasibility)
    })?;
    let spinner = input::spinner(format!("solving {}", args.file.display()));
    let problem = input::problem(&args.file)?;
    let solved = pair.layer.forward(&problem.program).map_err(|e| Failure::at(&args.file, &e))?;
    spinner.finish_and_clear();
    if json {
        output::document(&report(args, &pair, &problem, &solved));
    } else {
        output::text(&render(&pair.forward, &problem, &solved));
    }
    Ok(Outcome::of(solved.status()))
}

fn report<'a>(args: &SolveArgs, pair: &'a Pair, problem: &'a ProblemFile, solved: &'a Solved<'_>) -> Report<'a> {
    let usable = solved.status().has_solution();
    let residuals = solved.residuals();
    Report {
        file: args.file.display().to_string(),
        name: &problem.name,
        status: solved.status().as_str(),
        backend: &pair.forward,
        objective: usable.then(|| solved.objective()),
        maximize: problem.maximize,
        x: usable.then(|| solved.x()),
        duals: usable.then(|| solved.duals().into()),
        residuals: usable.then_some(Residuals { primal: residuals.primal, dual: residuals.dual, gap: residuals.gap }),
        relaxation: solved.relaxation(),
        iterations: solved.iterations(),
        timing_ms: Timing { setup: input::ms(solved.timing().setup), forward: input::ms(solved.timing().forward) },
    }
}

fn render(backend: &str, problem: &ProblemFile, solved: &Solved<'_>) -> String {
    let mut text = heading(problem, &format!("{backend}: {}", solved.status()));
    if let Some(meaning) = meaning(solved.status()) {
        let _ = writeln!(text, "{meaning}");
    }
    let timing = solved.timing();
    let times = (input::ms(timing.setup), input::ms(timing.forward));
    if solved.status().has_solution() {
        let r = solved.residuals();
        let residuals = [r.primal, r.dual, r.gap].map(|v| small(Some(v)));
        let _ = writeln!(text, "objective   {}{}", value(Some(solved.objective())), sense(problem));
        if let Some(relaxation) = solved.relaxation() {
            let (largest, moved) = (max_abs(relaxation), relaxation.iter().filter(|s| **s != 0.0).count());
            let _ = writeln!(text, "relaxed     {moved} rows by up to {}", value(Some(largest)));
        }
        let _ = writeln!(text, "residuals   primal {}, dual {}, gap {}", residuals[0], residuals[1], residuals[2]);
    }
    let _ = writeln!(text, "iterations  {}", solved.iterations());
    let _ = writeln!(text, "time        set-up {} ms, forward {} ms", millis(Some(times.0)), millis(Some(times.1)));
    if solved.status().has_solution() {
        let _ = write!(text, "\n{}", variables(problem, solved));
    }
    text
}

/// The problem's name and size, and how it ended.
pub(crate) fn heading(problem: &ProblemFile, ending: &str) -> String {
    let program = problem.program.as_stacked();
    let [vars, rows] = [(program.num_vars(), "variable"), (program.num_rows(), "row")]
        .map(|(count, what)| format!("{count} {what}{}", if count == 1 { "" } else { "s" }));
    format!("{} ({vars}, {rows})  {ending}\n", problem.name)
}

/// What a status other than solved means to the one who asked.
pub(crate) fn meaning(status: Status) -> Option<&'static str> {
    match status {
        Status::Solved => None,
        Status::SolvedInaccurate => {
            Some("The point is usable, but short of the tolerance; try another --tol or backend.")
        }
        Status::ClosestFeasible => Some("No point satisfies the constraints; this one does with the rows moved least."),
        Status::PrimalInfeasible => Some("No point satisfies the constraints."),
        Status::DualInfeasible => Some("The objective is unbounded below."),
        Status::IterationLimit => Some("The iteration limit came first; try another backend."),
        Status::TimeLimit => Some("The time limit came first; raise --time-limit or try another backend."),
        Status::NumericalError => {
            Some("The solver found no point that satisfies the conditions of optimality; try another backend.")
        }
    }
}

/// A word on a file that maximizes.
pub(crate) fn sense(problem: &ProblemFile) -> &'static str {
    if problem.maximize { "  (of the minimization; the file maximizes the negative)" } else { "" }
}

fn variables(problem: &ProblemFile, solved: &Solved<'_>) -> String {
    let mut listing = table(&["variable", "value", "bound dual"], &[1, 2]);
    let names = problem.column_names.iter();
    for ((name, x), dual) in names.zip(solved.x()).zip(solved.duals().bounds).take(SHOWN) {
        listing.add_row([name.clone(), value(Some(*x)), value(Some(*dual))]);
    }
    let more = solved.x().len().saturating_sub(SHOWN);
    let rest = if more > 0 { format!("\n… {more} more; --json has all") } else { String::new() };
    format!("{listing}{rest}\n")
}
