//! The forward solver: analytic programs with their duals, random programs, certificates.

#![allow(clippy::unwrap_used)]

mod common;

use bpqp_traits::{Settings, Status, dual_ray_violation, primal_ray_violation};
use common::{INF, Rng, assert_close, program, random_program, solve, solve_with};

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
