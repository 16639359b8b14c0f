//! Every block of the gradient against central differences, with cotangents on the solution and on all duals.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)] // a failed helper is a failed test

mod common;

use bpqp::{CertificateKind, Cotangent, Layer, Program, Values};
use common::{Rng, Sizes, difference, layer, random_program};

const SIZES: Sizes = Sizes { vars: 20, equalities: 4, inequalities: 12, rows: 8 };

type Pick = for<'a> fn(&mut Values<'a>, &'a [f64]);

/// `L(x, duals) = x̄ᵀx + ȳᵀy` at the polished solution of `program`.
fn loss(layer: &Layer, program: &Program, weights: &[Vec<f64>; 5]) -> f64 {
    let mut solved = layer.forward(program).unwrap();
    solved.polish().unwrap();
    let duals = solved.duals();
    let parts = [solved.x(), duals.equalities, duals.inequalities, duals.rows, duals.bounds];
    parts.iter().zip(weights).flat_map(|(v, w)| v.iter().zip(w)).map(|(v, w)| v * w).sum()
}

fn weights(rng: &mut Rng, program: &Program) -> [Vec<f64>; 5] {
    let blocks = program.blocks();
    let d = program.num_vars();
    let lengths = [d, blocks.equalities.len(), blocks.inequalities.len(), blocks.rows.len(), d];
    lengths.map(|len| rng.normals(len))
}

fn cotangent(weights: &[Vec<f64>; 5]) -> Cotangent<'_> {
    let [x, equalities, inequalities, rows, bounds] = weights;
    Cotangent {
        x: Some(x),
        equalities: Some(equalities),
        inequalities: Some(inequalities),
        rows: Some(rows),
        bounds: Some(bounds),
        cones: None,
    }
}

/// Central differences along each coordinate of one block; `symmetric` moves `P[i, j]` and `P[j, i]` together.
fn differences(layer: &Layer, program: &Program, weights: &[Vec<f64>; 5], values: &[f64], pick: Pick) -> Vec<f64> {
    (0..values.len())
        .map(|i| {
            if values[i].is_infinite() {
                return 0.0;
            }
            let step = 1e-6 * values[i].abs().max(1.0);
            let at = |sign: f64| {
                let mut moved = values.to_vec();
                moved[i] += sign * step;
                let mut new = Values::default();
                pick(&mut new, &moved);
                let mut program = program.clone();
                program.update(&new).unwrap();
                loss(layer, &program, weights)
            };
            (at(1.0) - at(-1.0)) / (2.0 * step)
        })
        .collect()
}

#[test]
fn every_block_matches_central_differences_with_cotangents_on_x_and_duals() {
    for seed in 1..=3 {
        let program = random_program(seed, SIZES);
        let weights = weights(&mut Rng::new(100 + seed), &program);
        let layer = layer("native", "native");
        let gradient = layer.forward(&program).unwrap().vjp(&cotangent(&weights)).unwrap();
        assert_eq!(gradient.certificate().kind, CertificateKind::Exact);
        assert!(gradient.certificate().residual <= 1e-10);
        assert!(gradient.certificate().active.len() >= 4, "the check needs active rows");

        let blocks = program.blocks().clone();
        let stacked = program.as_stacked();
        let matrix = |rows| program.row_block(rows).values().to_vec();
        let (a, g, rows) = (matrix(&blocks.equalities), matrix(&blocks.inequalities), matrix(&blocks.rows));
        let cases: [(&str, &[f64], &[f64], Pick); 8] = [
            ("q", gradient.q(), stacked.q(), |v, x| v.q = Some(x)),
            ("A", gradient.a().values(), &a, |v, x| v.a = Some(x)),
            ("b", gradient.b(), &stacked.l()[blocks.equalities.clone()], |v, x| v.b = Some(x)),
            ("G", gradient.g().values(), &g, |v, x| v.g = Some(x)),
            ("h", gradient.h(), &stacked.u()[blocks.inequalities.clone()], |v, x| v.h = Some(x)),
            ("rows", gradient.rows().values(), &rows, |v, x| v.rows = Some(x)),
            ("lb", gradient.lb(), stacked.lb(), |v, x| v.lb = Some(x)),
            ("ub", gradient.ub(), stacked.ub(), |v, x| v.ub = Some(x)),
        ];
        for (name, ours, values, pick) in cases {
            let expected = differences(&layer, &program, &weights, values, pick);
            let error = difference(ours, &expected);
            assert!(error <= 1e-5, "seed {seed}: ∂L/∂{name} is off by {error:.1e}");
        }
        check_sides(&layer, &program, &weights, gradient.l(), gradient.u());
        check_hessian(&layer, &program, &weights, gradient.p().values());
    }
}

/// `l` and `u` of the rows one at a time; both at once where they are equal.
fn check_sides(layer: &Layer, program: &Program, weights: &[Vec<f64>; 5], grad_l: &[f64], grad_u: &[f64]) {
    let rows = program.blocks().rows.clone();
    let stacked = program.as_stacked();
    let (l, u) = (&stacked.l()[rows.clone()], &stacked.u()[rows]);
    for i in 0..l.len() {
        let step = 1e-6;
        let at = |dl: f64, du: f64| {
            let (mut l, mut u) = (l.to_vec(), u.to_vec());
            l[i] += dl;
            u[i] += du;
            let mut program = program.clone();
            program.update(&Values { l: Some(&l), u: Some(&u), ..Values::default() }).unwrap();
            loss(layer, &program, weights)
        };
        let moves: &[(f64, f64, f64)] = if l[i] == u[i] {
            &[(step, step, grad_l[i] + grad_u[i])]
        } else {
            &[(step, 0.0, grad_l[i]), (0.0, step, grad_u[i])]
        };
        for &(dl, du, ours) in moves {
            let expected = (at(dl, du) - at(-dl, -du)) / (2.0 * step);
            let error = (ours - expected).abs() / expected.abs().max(1.0);
            assert!(error <= 1e-5, "row {i}, step ({dl}, {du}): {ours} against {expected}");
        }
    }
}

/// `P` moves symmetrically: the difference is the sum of the two mirrored entries' gradients.
fn check_hessian(layer: &Layer, program: &Program, weights: &[Vec<f64>; 5], ours: &[f64]) {
    let d = program.num_vars();
    let values = program.p().values();
    for (i, j) in [(0, 0), (0, 1), (3, 7), (12, 5), (19, 19), (2, 18)] {
        let (one, two) = (j * d + i, i * d + j);
        let step = 1e-6 * values[one].abs().max(1.0);
        let at = |sign: f64| {
            let mut moved = values.to_vec();
            moved[one] += sign * step;
            if one != two {
                moved[two] += sign * step;
            }
            let mut program = program.clone();
            program.update(&Values { p: Some(&moved), ..Values::default() }).unwrap();
            loss(layer, &program, weights)
        };
        let expected = (at(1.0) - at(-1.0)) / (2.0 * step);
        let sum = if one == two { ours[one] } else { ours[one] + ours[two] };
        assert!((sum - expected).abs() <= 1e-5 * expected.abs().max(1.0), "P[{i}, {j}]: {sum} against {expected}");
        assert_eq!(ours[one], ours[two], "the gradient of P is symmetric");
    }
}
