//! The HTML page of `bpqp compare --report`.

mod facts;
mod tables;

use maud::{Markup, html};

pub(super) use facts::Facts;

use super::render::{short, summary};
use crate::cli::page;
use crate::cli::page::dots::{Plot, Series};
use crate::compare::{Comparison, Problem, Run};

/// The whole page.
pub(super) fn page(problems: &[Problem], comparison: &Comparison, facts: &Facts) -> String {
    let title = format!("BPQP: {} problems, {} pairs of backends", problems.len(), comparison.pairs.len());
    let body = html! {
        p.lead { (summary(comparison)) }
        (facts.render())
        (tables::failures(comparison))
        (times(comparison))
        (residuals(comparison))
        (tables::agreement(comparison))
        (tables::certificates(problems, comparison))
        (tables::runs(comparison))
    };
    page::document(&title, "Backends compared", body)
}

/// What is on one axis of a plot: a number of a run, by the backend it tells about.
type Measure = fn(&Run) -> Option<f64>;

fn times(comparison: &Comparison) -> Markup {
    let forward: Measure = |run| Some(run.setup_ms? + run.forward_ms?);
    html! {
        h2 { "Times" }
        p {
            "Milliseconds of single runs, on a logarithmic axis: read ratios, and those of more than a few. "
            "Where a backend is part of several pairs, the smallest counts. Runs that failed are not shown."
        }
        (plot(comparison, "Forward pass, set-up included (ms)", |run| &run.forward, forward, f64::min, Run::is_good))
        (plot(comparison, "Backward pass, first derivative (ms)", |run| &run.backward, |run| run.backward_ms, f64::min, |_| true))
    }
}

fn residuals(comparison: &Comparison) -> Markup {
    html! {
        h2 { "Residuals" }
        p {
            "Relative and recomputed from the data: the largest of primal residual, dual residual and gap as the forward "
            "pass left the point; the residual of the backward system. Where a backend is part of several pairs, the "
            "largest counts."
        }
        (plot(comparison, "KKT residual of the forward pass", |run| &run.forward, Run::residual, f64::max, |_| true))
        (plot(comparison, "Residual of the backward system", |run| &run.backward, |run| run.adjoint_residual, f64::max, |_| true))
    }
}

/// A plot with a row for each problem and a series for each backend.
fn plot(
    comparison: &Comparison,
    title: &str,
    backend: fn(&Run) -> &String,
    measure: Measure,
    combine: fn(f64, f64) -> f64,
    keep: fn(&Run) -> bool,
) -> Markup {
    let files = distinct(comparison.runs.iter().map(|run| &run.file));
    let names = distinct(comparison.runs.iter().map(backend));
    let point = |name: &String, file: &String| {
        let runs = comparison.runs.iter().filter(|run| backend(run) == name && run.file == *file && keep(run));
        runs.filter_map(measure).reduce(combine)
    };
    let series = names
        .into_iter()
        .map(|name| Series { name: name.clone(), points: files.iter().map(|file| point(name, file)).collect() });
    let rows = files.iter().map(|file| short(file)).collect();
    Plot { title: title.into(), rows, series: series.collect() }.without_empty_rows().render()
}

/// The values in order of their first appearance.
fn distinct<'a>(values: impl Iterator<Item = &'a String>) -> Vec<&'a String> {
    let mut seen: Vec<&String> = Vec::new();
    for value in values {
        if !seen.contains(&value) {
            seen.push(value);
        }
    }
    seen
}

#[cfg(test)]
mod tests;
