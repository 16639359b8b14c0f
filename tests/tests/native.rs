//! The native backend against the contract, both ways.

use bpqp_conformance::{Config, conformance_backward, conformance_forward};
use bpqp_native::{NativeKkt, NativeSolver};
use bpqp_traits::ForwardAsBackward;

conformance_forward!(
    NativeSolver,
    Config {
        // ADMM over a polyhedron: no cones.
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
        ],
        ..Config::default()
    }
);
conformance_backward!(NativeKkt, Config::default());
conformance_backward!(
    mod forward_as_backward,
    ForwardAsBackward::new(NativeSolver),
    Config {
        expected_skips: &["refactorize_equals_fresh", "refactorize_other_pattern"],
        ..Config::default()
    }
);
