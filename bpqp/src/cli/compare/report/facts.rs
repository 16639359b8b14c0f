//! Where and how a comparison was made.

use maud::{Markup, html};

use crate::cli::args::SolverArgs;
use crate::{Availability, Registry};

/// Where and how a comparison was made. Names no user and no host.
pub(in crate::cli::compare) struct Facts {
    rows: Vec<(&'static str, String)>,
}

impl Facts {
    pub(in crate::cli::compare) fn new(registry: &Registry, names: &[String], solver: &SolverArgs) -> Self {
        let arguments: Vec<String> = std::env::args_os().skip(1).map(|a| a.to_string_lossy().into_owned()).collect();
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
        let build = if cfg!(debug_assertions) { "with debug assertions, not for timing" } else { "release" };
        let mut rows = vec![
            ("Command", format!("bpqp {}", arguments.join(" "))),
            ("Backends", versions.join(", ")),
            ("Tolerance", format!("{:e}, relative, on primal residual, dual residual and gap", solver.tol)),
            ("Time limit", limit),
            ("Loss", "the sum of x".into()),
            ("BPQP", format!("{} ({build})", env!("CARGO_PKG_VERSION"))),
            ("Machine", machine()),
        ];
        if !missing.is_empty() {
            rows.insert(2, ("Not available here", missing.join("; ")));
        }
        Self { rows }
    }

    pub(super) fn render(&self) -> Markup {
        html! {
            dl.facts {
                @for (name, text) in &self.rows {
                    dt { (name) }
                    dd { (text) }
                }
            }
        }
    }
}

/// System, architecture, processor and its threads, as far as they are known.
fn machine() -> String {
    let mut parts = vec![format!("{} {}", std::env::consts::OS, std::env::consts::ARCH)];
    let cpuinfo = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = cpuinfo.lines().find_map(|line| line.strip_prefix("model name")?.split_once(':'));
    parts.extend(model.map(|(_, model)| model.trim().to_string()));
    let threads = std::thread::available_parallelism().ok();
    parts.extend(threads.map(|threads| format!("{threads} threads, one of them used")));
    parts.join(", ")
}
