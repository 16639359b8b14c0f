//! Second-order cones where the barrier solution has a formula, or where there is none.

use bpqp::traits::Solution;
use bpqp::{CertificateKind, Cotangent, CscMatrix, Error, Layer, Program};

use crate::common::{Rng, difference};
use crate::planted::{Shape, planted};
use crate::{Loss, dot, layer};

fn origin(program: &Program) -> Solution {
    let stacked = program.as_stacked();
    Solution {
        x: vec![0.0; stacked.num_vars()],
        y: vec![0.0; stacked.num_rows()],
        bound_duals: vec![0.0; stacked.num_vars()],
        cone_duals: vec![0.0; stacked.num_cone_rows()],
        ..Solution::default()
    }
}

fn identity(n: usize) -> CscMatrix {
    CscMatrix::from_diagonal(&vec![1.0; n]).unwrap()
}

/// `min t + qᵀx  s.t.  ‖x − a‖ ≤ t` ends at the apex `x = a`, whatever `‖q‖ < 1`: its derivative by `q` is zero. With the
/// barrier `t² − ‖x − a‖² = μt` and `x − a = −tq`, so `t = μ/(1 − ‖q‖²)`, and at `q = 0` the derivative is `−μ I`.
#[test]
fn an_apex_has_a_useful_derivative() {
    let (a, mu) = ([0.3, -1.2], 0.05);
    let program = |q: [f64; 2]| {
        Program::builder(3)
            .linear_objective(&[q[0], q[1], 1.0])
            .second_order_cone(&[[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]], &[-a[0], -a[1]], &[0.0, 0.0, 1.0], 0.0)
            .build()
            .unwrap()
    };
    let q = [0.6, 0.0];
    let still = program([0.0, 0.0]);
    let apex = Solution { x: vec![a[0], a[1], 0.0], cone_duals: vec![1.0, 0.0, 0.0], ..origin(&still) };
    let exact = Layer::new().unwrap().at(&still, apex.clone()).unwrap().backward(&[1.0, 0.0, 0.0]).unwrap();
    assert!(difference(exact.q(), &[0.0; 3]) < 1e-12);

    let mut solved = layer(mu).at(&still, apex.clone()).unwrap();
    let gradient = solved.backward(&[1.0, 0.0, 0.0]).unwrap();
    assert!(difference(&solved.smoothed().unwrap().x, &[a[0], a[1], mu]) < 1e-12);
    assert!(difference(gradient.q(), &[-mu, 0.0, 0.0]) < 1e-12);
    assert!(difference(&gradient.cone(0).unwrap().g, &[-1.0, 0.0]) < 1e-12);

    let moved = program(q);
    let t = mu / (1.0 - 0.36);
    let at = layer(mu).at(&moved, apex).unwrap().smoothed().unwrap();
    assert!(difference(&at.x, &[a[0] - t * q[0], a[1] - t * q[1], t]) < 1e-12);
    assert!(difference(&at.cone_duals, &[1.0, q[0], q[1]]) < 1e-12);
}

/// The projection of `p` onto the cone has, with the barrier, eigenvalues `½(ρ + √(ρ² + 4μ))` where `p` has `ρ`: smooth
/// inside, outside, in the polar cone, and at the kinks between.
#[test]
fn the_smoothed_projection_onto_the_cone_has_its_closed_form() {
    let value = |rho: f64, mu: f64| 0.5 * (rho + (rho * rho + 4.0 * mu).sqrt());
    let slope = |rho: f64, mu: f64| 0.5 * (1.0 + rho / (rho * rho + 4.0 * mu).sqrt());
    for p in [[1.5, 0.6, 0.8], [0.3, 0.6, 0.8], [1.0, 0.6, 0.8], [-1.0, 0.6, 0.8], [-2.0, 0.6, 0.8], [0.0, 0.0, 0.0]] {
        let program = Program::builder(3)
            .objective(&identity(3), &p.map(|v| -v))
            .second_order_cone(&[[0.0, 1.0, 0.0], [0.0, 0.0, 1.0]], &[0.0, 0.0], &[1.0, 0.0, 0.0], 0.0)
            .build()
            .unwrap();
        for mu in [1.0, 1e-3, 1e-7] {
            let length = (p[1] * p[1] + p[2] * p[2]).sqrt();
            let unit = if length > 0.0 { [p[1] / length, p[2] / length] } else { [1.0, 0.0] };
            let rho = [p[0] + length, p[0] - length];
            let [ahead, back] = rho.map(|rho| value(rho, mu));
            let across = if length > 0.0 { (ahead - back) / (2.0 * length) } else { slope(p[0], mu) };
            let half = 0.5 * (ahead - back);
            let mut solved = layer(mu).at(&program, origin(&program)).unwrap();
            let at = solved.smoothed().unwrap();
            assert!(difference(&at.x, &[0.5 * (ahead + back), half * unit[0], half * unit[1]]) < 1e-10, "{p:?} {mu}");
            let x_bar = [0.7, -0.4, 1.1];
            let along = unit[0] * x_bar[1] + unit[1] * x_bar[2];
            let [s, b] = [(rho[0], 1.0), (rho[1], -1.0)].map(|(rho, sign)| slope(rho, mu) * (x_bar[0] + sign * along));
            let tail = |i: usize| across * (x_bar[i + 1] - along * unit[i]) + 0.5 * (s - b) * unit[i];
            let expected = [0.5 * (s + b), tail(0), tail(1)].map(|v| -v);
            let gradient = solved.backward(&x_bar).unwrap();
            assert!(difference(gradient.q(), &expected) < 1e-8, "{p:?} {mu}: {:?} {expected:?}", gradient.q());
        }
    }
}

/// A cone without rows of `F`, or with rows of zeros, is the inequality `cᵀx + d ≥ 0`.
#[test]
fn a_cone_of_one_row_is_a_row() {
    let mut rng = Rng::new(1);
    let n = 6;
    let shape = Shape { n, cones: &[], density: 1.0, quadratic: true };
    let (base, _) = planted(11, shape);
    let c = rng.matrix(2, n);
    let d = [0.4, 3.0];
    let parts = || {
        let stacked = base.as_stacked();
        let (a, b) = (base.row_block(&base.blocks().equalities), &stacked.u()[base.blocks().equalities.clone()]);
        Program::builder(n).objective(&base.p().to_owned(), stacked.q()).equalities(&a, b)
    };
    let rows: Vec<Vec<f64>> = c.iter().map(|row| row.iter().map(|v| -v).collect()).collect();
    let as_rows = parts().inequalities(&rows, &d).build().unwrap();
    for zeros in [0, 1, 3] {
        let f = CscMatrix::zeros(zeros, n);
        let mut builder = parts();
        for (c, d) in c.iter().zip(&d) {
            builder = builder.second_order_cone(&f, &vec![0.0; zeros], c, *d);
        }
        let as_cones = builder.build().unwrap();
        let heads = [0, zeros + 1];
        for mu in [1.0, 1e-2, 1e-6] {
            let weights = Rng::new(5).normals(2);
            let mut cone_bar = vec![0.0; 2 * (zeros + 1)];
            // The dual of the row is w₀.
            heads.iter().zip(&weights).for_each(|(&head, v)| cone_bar[head] = *v);
            let loss = Loss::random(&as_rows, 3);
            let cotangent = Cotangent { cones: None, inequalities: Some(&weights), ..loss.cotangent() };
            let of_cones = Cotangent { cones: Some(&cone_bar), inequalities: None, ..loss.cotangent() };
            let (mut of, mut other) = (
                layer(mu).at(&as_rows, origin(&as_rows)).unwrap(),
                layer(mu).at(&as_cones, origin(&as_cones)).unwrap(),
            );
            let (at, same) = (of.smoothed().unwrap(), other.smoothed().unwrap());
            assert!(difference(&same.x, &at.x) < 1e-10);
            let duals: Vec<f64> = heads.iter().map(|&head| same.cone_duals[head]).collect();
            assert!(difference(&duals, &at.y[2..]) < 1e-9);
            let (gradient, same) = (of.vjp(&cotangent).unwrap(), other.vjp(&of_cones).unwrap());
            let scale = gradient.h().iter().fold(1.0_f64, |m, v| m.max(v.abs()));
            for (have, want) in [(same.q(), gradient.q()), (same.b(), gradient.b())] {
                assert!(difference(have, want) < 1e-8 * scale, "{zeros} {mu}");
            }
            let g = gradient.g();
            for k in 0..2 {
                let cone = same.cone(k).unwrap();
                assert!(
                    (cone.d - gradient.h()[k]).abs() < 1e-8 * scale,
                    "{zeros} {mu}: {} {}",
                    cone.d,
                    gradient.h()[k]
                );
                for (j, v) in cone.c.as_ref().entries().map(|(_, j, v)| (j, v)) {
                    let row = g.as_ref().entries().find(|&(i, column, _)| (i, column) == (k, j)).unwrap().2;
                    assert!((v + row).abs() < 1e-8 * scale);
                }
            }
        }
    }
}

/// `min ½‖x − p‖²  s.t.  ‖x‖ ≤ 1` in many variables: `x = ρ p/‖p‖` with `ρ − ‖p‖ + μρ/(1 − ρ²) = 0`.
#[test]
fn a_large_ball_stays_sparse() {
    let n = 3000;
    let p = Rng::new(4).normals(n);
    let length = dot(&p, &p).sqrt();
    let q: Vec<f64> = p.iter().map(|v| -v).collect();
    let eye = identity(n);
    let rows: Vec<_> = eye.as_ref().entries().map(|(i, j, v)| (i + 1, j, v)).collect();
    let matrix = CscMatrix::from_triplets(n + 1, n, &rows).unwrap();
    let mut offset = vec![0.0; n + 1];
    offset[0] = 1.0;
    let program =
        Program::builder(n).objective(&eye, &q).second_order_cones(&matrix, &offset, &[n + 1]).build().unwrap();
    let mu = 0.3;
    let mut solved = layer(mu).at(&program, origin(&program)).unwrap();
    let x = solved.smoothed().unwrap().x;
    let rho = dot(&x, &x).sqrt();
    assert!((rho - length + mu * rho / (1.0 - rho * rho)).abs() < 1e-8);
    let x_bar = Rng::new(5).normals(n);
    let gradient = solved.backward(&x_bar).unwrap();
    assert_eq!(gradient.certificate().kind, CertificateKind::Exact);
    // −(1 + μ/(1 − ρ²))⁻¹ across p, −(1 + μ(1 + ρ²)/(1 − ρ²)²)⁻¹ along it.
    let inside = 1.0 - rho * rho;
    let (across, along) = (1.0 / (1.0 + mu / inside), 1.0 / (1.0 + mu * (1.0 + rho * rho) / (inside * inside)));
    let share = dot(&p, &x_bar) / (length * length);
    let expected: Vec<f64> =
        p.iter().zip(&x_bar).map(|(p, x_bar)| -across * (x_bar - share * p) - along * share * p).collect();
    assert!(difference(gradient.q(), &expected) < 1e-8);
}

#[test]
fn a_cone_without_a_point_inside_is_told() {
    let ball = |radius: f64| {
        let builder = Program::builder(2).objective(&identity(2), &[-1.0, -1.0]);
        builder.second_order_cone(&identity(2), &[0.0, 0.0], &[0.0, 0.0], radius)
    };
    // ‖x‖ ≤ 0; the ball and a half-space that touches it; ‖x‖ ≤ −1.
    let touching = ball(1.0).inequalities(&[[-1.0, 0.0]], &[-1.0]);
    for builder in [ball(0.0), touching, ball(-1.0)] {
        let program = builder.build().unwrap();
        for mu in [1.0, 1e-3] {
            let error = layer(mu).at(&program, origin(&program)).unwrap().backward(&[1.0, 0.0]);
            assert!(matches!(error, Err(Error::Inaccurate { .. })), "{error:?}");
        }
    }
}
