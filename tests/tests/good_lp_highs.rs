//! HiGHS through good_lp against the contract. From the registry, so that the suite itself needs no C++ toolchain.
#![allow(clippy::unwrap_used, reason = "a helper of tests")]

mod linear;

use bpqp::Registry;
use bpqp_conformance::{Config, conformance_forward};

conformance_forward!(
    Registry::compiled().get("good-lp-highs").unwrap().forward(),
    Config { expected_skips: linear::SKIPS, ..Config::default() }
);
