//! `bpqp solve`, and what becomes of programs without a solution.

use serde_json::Value;

use super::support::{assert_close, data, json, numbers, scratch_file, text};

#[test]
fn solve_prints_the_solution() {
    // x₁² + 0.1 x₂² + x₃² − x₁x₃ − x₂ − 3x₃ with x₁ + x₃ ≤ 2, x ≥ 0: x₂ = 5; on the line x₃ = 2 − x₁ the rest is
    // 3x₁² − 3x₁ − 2, so x₁ = ½; the row's dual is −∂f/∂x₁ = x₃ − 2x₁ = ½.
    let (code, document) = json(&["solve", &data("qjh.mps"), "--json"]);
    assert_eq!(code, 0);
    assert_eq!(document["status"], "solved");
    assert_close(&[document["objective"].as_f64().unwrap()], &[-5.25]);
    assert_close(&numbers(&document["x"]), &[0.5, 5.0, 1.5]);
    assert_close(&numbers(&document["duals"]["rows"]), &[0.5]);
    let (code, out, _) = text(&["solve", &data("qjh.mps"), "--tol", "1e-9", "--time-limit", "10"]);
    assert_eq!(code, 0);
    assert!(out.contains("solved") && out.contains("-5.25") && out.contains("x3"), "{out}");
}

#[test]
fn what_is_not_solved_ends_with_three() {
    let infeasible = scratch_file("infeasible.json", r#"{"q": [1], "A": [[1], [1]], "b": [0, 1]}"#);
    let unbounded = scratch_file("unbounded.json", r#"{"q": [1], "ub": [0]}"#);
    for (file, status) in [(&infeasible, "primal_infeasible"), (&unbounded, "dual_infeasible")] {
        for command in ["solve", "grad"] {
            let (code, document) = json(&[command, file, "--json"]);
            assert_eq!((code, &document["status"]), (3, &Value::from(status)), "{command}");
            assert!(document["x"].is_null() && document["objective"].is_null());
            let (code, out, _) = text(&[command, file]);
            assert_eq!(code, 3);
            assert!(out.contains(status), "{out}");
        }
        assert!(json(&["grad", file, "--json"]).1["gradients"].is_null());
        for command in ["compare", "bench"] {
            let (code, document) = json(&[command, file, "--json"]);
            assert_eq!((code, &document[0]["status"]), (3, &Value::from(status)), "{command}");
            assert!(document[0]["backward_ms"].is_null());
        }
    }
}
