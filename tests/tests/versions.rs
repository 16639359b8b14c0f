//! The suite's version, and how to stay with an older one.

use bpqp_conformance::reference::{ReferenceBackward, ReferenceForward};
use bpqp_conformance::{BACKWARD_CASES, Config, FORWARD_CASES, SUITE_VERSION, run_backward, run_forward};

#[test]
fn the_version_of_the_suite_is_that_of_its_newest_case() {
    let versions = FORWARD_CASES.iter().map(|c| c.since).chain(BACKWARD_CASES.iter().map(|c| c.since));
    assert_eq!(versions.max(), Some(SUITE_VERSION));
}

#[test]
fn cases_newer_than_the_version_asked_for_are_not_run() {
    for suite_version in 0..=SUITE_VERSION {
        let config = Config { suite_version, ..Config::default() };
        let forward = run_forward(&ReferenceForward, &config);
        let backward = run_backward(&ReferenceBackward, &config);
        assert!(forward.is_conformant() && backward.is_conformant(), "{forward}{backward}");
        let newer = FORWARD_CASES.iter().filter(|c| c.since > suite_version).map(|c| c.name);
        assert_eq!(forward.newer(), newer.collect::<Vec<_>>());
        let newer = BACKWARD_CASES.iter().filter(|c| c.since > suite_version).map(|c| c.name);
        assert_eq!(backward.newer(), newer.collect::<Vec<_>>());
        assert_eq!(forward.passed().len() + forward.newer().len(), FORWARD_CASES.len(), "{forward}");
    }
}
