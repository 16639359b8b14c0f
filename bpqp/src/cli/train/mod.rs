//! `bpqp train portfolio`, `bpqp repro table3`: stocks' returns are predicted, portfolios chosen, and the predictor is
//! trained for the one or for the other.

pub(super) mod args;
mod checkpoint;
mod evaluate;
mod fit;
mod network;
mod prices;
mod render;
mod report;
mod risk;
mod samples;
mod summary;

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use serde::Serialize;

use self::args::{Experiment, Method, PortfolioArgs, Task, TrainArgs};
use self::checkpoint::{RunId, State};
use self::fit::{Setting, fit};
use self::prices::Prices;
use self::samples::Dataset;
use self::summary::{Ratio, Row};
use super::input;
use super::output::{self, Failure, Outcome};
use crate::{Error, Layer, Registry};

/// The document of `--json`.
#[derive(Serialize)]
struct Document<'a> {
    prices: &'a str,
    stocks: usize,
    decisions: usize,
    experiment: &'a Experiment,
    rows: &'a [Row],
    /// Of the regret, end to end over two stages.
    regret_ratio: Option<Ratio>,
}

pub(crate) fn run(registry: &Registry, args: &TrainArgs, json: bool) -> Result<Outcome, Failure> {
    let Task::Portfolio(args) = &args.task;
    portfolio(registry, args, json)
}

pub(crate) fn portfolio(registry: &Registry, args: &PortfolioArgs, json: bool) -> Result<Outcome, Failure> {
    let stop = interruption()?;
    let (experiment, seeds) = args.plan();
    let layer = Layer::builder().registry(registry.clone()).build()?;
    let prices = Prices::load(args.prices.as_deref())?;
    let folder = args.folder();
    prepare(&folder, args.fresh)?;
    if let Some(path) = &args.report {
        let opened = std::fs::OpenOptions::new().write(true).create(true).truncate(false).open(path);
        opened.map_err(|source| Error::Io { path: path.clone(), source })?;
    }
    let bar = input::progress(Dataset::count(&prices, &experiment));
    bar.set_message("risk and features");
    let data = Dataset::new(&prices, &experiment, &layer, || bar.inc(1))?;
    bar.finish_and_clear();

    let setting = Setting {
        data: &data,
        experiment: &experiment,
        prices: &prices.source,
        layer: layer.clone(),
        folder: &folder,
        stop: &stop,
    };
    let runs = runs(&args.methods, &experiment, &seeds);
    let bar = input::progress(runs.len() * experiment.epochs as usize);
    let mut states = Vec::new();
    for run in runs {
        bar.set_message(format!("{}, window {}, seed {}", run.method.as_str(), run.fold + 1, run.seed));
        match fit(&setting, run, |epochs| bar.inc(epochs))? {
            Some(state) => states.push(state),
            None => {
                bar.finish_and_clear();
                let done = states.len();
                let message =
                    format!("{done} runs are done and in {}; the same command goes on from there", folder.display());
                return Err(Failure::new("interrupted", message));
            }
        }
    }
    bar.finish_and_clear();
    tell(args, &experiment, (&prices, &data, &layer), &states, json)
}

fn tell(
    args: &PortfolioArgs,
    experiment: &Experiment,
    (prices, data, layer): (&Prices, &Dataset, &Layer),
    states: &[State],
    json: bool,
) -> Result<Outcome, Failure> {
    let rows = summary::rows(states, data, layer, experiment.horizon)?;
    let ratio = summary::ratio(&summary::seeds(states, Method::EndToEnd), &summary::seeds(states, Method::TwoStage));
    let notes = notes(data, experiment, ratio, prices);
    if let Some(path) = &args.report {
        let (equal, least) = summary::without_learning(data, layer)?;
        let others = vec![("equal weights", equal), ("least variance", least)];
        let content = report::Content { states, rows: &rows, prices, data, others, notes: notes.clone() };
        std::fs::write(path, report::page(&content)).map_err(|source| Error::Io { path: path.clone(), source })?;
    }
    if json {
        let (stocks, decisions) = (data.stocks, data.samples.len());
        output::document(&Document {
            prices: &prices.source,
            stocks,
            decisions,
            experiment,
            rows: &rows,
            regret_ratio: ratio,
        });
    } else {
        output::text(&render::text(&rows, &notes));
    }
    Ok(Outcome::Solved)
}

/// How to read the table.
fn notes(data: &Dataset, experiment: &Experiment, ratio: Option<Ratio>, prices: &Prices) -> Vec<String> {
    let date = |sample: usize| &prices.dates[data.samples[sample].day];
    let tested: Vec<usize> = data.folds.iter().flat_map(|fold| fold.test.clone()).collect();
    let (first, last) = (tested.first().copied().unwrap_or(0), tested.last().copied().unwrap_or(0));
    let mut notes = vec![
        format!(
            "{} stocks, {} decisions every {} trading days; tested on {} of them, {} to {}, in {} windows, each after what was learned from.",
            data.stocks,
            data.samples.len(),
            experiment.horizon,
            tested.len(),
            date(first),
            date(last),
            data.folds.len(),
        ),
        "Mean ± standard deviation over seeds; returns before costs; times are of one epoch.".into(),
    ];
    notes.extend(ratio.map(|r| {
        format!(
            "Regret, end to end over two stages: {:.4}; 95 % of the bootstrap over days and seeds: {:.4} to {:.4}.",
            r.ratio, r.low, r.high
        )
    }));
    notes
}

/// All runs: every method on one window and seed before the next.
fn runs(methods: &[Method], experiment: &Experiment, seeds: &[u64]) -> Vec<RunId> {
    let folds = 0..experiment.folds as usize;
    let places = seeds.iter().flat_map(|&seed| folds.clone().map(move |fold| (seed, fold)));
    places.flat_map(|(seed, fold)| methods.iter().map(move |&method| RunId { method, fold, seed })).collect()
}

/// The folder of the checkpoints, without those of earlier runs where these are not wanted.
fn prepare(folder: &Path, fresh: bool) -> Result<(), Failure> {
    let io = |source| Failure::from(Error::Io { path: folder.into(), source });
    std::fs::create_dir_all(folder).map_err(io)?;
    if fresh {
        for entry in std::fs::read_dir(folder).map_err(io)? {
            let path = entry.map_err(io)?.path();
            if path.extension().is_some_and(|e| e == "run" || e == "part") {
                std::fs::remove_file(&path).map_err(|source| Failure::from(Error::Io { path, source }))?;
            }
        }
    }
    Ok(())
}

/// A flag that the first Ctrl-C sets; the second ends the program at once.
fn interruption() -> Result<Arc<AtomicBool>, Failure> {
    let stop = Arc::new(AtomicBool::new(false));
    let seen = Arc::clone(&stop);
    let set = move || {
        if seen.swap(true, Ordering::Relaxed) {
            std::process::exit(130);
        }
    };
    ctrlc::set_handler(set).map_err(|e| Failure::new("backend", format!("no handler for Ctrl-C: {e}")))?;
    Ok(stop)
}
