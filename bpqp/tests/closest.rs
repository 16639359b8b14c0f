//! Infeasible programs, solved and differentiated with their rows moved least.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)] // a failed helper is a failed test
#![cfg(feature = "native")]

mod common;

use bpqp::{
    AtDegeneracy, AtInfeasibility, BatchGradient, CertificateKind, Error, Layer, LayerBuilder, Program, Settings,
    Status, Values,
};
use common::{Rng, difference};

const INF: f64 = f64::INFINITY;

fn closest() -> LayerBuilder {
    Layer::builder().settings(Settings::with_tolerance(1e-10)).at_infeasibility(AtInfeasibility::Closest)
}

/// `min ½x²` with `x ≤ 0` and `x ≥ 1`, as `a₀x ≤ 0`, `a₁x ≥ 1`.
fn between() -> Program {
    Program::builder(1).objective(&[[1.0]], &[0.0]).rows(&[-INF, 1.0], &[[1.0], [1.0]], &[0.0, INF]).build().unwrap()
}

/// The violation is least at `x = (a₀u₀ + a₁l₁)/(a₀² + a₁²)`, whatever the objective: `½`, with the derivatives `½` for
/// both sides, and `(u₀ − 2a₀x)/2 = −½` and `(l₁ − 2a₁x)/2 = 0` for `a₀` and `a₁`.
#[test]
fn a_point_that_the_rows_determine_is_differentiable_in_all_data() {
    let program = between();
    for name in ["native", "clarabel"] {
        let layer = closest().forward(name).build().unwrap();
        let mut solved = layer.forward(&program).unwrap();
        assert_eq!(solved.status(), Status::ClosestFeasible, "{name}");
        assert!((solved.x()[0] - 0.5).abs() <= 1e-12);
        assert!(difference(solved.relaxation().unwrap(), &[-0.5, 0.5]) <= 1e-12);
        let gradient = solved.backward(&[1.0]).unwrap();
        assert!(difference(gradient.u(), &[0.5, 0.0]) <= 1e-12, "{name}: {:?}", gradient.u());
        assert!(difference(gradient.l(), &[0.0, 0.5]) <= 1e-12, "{name}: {:?}", gradient.l());
        assert!(difference(gradient.q(), &[0.0]) <= 1e-12);
        assert!(difference(gradient.rows().values(), &[-0.5, 0.0]) <= 1e-12, "{name}: {:?}", gradient.rows());
        let certificate = gradient.certificate();
        assert_eq!(certificate.kind, CertificateKind::Exact);
        assert!((certificate.relaxation - 0.5).abs() <= 1e-12);
        assert_eq!(certificate.active.len(), 2);
    }
}

/// `min ½‖x‖²` with `x₀ + x₁ = 1` and `x₀ + x₁ = 3`: both move to 2, and `x = (1, 1)` follows their mean. Rows that are no
/// longer parallel would be feasible, some way out, so there is no derivative with respect to their entries.
#[test]
fn entries_of_rows_that_contradict_each_other_have_no_derivative() {
    let program = Program::builder(2)
        .objective(&[[1.0, 0.0], [0.0, 1.0]], &[0.0; 2])
        .equalities(&[[1.0, 1.0], [1.0, 1.0]], &[1.0, 3.0])
        .build()
        .unwrap();
    let mut solved = closest().build().unwrap().forward(&program).unwrap();
    assert!(difference(solved.x(), &[1.0, 1.0]) <= 1e-12);
    let gradient = solved.backward(&[1.0, 0.0]).unwrap();
    assert!(difference(gradient.b(), &[0.25, 0.25]) <= 1e-12, "{:?}", gradient.b());
    assert!(difference(gradient.q(), &[-0.5, 0.5]) <= 1e-12, "{:?}", gradient.q());
    assert_eq!(gradient.certificate().kind, CertificateKind::Degenerate);
    assert_eq!(gradient.certificate().inexact_blocks, ["A"]);

    let layer = closest().at_degeneracy(AtDegeneracy::Refuse).build().unwrap();
    let refused = layer.forward(&program).unwrap().backward(&[1.0, 0.0]);
    assert!(matches!(refused, Err(Error::Degenerate { .. })), "{refused:?}");
}

#[test]
fn an_infeasible_program_has_no_solution_unless_asked_for() {
    let mut solved = Layer::new().unwrap().forward(&between()).map(|s| s.status()).unwrap();
    assert_eq!(solved, Status::PrimalInfeasible);
    // A feasible one is left alone.
    let program = Program::builder(1).objective(&[[1.0]], &[-1.0]).build().unwrap();
    solved = closest().build().unwrap().forward(&program).unwrap().status();
    assert_eq!(solved, Status::Solved);
}

/// Gaussian rows `G x ≤ h` with `λᵀG = 0`, `λ > 0`, on the first `k` of them and `λᵀh < 0`; rows that are slack besides.
fn infeasible(seed: u64) -> Program {
    let mut rng = Rng::new(seed);
    let n = 3 + (rng.uniform() * 4.0) as usize;
    let k = 2 + (rng.uniform() * (n - 1) as f64) as usize;
    let factor = rng.matrix(n, n);
    let p: Vec<Vec<f64>> = (0..n)
        .map(|i| (0..n).map(|j| (0..n).map(|t| factor[t][i] * factor[t][j]).sum::<f64>() + f64::from(i == j)).collect())
        .collect();
    let mut g = rng.matrix(k + 2, n);
    let lambda: Vec<f64> = (0..k).map(|_| 0.5 + rng.uniform()).collect();
    for j in 0..n {
        g[k - 1][j] = -(0..k - 1).map(|i| lambda[i] * g[i][j]).sum::<f64>() / lambda[k - 1];
    }
    let h: Vec<f64> = (0..k + 2).map(|i| if i < k { -0.2 - rng.uniform() } else { 20.0 }).collect();
    let (a, b) = (rng.matrix(1, n), rng.normals(1));
    let bounds = (vec![-30.0; n], vec![30.0; n]);
    Program::builder(n)
        .objective(&p, &rng.normals(n))
        .equalities(&a, &b)
        .inequalities(&g, &h)
        .bounds(&bounds.0, &bounds.1)
        .build()
        .unwrap()
}

/// A direction in each block of [`infeasible`].
struct Direction {
    p: Vec<f64>,
    q: Vec<f64>,
    a: Vec<f64>,
    b: Vec<f64>,
    g: Vec<f64>,
    h: Vec<f64>,
}

impl Direction {
    fn random(program: &Program, seed: u64) -> Self {
        let mut rng = Rng::new(seed);
        let (n, m) = (program.num_vars(), program.blocks().inequalities.len());
        let half = rng.matrix(n, n);
        let p = (0..n * n).map(|k| half[k / n][k % n] + half[k % n][k / n]).collect();
        let (q, a, b) = (rng.normals(n), rng.normals(n), rng.normals(1));
        Self { p, q, a, b, g: rng.normals(m * n), h: rng.normals(m) }
    }

    fn block(&self, name: &str) -> Values<'_> {
        let mut values = Values::default();
        match name {
            "P" => values.p = Some(&self.p),
            "q" => values.q = Some(&self.q),
            "A" => values.a = Some(&self.a),
            "b" => values.b = Some(&self.b),
            "G" => values.g = Some(&self.g),
            _ => values.h = Some(&self.h),
        }
        values
    }
}

const BLOCKS: [&str; 6] = ["P", "q", "A", "b", "G", "h"];

/// `program` moved by `step` along `direction` in one block.
fn moved(program: &Program, direction: &Direction, name: &str, step: f64) -> Program {
    let stacked = program.as_stacked();
    let blocks = program.blocks();
    let (a, g) = (program.row_block(&blocks.equalities), program.row_block(&blocks.inequalities));
    let add = |old: &[f64], by: &[f64]| old.iter().zip(by).map(|(v, d)| v + step * d).collect::<Vec<_>>();
    let at = Direction {
        p: add(program.p().values(), &direction.p),
        q: add(stacked.q(), &direction.q),
        a: add(a.values(), &direction.a),
        b: add(&stacked.u()[blocks.equalities.clone()], &direction.b),
        g: add(g.values(), &direction.g),
        h: add(&stacked.u()[blocks.inequalities.clone()], &direction.h),
    };
    let mut program = program.clone();
    program.update(&at.block(name)).unwrap();
    program
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

#[test]
fn derivatives_agree_with_differences_and_each_other_wherever_the_certificate_says_so() {
    let layer = closest().build().unwrap();
    let (mut compared, mut exact) = (0, 0);
    for seed in 0..60 {
        let program = infeasible(seed);
        let x_bar = Rng::new(seed + 1000).normals(program.num_vars());
        let direction = Direction::random(&program, seed + 2000);
        let mut solved = layer.forward(&program).unwrap();
        assert_eq!(solved.status(), Status::ClosestFeasible, "seed {seed}");
        let gradient = solved.backward(&x_bar).unwrap();
        let certificate = gradient.certificate();
        exact += usize::from(certificate.kind == CertificateKind::Exact);
        for name in BLOCKS.into_iter().filter(|name| !certificate.inexact_blocks.contains(name)) {
            let values = direction.block(name);
            let part = [values.p, values.q, values.a, values.b, values.g, values.h].into_iter().flatten().next();
            let block = gradient.blocks().into_iter().find(|(block, _)| *block == name).unwrap();
            let reverse = dot(block.1, part.unwrap());
            let forward = dot(&x_bar, &solved.jvp(&values).unwrap().x);
            let size = reverse.abs().max(1.0);
            assert!((forward - reverse).abs() <= 1e-9 * size, "seed {seed}, {name}: {forward} and {reverse}");
            let loss = |step: f64| {
                let moved = moved(&program, &direction, name, step);
                let mut solved = layer.forward(&moved).unwrap();
                solved.polish().unwrap();
                dot(&x_bar, solved.x())
            };
            let difference = (loss(1e-6) - loss(-1e-6)) / 2e-6;
            assert!((difference - reverse).abs() <= 1e-6 * size, "seed {seed}, {name}: {difference} and {reverse}");
            compared += 1;
        }
    }
    // Some programs are determined by their rows, most are not.
    assert!(compared >= 250 && (5..55).contains(&exact), "{compared} directions compared, {exact} exact");
}

/// Two infeasible members among ordinary ones: `x ≤ h₀`, `−x ≤ h₁` has the middle of `[−h₁, h₀]` where that is empty.
#[test]
fn a_batch_relaxes_the_members_that_need_it() {
    let program =
        Program::builder(1).objective(&[[1.0]], &[0.0]).inequalities(&[[1.0], [-1.0]], &[1.0, 1.0]).build().unwrap();
    let h = [1.0, 1.0, 0.0, -1.0, 1.0, -0.5, -2.0, -1.0];
    let mut batch = closest().build().unwrap().batch(&program, 4, 1).unwrap();
    let (mut x, mut h_bar) = ([0.0; 4], [0.0; 8]);
    let out = BatchGradient { h: Some(&mut h_bar), ..BatchGradient::default() };
    let values = Values { h: Some(&h), ..Values::default() };
    let certificates = batch.step(&values, &|_, _, bar| bar[0] = 1.0, &mut x, out).unwrap();
    assert!(difference(&x, &[0.0, 0.5, 0.5, -0.5]) <= 1e-9, "{x:?}");
    assert!(difference(&h_bar, &[0.0, 0.0, 0.5, -0.5, 0.0, -1.0, 0.5, -0.5]) <= 1e-9, "{h_bar:?}");
    let relaxation = |k: usize| certificates[k].as_ref().unwrap().relaxation;
    assert_eq!(relaxation(0), 0.0);
    assert!((relaxation(1) - 0.5).abs() <= 1e-9 && (relaxation(3) - 1.5).abs() <= 1e-9);
}
