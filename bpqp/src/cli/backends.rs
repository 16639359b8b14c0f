//! `bpqp backends`.

use std::collections::BTreeMap;
use std::path::PathBuf;

use crate::traits::{Capabilities, Error};
use crate::{Backend, Registry};
use serde::Serialize;

use super::output::{self, Failure, Outcome};
use super::table::table;

/// Whether a backend can be used, as programs read it.
#[derive(Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
enum State {
    Ready,
    LicenseRefused,
    LibraryMissing,
    Unusable,
    NotCompiled,
}

impl State {
    fn words(self) -> &'static str {
        match self {
            Self::Ready => "ready",
            Self::LicenseRefused => "license refused",
            Self::LibraryMissing => "library not found",
            Self::Unusable => "unusable",
            Self::NotCompiled => "not compiled in",
        }
    }
}

#[derive(Serialize)]
struct Row {
    name: String,
    state: State,
    available: bool,
    compiled: bool,
    /// Why it cannot be used, and what to do.
    reason: Option<String>,
    version: Option<String>,
    /// Where its library was found.
    library: Option<PathBuf>,
    /// Where its library was looked for.
    tried: Vec<String>,
    own_backward: Option<bool>,
    capabilities: Option<BTreeMap<&'static str, bool>>,
}

pub(crate) fn run(registry: &Registry, json: bool) -> Result<Outcome, Failure> {
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
    let name = backend.info().name.into_owned();
    let mut row = Row {
        name,
        state: State::Ready,
        available: false,
        compiled: true,
        reason: None,
        version: None,
        library: None,
        tried: Vec::new(),
        own_backward: Some(backend.has_own_backward()),
        capabilities: Some(backend.capabilities().flags().into_iter().collect()),
    };
    match backend.installation() {
        Ok(found) => {
            row.state = if found.license_refused.is_some() { State::LicenseRefused } else { State::Ready };
            row.reason = found.license_refused;
            row.version = Some(found.version);
            row.library = found.library;
        }
        Err(Error::LibraryMissing { tried, .. }) => {
            row.state = State::LibraryMissing;
            row.reason = Some("install it, or name its path".into());
            row.tried = tried;
        }
        Err(other) => {
            row.state = State::Unusable;
            row.reason = Some(other.to_string());
        }
    }
    row.available = row.state == State::Ready;
    row
}

fn absent(name: &str, feature: &str) -> Row {
    Row {
        name: name.into(),
        state: State::NotCompiled,
        available: false,
        compiled: false,
        reason: Some(format!("build with `--features {feature}`")),
        version: None,
        library: None,
        tried: Vec::new(),
        own_backward: None,
        capabilities: None,
    }
}

fn render(rows: &[Row]) -> String {
    let mut listing = table(&["backend", "state", "version", "backward pass", "library"], &[]);
    for row in rows {
        let library = row.library.as_ref().map(|path| path.display().to_string());
        let built_in = if row.compiled && row.available { "compiled in" } else { "–" };
        listing.add_row([
            row.name.as_str(),
            row.state.words(),
            row.version.as_deref().unwrap_or("–"),
            row.own_backward.map_or("–", |own| if own { "direct KKT solver" } else { "its forward solver" }),
            library.as_deref().unwrap_or(built_in),
        ]);
    }
    let problems: Vec<String> = rows.iter().filter_map(explain).collect();
    let flags: Vec<String> = Capabilities::default().flags().iter().map(|(flag, _)| flag.replace('_', "\n")).collect();
    let headings: Vec<&str> = std::iter::once("backend").chain(flags.iter().map(String::as_str)).collect();
    let mut capabilities = table(&headings, &[]);
    for row in rows {
        let Some(has) = &row.capabilities else { continue };
        let cells = Capabilities::default().flags().map(|(flag, _)| yes(has.get(flag) == Some(&true)).to_string());
        capabilities.add_row(std::iter::once(row.name.clone()).chain(cells));
    }
    let problems = if problems.is_empty() { String::new() } else { format!("{}\n\n", problems.join("\n")) };
    format!("{listing}\n\n{problems}{capabilities}\n\nThe first backend is the default.")
}

/// Why a backend cannot be used, with every place that was tried.
fn explain(row: &Row) -> Option<String> {
    let reason = row.reason.as_ref()?;
    let tried = row.tried.iter().fold(String::new(), |text, place| text + "\n    " + place);
    let tried = if tried.is_empty() { tried } else { format!("; tried{tried}") };
    Some(format!("{}: {}: {reason}{tried}", row.name, row.state.words()))
}

fn yes(flag: bool) -> &'static str {
    if flag { "yes" } else { "–" }
}
