//! Second-order cones: gradients against closed forms, central differences and the dot-product identity.
#![cfg(feature = "native")]
#![allow(clippy::unwrap_used)] // a test panics by design

#[path = "../common/mod.rs"]
mod common;
mod degenerate;

use bpqp::{
    Block, CertificateKind, CheckOptions, Cotangent, CscMatrix, Layer, Program, Settings, Status, Values,
    check_gradient,
};
use common::Rng;

fn layer() -> Layer {
    builder().build().unwrap()
}

fn builder() -> bpqp::LayerBuilder {
    let settings = Settings { tolerance: 1e-9, ..Settings::default() };
    Layer::builder().forward("native").settings(settings)
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

fn close(have: &[f64], want: &[f64], tolerance: f64) {
    assert_eq!(have.len(), want.len());
    for (i, (have, want)) in have.iter().zip(want).enumerate() {
        assert!((have - want).abs() <= tolerance * want.abs().max(1.0), "{i}: {have} instead of {want}");
    }
}

/// What a cone of a planted program does at the solution.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Plan {
    Inactive,
    Boundary,
    Apex,
}

/// Adds a matrix times a vector to `out`.
fn times(rows: &[Vec<f64>], x: &[f64]) -> Vec<f64> {
    rows.iter().map(|row| dot(row, x)).collect()
}

/// A program with rows of every kind and these cones, each over `k` rows, from a chosen solution.
fn planted(seed: u64, n: usize, k: usize, plans: &[Plan], quadratic: bool) -> Program {
    let mut rng = Rng::new(seed);
    let x = rng.normals(n);
    let mut q = vec![0.0; n];
    let mut p = vec![vec![0.0; n]; n];
    if quadratic {
        let factor = rng.matrix(n / 2, n);
        for (i, row) in p.iter_mut().enumerate() {
            for (j, v) in row.iter_mut().enumerate() {
                *v = factor.iter().map(|f| f[i] * f[j]).sum::<f64>() + if i == j { 0.5 } else { 0.0 };
            }
        }
    }
    let mut pull = times(&p, &x);
    let a = rng.matrix(2, n);
    let b = times(&a, &x);
    for row in &a {
        let y = rng.normal();
        pull.iter_mut().zip(row).for_each(|(f, a)| *f += y * a);
    }
    let g = rng.matrix(4, n);
    let mut h = times(&g, &x);
    for (i, row) in g.iter().enumerate() {
        if i % 2 == 0 {
            let y = 0.5 + rng.uniform();
            pull.iter_mut().zip(row).for_each(|(f, a)| *f += y * a);
        } else {
            h[i] += 1.0;
        }
    }
    let mut builder = Program::builder(n).equalities(&a, &b).inequalities(&g, &h);
    for plan in plans {
        let f = rng.matrix(k, n);
        let c: Vec<f64> = rng.normals(n).iter().map(|v| 0.3 * v).collect();
        let fx = times(&f, &x);
        let u = if *plan == Plan::Apex { vec![0.0; k] } else { rng.normals(k) };
        let offset: Vec<f64> = u.iter().zip(&fx).map(|(u, fx)| u - fx).collect();
        let t = dot(&u, &u).sqrt();
        let d = t - dot(&c, &x) + if *plan == Plan::Inactive { 0.7 } else { 0.0 };
        let multiplier = 0.4 + 2.0 * rng.uniform();
        let w: Vec<f64> = match plan {
            Plan::Inactive => vec![0.0; k + 1],
            Plan::Boundary => std::iter::once(multiplier).chain(u.iter().map(|u| -multiplier * u / t)).collect(),
            Plan::Apex => {
                let tail = rng.normals(k);
                let length = dot(&tail, &tail).sqrt();
                std::iter::once(multiplier).chain(tail.iter().map(|v| 0.6 * multiplier * v / length)).collect()
            }
        };
        for (j, f_) in pull.iter_mut().enumerate() {
            *f_ -= w[0] * c[j] + (0..k).map(|r| w[r + 1] * f[r][j]).sum::<f64>();
        }
        builder = builder.second_order_cone(&f, &offset, &c, d);
    }
    q.iter_mut().zip(&pull).for_each(|(q, f)| *q = -f);
    builder.objective(&p, &q).build().unwrap()
}

const MIX: [Plan; 5] = [Plan::Boundary, Plan::Inactive, Plan::Boundary, Plan::Apex, Plan::Inactive];

#[test]
fn every_block_agrees_with_central_differences() {
    for seed in 0..8 {
        // Over more variables than are formed, too.
        for (n, k) in [(10, 2), (14, 3), (24, 11)] {
            let plans = if n < 20 { &MIX[..] } else { &MIX[..3] };
            let program = planted(seed, n, k, plans, seed % 2 == 0 || n > 20);
            let layer = layer();
            let x_bar = Rng::new(50 + seed).normals(n);
            let mut solved = layer.forward(&program).unwrap();
            assert_eq!(solved.status(), Status::Solved, "{seed} {n}: {:?}", solved.residuals());
            let gradient = solved.backward(&x_bar).unwrap();
            let certificate = gradient.certificate();
            assert_eq!(certificate.kind, CertificateKind::Exact, "{seed} {n}: {certificate:?}");
            assert!(certificate.residual < 1e-9 && certificate.kkt_residual < 1e-10, "{certificate:?}");
            let cones: Vec<usize> =
                certificate.active.iter().filter(|id| id.block == Block::Cones).map(|id| id.index).collect();
            let planned: Vec<usize> = (0..plans.len()).filter(|&i| plans[i] != Plan::Inactive).collect();
            assert_eq!(cones, planned);
            let options = CheckOptions { entries: 12, seed };
            let blocks = check_gradient(&layer, &program, &x_bar, &gradient, &options, |_, _| {}).unwrap();
            assert_eq!(blocks.iter().filter(|b| ["F", "g", "c", "d"].contains(&b.block)).count(), 4);
            for block in blocks {
                // A linear objective has no convex neighbors on both sides.
                assert!(block.checked > 0 || block.block == "P", "{seed} {n}: {block:?}");
                assert!(block.error < 1e-5, "{seed} {n}: {block:?}");
            }
        }
    }
}

#[test]
fn forward_and_reverse_mode_agree_with_duals_in_the_loss() {
    for seed in 0..10 {
        let (n, k) = (14, 3);
        let program = planted(seed, n, k, &MIX, seed % 2 == 0);
        let mut rng = Rng::new(90 + seed);
        let stacked = program.as_stacked();
        let cones = stacked.cones().unwrap();
        let cotangent_parts = (rng.normals(n), rng.normals(2), rng.normals(4), rng.normals(cones.num_rows()));
        let direction_parts = (
            rng.normals(n),
            rng.normals(2),
            rng.normals(4),
            rng.normals(cones.matrix().nnz()),
            rng.normals(cones.num_rows()),
            rng.normals(program.row_block(&program.blocks().equalities).nnz()),
        );
        let layer = layer();
        let mut solved = layer.forward(&program).unwrap();
        let (x_bar, y_bar, h_bar, w_bar) = &cotangent_parts;
        let cotangent = Cotangent {
            x: Some(x_bar),
            equalities: Some(y_bar),
            inequalities: Some(h_bar),
            cones: Some(w_bar),
            ..Cotangent::default()
        };
        let gradient = solved.vjp(&cotangent).unwrap();
        let (q, b, h, s, offset, a) = &direction_parts;
        let values = Values {
            q: Some(q),
            b: Some(b),
            h: Some(h),
            cones: Some(s),
            cone_offsets: Some(offset),
            a: Some(a),
            ..Values::default()
        };
        let tangent = solved.jvp(&values).unwrap();
        let forward = dot(x_bar, &tangent.x)
            + dot(y_bar, &tangent.equalities)
            + dot(h_bar, &tangent.inequalities)
            + dot(w_bar, &tangent.cones);
        let reverse = dot(gradient.q(), q)
            + dot(gradient.b(), b)
            + dot(gradient.h(), h)
            + dot(gradient.a().values(), a)
            + dot(gradient.cones().values(), s)
            + dot(gradient.cone_offsets(), offset);
        let scale = forward.abs().max(1.0);
        assert!((forward - reverse).abs() < 1e-9 * scale, "{seed}: {forward} {reverse}");

        // The tangent itself, against differences of the solution and its duals.
        let step = 1e-6;
        let moved = |sign: f64| {
            let mut program = program.clone();
            let shift = |v: &[f64], dv: &[f64]| v.iter().zip(dv).map(|(v, d)| v + sign * step * d).collect::<Vec<_>>();
            let blocks = program.blocks().clone();
            let old = program.as_stacked();
            let (q, b) = (shift(old.q(), q), shift(&old.u()[blocks.equalities.clone()], b));
            let h = shift(&old.u()[blocks.inequalities.clone()], h);
            let a = shift(program.row_block(&blocks.equalities).values(), a);
            let (s, offset) =
                (shift(old.cones().unwrap().matrix().values(), s), shift(old.cones().unwrap().offset(), offset));
            let values = Values {
                q: Some(&q),
                b: Some(&b),
                h: Some(&h),
                a: Some(&a),
                cones: Some(&s),
                cone_offsets: Some(&offset),
                ..Values::default()
            };
            program.update(&values).unwrap();
            let mut solved = layer.forward(&program).unwrap();
            solved.polish().unwrap();
            solved.solution().clone()
        };
        let (up, down) = (moved(1.0), moved(-1.0));
        let difference = |f: fn(&bpqp::traits::Solution) -> &[f64]| -> Vec<f64> {
            f(&up).iter().zip(f(&down)).map(|(u, d)| (u - d) / (2.0 * step)).collect()
        };
        close(&tangent.x, &difference(|s| &s.x), 1e-5);
        close(&tangent.cones, &difference(|s| &s.cone_duals), 1e-5);
    }
}

/// `min qᵀx` over `‖x‖ ≤ r`: `x = −r q/‖q‖`, so `∂x/∂q = −r (I − q̂q̂ᵀ)/‖q‖` and `∂x/∂r = −q̂`.
#[test]
fn the_ball_of_the_paper_has_its_closed_form() {
    for n in [1, 2, 10, 50, 100, 500] {
        let mut rng = Rng::new(n as u64);
        let (q, x_bar, r) = (rng.normals(n), rng.normals(n), 0.7 + rng.uniform());
        let identity = CscMatrix::from_diagonal(&vec![1.0; n]).unwrap();
        let zero = vec![0.0; n];
        let program =
            Program::builder(n).linear_objective(&q).second_order_cone(&identity, &zero, &zero, r).build().unwrap();
        let layer = layer();
        let mut solved = layer.forward(&program).unwrap();
        let gradient = solved.backward(&x_bar).unwrap();
        let length = dot(&q, &q).sqrt();
        let along = dot(&q, &x_bar) / length;
        let expected: Vec<f64> =
            q.iter().zip(&x_bar).map(|(q, x_bar)| -r * (x_bar - along * q / length) / length).collect();
        close(solved.x(), &q.iter().map(|q| -r * q / length).collect::<Vec<_>>(), 1e-11);
        close(gradient.q(), &expected, 1e-9);
        let cone = gradient.cone(0).unwrap();
        close(&[cone.d], &[-along], 1e-9);
        assert!(gradient.cone(1).is_none());
        assert_eq!((cone.f.nnz(), cone.c.nnz(), cone.g.len()), (n, n, n));
    }
}

/// The robust LP of the paper (eq. 20) in two variables: `max x₀ + x₁  s.t.  aᵀx + ‖ρx‖ ≤ b` with `a = (1, 1)` has
/// `x₀ = x₁ = b/(2 + ρ√2)`.
#[test]
fn a_robust_linear_program_has_its_closed_form() {
    let (b, rho) = (3.0, 0.5);
    let program = Program::builder(2)
        .linear_objective(&[-1.0, -1.0])
        .second_order_cone(&[[rho, 0.0], [0.0, rho]], &[0.0, 0.0], &[-1.0, -1.0], b)
        .build()
        .unwrap();
    let layer = layer();
    let mut solved = layer.forward(&program).unwrap();
    let gradient = solved.backward(&[1.0, 1.0]).unwrap();
    let root = std::f64::consts::SQRT_2;
    let x = b / (2.0 + rho * root);
    close(solved.x(), &[x, x], 1e-10);
    let cone = gradient.cone(0).unwrap();
    close(&[cone.d], &[2.0 / (2.0 + rho * root)], 1e-9);
    // Moving both entries of ρ I: d(x₀ + x₁)/dρ = −2b√2/(2 + ρ√2)².
    let diagonal: f64 = cone.f.as_ref().entries().filter(|(i, j, _)| i == j).map(|(_, _, v)| v).sum();
    close(&[diagonal], &[-2.0 * b * root / (2.0 + rho * root).powi(2)], 1e-9);
}

/// Projection of a point onto the unit ball: inside it is the identity, on its boundary a kink.
#[test]
fn any_forward_solver_will_do() {
    let x_bar = Rng::new(4).normals(14);
    for (seed, quadratic) in [(3, true), (8, false)] {
        let program = planted(seed, 14, 3, &MIX, quadratic);
        let own = layer().forward(&program).unwrap().backward(&x_bar).unwrap();
        for backend in bpqp::Registry::compiled().iter().filter(|backend| backend.capabilities().second_order_cones) {
            let Ok(layer) = builder().forward(backend.info().name).build() else { continue };
            // A library that is not installed, or has no license, says so.
            let Ok(mut solved) = layer.forward(&program) else { continue };
            let gradient = solved.backward(&x_bar).unwrap();
            let difference = gradient.difference(&own);
            assert!(difference < 1e-6, "{}: {difference}", backend.info().name);
        }
    }
}

#[test]
fn any_backward_solver_will_do() {
    let program = planted(3, 14, 3, &MIX, true);
    let x_bar = Rng::new(4).normals(14);
    let own = layer().forward(&program).unwrap().backward(&x_bar).unwrap();
    let names = bpqp::Registry::compiled().names();
    for name in names.iter().filter(|name| ["native", "clarabel", "osqp"].contains(&name.as_str())) {
        let layer = builder().backward(name.clone()).build().unwrap();
        let gradient = layer.forward(&program).unwrap().backward(&x_bar).unwrap();
        assert!(gradient.difference(&own) < 1e-6, "{name}: {}", gradient.difference(&own));
    }
}

#[test]
fn sessions_and_batches_take_cones() {
    let program = planted(5, 9, 2, &MIX, true);
    let x_bar = Rng::new(6).normals(9);
    let layer = layer();
    let mut session = layer.session(program.clone()).unwrap();
    let q: Vec<f64> = program.as_stacked().q().iter().map(|q| 1.01 * q).collect();
    let mut moved = program.clone();
    moved.update(&Values { q: Some(&q), ..Values::default() }).unwrap();
    let expected = layer.forward(&moved).unwrap().backward(&x_bar).unwrap();
    session.forward().unwrap().backward(&x_bar).unwrap();
    session.update(&Values { q: Some(&q), ..Values::default() }).unwrap();
    let again = session.forward().unwrap().backward(&x_bar).unwrap();
    assert!(again.difference(&expected) < 1e-8);

    let mut batch = layer.batch(&program, 2, 1).unwrap();
    let both = [program.as_stacked().q(), &q].concat();
    let values = Values { q: Some(&both), ..Values::default() };
    let mut x = vec![0.0; 18];
    batch.forward(&values, &mut x).unwrap();
    let rows = program.as_stacked().num_cone_rows();
    let (mut q_bar, mut offsets) = (vec![0.0; 18], vec![0.0; 2 * rows]);
    let out = bpqp::BatchGradient { q: Some(&mut q_bar), cone_offsets: Some(&mut offsets), ..Default::default() };
    let certificates = batch.backward(&values, &[&x_bar[..], &x_bar].concat(), out).unwrap();
    assert!(certificates.iter().all(Result::is_ok));
    close(&q_bar[9..], expected.q(), 1e-8);
    close(&offsets[rows..], expected.cone_offsets(), 1e-8);
}

#[test]
fn many_derivatives_are_those_of_one_after_another() {
    let program = planted(5, 10, 2, &MIX, true);
    let layer = layer();
    let mut solved = layer.forward(&program).unwrap();
    let jacobian = solved.jacobian(bpqp::VectorBlock::Q).unwrap();
    assert_eq!((jacobian.nrows(), jacobian.ncols()), (10, 10));
    let x_bar = Rng::new(1).normals(10);
    let gradients = solved.backward_many(&[&x_bar]).unwrap();
    let gradient = gradients[0].as_ref().unwrap();
    let product: Vec<f64> = (0..10).map(|j| dot(jacobian.column(j), &x_bar)).collect();
    close(&product, gradient.q(), 1e-10);
}
