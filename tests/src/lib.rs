//! The conformance suite that every BPQP backend passes.
