//! The native backend against the contract, both ways, with its methods chosen for it and each alone.

use std::collections::BTreeMap;

use bpqp_conformance::{Config, conformance_backward, conformance_forward};
use bpqp_native::{NativeKkt, NativeSolver};
use bpqp_traits::ForwardAsBackward;

fn with_method(method: &str) -> Config {
    let options = BTreeMap::from([("method".to_owned(), method.to_owned())]);
    Config { options, ..Config::default() }
}

conformance_forward!(NativeSolver, Config::default());
conformance_forward!(mod admm, NativeSolver, with_method("admm"));
conformance_forward!(mod active_set, NativeSolver, with_method("active-set"));
conformance_backward!(NativeKkt, Config::default());
conformance_backward!(
    mod forward_as_backward,
    ForwardAsBackward::new(NativeSolver),
    Config {
        // Of dependent rows the active-set method keeps some and leaves out the others.
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
