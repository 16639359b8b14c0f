//! `bpqp compare`: every problem through every backend, or every pair of them.

mod render;
mod report;

use std::path::{Path, PathBuf};
use std::time::Duration;

use super::args::{CompareArgs, SolverArgs};
use super::output::{self, Failure, Outcome};
use super::{input, table};
use crate::Registry;
use crate::compare::{Pair, Problem, compare, embedded};

/// Time limit of one solve where none was given.
const TIME_LIMIT: Duration = Duration::from_secs(60);

pub(crate) fn run(registry: &Registry, args: &CompareArgs, json: bool) -> Result<Outcome, Failure> {
    let names = names(registry, args)?;
    let pairs = pairs(registry, args, &names)?;
    let problems = if args.files.is_empty() { embedded()? } else { read(&args.files)? };
    if let Some(path) = &args.report {
        check_writable(path, &args.files)?;
    }
    let bar = input::progress(problems.len() * pairs.len());
    let comparison = compare(&problems, &pairs, |problem, pair| {
        bar.set_message(format!("{}, {}", problem.name, pair.label()));
        bar.inc(1);
    });
    bar.finish_and_clear();
    if let Some(path) = &args.report {
        let page = report::page(&problems, &comparison, &report::Facts::new(registry, &names, &args.solver));
        std::fs::write(path, page).map_err(|source| unwritable(path, source))?;
    }
    if json {
        output::document(&comparison.runs)
    } else {
        output::text(&render::render(&comparison, args))
    }
    let good = |p: &Problem| comparison.runs.iter().any(|run| run.file == p.name && run.is_good());
    Ok(Outcome::solved_if(problems.iter().all(good)))
}

/// All files before any solve: a wrong name is told at once.
fn read(files: &[PathBuf]) -> Result<Vec<Problem>, Failure> {
    files.iter().map(|file| Ok(Problem::new(file.display().to_string(), input::problem(file)?))).collect()
}

/// Tells before any solve that the report cannot be written, or would overwrite a problem.
fn check_writable(path: &Path, files: &[PathBuf]) -> Result<(), Failure> {
    let real = |path: &Path| path.canonicalize().ok();
    if real(path).is_some() && files.iter().any(|file| real(file) == real(path)) {
        let message = format!("--report {}: this is one of the problem files", path.display());
        return Err(Failure::new("invalid_argument", message));
    }
    let opened = std::fs::OpenOptions::new().write(true).create(true).truncate(false).open(path);
    opened.map(|_| ()).map_err(|source| unwritable(path, source))
}

fn unwritable(path: &Path, source: std::io::Error) -> Failure {
    Failure::from(crate::Error::Io { path: path.into(), source })
}

/// The backends to compare.
fn names(registry: &Registry, args: &CompareArgs) -> Result<Vec<String>, Failure> {
    let names: Vec<String> = match args.backends.is_empty() {
        true => registry.clone().usable().names(),
        false => args.backends.clone(),
    };
    if names.is_empty() {
        return Err(Failure::new("unknown_backend", "no backend is available; see `bpqp backends`"));
    }
    Ok(names)
}

/// Each backend both ways, or all pairs.
fn pairs(registry: &Registry, args: &CompareArgs, names: &[String]) -> Result<Vec<Pair>, Failure> {
    let mut pairs = Vec::new();
    for forward in names {
        let settings = with_default_limit(&args.solver, registry.get(forward)?.capabilities().time_limit);
        for backward in names.iter().filter(|backward| args.pairs || *backward == forward) {
            pairs.push(Pair::new(registry, forward, backward, settings.clone())?);
        }
    }
    Ok(pairs)
}

/// The settings asked for; a time limit that nobody asked for only where the backend honors it.
pub(super) fn with_default_limit(solver: &SolverArgs, honored: bool) -> crate::Settings {
    let mut settings = solver.settings();
    if settings.time_limit.is_none() && honored {
        settings.time_limit = Some(TIME_LIMIT);
    }
    settings
}
