//! How the program speaks: text or one JSON document on standard output, errors of a human run on standard error.

use std::io::Write;
use std::path::Path;

use bpqp_traits::Status;
use serde::Serialize;

use crate::Registry;

/// How a run that did not fail ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    Solved,
    NotSolved,
}

impl Outcome {
    pub(crate) fn solved_if(solved: bool) -> Self {
        if solved { Self::Solved } else { Self::NotSolved }
    }

    /// Of one solve; a program that was relaxed because the user said so, counts as solved.
    pub(crate) fn of(status: Status) -> Self {
        Self::solved_if(matches!(status, Status::Solved | Status::ClosestFeasible))
    }
}

/// What ends a run, as it is told.
#[derive(Debug, Serialize)]
pub(crate) struct Failure {
    kind: &'static str,
    message: String,
    /// What to do next, where the message alone does not say; for people.
    #[serde(skip)]
    advice: Option<String>,
}

impl Failure {
    pub(crate) fn new(kind: &'static str, message: impl Into<String>) -> Self {
        let advice = (kind == "unknown_backend")
            .then(|| "`bpqp backends` lists the backends; more of them are features of the build".into());
        Self { kind, message: message.into(), advice }
    }

    /// What `command` asks for is in builds with `feature` alone.
    #[cfg(not(feature = "train"))]
    pub(crate) fn without_feature(command: &str, feature: &str) -> Self {
        let message = format!("this build has no `bpqp {command}`: it needs the feature `{feature}`");
        Self { advice: Some(with_feature(feature)), ..Self::new("missing_feature", message) }
    }

    /// An error met while reading the problem in `file`.
    pub(crate) fn reading(file: &Path, error: &crate::Error) -> Self {
        let advice =
            (error.kind() == "parse").then(|| "problem files are QPS/MPS, CBF or JSON, plain or gzipped".into());
        Self { advice, ..Self::at(file, error) }
    }

    /// An error met with `file`, which the message names.
    pub(crate) fn at(file: &Path, error: &crate::Error) -> Self {
        let (name, message) = (file.display().to_string(), error.to_string());
        let message = if message.contains(&name) { message } else { format!("{name}: {message}") };
        Self::new(error.kind(), message)
    }

    pub(crate) fn usage(error: &clap::Error) -> Self {
        let text = error.render().to_string();
        Self::new("usage", text.trim().trim_start_matches("error: "))
    }
}

impl From<crate::Error> for Failure {
    fn from(error: crate::Error) -> Self {
        let told = Self::new(error.kind(), error.to_string());
        let crate::Error::UnknownBackend { name, .. } = &error else { return told };
        match Registry::KNOWN.iter().find(|(known, _)| known == name) {
            Some((_, feature)) => Self { advice: Some(with_feature(feature)), ..told },
            None => told,
        }
    }
}

/// The command of this process, for a build with `feature`.
fn with_feature(feature: &str) -> String {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    format!("cargo run --release --features {feature} -- {}", arguments.join(" "))
}

#[derive(Serialize)]
struct FailureDocument<'a> {
    error: &'a Failure,
}

/// Tells a failure in the form that was asked for.
pub(crate) fn failure(failure: &Failure, json: bool) {
    if json {
        document(&FailureDocument { error: failure });
    } else {
        let advice = failure.advice.as_ref().map(|advice| format!("\n  {advice}")).unwrap_or_default();
        // Nothing is left to do where standard error is closed.
        let _ = writeln!(std::io::stderr(), "error: {}{advice}", failure.message);
    }
}

/// Prints one JSON document.
pub(crate) fn document<T: Serialize>(value: &T) {
    match serde_json::to_string_pretty(value) {
        Ok(json) => text(&compact_numbers(&json)),
        Err(error) => text(&format!("{{\"error\": {{\"kind\": \"internal\", \"message\": \"{error}\"}}}}")),
    }
}

/// Puts arrays of plain numbers on one line: a vector is one thing to a reader.
fn compact_numbers(json: &str) -> String {
    let mut compact = String::with_capacity(json.len());
    let mut lines = json.lines().peekable();
    while let Some(line) = lines.next() {
        compact.push_str(line);
        if line.ends_with('[') && lines.peek().is_some_and(|next| is_plain(next)) {
            let mut separator = "";
            while let Some(item) = lines.next_if(|next| is_plain(next)) {
                compact.push_str(separator);
                compact.push_str(item.trim());
                separator = " ";
            }
            if let Some(end) = lines.next() {
                compact.push_str(end.trim());
            }
        }
        compact.push('\n');
    }
    compact
}

fn is_plain(line: &str) -> bool {
    let item = line.trim().trim_end_matches(',');
    item == "null" || item.starts_with(|c: char| c == '-' || c.is_ascii_digit())
}

/// Prints text; a reader that went away is no error.
pub(crate) fn text(text: &str) {
    let mut out = std::io::stdout().lock();
    let end = if text.ends_with('\n') { "" } else { "\n" };
    let _ = write!(out, "{text}{end}").and_then(|()| out.flush());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn vectors_stand_on_one_line() {
        let value = serde_json::json!({"a": [1, -2.5, null], "b": [], "c": [{"d": [1]}], "e": ["s"]});
        let pretty = serde_json::to_string_pretty(&value).unwrap();
        let compact = compact_numbers(&pretty);
        assert!(compact.contains("\"a\": [1, -2.5, null],"), "{compact}");
        assert_eq!(serde_json::from_str::<serde_json::Value>(&compact).unwrap(), value);
    }
}
