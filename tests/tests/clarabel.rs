//! Clarabel against the contract, both ways.

use bpqp_clarabel::ClarabelSolver;
use bpqp_conformance::{Config, conformance_backward, conformance_forward};
use bpqp_traits::ForwardAsBackward;

conformance_forward!(
    ClarabelSolver,
    Config {
        // An interior-point method starts anew each time.
        expected_skips: &["warm_start_far_off", "warm_start_invalid"],
        ..Config::default()
    }
);
conformance_backward!(
    mod forward_as_backward,
    ForwardAsBackward::new(ClarabelSolver),
    Config {
        expected_skips: &["refactorize_equals_fresh", "refactorize_other_pattern"],
        ..Config::default()
    }
);
