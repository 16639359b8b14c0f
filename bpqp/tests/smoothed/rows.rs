//! Programs with rows and bounds alone.

use bpqp::{AtDegeneracy, CertificateKind, Error, Gradient, Layer, Program, Values};

use crate::common::{Rng, Set, Sizes, moved, random_program};
use crate::{Loss, dot, layer};

const SIZES: Sizes = Sizes { vars: 14, equalities: 3, inequalities: 8, rows: 6 };

/// Some entries of a block against differences.
fn agrees(layer: &Layer, program: &Program, loss: &Loss, (values, gradient): (&[f64], &[f64]), set: Set) {
    assert_eq!(values.len(), gradient.len());
    for place in (0..values.len()).step_by(1 + values.len() / 7).filter(|&place| values[place].is_finite()) {
        let step = 1e-6 * values[place].abs().max(1.0);
        let moved = |sign: f64| {
            let program = moved(program, values, (place, sign * step), set);
            loss.value(&layer.forward(&program).unwrap().smoothed().unwrap())
        };
        let difference = (moved(1.0) - moved(-1.0)) / (2.0 * step);
        let scale = gradient.iter().fold(1.0_f64, |m, v| m.max(v.abs()));
        assert!((difference - gradient[place]).abs() < 1e-5 * scale, "{place}: {} {difference}", gradient[place]);
    }
}

#[test]
fn every_block_agrees_with_differences_of_the_barrier_solution() {
    for (seed, mu) in [(0, 1.0), (1, 0.1), (2, 1e-2), (3, 1e-3)] {
        let program = random_program(seed, SIZES);
        let layer = layer(mu);
        let loss = Loss::random(&program, 70 + seed);
        let mut solved = layer.forward(&program).unwrap();
        let gradient = solved.vjp(&loss.cotangent()).unwrap();
        let certificate = gradient.certificate();
        assert_eq!((certificate.kind, certificate.smoothing), (CertificateKind::Exact, mu));
        assert!(certificate.residual < 1e-9 && certificate.kkt_residual < 1e-9, "{certificate:?}");
        let (stacked, blocks) = (program.as_stacked(), program.blocks());
        let check = |block: (&[f64], &[f64]), set: Set| agrees(&layer, &program, &loss, block, set);
        check((stacked.q(), gradient.q()), |v, x| v.q = Some(x));
        check((program.row_block(&blocks.equalities).values(), gradient.a().values()), |v, x| v.a = Some(x));
        check((program.row_block(&blocks.inequalities).values(), gradient.g().values()), |v, x| v.g = Some(x));
        check((program.row_block(&blocks.rows).values(), gradient.rows().values()), |v, x| v.rows = Some(x));
        check((&stacked.u()[blocks.equalities.clone()], gradient.b()), |v, x| v.b = Some(x));
        check((&stacked.u()[blocks.inequalities.clone()], gradient.h()), |v, x| v.h = Some(x));
        let has_equal_rows = blocks.rows.clone().any(|i| stacked.l()[i] == stacked.u()[i]);
        if !has_equal_rows {
            check((&stacked.l()[blocks.rows.clone()], gradient.l()), |v, x| v.l = Some(x));
            check((&stacked.u()[blocks.rows.clone()], gradient.u()), |v, x| v.u = Some(x));
        }
        if (0..SIZES.vars).all(|j| stacked.lb()[j] < stacked.ub()[j]) {
            check((stacked.lb(), gradient.lb()), |v, x| v.lb = Some(x));
            check((stacked.ub(), gradient.ub()), |v, x| v.ub = Some(x));
        }
    }
}

#[test]
fn forward_and_reverse_mode_agree() {
    for (seed, mu) in [(4, 1.0), (5, 1e-2), (6, 1e-4)] {
        let program = random_program(seed, SIZES);
        let loss = Loss::random(&program, seed);
        let (mut rng, stacked, blocks) = (Rng::new(30 + seed), program.as_stacked(), program.blocks());
        let n = program.num_vars();
        let mut p = vec![0.0; program.p().nnz()];
        for (v, (i, j, _)) in p.iter_mut().zip(program.p().entries()) {
            *v = 1.0 / (1.0 + (i + j) as f64);
        }
        let matrices = [&blocks.equalities, &blocks.inequalities, &blocks.rows];
        let [a, g, c] = matrices.map(|rows| rng.normals(program.row_block(rows).nnz()));
        let (q, lb) = (rng.normals(n), rng.normals(n));
        let (b, h) = (rng.normals(blocks.equalities.len()), rng.normals(blocks.inequalities.len()));
        // Both sides move together: an equality stays one.
        let side = rng.normals(blocks.rows.len());
        let values = Values {
            p: Some(&p),
            q: Some(&q),
            a: Some(&a),
            b: Some(&b),
            g: Some(&g),
            h: Some(&h),
            rows: Some(&c),
            l: Some(&side),
            u: Some(&side),
            lb: Some(&lb),
            ub: Some(&lb),
            ..Values::default()
        };
        let layer = layer(mu);
        let mut solved = layer.forward(&program).unwrap();
        let gradient = solved.vjp(&loss.cotangent()).unwrap();
        let tangent = solved.jvp(&values).unwrap();
        let duals = [&tangent.equalities, &tangent.inequalities, &tangent.rows].map(|v| v.clone()).concat();
        let forward = dot(&loss.x, &tangent.x) + dot(&loss.y.concat(), &duals) + dot(&loss.bounds, &tangent.bounds);
        let finite = |bound: &[f64], slope: &[f64]| -> f64 {
            (0..n).filter(|&j| bound[j].is_finite()).map(|j| lb[j] * slope[j]).sum()
        };
        let reverse = dot(&p, gradient.p().values())
            + dot(&q, gradient.q())
            + dot(&a, gradient.a().values())
            + dot(&b, gradient.b())
            + dot(&g, gradient.g().values())
            + dot(&h, gradient.h())
            + dot(&c, gradient.rows().values())
            + dot(&side, gradient.l())
            + dot(&side, gradient.u())
            + finite(stacked.lb(), gradient.lb())
            + finite(stacked.ub(), gradient.ub());
        assert!((forward - reverse).abs() < 1e-9 * forward.abs().max(1.0), "{seed}: {forward} {reverse}");
    }
}

#[test]
fn as_the_barrier_vanishes_the_derivative_becomes_the_exact_one() {
    let program = random_program(7, SIZES);
    let x_bar = Rng::new(8).normals(SIZES.vars);
    let exact = Layer::new().unwrap().forward(&program).unwrap().backward(&x_bar).unwrap();
    let difference = |mu: f64| layer(mu).forward(&program).unwrap().backward(&x_bar).unwrap().difference(&exact);
    let (coarse, fine) = (difference(1e-4), difference(1e-8));
    assert!(fine < 1e-5 && coarse > 100.0 * fine, "{coarse} {fine}");
}

/// `min qx` over `0 ≤ x ≤ 1`: a vertex has no derivative but zero, the barrier's has `∂x/∂q = −1/(μ/x² + μ/(1 − x)²)`.
#[test]
fn a_vertex_has_a_useful_derivative() {
    let program = Program::builder(1).linear_objective(&[0.4]).bounds(&[0.0], &[1.0]).build().unwrap();
    let exact = Layer::builder().lp_regularization(0.0).build().unwrap();
    assert_eq!(exact.forward(&program).unwrap().backward(&[1.0]).unwrap().q(), [0.0]);
    let (mu, layer) = (0.1, layer(0.1));
    let mut solved = layer.forward(&program).unwrap();
    assert!(solved.x()[0].abs() < 1e-8, "the solution itself is not moved");
    let gradient = solved.backward(&[1.0]).unwrap();
    let x = solved.smoothed().unwrap().x[0];
    assert!((0.4 - mu / x + mu / (1.0 - x)).abs() < 1e-9, "{x}");
    let expected = -1.0 / (mu / (x * x) + mu / ((1.0 - x) * (1.0 - x)));
    assert!((gradient.q()[0] - expected).abs() < 1e-9);
}

#[test]
fn points_that_are_not_converged_will_do() {
    let program = random_program(9, SIZES);
    let x_bar = Rng::new(8).normals(SIZES.vars);
    let layer = layer(0.05);
    let expected = layer.forward(&program).unwrap().backward(&x_bar).unwrap();
    let mut far = layer.forward(&program).unwrap().solution().clone();
    far.x.iter_mut().for_each(|x| *x += 0.3);
    let gradient = layer.at(&program, far).unwrap().backward(&x_bar).unwrap();
    assert!(gradient.difference(&expected) < 1e-8);
}

#[test]
fn any_backward_solver_smooths() {
    let program = random_program(10, SIZES);
    let x_bar = Rng::new(8).normals(SIZES.vars);
    let expected: Gradient = layer(0.01).forward(&program).unwrap().backward(&x_bar).unwrap();
    let names = bpqp::Registry::compiled().names();
    for name in names.iter().filter(|name| ["clarabel", "osqp"].contains(&name.as_str())) {
        let layer = Layer::builder().smoothing(0.01).backward(name.clone()).build().unwrap();
        let gradient = layer.forward(&program).unwrap().backward(&x_bar).unwrap();
        assert!(gradient.difference(&expected) < 1e-6, "{name}: {}", gradient.difference(&expected));
    }
}

#[test]
fn what_has_no_barrier_solution_is_told() {
    // No point is strictly inside x ≤ 0 ≤ x.
    let squeezed =
        Program::builder(1).objective(&[[1.0]], &[0.0]).inequalities(&[[1.0], [-1.0]], &[0.0, 0.0]).build().unwrap();
    let error = layer(0.1).forward(&squeezed).unwrap().backward(&[1.0]);
    assert!(matches!(error, Err(Error::Inaccurate { .. })), "{error:?}");
    let empty =
        Program::builder(1).objective(&[[1.0]], &[0.0]).inequalities(&[[1.0], [-1.0]], &[0.0, -1.0]).build().unwrap();
    assert!(matches!(layer(0.1).forward(&empty).unwrap().backward(&[1.0]), Err(Error::NotSolved { .. })));
    assert!(Layer::builder().smoothing(-1.0).build().is_err());
    assert!(Layer::builder().smoothing(f64::NAN).build().is_err());
    assert!(matches!(Layer::new().unwrap().forward(&squeezed).unwrap().smoothed(), Err(Error::NotSmoothed)));

    // A variable that nothing holds.
    let loose =
        Program::builder(2).linear_objective(&[1.0, 0.0]).bounds(&[0.0, f64::NEG_INFINITY], &[1.0, f64::INFINITY]);
    let loose = loose.build().unwrap();
    let gradient = layer(0.1).forward(&loose).unwrap().backward(&[1.0, 0.0]).unwrap();
    assert_eq!(gradient.certificate().kind, CertificateKind::Degenerate);
    assert_eq!(gradient.certificate().loose_variables, [1]);
    let strict = Layer::builder().smoothing(0.1).at_degeneracy(AtDegeneracy::Refuse).build().unwrap();
    assert!(matches!(strict.forward(&loose).unwrap().backward(&[1.0, 0.0]), Err(Error::Degenerate { .. })));
}
