//! Where the libraries of run-time loaded solvers are looked for, and what is said of one that cannot be used: through
//! `bpqp backends` and `bpqp solve` in a clean environment.
#![cfg(all(feature = "cli", feature = "dynamic"))]
#![allow(clippy::unwrap_used, reason = "a helper of tests fails the test")]

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;

/// A fresh folder for one test.
fn folder(name: &str) -> PathBuf {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join("libraries").join(name);
    let _ = std::fs::remove_dir_all(&path);
    std::fs::create_dir_all(&path).unwrap();
    path
}

/// Runs `bpqp` in `folder` with no variables but these.
fn bpqp(folder: &Path, arguments: &[&str], variables: &[(&str, &str)]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_bpqp"));
    command.args(arguments).current_dir(folder).env_clear().env("HOME", folder);
    command.envs(variables.iter().copied()).output().unwrap()
}

/// What `bpqp backends --json` says of HiGHS.
fn highs(folder: &Path, variables: &[(&str, &str)]) -> Value {
    let out = bpqp(folder, &["backends", "--json"], variables);
    assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
    let rows: Value = serde_json::from_slice(&out.stdout).unwrap();
    rows.as_array().unwrap().iter().find(|row| row["name"] == "highs").unwrap().clone()
}

fn tried(row: &Value) -> Vec<&str> {
    row["tried"].as_array().unwrap().iter().map(|place| place.as_str().unwrap()).collect()
}

/// A file that is no library under the library's name.
fn decoy(folder: &Path) -> PathBuf {
    let path = folder.join("libhighs.so");
    std::fs::write(&path, "not a library").unwrap();
    path
}

#[test]
fn a_named_file_that_is_missing_is_the_only_one_tried() {
    let folder = folder("missing");
    let row = highs(&folder, &[("BPQP_HIGHS_LIBRARY", "/nowhere/libhighs.so")]);
    assert_eq!(row["state"], "library_missing");
    assert_eq!(tried(&row), ["/nowhere/libhighs.so"]);
}

#[test]
fn a_named_folder_without_the_library() {
    let folder = folder("empty_folder");
    let row = highs(&folder, &[("BPQP_HIGHS_LIBRARY", folder.to_str().unwrap())]);
    assert_eq!(row["state"], "library_missing");
    assert_eq!(tried(&row), [folder.join("libhighs.so*").to_str().unwrap()]);
}

#[test]
fn a_named_file_that_is_no_library_is_told_with_its_path() {
    let folder = folder("garbage");
    let path = decoy(&folder);
    let row = highs(&folder, &[("BPQP_HIGHS_LIBRARY", path.to_str().unwrap())]);
    assert_eq!(row["state"], "unusable");
    let reason = row["reason"].as_str().unwrap();
    assert!(reason.contains(path.to_str().unwrap()) && reason.contains("cannot load"), "{reason}");
}

/// The C library is a library, and not HiGHS.
#[test]
#[cfg(target_os = "linux")]
fn another_library_under_its_name() {
    let folder = folder("another");
    let maps = std::fs::read_to_string("/proc/self/maps").unwrap();
    let Some(libc) = maps.split_whitespace().find(|word| word.contains("/libc.so") || word.contains("/libc-")) else {
        return println!("SKIPPED: this program is linked statically, so there is no other library at hand");
    };
    let row = highs(&folder, &[("BPQP_HIGHS_LIBRARY", libc)]);
    assert_eq!(row["state"], "unusable");
    let reason = row["reason"].as_str().unwrap();
    assert!(reason.contains(libc) && reason.contains("Highs_create"), "{reason}");
}

#[test]
fn the_vendors_variable_is_searched_and_a_broken_file_there_is_passed_over() {
    let folder = folder("home");
    let lib = folder.join("lib");
    std::fs::create_dir(&lib).unwrap();
    let path = decoy(&lib);
    let row = highs(&folder, &[("HIGHS_HOME", folder.to_str().unwrap())]);
    let broken = tried(&row).into_iter().find(|place| place.starts_with(path.to_str().unwrap()));
    assert!(broken.is_some_and(|place| place.contains('(')), "{row}");
}

/// A library in the working directory is never loaded: neither by name, nor through a relative or empty path.
#[test]
fn the_working_directory_is_never_searched() {
    let folder = folder("working_directory");
    decoy(&folder);
    let here = folder.to_str().unwrap();
    for (name, value) in [("LD_LIBRARY_PATH", "."), ("LD_LIBRARY_PATH", ":/nowhere"), ("HIGHS_HOME", ".")] {
        let row = highs(&folder, &[(name, value)]);
        assert_eq!(row["state"], "library_missing", "{name}={value}: {row}");
        assert!(tried(&row).iter().all(|place| !place.starts_with(here)), "{row}");
        let told = if name == "HIGHS_HOME" { "relative path" } else { "working directory" };
        assert!(tried(&row).iter().any(|place| place.contains(told)), "{name}={value}: {row}");
    }
}

#[test]
fn solving_with_a_missing_library_says_what_was_tried_and_what_to_do() {
    let folder = folder("solve");
    std::fs::write(folder.join("p.json"), r#"{"P": [[1]], "q": [1]}"#).unwrap();
    let run = |extra: &[&str]| {
        let arguments = [&["solve", "p.json", "--backend", "highs", "--json"], extra].concat();
        let out = bpqp(&folder, &arguments, &[("BPQP_HIGHS_LIBRARY", "/nowhere/libhighs.so")]);
        assert!(!out.status.success());
        serde_json::from_slice::<Value>(&out.stdout).unwrap()["error"].clone()
    };
    let error = run(&[]);
    assert_eq!(error["kind"], "library_missing");
    assert!(error["message"].as_str().unwrap().contains("/nowhere/libhighs.so"), "{error}");
    // The option comes before the variable.
    let error = run(&["--option", "library=/elsewhere"]);
    assert!(error["message"].as_str().unwrap().contains("/elsewhere"), "{error}");
}
