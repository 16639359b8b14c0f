//! `bpqp compare --report`.

use std::path::Path;

use serde_json::Value;

use super::support::{data, json, scratch, scratch_file, text};

#[test]
fn a_report_is_one_page_beside_what_is_printed() {
    let hostile = scratch_file("<b>&\"'.json", r#"{"P": [[1]], "q": [1]}"#);
    let infeasible = scratch_file("no-point.json", r#"{"q": [1], "A": [[1], [1]], "b": [0, 1]}"#);
    let report = scratch_file("report.html", &"an older and longer report ".repeat(10_000));
    let (code, document) = json(&["compare", "--pairs", &hostile, &infeasible, "--report", &report, "--json"]);
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
    let (code, out, _) = text(&["compare", &hostile, "--report", &report]);
    assert_eq!(code, 0, "{out}");
    assert!(out.contains("runs solved"), "{out}");
}

#[test]
fn a_report_that_cannot_be_written_is_told_before_any_work() {
    let problem = scratch_file("kept.json", r#"{"P": [[1]], "q": [1]}"#);
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
    let report = scratch("never.html");
    let _ = std::fs::remove_file(&report);
    let (code, _) = json(&["compare", "no-such.qps", "--report", &report, "--json"]);
    assert!(code == 1 && !Path::new(&report).exists(), "nothing is left behind where the files cannot be read");
}
