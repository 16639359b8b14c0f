//! The fuzz targets' corpus, as plain tests: whatever was found once stays fixed.

#![allow(clippy::unwrap_used, clippy::panic, reason = "helpers of tests")]

use std::path::Path;

#[path = "../../fuzz/src/harness.rs"]
mod harness;

fn every(target: &str, run: fn(&[u8])) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz/corpus").join(target);
    let mut files = 0;
    for entry in std::fs::read_dir(&folder).unwrap() {
        run(&std::fs::read(entry.unwrap().path()).unwrap());
        files += 1;
    }
    assert!(files > 2, "{} files in {}", files, folder.display());
}

#[test]
fn qps_files() {
    every("qps", harness::qps);
}

#[test]
fn json_files() {
    every("json", harness::json);
}

#[test]
fn programs() {
    every("solve", harness::solve);
}
