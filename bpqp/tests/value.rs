//! The derivative of the optimal value: against differences of the objective.
#![cfg(all(feature = "native", feature = "clarabel"))]
#![allow(clippy::unwrap_used)] // a test panics by design

mod common;

use bpqp::{Block, CertificateKind, Gradient, Layer, Program};
use common::{Set, Sizes, moved, random_program};

const SIZES: Sizes = Sizes { vars: 12, equalities: 3, inequalities: 6, rows: 4 };

fn objective(layer: &Layer, program: &Program) -> f64 {
    let mut solved = layer.forward(program).unwrap();
    solved.polish().unwrap();
    solved.objective()
}

/// Moves every entry of a block and compares what the objective does with the gradient.
fn agrees(layer: &Layer, program: &Program, (values, gradient): (&[f64], &[f64]), set: Set) {
    assert_eq!(values.len(), gradient.len());
    for (place, slope) in gradient.iter().enumerate() {
        let step = 1e-5;
        let moved = |sign: f64| objective(layer, &moved(program, values, (place, sign * step), set));
        let difference = (moved(1.0) - moved(-1.0)) / (2.0 * step);
        assert!((difference - slope).abs() < 1e-6 * slope.abs().max(1.0), "{place}: {slope} {difference}");
    }
}

fn value_gradient(layer: &Layer, program: &Program) -> Gradient {
    let mut solved = layer.forward(program).unwrap();
    let gradient = solved.value_gradient().unwrap();
    assert_eq!(gradient.certificate().kind, CertificateKind::Exact);
    assert!(gradient.certificate().inexact_blocks.is_empty());
    gradient
}

#[test]
fn every_block_agrees_with_differences_of_the_objective() {
    for seed in 0..3 {
        let program = random_program(seed, SIZES);
        let layer = Layer::new().unwrap();
        let gradient = value_gradient(&layer, &program);
        let (stacked, blocks) = (program.as_stacked(), program.blocks());
        agrees(&layer, &program, (stacked.q(), gradient.q()), |v, x| v.q = Some(x));
        let a = program.row_block(&blocks.equalities);
        agrees(&layer, &program, (a.values(), gradient.a().values()), |v, x| v.a = Some(x));
        let b = &stacked.u()[blocks.equalities.clone()];
        agrees(&layer, &program, (b, gradient.b()), |v, x| v.b = Some(x));
        let g = program.row_block(&blocks.inequalities);
        agrees(&layer, &program, (g.values(), gradient.g().values()), |v, x| v.g = Some(x));
        let h = &stacked.u()[blocks.inequalities.clone()];
        agrees(&layer, &program, (h, gradient.h()), |v, x| v.h = Some(x));
        let c = program.row_block(&blocks.rows);
        agrees(&layer, &program, (c.values(), gradient.rows().values()), |v, x| v.rows = Some(x));
        // On the diagonal alone: off it two entries move together.
        for (place, (i, j, _)) in program.p().entries().enumerate().filter(|(_, (i, j, _))| i == j) {
            let x = layer.forward(&program).unwrap().x().to_vec();
            let slope = gradient.p().values()[place];
            assert!((slope - 0.5 * x[i] * x[j]).abs() < 1e-9 * slope.abs().max(1.0));
        }
    }
}

#[test]
fn cones_have_it_too() {
    // min −x₀ − 2x₁ over ‖x‖ ≤ 2 and x₀ ≤ ½.
    let program = Program::builder(2)
        .linear_objective(&[-1.0, -2.0])
        .bounds(&[f64::NEG_INFINITY; 2], &[0.5, f64::INFINITY])
        .second_order_cone(&[[1.0, 0.0], [0.0, 1.0]], &[0.0, 0.0], &[0.0, 0.0], 2.0)
        .build()
        .unwrap();
    let settings = bpqp::Settings { tolerance: 1e-9, ..bpqp::Settings::default() };
    let layer = Layer::builder().forward("clarabel").settings(settings).build().unwrap();
    let gradient = value_gradient(&layer, &program);
    let stacked = program.as_stacked();
    let cones = stacked.cones().unwrap();
    agrees(&layer, &program, (stacked.q(), gradient.q()), |v, x| v.q = Some(x));
    agrees(&layer, &program, (cones.matrix().values(), gradient.cones().values()), |v, x| v.cones = Some(x));
    agrees(&layer, &program, (cones.offset(), gradient.cone_offsets()), |v, x| v.cone_offsets = Some(x));
    agrees(&layer, &program, (stacked.ub(), gradient.ub()), |v, x| v.ub = Some(x));
}

#[test]
fn a_kink_has_a_derivative_of_the_value_and_dependent_rows_do_not() {
    // Projection onto x₀ ≤ 0 from its boundary: weakly active, and V = ½ min(0, h − x̂)² is smooth.
    let program = Program::builder(1).objective(&[[1.0]], &[0.0]).inequalities(&[[1.0]], &[0.0]).build().unwrap();
    let layer = Layer::new().unwrap();
    let mut solved = layer.forward(&program).unwrap();
    let gradient = solved.value_gradient().unwrap();
    assert_eq!(gradient.certificate().kind, CertificateKind::Exact);
    assert_eq!(gradient.certificate().weakly_active.len(), 1);
    assert!(gradient.h()[0].abs() < 1e-9);

    // The same active row twice: which of the two pushes is not determined, but x is.
    let program =
        Program::builder(1).objective(&[[1.0]], &[-2.0]).inequalities(&[[1.0], [1.0]], &[1.0, 1.0]).build().unwrap();
    let mut solved = layer.forward(&program).unwrap();
    let gradient = solved.value_gradient().unwrap();
    assert_eq!(gradient.certificate().kind, CertificateKind::Degenerate);
    assert_eq!(gradient.certificate().inexact_blocks, ["G", "h"]);
    assert!(gradient.certificate().dependent.iter().all(|id| id.block == Block::Inequalities));
    assert!((gradient.q()[0] - 1.0).abs() < 1e-9);
}

#[test]
fn what_has_no_solution_has_no_value() {
    let program = Program::builder(1).linear_objective(&[1.0]).build().unwrap();
    let layer = Layer::new().unwrap();
    assert!(matches!(layer.forward(&program).unwrap().value_gradient(), Err(bpqp::Error::NotSolved { .. })));
}
