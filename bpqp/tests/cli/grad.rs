//! `bpqp grad`.

use serde_json::Value;

use super::support::{assert_close, json, keys, numbers, scratch_file, text};

#[test]
fn grad_has_every_block_and_its_certificate() {
    // min ½‖x‖² − x₀ − 2x₁ s.t. x₀ + x₁ = 1 has x = (0, 1), ν = 1. With x̄ = (1, 0) the adjoint is z̃ = (−½, ½),
    // ν̃ = −½, so ∂L/∂b = ½ and ∂L/∂A = ν z̃ᵀ + ν̃ xᵀ = (−½, 0).
    let file = scratch_file("line.json", r#"{"P": [[1, 0], [0, 1]], "q": [-1, -2], "A": [[1, 1]], "b": [1]}"#);
    let cotangent = scratch_file("cotangent.json", "[1, 0]");
    let (code, document) = json(&["grad", &file, "--cotangent", &cotangent, "--check", "--json"]);
    assert_eq!((code, &document["status"]), (0, &Value::from("solved")));
    for key in ["forward", "backward", "objective", "x", "duals", "timing_ms"] {
        assert!(!document[key].is_null(), "{key}");
    }
    let gradients = &document["gradients"];
    let blocks = ["A", "G", "P", "b", "h", "l", "lb", "q", "rows", "u", "ub"];
    let mut found = keys(gradients);
    found.sort_unstable();
    assert_eq!(found, blocks);
    assert_close(&numbers(&gradients["q"]), &[-0.5, 0.5]);
    assert_close(&numbers(&gradients["b"]), &[0.5]);
    assert_close(&numbers(&gradients["A"]["data"]), &[-0.5, 0.0]);
    assert_eq!(gradients["A"]["shape"], serde_json::json!([1, 2]));
    // ½(z̃xᵀ + xz̃ᵀ), both triangles: dense P keeps its four entries.
    assert_close(&numbers(&gradients["P"]["data"]), &[0.0, -0.25, -0.25, 0.5]);
    assert_eq!(document["certificate"]["kind"], "exact");
    assert!(document["certificate"]["residual"].as_f64().unwrap() <= 1e-10);
    for block in document["check"].as_array().unwrap() {
        assert!(block["checked"].as_u64().unwrap() > 0 && block["error"].as_f64().unwrap() <= 1e-5, "{block}");
    }
    let (code, out, _) = text(&["grad", &file, "--check"]);
    assert_eq!(code, 0);
    assert!(out.contains("exact") && out.contains("∂L/∂A"), "{out}");
}

/// `min t  s.t.  ‖x − a‖ ≤ t` ends at the apex, where the exact `∂x/∂q` is zero; with the barrier it is `−μ I`.
#[cfg(feature = "clarabel")]
#[test]
fn grad_smooths_cones() {
    let cone = r#"{"F": [[1, 0, 0], [0, 1, 0]], "g": [-0.3, 1.2], "c": [0, 0, 1], "d": 0}"#;
    let file = scratch_file("apex.json", &format!(r#"{{"q": [0, 0, 1], "soc": [{cone}]}}"#));
    let cotangent = scratch_file("along.json", "[1, 0, 0]");
    let args = ["grad", &file, "--forward", "clarabel", "--cotangent", &cotangent, "--json"];
    let (code, document) = json(&[&args[..], &["--smoothing", "0.05", "--check"]].concat());
    assert_eq!((code, &document["certificate"]["kind"]), (0, &Value::from("exact")));
    assert_eq!(document["certificate"]["smoothing"], 0.05);
    assert_close(&numbers(&document["gradients"]["q"]), &[-0.05, 0.0, 0.0]);
    assert_close(&numbers(&document["gradients"]["soc"][0]["g"]), &[-1.0, 0.0]);
    let checks = document["check"].as_array().unwrap();
    assert!(checks.iter().all(|block| block["error"].as_f64().unwrap() <= 1e-5), "{checks:?}");
    assert!(["F", "g", "c", "d"].iter().all(|name| checks.iter().any(|block| block["block"] == *name)));
}

#[test]
fn many_variables_are_checked_only_when_asked_twice() {
    let q = vec!["1"; 501].join(",");
    let lb = vec!["0"; 501].join(",");
    let file = scratch_file("many.json", &format!("{{\"q\": [{q}], \"lb\": [{lb}]}}"));
    let (code, document) = json(&["grad", &file, "--check", "--json"]);
    assert_eq!((code, &document["error"]["kind"]), (1, &"invalid_argument".into()));
    let (code, document) = json(&["grad", &file, "--check", "--check-entries", "2", "--json"]);
    assert_eq!(code, 0, "{document}");
    assert_eq!(document["check"].as_array().unwrap().len(), 2, "q and lb can move");
}
