//! Limits, refusals, threads and size.

use std::time::Duration;

use bpqp_traits::{CscMatrix, ErrorKind, ForwardSolver, ProgramBuf, Settings, Solution, Status};

use super::support::{INF, Random, assert_close, rows_only, solve, solve_with, solver};

#[test]
fn iteration_limit() {
    let problem = Random::new(1).program(20, 15);
    let settings = Settings { max_iterations: Some(1), ..Settings::default() };
    let (status, out) = solve_with(&problem, &settings);
    assert_eq!((status, out.iterations), (Status::IterationLimit, 1));
}

#[test]
fn time_limit() {
    let problem = Random::new(1).program(20, 15);
    let settings = Settings { time_limit: Some(Duration::ZERO), ..Settings::default() };
    assert_eq!(solve_with(&problem, &settings).0, Status::TimeLimit);
    let settings = Settings { time_limit: Some(Duration::from_secs(3600)), ..Settings::default() };
    assert_eq!(solve_with(&problem, &settings).0, Status::Solved);
}

#[test]
fn bad_settings_are_refused() {
    let problem = rows_only(&[1.0], &[0.0], &[], &[], &[]);
    let refused = |settings: Settings| solver().setup(&problem.as_ref(), &settings).map(drop).unwrap_err().kind();
    let unknown = [("no_such_option".to_owned(), "1".to_owned())].into();
    assert_eq!(refused(Settings { options: unknown, ..Settings::default() }), ErrorKind::InvalidSetting);
    assert_eq!(refused(Settings::with_tolerance(0.0)), ErrorKind::InvalidSetting);
    assert_eq!(refused(Settings { max_iterations: Some(0), ..Settings::default() }), ErrorKind::InvalidSetting);
}

#[test]
fn loose_and_tight_tolerances() {
    let problem = Random::new(2).program(15, 10);
    for tolerance in [1e-3, 1e-6, 1e-10] {
        let (status, out) = solve_with(&problem, &Settings::with_tolerance(tolerance));
        assert_eq!(status, Status::Solved, "{tolerance}");
        assert!(bpqp_traits::KktResiduals::compute(&problem.as_ref(), &out).max() <= tolerance);
    }
}

#[test]
fn two_sessions_in_two_threads() {
    let problems: Vec<_> = (1..=2).map(|seed| Random::new(seed).program(15, 10)).collect();
    let expected: Vec<_> = problems.iter().map(|p| solve(p).1).collect();
    let sessions = problems.iter().map(|p| solver().setup(&p.as_ref(), &Settings::default()).unwrap());
    let threads: Vec<_> = sessions
        .map(|mut session| {
            std::thread::spawn(move || {
                let mut out = Solution::default();
                (0..10).for_each(|_| assert_eq!(session.solve(&mut out), Ok(Status::Solved)));
                out
            })
        })
        .collect();
    for (thread, expected) in threads.into_iter().zip(expected) {
        assert_close("x", &thread.join().unwrap().x, &expected.x, 1e-7);
    }
}

#[test]
fn thousands_of_rows() {
    // Projection of 2·1 on the chain |xᵢ₊₁ − xᵢ| ≤ 1 within 0 ≤ x ≤ 1: every xᵢ stops at its bound, ζᵢ = 2 − 1.
    let n = 5000;
    let rows = (0..n - 1).flat_map(|i| [(i, i, -1.0), (i, i + 1, 1.0)]);
    let a = CscMatrix::from_triplets(n - 1, n, &rows.collect::<Vec<_>>()).unwrap();
    let p = CscMatrix::from_diagonal(&vec![1.0; n]).unwrap();
    let sides = (vec![-1.0; n - 1], vec![1.0; n - 1]);
    let problem = ProgramBuf::new(p, vec![-2.0; n], a, sides, (vec![0.0; n], vec![1.0; n])).unwrap();
    let (status, out) = solve(&problem);
    assert_eq!(status, Status::Solved);
    assert_close("x", &out.x, &vec![1.0; n], 1e-6);
    assert_close("bound duals", &out.bound_duals, &vec![1.0; n], 1e-6);
}

#[test]
fn huge_numbers_end_without_a_panic() {
    for scale in [1e100, 1e200, 1e300] {
        let problem = rows_only(&[scale], &[scale], &[scale, 1.0], &[-INF, -scale], &[scale, INF]);
        let (status, out) = solve_with(&problem, &Settings { max_iterations: Some(500), ..Settings::default() });
        assert_eq!(out.x.len(), 1, "{status}");
    }
}
