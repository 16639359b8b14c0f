//! Where the derivative exists: it is found, certified, and obeys the laws of scaling, permutation and adjointness.

use bpqp::traits::CscMatrix;
use bpqp::{CertificateKind, CheckOptions, Cotangent, Program, Values, check_gradient};
use bpqp_conformance::SplitMix64;
use proptest::prelude::*;

use crate::planted::{Planted, dot, regular};
use crate::{close, config, layer, layer_of, solve};

/// Largest difference between numbers that are equal in exact arithmetic.
const ROUNDING: f64 = 1e-9;
/// A solve may leave 1e-12 of its right-hand side, which these programs' conditions multiply.
const SOLVED: f64 = 1e-8;

/// `order` such that new entry `k` is old entry `order[k]`.
fn shuffled(len: usize, rng: &mut SplitMix64) -> Vec<usize> {
    let mut order: Vec<usize> = (0..len).collect();
    for k in (1..len).rev() {
        order.swap(k, rng.next_u64() as usize % (k + 1));
    }
    order
}

fn pick<T: Clone>(v: &[T], order: &[usize]) -> Vec<T> {
    order.iter().map(|&k| v[k].clone()).collect()
}

/// A sparse matrix with rows and columns in these orders, as dense rows.
fn dense(matrix: &CscMatrix, rows: &[usize], cols: &[usize]) -> Vec<f64> {
    let mut all = vec![vec![0.0; cols.len()]; rows.len()];
    matrix.as_ref().entries().for_each(|(i, j, v)| all[i][j] = v);
    rows.iter().flat_map(|&i| pick(&all[i], cols)).collect()
}

fn permuted(planted: &Planted, vars: &[usize], equalities: &[usize], rows: &[usize]) -> Planted {
    let matrix = |m: &[Vec<f64>], order: &[usize]| pick(m, order).iter().map(|row| pick(row, vars)).collect();
    Planted {
        p: matrix(&planted.p, vars),
        q: pick(&planted.q, vars),
        a: matrix(&planted.a, equalities),
        b: pick(&planted.b, equalities),
        g: matrix(&planted.g, rows),
        h: pick(&planted.h, rows),
        lb: pick(&planted.lb, vars),
        ub: pick(&planted.ub, vars),
        x: pick(&planted.x, vars),
        x_bar: pick(&planted.x_bar, vars),
        active: Vec::new(),
    }
}

/// A direction for every block, symmetric in `P`.
struct Direction([Vec<f64>; 8]);

impl Direction {
    fn random(program: &Program, rng: &mut SplitMix64) -> Self {
        let (n, blocks) = (program.num_vars(), program.blocks());
        let dense: Vec<f64> = rng.normals(n * n);
        let p = program.p().entries().map(|(i, j, _)| dense[i * n + j] + dense[j * n + i]).collect();
        let (a, g) = (program.row_block(&blocks.equalities), program.row_block(&blocks.inequalities));
        let lens = [n, a.values().len(), a.nrows(), g.values().len(), g.nrows(), n, n].map(|len| rng.normals(len));
        let [q, a, b, g, h, lb, ub] = lens;
        Self([p, q, a, b, g, h, lb, ub])
    }

    fn values(&self) -> Values<'_> {
        let [p, q, a, b, g, h, lb, ub] = self.0.each_ref().map(|v| Some(&v[..]));
        Values { p, q, a, b, g, h, lb, ub, ..Values::default() }
    }
}

proptest! {
    #![proptest_config(config())]

    /// The planted solution is found, and its derivative called so, by every way to it; all agree.
    #[test]
    fn every_backend_finds_the_same_gradient(planted in regular()) {
        let program = planted.program();
        let (_, expected) = solve(&layer(), &program, &planted.x_bar).unwrap();
        let ways: [(&str, &[(&str, &str)]); 5] = [
            ("native", &[("structure", "dense")]),
            ("native", &[("structure", "sparse")]),
            ("native", &[("method", "interior-point")]),
            ("native", &[("method", "admm")]),
            ("clarabel", &[]),
        ];
        for (forward, options) in ways {
            let (x, gradient) = solve(&layer_of(forward, options), &program, &planted.x_bar).unwrap();
            prop_assert!(close(&x, &planted.x, ROUNDING), "{forward} {options:?}: {x:?}");
            prop_assert_eq!(gradient.certificate().kind, CertificateKind::Exact);
            prop_assert!(gradient.difference(&expected) <= SOLVED, "{forward} {options:?}");
        }
    }

    #[test]
    fn the_gradient_agrees_with_central_differences(planted in regular()) {
        let (layer, program) = (layer(), planted.program());
        let (_, gradient) = solve(&layer, &program, &planted.x_bar).unwrap();
        prop_assert_eq!(gradient.certificate().kind, CertificateKind::Exact);
        let options = CheckOptions { entries: 4, seed: 0 };
        for block in check_gradient(&layer, &program, &planted.x_bar, &gradient, &options, |_, _| {}).unwrap() {
            prop_assert!(block.error <= 1e-5, "{block:?}");
        }
    }

    /// `(P, q)` times `α`: the same point, duals times `α`; gradients of `P` and `q` over `α`, the others the same. (With
    /// `α` of 1e6 a gap of 1e-9 would be below the rounding of an objective that happens to be zero.)
    #[test]
    fn an_objective_in_other_units(planted in regular(), alpha in prop::sample::select(vec![1e-6, 0.5, 7.0, 1e3])) {
        let mut scaled = planted.clone();
        scaled.p.iter_mut().flatten().chain(&mut scaled.q).for_each(|v| *v *= alpha);
        let (program, other) = (planted.program(), scaled.program());
        let layer = layer();
        let (mut one, mut two) = (layer.forward(&program).unwrap(), layer.forward(&other).unwrap());
        let (first, second) = (one.backward(&planted.x_bar).unwrap(), two.backward(&planted.x_bar).unwrap());
        prop_assert!(close(two.x(), one.x(), ROUNDING));
        for (dual, want) in two.solution().y.iter().zip(&one.solution().y) {
            prop_assert!(close(&[dual / alpha], &[*want], ROUNDING));
        }
        prop_assert_eq!(second.certificate().kind, CertificateKind::Exact);
        for ((name, have), (_, want)) in second.blocks().into_iter().zip(first.blocks()) {
            // L depends on G through λ z̃ and λ̃ x: the force and z̃ are in units that cancel.
            let unit = if ["P", "q"].contains(&name) { alpha } else { 1.0 };
            let have: Vec<f64> = have.iter().map(|v| v * unit).collect();
            prop_assert!(close(&have, want, ROUNDING), "{name}: {have:?}, not {want:?}");
        }
    }

    /// A row and its side times `s`: the same point, its dual and the gradients of its data over `s`.
    #[test]
    fn a_row_in_other_units(planted in regular(), s in prop::sample::select(vec![1e-6, 0.5, 7.0, 1e6]), at in 0_usize..8) {
        prop_assume!(!planted.g.is_empty());
        let i = at % planted.g.len();
        let mut scaled = planted.clone();
        scaled.g[i].iter_mut().for_each(|v| *v *= s);
        scaled.h[i] *= s;
        let (program, other) = (planted.program(), scaled.program());
        let layer = layer();
        let (mut one, mut two) = (layer.forward(&program).unwrap(), layer.forward(&other).unwrap());
        let (first, second) = (one.backward(&planted.x_bar).unwrap(), two.backward(&planted.x_bar).unwrap());
        prop_assert!(close(two.x(), one.x(), ROUNDING));
        let unscaled = |values: &[f64]| values.iter().enumerate().map(|(k, v)| if k == i { v * s } else { *v }).collect();
        let (duals, h): (Vec<f64>, Vec<f64>) = (unscaled(two.duals().inequalities), unscaled(second.h()));
        prop_assert!(close(&duals, one.duals().inequalities, ROUNDING));
        prop_assert!(close(&h, first.h(), ROUNDING));
        prop_assert!(close(second.q(), first.q(), ROUNDING));
        for ((row, _, have), (_, _, want)) in second.g().as_ref().entries().zip(first.g().as_ref().entries()) {
            let have = if row == i { have * s } else { have };
            prop_assert!(close(&[have], &[want], ROUNDING));
        }
    }

    /// Variables and rows in another order: everything follows.
    #[test]
    fn another_order(planted in regular(), seed in any::<u64>()) {
        let mut rng = SplitMix64::new(seed);
        let (n, m, k) = (planted.q.len(), planted.a.len(), planted.g.len());
        let (vars, equalities, rows) = (shuffled(n, &mut rng), shuffled(m, &mut rng), shuffled(k, &mut rng));
        let other = permuted(&planted, &vars, &equalities, &rows);
        let layer = layer();
        let (x, first) = solve(&layer, &planted.program(), &planted.x_bar).unwrap();
        let (y, second) = solve(&layer, &other.program(), &other.x_bar).unwrap();
        let natural = |len: usize| (0..len).collect::<Vec<_>>();
        let pairs = [
            (pick(&x, &vars), y),
            (pick(first.q(), &vars), second.q().to_vec()),
            (pick(first.b(), &equalities), second.b().to_vec()),
            (pick(first.h(), &rows), second.h().to_vec()),
            (pick(first.lb(), &vars), second.lb().to_vec()),
            (pick(first.ub(), &vars), second.ub().to_vec()),
            (dense(first.p(), &vars, &vars), dense(second.p(), &natural(n), &natural(n))),
            (dense(first.a(), &equalities, &vars), dense(second.a(), &natural(m), &natural(n))),
            (dense(first.g(), &rows, &vars), dense(second.g(), &natural(k), &natural(n))),
        ];
        for (want, have) in &pairs {
            prop_assert!(close(have, want, ROUNDING), "{have:?}, not {want:?}");
        }
    }

    /// `⟨vjp(w̄), dθ⟩ = ⟨w̄, jvp(dθ)⟩`, for cotangents of the point and of all duals.
    #[test]
    fn backward_is_the_adjoint_of_forward(planted in regular(), seed in any::<u64>()) {
        let program = planted.program();
        let mut rng = SplitMix64::new(seed);
        let (n, m, k) = (planted.q.len(), planted.a.len(), planted.g.len());
        let [x, nu, lambda, zeta] = [n, m, k, n].map(|len| rng.normals(len));
        let direction = Direction::random(&program, &mut rng);
        let mut solved = layer().forward(&program).unwrap();
        let gradient = solved
            .vjp(&Cotangent {
                x: Some(&x),
                equalities: Some(&nu),
                inequalities: Some(&lambda),
                bounds: Some(&zeta),
                ..Cotangent::default()
            })
            .unwrap();
        let tangent = solved.jvp(&direction.values()).unwrap();
        let blocks = gradient.blocks();
        let of = |name: &str| blocks.iter().find(|(other, _)| *other == name).unwrap().1;
        let names = ["P", "q", "A", "b", "G", "h", "lb", "ub"];
        let terms: Vec<f64> = names.iter().zip(&direction.0).map(|(name, d)| dot(of(name), d)).collect();
        let parts = [(&x, &tangent.x), (&nu, &tangent.equalities), (&lambda, &tangent.inequalities)];
        let right = parts.iter().map(|(a, b)| dot(a, b)).sum::<f64>() + dot(&zeta, &tangent.bounds);
        let size = terms.iter().fold(1.0_f64, |m, v| m.max(v.abs()));
        let left: f64 = terms.iter().sum();
        prop_assert!((left - right).abs() <= 1e-9 * size, "{left} and {right}");
    }
}
