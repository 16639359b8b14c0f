//! The forward cases and what runs them.

mod basics;
mod capabilities;
mod cones;
mod context;
mod degenerate;
mod duals;
mod gradients;
mod infeasible;
mod linear;
mod projections;
mod random;
mod scaling;
mod sessions;
mod settings;
mod updates;
mod warm_start;

use bpqp_traits::{Capabilities, ForwardSolver};

pub use context::ForwardContext;
pub(crate) use context::{Expected, solution_of};

use crate::report::skip_mismatches;
use crate::verdict::guarded;
use crate::{CaseReport, CaseResult, Config, Outcome, Report};

/// One promise of a forward solver.
pub struct ForwardCase {
    /// The case's stable name.
    pub name: &'static str,
    /// The version of the suite that brought the case.
    pub since: u32,
    /// Capabilities without which the case is skipped, by their names in [`Capabilities::flags`].
    pub needs: &'static [&'static str],
    run: fn(&ForwardContext<'_>) -> CaseResult,
}

impl ForwardCase {
    /// Why a backend with these capabilities skips the case, if it does.
    pub fn skip_reason(&self, capabilities: &Capabilities) -> Option<String> {
        let flags = capabilities.flags();
        let missing = self.needs.iter().find(|need| !flags.contains(&(need, true)))?;
        Some(format!("declares no {missing}"))
    }

    fn outcome(&self, solver: &dyn ForwardSolver, config: &Config) -> Outcome {
        if self.since > config.suite_version {
            return Outcome::Newer(self.since);
        }
        let capabilities = solver.capabilities();
        if let Some(reason) = self.skip_reason(&capabilities) {
            return Outcome::Skipped(reason);
        }
        match guarded(|| (self.run)(&ForwardContext { solver, config, capabilities })) {
            Ok(()) => Outcome::Passed,
            Err(message) => Outcome::Failed(message),
        }
    }
}

macro_rules! table {
    ([] $($module:ident :: $name:ident $since:literal $needs:tt;)*) => {
        /// All forward cases, in the order of the report.
        pub const FORWARD_CASES: &[ForwardCase] = &[
            $(ForwardCase { name: stringify!($name), since: $since, needs: &$needs, run: $module::$name }),*
        ];
    };
}
crate::__forward_cases! { [table] [] }

/// Runs every forward case on `solver`.
pub fn run_forward(solver: &dyn ForwardSolver, config: &Config) -> Report {
    let cases = FORWARD_CASES.iter().map(|c| CaseReport { name: c.name, outcome: c.outcome(solver, config) }).collect();
    let info = solver.info();
    Report::new(format!("{} {}", info.name, info.version), cases, config.expected_skips)
}

/// Runs the forward case `name` and panics unless it passes, or is skipped as expected. The macro
/// [`conformance_forward!`](crate::conformance_forward) calls it.
///
/// # Panics
/// Where the case fails, is unknown, or is skipped or run against [`Config::expected_skips`].
pub fn assert_forward_case(solver: &dyn ForwardSolver, config: &Config, name: &str) {
    let case = FORWARD_CASES.iter().find(|case| case.name == name);
    let outcome = case.map(|case| case.outcome(solver, config));
    assert_outcome(name, outcome, config);
}

/// Panics unless the outcome is the wanted one.
pub(crate) fn assert_outcome(name: &str, outcome: Option<Outcome>, config: &Config) {
    let expected: Vec<&str> = config.expected_skips.iter().copied().filter(|skip| *skip == name).collect();
    let skipped = matches!(outcome, Some(Outcome::Skipped(_)));
    let actual: Vec<&str> = skipped.then_some(name).into_iter().collect();
    let mismatches = skip_mismatches(&actual, &expected);
    assert!(mismatches.is_empty(), "{}: {outcome:?}", mismatches.join("; "));
    let failure = match outcome {
        Some(Outcome::Failed(message)) => Some(message),
        Some(_) => None,
        None => Some("the suite has no such case".into()),
    };
    assert!(failure.is_none(), "{name}: {}", failure.unwrap_or_default());
}
