//! The HTML page: table, learning curves, growth, and a portfolio.

use maud::{Markup, html};

use super::args::Method;
use super::checkpoint::State;
use super::evaluate::{Day, deviation, mean};
use super::prices::Prices;
use super::render::{TIMES, metric_cells, time_cells};
use super::samples::Dataset;
use super::summary::{Row, methods, seeds};
use crate::cli::page;
use crate::cli::page::lines::{Chart, Line};

/// Holdings that a plot of a portfolio tells apart; the rest is one.
const HOLDINGS: usize = 7;

/// What the page is made of.
pub(super) struct Content<'a> {
    pub(super) states: &'a [State],
    pub(super) rows: &'a [Row],
    pub(super) prices: &'a Prices,
    pub(super) data: &'a Dataset,
    /// Portfolios that do not learn, by name.
    pub(super) others: Vec<(&'static str, Vec<Day>)>,
    /// Sentences below the table.
    pub(super) notes: Vec<String>,
}

pub(super) fn page(content: &Content<'_>) -> String {
    let facts = [
        ("Command", page::command()),
        (
            "Prices",
            format!("{}; {} stocks, {} days", content.prices.source, content.data.stocks, content.prices.dates.len()),
        ),
        ("BPQP", page::build()),
        ("Machine", page::machine("one of them used")),
    ];
    let body = html! {
        (page::facts(&facts))
        h2 { "Test windows" }
        (table(content))
        @for note in &content.notes { p { (note) } }
        h2 { "Learning" }
        @for &method in &methods(content.states) { (learning(content.states, method)) }
        h2 { "Growth of one unit" }
        (growth(content))
        h2 { "A portfolio" }
        @for &method in &methods(content.states) { (portfolio(content, method)) }
    };
    page::document("BPQP: portfolios by prediction and optimization", "Portfolios by prediction and optimization", body)
}

fn table(content: &Content<'_>) -> Markup {
    let names = content.rows.first().map(|row| row.seeds[0].columns().map(|(name, _)| name)).unwrap_or_default();
    html! {
        div.scroll {
            table {
                thead { tr { th { "method" } @for name in names { th { (name) } } @for name in TIMES { th { (name) } } } }
                tbody {
                    @for row in content.rows {
                        tr {
                            th scope="row" { (row.name) }
                            @for cell in metric_cells(row).into_iter().chain(time_cells(row)) { td.number { (cell) } }
                        }
                    }
                }
            }
        }
    }
}

/// The losses of all runs of a method, averaged over seeds and windows, with their standard deviation as a band.
fn learning(states: &[State], method: Method) -> Markup {
    let own: Vec<&State> = states.iter().filter(|s| s.run.method == method).collect();
    let longest = own.iter().map(|s| s.epochs.len()).max().unwrap_or(0);
    let line = |name: &str, of: fn(&State, usize) -> f64| {
        let (mut points, mut band) = (Vec::new(), Vec::new());
        for epoch in 0..longest {
            let values: Vec<f64> = own.iter().filter(|s| s.epochs.len() > epoch).map(|s| of(s, epoch)).collect();
            points.push((epoch as f64 + 1.0, mean(&values)));
            band.push(if values.len() > 1 { deviation(&values) } else { 0.0 });
        }
        Line { name: name.into(), points, band }
    };
    // Windows differ in level by far more than runs do: each run is shown by its distance from its own first epoch.
    let lines = vec![
        line("training", |s, k| s.epochs[k].loss - s.epochs[0].loss),
        line("validation", |s, k| s.epochs[k].validation - s.epochs[0].validation),
    ];
    let title =
        format!("{}: loss beyond that of the first epoch, mean and deviation over seeds and windows", method.as_str());
    Chart { title, x: "epoch".into(), y: "change of loss".into(), lines, places: vec![] }.render()
}

fn growth(content: &Content<'_>) -> Markup {
    let line = |name: &str, runs: &[Vec<Day>]| {
        let logs = |days: &Vec<Day>| {
            days.iter()
                .scan(0.0, |sum, d| {
                    *sum += (1.0 + d.gain / 100.0).ln();
                    Some(*sum)
                })
                .collect::<Vec<f64>>()
        };
        let runs: Vec<Vec<f64>> = runs.iter().map(logs).collect();
        let days = runs.first().map_or(0, Vec::len);
        let at = |k: usize| runs.iter().map(|run| run[k] / std::f64::consts::LN_10).collect::<Vec<f64>>();
        let points = (0..days).map(|k| (k as f64, mean(&at(k)))).collect();
        let band = if runs.len() > 1 { (0..days).map(|k| deviation(&at(k))).collect() } else { vec![] };
        Line { name: name.into(), points, band }
    };
    let methods = methods(content.states);
    let mut lines: Vec<Line> = methods.iter().map(|&m| line(m.as_str(), &seeds(content.states, m))).collect();
    lines.extend(content.others.iter().map(|(name, days)| line(name, std::slice::from_ref(days))));
    let title = "Logarithm to base ten of what one unit becomes in the test windows, before costs".into();
    Chart { title, x: "date".into(), y: "log₁₀ growth".into(), lines, places: places(content) }.render()
}

/// Five dates along the test windows.
fn places(content: &Content<'_>) -> Vec<(f64, String)> {
    let tests: Vec<usize> = content.data.folds.iter().flat_map(|fold| fold.test.clone()).collect();
    let last = tests.len().saturating_sub(1);
    let date = |k: usize| content.prices.dates[content.data.samples[tests[k]].day].clone();
    (0..5).map(|part| part * last / 4).map(|k| (k as f64, date(k))).collect()
}

/// The largest holdings of the first seed over time.
fn portfolio(content: &Content<'_>, method: Method) -> Markup {
    let runs = seeds(content.states, method);
    let Some(days) = runs.first() else { return html! {} };
    let holding = |j: usize| days.iter().map(|d| f64::from(d.weights[j])).sum::<f64>() / days.len() as f64;
    let mut order: Vec<usize> = (0..content.data.stocks).collect();
    order.sort_by(|&a, &b| holding(b).total_cmp(&holding(a)));
    let (shown, rest) = order.split_at(HOLDINGS.min(order.len()));
    let line = |name: String, stocks: &[usize]| {
        let weight = |d: &Day| stocks.iter().map(|&j| f64::from(d.weights[j])).sum::<f64>();
        Line { name, points: days.iter().enumerate().map(|(k, d)| (k as f64, weight(d))).collect(), band: vec![] }
    };
    let mut lines: Vec<Line> = shown.iter().map(|&j| line(content.prices.names[j].clone(), &[j])).collect();
    lines.push(line(format!("{} others", rest.len()), rest));
    let title = format!("{}: shares held, first seed", method.as_str());
    Chart { title, x: "date".into(), y: "share".into(), lines, places: places(content) }.render()
}
