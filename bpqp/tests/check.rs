//! The comparison with central differences, itself checked.
#![allow(clippy::unwrap_used)] // a test panics by design
#![cfg(feature = "native")]

mod common;

use bpqp::{CheckOptions, Program, check_directions, check_gradient};
use common::{Sizes, layer, random_program};

const SIZES: Sizes = Sizes { vars: 12, equalities: 2, inequalities: 6, rows: 6 };

#[test]
fn a_right_gradient_agrees_in_every_block() {
    let program = random_program(7, SIZES);
    let layer = layer("native", "native");
    let x_bar = vec![1.0; program.num_vars()];
    let gradient = layer.forward(&program).unwrap().backward(&x_bar).unwrap();
    let mut told = Vec::new();
    let options = CheckOptions { entries: 10, seed: 3 };
    let blocks = check_gradient(&layer, &program, &x_bar, &gradient, &options, |k, n| told.push((k, n))).unwrap();
    let names: Vec<_> = blocks.iter().map(|b| b.block).collect();
    for name in ["P", "q", "A", "b", "G", "h", "rows", "l", "u", "l=u", "lb", "ub"] {
        assert!(names.contains(&name), "{name} is missing in {names:?}");
    }
    let mut all = 0;
    for block in &blocks {
        assert_eq!((block.checked, block.skipped), (block.total.min(10), 0), "{block:?}");
        assert!(block.error <= 1e-5, "{block:?}");
        all += block.checked;
    }
    assert_eq!(told.last(), Some(&(all, all)));
}

#[test]
fn a_wrong_gradient_shows() {
    let program = random_program(8, SIZES);
    let layer = layer("native", "native");
    let ones = vec![1.0; program.num_vars()];
    let twos = vec![2.0; program.num_vars()];
    // The gradient of another loss, twice as steep: every block that is not zero is off by half of itself.
    let gradient = layer.forward(&program).unwrap().backward(&twos).unwrap();
    let options = CheckOptions { entries: usize::MAX, seed: 0 };
    let blocks = check_gradient(&layer, &program, &ones, &gradient, &options, |_, _| {}).unwrap();
    for name in ["P", "q", "b"] {
        let block = blocks.iter().find(|b| b.block == name).unwrap();
        assert!(block.error >= 0.01, "{block:?}");
    }
}

/// One direction a block tells the same: a right gradient agrees in all blocks, one that is twice as steep in none that is
/// not zero.
#[test]
fn random_directions_tell_right_from_wrong() {
    let program = random_program(9, SIZES);
    let layer = layer("native", "native");
    let (ones, twos) = (vec![1.0; program.num_vars()], vec![2.0; program.num_vars()]);
    let gradient = layer.forward(&program).unwrap().backward(&ones).unwrap();
    let steep = layer.forward(&program).unwrap().backward(&twos).unwrap();
    for seed in 0..5 {
        let right = check_directions(&layer, &program, &ones, &gradient, |_| true, seed).unwrap();
        assert!(right.len() >= 10, "{right:?}");
        for check in &right {
            assert!(check.error <= 1e-5, "{check:?}");
            assert!(check.difference.is_some_and(|d| (d - check.predicted).abs() <= 1e-3 * d.abs().max(1.0)));
        }
        for check in check_directions(&layer, &program, &ones, &steep, |_| true, seed).unwrap() {
            assert!(check.error > 1e-4 || check.predicted.abs() < 1e-3, "{check:?}");
        }
        let some = check_directions(&layer, &program, &ones, &gradient, |block| block == "h", seed).unwrap();
        assert_eq!(some.iter().map(|check| check.block).collect::<Vec<_>>(), ["h"]);
    }
}

#[test]
fn at_the_edge_of_convexity_differences_are_one_sided() {
    // min x₀² + x₁ s.t. x ≥ 0: P = diag(2, 0) may only grow at its zero.
    let program = Program::builder(2)
        .objective(&[[2.0, 0.0], [0.0, 0.0]], &[-1.0, 1.0])
        .bounds(&[0.0, 0.0], &[f64::INFINITY, f64::INFINITY])
        .build()
        .unwrap();
    let layer = layer("native", "native");
    let gradient = layer.forward(&program).unwrap().backward(&[1.0, 1.0]).unwrap();
    let options = CheckOptions::default();
    let blocks = check_gradient(&layer, &program, &[1.0, 1.0], &gradient, &options, |_, _| {}).unwrap();
    let hessian = blocks.iter().find(|b| b.block == "P").unwrap();
    // Both diagonal entries have a side; the off-diagonal pair has none.
    assert_eq!((hessian.total, hessian.checked, hessian.skipped), (3, 2, 1));
    assert!(hessian.error <= 1e-5, "{hessian:?}");
}

#[test]
fn another_shape_is_refused() {
    let (small, large) = (random_program(1, SIZES), random_program(1, Sizes { vars: 13, ..SIZES }));
    let layer = layer("native", "native");
    let gradient = layer.forward(&small).unwrap().backward(&vec![1.0; small.num_vars()]).unwrap();
    let check = |program: &Program, x_bar: &[f64]| {
        check_gradient(&layer, program, x_bar, &gradient, &CheckOptions::default(), |_, _| {}).unwrap_err().kind()
    };
    assert_eq!(check(&small, &[1.0]), "invalid_argument");
    assert_eq!(check(&large, &vec![1.0; large.num_vars()]), "invalid_argument");
}
