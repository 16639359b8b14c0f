//! The tables as text, and every measurement as comma-separated values.

use super::Shows;
use super::args::TableArgs;
use super::measure::{Measurement, Summary};
use crate::cli::table::{millis, small, table};

pub(super) const TIMES: &[&str] =
    &["size", "method", "set-up ms", "forward ms", "backward ms", "total ms", "without set-up", "error of ∂q"];
pub(super) const ERRORS: &[&str] = &[
    "size",
    "method",
    "∂q median",
    "∂q largest",
    "1 − cos",
    "∂b, ∂h median",
    "∂b, ∂h largest",
    "above 1 %",
    "paper's",
];

/// The cells of one row, as the headings above have them; a method that failed on a problem says on how many.
pub(super) fn cells(row: &Summary, shows: Shows) -> Vec<String> {
    let failed = if row.failed > 0 { format!(" ({} failed)", row.failed) } else { String::new() };
    let method = format!("{}{failed}", row.method);
    match shows {
        Shows::Times => vec![
            row.size(),
            method,
            millis(row.setup_ms),
            millis(row.forward_ms),
            millis(row.backward_ms),
            millis(row.total_ms),
            millis(row.without_setup_ms),
            small(row.median_error),
        ],
        Shows::Errors => vec![
            row.size(),
            method,
            small(row.median_error),
            small(row.largest_error),
            small(row.largest_angle.map(|v| v.max(0.0))),
            small(row.median_error_of_sides),
            small(row.largest_error_of_sides),
            row.useless.to_string(),
            small(row.mean_distance_to_inverse),
        ],
    }
}

pub(super) fn text(rows: &[Summary], missing: &[String], args: &TableArgs, shows: Shows) -> String {
    let mut text = String::new();
    for kind in args.kinds() {
        let headings = if shows == Shows::Times { TIMES } else { ERRORS };
        let mut listing = table(headings, &(2..headings.len()).collect::<Vec<_>>());
        rows.iter().filter(|row| row.kind == kind).for_each(|row| {
            listing.add_row(cells(row, shows));
        });
        text += &format!("{}\n{listing}\n\n", kind.describe());
    }
    for reason in missing {
        text += &format!("Not here: {reason}\n");
    }
    text + &note(args, shows) + "\n"
}

/// How to read a table.
pub(super) fn note(args: &TableArgs, shows: Shows) -> String {
    let (count, first) = (args.instances(), args.seed);
    let last = first + count - 1;
    let problems = format!(
        "{count} problems of each kind and size, seeds {first} to {last}; n×m: n variables, m inequalities, m equalities; the loss is the sum of x."
    );
    let what = match shows {
        Shows::Times => format!(
            "Medians over the problems, of each the least of {} runs. 'backward' counts its set-up, if it has one; 'without set-up' is what the paper's clock sees.",
            args.repeat
        ),
        Shows::Errors => {
            "Errors are relative to solutions of the KKT systems refined in twice the precision; 'above 1 %' counts gradients; 'paper's' is the notebooks' measure, the mean distance to the inverse of the KKT matrix at the same point.".into()
        }
    };
    format!("{problems} {what}")
}

pub(super) fn csv(measurements: &[Measurement]) -> String {
    let mut text = String::from(
        "kind,n,m,seed,method,failure,forward_setup_ms,forward_ms,backward_setup_ms,backward_ms,error_x,error_q,one_minus_cosine,error_b_h,distance_to_inverse\n",
    );
    for m in measurements {
        let failure = m.failure.as_deref().unwrap_or_default().replace('"', "\"\"");
        let numbers = [
            m.times.map(|t| t.forward_setup),
            m.times.map(|t| t.forward),
            m.times.map(|t| t.backward_setup),
            m.times.map(|t| t.backward),
            m.errors.map(|e| e.x),
            m.errors.map(|e| e.q),
            m.errors.and_then(|e| e.angle),
            m.errors.map(|e| e.sides),
            m.errors.and_then(|e| e.to_inverse),
        ];
        let numbers = numbers.map(|v| v.map_or_else(String::new, |v| format!("{v:e}"))).join(",");
        let (n, size) = m.size;
        text += &format!("{},{n},{size},{},{},\"{failure}\",{numbers}\n", m.kind.as_str(), m.seed, m.method);
    }
    text
}
