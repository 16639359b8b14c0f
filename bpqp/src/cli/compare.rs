//! `bpqp compare`: every problem through every backend.

mod cell;
mod render;

use std::path::PathBuf;
use std::time::Duration;

use bpqp::io::ProblemFile;
use bpqp::{Gradient, Layer, Registry};

use self::cell::{Cell, measure};
use super::args::{CompareArgs, SolverArgs};
use super::output::{self, Failure, Outcome};
use super::{embedded, input};

/// Time limit of one solve where none was given.
const TIME_LIMIT: Duration = Duration::from_secs(60);

pub(crate) fn run(args: &CompareArgs, json: bool) -> Result<Outcome, Failure> {
    let layers = layers(args)?;
    let problems = if args.files.is_empty() { embedded::problems()? } else { read(&args.files)? };
    let cells = measure_all(&problems, &layers);
    if json {
        output::document(&cells)
    } else {
        output::text(&render::render(&cells, args.files.is_empty()))
    }
    let solved = |file: &String| cells.iter().any(|cell| cell.file == *file && cell.is_solved());
    Ok(Outcome::solved_if(problems.iter().all(|(file, _)| solved(file))))
}

/// All files before any solve: a wrong name is told at once.
fn read(files: &[PathBuf]) -> Result<Vec<(String, ProblemFile)>, Failure> {
    files.iter().map(|file| Ok((file.display().to_string(), input::problem(file)?))).collect()
}

/// A layer for each backend, that backend both ways.
fn layers(args: &CompareArgs) -> Result<Vec<(String, Layer)>, Failure> {
    let registry = Registry::compiled();
    let names: Vec<String> = match args.backends.is_empty() {
        true => registry.clone().usable().names(),
        false => args.backends.clone(),
    };
    if names.is_empty() {
        return Err(Failure::new("unknown_backend", "no backend is available; see `bpqp backends`"));
    }
    let mut layers = Vec::new();
    for name in names {
        let limits = registry.get(&name)?.capabilities().time_limit;
        let builder = Layer::builder().registry(registry.clone()).forward(&name).backward(&name);
        layers.push((name, builder.settings(with_default_limit(&args.solver, limits)).build()?));
    }
    Ok(layers)
}

/// The settings asked for; a time limit that nobody asked for only where the backend honors it.
pub(super) fn with_default_limit(solver: &SolverArgs, honored: bool) -> bpqp::Settings {
    let mut settings = solver.settings();
    if settings.time_limit.is_none() && honored {
        settings.time_limit = Some(TIME_LIMIT);
    }
    settings
}

fn measure_all(problems: &[(String, ProblemFile)], layers: &[(String, Layer)]) -> Vec<Cell> {
    let bar = input::progress(problems.len() * layers.len());
    let mut cells = Vec::new();
    for (file, problem) in problems {
        let mut reference: Option<Gradient> = None;
        for (backend, layer) in layers {
            bar.set_message(format!("{file}, {backend}"));
            let (mut cell, gradient) = measure(file, &problem.program, backend, layer);
            if let Some(gradient) = gradient {
                cell.gradient_difference = Some(gradient.difference(reference.as_ref().unwrap_or(&gradient)));
                reference.get_or_insert(gradient);
            }
            cells.push(cell);
            bar.inc(1);
        }
    }
    bar.finish_and_clear();
    cells
}
