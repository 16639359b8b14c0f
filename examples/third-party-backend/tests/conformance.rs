//! The solver against the contract, both ways.

use bpqp_conformance::{Config, conformance_backward, conformance_forward};
use bpqp_traits::ForwardAsBackward;
use third_party_backend::{Cgls, MySolver};

conformance_forward!(
    MySolver,
    Config {
        // It declares no cones and no warm start.
        expected_skips: &[
            "ball_projection",
            "ball_inactive",
            "ball_linear",
            "ball_and_row",
            "several_cones",
            "cone_apex",
            "cone_projection",
            "cone_infeasible",
            "cone_unbounded",
            "cone_updates",
            "warm_start_far_off",
            "warm_start_invalid",
        ],
        ..Config::default()
    }
);
conformance_backward!(
    ForwardAsBackward::new(MySolver),
    Config {
        // Of dependent rows it holds a basis, so its duals are not those of least norm.
        least_norm: false,
        expected_skips: &[
            "refactorize_equals_fresh",
            "refactorize_other_pattern",
            "least_norm_primal",
            "least_norm_duals",
        ],
        ..Config::default()
    }
);
conformance_backward!(
    mod cgls,
    Cgls,
    Config { expected_skips: &["refactorize_equals_fresh", "refactorize_other_pattern"], ..Config::default() }
);

#[test]
fn the_adapter_is_as_short_as_promised() {
    let code = |line: &&str| !line.trim().is_empty() && !line.trim().starts_with("//");
    assert!(include_str!("../src/adapter.rs").lines().filter(code).count() <= 60);
}
