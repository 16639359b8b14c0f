//! Many derivatives at one solution are those that one at a time has.
#![cfg(all(feature = "native", feature = "generate"))]
#![allow(clippy::unwrap_used)]

mod common;

use bpqp::generate::{Family, Recipe};
use bpqp::{AtInfeasibility, Cotangent, Error, Gradient, Layer, Program, Solved, Values, VectorBlock};
use common::{Rng, Sizes, random_program};

/// Dense and sparse, with every block, bounds at which most variables are held, and a linear program.
fn programs() -> Vec<Program> {
    let recipes = [
        Recipe::new(Family::Gaussian).n(30).m(10).p(6),
        Recipe::new(Family::RandomSparse).n(300).m(120).p(30),
        Recipe::new(Family::Local).n(400).m(100).p(30),
        Recipe::new(Family::Mpc).n(6),
        Recipe::new(Family::Simplex).n(120),
        Recipe::new(Family::PortfolioFactor).n(60),
        Recipe::new(Family::PaperLp).n(20).m(5).p(5),
    ];
    let sizes = Sizes { vars: 24, equalities: 5, inequalities: 8, rows: 6 };
    let random = (0..4).map(|seed| random_program(seed, sizes));
    recipes.iter().map(|recipe| recipe.generate().unwrap().program).chain(random).collect()
}

/// Programs at whose solutions something is wrong: rows that repeat each other, a face of solutions, a kink.
fn degenerate() -> Vec<Program> {
    let twice = Program::builder(2)
        .objective(&[[1.0, 0.0], [0.0, 2.0]], &[-3.0, -4.0])
        .inequalities(&[[1.0, 1.0], [2.0, 2.0]], &[1.0, 2.0]);
    let face = Program::builder(3)
        .objective(&[[1.0, 0.0, 0.0], [0.0, 0.0, 0.0], [0.0, 0.0, 0.0]], &[-1.0, 0.0, 0.0])
        .equalities(&[[0.0, 1.0, 1.0]], &[1.0]);
    let kink = Program::builder(2).objective(&[[1.0, 0.0], [0.0, 1.0]], &[0.0, -1.0]).bounds(&[0.0, 0.0], &[9.0, 9.0]);
    [twice, face, kink].map(|builder| builder.build().unwrap()).into()
}

struct Random {
    x: Vec<f64>,
    duals: [Vec<f64>; 3],
    bounds: Option<Vec<f64>>,
}

impl Random {
    fn new(program: &Program, rng: &mut Rng, with_bounds: bool) -> Self {
        let (n, blocks) = (program.num_vars(), program.blocks());
        let duals = [&blocks.equalities, &blocks.inequalities, &blocks.rows].map(|rows| rng.normals(rows.len()));
        Self { x: rng.normals(n), duals, bounds: with_bounds.then(|| rng.normals(n)) }
    }

    fn cotangent(&self) -> Cotangent<'_> {
        let [equalities, inequalities, rows] = self.duals.each_ref().map(|v| Some(&v[..]));
        let x = Some(&self.x[..]);
        Cotangent { x, equalities, inequalities, rows, bounds: self.bounds.as_deref(), ..Cotangent::default() }
    }
}

fn assert_same(many: &Gradient, one: &Gradient, tolerance: f64, what: &str) {
    assert!(many.difference(one) <= tolerance, "{what}: {:e}", many.difference(one));
    let (have, want) = (many.certificate(), one.certificate());
    assert_eq!((have.kind, &have.active, &have.dependent), (want.kind, &want.active, &want.dependent), "{what}");
    assert!(have.residual <= want.residual.max(1e-11), "{what}: {:e}", have.residual);
}

#[test]
fn many_gradients_are_the_single_ones() {
    for (k, program) in programs().into_iter().chain(degenerate()).enumerate() {
        let mut rng = Rng::new(k as u64);
        for reuse in [true, false] {
            let layer = Layer::builder().reuse(reuse).build().unwrap();
            let mut solved = layer.forward(&program).unwrap();
            let random: Vec<_> = (0..19).map(|s| Random::new(&program, &mut rng, s % 3 == 0)).collect();
            let mut cotangents: Vec<_> = random.iter().map(Random::cotangent).collect();
            for count in [0, 1, 2, 19] {
                let many = solved.vjp_many(&cotangents[..count]).unwrap();
                assert_eq!(many.len(), count);
                for (many, cotangent) in many.iter().zip(&cotangents) {
                    match (many, solved.vjp(cotangent)) {
                        (Ok(many), Ok(one)) => assert_same(many, &one, 1e-8, &format!("{k}, reuse {reuse}")),
                        (Err(Error::Adjoint { .. }), Err(Error::Adjoint { .. })) => {}
                        (many, one) => panic!("{k}: {many:?} and {one:?}"),
                    }
                }
            }
            // What is not a cotangent is refused alone.
            cotangents[4].x = Some(&[f64::NAN]);
            let many = solved.vjp_many(&cotangents).unwrap();
            assert!(matches!(many[4], Err(Error::Solver(_))));
            assert!(many[3].is_ok() && many[5].is_ok());
        }
    }
}

const BLOCKS: [VectorBlock; 7] =
    [VectorBlock::Q, VectorBlock::B, VectorBlock::H, VectorBlock::L, VectorBlock::U, VectorBlock::Lb, VectorBlock::Ub];

fn values(block: VectorBlock, v: &[f64]) -> Values<'_> {
    let mut values = Values::default();
    *match block {
        VectorBlock::Q => &mut values.q,
        VectorBlock::B => &mut values.b,
        VectorBlock::H => &mut values.h,
        VectorBlock::L => &mut values.l,
        VectorBlock::U => &mut values.u,
        VectorBlock::Lb => &mut values.lb,
        VectorBlock::Ub => &mut values.ub,
    } = Some(v);
    values
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

/// `J v` is the tangent along `v`, and `uᵀJ` the gradient of `uᵀx`, for whole random vectors.
fn check_jacobian(solved: &mut Solved<'_>, block: VectorBlock, rng: &mut Rng, what: &str) {
    let jacobian = solved.jacobian(block).unwrap();
    let (d, k) = (jacobian.nrows(), jacobian.ncols());
    assert_eq!((d, k * d), (solved.x().len(), jacobian.values().len()));
    let (u, v) = (rng.normals(d), rng.normals(k));
    let gradient = solved.backward(&u).unwrap();
    let of = block.of(&gradient);
    assert_eq!(of.len(), k, "{what}");
    let size = jacobian.values().iter().fold(1.0, |m: f64, v| m.max(v.abs()));
    for (j, g) in of.iter().enumerate() {
        assert!((dot(&u, jacobian.column(j)) - g).abs() <= 1e-9 * size * d as f64, "{what}, column {j}");
    }
    let tangent = solved.jvp(&values(block, &v)).unwrap();
    for (i, t) in tangent.x.iter().enumerate() {
        let row: f64 = (0..k).map(|j| jacobian.column(j)[i] * v[j]).sum();
        assert!((row - t).abs() <= 1e-9 * size * d as f64, "{what}, row {i}: {row} {t}");
    }
    assert!(jacobian.certificate().residual <= 1e-9);
}

#[test]
fn jacobians_agree_with_both_passes() {
    for (k, program) in programs().into_iter().enumerate() {
        let mut rng = Rng::new(50 + k as u64);
        let mut solved = Layer::new().unwrap().forward(&program).unwrap();
        for block in BLOCKS {
            check_jacobian(&mut solved, block, &mut rng, &format!("{k}, {block:?}"));
        }
    }
}

/// `x₀ = 1` and `x₀ = 2` contradict each other: the closest feasible program has `x₀ = 1½`, and half of either side moves it.
#[test]
fn the_jacobian_at_the_closest_feasible_solution() {
    let program = Program::builder(2)
        .objective(&[[1.0, 0.0], [0.0, 1.0]], &[0.0, -1.0])
        .equalities(&[[1.0, 0.0], [1.0, 0.0]], &[1.0, 2.0])
        .build()
        .unwrap();
    let layer = Layer::builder().at_infeasibility(AtInfeasibility::Closest).build().unwrap();
    let mut solved = layer.forward(&program).unwrap();
    let jacobian = solved.jacobian(VectorBlock::B).unwrap();
    for (have, want) in jacobian.values().iter().zip([0.5, 0.0, 0.5, 0.0]) {
        assert!((have - want).abs() < 1e-9, "{:?}", jacobian.values());
    }
    let one = solved.backward(&[1.0, 0.0]).unwrap();
    let many = solved.backward_many(&[&[1.0, 0.0]]).unwrap().remove(0).unwrap();
    assert_eq!(many, one);
}

/// `min ½|x − c|²  s.t.  Σx = 1, x ≥ 0` with `c = (1, ½, −9)` holds `x₂` at its bound: `x = (¾, ¼, 0)`. The free part is
/// `I − ½ 1 1ᵀ` of `c`, `½` of the right-hand side, and less half of what the bound moves by.
#[test]
fn the_jacobians_of_a_projection() {
    let program = Program::builder(3)
        .objective(&[[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]], &[-1.0, -0.5, 9.0])
        .equalities(&[[1.0, 1.0, 1.0]], &[1.0])
        .bounds(&[0.0; 3], &[f64::INFINITY; 3])
        .build()
        .unwrap();
    let mut solved = Layer::new().unwrap().forward(&program).unwrap();
    let want: [(VectorBlock, &[f64]); 4] = [
        (VectorBlock::Q, &[-0.5, 0.5, 0.0, 0.5, -0.5, 0.0, 0.0, 0.0, 0.0]),
        (VectorBlock::B, &[0.5, 0.5, 0.0]),
        (VectorBlock::Lb, &[0.0, 0.0, 0.0, 0.0, 0.0, 0.0, -0.5, -0.5, 1.0]),
        (VectorBlock::Ub, &[0.0; 9]),
    ];
    for (block, want) in want {
        let jacobian = solved.jacobian(block).unwrap();
        for (have, want) in jacobian.values().iter().zip(want) {
            assert!((have - want).abs() < 1e-12, "{block:?}: {:?}", jacobian.values());
        }
    }
    assert!(solved.jacobian(VectorBlock::H).unwrap().values().is_empty());
}
