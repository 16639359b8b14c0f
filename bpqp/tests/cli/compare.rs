//! `bpqp compare`, which is also what the program does without a command.

use serde_json::Value;

use super::support::{assert_close, data, json, text};

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
        let rows: Vec<&Value> = rows_of(&document, &backends).into_iter().filter(|row| row["file"] == name).collect();
        assert_eq!(rows.len(), backends.len(), "{name}");
        // First-order methods need not solve all of them, but what is solved is right.
        let (solved, failed): (Vec<&Value>, Vec<&Value>) = rows.into_iter().partition(|row| row["status"] == "solved");
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
    let wanted: Vec<_> = backends.iter().flat_map(|f| backends.iter().map(move |b| (f.clone(), b.clone()))).collect();
    assert_eq!(found, wanted);
    for row in document.as_array().unwrap() {
        assert!(row["gradient_difference"].as_f64().unwrap() <= 1e-7, "{row}");
    }
    let (code, out, _) = text(&["compare", "--pairs", "--backends", &backends[0], &data("qjh.mps")]);
    assert_eq!(code, 0);
    assert!(out.contains("backward") && out.contains("1 of 1 runs solved"), "{out}");
}
