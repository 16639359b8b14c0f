//! Problems as JSON.
#![allow(clippy::unwrap_used, clippy::panic)] // a test panics by design
#![cfg(feature = "io")]

use std::path::PathBuf;

use bpqp::io::{Format, ProblemFile, read_file, read_str, to_json};
use bpqp::{Error, Program, Result};

const INF: f64 = f64::INFINITY;

fn read(text: &str) -> Result<ProblemFile> {
    read_str("t.json", text, Format::Json)
}

#[test]
fn dense_and_sparse_matrices_in_every_block() {
    let problem = read(
        r#"{"P": [[2, 0], [0, 2]], "q": [1, -1],
            "A": {"shape": [1, 2], "indptr": [0, 1, 2], "indices": [0, 0], "data": [1, 1]}, "b": [1],
            "G": [[1, 0]], "h": [null], "rows": [[0, 1]], "l": [null], "u": [4], "lb": [0, null], "ub": [null, 9],
            "constant": 2.5}"#,
    )
    .unwrap();
    let stacked = problem.program.as_stacked();
    assert_eq!(stacked.l(), [1.0, -INF, -INF]);
    assert_eq!(stacked.u(), [1.0, INF, 4.0]);
    assert_eq!((stacked.lb(), stacked.ub()), (&[0.0, -INF][..], &[INF, 9.0][..]));
    assert_eq!(problem.program.p().nnz(), 4, "dense matrices keep their zeros in the pattern");
    assert_eq!(problem.program.constant(), 2.5);
    assert_eq!(problem.row_names, ["A[0]", "G[0]", "rows[0]"]);
    assert_eq!(problem.column_names, ["x[0]", "x[1]"]);
}

#[test]
fn all_but_q_is_optional() {
    let program = read(r#"{"q": [1]}"#).unwrap().program;
    assert_eq!(program, Program::builder(1).linear_objective(&[1.0]).build().unwrap());
    assert_eq!(read(r#"{"q": [1], "A": [], "b": []}"#).unwrap().program.as_stacked().num_rows(), 0);
}

#[test]
fn syntax_errors_have_their_line() {
    let cases = [
        ("{\"q\": [1,\n 2,]}", 2, "trailing comma"),
        ("{\"q\": [1],\n \"c\": 1}", 2, "unknown field `c`"),
        ("{\"P\": [[1]]}", 1, "missing field `q`"),
        ("{\"q\": [1e400]}", 1, "number out of range"),
        ("{\"q\": [NaN]}", 1, "expected value"),
        ("{\"q\": [null]}", 1, "invalid type: null"),
        ("{\"q\": [1],\n\n \"P\": 3}", 3, "expected a matrix"),
        ("{\"q\": [1], \"P\": {\"shape\": [1, 1]}}", 1, "missing field `indptr`"),
        ("{\"q\": [1]} {}", 1, "trailing characters"),
        ("{\"q\": [1", 1, "EOF"),
        ("[1]", 1, "invalid"),
    ];
    for (text, line, message) in cases {
        match read(text) {
            Err(Error::Parse { line: found_line, message: found, .. }) => {
                assert!(found.contains(message), "{text}: {found}");
                assert_eq!(found_line, line, "{text}: {found}");
            }
            other => panic!("{text}: {other:?}"),
        }
    }
}

#[test]
fn data_that_do_not_fit_are_refused_by_block() {
    let cases = [
        (r#"{"q": []}"#, "q: the program has no variables"),
        (r#"{"q": [1], "A": [[1]]}"#, "b: missing beside A"),
        (r#"{"q": [1], "h": [1]}"#, "G: missing beside h"),
        (r#"{"q": [1], "u": [1]}"#, "rows: missing beside u"),
        (r#"{"q": [1], "rows": [[1]]}"#, "l or u: missing beside rows"),
        (r#"{"q": [1], "P": [[1, 2]]}"#, "P: is 1 × 2, expected 1 × 1"),
        (r#"{"q": [1, 1], "P": [[1, 2], [3, 9]]}"#, "P: not symmetric"),
        (r#"{"q": [1], "A": [[1], [1, 2]], "b": [1, 1]}"#, "A: row 1 has 2 entries"),
        (r#"{"q": [1], "G": [[1]], "h": [1, 2]}"#, "h: has length 2, expected 1"),
        (r#"{"q": [1], "lb": [2], "ub": [1]}"#, "lb = 2 exceeds ub = 1"),
        (r#"{"q": [1], "rows": [[1]], "l": [2], "u": [1]}"#, "no number lies between 2 and 1"),
    ];
    for (text, message) in cases {
        let error = read(text).unwrap_err();
        assert_eq!(error.kind(), "invalid_problem", "{text}: {error}");
        assert!(error.to_string().contains(message), "{text}: {error}");
    }
}

#[test]
fn a_claimed_shape_costs_no_memory() {
    let huge = "9000000000000000000";
    for text in [
        format!(
            r#"{{"q": [1], "A": {{"shape": [{huge}, 1], "indptr": [0, 0], "indices": [], "data": []}}, "b": [1]}}"#
        ),
        format!(
            r#"{{"q": [1], "rows": {{"shape": [{huge}, 1], "indptr": [0, 0], "indices": [], "data": []}}, "l": [1]}}"#
        ),
        format!(r#"{{"q": [1], "P": {{"shape": [1, {huge}], "indptr": [0], "indices": [], "data": []}}}}"#),
        format!(r#"{{"q": [1], "P": {{"shape": [{huge}, 1], "indptr": [0, 0], "indices": [], "data": []}}}}"#),
    ] {
        assert_eq!(read(&text).unwrap_err().kind(), "invalid_problem", "{text}");
    }
}

#[test]
fn what_is_written_reads_back_the_same() {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/data");
    for file in ["QAFIRO.QPS.gz", "recipe.mps.gz", "fixed_columns.mps", "qjh.mps"] {
        let program = read_file(folder.join(file)).unwrap().program;
        assert_eq!(read(&to_json(&program).unwrap()).unwrap().program, program, "{file}");
    }
    let text = r#"{"q": [1, 0.1], "A": [[1, 0]], "b": [0.3], "G": [[1, 2]], "h": [null], "ub": [1, null]}"#;
    let program = read(text).unwrap().program;
    assert_eq!(read(&to_json(&program).unwrap()).unwrap().program, program);
}
