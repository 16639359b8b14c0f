//! The forward solver's sessions: updates, warm starts, limits, refusals, determinism.

#![allow(clippy::unwrap_used)]

mod common;

use std::time::Duration;

use bpqp_native::NativeSolver;
use bpqp_traits::{ErrorKind, ForwardSolver, ProgramUpdate, Reuse, Settings, Solution, Status};
use common::{INF, Rng, assert_close, method, program, random_program, session, solve, solve_with};

#[test]
fn updates_equal_a_fresh_setup() {
    // Other step sizes are another factorization to ADMM; the active-set method factors P alone.
    updates("admm", Reuse::Symbolic);
    updates("active-set", Reuse::Numeric);
}

fn updates(name: &str, equalities_become_inequalities: Reuse) {
    for seed in 0..10 {
        let mut rng = Rng::new(300 + seed);
        let (n, m) = (20, 15);
        let first = random_program(&mut rng, n, m, true);
        let mut s = session(&first, &method(name));
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

        // Equalities become inequalities. Then new matrices.
        let sides = ProgramUpdate { u: Some(&u), ..Default::default() };
        assert_eq!(s.update(&sides).unwrap(), equalities_become_inequalities);
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
    let mut s = session(&p, &Settings::default());
    let mut cold = Solution::default();
    for name in ["admm", "active-set"] {
        assert_eq!(session(&p, &method(name)).solve(&mut cold).unwrap(), Status::Solved);
        s = session(&p, &method(name));
        s.warm_start(&cold.x, &cold.y, &cold.bound_duals).unwrap();
        let mut warm = Solution::default();
        assert_eq!(s.solve(&mut warm).unwrap(), Status::Solved);
        assert!(warm.iterations < cold.iterations, "{} against {}", warm.iterations, cold.iterations);
        assert_close(&warm.x, &cold.x, 1e-7);
    }
    for (x, y) in [(&cold.x[1..], &cold.y[..]), (&cold.x, &[f64::NAN; 40])] {
        assert_eq!(s.warm_start(x, y, &cold.bound_duals).unwrap_err().kind(), ErrorKind::InvalidArgument);
    }
}

#[test]
fn limits_are_honored() {
    let mut rng = Rng::new(12);
    let p = random_program(&mut rng, 60, 50, false);
    for name in ["admm", "active-set", "auto"] {
        // The active-set method needs more than two exchanges here.
        for limit in if name == "admm" { &[1, 2, 30][..] } else { &[1, 2] } {
            let settings = Settings { max_iterations: Some(*limit), tolerance: 1e-15, ..method(name) };
            let (status, s) = solve_with(&p, &settings);
            assert_eq!(status, Status::IterationLimit, "{name}");
            assert!(s.iterations <= u64::from(*limit) && s.x.iter().all(|x| x.is_finite()));
        }
        let settings = Settings { time_limit: Some(Duration::ZERO), tolerance: 1e-15, ..method(name) };
        let (status, s) = solve_with(&p, &settings);
        assert_eq!(status, Status::TimeLimit, "{name}");
        assert!(s.x.iter().all(|x| x.is_finite()));
    }
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
    for (name, value) in [
        ("bogus", "1"),
        ("method", "simplex"),
        ("rho", "-1"),
        ("rho", "fast"),
        ("alpha", "2.5"),
        ("check_interval", "0"),
    ] {
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
    for name in ["admm", "active-set"] {
        let solve = || solve_with(&p, &method(name)).1;
        let (first, second) = (solve(), solve());
        assert_eq!(first.iterations, second.iterations);
        assert_eq!(bits(first), bits(second));
    }
}

#[test]
fn without_the_polish_the_iterations_converge_alone() {
    let p = random_program(&mut Rng::new(14), 20, 15, true);
    let mut settings = Settings { tolerance: 1e-6, ..method("admm") };
    settings.options.insert("polish".into(), "false".into());
    let (status, s) = solve_with(&p, &settings);
    assert_eq!(status, Status::Solved);
    assert_close(&s.x, &solve(&p).x, 1e-4);
}
