//! OSQP against the contract, both ways. From the registry, so that the suite itself needs no C toolchain.
#![allow(clippy::unwrap_used, reason = "a helper of tests")]

use std::sync::Arc;

use bpqp::Registry;
use bpqp_conformance::{Config, conformance_backward, conformance_forward};
use bpqp_traits::{ForwardAsBackward, ForwardSolver};

fn osqp() -> Arc<dyn ForwardSolver> {
    Registry::compiled().get("osqp").unwrap().forward()
}

conformance_forward!(
    osqp(),
    Config {
        // Operator splitting over a polyhedron: no cones.
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
conformance_backward!(
    mod forward_as_backward,
    ForwardAsBackward::new(osqp()),
    Config {
        // Where many points are optimal to its tolerance, the splitting stops at the first it meets.
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
