//! `bpqp generate` and what `bpqp bench` makes of its files.
#![allow(clippy::unwrap_used, clippy::panic)] // a test panics by design
#![cfg(all(feature = "cli", any(feature = "native", feature = "clarabel")))]

use std::path::Path;
use std::process::{Command, Output};

use bpqp::generate::{Family, Recipe};
use bpqp::io::{Format, read_file, read_str};
use serde_json::Value;

fn bpqp(args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_bpqp")).args(args).output().unwrap()
}

/// Exit code and the one document on standard output.
fn json(args: &[&str]) -> (i32, Value) {
    let output = bpqp(args);
    let document = serde_json::from_slice(&output.stdout);
    (output.status.code().unwrap(), document.unwrap_or_else(|e| panic!("{args:?}: {e}: {output:?}")))
}

fn scratch(name: &str) -> String {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join(name).display().to_string()
}

#[test]
fn files_hold_the_problems_of_the_library() {
    for (k, family) in Family::ALL.into_iter().filter(|family| *family != Family::PaperSocp).enumerate() {
        let recipe = Recipe::new(family).n(12).seed(5);
        let expected = recipe.generate().unwrap();
        // Packed and plain by turns.
        let file = scratch(&format!("generated-{family}.json{}", if k % 2 == 0 { "" } else { ".gz" }));
        let (code, report) = json(&["generate", family.name(), "--n", "12", "--seed", "5", "-o", &file, "--json"]);
        assert_eq!(code, 0, "{report}");
        assert_eq!(report["name"], expected.name);
        assert_eq!(report["variables"], expected.program.num_vars());
        assert_eq!(report["objective"].is_null(), expected.solution.is_none(), "{family}");
        assert_eq!(read_file(&file).unwrap().program, expected.program, "{family}");
    }
}

#[test]
fn standard_output_takes_the_problem_alone() {
    let output = bpqp(&["generate", "chain", "-n", "4", "-o", "-"]);
    assert!(output.status.success());
    let text = String::from_utf8(output.stdout).unwrap();
    let program = read_str("stdin", &text, Format::Json).unwrap().program;
    assert_eq!(program, Recipe::new(Family::Chain).n(4).generate().unwrap().program);
}

#[test]
fn the_known_solution_is_written_beside_the_problem() {
    let [file, solution] = ["known.json", "known-solution.json"].map(scratch);
    let (code, report) = json(&["generate", "simplex", "-n", "6", "-o", &file, "--solution", &solution, "--json"]);
    assert_eq!(code, 0, "{report}");
    let document: Value = serde_json::from_str(&std::fs::read_to_string(&solution).unwrap()).unwrap();
    let sum: f64 = document["x"].as_array().unwrap().iter().map(|v| v.as_f64().unwrap()).sum();
    assert!((sum - 1.0).abs() < 1e-14);
    assert_eq!(document["duals"]["A"].as_array().unwrap().len(), 1);
    assert_eq!(document["objective"], report["objective"]);
}

#[test]
fn what_cannot_be_made_is_told() {
    let file = scratch("never.json");
    let cases: [(&[&str], i32, &str); 6] = [
        (&["generate", "nope", "-o", &file], 2, "random-sparse"),
        (&["generate", "chain"], 2, "--output"),
        (&["generate", "chain", "-m", "3", "-o", &file], 1, "does not have it"),
        (&["generate", "gaussian", "-n", "4", "-m", "9", "-o", &file], 1, "≤ n"),
        (&["generate", "mpc", "-o", &file, "--solution", &file], 1, "closed form"),
        (&["generate", "chain", "-o", "chain.qps"], 1, ".json.gz"),
    ];
    for (args, exit, hint) in cases {
        let (code, document) = json(&[args, &["--json"]].concat());
        assert_eq!(code, exit, "{args:?}");
        assert!(document["error"]["message"].as_str().unwrap().contains(hint), "{document}");
    }
    assert!(!Path::new(&file).exists());
}

/// `min qᵀx` over a ball: the gradient of each cone's data stands beside the others.
#[test]
#[cfg(feature = "clarabel")]
fn a_cone_program_is_written_solved_and_differentiated() {
    let file = scratch("ball.json");
    let (code, _) = json(&["generate", "paper-socp", "-n", "4", "-o", &file, "--json"]);
    assert_eq!(code, 0);
    let (code, report) = json(&["grad", &file, "--forward", "clarabel", "--check", "--json"]);
    assert_eq!(code, 0, "{report}");
    assert_eq!(report["certificate"]["kind"], "exact");
    let cone = &report["gradients"]["soc"][0];
    assert_eq!((cone["F"]["data"].as_array().unwrap().len(), cone["g"].as_array().unwrap().len()), (4, 4));
    assert_eq!(report["duals"]["soc"].as_array().unwrap().len(), 5);
    for block in report["check"].as_array().unwrap() {
        assert!(block["error"].as_f64().unwrap() < 1e-5, "{block}");
    }
}

/// min ½‖x‖² + qᵀx has x = −q, so the sum of x has the derivative −1 by each q.
#[test]
fn bench_prints_the_gradients_it_timed() {
    let file = scratch("plain.json");
    std::fs::write(&file, r#"{"P": [[1, 0], [0, 1]], "q": [3, -4]}"#).unwrap();
    let (code, document) = json(&["bench", &file, "--gradients", "--repeat", "2", "--json"]);
    assert_eq!(code, 0);
    let row = &document[0];
    assert!(row["matrices_ms"].as_f64().unwrap() >= 0.0);
    assert_eq!(row["gradients"]["certificate"], "exact");
    for slope in row["gradients"]["q"].as_array().unwrap() {
        assert!((slope.as_f64().unwrap() + 1.0).abs() < 1e-9, "{document}");
    }
    let cotangent = scratch("cotangent.json");
    std::fs::write(&cotangent, "[2, 0.5]").unwrap();
    let (_, weighted) = json(&["bench", &file, "--gradients", "--cotangent", &cotangent, "--json"]);
    let q = &weighted[0]["gradients"]["q"];
    assert!((q[0].as_f64().unwrap() + 2.0).abs() < 1e-9 && (q[1].as_f64().unwrap() + 0.5).abs() < 1e-9, "{q}");
    let (_, plain) = json(&["bench", &file, "--json"]);
    assert!(plain[0].get("gradients").is_none() && plain[0].get("matrices_ms").is_none());
    let table = String::from_utf8(bpqp(&["bench", &file, "--gradients"]).stdout).unwrap();
    assert!(table.contains("matrices ms"), "{table}");
}

#[cfg(feature = "native")]
#[test]
fn scaling_measures_and_plots_problems_and_batches() {
    let file = scratch("scaling.svg");
    let (code, document) = json(&["bench", "--scaling", &file, "--repeat", "1", "--forward", "native", "--json"]);
    assert_eq!(code, 0, "{document}");
    let families: Vec<_> =
        document.as_array().unwrap().iter().map(|series| series["family"].as_str().unwrap()).collect();
    assert_eq!(families, ["gaussian", "local", "gaussian-batch", "gaussian-batch"]);
    let axes = ["variables", "variables", "members", "threads"];
    for (series, axis) in document.as_array().unwrap().iter().zip(axes) {
        assert_eq!(series["axis"], axis);
        let points = series["points"].as_array().unwrap();
        // A machine with one processor has no exponent of threads.
        let enough =
            if axis == "threads" { points.len() == 1 || series["exponent"].is_number() } else { points.len() >= 3 };
        assert!(enough && (axis == "threads" || series["exponent"].is_number()), "{series}");
        assert!(points.iter().all(|point| point["status"] == "solved"), "{series}");
    }
    let plot = std::fs::read_to_string(&file).unwrap();
    assert!(plot.starts_with("<svg") && plot.trim_end().ends_with("</svg>"));
    assert!(families.iter().all(|family| plot.contains(family)) && axes.iter().all(|axis| plot.contains(axis)));
}

#[test]
fn scaling_takes_no_files_and_needs_a_place() {
    let (code, document) = json(&["bench", "a.json", "--scaling", "b.svg", "--json"]);
    assert_eq!((code, &document["error"]["kind"]), (2, &"usage".into()));
    let nowhere = scratch("no-such-folder/scaling.svg");
    let (code, document) = json(&["bench", "--scaling", &nowhere, "--json"]);
    assert_eq!((code, &document["error"]["kind"]), (1, &"io".into()), "{document}");
}
