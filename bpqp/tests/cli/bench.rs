//! `bpqp bench`.

use super::support::{data, json, scratch, scratch_file, text};

#[test]
fn bench_reports_its_repetitions() {
    let (code, document) = json(&["bench", &data("qjh.mps"), "--repeat", "2", "--json"]);
    assert_eq!(code, 0);
    let row = &document[0];
    assert_eq!((&row["status"], &row["repeat"]), (&"solved".into(), &2.into()));
    for key in ["setup_ms", "forward_ms", "backward_ms"] {
        assert!(row[key].as_f64().unwrap() >= 0.0, "{key}");
    }
    assert!(text(&["bench", &data("qjh.mps")]).1.contains("Medians of 5 runs"));
}

/// min ½‖x‖² + qᵀx has x = −q, so the sum of x has the derivative −1 by each q.
#[test]
fn bench_prints_the_gradients_it_timed() {
    let file = scratch_file("plain.json", r#"{"P": [[1, 0], [0, 1]], "q": [3, -4]}"#);
    let (code, document) = json(&["bench", &file, "--gradients", "--repeat", "2", "--json"]);
    assert_eq!(code, 0);
    let row = &document[0];
    assert!(row["matrices_ms"].as_f64().unwrap() >= 0.0);
    assert_eq!(row["gradients"]["certificate"], "exact");
    for slope in row["gradients"]["q"].as_array().unwrap() {
        assert!((slope.as_f64().unwrap() + 1.0).abs() < 1e-9, "{document}");
    }
    let cotangent = scratch_file("weights.json", "[2, 0.5]");
    let (_, weighted) = json(&["bench", &file, "--gradients", "--cotangent", &cotangent, "--json"]);
    let q = &weighted[0]["gradients"]["q"];
    assert!((q[0].as_f64().unwrap() + 2.0).abs() < 1e-9 && (q[1].as_f64().unwrap() + 0.5).abs() < 1e-9, "{q}");
    let (_, plain) = json(&["bench", &file, "--json"]);
    assert!(plain[0].get("gradients").is_none() && plain[0].get("matrices_ms").is_none());
    let (_, table, _) = text(&["bench", &file, "--gradients"]);
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
