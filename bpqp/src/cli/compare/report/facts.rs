//! Where and how a comparison was made.

use maud::Markup;

use crate::cli::args::SolverArgs;
use crate::cli::page;
use crate::{Availability, Registry};

/// Where and how a comparison was made. Names no user and no host.
pub(in crate::cli::compare) struct Facts {
    rows: Vec<(&'static str, String)>,
}

impl Facts {
    pub(in crate::cli::compare) fn new(registry: &Registry, names: &[String], solver: &SolverArgs) -> Self {
        let versions = names.iter().map(|name| {
            let found = registry.get(name).ok().and_then(|backend| backend.installation().ok());
            format!("{name} {}", found.map_or("(version not known)".into(), |found| found.version))
        });
        let versions: Vec<String> = versions.collect();
        let missing = registry.iter().filter_map(|backend| match backend.availability() {
            Availability::Available => None,
            Availability::Unavailable(reason) => Some(format!("{}: {reason}", backend.info().name)),
        });
        let missing: Vec<String> = missing.collect();
        let limit = match solver.time_limit {
            Some(limit) => format!("{} s a solve", limit.as_secs_f64()),
            None => format!("{} s a solve, where the backend honors one", super::super::TIME_LIMIT.as_secs()),
        };
        let mut rows = vec![
            ("Command", page::command()),
            ("Backends", versions.join(", ")),
            ("Tolerance", format!("{:e}, relative, on primal residual, dual residual and gap", solver.tol)),
            ("Time limit", limit),
            ("Loss", "the sum of x".into()),
            ("BPQP", page::build()),
            ("Machine", page::machine("one of them used")),
        ];
        if !missing.is_empty() {
            rows.insert(2, ("Not available here", missing.join("; ")));
        }
        Self { rows }
    }

    pub(super) fn render(&self) -> Markup {
        page::facts(&self.rows)
    }
}
