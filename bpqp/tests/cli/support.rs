//! Calls of the program, and what they leave.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;

pub(crate) fn command(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_bpqp"));
    command.args(args);
    command
}

pub(crate) fn bpqp(args: &[&str]) -> Output {
    command(args).output().unwrap()
}

/// The one document on standard output.
pub(crate) fn document(output: &Output) -> Value {
    serde_json::from_slice(&output.stdout).unwrap_or_else(|e| panic!("{e}: {output:?}"))
}

/// Exit code and the document.
pub(crate) fn json(args: &[&str]) -> (i32, Value) {
    let output = bpqp(args);
    (output.status.code().unwrap(), document(&output))
}

/// Exit code, standard output, standard error.
pub(crate) fn text(args: &[&str]) -> (i32, String, String) {
    let output = bpqp(args);
    let [out, err] = [output.stdout, output.stderr].map(|bytes| String::from_utf8(bytes).unwrap());
    (output.status.code().unwrap(), out, err)
}

/// A problem that comes with the tests.
pub(crate) fn data(file: &str) -> String {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/data").join(file).display().to_string()
}

/// A place of that name, for one test alone: tests run side by side.
pub(crate) fn scratch(name: &str) -> String {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join(name).display().to_string()
}

/// A file there.
pub(crate) fn scratch_file(name: &str, content: &str) -> String {
    let path = scratch(name);
    std::fs::write(&path, content).unwrap();
    path
}

pub(crate) fn numbers(value: &Value) -> Vec<f64> {
    value.as_array().unwrap().iter().map(|v| v.as_f64().unwrap()).collect()
}

pub(crate) fn keys(value: &Value) -> Vec<&str> {
    value.as_object().unwrap().keys().map(String::as_str).collect()
}

pub(crate) fn assert_close(found: &[f64], expected: &[f64]) {
    assert_eq!(found.len(), expected.len());
    for (f, e) in found.iter().zip(expected) {
        assert!((f - e).abs() <= 1e-6, "{found:?} against {expected:?}");
    }
}
