//! Files and names from the command line to problems and layers.

use std::io::Read;
use std::path::Path;
use std::time::Duration;

use crate::io::{ProblemFile, read_bytes, read_file, read_numbers};
use crate::{Error, Layer, LayerBuilder, Registry};
use indicatif::{ProgressBar, ProgressStyle};

use super::args::{PairArgs, SolverArgs};
use super::output::Failure;

/// Reads a problem file, or standard input for `-`.
pub(crate) fn problem(file: &Path) -> Result<ProblemFile, Failure> {
    let read = || {
        if file != Path::new("-") {
            return read_file(file);
        }
        let mut bytes = Vec::new();
        std::io::stdin().read_to_end(&mut bytes).map_err(|source| Error::Io { path: "-".into(), source })?;
        read_bytes("stdin", &bytes)
    };
    read().map_err(|error| Failure::reading(file, &error))
}

/// The gradient of the loss with respect to the `d` variables: `sum`, or a file of numbers.
pub(crate) fn cotangent(what: &str, d: usize) -> Result<Vec<f64>, Failure> {
    if what == "sum" {
        return Ok(vec![1.0; d]);
    }
    let path = Path::new(what);
    let x_bar = read_numbers(path).map_err(|e| Failure::at(path, &e))?;
    if x_bar.len() == d {
        return Ok(x_bar);
    }
    let message = format!("{what}: the cotangent has {} numbers, the problem {d} variables", x_bar.len());
    Err(Failure::new("invalid_argument", message))
}

/// A layer between two backends, and their names.
pub(crate) struct Pair {
    pub(crate) layer: Layer,
    pub(crate) forward: String,
    pub(crate) backward: String,
}

/// The layer that the arguments ask for, with what `configure` adds.
pub(crate) fn pair(
    registry: &Registry,
    args: &PairArgs,
    solver: &SolverArgs,
    configure: impl FnOnce(LayerBuilder) -> LayerBuilder,
) -> Result<Pair, Failure> {
    let names = registry.names();
    let Some(default) = names.first() else {
        let message = "no backend is registered; build with a feature such as `native`";
        return Err(Failure::new("unknown_backend", message));
    };
    let forward = args.forward.as_ref().unwrap_or(default).clone();
    let backward = args.backward.as_ref().unwrap_or(default).clone();
    let layer =
        Layer::builder().registry(registry.clone()).forward(&forward).backward(&backward).settings(solver.settings());
    let layer = configure(layer).build()?;
    Ok(Pair { layer, forward, backward })
}

/// A bar for `steps` steps of long work, on standard error where that is a terminal.
pub(crate) fn progress(steps: usize) -> ProgressBar {
    let bar = ProgressBar::new(steps as u64);
    if let Ok(style) = ProgressStyle::with_template("{spinner} {wide_bar} {pos}/{len} {elapsed} {msg}") {
        bar.set_style(style);
    }
    bar.enable_steady_tick(Duration::from_millis(100));
    bar
}

/// A sign of life for work of unknown length.
pub(crate) fn spinner(message: impl Into<String>) -> ProgressBar {
    let bar = ProgressBar::new_spinner();
    bar.set_message(message.into());
    bar.enable_steady_tick(Duration::from_millis(100));
    bar
}

/// Milliseconds.
pub(crate) fn ms(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1e3
}
