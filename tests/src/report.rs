//! What became of each case.

use std::fmt;

/// What became of one case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The backend kept the promise.
    Passed,
    /// The backend broke it; the message says how.
    Failed(String),
    /// The backend's declared capabilities exclude the case; the reason names the flag.
    Skipped(String),
    /// The case came with this version of the suite, after the one that [`Config::suite_version`](crate::Config) asks for.
    Newer(u32),
}

/// One case and what became of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CaseReport {
    /// The case's stable name.
    pub name: &'static str,
    /// What became of it.
    pub outcome: Outcome,
}

/// What became of all cases, in the order of the suite; prints as a table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// The backend's name and version.
    pub backend: String,
    /// One entry a case.
    pub cases: Vec<CaseReport>,
    /// Skips that were not expected, and expected ones that did not happen.
    pub skip_mismatches: Vec<String>,
}

impl Report {
    pub(crate) fn new(backend: String, cases: Vec<CaseReport>, expected_skips: &[&str]) -> Self {
        let skipped: Vec<&str> =
            cases.iter().filter(|c| matches!(c.outcome, Outcome::Skipped(_))).map(|c| c.name).collect();
        let skip_mismatches = skip_mismatches(&skipped, expected_skips);
        Self { backend, cases, skip_mismatches }
    }

    /// Names of the cases that passed.
    pub fn passed(&self) -> Vec<&'static str> {
        self.names(|o| matches!(o, Outcome::Passed))
    }

    /// Names of the cases that failed.
    pub fn failed(&self) -> Vec<&'static str> {
        self.names(|o| matches!(o, Outcome::Failed(_)))
    }

    /// Names of the cases that were skipped.
    pub fn skipped(&self) -> Vec<&'static str> {
        self.names(|o| matches!(o, Outcome::Skipped(_)))
    }

    /// Names of the cases that came after the version of the suite that was asked for.
    pub fn newer(&self) -> Vec<&'static str> {
        self.names(|o| matches!(o, Outcome::Newer(_)))
    }

    /// Whether no case failed and the skips are the expected ones.
    pub fn is_conformant(&self) -> bool {
        self.failed().is_empty() && self.skip_mismatches.is_empty()
    }

    fn names(&self, wanted: impl Fn(&Outcome) -> bool) -> Vec<&'static str> {
        self.cases.iter().filter(|c| wanted(&c.outcome)).map(|c| c.name).collect()
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (passed, failed, skipped) = (self.passed().len(), self.failed().len(), self.skipped().len());
        writeln!(f, "{}: {passed} passed, {failed} failed, {skipped} skipped", self.backend)?;
        for case in &self.cases {
            match &case.outcome {
                Outcome::Passed => writeln!(f, "  {:<38} passed", case.name)?,
                Outcome::Failed(message) => writeln!(f, "  {:<38} FAILED   {message}", case.name)?,
                Outcome::Skipped(reason) => writeln!(f, "  {:<38} skipped  {reason}", case.name)?,
                Outcome::Newer(since) => writeln!(f, "  {:<38} not run  came with version {since}", case.name)?,
            }
        }
        self.skip_mismatches.iter().try_for_each(|m| writeln!(f, "  {m}"))
    }
}

/// Differences between the actual and the expected skips, as sentences.
pub(crate) fn skip_mismatches(actual: &[&str], expected: &[&str]) -> Vec<String> {
    let surprising = actual.iter().filter(|name| !expected.contains(name));
    let missing = expected.iter().filter(|name| !actual.contains(name));
    surprising
        .map(|name| format!("case {name} was skipped unexpectedly"))
        .chain(missing.map(|name| format!("case {name} was expected to be skipped and was not")))
        .collect()
}
