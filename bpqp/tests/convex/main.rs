//! Convex programs: solved by any backend, differentiated by any other.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)] // a failed helper is a failed test
#![cfg(feature = "native")]

mod auto;
mod closed_forms;
#[path = "../common/mod.rs"]
mod common;
mod instances;
mod statuses;
mod support;

use common::Rng;
use instances::{geometric, kelly, log_utility, logistic, quadratic, softmax, transport};
use support::{check, check_functions, every_pair, layer, library, solve};

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

/// Entropies so small that a plan's entries reach down to e⁻¹⁵⁰, constraints so many that most are near: each is solved by
/// each method of second order, in a number of steps that does not depend on it by much.
#[test]
fn many_programs_of_the_library() {
    for seed in 0..40 {
        let mut rng = Rng::new(seed);
        let instances = [
            transport(&mut rng, 3, 6, 0.006 + 0.002 * seed as f64),
            softmax(&mut rng, 9),
            log_utility(&mut rng, 20),
            kelly(&mut rng, 8, 30),
            logistic(&mut rng, 20, 8),
            geometric(&mut rng, 6, 4, 4),
            quadratic(&mut rng, 8, 6),
        ];
        for instance in &instances {
            let registered = bpqp::Registry::compiled().names();
            let backends = ["native", "clarabel"];
            let solutions: Vec<_> = backends
                .iter()
                .filter(|backend| registered.iter().any(|name| name == *backend))
                .map(|backend| {
                    let name = format!("seed {seed}, {}, {backend}", instance.name);
                    let solved = solve(&layer(backend, "native"), &*instance.program, &instance.theta, &name);
                    assert!(solved.iterations() <= 80, "{name}: {} steps", solved.iterations());
                    solved.x().to_vec()
                })
                .collect();
            for other in &solutions[1..] {
                assert!(common::difference(other, &solutions[0]) <= 1e-8, "seed {seed}, {}", instance.name);
            }
        }
    }
}
