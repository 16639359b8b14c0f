//! Convex programs: solved by any backend, differentiated by any other.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)] // a failed helper is a failed test
#![cfg(feature = "native")]

#[path = "../common/mod.rs"]
mod common;
mod instances;
mod support;

use support::{check, check_functions, every_pair, layer, library};

#[test]
fn derivatives_of_the_library_are_those_of_its_functions() {
    let layer = layer("native", "native");
    library().iter().for_each(|instance| check_functions(instance, &layer));
}

#[test]
fn every_program_of_the_library_with_every_pair_of_backends() {
    for (pair, layer) in every_pair() {
        library().iter().for_each(|instance| check(instance, &layer, &pair));
    }
}
