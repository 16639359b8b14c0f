//! Every available forward backend with every available backward one on the common problem set, which `bpqp compare`
//! embeds. `cargo test -p bpqp-conformance --test matrix -- --nocapture` prints the table.
//!
//! What is expected follows from the problems and from declared capabilities; what else a backend may fall short of
//! stands in the two lists below, and nothing else may.
#![allow(clippy::unwrap_used, reason = "helpers of tests")]

use std::time::Duration;

use bpqp::compare::{Comparison, Problem, Run, compare, embedded, every_pair};
use bpqp::{Availability, Backend, Registry, Settings, Status};

/// Forward passes that end otherwise than they should: backend, problem, status, and why.
const FALLS_SHORT: &[(&str, &str, &str, &str)] = &[
    ("osqp", "PRIMALC5", "iteration_limit", "its splitting converges too slowly on this scaling"),
    ("xpress", "DUALC2", TOO_LARGE, "its community license ends at 200 rows and columns of a quadratic program"),
    ("xpress", "PRIMALC5", TOO_LARGE, "the same"),
];

/// The status of a problem that only a larger license covers: whoever has that one solves it.
const TOO_LARGE: &str = "error: license_refused";

/// Solutions without a gradient: forward, backward, problem, kind of the error, and why.
const REFUSED: &[(&str, &str, &str, &str, &str)] = &[];

/// Where the derivative exists, and every certificate says so: independent active rows, strict complementarity, curvature
/// on their null space. For `lp-vertex` and `lp-bounds` that is plain from the answers in `bpqp/data/README.md`. (LIPMWALK26
/// has a row `0ᵀx = 0`, which has no derivative with respect to its side.)
const EXACT: [&str; 8] = ["HS35", "LOTSCHD", "WHLIPBAL1", "DUAL4", "DUALC2", "PRIMALC5", "lp-vertex", "lp-bounds"];

/// The backends of this build that this machine has; the others are named loudly.
fn available() -> (Registry, Vec<Backend>) {
    let registry = Registry::compiled();
    let (here, missing): (Vec<Backend>, Vec<Backend>) =
        registry.iter().cloned().partition(|b| b.availability() == Availability::Available);
    for backend in &missing {
        println!("!!! NOT TESTED: {} is not available here: {:?}", backend.info().name, backend.availability());
    }
    println!("{} backends tested, {} not available", here.len(), missing.len());
    (registry, here)
}

fn run_all() -> (Vec<Backend>, Vec<Problem>, Comparison) {
    let (registry, backends) = available();
    assert!(!backends.is_empty(), "no backend is available");
    let settings = |backend: &Backend| Settings {
        time_limit: backend.capabilities().time_limit.then_some(Duration::from_secs(60)),
        ..Settings::default()
    };
    let problems = embedded().unwrap();
    let comparison = compare(&problems, &every_pair(&registry, settings).unwrap(), |_, _| ());
    (backends, problems, comparison)
}

/// Whether a forward pass that ended as `run` did is as it must be; else what was expected.
fn check_forward(run: &Run, problem: &Problem, backend: &Backend) -> Result<(), String> {
    let (can, expected) = (backend.capabilities(), problem.expected.unwrap_or(Status::Solved));
    let short = FALLS_SHORT.iter().find(|(name, file, ..)| (*name, *file) == (&run.forward, &run.file));
    let right = if !can.quadratic_objective && !problem.file.program.as_stacked().is_linear() {
        run.status == "error: unsupported"
    } else if let Some((_, _, status, _)) = short {
        run.status == *status || (*status == TOO_LARGE && run.status == expected.as_str())
    } else if !can.duals || (!expected.is_solved() && !can.infeasibility_certificates) {
        // Nothing can be vouched for without duals, and no infeasibility without a certificate.
        run.status == expected.as_str() || !run.has_solution()
    } else {
        run.status == expected.as_str()
    };
    if right { Ok(()) } else { Err(format!("expected {expected}, found {} {:?}", run.status, run.message)) }
}

/// The kind of error that must stand in place of the gradient of a solution.
fn expected_refusal(run: &Run, backward: &Backend) -> Option<&'static str> {
    let can = backward.capabilities();
    // A linear program is differentiated with curvature of the layer's own.
    let serves = can.duals && can.quadratic_objective;
    if !backward.has_own_backward() && !serves {
        return Some("unsupported");
    }
    let pair = (run.forward.as_str(), run.backward.as_str(), run.file.as_str());
    REFUSED.iter().find(|(f, b, file, ..)| (*f, *b, *file) == pair).map(|(_, _, _, kind, _)| *kind)
}

fn print_table(problems: &[Problem], comparison: &Comparison) {
    let pairs = &comparison.pairs;
    println!("\npairs: {}", pairs.iter().enumerate().map(|(k, p)| format!("[{k}] {p}")).collect::<Vec<_>>().join("  "));
    let heading: String = (0..pairs.len()).map(|k| format!("  {:<22}", format!("[{k}]"))).collect();
    println!("{:<14}{heading}", "problem");
    for (problem, runs) in problems.iter().zip(comparison.runs.chunks(pairs.len())) {
        let cell = |run: &Run| match (run.certificate, run.gradient_difference) {
            (Some(kind), Some(difference)) => format!("{kind} {difference:.0e}"),
            _ => run.gradient_error.unwrap_or(&run.status).to_string(),
        };
        let cells: String = runs.iter().map(|run| format!("  {:<22}", cell(run))).collect();
        println!("{:<14}{cells}", problem.name);
    }
    println!("\nlargest difference between exact gradients, and the number of problems");
    for (k, row) in comparison.agreement.iter().enumerate() {
        let cells: String = row.iter().map(|a| format!("  {:>7.0e} ({:>2})", a.difference, a.problems)).collect();
        println!("{:<5}{cells}", format!("[{k}]"));
    }
}

#[test]
fn every_pair_agrees_on_every_problem() {
    let (backends, problems, comparison) = run_all();
    print_table(&problems, &comparison);
    let by_name = |name: &str| backends.iter().find(|b| b.info().name == name).unwrap();
    let mut wrong = Vec::new();
    for (problem, runs) in problems.iter().zip(comparison.runs.chunks(comparison.pairs.len())) {
        for run in runs {
            let mut expect = |right: bool, what: String| {
                if !right {
                    wrong.push(format!("{}, {}: {what}", problem.name, run.label()));
                }
            };
            let forward = check_forward(run, problem, by_name(&run.forward));
            expect(forward.is_ok(), forward.err().unwrap_or_default());
            if run.status == "solved"
                && let (Some(found), Some(known)) = (run.objective, problem.objective)
            {
                // Published values have nine digits.
                let error = (found - known).abs() / known.abs().max(1.0);
                expect(error <= 1e-6, format!("objective {found}, known is {known}"));
            }
            if run.has_solution() {
                let refusal = expected_refusal(run, by_name(&run.backward));
                expect(run.gradient_error == refusal, format!("{:?} {:?}", run.gradient_error, run.message));
            }
            if let Some(residual) = run.adjoint_residual {
                expect(residual <= 1e-9, format!("adjoint residual {residual:e}"));
                let exact = run.certificate == Some("exact");
                expect(exact || !EXACT.contains(&problem.name.as_str()), format!("certificate {:?}", run.certificate));
            }
        }
    }
    let difference = comparison.largest_difference().unwrap_or(0.0);
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(difference <= 1e-6, "exact gradients differ by {difference:e}");
    let vouched =
        |name: &&str| comparison.runs.iter().any(|run| run.file == **name && run.certificate == Some("exact"));
    assert!(EXACT.iter().all(vouched), "a derivative that exists was found by no pair");
}
