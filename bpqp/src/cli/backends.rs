//! `bpqp backends`.

use std::collections::BTreeMap;

use bpqp::{Availability, Backend, Registry};
use serde::Serialize;

use super::output::{self, Failure, Outcome};
use super::table::table;

#[derive(Serialize)]
struct Row {
    name: String,
    compiled: bool,
    available: bool,
    reason: Option<String>,
    version: Option<String>,
    own_backward: Option<bool>,
    capabilities: Option<BTreeMap<&'static str, bool>>,
}

pub(crate) fn run(json: bool) -> Result<Outcome, Failure> {
    let registry = Registry::compiled();
    let compiled: Vec<Row> = registry.iter().map(row).collect();
    let missing = Registry::KNOWN.iter().filter(|(name, _)| compiled.iter().all(|row| row.name != *name));
    let missing: Vec<Row> = missing.map(|(name, feature)| absent(name, feature)).collect();
    let rows: Vec<Row> = compiled.into_iter().chain(missing).collect();
    if json {
        output::document(&rows)
    } else {
        output::text(&render(&rows))
    }
    Ok(Outcome::Solved)
}

fn row(backend: &Backend) -> Row {
    let info = backend.info();
    let (available, reason) = match backend.availability() {
        Availability::Available => (true, None),
        Availability::Unavailable(reason) => (false, Some(reason)),
    };
    Row {
        name: info.name.into_owned(),
        compiled: true,
        available,
        reason,
        version: Some(info.version.into_owned()),
        own_backward: Some(backend.has_own_backward()),
        capabilities: Some(backend.capabilities().flags().into_iter().collect()),
    }
}

fn absent(name: &str, feature: &str) -> Row {
    Row {
        name: name.into(),
        compiled: false,
        available: false,
        reason: Some(format!("not compiled in; build with `--features {feature}`")),
        version: None,
        own_backward: None,
        capabilities: None,
    }
}

fn render(rows: &[Row]) -> String {
    let mut listing = table(&["backend", "compiled in", "available", "version", "backward pass"], &[]);
    for row in rows {
        listing.add_row([
            row.name.as_str(),
            yes(row.compiled),
            row.reason.as_deref().unwrap_or(yes(row.available)),
            row.version.as_deref().unwrap_or("–"),
            row.own_backward.map_or("–", |own| if own { "direct KKT solver" } else { "its forward solver" }),
        ]);
    }
    let compiled: Vec<&Row> = rows.iter().filter(|row| row.compiled).collect();
    let headings: Vec<&str> = std::iter::once("capability").chain(compiled.iter().map(|r| r.name.as_str())).collect();
    let mut capabilities = table(&headings, &[]);
    for (flag, _) in bpqp::traits::Capabilities::default().flags() {
        let cells =
            compiled.iter().map(|row| yes(row.capabilities.as_ref().is_some_and(|c| c.get(flag) == Some(&true))));
        capabilities.add_row(std::iter::once(flag.replace('_', " ")).chain(cells.map(str::to_string)));
    }
    format!("{listing}\n\n{capabilities}\n\nThe first backend is the default.")
}

fn yes(flag: bool) -> &'static str {
    if flag { "yes" } else { "–" }
}
