//! The reference solvers pass the suite, through the macros that third parties use.

use bpqp_conformance::reference::{ReferenceBackward, ReferenceForward};
use bpqp_conformance::{Config, conformance_backward, conformance_forward};
use bpqp_traits::ForwardAsBackward;

conformance_forward!(ReferenceForward, Config::default());
conformance_backward!(ReferenceBackward, Config::default());
conformance_backward!(
    mod forward_as_backward,
    ForwardAsBackward::new(ReferenceForward),
    Config {
        expected_skips: &["refactorize_equals_fresh", "refactorize_other_pattern"],
        ..Config::default()
    }
);
