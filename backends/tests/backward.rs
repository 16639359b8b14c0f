//! The solver as a backward solver, through `ForwardAsBackward`.

use bpqp_traits::{AdjointQpRef, BackwardQpSolver, CscMatrix, ForwardAsBackward};

use super::support::{Random, solver};

/// Solves the adjoint QP with random right-hand sides and demands a relative residual of 1e-9.
fn check(random: &mut Random, h: &[f64], c: &[f64], k: usize) {
    check_scaled(random, h, c, &vec![1.0; k]);
}

/// The same with each row's right-hand side in the units of that row. Otherwise a row of 1e-4 makes z so long that the
/// rounding of another's product with it, of rows around 1e3, is 1e-9 by itself.
fn check_scaled(random: &mut Random, h: &[f64], c: &[f64], units: &[f64]) {
    let k = units.len();
    let d = c.len() / k;
    let triangle: Vec<f64> = (0..d * d).map(|e| if e / d <= e % d { h[e] } else { 0.0 }).collect();
    let h = CscMatrix::from_dense_rows(d, d, &triangle).unwrap();
    let c = CscMatrix::from_dense_rows(k, d, c).unwrap();
    let qp = AdjointQpRef::new(h.as_ref(), c.as_ref()).unwrap();
    let mut factor = ForwardAsBackward::new(solver()).factorize(&qp).unwrap();
    let (mut z, mut nu) = (vec![0.0; d], vec![0.0; k]);
    for round in 0..3 {
        let g = random.vec(d);
        let mut r = if round == 0 { vec![0.0; k] } else { random.vec(k) };
        r.iter_mut().zip(units).for_each(|(r, unit)| *r *= unit);
        let report = factor.solve(&g, &r, &mut z, &mut nu).unwrap();
        let residual = qp.residual(&g, &r, &z, &nu);
        assert!(residual <= 1e-9, "round {round}: residual {residual:e} ({report:?})");
        assert!(report.residual <= 1e-9);
    }
}

#[test]
fn random_equality_constrained_problems() {
    for seed in 1..=10 {
        let random = &mut Random::new(seed);
        let (h, c) = (random.psd(20, 20, 0.0), random.vec(8 * 20));
        check(random, &h, &c, 8);
    }
}

#[test]
fn badly_scaled_rows() {
    for seed in 1..=10 {
        let random = &mut Random::new(seed);
        let (h, mut c) = (random.psd(20, 20, 0.0), random.vec(8 * 20));
        let units: Vec<f64> = (-4..4).map(|e| 10f64.powi(e)).collect();
        for (row, unit) in c.chunks_mut(20).zip(&units) {
            row.iter_mut().for_each(|v| *v *= unit);
        }
        check_scaled(random, &h, &c, &units);
    }
}

#[test]
fn singular_hessian() {
    // Rank 14 and 8 generic rows: H is positive definite on the null space of C (dimension 12), K is regular.
    for seed in 1..=10 {
        let random = &mut Random::new(seed);
        let (h, c) = (random.psd(20, 14, 0.0), random.vec(8 * 20));
        check(random, &h, &c, 8);
    }
}

#[test]
fn zero_hessian() {
    // As many generic rows as variables: the rows alone decide (the backward pass of an LP at a vertex).
    for seed in 1..=10 {
        let random = &mut Random::new(seed);
        let c = random.vec(10 * 10);
        check(random, &[0.0; 100], &c, 10);
    }
}
