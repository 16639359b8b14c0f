//! The tables of the report.

use maud::{Markup, PreEscaped, html};

use super::super::render::short;
use crate::cli::table::{millis, small, value};
use crate::compare::{Comparison, Problem, Run};

/// Runs beyond this number are folded away at first …
const OPEN_RUNS: usize = 60;
/// … and so are failures.
const OPEN_FAILURES: usize = 25;

/// Who failed on what, and how it was told. What several backward backends share stands in one row.
pub(super) fn failures(comparison: &Comparison) -> Markup {
    let failed: Vec<&Run> = comparison.runs.iter().filter(|run| run.is_failure()).collect();
    let alike =
        |a: &Run, b: &Run| (&a.file, &a.forward, &a.status, &a.message) == (&b.file, &b.forward, &b.status, &b.message);
    let groups: Vec<&[&Run]> = failed.chunk_by(|a, b| alike(a, b)).collect();
    html! {
        h2 { "Failures" }
        @if failed.is_empty() {
            p.empty { "None: every run ended as it should, and every solution has a gradient." }
        } @else {
            details open[groups.len() <= OPEN_FAILURES] {
                summary {
                    (failed.len()) " of " (comparison.runs.len())
                    " runs did not end as they should, or have no gradient for their solution"
                }
                div.scroll {
                    table {
                        thead {
                            tr {
                                th { "problem" } th { "forward" } th { "backward" } th { "status" } th { "expected" }
                                th { "message" }
                            }
                        }
                        tbody { @for group in groups { (failure(group)) } }
                    }
                }
            }
        }
    }
}

/// One row for runs that failed alike.
fn failure(group: &[&Run]) -> Markup {
    let backward: Vec<&str> = group.iter().map(|run| run.backward.as_str()).collect();
    html! {
        @if let Some(run) = group.first() {
            tr {
                th scope="row" { (short(&run.file)) }
                td { (run.forward) }
                td.list { (backward.join(", ")) }
                td { span class=(status_class(run)) { (run.status) } }
                td { (run.expected.unwrap_or("solved")) }
                td.message { (run.message.as_deref().unwrap_or("–")) }
            }
        }
    }
}

/// The heat map of gradient differences, pair against pair.
pub(super) fn agreement(comparison: &Comparison) -> Markup {
    html! {
        h2 { "Agreement of gradients" }
        p {
            "The largest difference between two pairs' gradients, with respect to all data and relative to the larger of 1 "
            "and the block's largest entry, over the problems where both call theirs exact. A pair is "
            i { "forward" } "/" i { "backward" } "."
        }
        div.scroll {
            table.heat {
                caption { "Largest difference between exact gradients; hover for the number of problems" }
                thead { tr { td {} @for name in &comparison.pairs { th scope="col" { (breakable(name)) } } } }
                tbody {
                    @for (i, (name, row)) in comparison.pairs.iter().zip(&comparison.agreement).enumerate() {
                        tr {
                            th scope="row" { (breakable(name)) }
                            @for (j, entry) in row.iter().enumerate() {
                                @if i == j {
                                    td.self title=(format!("{} exact gradients", entry.problems)) { "·" }
                                } @else if entry.problems == 0 {
                                    td title="no problem with two exact gradients" { "–" }
                                } @else {
                                    td class=(heat(entry.difference)) title=(format!("{} problems", entry.problems)) {
                                        (small(Some(entry.difference)))
                                    }
                                }
                            }
                        }
                    }
                }
            }
        }
        ul.legend {
            @for (class, text) in [("h0", "≤ 1e-12"), ("h1", "≤ 1e-9"), ("h2", "≤ 1e-6"), ("h3", "≤ 1e-3"), ("h4", "above")] {
                li { span class=(format!("swatch {class}")) {} " " (text) }
            }
        }
    }
}

fn heat(difference: f64) -> &'static str {
    match difference {
        d if d <= 1e-12 => "h0",
        d if d <= 1e-9 => "h1",
        d if d <= 1e-6 => "h2",
        d if d <= 1e-3 => "h3",
        _ => "h4",
    }
}

/// What each pair has for each problem: a certificate, or a word on why there is none.
pub(super) fn certificates(problems: &[Problem], comparison: &Comparison) -> Markup {
    let pairs = comparison.pairs.len().max(1);
    let described = problems.iter().any(|problem| !problem.what.is_empty());
    html! {
        h2 { "Certificates" }
        p {
            b { "exact" } ": the derivative. " b { "kink" } ": one-sided, some rows are weakly active. "
            b { "degenerate" } ": not unique, the least-norm element. Otherwise the status."
        }
        div.scroll {
            table {
                thead {
                    tr {
                        th { "problem" } th { "n" } th { "m" } @if described { th { "what" } }
                        @for name in &comparison.pairs { th scope="col" { (breakable(name)) } }
                    }
                }
                tbody {
                    @for (problem, runs) in problems.iter().zip(comparison.runs.chunks(pairs)) {
                        @let program = problem.file.program.as_stacked();
                        tr {
                            th scope="row" { (short(&problem.name)) }
                            td.number { (program.num_vars()) }
                            td.number { (program.num_rows()) }
                            @if described { td.what { (problem.what) } }
                            @for run in runs {
                                td { span class=(status_class(run)) { (run.certificate.or(run.gradient_error).unwrap_or(&run.status)) } }
                            }
                        }
                    }
                }
            }
        }
    }
}

/// Every run with all of its numbers.
pub(super) fn runs(comparison: &Comparison) -> Markup {
    html! {
        h2 { "All runs" }
        details open[comparison.runs.len() <= OPEN_RUNS] {
            summary { (comparison.runs.len()) " runs" }
            div.scroll {
                table {
                    thead {
                        tr {
                            th { "problem" } th { "forward" } th { "backward" } th { "status" } th { "objective" } th { "primal" }
                            th { "dual" } th { "gap" } th { "set-up ms" } th { "forward ms" } th { "backward ms" }
                            th { "gradient" } th { "adjoint" } th { "difference" }
                        }
                    }
                    tbody {
                        @for run in &comparison.runs {
                            tr {
                                th scope="row" { (short(&run.file)) }
                                td { (run.forward) }
                                td { (run.backward) }
                                td { span class=(status_class(run)) { (run.status) } }
                                td.number { (value(run.objective)) }
                                @for v in [run.primal_residual, run.dual_residual, run.gap] { td.number { (small(v)) } }
                                @for v in [run.setup_ms, run.forward_ms, run.backward_ms] { td.number { (millis(v)) } }
                                td { (run.certificate.or(run.gradient_error).unwrap_or("–")) }
                                @for v in [run.adjoint_residual, run.gradient_difference] { td.number { (small(v)) } }
                            }
                        }
                    }
                }
            }
        }
    }
}

fn status_class(run: &Run) -> &'static str {
    match run.certificate {
        _ if run.is_failure() => "chip bad",
        Some("exact") => "chip good",
        Some(_) => "chip fair",
        None => "chip told",
    }
}

/// A pair's label that may break after the slash.
fn breakable(label: &str) -> Markup {
    html! {
        @for (k, part) in label.split('/').enumerate() {
            @if k > 0 { "/" (PreEscaped("<wbr>")) }
            (part)
        }
    }
}
