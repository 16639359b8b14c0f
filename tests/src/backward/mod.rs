//! The backward cases and what runs them.

mod closed_forms;
mod context;
mod contract;
mod degenerate;
mod random;
mod scaling;

use bpqp_traits::{BackwardQpSolver, ErrorKind};

pub use context::BackwardContext;
pub(crate) use context::Qp;

use crate::forward::assert_outcome;
use crate::verdict::guarded;
use crate::{CaseReport, CaseResult, Config, Outcome, Report};

/// One promise of a backward solver.
pub struct BackwardCase {
    /// The case's stable name.
    pub name: &'static str,
    /// The version of the suite that brought the case.
    pub since: u32,
    /// What the case needs: `refactorize`, which a backend declares by not answering "unsupported", or `least_norm`, which
    /// [`Config::least_norm`] declares.
    pub needs: &'static [&'static str],
    run: fn(&BackwardContext<'_>) -> CaseResult,
}

impl BackwardCase {
    fn outcome(&self, solver: &dyn BackwardQpSolver, config: &Config) -> Outcome {
        if self.since > config.suite_version {
            return Outcome::Newer(self.since);
        }
        if self.needs.contains(&"refactorize") && !refactorizes(solver) {
            return Outcome::Skipped("answers that refactorization is unsupported".into());
        }
        if self.needs.contains(&"least_norm") && !config.least_norm {
            return Outcome::Skipped("does not choose the solution of least norm".into());
        }
        match guarded(|| (self.run)(&BackwardContext { solver, config })) {
            Ok(()) => Outcome::Passed,
            Err(message) => Outcome::Failed(message),
        }
    }
}

/// Whether the solver takes new values at all, asked with a QP in one variable.
fn refactorizes(solver: &dyn BackwardQpSolver) -> bool {
    let mut answer = None;
    let probed = guarded(|| {
        let qp = Qp::dense(&[2.0], &[], 1)?;
        if let Ok(mut factor) = solver.factorize(&qp.view()?) {
            answer = factor.refactorize(&qp.view()?).err();
        }
        Ok(())
    });
    probed.is_err() || answer.is_none_or(|error| error.kind() != ErrorKind::Unsupported)
}

macro_rules! table {
    ([] $($module:ident :: $name:ident $since:literal $needs:tt;)*) => {
        /// All backward cases, in the order of the report.
        pub const BACKWARD_CASES: &[BackwardCase] = &[
            $(BackwardCase { name: stringify!($name), since: $since, needs: &$needs, run: $module::$name }),*
        ];
    };
}
crate::__backward_cases! { [table] [] }

/// Runs every backward case on `solver`.
pub fn run_backward(solver: &dyn BackwardQpSolver, config: &Config) -> Report {
    let cases =
        BACKWARD_CASES.iter().map(|c| CaseReport { name: c.name, outcome: c.outcome(solver, config) }).collect();
    let info = solver.info();
    Report::new(format!("{} {}", info.name, info.version), cases, config.expected_skips)
}

/// Runs the backward case `name` and panics unless it passes, or is skipped as expected. The macro
/// [`conformance_backward!`](crate::conformance_backward) calls it.
///
/// # Panics
/// Where the case fails, is unknown, or is skipped or run against [`Config::expected_skips`].
pub fn assert_backward_case(solver: &dyn BackwardQpSolver, config: &Config, name: &str) {
    let case = BACKWARD_CASES.iter().find(|case| case.name == name);
    assert_outcome(name, case.map(|case| case.outcome(solver, config)), config);
}
