//! `bpqp grad`.

use std::fmt::Write;

use crate::io::ProblemFile;
use crate::{AtKink, BlockCheck, CertificateKind, CheckOptions, Gradient, Registry, Solved, check_gradient};
use serde::Serialize;

use super::args::GradArgs;
use super::input::{self, Pair, ms};
use super::output::{self, Failure, Outcome};
use super::report::{CertificateReport, DualsReport, GradientsReport, TimingReport};
use super::solve::{heading, meaning, sense};
use super::table::{millis, small, table, value};

/// Up to so many variables central differences are made without being asked twice.
const CHECKED_VARIABLES: usize = 500;

/// A share of the cotangent that is rounding.
const ROUNDING: f64 = 1e-12;

#[derive(Serialize)]
struct Report<'a> {
    file: String,
    name: &'a str,
    status: &'static str,
    forward: &'a str,
    backward: &'a str,
    /// Of the minimization; a file that maximizes has it negated.
    objective: Option<f64>,
    maximize: bool,
    x: Option<&'a [f64]>,
    duals: Option<DualsReport<'a>>,
    gradients: Option<GradientsReport<'a>>,
    certificate: Option<CertificateReport<'a>>,
    timing_ms: TimingReport,
    #[serde(skip_serializing_if = "Option::is_none")]
    check: Option<Vec<CheckReport>>,
}

#[derive(Serialize)]
struct CheckReport {
    block: &'static str,
    checked: usize,
    skipped: usize,
    total: usize,
    error: f64,
}

impl From<&BlockCheck> for CheckReport {
    fn from(check: &BlockCheck) -> Self {
        let BlockCheck { block, checked, skipped, total, error } = *check;
        Self { block, checked, skipped, total, error }
    }
}

pub(crate) fn run(registry: &Registry, args: &GradArgs, json: bool) -> Result<Outcome, Failure> {
    let pair = input::pair(registry, &args.pair, &args.solver, |layer| {
        let layer = layer.lp_regularization(args.lp_regularization).smoothing(args.smoothing);
        layer
            .at_kink(args.at_kink)
            .at_degeneracy(args.at_degeneracy)
            .at_infeasibility(args.at_infeasibility)
            .estimate_errors(true)
    })?;
    let problem = input::problem(&args.file)?;
    let x_bar = input::cotangent(&args.cotangent, problem.program.num_vars())?;
    check_is_sensible(args, problem.program.num_vars())?;
    let at_file = |e: crate::Error| Failure::at(&args.file, &e);

    let spinner = input::spinner(format!("differentiating {}", args.file.display()));
    let mut solved = pair.layer.forward(&problem.program).map_err(at_file)?;
    let gradient = match solved.backward(&x_bar) {
        Ok(gradient) => Some(gradient),
        Err(crate::Error::NotSolved { .. } | crate::Error::Inaccurate { .. }) => None,
        Err(error) => return Err(at_file(error)),
    };
    spinner.finish_and_clear();
    let check = match (&gradient, args.check) {
        (Some(gradient), true) => Some(differences(args, &pair, &problem, &x_bar, gradient).map_err(at_file)?),
        _ => None,
    };
    if json {
        output::document(&report(args, &pair, &problem, &solved, gradient.as_ref(), check.as_deref()));
    } else {
        output::text(&render(&pair, &problem, &solved, gradient.as_ref(), check.as_deref()));
    }
    Ok(Outcome::of(solved.status()))
}

fn check_is_sensible(args: &GradArgs, d: usize) -> Result<(), Failure> {
    if !args.check || args.check_entries.is_some() || d <= CHECKED_VARIABLES {
        return Ok(());
    }
    let message = format!(
        "--check solves the problem twice for each entry, and this one has {d} variables; \
         say how many entries of each block to check, for example --check-entries 5"
    );
    Err(Failure::new("invalid_argument", message))
}

fn differences(
    args: &GradArgs,
    pair: &Pair,
    problem: &ProblemFile,
    x_bar: &[f64],
    gradient: &Gradient,
) -> crate::Result<Vec<BlockCheck>> {
    let default = CheckOptions::default();
    let options = CheckOptions { entries: args.check_entries.unwrap_or(default.entries), ..default };
    let bar = input::progress(0);
    bar.set_message("central differences");
    let checks = check_gradient(&pair.layer, &problem.program, x_bar, gradient, &options, |done, all| {
        bar.set_length(all as u64);
        bar.set_position(done as u64);
    });
    bar.finish_and_clear();
    checks
}

fn report<'a>(
    args: &GradArgs,
    pair: &'a Pair,
    problem: &'a ProblemFile,
    solved: &'a Solved<'_>,
    gradient: Option<&'a Gradient>,
    check: Option<&[BlockCheck]>,
) -> Report<'a> {
    let usable = solved.status().has_solution();
    Report {
        file: args.file.display().to_string(),
        name: &problem.name,
        status: solved.status().as_str(),
        forward: &pair.forward,
        backward: &pair.backward,
        objective: usable.then(|| solved.objective()),
        maximize: problem.maximize,
        x: usable.then(|| solved.x()),
        duals: usable.then(|| solved.duals().into()),
        gradients: gradient.map(Into::into),
        certificate: gradient.map(|g| g.certificate().into()),
        timing_ms: TimingReport { backward: gradient.map(|g| ms(g.elapsed())), ..solved.timing().into() },
        check: check.map(|blocks| blocks.iter().map(Into::into).collect()),
    }
}

fn render(
    pair: &Pair,
    problem: &ProblemFile,
    solved: &Solved<'_>,
    gradient: Option<&Gradient>,
    check: Option<&[BlockCheck]>,
) -> String {
    let ending = format!("{} forward, {} backward: {}", pair.forward, pair.backward, solved.status());
    let mut text = heading(problem, &ending);
    let Some(gradient) = gradient else {
        let meaning = meaning(solved.status()).unwrap_or_default();
        return text + meaning + " So there is no gradient.\n";
    };
    let _ = writeln!(text, "objective    {}{}", value(Some(solved.objective())), sense(problem));
    let _ = writeln!(text, "certificate  {}", certificate(gradient));
    let timing = solved.timing();
    let [setup, forward, backward] =
        [timing.setup, timing.forward, gradient.elapsed()].map(|time| millis(Some(ms(time))));
    let _ = writeln!(text, "time         set-up {setup} ms, forward {forward} ms, backward {backward} ms");
    let _ = write!(text, "\n{}", norms(gradient));
    if let Some(check) = check {
        let _ = write!(text, "\n{}", differences_table(check, gradient));
    }
    text
}

fn certificate(gradient: &Gradient) -> String {
    let c = gradient.certificate();
    let meaning = match c.kind {
        CertificateKind::Exact => "the derivative",
        CertificateKind::Kink if c.at_kink == AtKink::Keep => {
            "a one-sided derivative: some rows are weakly active, and kept"
        }
        CertificateKind::Kink => "a one-sided derivative: some rows are weakly active, and dropped",
        CertificateKind::Degenerate => {
            "not unique: the least-norm element; active rows are dependent or the solution is loose"
        }
    };
    let inexact = match c.inexact_blocks.len() {
        0 => String::new(),
        all if all == gradient.blocks().len() => "\n             no block is the derivative".to_owned(),
        _ => format!("\n             the derivative but for the blocks {}", c.inexact_blocks.join(", ")),
    };
    let regularized = if c.regularization > 0.0 {
        format!("\n             of qᵀx + ε‖x‖² with ε = {:e}, in place of the linear objective", c.regularization)
    } else {
        String::new()
    };
    let smoothed = if c.smoothing > 0.0 {
        format!("\n             of the log-barrier program with μ = {:e}, in place of the program", c.smoothing)
    } else {
        String::new()
    };
    let relaxed = if c.relaxation > 0.0 {
        format!("\n             with the rows moved by up to {}: no point satisfies them", value(Some(c.relaxation)))
    } else {
        String::new()
    };
    let undetermined = if c.undetermined > ROUNDING {
        format!("\n             of the cotangent but for a share of {} that has none", small(Some(c.undetermined)))
    } else {
        String::new()
    };
    let trust = match (c.error_estimate, c.radius) {
        (None, None) if !c.loose_variables.is_empty() => {
            "no estimate of its error beside directions of slight curvature".to_owned()
        }
        (error, radius) => {
            let (error, radius) = (small(error), small(radius));
            format!("estimated error {error}, holds for relative changes of the data up to {radius}")
        }
    };
    format!(
        "{}, {meaning}{inexact}{undetermined}{regularized}{smoothed}{relaxed}\n             adjoint residual {}, {trust}\n             {} active, {} weakly active, {} dependent, {} loose variables",
        c.kind,
        small(Some(c.residual)),
        c.active.len(),
        c.weakly_active.len(),
        c.dependent.len(),
        c.loose_variables.len(),
    )
}

fn norms(gradient: &Gradient) -> String {
    let mut listing = table(&["gradient", "entries", "nonzero", "largest magnitude"], &[1, 2, 3]);
    for (name, values) in gradient.blocks().into_iter().filter(|(_, values)| !values.is_empty()) {
        let nonzero = values.iter().filter(|v| **v != 0.0).count();
        let largest = crate::traits::vector::max_abs(values);
        listing.add_row([format!("∂L/∂{name}"), values.len().to_string(), nonzero.to_string(), value(Some(largest))]);
    }
    format!("{listing}\n(--json has the values)\n")
}

fn differences_table(check: &[BlockCheck], gradient: &Gradient) -> String {
    let mut listing = table(&["against differences", "checked", "of", "skipped", "relative error"], &[1, 2, 3, 4]);
    for block in check {
        listing.add_row([
            block.block.to_string(),
            block.checked.to_string(),
            block.total.to_string(),
            block.skipped.to_string(),
            small((block.checked > 0).then_some(block.error)),
        ]);
    }
    let caveat = match gradient.certificate().kind {
        CertificateKind::Exact => "",
        _ => "The gradient is not an exact derivative, so it need not agree with differences.\n",
    };
    format!("{listing}\n{caveat}")
}
