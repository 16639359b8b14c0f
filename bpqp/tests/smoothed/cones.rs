//! Programs with second-order cones, against the test's own barrier solutions.

use bpqp::traits::Solution;
use bpqp::{Block, CertificateKind, Gradient, Layer, Program, Values};

use crate::common::{Rng, Set, difference, moved};
use crate::planted::{MIX, Plan, Shape, planted};
use crate::reference::barrier_solution;
use crate::{Loss, dot, layer};

/// Cones that are active, inactive and at the apex beside rows and bounds: with enough of them for a linear objective.
fn shape(density: f64, quadratic: bool) -> Shape<'static> {
    Shape { n: if quadratic { 18 } else { 12 }, cones: &MIX, density, quadratic }
}

const CASES: [(u64, f64, f64, bool); 6] = [
    (0, 1.0, 1.0, true),
    (1, 0.1, 0.3, true),
    (2, 1e-2, 1.0, false),
    (3, 1e-2, 0.3, true),
    (4, 1e-3, 0.3, false),
    (5, 1e-3, 1.0, true),
];

fn smoothed(mu: f64, program: &Program, from: &Solution) -> Solution {
    layer(mu).at(program, from.clone()).unwrap().smoothed().unwrap()
}

/// Blocks with their values in `program`.
type Get = fn(&Program) -> Vec<f64>;

const BLOCKS: [(&str, Get, Set); 12] = [
    ("q", |p| p.as_stacked().q().to_vec(), |v, x| v.q = Some(x)),
    ("A", |p| p.row_block(&p.blocks().equalities).values().to_vec(), |v, x| v.a = Some(x)),
    ("b", |p| p.as_stacked().u()[p.blocks().equalities.clone()].to_vec(), |v, x| v.b = Some(x)),
    ("G", |p| p.row_block(&p.blocks().inequalities).values().to_vec(), |v, x| v.g = Some(x)),
    ("h", |p| p.as_stacked().u()[p.blocks().inequalities.clone()].to_vec(), |v, x| v.h = Some(x)),
    ("rows", |p| p.row_block(&p.blocks().rows).values().to_vec(), |v, x| v.rows = Some(x)),
    ("l", |p| p.as_stacked().l()[p.blocks().rows.clone()].to_vec(), |v, x| v.l = Some(x)),
    ("u", |p| p.as_stacked().u()[p.blocks().rows.clone()].to_vec(), |v, x| v.u = Some(x)),
    ("lb", |p| p.as_stacked().lb().to_vec(), |v, x| v.lb = Some(x)),
    ("ub", |p| p.as_stacked().ub().to_vec(), |v, x| v.ub = Some(x)),
    ("cones", |p| p.as_stacked().cones().unwrap().matrix().values().to_vec(), |v, x| v.cones = Some(x)),
    ("cone_offsets", |p| p.as_stacked().cones().unwrap().offset().to_vec(), |v, x| v.cone_offsets = Some(x)),
];

#[test]
fn the_barrier_solution_is_the_one_of_newtons_method_on_the_barrier_itself() {
    for (seed, mu, density, quadratic) in CASES {
        let (program, solution) = planted(seed, shape(density, quadratic));
        let at = smoothed(mu, &program, &solution);
        let expected = barrier_solution(&program, &at, mu);
        for (have, want) in [
            (&at.x, &expected.x),
            (&at.y, &expected.y),
            (&at.bound_duals, &expected.bound_duals),
            (&at.cone_duals, &expected.cone_duals),
        ] {
            assert!(difference(have, want) < 1e-9, "{seed}: {}", difference(have, want));
        }
    }
}

#[test]
fn every_block_agrees_with_differences() {
    for (seed, mu, density, quadratic) in CASES {
        let (program, solution) = planted(seed, shape(density, quadratic));
        let loss = Loss::random(&program, 40 + seed);
        let mut solved = layer(mu).at(&program, solution).unwrap();
        let gradient = solved.vjp(&loss.cotangent()).unwrap();
        let certificate = gradient.certificate();
        assert_eq!((certificate.kind, certificate.smoothing), (CertificateKind::Exact, mu));
        assert!(certificate.residual < 1e-9 && certificate.kkt_residual < 1e-9, "{certificate:?}");
        assert!(certificate.active.is_empty() && certificate.inexact_blocks.is_empty());
        let start = solved.smoothed().unwrap();
        let value = |program: &Program| loss.value(&barrier_solution(program, &start, mu));
        let blocks = gradient.blocks();
        for (name, get, set) in BLOCKS {
            let (values, (_, gradient)) = (get(&program), blocks.iter().find(|(block, _)| *block == name).unwrap());
            assert_eq!(values.len(), gradient.len());
            let scale = gradient.iter().fold(1.0_f64, |m, v| m.max(v.abs()));
            for place in (0..values.len()).filter(|&i| values[i].is_finite()).step_by(1 + values.len() / 24) {
                let step = 1e-6 * values[place].abs().max(1.0);
                let at = |sign: f64| value(&moved(&program, &values, (place, sign * step), set));
                let difference = (at(1.0) - at(-1.0)) / (2.0 * step);
                let error = (difference - gradient[place]).abs() / scale;
                assert!(error < 1e-5, "{seed} {name} {place}: {} {difference}", gradient[place]);
            }
        }
        for (place, (i, j, _)) in program.p().entries().enumerate().filter(|(_, (i, j, _))| i <= j).step_by(13) {
            let mirror = program.p().entries().position(|(a, b, _)| (a, b) == (j, i)).unwrap();
            let at = |sign: f64| {
                let mut values = program.p().values().to_vec();
                values[place] += sign * 1e-6;
                values[mirror] = values[place];
                let mut program = program.clone();
                program.update(&Values { p: Some(&values), ..Values::default() }).unwrap();
                value(&program)
            };
            let slope = gradient.p().values();
            let slope = if place == mirror { slope[place] } else { slope[place] + slope[mirror] };
            let difference = (at(1.0) - at(-1.0)) / 2e-6;
            assert!((difference - slope).abs() < 1e-5 * slope.abs().max(1.0), "{seed} P {i} {j}: {slope} {difference}");
        }
    }
}

/// A random direction in all data; both sides of rows move alike, and so do both bounds.
struct Direction {
    p: Vec<f64>,
    blocks: Vec<Vec<f64>>,
}

impl Direction {
    fn random(program: &Program, seed: u64) -> Self {
        let mut rng = Rng::new(seed);
        let weights = rng.normals(program.num_vars());
        let p = program.p().entries().map(|(i, j, _)| weights[i] * weights[j]).collect();
        Self { p, blocks: BLOCKS.iter().map(|(_, get, _)| rng.normals(get(program).len())).collect() }
    }

    fn values(&self) -> Values<'_> {
        let mut values = Values { p: Some(&self.p), ..Values::default() };
        BLOCKS.iter().zip(&self.blocks).for_each(|((.., set), v)| set(&mut values, v));
        values
    }

    fn times(&self, program: &Program, gradient: &Gradient) -> f64 {
        let blocks = gradient.blocks();
        let of = |name: &str| blocks.iter().find(|(block, _)| *block == name).unwrap().1;
        // An infinite side does not move.
        let product = |((name, get, _), v): (&(&str, Get, Set), &Vec<f64>)| {
            let (values, slope) = (get(program), of(name));
            (0..v.len()).filter(|&i| values[i].is_finite()).map(|i| v[i] * slope[i]).sum::<f64>()
        };
        dot(&self.p, of("P")) + BLOCKS.iter().zip(&self.blocks).map(product).sum::<f64>()
    }
}

#[test]
fn forward_and_reverse_mode_agree() {
    for (seed, mu, density, quadratic) in CASES {
        for mu in [mu, 1e-5] {
            let (program, solution) = planted(seed, shape(density, quadratic));
            let loss = Loss::random(&program, 60 + seed);
            let mut solved = layer(mu).at(&program, solution).unwrap();
            let gradient = solved.vjp(&loss.cotangent()).unwrap();
            let direction = Direction::random(&program, 80 + seed);
            let tangent = solved.jvp(&direction.values()).unwrap();
            let moved = Solution {
                x: tangent.x,
                y: [tangent.equalities, tangent.inequalities, tangent.rows].concat(),
                bound_duals: tangent.bounds,
                cone_duals: tangent.cones,
                ..Solution::default()
            };
            let (forward, reverse) = (loss.value(&moved), direction.times(&program, &gradient));
            assert!((forward - reverse).abs() < 1e-9 * forward.abs().max(1.0), "{seed} {mu}: {forward} {reverse}");
        }
    }
}

#[test]
fn as_the_barrier_vanishes_the_derivative_becomes_the_exact_one_at_the_rate_of_mu() {
    for (seed, quadratic) in [(6, true), (7, false), (8, true)] {
        let (program, solution) = planted(seed, shape(0.5, quadratic));
        let x_bar = Rng::new(8).normals(program.num_vars());
        let exact = Layer::new().unwrap().at(&program, solution.clone()).unwrap().backward(&x_bar).unwrap();
        assert_eq!(exact.certificate().kind, CertificateKind::Exact);
        let cones = exact.certificate().active.iter().filter(|id| id.block == Block::Cones).count();
        assert_eq!(cones, MIX.iter().filter(|(_, plan)| *plan != Plan::Inactive).count());
        let [coarse, fine, finest] = [1e-5, 1e-6, 1e-8].map(|mu| {
            let gradient = layer(mu).at(&program, solution.clone()).unwrap().backward(&x_bar).unwrap();
            gradient.difference(&exact)
        });
        assert!((8.0..12.0).contains(&(coarse / fine)), "{seed}: {coarse} {fine}");
        assert!(finest < 0.02 * fine, "{seed}: {fine} {finest}");
    }
}

#[test]
fn points_that_are_not_converged_will_do() {
    for (seed, mu, density, quadratic) in CASES {
        let (program, solution) = planted(seed, shape(density, quadratic));
        let x_bar = Rng::new(seed).normals(program.num_vars());
        let layer = layer(mu);
        let expected = layer.at(&program, solution.clone()).unwrap().backward(&x_bar).unwrap();
        let mut rng = Rng::new(100 + seed);
        for far in [1e-3, 0.3, 30.0] {
            let mut from = solution.clone();
            for v in [&mut from.x, &mut from.y, &mut from.bound_duals, &mut from.cone_duals] {
                v.iter_mut().for_each(|v| *v += far * rng.normal());
            }
            let mut solved = layer.at(&program, from).unwrap();
            let gradient = solved.backward(&x_bar).unwrap();
            assert!(gradient.difference(&expected) < 1e-7, "{seed} {far}: {}", gradient.difference(&expected));
            assert!(gradient.certificate().kkt_residual < 1e-9);
        }
    }
}

#[test]
fn any_backward_solver_smooths_cones() {
    let (program, solution) = planted(9, shape(0.4, true));
    let x_bar = Rng::new(8).normals(program.num_vars());
    let expected = layer(0.01).at(&program, solution.clone()).unwrap().backward(&x_bar).unwrap();
    let names = bpqp::Registry::compiled().names();
    for name in names.iter().filter(|name| ["clarabel", "osqp"].contains(&name.as_str())) {
        let layer = Layer::builder().smoothing(0.01).backward(name.clone()).build().unwrap();
        let gradient = layer.at(&program, solution.clone()).unwrap().backward(&x_bar).unwrap();
        assert!(gradient.difference(&expected) < 1e-6, "{name}: {}", gradient.difference(&expected));
    }
}

/// From a forward pass, in a session, in a batch, many at once.
#[cfg(feature = "clarabel")]
#[test]
fn a_forward_solver_for_cones_is_followed_by_smoothed_derivatives() {
    let (program, solution) = planted(10, shape(1.0, true));
    let n = program.num_vars();
    let x_bar = Rng::new(8).normals(n);
    let layer = Layer::builder().forward("clarabel").backward("native").smoothing(0.02).build().unwrap();
    let expected = layer.at(&program, solution.clone()).unwrap().backward(&x_bar).unwrap();
    let mut solved = layer.forward(&program).unwrap();
    assert!(difference(solved.x(), &solution.x) < 1e-5, "the solution itself is not moved");
    let gradient = solved.backward(&x_bar).unwrap();
    assert!(gradient.difference(&expected) < 1e-8);
    assert!(difference(&solved.smoothed().unwrap().x, &solution.x) > 1e-3);
    let jacobian = solved.jacobian(bpqp::VectorBlock::Q).unwrap();
    let product: Vec<f64> = (0..n).map(|j| dot(jacobian.column(j), &x_bar)).collect();
    assert!(difference(&product, gradient.q()) < 1e-8);

    let mut session = layer.session(program.clone()).unwrap();
    assert!(session.forward().unwrap().backward(&x_bar).unwrap().difference(&expected) < 1e-8);
    let mut batch = layer.batch(&program, 1, 1).unwrap();
    let mut x = vec![0.0; n];
    batch.forward(&Values::default(), &mut x).unwrap();
    let mut offsets = vec![0.0; program.as_stacked().num_cone_rows()];
    let out = bpqp::BatchGradient { cone_offsets: Some(&mut offsets), ..Default::default() };
    assert!(batch.backward(&Values::default(), &x_bar, out).unwrap().iter().all(Result::is_ok));
    assert!(difference(&offsets, expected.cone_offsets()) < 1e-8);
}
