//! The table as text.

use super::summary::Row;
use crate::cli::table::{millis, table};

/// Columns of times: milliseconds of one epoch.
pub(super) const TIMES: [&str; 3] = ["network ms", "forward ms", "backward ms"];

/// Mean and standard deviation over seeds.
pub(super) fn metric_cells(row: &Row) -> Vec<String> {
    let columns = row.seeds.first().map_or(0, |m| m.columns().len());
    (0..columns)
        .map(|k| match row.cell(k) {
            // Equal predictions have no correlation with anything.
            (mean, _) if !mean.is_finite() => "–".into(),
            (mean, Some(deviation)) => format!("{mean:.3} ± {deviation:.3}"),
            (mean, None) => format!("{mean:.3}"),
        })
        .collect()
}

pub(super) fn time_cells(row: &Row) -> Vec<String> {
    [row.times.map(|t| t.network), row.times.map(|t| t.forward), row.times.map(|t| t.backward)].map(millis).to_vec()
}

pub(super) fn text(rows: &[Row], notes: &[String]) -> String {
    let mut headings = vec!["method"];
    let names = rows.first().map(|row| row.seeds[0].columns().map(|(name, _)| name)).unwrap_or_default();
    headings.extend(names);
    headings.extend(TIMES);
    let mut listing = table(&headings, &(1..headings.len()).collect::<Vec<_>>());
    for row in rows {
        listing.add_row([vec![row.name.clone()], metric_cells(row), time_cells(row)].concat());
    }
    format!("{listing}\n{}\n", notes.join("\n"))
}
