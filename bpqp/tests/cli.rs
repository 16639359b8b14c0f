//! The program as its users meet it.
#![allow(clippy::unwrap_used, clippy::panic)] // a test panics by design
#![cfg(all(feature = "cli", any(feature = "native", feature = "clarabel")))]

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;

fn data(file: &str) -> String {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/data").join(file).display().to_string()
}

fn bpqp(args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_bpqp")).args(args).output().unwrap()
}

/// Exit code and the one document on standard output.
fn json(args: &[&str]) -> (i32, Value) {
    let output = bpqp(args);
    let document = serde_json::from_slice(&output.stdout);
    (output.status.code().unwrap(), document.unwrap_or_else(|e| panic!("{args:?}: {e}: {output:?}")))
}

/// Exit code, standard output, standard error.
fn text(args: &[&str]) -> (i32, String, String) {
    let output = bpqp(args);
    let [out, err] = [output.stdout, output.stderr].map(|bytes| String::from_utf8(bytes).unwrap());
    (output.status.code().unwrap(), out, err)
}

/// The backends that solve quadratic programs of any size: not those for linear programs, nor those whose license, where
/// they have one here, may have limits.
fn backends() -> Vec<String> {
    let free = ["native", "clarabel", "osqp", "highs"];
    let names = bpqp::Registry::compiled().usable().quadratic().names();
    names.into_iter().filter(|name| free.contains(&name.as_str())).collect()
}

/// The rows of these backends, both ways.
fn rows_of<'a>(document: &'a Value, backends: &[String]) -> Vec<&'a Value> {
    let among = |row: &Value, key: &str| backends.iter().any(|name| row[key] == **name);
    document.as_array().unwrap().iter().filter(|row| among(row, "forward") && among(row, "backward")).collect()
}

fn numbers(value: &Value) -> Vec<f64> {
    value.as_array().unwrap().iter().map(|v| v.as_f64().unwrap()).collect()
}

fn keys(value: &Value) -> Vec<&str> {
    value.as_object().unwrap().keys().map(String::as_str).collect()
}

fn assert_close(found: &[f64], expected: &[f64]) {
    assert_eq!(found.len(), expected.len());
    for (f, e) in found.iter().zip(expected) {
        assert!((f - e).abs() <= 1e-6, "{found:?} against {expected:?}");
    }
}

/// A file in a folder of this test binary.
fn scratch(name: &str, content: &str) -> String {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    std::fs::write(&path, content).unwrap();
    path.display().to_string()
}

#[test]
fn help_and_version_succeed() {
    for args in [&["--help"][..], &["--version"], &["solve", "--help"], &["help", "grad"]] {
        let (code, out, _) = text(args);
        assert_eq!(code, 0, "{args:?}");
        assert!(out.contains("bpqp"), "{out}");
    }
    assert!(text(&["--help"]).1.contains("Exit code: 0 solved, 1 error, 2 wrong usage, 3 not solved"));
}

#[test]
fn wrong_usage_ends_with_two_and_says_what_to_do() {
    let cases: [(&[&str], &str); 8] = [
        (&["solv"], "solve"),
        (&["solve"], "<FILE>"),
        (&["bench"], "<FILES>"),
        (&["solve", "a", "--tol", "2"], "between 0 and 1"),
        (&["solve", "a", "--time-limit", "-1"], "--time-limit"),
        (&["solve", "a", "--time-limit", "0"], "positive"),
        (&["bench", "a", "--repeat", "0"], "--repeat"),
        (&["grad", "a", "--check-entries", "3"], "--check"),
    ];
    for (args, hint) in cases {
        let (code, out, err) = text(args);
        assert_eq!((code, out.as_str()), (2, ""), "{args:?}");
        assert!(err.contains(hint), "{args:?}: {err}");
        let (code, document) = json(&[args, &["--json"]].concat());
        assert_eq!(code, 2, "{args:?}");
        assert_eq!(document["error"]["kind"], "usage");
        assert!(document["error"]["message"].as_str().unwrap().contains(hint), "{document}");
    }
}

#[test]
fn backends_are_listed_with_their_capabilities() {
    let (code, document) = json(&["backends", "--json"]);
    assert_eq!(code, 0);
    let rows = document.as_array().unwrap();
    for (name, _) in bpqp::Registry::KNOWN {
        let row = rows.iter().find(|row| row["name"] == *name).unwrap_or_else(|| panic!("{name} is not listed"));
        let compiled = bpqp::Registry::compiled().names().iter().any(|n| n == name);
        assert_eq!(row["compiled"], compiled);
        assert_eq!(row["capabilities"].is_object(), compiled);
    }
    let (code, out, _) = text(&["backends"]);
    assert_eq!(code, 0);
    assert!(out.contains("certificates"), "{out}");
}

#[cfg(not(feature = "train"))]
#[test]
fn what_another_build_has_is_told_with_the_command_for_it() {
    for args in [&["train", "portfolio", "--quick"][..], &["repro", "table3", "--seeds", "2"], &["train"]] {
        let (code, out, err) = text(args);
        assert_eq!((code, out.as_str()), (1, ""), "{args:?}");
        let command = format!("cargo run --release --features train -- {}", args.join(" "));
        assert!(err.contains("needs the feature `train`") && err.contains(&command), "{err}");
        let (code, document) = json(&[args, &["--json"]].concat());
        assert_eq!((code, &document["error"]["kind"]), (1, &Value::from("missing_feature")));
    }
}

#[test]
fn a_backend_of_another_build_is_told_with_the_command_for_it() {
    let compiled = bpqp::Registry::compiled().names();
    for (name, feature) in bpqp::Registry::KNOWN.iter().filter(|(name, _)| !compiled.iter().any(|n| n == name)) {
        let (code, _, err) = text(&["compare", "--backends", name]);
        let command = format!("cargo run --release --features {feature} -- compare --backends {name}");
        assert!(code == 1 && err.contains(&command), "{err}");
    }
}

mod with_a_solver {
    use super::*;

    #[test]
    fn errors_end_with_one_and_name_the_file() {
        let broken = scratch("broken.json", "{\"q\": [1,\n}");
        let nonconvex = scratch("nonconvex.json", r#"{"P": [[1, 2], [2, 1]], "q": [1, 1]}"#);
        let short = scratch("short.json", "[1]");
        let (folder, problem) = (data(""), data("qjh.mps"));
        let cases: [(&[&str], &str, &str); 8] = [
            (&["solve", "no-such.qps"], "io", "no-such.qps"),
            (&["compare", &problem, "no-such.qps"], "io", "no-such.qps"),
            (&["solve", &folder], "io", &folder),
            (&["grad", &broken], "parse", "broken.json: line 2"),
            (&["bench", &nonconvex], "not_convex", "nonconvex.json"),
            (&["solve", &problem, "--backend", "nope"], "unknown_backend", "available: "),
            (&["compare", "--backends", "nope"], "unknown_backend", "available: "),
            (&["grad", &problem, "--cotangent", &short], "invalid_argument", "1 numbers, the problem 3 variables"),
        ];
        for (args, kind, hint) in cases {
            let (code, out, err) = text(args);
            assert_eq!((code, out.as_str()), (1, ""), "{args:?}");
            assert!(err.starts_with("error: ") && err.contains(hint), "{args:?}: {err}");
            let (code, document) = json(&[args, &["--json"]].concat());
            assert_eq!(code, 1, "{args:?}");
            assert_eq!(keys(&document), ["error"]);
            assert_eq!(document["error"]["kind"], kind, "{document}");
            assert!(document["error"]["message"].as_str().unwrap().contains(hint), "{document}");
        }
    }

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
        let infeasible = scratch("infeasible.json", r#"{"q": [1], "A": [[1], [1]], "b": [0, 1]}"#);
        let unbounded = scratch("unbounded.json", r#"{"q": [1], "ub": [0]}"#);
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

    #[test]
    fn grad_has_every_block_and_its_certificate() {
        // min ½‖x‖² − x₀ − 2x₁ s.t. x₀ + x₁ = 1 has x = (0, 1), ν = 1. With x̄ = (1, 0) the adjoint is z̃ = (−½, ½),
        // ν̃ = −½, so ∂L/∂b = ½ and ∂L/∂A = ν z̃ᵀ + ν̃ xᵀ = (−½, 0).
        let file = scratch("line.json", r#"{"P": [[1, 0], [0, 1]], "q": [-1, -2], "A": [[1, 1]], "b": [1]}"#);
        let cotangent = scratch("cotangent.json", "[1, 0]");
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
        let file = scratch("apex.json", &format!(r#"{{"q": [0, 0, 1], "soc": [{cone}]}}"#));
        let cotangent = scratch("along.json", "[1, 0, 0]");
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
    fn compare_has_a_row_for_every_file_and_backend() {
        let backends = backends();
        let (code, document) = json(&["compare", &data("qjh.mps"), &data("QPTEST.QPS.gz"), "--json"]);
        assert_eq!(code, 0);
        let rows = rows_of(&document, &backends);
        assert_eq!(rows.len(), 2 * backends.len());
        // The published optimal values.
        for (row, objective) in rows.iter().zip([-5.25, 4.371875].iter().flat_map(|v| vec![v; backends.len()])) {
            assert_eq!((&row["status"], &row["certificate"]), (&"solved".into(), &"exact".into()), "{row}");
            assert_close(&[row["objective"].as_f64().unwrap()], &[*objective]);
            for key in ["primal_residual", "dual_residual", "gap", "adjoint_residual", "gradient_difference"] {
                assert!(row[key].as_f64().unwrap() <= 1e-7, "{key}: {row}");
            }
            for key in ["file", "forward", "backward", "setup_ms", "forward_ms", "backward_ms"] {
                assert!(!row[key].is_null(), "{key}");
            }
        }
    }

    #[test]
    fn without_a_command_the_embedded_problems_are_compared() {
        let backends = backends();
        let (code, out, _) = text(&[]);
        assert_eq!(code, 0, "{out}");
        assert!(out.contains("HS35") && out.contains("infeasible or unbounded and told so"), "{out}");
        let (code, document) = json(&["--json"]);
        assert_eq!(code, 0);
        // Published optimal values (Maros and Mészáros 1997), in the order of the table.
        let published = [
            ("HS35", 0.111111111_f64),
            ("LOTSCHD", 2398.41589),
            ("QAFIRO", -1.59078179),
            ("DUAL4", 0.746090842),
            ("CVXQP1_S", 11590.7181),
            ("DUALC2", 3551.30769),
            ("PRIMALC5", -427.232326),
        ];
        for (name, value) in published {
            let rows: Vec<&Value> =
                rows_of(&document, &backends).into_iter().filter(|row| row["file"] == name).collect();
            assert_eq!(rows.len(), backends.len(), "{name}");
            // First-order methods need not solve all of them, but what is solved is right.
            let (solved, failed): (Vec<&Value>, Vec<&Value>) =
                rows.into_iter().partition(|row| row["status"] == "solved");
            assert!(failed.iter().all(|row| row["forward"] == "osqp"), "{failed:?}");
            for row in solved {
                let objective = row["objective"].as_f64().unwrap();
                assert!((objective - value).abs() <= 1e-6 * value.abs().max(1.0), "{row}");
            }
        }
    }

    #[test]
    fn embedded_problems_end_as_they_should() {
        let (_, document) = json(&["compare", "--json"]);
        let backends = backends();
        let rows = rows_of(&document, &backends);
        for row in &rows {
            assert!(row["expected"].is_string(), "{row}");
            assert!(row["status"] == row["expected"] || row["forward"] == "osqp", "{row}");
        }
        let ended = |status: &str| rows.iter().filter(|row| row["status"] == status).count();
        let each_twice = 2 * backends.len();
        assert_eq!((ended("primal_infeasible"), ended("dual_infeasible")), (each_twice, each_twice));
    }

    #[test]
    fn pairs_are_all_forward_with_all_backward_backends() {
        let backends = backends();
        let list = backends.join(",");
        let (code, document) = json(&["compare", "--pairs", "--backends", &list, &data("qjh.mps"), "--json"]);
        assert_eq!(code, 0);
        let name = |row: &Value, key: &str| row[key].as_str().unwrap().to_string();
        let found: Vec<_> =
            document.as_array().unwrap().iter().map(|r| (name(r, "forward"), name(r, "backward"))).collect();
        let wanted: Vec<_> =
            backends.iter().flat_map(|f| backends.iter().map(move |b| (f.clone(), b.clone()))).collect();
        assert_eq!(found, wanted);
        for row in document.as_array().unwrap() {
            assert!(row["gradient_difference"].as_f64().unwrap() <= 1e-7, "{row}");
        }
        let (code, out, _) = text(&["compare", "--pairs", "--backends", &backends[0], &data("qjh.mps")]);
        assert_eq!(code, 0);
        assert!(out.contains("backward") && out.contains("1 of 1 runs solved"), "{out}");
    }

    #[test]
    fn a_report_is_one_page_beside_what_is_printed() {
        let hostile = scratch("<b>&\"'.json", r#"{"P": [[1]], "q": [1]}"#);
        let infeasible = scratch("no-point.json", r#"{"q": [1], "A": [[1], [1]], "b": [0, 1]}"#);
        let report = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("report.html");
        std::fs::write(&report, "an older and longer report ".repeat(10_000)).unwrap();
        let path = report.display().to_string();
        let (code, document) = json(&["compare", "--pairs", &hostile, &infeasible, "--report", &path, "--json"]);
        assert_eq!(code, 3, "one of them has no solution");
        let pairs = bpqp::Registry::compiled().usable().names().len().pow(2);
        assert_eq!(document.as_array().unwrap().len(), 2 * pairs);
        let page = std::fs::read_to_string(&report).unwrap();
        assert!(page.starts_with("<!DOCTYPE html>") && page.ends_with("</html>"), "{page}");
        assert!(page.contains("&lt;b&gt;&amp;&quot;") && !page.contains("<b>&"), "{page}");
        for what in ["compare --pairs", "Agreement of gradients", "primal_infeasible", "prefers-color-scheme", "<svg"] {
            assert!(page.contains(what), "{what}");
        }
        assert!(!page.contains("an older and longer report"));
        let (code, out, _) = text(&["compare", &hostile, "--report", &path]);
        assert_eq!(code, 0, "{out}");
        assert!(out.contains("runs solved"), "{out}");
    }

    #[test]
    fn a_report_that_cannot_be_written_is_told_before_any_work() {
        let problem = scratch("kept.json", r#"{"P": [[1]], "q": [1]}"#);
        let folder = data("");
        let cases = [("/no/such/folder/report.html", "io"), (&folder, "io"), (&problem, "invalid_argument")];
        for (path, kind) in cases {
            let (code, document) = json(&["compare", &problem, "--report", path, "--json"]);
            assert_eq!((code, &document["error"]["kind"]), (1, &Value::from(kind)), "{path}");
            assert!(document["error"]["message"].as_str().unwrap().contains(path), "{document}");
            let (code, out, err) = text(&["compare", &problem, "--report", path]);
            assert_eq!((code, out.as_str()), (1, ""), "{path}: {err}");
        }
        assert!(std::fs::read_to_string(&problem).unwrap().contains("\"q\""), "the problem is as it was");
        let report = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("never.html");
        let _ = std::fs::remove_file(&report);
        let (code, _) = json(&["compare", "no-such.qps", "--report", &report.display().to_string(), "--json"]);
        assert!(code == 1 && !report.exists(), "nothing is left behind where the files cannot be read");
    }

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

    #[test]
    fn many_variables_are_checked_only_when_asked_twice() {
        let q = vec!["1"; 501].join(",");
        let lb = vec!["0"; 501].join(",");
        let file = scratch("many.json", &format!("{{\"q\": [{q}], \"lb\": [{lb}]}}"));
        let (code, document) = json(&["grad", &file, "--check", "--json"]);
        assert_eq!((code, &document["error"]["kind"]), (1, &"invalid_argument".into()));
        let (code, document) = json(&["grad", &file, "--check", "--check-entries", "2", "--json"]);
        assert_eq!(code, 0, "{document}");
        assert_eq!(document["check"].as_array().unwrap().len(), 2, "q and lb can move");
    }
}
