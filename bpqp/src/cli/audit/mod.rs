//! `bpqp audit`: what certificates say, and whether differences agree where they say "exact".

mod rows;
mod sample;
mod tally;

use std::path::Path;

use serde::Serialize;

use self::sample::{Family, Known, Sample, sample};
use self::tally::Counts;
use super::args::AuditArgs;
use super::input;
use super::output::{self, Failure, Outcome};
use super::table::{small, table};
use crate::{
    DirectionCheck, Error, Gradient, Layer, LayerBuilder, Program, Registry, Settings, Solved, Status, check_directions,
};

/// Largest error of a difference that agrees, see [`DirectionCheck::error`].
const AGREEMENT: f64 = 1e-4;
/// Iterations for a generated program; more would be spent on hopeless ones.
const ITERATIONS: u32 = 2000;
/// Largest error of the objective of a program whose optimal value is known, relative to it or one.
const OPTIMAL: f64 = 1e-6;

/// What became of one program.
#[derive(Serialize)]
struct Audit {
    /// The file, or `seed N`.
    problem: String,
    variables: usize,
    rows: usize,
    /// `exact`, `kink`, `degenerate`; the kind of the error that refused it; or the status that is no solution.
    outcome: &'static str,
    /// Of the adjoint system.
    residual: Option<f64>,
    /// The certificate's estimate of the gradient's error.
    error_estimate: Option<f64>,
    /// Its estimate of how far the derivative holds.
    radius: Option<f64>,
    /// Blocks that the certificate calls the derivative, and differences could be made of.
    checked: usize,
    /// Such blocks without a difference.
    skipped: usize,
    /// Largest error of a block, see `disagreements`.
    error: Option<f64>,
    disagreements: Vec<Disagreement>,
    /// What is wrong with the status or the objective, where these are known.
    #[serde(skip_serializing_if = "Option::is_none")]
    wrong: Option<String>,
}

/// A block that is called the derivative and is not.
#[derive(Clone, Serialize)]
struct Disagreement {
    block: &'static str,
    /// Slope along the direction, by the gradient.
    predicted: f64,
    /// By the closest difference, at this step relative to the data.
    difference: Option<f64>,
    step: f64,
    error: f64,
}

#[derive(Serialize)]
struct Report<'a> {
    files: &'a [Audit],
    /// By family.
    generated: Vec<FamilyReport<'a>>,
    /// Of generated programs: those with disagreements or a wrong status.
    complaints: &'a [Audit],
}

#[derive(Serialize)]
struct FamilyReport<'a> {
    family: &'static str,
    #[serde(flatten)]
    counts: &'a Counts,
}

pub(crate) fn run(registry: &Registry, args: &AuditArgs, json: bool) -> Result<Outcome, Failure> {
    if args.files.is_empty() && args.generated == 0 {
        return Err(Failure::new("invalid_argument", "nothing to audit: give files, or --generated N"));
    }
    let settings = args.solver.settings();
    let of_small = Settings { max_iterations: Some(ITERATIONS), ..settings.clone() };
    let pair = |epsilon, settings: &Settings| {
        let configure =
            |layer: LayerBuilder| layer.lp_regularization(epsilon).settings(settings.clone()).estimate_errors(true);
        Ok::<Layer, Failure>(input::pair(registry, &args.pair, &args.solver, configure)?.layer)
    };
    let epsilon = args.lp_regularization;
    let bar = input::progress(args.files.len() + args.generated as usize);
    let (layer, mut files) = (pair(epsilon, &settings)?, Vec::new());
    for file in &args.files {
        bar.set_message(file.display().to_string());
        files.push(of_file(&layer, file)?);
        bar.inc(1);
    }
    bar.set_message("generated programs");
    let (plain, regularized) = (pair(0.0, &of_small)?, pair(epsilon, &of_small)?);
    let mut families = Family::ALL.map(|family| (family, Counts::default()));
    let mut complaints = Vec::new();
    for seed in (args.seed..).take(args.generated as usize) {
        let sample = sample(seed)?;
        let layer = if sample.family == Family::LinearRegularized { &regularized } else { &plain };
        let audit = of_sample(layer, &sample, seed);
        if let Some((_, counts)) = families.iter_mut().find(|(family, _)| *family == sample.family) {
            counts.add(&audit);
        }
        if !audit.disagreements.is_empty() || audit.wrong.is_some() {
            complaints.push(audit);
        }
        bar.inc(1);
    }
    bar.finish_and_clear();
    if json {
        let of = |(family, counts): &'_ (Family, Counts)| (family.name(), counts.clone());
        let named: Vec<(&str, Counts)> = families.iter().map(of).collect();
        let generated = named.iter().filter(|(_, counts)| counts.programs > 0);
        let generated = generated.map(|(family, counts)| FamilyReport { family, counts }).collect();
        output::document(&Report { files: &files, generated, complaints: &complaints });
    } else {
        output::text(&render(&files, &families, &complaints));
    }
    let clean = |audits: &[Audit]| audits.iter().all(|audit| audit.disagreements.is_empty());
    Ok(Outcome::solved_if(clean(&files) && clean(&complaints)))
}

fn of_file(layer: &Layer, file: &Path) -> Result<Audit, Failure> {
    let problem = input::problem(file)?;
    let x_bar = vec![1.0; problem.program.num_vars()];
    Ok(audit(layer, &problem.program, &x_bar, file.display().to_string(), 0).0)
}

/// The audit of a generated program, with what is known of it compared.
fn of_sample(layer: &Layer, sample: &Sample, seed: u64) -> Audit {
    let (mut audit, found) = audit(layer, &sample.program, &sample.x_bar, format!("seed {seed}"), seed);
    audit.wrong = match (found, sample.known) {
        (Some((Status::Solved, objective)), Known::Optimum(optimum)) => {
            let error = (objective - optimum).abs() / optimum.abs().max(1.0);
            (error > OPTIMAL).then(|| format!("the objective is {objective} and not {optimum}"))
        }
        (Some((Status::Solved | Status::SolvedInaccurate, _)), Known::NoSolution) => {
            Some("solved, though it has no solution".into())
        }
        (Some((status @ (Status::PrimalInfeasible | Status::DualInfeasible), _)), Known::Optimum(_)) => {
            Some(format!("{status}, though it has a solution"))
        }
        _ => None,
    };
    audit
}

/// Both passes and the comparison; with the status and the objective before any regularization.
fn audit(
    layer: &Layer,
    program: &Program,
    x_bar: &[f64],
    problem: String,
    seed: u64,
) -> (Audit, Option<(Status, f64)>) {
    let (variables, rows) = (program.num_vars(), program.as_stacked().num_rows());
    let mut audit = Audit {
        problem,
        variables,
        rows,
        outcome: "",
        residual: None,
        error_estimate: None,
        radius: None,
        checked: 0,
        skipped: 0,
        error: None,
        disagreements: Vec::new(),
        wrong: None,
    };
    let mut solved = match layer.forward(program) {
        Ok(solved) => solved,
        Err(error) => {
            audit.outcome = error.kind();
            return (audit, None);
        }
    };
    let found = Some((solved.status(), solved.objective()));
    let gradient = match solved.backward(x_bar) {
        Ok(gradient) => gradient,
        Err(error) => {
            audit.outcome = if let Error::NotSolved { status } = error { status.as_str() } else { error.kind() };
            return (audit, found);
        }
    };
    let certificate = gradient.certificate();
    audit.outcome = certificate.kind.as_str();
    audit.residual = Some(certificate.residual);
    (audit.error_estimate, audit.radius) = (certificate.error_estimate, certificate.radius);
    // Where solutions are many, the part of the loss that is the same at all of them has derivatives to be audited.
    let across =
        if certificate.loose_variables.is_empty() { None } else { across_the_face(program, &mut solved, &gradient) };
    let (x_bar, gradient) = across.as_ref().map_or((x_bar, &gradient), |(x_bar, gradient)| (x_bar, gradient));
    let exact = |block: &str| !gradient.certificate().inexact_blocks.contains(&block);
    // No error can come: the shapes fit, and the program was solved before.
    for check in check_directions(layer, program, x_bar, gradient, exact, seed).unwrap_or_default() {
        audit.count(&check);
    }
    (audit, found)
}

/// The cotangent that the adjoint solution balances, `−(P z̃ + A₊ᵀỹ + ζ̃ − Sᵀw̃)`, and its gradient; `None` where there is none.
fn across_the_face(program: &Program, solved: &mut Solved<'_>, gradient: &Gradient) -> Option<(Vec<f64>, Gradient)> {
    let (stacked, blocks) = (program.as_stacked(), program.blocks());
    let both = |l: &[f64], u: &[f64]| l.iter().zip(u).map(|(l, u)| l + u).collect::<Vec<f64>>();
    let mut rows = vec![0.0; stacked.num_rows()];
    rows[blocks.equalities.clone()].copy_from_slice(gradient.b());
    rows[blocks.inequalities.clone()].copy_from_slice(gradient.h());
    rows[blocks.rows.clone()].copy_from_slice(&both(gradient.l(), gradient.u()));
    let mut x_bar = both(gradient.lb(), gradient.ub());
    stacked.a().transpose_mul_add(1.0, &rows, &mut x_bar);
    stacked.p().symmetric_mul_add(-1.0, gradient.q(), &mut x_bar);
    if let Some(cones) = stacked.cones() {
        cones.matrix().transpose_mul_add(-1.0, gradient.cone_offsets(), &mut x_bar);
    }
    let gradient = solved.backward(&x_bar).ok()?;
    Some((x_bar, gradient))
}

impl Audit {
    fn count(&mut self, check: &DirectionCheck) {
        let DirectionCheck { block, predicted, difference, step, error } = *check;
        if difference.is_none() {
            self.skipped += 1;
            return;
        }
        self.checked += 1;
        self.error = Some(self.error.map_or(error, |worst: f64| worst.max(error)));
        // A NaN does not agree.
        if !matches!(error, e if e <= AGREEMENT) {
            self.disagreements.push(Disagreement { block, predicted, difference, step, error });
        }
    }
}

/// The last part of a path.
fn file_name(path: &str) -> String {
    Path::new(path).file_name().map_or_else(|| path.to_owned(), |name| name.to_string_lossy().into_owned())
}

fn render(files: &[Audit], families: &[(Family, Counts)], complaints: &[Audit]) -> String {
    let mut parts = Vec::new();
    if !files.is_empty() {
        let mut out = table(&["file", "n", "m", "outcome", "residual", "blocks", "error"], &[1, 2, 4, 5, 6]);
        let mut total = Counts::default();
        for audit in files {
            total.add(audit);
            let (n, m) = (audit.variables.to_string(), audit.rows.to_string());
            let checked = audit.checked.to_string();
            let name = file_name(&audit.problem);
            out.add_row([name, n, m, audit.outcome.into(), small(audit.residual), checked, small(audit.error)]);
        }
        parts.push(out.to_string());
        parts.push(tally::table([("files", &total)].into_iter()));
    }
    let generated = families.iter().filter(|(_, counts)| counts.programs > 0);
    if generated.clone().next().is_some() {
        parts.push(tally::table(generated.map(|(family, counts)| (family.name(), counts))));
    }
    for audit in files.iter().chain(complaints) {
        for Disagreement { block, predicted, difference, step, error } in &audit.disagreements {
            let (problem, difference) = (&audit.problem, difference.unwrap_or(f64::NAN));
            parts.push(format!(
                "{problem}: {}: {block}: slope {predicted:e} by the gradient, {difference:e} by differences of step {step:e}: error {error:.0e}",
                audit.outcome
            ));
        }
        if let Some(wrong) = &audit.wrong {
            parts.push(format!("{}: {wrong}", audit.problem));
        }
    }
    parts.join("\n") + "\n"
}
