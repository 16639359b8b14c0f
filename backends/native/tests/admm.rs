//! The forward solver: analytic programs with their duals, certificates, updates, limits, determinism.

#![allow(clippy::unwrap_used)]

mod common;

use std::time::Duration;

use bpqp_native::NativeSolver;
use bpqp_traits::{
    ConesRef, CscMatrix, ErrorKind, ForwardSolver, KktResiduals, ProgramBuf, ProgramUpdate, Reuse, Session, Settings,
    Solution, Status, dual_ray_violation, primal_ray_violation,
};
use common::Rng;

const INF: f64 = f64::INFINITY;

fn program(p: &[f64], q: &[f64], a: &[f64], (l, u): (&[f64], &[f64]), (lb, ub): (&[f64], &[f64])) -> ProgramBuf {
    let n = q.len();
    let upper: Vec<f64> = (0..n * n).map(|k| if k / n <= k % n { p[k] } else { 0.0 }).collect();
    let p = CscMatrix::from_dense_rows(n, n, &upper).unwrap();
    let a = CscMatrix::from_dense_rows(l.len(), n, a).unwrap();
    ProgramBuf::new(p, q.to_vec(), a, (l.to_vec(), u.to_vec()), (lb.to_vec(), ub.to_vec())).unwrap()
}

fn session(program: &ProgramBuf, settings: &Settings) -> Box<dyn Session> {
    NativeSolver.setup(&program.as_ref(), settings).unwrap()
}

fn solve_with(program: &ProgramBuf, settings: &Settings) -> (Status, Solution) {
    let mut out = Solution::default();
    let status = session(program, settings).solve(&mut out).unwrap();
    (status, out)
}

fn solve(program: &ProgramBuf) -> Solution {
    let (status, out) = solve_with(program, &Settings::default());
    assert_eq!(status, Status::Solved);
    assert!(KktResiduals::compute(&program.as_ref(), &out).max() <= 1e-8);
    out
}

#[track_caller]
fn assert_close(have: &[f64], want: &[f64], tolerance: f64) {
    assert_eq!(have.len(), want.len());
    for (h, w) in have.iter().zip(want) {
        assert!((h - w).abs() <= tolerance, "{have:?} is not {want:?}");
    }
}

/// A feasible, bounded QP with about half its rows active: `P = BᵀB`, rows around a random point.
fn random_program(rng: &mut Rng, n: usize, m: usize, strict: bool) -> ProgramBuf {
    let b = rng.sparse(n, n, 3);
    let bt = b.as_ref().transpose();
    let mut p: Vec<(usize, usize, f64)> = (0..n).filter(|_| strict).map(|j| (j, j, 0.1)).collect();
    for k in 0..n {
        let row: Vec<_> = bt.as_ref().col(k).collect();
        for &(i, vi) in &row {
            p.extend(row.iter().filter(|&&(j, _)| i <= j).map(|&(j, vj)| (i, j, vi * vj)));
        }
    }
    let p = CscMatrix::from_triplets(n, n, &p).unwrap();
    let a = rng.sparse(m, n, 3);
    let (x0, q) = (rng.vector(n), rng.vector(n));
    let mut ax = vec![0.0; m];
    a.as_ref().mul_add(1.0, &x0, &mut ax);
    let l = ax.iter().enumerate().map(|(i, v)| if i % 4 == 0 { *v } else { v - rng.uniform() }).collect();
    let u = ax.iter().enumerate().map(|(i, v)| if i % 4 == 0 { *v } else { v + 0.5 * rng.uniform() }).collect();
    let lb = x0.iter().map(|v| v - 1.0).collect();
    let ub = x0.iter().enumerate().map(|(j, v)| if j % 3 == 0 { INF } else { v + 0.2 }).collect();
    ProgramBuf::new(p, q, a, (l, u), (lb, ub)).unwrap()
}

#[test]
fn rows_at_both_sides() {
    // min ½|x|² − 3x₀ + 4x₁, x₀ ≤ 1, x₁ ≥ −2 as rows: x = (1, −2), y = −(x + q) = (2, −2).
    let p = program(
        &[1.0, 0.0, 0.0, 1.0],
        &[-3.0, 4.0],
        &[1.0, 0.0, 0.0, 1.0],
        (&[-INF, -2.0], &[1.0, INF]),
        (&[-INF; 2], &[INF; 2]),
    );
    let s = solve(&p);
    assert_close(&s.x, &[1.0, -2.0], 1e-12);
    assert_close(&s.y, &[2.0, -2.0], 1e-12);
    // ½·5 − 3 − 8.
    assert!((s.objective + 8.5).abs() < 1e-12);
}

#[test]
fn bounds_without_rows() {
    // The same as bounds on the variables: ζ = (2, −2).
    let p = program(&[1.0, 0.0, 0.0, 1.0], &[-3.0, 4.0], &[], (&[], &[]), (&[-INF, -2.0], &[1.0, INF]));
    let s = solve(&p);
    assert_close(&s.x, &[1.0, -2.0], 1e-12);
    assert_close(&s.bound_duals, &[2.0, -2.0], 1e-12);
    assert!(s.y.is_empty());
}

#[test]
fn no_constraint_at_all() {
    // [2 1; 1 2] x = (1, 1): x = (1, 1)/3.
    let p = program(&[2.0, 1.0, 1.0, 2.0], &[-1.0, -1.0], &[], (&[], &[]), (&[-INF; 2], &[INF; 2]));
    assert_close(&solve(&p).x, &[1.0 / 3.0; 2], 1e-12);
}

#[test]
fn equalities_only() {
    // min ½|x|², x₀ + x₁ + x₂ = 3 and x₀ − x₂ = 0: x = 1, y = (−1, 0).
    let mut p = [0.0; 9];
    (p[0], p[4], p[8]) = (1.0, 1.0, 1.0);
    let rows = [1.0, 1.0, 1.0, 1.0, 0.0, -1.0];
    let p = program(&p, &[0.0; 3], &rows, (&[3.0, 0.0], &[3.0, 0.0]), (&[-INF; 3], &[INF; 3]));
    let s = solve(&p);
    assert_close(&s.x, &[1.0; 3], 1e-12);
    assert_close(&s.y, &[-1.0, 0.0], 1e-12);
}

#[test]
fn linear_program_with_its_duals() {
    // min −x₀ − x₁, x₀ + 2x₁ ≤ 4, 3x₀ + x₁ ≤ 6, x ≥ 0: the vertex (8/5, 6/5);
    // y₀ + 3y₁ = 1 and 2y₀ + y₁ = 1 give y = (2/5, 1/5).
    let p = program(&[0.0; 4], &[-1.0, -1.0], &[1.0, 2.0, 3.0, 1.0], (&[-INF; 2], &[4.0, 6.0]), (&[0.0; 2], &[INF; 2]));
    let s = solve(&p);
    assert_close(&s.x, &[1.6, 1.2], 1e-10);
    assert_close(&s.y, &[0.4, 0.2], 1e-10);
    assert_close(&s.bound_duals, &[0.0; 2], 1e-10);
}

#[test]
fn simplex_projection_with_a_fixed_and_a_free_part() {
    // Project (0.9, 0.6, −1, 7) onto x₀ + x₁ + x₂ = 1, x ≥ 0, with x₃ fixed at 5 and a free row over it:
    // x = (0.65, 0.35, 0, 5); with shift τ = 0.25: y = 0.25, ζ₂ = −1 − 0.25 = −1.25, ζ₃ = 7 − 5 = 2, free row: 0.
    let mut p = [0.0; 16];
    (p[0], p[5], p[10], p[15]) = (1.0, 1.0, 1.0, 1.0);
    let rows = [1.0, 1.0, 1.0, 0.0, 1.0, 1.0, 0.0, 1.0];
    let p = program(
        &p,
        &[-0.9, -0.6, 1.0, -7.0],
        &rows,
        (&[1.0, -INF], &[1.0, INF]),
        (&[0.0, 0.0, 0.0, 5.0], &[INF, INF, INF, 5.0]),
    );
    let s = solve(&p);
    assert_close(&s.x, &[0.65, 0.35, 0.0, 5.0], 1e-12);
    assert_close(&s.y, &[0.25, 0.0], 1e-12);
    assert_close(&s.bound_duals, &[0.0, 0.0, -1.25, 2.0], 1e-12);
}

#[test]
fn redundant_and_zero_rows() {
    // min ½x² − 2x with x ≤ 1 stated three times and a row of zeros: x = 1, the multipliers add up to 1.
    let p = program(&[1.0], &[-2.0], &[1.0, 1.0, 1.0, 0.0], (&[-INF; 4], &[1.0, 1.0, 1.0, 0.0]), (&[-INF], &[INF]));
    let s = solve(&p);
    assert_close(&s.x, &[1.0], 1e-10);
    assert!((s.y.iter().sum::<f64>() - 1.0).abs() < 1e-8 && s.y.iter().all(|&y| y >= 0.0));
}

#[test]
fn random_programs_reach_the_tolerance() {
    for seed in 0..40 {
        let mut rng = Rng::new(seed);
        let n = 2 + rng.below(60);
        let m = rng.below(2 * n);
        solve(&random_program(&mut rng, n, m.min(3 * n / 2), seed % 2 == 0));
    }
}

#[test]
fn badly_scaled_program() {
    // Units of 1e6 and 1e−5: min ½(1e12 x₀² + 1e−10 x₁²) − 1e6 x₀ − 1e−5 x₁, 1e6 x₀ + 1e−5 x₁ ≤ 1.
    // In v = (1e6 x₀, 1e−5 x₁): ½|v|² − v₀ − v₁, v₀ + v₁ ≤ 1: v = (½, ½), y = ½.
    let p = program(&[1e12, 0.0, 0.0, 1e-10], &[-1e6, -1e-5], &[1e6, 1e-5], (&[-INF], &[1.0]), (&[-INF; 2], &[INF; 2]));
    let s = solve(&p);
    assert_close(&[s.x[0] * 1e6, s.x[1] * 1e-5], &[0.5, 0.5], 1e-8);
    assert_close(&s.y, &[0.5], 1e-8);
}

#[test]
fn infeasible_rows_leave_a_farkas_certificate() {
    // x₀ + x₁ ≥ 3 within the unit box; and free variables with x₀ − x₁ = 0, = 1.
    let boxed = program(&[0.0; 4], &[1.0, 1.0], &[1.0, 1.0], (&[3.0], &[INF]), (&[0.0; 2], &[1.0; 2]));
    let free = program(
        &[1.0, 0.0, 0.0, 1.0],
        &[0.0; 2],
        &[1.0, -1.0, 1.0, -1.0],
        (&[0.0, 1.0], &[0.0, 1.0]),
        (&[-INF; 2], &[INF; 2]),
    );
    for p in [boxed, free] {
        let (status, s) = solve_with(&p, &Settings::default());
        assert_eq!(status, Status::PrimalInfeasible);
        assert!(primal_ray_violation(&p.as_ref(), &s.y, &s.bound_duals, &[]) <= 1e-8);
        assert!(s.x.iter().all(|x| x.is_nan()));
    }
}

#[test]
fn unbounded_programs_leave_a_ray() {
    // min −x₀ with x₀ − x₁ ≤ 1, x ≥ 0: the ray (1, 1). And min ½x₀² − x₁ over free x: the ray (0, 1).
    let lp = program(&[0.0; 4], &[-1.0, 0.0], &[1.0, -1.0], (&[-INF], &[1.0]), (&[0.0; 2], &[INF; 2]));
    let qp = program(&[1.0, 0.0, 0.0, 0.0], &[0.0, -1.0], &[], (&[], &[]), (&[-INF; 2], &[INF; 2]));
    for p in [lp, qp] {
        let (status, s) = solve_with(&p, &Settings::default());
        assert_eq!(status, Status::DualInfeasible);
        assert!(dual_ray_violation(&p.as_ref(), &s.x) <= 1e-8);
        assert!(s.bound_duals.iter().all(|v| v.is_nan()));
    }
}

#[test]
fn tiny_curvature_is_not_unbounded() {
    // min ½·2e−6 x² − x: x = 5e5.
    let p = program(&[2e-6], &[-1.0], &[], (&[], &[]), (&[-INF], &[INF]));
    assert_close(&solve(&p).x, &[5e5], 1e-4);
}

#[test]
fn updates_equal_a_fresh_setup() {
    for seed in 0..10 {
        let mut rng = Rng::new(300 + seed);
        let (n, m) = (20, 15);
        let first = random_program(&mut rng, n, m, true);
        let mut s = session(&first, &Settings::default());
        let mut out = Solution::default();
        assert_eq!(s.solve(&mut out).unwrap(), Status::Solved);

        let q = rng.vector(n);
        let a: Vec<f64> = first.as_ref().a().values().iter().map(|v| 1.1 * v).collect();
        let p: Vec<f64> = first.as_ref().p().values().iter().map(|v| 2.0 * v).collect();
        let u: Vec<f64> = first.as_ref().u().iter().map(|v| v + 0.1).collect();
        let vectors = ProgramUpdate { q: Some(&q), ..Default::default() };
        assert_eq!(s.update(&vectors).unwrap(), Reuse::Numeric);
        assert_eq!(s.solve(&mut out).unwrap(), Status::Solved);
        let mut fresh = first.clone();
        fresh.apply(&vectors).unwrap();
        assert_close(&out.x, &solve(&fresh).x, 1e-7);

        // Equalities become inequalities: other step sizes, so another factorization. Then new matrices.
        let sides = ProgramUpdate { u: Some(&u), ..Default::default() };
        assert_eq!(s.update(&sides).unwrap(), Reuse::Symbolic);
        let matrices = ProgramUpdate { p: Some(&p), a: Some(&a), ..Default::default() };
        assert_eq!(s.update(&matrices).unwrap(), Reuse::Symbolic);
        fresh.apply(&sides).unwrap();
        fresh.apply(&matrices).unwrap();
        let mut want = Solution::default();
        let status = session(&fresh, &Settings::default()).solve(&mut want).unwrap();
        assert_eq!(s.solve(&mut out).unwrap(), status);
        if status == Status::Solved {
            assert_close(&out.x, &want.x, 1e-7);
        }
    }
}

#[test]
fn refused_updates_change_nothing() {
    let p = program(&[1.0, 0.5, 0.5, 1.0], &[1.0, 1.0], &[1.0, 1.0], (&[1.0], &[1.0]), (&[0.0; 2], &[1.0; 2]));
    let mut s = session(&p, &Settings::default());
    let bad = ProgramUpdate { q: Some(&[5.0, 0.0]), u: Some(&[0.5]), ..Default::default() };
    assert_eq!(s.update(&bad).unwrap_err().kind(), ErrorKind::InvalidProblem);
    let concave = ProgramUpdate { p: Some(&[1.0, 3.0, 1.0]), q: Some(&[5.0, 0.0]), ..Default::default() };
    assert_eq!(s.update(&concave).unwrap_err().kind(), ErrorKind::NotConvex);
    let mut out = Solution::default();
    assert_eq!(s.solve(&mut out).unwrap(), Status::Solved);
    assert_close(&out.x, &[0.5, 0.5], 1e-10);
}

#[test]
fn warm_starts_reduce_iterations() {
    let mut rng = Rng::new(11);
    let p = random_program(&mut rng, 50, 40, true);
    let cold = solve(&p);
    let mut s = session(&p, &Settings::default());
    s.warm_start(&cold.x, &cold.y, &cold.bound_duals).unwrap();
    let mut warm = Solution::default();
    assert_eq!(s.solve(&mut warm).unwrap(), Status::Solved);
    assert!(warm.iterations < cold.iterations, "{} against {}", warm.iterations, cold.iterations);
    assert_close(&warm.x, &cold.x, 1e-7);
    for (x, y) in [(&cold.x[1..], &cold.y[..]), (&cold.x, &[f64::NAN; 40])] {
        assert_eq!(s.warm_start(x, y, &cold.bound_duals).unwrap_err().kind(), ErrorKind::InvalidArgument);
    }
}

#[test]
fn limits_are_honored() {
    let mut rng = Rng::new(12);
    let p = random_program(&mut rng, 60, 50, false);
    for limit in [1, 2, 30] {
        let settings = Settings { max_iterations: Some(limit), tolerance: 1e-15, ..Settings::default() };
        let (status, s) = solve_with(&p, &settings);
        assert_eq!(status, Status::IterationLimit);
        assert!(s.iterations <= u64::from(limit) && s.x.iter().all(|x| x.is_finite()));
    }
    let settings = Settings { time_limit: Some(Duration::ZERO), tolerance: 1e-15, ..Settings::default() };
    let (status, s) = solve_with(&p, &settings);
    assert_eq!(status, Status::TimeLimit);
    assert!(s.x.iter().all(|x| x.is_finite()));
}

#[test]
fn convexity_is_judged() {
    let free = (&[-INF; 2][..], &[INF; 2][..]);
    let concave = program(&[1.0, 2.0, 2.0, 1.0], &[0.0; 2], &[], (&[], &[]), free);
    let saddle = program(&[1.0, 1.0, 1.0, 0.0], &[0.0; 2], &[], (&[], &[]), free);
    for p in [concave, saddle] {
        let error = NativeSolver.setup(&p.as_ref(), &Settings::default()).err().unwrap();
        assert_eq!(error.kind(), ErrorKind::NotConvex);
    }
    // Rank-one and badly scaled semidefinite matrices pass.
    for s in [1e-8, 1.0, 1e8] {
        let p = program(&[1.0, s, s, s * s], &[0.0; 2], &[], (&[], &[]), (&[-1.0; 2], &[1.0; 2]));
        assert!(NativeSolver.setup(&p.as_ref(), &Settings::default()).is_ok());
    }
    for seed in 0..10 {
        let p = random_program(&mut Rng::new(seed), 30, 5, false);
        assert!(NativeSolver.setup(&p.as_ref(), &Settings::default()).is_ok());
    }
}

#[test]
fn what_is_not_served_is_refused() {
    let p = program(&[1.0], &[0.0], &[], (&[], &[]), (&[-INF], &[INF]));
    let s = CscMatrix::from_dense_rows(2, 1, &[0.0, 1.0]).unwrap();
    let cones = ConesRef::new(s.as_ref(), &[1.0, 0.0], &[2]).unwrap();
    let conic = p.as_ref().with_cones(cones).unwrap();
    assert_eq!(NativeSolver.setup(&conic, &Settings::default()).err().unwrap().kind(), ErrorKind::Unsupported);
    for (name, value) in [("bogus", "1"), ("rho", "-1"), ("rho", "fast"), ("alpha", "2.5"), ("check_interval", "0")] {
        let mut settings = Settings::default();
        settings.options.insert(name.into(), value.into());
        let error = NativeSolver.setup(&p.as_ref(), &settings).err().unwrap();
        assert_eq!(error.kind(), ErrorKind::InvalidSetting, "{name}");
    }
}

#[test]
fn runs_are_bitwise_equal() {
    let p = random_program(&mut Rng::new(13), 60, 50, false);
    let bits =
        |s: Solution| -> Vec<u64> { s.x.iter().chain(&s.y).chain(&s.bound_duals).map(|v| v.to_bits()).collect() };
    let (first, second) = (solve(&p), solve(&p));
    assert_eq!(first.iterations, second.iterations);
    assert_eq!(bits(first), bits(second));
}

#[test]
fn without_the_polish_the_iterations_converge_alone() {
    let p = random_program(&mut Rng::new(14), 20, 15, true);
    let mut settings = Settings::with_tolerance(1e-6);
    settings.options.insert("polish".into(), "false".into());
    let (status, s) = solve_with(&p, &settings);
    assert_eq!(status, Status::Solved);
    assert_close(&s.x, &solve(&p).x, 1e-4);
}
