//! `bpqp generate`.

use std::path::Path;

use bpqp::generate::{Family, Recipe};
use bpqp::io::{Format, read_file, read_str};
use serde_json::Value;

use super::support::{bpqp, json, scratch};

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
