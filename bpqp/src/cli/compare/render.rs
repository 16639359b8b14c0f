//! The table of `bpqp compare`.

use std::fmt::Write;

use super::CompareArgs;
use super::table::{millis, small, table, value};
use crate::compare::{Comparison, Run};

pub(super) fn render(comparison: &Comparison, args: &CompareArgs) -> String {
    let who: &[&str] = if args.pairs { &["forward", "backward"] } else { &["backend"] };
    let measures =
        ["status", "objective", "residual", "set-up ms", "forward ms", "backward ms", "gradient", "difference"];
    let headings = [&["problem", "n", "m"], who, &measures].concat();
    let first = 3 + who.len();
    let numeric = [1, 2].into_iter().chain([1, 2, 3, 4, 5, 7].map(|k| first + k));
    let mut listing = table(&headings, &numeric.collect::<Vec<_>>());
    let mut last = "";
    for run in &comparison.runs {
        let once = |text: String| if last != run.file { text } else { String::new() };
        let mut row =
            vec![once(short(&run.file)), once(run.n.to_string()), once(run.m.to_string()), run.forward.clone()];
        row.extend(args.pairs.then(|| run.backward.clone()));
        row.extend([
            run.status.clone(),
            value(run.objective),
            small(run.residual()),
            millis(run.setup_ms),
            millis(run.forward_ms),
            millis(run.backward_ms),
            run.certificate.unwrap_or("–").to_string(),
            small(run.gradient_difference),
        ]);
        listing.add_row(row);
        last = &run.file;
    }
    let mut text = if args.files.is_empty() {
        "Problems embedded in the program; see `bpqp --help`.\n".into()
    } else {
        String::new()
    };
    let _ = writeln!(text, "{listing}");
    for run in &comparison.runs {
        if let Some(message) = &run.message {
            let _ = writeln!(text, "{}, {}: {message}", short(&run.file), run.label());
        }
    }
    text + &summary(comparison) + LEGEND
}

const LEGEND: &str = "
gradient    of the sum of x with respect to all data. exact: the derivative; kink: one-sided, some rows are weakly active;
            degenerate: not unique, the least-norm element (dependent active rows, or a solution that is not unique)
difference  to the first gradient in the group, relative
";

/// How many runs ended as they should, and how exact gradients agree.
pub(super) fn summary(comparison: &Comparison) -> String {
    let runs = &comparison.runs;
    let count = |keep: fn(&Run) -> bool| runs.iter().filter(|run| keep(run)).count();
    let good = count(Run::is_good);
    let without = count(|run| run.is_good() && run.status != crate::Status::Solved.as_str());
    let mut text = format!("{} of {} runs solved", good - without, runs.len());
    if without > 0 {
        let _ = write!(text, ", {without} infeasible or unbounded and told so");
    }
    let exact = count(|run| run.certificate == Some("exact"));
    let _ = match comparison.largest_difference() {
        Some(d) => write!(text, ". {exact} exact gradients; they differ by at most {}.", small(Some(d))),
        None => write!(text, ". {exact} exact gradients."),
    };
    text + "\n"
}

/// A file's name without its folder.
pub(super) fn short(file: &str) -> String {
    file.rsplit(['/', '\\']).next().unwrap_or(file).into()
}
