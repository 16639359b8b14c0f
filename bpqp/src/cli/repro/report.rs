//! The tables as an HTML page with plots.

use maud::{Markup, html};

use super::Shows;
use super::args::TableArgs;
use super::measure::Summary;
use super::problem::Kind;
use super::render::{ERRORS, TIMES, cells, note};
use crate::cli::page;
use crate::cli::page::dots::{Plot, Series};

pub(super) fn page(rows: &[Summary], missing: &[String], args: &TableArgs, shows: Shows) -> String {
    let heading = match shows {
        Shows::Times => "Table 1 again: times of both passes",
        Shows::Errors => "Table 2 again: errors of the backward pass",
    };
    let facts = [
        ("Command", page::command()),
        ("Paper", "BPQP, NeurIPS 2024, arXiv 2411.19285".into()),
        ("Not here", if missing.is_empty() { "nothing".into() } else { missing.join("; ") }),
        ("BPQP", page::build()),
        ("Machine", page::machine("one of them used")),
    ];
    let body = html! {
        p.lead { (note(args, shows)) }
        (page::facts(&facts))
        @for kind in args.kinds() { (section(rows, kind, shows)) }
    };
    page::document(&format!("BPQP: {heading}"), heading, body)
}

fn section(rows: &[Summary], kind: Kind, shows: Shows) -> Markup {
    let rows: Vec<&Summary> = rows.iter().filter(|row| row.kind == kind).collect();
    let (headings, plots): (_, Vec<(&str, Measure)>) = match shows {
        Shows::Times => (
            TIMES,
            vec![
                ("Both passes with every set-up (ms)", |row| row.total_ms),
                ("Backward pass (ms)", |row| row.backward_ms),
            ],
        ),
        Shows::Errors => (
            ERRORS,
            vec![
                ("Largest error of ∂L/∂q", |row| row.largest_error),
                ("Largest error of ∂L/∂b and ∂L/∂h", |row| row.largest_error_of_sides),
            ],
        ),
    };
    html! {
        h2 { (kind.describe()) }
        @for (title, measure) in plots { (plot(&rows, title, measure)) }
        div.scroll {
            table {
                thead { tr { @for heading in headings { th { (heading) } } } }
                tbody {
                    @for row in &rows {
                        tr { @for (k, cell) in cells(row, shows).iter().enumerate() { td.number[k > 1] { (cell) } } }
                    }
                }
            }
        }
    }
}

/// What is on the axis of a plot.
type Measure = fn(&Summary) -> Option<f64>;

/// A plot with a row for each size and a series for each method.
fn plot(rows: &[&Summary], title: &str, measure: Measure) -> Markup {
    let (mut sizes, mut methods) = (Vec::new(), Vec::new());
    for row in rows {
        if !sizes.contains(&row.size()) {
            sizes.push(row.size());
        }
        if !methods.contains(&row.method) {
            methods.push(row.method.clone());
        }
    }
    let point = |method: &String, size: &String| {
        rows.iter().find(|row| row.method == *method && row.size() == *size).and_then(|row| measure(row))
    };
    let series = methods
        .iter()
        .map(|method| Series { name: method.clone(), points: sizes.iter().map(|size| point(method, size)).collect() });
    Plot { title: title.into(), series: series.collect(), rows: sizes }.render()
}
