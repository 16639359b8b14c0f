//! Batches against the same programs one by one.

#![cfg(all(feature = "generate", feature = "native"))]
#![allow(clippy::unwrap_used)]

use bpqp::generate::{Family, Recipe};
use bpqp::{BatchGradient, CertificateKind, Error, Layer, Program, Status, Values};

const MEMBERS: usize = 9;

fn program() -> Program {
    Recipe::new(Family::Gaussian).n(30).m(12).p(4).seed(3).generate().unwrap().program
}

/// The members' linear terms and right-hand sides of the inequalities.
fn data(program: &Program) -> (Vec<f64>, Vec<f64>) {
    let n = program.num_vars();
    let stacked = program.as_stacked();
    let h = &stacked.u()[program.blocks().inequalities.clone()];
    let q = (0..MEMBERS * n).map(|k| stacked.q()[k % n] + (k as f64 * 0.7).sin()).collect();
    let h = (0..MEMBERS * h.len()).map(|k| h[k % h.len()] + 0.3 * (k as f64 * 1.3).cos()).collect();
    (q, h)
}

fn x_bar(k: usize, n: usize) -> Vec<f64> {
    (0..n).map(|j| ((k * n + j) as f64).cos()).collect()
}

#[test]
fn members_are_what_they_are_alone() {
    let program = program();
    let (n, m) = (program.num_vars(), program.blocks().inequalities.len());
    let (q, h) = data(&program);
    let layer = Layer::new().unwrap();
    let values = Values { q: Some(&q), h: Some(&h), ..Values::default() };
    for threads in [1, 2] {
        let mut batch = layer.batch(&program, MEMBERS, threads).unwrap();
        assert_eq!(batch.threads(), threads);
        let mut x = vec![0.0; MEMBERS * n];
        // Twice: cold, then from the members' own solutions.
        for _ in 0..2 {
            let statuses = batch.forward(&values, &mut x).unwrap();
            assert!(statuses.iter().all(|s| matches!(s, Ok(Status::Solved))));
        }
        let bars: Vec<f64> = (0..MEMBERS).flat_map(|k| x_bar(k, n)).collect();
        let entries = program.row_block(&program.blocks().inequalities).nnz();
        let (mut q_bar, mut h_bar) = (vec![0.0; MEMBERS * n], vec![0.0; MEMBERS * m]);
        let mut g_bar = vec![0.0; MEMBERS * entries];
        let out =
            BatchGradient { q: Some(&mut q_bar), h: Some(&mut h_bar), g: Some(&mut g_bar), ..BatchGradient::default() };
        batch.backward(&values, &bars, out).unwrap().into_iter().for_each(|c| drop(c.unwrap()));
        let (mut x_step, mut q_step) = (vec![0.0; MEMBERS * n], vec![0.0; MEMBERS * n]);
        let out = BatchGradient { q: Some(&mut q_step), ..BatchGradient::default() };
        let bar = |k: usize, _: &[f64], bar: &mut [f64]| bar.copy_from_slice(&x_bar(k, n));
        batch.step(&values, &bar, &mut x_step, out).unwrap().into_iter().for_each(|c| drop(c.unwrap()));
        for k in 0..MEMBERS {
            let mut alone = program.clone();
            alone
                .update(&Values { q: Some(&q[k * n..][..n]), h: Some(&h[k * m..][..m]), ..Values::default() })
                .unwrap();
            let mut solved = layer.forward(&alone).unwrap();
            let gradient = solved.backward(&x_bar(k, n)).unwrap();
            close(&x[k * n..][..n], solved.x());
            close(&x_step[k * n..][..n], solved.x());
            close(&q_bar[k * n..][..n], gradient.q());
            close(&q_step[k * n..][..n], gradient.q());
            close(&h_bar[k * m..][..m], gradient.h());
            close(&g_bar[k * entries..][..entries], gradient.g().values());
        }
    }
}

fn close(have: &[f64], want: &[f64]) {
    assert_eq!(have.len(), want.len());
    for (a, b) in have.iter().zip(want) {
        assert!((a - b).abs() <= 1e-9 * (1.0 + b.abs()), "{a} against {b}");
    }
}

/// `x ≤ h` and `−x ≤ 1` for one variable: infeasible for `h < −1`.
fn interval() -> Program {
    Program::builder(1).objective(&[[1.0]], &[-5.0]).inequalities(&[[1.0], [-1.0]], &[2.0, 1.0]).build().unwrap()
}

#[test]
fn a_member_without_solution_does_not_hold_up_the_others() {
    let mut batch = Layer::new().unwrap().batch(&interval(), 3, 2).unwrap();
    let values = Values { h: Some(&[2.0, 1.0, -3.0, 1.0, 4.0, 1.0]), ..Values::default() };
    let mut x = [0.0; 3];
    let statuses = batch.forward(&values, &mut x).unwrap();
    assert!(matches!(statuses[1], Ok(Status::PrimalInfeasible)));
    assert!((x[0] - 2.0).abs() < 1e-9 && x[1].is_nan() && (x[2] - 4.0).abs() < 1e-9);
    let mut h_bar = [0.0; 6];
    let out = BatchGradient { h: Some(&mut h_bar), ..BatchGradient::default() };
    let certificates = batch.backward(&values, &[1.0; 3], out).unwrap();
    assert!(matches!(certificates[1], Err(Error::NotSolved { status: Status::PrimalInfeasible })));
    assert!((h_bar[0] - 1.0).abs() < 1e-9 && h_bar[2].is_nan() && (h_bar[4] - 1.0).abs() < 1e-9);
}

#[test]
fn a_member_with_bad_values_does_not_hold_up_the_others() {
    let mut batch = Layer::new().unwrap().batch(&interval(), 2, 1).unwrap();
    let values = Values { q: Some(&[f64::NAN, -1.5]), ..Values::default() };
    let mut x = [0.0; 2];
    let statuses = batch.forward(&values, &mut x).unwrap();
    assert!(statuses[0].is_err() && x[0].is_nan());
    assert!((x[1] - 1.5).abs() < 1e-9);
    batch.reset();
    assert!(batch.forward(&Values::default(), &mut x).unwrap().iter().all(|s| s.is_ok()));
    assert!(x.iter().all(|x| (x - 2.0).abs() < 1e-9));
}

#[test]
fn wrong_lengths_are_told_before_anything_is_solved() {
    let layer = Layer::new().unwrap();
    assert!(layer.batch(&interval(), 0, 1).is_err());
    let mut batch = layer.batch(&interval(), 2, 0).unwrap();
    let values = Values { q: Some(&[1.0]), ..Values::default() };
    let message = batch.forward(&values, &mut [0.0; 2]).unwrap_err().to_string();
    assert!(message.contains('q') && message.contains("2 × 1"), "{message}");
    assert!(batch.forward(&Values::default(), &mut [0.0; 3]).is_err());
    let mut short = [0.0; 3];
    let out = BatchGradient { h: Some(&mut short), ..BatchGradient::default() };
    let message = batch.backward(&Values::default(), &[1.0; 2], out).unwrap_err().to_string();
    assert!(message.contains("gradient of h"), "{message}");
}

/// `min ½xᵀPx + qᵀx` over rows of both kinds and some bounds, with members in all states: solved, infeasible, at a kink
/// (a bound that is reached with no force), and with values that are not numbers. Groups of every size.
#[test]
fn members_in_every_state_are_what_they_are_alone() {
    let program = Program::builder(4)
        .objective(
            &[[4.0, 1.0, 0.0, 0.5], [1.0, 3.0, 0.2, 0.0], [0.0, 0.2, 2.0, 0.1], [0.5, 0.0, 0.1, 1.0]],
            &[-1.0, 2.0, -3.0, 0.5],
        )
        .equalities(&[[1.0, 1.0, 1.0, 1.0]], &[1.0])
        .rows(&[-1.0, -2.0], &[[1.0, -1.0, 0.5, 0.0], [0.0, 1.0, 1.0, -1.0]], &[1.0, 0.5])
        .bounds(&[0.0, f64::NEG_INFINITY, 0.0, -1.0], &[2.0, f64::INFINITY, 1.0, 1.0])
        .build()
        .unwrap();
    let layer = Layer::new().unwrap();
    for members in 1..20 {
        let mut batch = layer.batch(&program, members, 1).unwrap();
        for round in 0..3 {
            let v = |k: usize| ((k * 37 + round * 11) % 23) as f64 / 23.0 - 0.5;
            let mut q: Vec<f64> = (0..4 * members).map(|k| 6.0 * v(k)).collect();
            let mut b: Vec<f64> = (0..members).map(|k| 1.0 + v(k)).collect();
            let mut ub: Vec<f64> = (0..members).flat_map(|k| [2.0, f64::INFINITY, 1.0 + v(k), 1.0]).collect();
            for k in 0..members {
                match k % 5 {
                    // The upper bounds add up to less than b.
                    1 => (b[k], ub[4 * k + 1]) = (6.0, -9.0),
                    // The unconstrained solution on the equality has x₀ = 0 and no force at that bound.
                    2 => {
                        b[k] = 0.3;
                        let x = [0.0, -0.1, 0.2, 0.2];
                        let p = program.as_stacked().p();
                        let qk = &mut q[4 * k..4 * k + 4];
                        qk.fill(-1.0);
                        p.symmetric_mul_add(-1.0, &x, qk);
                    }
                    3 if round == 1 => q[4 * k] = f64::NAN,
                    _ => {}
                }
            }
            let values = Values { q: Some(&q), b: Some(&b), ub: Some(&ub), ..Values::default() };
            let (mut x, mut q_bar, mut b_bar, mut ub_bar) =
                (vec![0.0; 4 * members], vec![0.0; 4 * members], vec![0.0; members], vec![0.0; 4 * members]);
            let out = BatchGradient {
                q: Some(&mut q_bar),
                b: Some(&mut b_bar),
                ub: Some(&mut ub_bar),
                ..BatchGradient::default()
            };
            let bar = |k: usize, _: &[f64], bar: &mut [f64]| bar.copy_from_slice(&x_bar(k, 4));
            let certificates = batch.step(&values, &bar, &mut x, out).unwrap();
            for (k, certificate) in certificates.iter().enumerate() {
                let part = 4 * k..4 * k + 4;
                let mut alone = program.clone();
                let own = Values {
                    q: Some(&q[part.clone()]),
                    b: Some(&b[k..=k]),
                    ub: Some(&ub[part.clone()]),
                    ..Values::default()
                };
                let Ok(()) = alone.update(&own) else {
                    assert!(matches!(certificate, Err(Error::Solver(_))) && x[4 * k].is_nan() && k % 5 == 3);
                    continue;
                };
                let mut solved = layer.forward(&alone).unwrap();
                let Ok(gradient) = solved.backward(&x_bar(k, 4)) else {
                    assert!(matches!(certificate, Err(Error::NotSolved { status: Status::PrimalInfeasible })));
                    assert!(q_bar[4 * k].is_nan() && k % 5 == 1);
                    continue;
                };
                let certificate = certificate.as_ref().unwrap();
                assert_eq!(certificate.kind, gradient.certificate().kind);
                assert_eq!(certificate.active, gradient.certificate().active);
                assert_eq!(certificate.weakly_active, gradient.certificate().weakly_active);
                assert_eq!(certificate.kind == CertificateKind::Kink, k % 5 == 2, "{members} {round} {k}");
                close(&x[part.clone()], solved.x());
                close(&q_bar[part.clone()], gradient.q());
                close(&b_bar[k..=k], gradient.b());
                close(&ub_bar[part], gradient.ub());
            }
        }
    }
}
