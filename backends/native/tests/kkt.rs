//! The direct KKT solver: closed forms, a dense oracle, dependent rows, bad scaling, refactorization, bad input.

#![allow(clippy::unwrap_used)]

mod common;

use bpqp_native::{DirectKkt, NativeKkt};
use bpqp_traits::vector::random_signs;
use bpqp_traits::{AdjointQpRef, AdjointReport, BackwardQpSolver, CscMatrix, ErrorKind, KktFactor};
use common::{Rng, assert_close, dense_solve};

type Solved = (Vec<f64>, Vec<f64>, AdjointReport);

fn solve(h: &CscMatrix, c: &CscMatrix, g: &[f64], r: &[f64]) -> Solved {
    let qp = AdjointQpRef::new(h.as_ref(), c.as_ref()).unwrap();
    let mut factor = NativeKkt.factorize(&qp).unwrap();
    let (mut z, mut nu) = (vec![0.0; h.ncols()], vec![0.0; c.nrows()]);
    let report = factor.solve(g, r, &mut z, &mut nu).unwrap();
    assert!((qp.residual(g, r, &z, &nu) - report.residual).abs() < 1e-15, "the report tells the residual");
    (z, nu, report)
}

/// `K` and `(−g, r)`, dense, row by row.
fn dense_kkt(h: &CscMatrix, c: &CscMatrix, g: &[f64], r: &[f64]) -> (Vec<f64>, Vec<f64>) {
    let (d, n) = (h.ncols(), h.ncols() + c.nrows());
    let mut k = vec![0.0; n * n];
    for (i, j, v) in h.as_ref().entries() {
        (k[i * n + j], k[j * n + i]) = (v, v);
    }
    for (i, j, v) in c.as_ref().entries() {
        (k[(d + i) * n + j], k[j * n + d + i]) = (v, v);
    }
    (k, g.iter().map(|v| -v).chain(r.iter().copied()).collect())
}

/// `BᵀB + shift I` (upper triangle) with a random sparse square `B`.
fn random_hessian(rng: &mut Rng, d: usize, per_column: usize, shift: f64) -> CscMatrix {
    let b = rng.sparse(d, d, per_column).transpose();
    let mut triplets: Vec<_> = (0..d).map(|i| (i, i, shift)).collect();
    for k in 0..d {
        let column: Vec<_> = b.as_ref().col(k).collect();
        for &(i, vi) in &column {
            triplets.extend(column.iter().filter(|&&(j, _)| i <= j).map(|&(j, vj)| (i, j, vi * vj)));
        }
    }
    CscMatrix::from_triplets(d, d, &triplets).unwrap()
}

trait Transpose {
    fn transpose(&self) -> CscMatrix;
}

impl Transpose for CscMatrix {
    fn transpose(&self) -> CscMatrix {
        self.as_ref().transpose()
    }
}

#[test]
fn projection_onto_a_hyperplane() {
    // min ½|z|² + gᵀz, 1ᵀz = 1: z = −g − ν, with ν = −(1 + Σg)/3 = −7/3 for g = (1, 2, 3).
    let h = CscMatrix::from_diagonal(&[1.0; 3]).unwrap();
    let c = CscMatrix::from_dense_rows(1, 3, &[1.0; 3]).unwrap();
    let (z, nu, report) = solve(&h, &c, &[1.0, 2.0, 3.0], &[1.0]);
    for (z, want) in z.iter().zip([4.0 / 3.0, 1.0 / 3.0, -2.0 / 3.0]) {
        assert!((z - want).abs() < 1e-14);
    }
    assert!((nu[0] + 7.0 / 3.0).abs() < 1e-14);
    assert!(report.residual <= 1e-14);
}

#[test]
fn empty_dimensions() {
    let empty = CscMatrix::zeros(0, 0);
    assert_eq!(solve(&empty, &empty, &[], &[]).2.residual, 0.0);
    // No rows: z = −g/2.
    let h = CscMatrix::from_diagonal(&[2.0; 2]).unwrap();
    let (z, _, _) = solve(&h, &CscMatrix::zeros(0, 2), &[1.0, -4.0], &[]);
    assert!((z[0] + 0.5).abs() < 1e-15 && (z[1] - 2.0).abs() < 1e-15);
    // No variables: rows 0 = r cannot hold; the residual says so.
    let (_, nu, report) = solve(&empty, &CscMatrix::zeros(2, 0), &[], &[1.0, 0.0]);
    assert!(nu.iter().all(|v| v.is_finite()) && report.residual >= 0.5);
}

#[test]
fn random_systems_match_a_dense_oracle() {
    for seed in 0..30 {
        let mut rng = Rng::new(seed);
        let d = 2 + rng.below(if seed % 3 == 0 { 80 } else { 20 });
        let k = rng.below(d);
        let h = random_hessian(&mut rng, d, 2, 0.1);
        let c = rng.full_rank_rows(k, d, 3);
        let (g, r) = (rng.vector(d), rng.vector(k));
        let (z, nu, report) = solve(&h, &c, &g, &r);
        let (matrix, rhs) = dense_kkt(&h, &c, &g, &r);
        let want = dense_solve(matrix, rhs);
        let scale = want.iter().fold(1.0, |m: f64, v| m.max(v.abs()));
        for (have, want) in z.iter().chain(&nu).zip(&want) {
            assert!((have - want).abs() <= 1e-10 * scale, "seed {seed}: {have} {want}");
        }
        assert!(report.residual <= 1e-12, "seed {seed}: {report:?}");
    }
}

#[test]
fn large_sparse_systems_reach_the_target() {
    for seed in 0..4 {
        let mut rng = Rng::new(seed);
        let (d, k) = (600, 200);
        let h = random_hessian(&mut rng, d, 2, 0.0);
        let c = rng.full_rank_rows(k, d, 3);
        let (g, r) = (rng.vector(d), rng.vector(k));
        let report = solve(&h, &c, &g, &r).2;
        assert!(report.residual <= 1e-10, "seed {seed}: {report:?}");
    }
}

#[test]
fn dependent_rows_share_their_multiplier() {
    // min ½|z|² + gᵀz, z₀ + z₁ = 2 stated three times, the last doubled: z = (1, 1) for g = (1, 1), and
    // ν₀ + ν₁ + 2ν₂ = −2 has the least-norm solution −(1, 1, 2)/3.
    let h = CscMatrix::from_diagonal(&[1.0; 2]).unwrap();
    let c = CscMatrix::from_dense_rows(3, 2, &[1.0, 1.0, 1.0, 1.0, 2.0, 2.0]).unwrap();
    let (z, nu, report) = solve(&h, &c, &[1.0, 1.0], &[2.0, 2.0, 4.0]);
    assert!(z.iter().all(|z| (z - 1.0).abs() < 1e-12), "{z:?}");
    for (nu, want) in nu.iter().zip([-1.0 / 3.0, -1.0 / 3.0, -2.0 / 3.0]) {
        assert!((nu - want).abs() < 1e-7, "{nu} {want}");
    }
    assert!(report.residual <= 1e-12);
}

#[test]
fn random_dependent_rows_are_solved() {
    for seed in 0..10 {
        let mut rng = Rng::new(100 + seed);
        let (d, k) = (60, 20);
        let h = random_hessian(&mut rng, d, 2, 0.1);
        let base = rng.full_rank_rows(k, d, 3);
        let mut triplets: Vec<_> = base.as_ref().entries().collect();
        triplets.extend(base.as_ref().entries().filter(|&(i, _, _)| i < 5).map(|(i, j, v)| (k + i, j, 3.0 * v)));
        let c = CscMatrix::from_triplets(k + 5, d, &triplets).unwrap();
        let (g, mut r) = (rng.vector(d), rng.vector(k));
        r.extend((0..5).map(|i| 3.0 * r[i]).collect::<Vec<_>>());
        let (_, _, report) = solve(&h, &c, &g, &r);
        assert!(report.residual <= 1e-10, "seed {seed}: {report:?}");
    }
}

/// Next to no curvature, a face of solutions of many dimensions and a row that is the sum of all others: whatever is consistent
/// is solved.
#[test]
fn flat_hessians_with_dependent_rows_are_solved() {
    for (d, per_row) in [(200, 8), (500, 3), (2000, 3)] {
        let k = d * 7 / 8;
        let draws: Vec<f64> = random_signs(per_row * k, 3).collect();
        let mut entries = Vec::new();
        for (p, v) in draws.iter().take(per_row * (k - 1)).enumerate() {
            entries.push((p / per_row, (v.abs() * 1e9) as usize % d, v.signum()));
        }
        entries.extend(entries.clone().into_iter().map(|(_, j, v)| (k - 1, j, v)));
        let c = CscMatrix::from_triplets(k, d, &entries).unwrap();
        let curved: Vec<_> = (0..d / 20).map(|j| (j, j, 1e-6 * (1 + j) as f64 / d as f64)).collect();
        let h = CscMatrix::from_triplets(d, d, &curved).unwrap();
        let known: Vec<f64> = random_signs(d + k, 0).collect();
        let (mut g, mut r) = (vec![0.0; d], vec![0.0; k]);
        h.as_ref().symmetric_mul_add(-1.0, &known[..d], &mut g);
        c.as_ref().transpose_mul_add(-1.0, &known[d..], &mut g);
        c.as_ref().mul_add(1.0, &known[..d], &mut r);
        let (_, _, report) = solve(&h, &c, &g, &r);
        assert!(report.residual <= 1e-12, "{d}: {report:?}");
    }
}

#[test]
fn singular_hessian_takes_the_least_norm_point() {
    // H = 0 and z₀ + z₁ = 2 with g ∝ the row: every feasible z is optimal, (1, 1) is the shortest, ν = −3.
    let c = CscMatrix::from_dense_rows(1, 2, &[1.0, 1.0]).unwrap();
    let (z, nu, report) = solve(&CscMatrix::zeros(2, 2), &c, &[3.0, 3.0], &[2.0]);
    assert!(z.iter().all(|z| (z - 1.0).abs() < 1e-9) && (nu[0] + 3.0).abs() < 1e-9, "{z:?} {nu:?}");
    assert!(report.residual <= 1e-12);
    // H = 0 with a square invertible C: z = C⁻¹r whatever g is.
    let c = CscMatrix::from_dense_rows(2, 2, &[2.0, 1.0, 0.0, 4.0]).unwrap();
    let (z, _, report) = solve(&CscMatrix::zeros(2, 2), &c, &[3.0, -1.0], &[3.0, 4.0]);
    assert!(z.iter().all(|z| (z - 1.0).abs() < 1e-13) && report.residual <= 1e-14);
}

#[test]
fn inconsistent_systems_end_finite_with_an_honest_residual() {
    // z₀ = 1 and z₀ = 2: the residual cannot fall below ½ over ‖rhs‖ = 2.
    let h = CscMatrix::from_diagonal(&[1.0]).unwrap();
    let c = CscMatrix::from_dense_rows(2, 1, &[1.0, 1.0]).unwrap();
    let (z, nu, report) = solve(&h, &c, &[0.0], &[1.0, 2.0]);
    assert!(z.iter().chain(&nu).all(|v| v.is_finite()));
    assert!(report.residual >= 0.25 - 1e-12, "{report:?}");
    // H = 0 without rows, g ≠ 0: unbounded.
    let (z, _, report) = solve(&CscMatrix::zeros(2, 2), &CscMatrix::zeros(0, 2), &[1.0, 0.0], &[]);
    assert!(z.iter().all(|v| v.is_finite()) && report.residual >= 0.5);
}

#[test]
fn bad_scaling_is_no_obstacle() {
    for seed in 0..8 {
        let mut rng = Rng::new(200 + seed);
        let (d, k) = (50, 15);
        let h = random_hessian(&mut rng, d, 2, 0.5);
        let c = rng.full_rank_rows(k, d, 3);
        // Rows and variables in units from 1e-8 to 1e8: D H D, E C D.
        let units: Vec<f64> = (0..d + k).map(|_| 10f64.powf(8.0 * (2.0 * rng.uniform() - 1.0))).collect();
        let scale = |m: &CscMatrix, offset: usize| {
            let entries: Vec<_> =
                m.as_ref().entries().map(|(i, j, v)| (i, j, v * units[offset + i] * units[j])).collect();
            CscMatrix::from_triplets(m.nrows(), m.ncols(), &entries).unwrap()
        };
        let (h, c) = (scale(&h, 0), scale(&c, d));
        // A right-hand side whose solution is (1, …, 1) in the first units, so that the residual is meaningful.
        let w: Vec<f64> = units.iter().map(|s| 1.0 / s).collect();
        let (mut g, mut r) = (vec![0.0; d], vec![0.0; k]);
        h.as_ref().symmetric_mul_add(-1.0, &w[..d], &mut g);
        c.as_ref().transpose_mul_add(-1.0, &w[d..], &mut g);
        c.as_ref().mul_add(1.0, &w[..d], &mut r);
        let (z, nu, report) = solve(&h, &c, &g, &r);
        assert!(report.residual <= 1e-10, "seed {seed}: {report:?}");
        let worst = z.iter().chain(&nu).zip(&units).map(|(v, s)| (v * s - 1.0).abs()).fold(0.0, f64::max);
        assert!(worst.is_finite());
    }
}

#[test]
fn nearly_singular_matrices_still_converge() {
    // σ_min(K) near the regularization: H = diag(1e-9, 1), no rows; z = −g/H.
    let h = CscMatrix::from_dense_rows(2, 2, &[1e-9, 0.0, 0.0, 1.0]).unwrap();
    let (z, _, report) = solve(&h, &CscMatrix::zeros(0, 2), &[1e-9, 1.0], &[]);
    assert!((z[0] + 1.0).abs() < 1e-6 && (z[1] + 1.0).abs() < 1e-12 && report.residual <= 1e-14, "{z:?}");
    // Two nearly parallel rows with consistent sides.
    let h = CscMatrix::from_diagonal(&[1.0; 3]).unwrap();
    let c = CscMatrix::from_dense_rows(2, 3, &[1.0, 1.0, 0.0, 1.0, 1.0, 1e-6]).unwrap();
    let report = solve(&h, &c, &[1.0, 2.0, 3.0], &[1.0, 1.0]).2;
    assert!(report.residual <= 1e-10, "{report:?}");
}

#[test]
fn refactorize_equals_a_fresh_factorization() {
    let mut rng = Rng::new(7);
    let (d, k) = (70, 20);
    let (h1, c1) = (random_hessian(&mut rng, d, 2, 0.1), rng.full_rank_rows(k, d, 3));
    let (mut h2, mut c2) = (h1.clone(), c1.clone());
    h2.values_mut().iter_mut().for_each(|v| *v *= 1.5);
    c2.values_mut().iter_mut().enumerate().for_each(|(i, v)| *v *= 1.0 + 0.01 * i as f64);
    let first = AdjointQpRef::new(h1.as_ref(), c1.as_ref()).unwrap();
    let second = AdjointQpRef::new(h2.as_ref(), c2.as_ref()).unwrap();
    let mut reused = NativeKkt.factorize(&first).unwrap();
    reused.refactorize(&second).unwrap();
    let (g, r) = (rng.vector(d), rng.vector(k));
    let (mut z, mut nu) = (vec![0.0; d], vec![0.0; k]);
    reused.solve(&g, &r, &mut z, &mut nu).unwrap();
    let (want_z, want_nu, _) = solve(&h2, &c2, &g, &r);
    assert_eq!((z, nu), (want_z, want_nu));
    let other = CscMatrix::from_diagonal(&vec![1.0; d]).unwrap();
    let other = AdjointQpRef::new(other.as_ref(), c1.as_ref()).unwrap();
    assert_eq!(reused.refactorize(&other).unwrap_err().kind(), ErrorKind::InvalidArgument);
}

/// Dense and sparse factors; a singular one, whose solves are one by one, each beginning with the factor that served last; one, no and many more than a register of them.
#[test]
fn many_right_hand_sides_equal_single_solves() {
    let mut rng = Rng::new(8);
    for (d, k, per_row) in [(6, 2, 2), (30, 8, 2), (60, 20, 2), (90, 30, 40), (300, 80, 2)] {
        let (h, c) = (random_hessian(&mut rng, d, per_row, 0.1), rng.full_rank_rows(k, d, 3));
        let singular = CscMatrix::from_triplets(d, d, &[]).unwrap();
        for (h, tolerance) in [(&h, 1e-5), (&singular, 1e-9)] {
            let qp = AdjointQpRef::new(h.as_ref(), c.as_ref()).unwrap();
            let mut factor = DirectKkt::new(&qp).unwrap();
            for count in [0, 1, 3, 8, 19] {
                let (g, r) = (rng.vector(d * count), rng.vector(k * count));
                let (mut z, mut nu) = (vec![f64::NAN; d * count], vec![f64::NAN; k * count]);
                factor.solve_many(count, (&g, &r), (&mut z, &mut nu)).unwrap();
                for s in 0..count {
                    let (vars, rows) = (s * d..(s + 1) * d, s * k..(s + 1) * k);
                    let single = solve(h, &c, &g[vars.clone()], &r[rows.clone()]);
                    let size = single.0.iter().chain(&single.1).fold(1.0, |m: f64, v| m.max(v.abs()));
                    assert_close(&z[vars], &single.0, tolerance * size);
                    assert_close(&nu[rows], &single.1, tolerance * size);
                }
                let error = factor.solve_many(count + 1, (&g, &r), (&mut z, &mut nu)).unwrap_err();
                assert_eq!(error.kind(), ErrorKind::InvalidArgument);
            }
        }
    }
}

#[test]
fn bad_input_is_a_typed_error() {
    let h = CscMatrix::from_diagonal(&[1.0; 2]).unwrap();
    let c = CscMatrix::from_dense_rows(1, 2, &[1.0, 1.0]).unwrap();
    let qp = AdjointQpRef::new(h.as_ref(), c.as_ref()).unwrap();
    let mut factor = NativeKkt.factorize(&qp).unwrap();
    let (mut z, mut nu) = ([0.0; 2], [0.0; 1]);
    for (g, r) in [(&[1.0][..], &[1.0][..]), (&[1.0, f64::NAN], &[1.0]), (&[1.0, 2.0], &[f64::INFINITY])] {
        let error = factor.solve(g, r, &mut z, &mut nu).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidArgument);
    }
    // Extreme but finite right-hand sides and zero ones are fine.
    factor.solve(&[1e300, 0.0], &[0.0], &mut z, &mut nu).unwrap();
    assert!(z.iter().all(|v| v.is_finite()));
    assert_eq!(factor.solve(&[0.0; 2], &[0.0], &mut z, &mut nu).unwrap().residual, 0.0);
    assert_eq!(z, [0.0; 2]);
}
