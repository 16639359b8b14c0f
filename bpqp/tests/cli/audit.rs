//! `bpqp audit`.

use std::path::Path;

use serde_json::Value;

use super::support::{json, text};

/// A problem that comes with the program.
fn embedded(name: &str) -> String {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("data").join(name).display().to_string()
}

/// Some of everything, and no gradient that is called the derivative and is not.
#[test]
fn generated_programs_agree_with_differences() {
    let (code, report) = json(&["audit", "--generated", "2400", "--json"]);
    assert_eq!(code, 0, "{report}");
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
    let files = ["HS35.QPS.gz", "qp-kink.json", "qp-duplicate.json", "qp-infeasible.json"].map(embedded);
    let args: Vec<&str> = ["audit", "--json"].into_iter().chain(files.iter().map(String::as_str)).collect();
    let (code, report) = json(&args);
    assert_eq!(code, 0, "{report}");
    let outcomes: Vec<&str> =
        report["files"].as_array().unwrap().iter().map(|file| file["outcome"].as_str().unwrap()).collect();
    assert_eq!(outcomes, ["exact", "kink", "degenerate", "primal_infeasible"]);
    let (_, out, _) = text(&["audit", &files[0], "--generated", "12"]);
    for part in ["HS35.QPS.gz", "exact", "disagree", "regular", "mixed", "all"] {
        assert!(out.contains(part), "{part} is missing in\n{out}");
    }
    assert_eq!(text(&["audit"]).0, 1);
}
