//! The table of `bpqp compare`.

use std::fmt::Write;

use super::cell::Cell;
use crate::cli::table::{millis, small, table, value};

const HEADINGS: [&str; 12] = [
    "problem",
    "n",
    "m",
    "backend",
    "status",
    "objective",
    "residual",
    "set-up ms",
    "forward ms",
    "backward ms",
    "gradient",
    "difference",
];

pub(super) fn render(cells: &[Cell], embedded: bool) -> String {
    let mut listing = table(&HEADINGS, &[1, 2, 5, 6, 7, 8, 9, 11]);
    let mut last = "";
    for cell in cells {
        let first = last != cell.file;
        let once = |text: String| if first { text } else { String::new() };
        listing.add_row([
            once(short(&cell.file)),
            once(cell.n.to_string()),
            once(cell.m.to_string()),
            cell.backend.clone(),
            cell.status.clone(),
            value(cell.objective),
            small(cell.residual()),
            millis(cell.setup_ms),
            millis(cell.forward_ms),
            millis(cell.backward_ms),
            cell.certificate.unwrap_or("–").to_string(),
            small(cell.gradient_difference),
        ]);
        last = &cell.file;
    }
    let mut text =
        if embedded { "Problems embedded in the program; see `bpqp --help`.\n".into() } else { String::new() };
    let _ = writeln!(text, "{listing}");
    for cell in cells {
        if let Some(message) = &cell.message {
            let _ = writeln!(text, "{}, {}: {message}", short(&cell.file), cell.backend);
        }
    }
    text + &summary(cells) + LEGEND
}

const LEGEND: &str = "
gradient    of the sum of x with respect to all data. exact: the derivative; kink: one-sided, some rows are weakly active;
            degenerate: not unique, the least-norm element (dependent active rows, or a solution that is not unique)
difference  to the gradient of the first backend in the group, relative
";

fn summary(cells: &[Cell]) -> String {
    let solved = cells.iter().filter(|cell| cell.is_solved()).count();
    let mut text = format!("{solved} of {} runs solved.", cells.len());
    let exact: Vec<f64> =
        cells.iter().filter(|c| c.certificate == Some("exact")).filter_map(|c| c.gradient_difference).collect();
    if !exact.is_empty() {
        let largest = exact.iter().fold(0.0, |m, d| crate::traits::vector::max_nan(*d, m));
        let _ = write!(text, " {} exact gradients; they differ by at most {}.", exact.len(), small(Some(largest)));
    }
    text + "\n"
}

/// A file's name without its folder.
fn short(file: &str) -> String {
    file.rsplit(['/', '\\']).next().unwrap_or(file).into()
}
