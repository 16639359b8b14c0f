//! `bpqp audit`.
#![allow(clippy::unwrap_used, clippy::panic)] // a test panics by design
#![cfg(all(feature = "cli", feature = "native"))]

use std::path::Path;
use std::process::{Command, Output};

use serde_json::Value;

fn bpqp(args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_bpqp")).args(args).output().unwrap()
}

fn data(name: &str) -> String {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("data").join(name).display().to_string()
}

/// Some of everything, and no gradient that is called the derivative and is not.
#[test]
fn generated_programs_agree_with_differences() {
    let output = bpqp(&["audit", "--generated", "2400", "--json"]);
    assert_eq!(output.status.code(), Some(0));
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    let families = report["generated"].as_array().unwrap();
    assert_eq!(families.len(), 12);
    let count = |family: &Value, outcome: &str| family["outcomes"][outcome].as_u64().unwrap_or(0);
    for family in families {
        assert_eq!((family["programs"].as_u64(), family["disagree"].as_u64()), (Some(200), Some(0)), "{family}");
        let name = family["family"].as_str().unwrap();
        match name {
            "infeasible" => assert_eq!(count(family, "primal_infeasible"), 200, "{family}"),
            "unbounded" => assert_eq!(count(family, "dual_infeasible"), 200, "{family}"),
            "weakly active" => assert!(count(family, "kink") > 20, "{family}"),
            "duplicate rows" | "redundant rows" | "singular P" => assert!(count(family, "degenerate") > 20, "{family}"),
            _ => assert!(count(family, "exact") > 20, "{family}"),
        }
    }
}

#[test]
fn files_are_told_one_by_one() {
    let files = ["HS35.QPS.gz", "qp-kink.json", "qp-duplicate.json", "qp-infeasible.json"].map(data);
    let args: Vec<&str> = ["audit", "--json"].into_iter().chain(files.iter().map(String::as_str)).collect();
    let output = bpqp(&args);
    assert_eq!(output.status.code(), Some(0));
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    let outcomes: Vec<&str> =
        report["files"].as_array().unwrap().iter().map(|file| file["outcome"].as_str().unwrap()).collect();
    assert_eq!(outcomes, ["exact", "kink", "degenerate", "primal_infeasible"]);
    let text = String::from_utf8(bpqp(&["audit", &files[0], "--generated", "12"]).stdout).unwrap();
    for part in ["HS35.QPS.gz", "exact", "disagree", "regular", "mixed", "all"] {
        assert!(text.contains(part), "{part} is missing in\n{text}");
    }
    assert_eq!(bpqp(&["audit"]).status.code(), Some(1));
}
