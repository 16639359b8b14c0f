//! A session takes new values and answers as a fresh solve would, through every backend.
#![cfg(feature = "native")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)] // a failed helper is a failed test

mod common;

use bpqp::{Program, Registry, Values};
use common::{Rng, Sizes, difference, layer, random_program};

const SIZES: Sizes = Sizes { vars: 16, equalities: 3, inequalities: 8, rows: 8 };

/// Random new values for `q, b, h` near the old ones, and a scaled `P`.
fn moved(program: &Program, rng: &mut Rng) -> [Vec<f64>; 4] {
    let (stacked, blocks) = (program.as_stacked(), program.blocks());
    let mut near = |old: &[f64]| -> Vec<f64> { old.iter().map(|v| v + 0.1 * rng.normal()).collect() };
    let p = program.p().values().iter().map(|v| 1.1 * v).collect();
    [
        near(stacked.q()),
        near(&stacked.l()[blocks.equalities.clone()]),
        near(&stacked.u()[blocks.inequalities.clone()]),
        p,
    ]
}

#[test]
fn a_training_loop_follows_fresh_solves() {
    for name in Registry::compiled().usable().quadratic().names() {
        let layer = layer(&name, "native");
        let program = random_program(11, SIZES);
        let mut fresh = program.clone();
        let mut session = layer.session(program).unwrap();
        let mut rng = Rng::new(5);
        for step in 0..5 {
            let [q, b, h, p] = moved(&fresh, &mut rng);
            let p = (step == 3).then_some(&p[..]);
            let new = Values { q: Some(&q), b: Some(&b), h: Some(&h), p, ..Values::default() };
            session.update(&new).unwrap();
            fresh.update(&new).unwrap();
            assert_eq!(*session.program(), fresh);
            let ones = vec![1.0; SIZES.vars];
            let mut ours = session.forward().unwrap();
            let mut theirs = layer.forward(&fresh).unwrap();
            assert_eq!(ours.status(), theirs.status(), "{name}, step {step}");
            let gradients = (ours.backward(&ones).unwrap(), theirs.backward(&ones).unwrap());
            assert!(difference(ours.x(), theirs.x()) <= 1e-9, "{name}, step {step}");
            assert!(gradients.0.difference(&gradients.1) <= 1e-8, "{name}, step {step}");
        }
    }
}

#[test]
fn a_refused_update_leaves_the_session_as_it_was() {
    for name in Registry::compiled().usable().quadratic().names() {
        let program = random_program(12, SIZES);
        let mut session = layer(&name, "native").session(program.clone()).unwrap();
        let before = session.forward().unwrap().x().to_vec();
        let nan = vec![f64::NAN; SIZES.vars];
        let negative: Vec<f64> = program.p().values().iter().map(|v| -v).collect();
        assert!(session.update(&Values { q: Some(&nan), ..Values::default() }).is_err(), "{name}");
        assert!(session.update(&Values { p: Some(&negative), ..Values::default() }).is_err(), "{name}");
        assert_eq!(*session.program(), program, "{name}");
        assert!(difference(session.forward().unwrap().x(), &before) <= 1e-7, "{name}");
    }
}

/// From infeasible to feasible and back: the statuses follow, and a failed solve is no warm start.
#[test]
fn a_session_survives_an_infeasible_step() {
    for name in Registry::compiled().usable().quadratic().names() {
        let program = Program::builder(1)
            .objective(&[[1.0]], &[-1.0])
            .inequalities(&[[1.0], [-1.0]], &[2.0, 0.0])
            .build()
            .unwrap();
        let mut session = layer(&name, "native").session(program).unwrap();
        for (h, solved) in [([2.0, 0.0], true), ([0.0, -1.0], false), ([3.0, -2.0], true)] {
            session.update(&Values { h: Some(&h), ..Values::default() }).unwrap();
            let answer = session.forward().unwrap();
            assert_eq!(answer.status().is_solved(), solved, "{name}: {}", answer.status());
            if solved {
                let x = f64::max(1.0, -h[1]);
                assert!((answer.x()[0] - x).abs() <= 1e-6, "{name}: {:?}", answer.x());
            }
        }
    }
}
