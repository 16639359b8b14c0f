//! Updates equal a fresh setup.

use bpqp_traits::{
    ErrorKind, ForwardSolver, KktResiduals, ProgramBuf, ProgramUpdate, Reuse, Settings, Solution, Status,
};

use super::support::{INF, Random, assert_close, rows_only, solve, solve_with, solver};

/// Solves `before`, updates, and compares with a fresh session for the updated problem.
///
/// At 1e-11, so that the two points differ by little even where the multiplier of an active side is small.
fn check(before: &ProgramBuf, update: &ProgramUpdate<'_>, rebuilt: bool) {
    let settings = Settings::with_tolerance(1e-11);
    let mut session = solver().setup(&before.as_ref(), &settings).unwrap();
    let mut out = Solution::default();
    session.solve(&mut out).unwrap();
    let reuse = session.update(update).unwrap();
    assert_eq!(reuse == Reuse::Nothing, rebuilt, "{reuse:?}");
    let status = session.solve(&mut out).unwrap();
    let mut after = before.clone();
    after.apply(update).unwrap();
    let (fresh_status, fresh) = solve_with(&after, &settings);
    assert_eq!((status, fresh_status), (Status::Solved, Status::Solved));
    assert!(KktResiduals::compute(&after.as_ref(), &out).max() <= 1e-11);
    assert_close("x", &out.x, &fresh.x, 1e-5);
    assert_close("y", &out.y, &fresh.y, 1e-5);
    assert_close("bound duals", &out.bound_duals, &fresh.bound_duals, 1e-5);
}

fn shifted(v: &[f64], by: f64) -> Vec<f64> {
    v.iter().map(|v| v + by).collect()
}

fn scaled(v: &[f64], by: f64) -> Vec<f64> {
    v.iter().map(|v| v * by).collect()
}

#[test]
fn every_field() {
    for seed in 1..=5 {
        let problem = Random::new(seed).program(10, 8);
        let view = problem.as_ref();
        let q = Random::new(seed + 100).vec(10);
        check(&problem, &ProgramUpdate { q: Some(&q), ..Default::default() }, false);
        let p = scaled(view.p().values(), 3.0);
        check(&problem, &ProgramUpdate { p: Some(&p), ..Default::default() }, false);
        // Scaled rows with scaled sides keep the feasible set.
        let (a, l, u) = (scaled(view.a().values(), 0.5), scaled(view.l(), 0.5), scaled(view.u(), 0.5));
        check(&problem, &ProgramUpdate { a: Some(&a), l: Some(&l), u: Some(&u), ..Default::default() }, false);
        // A small common shift of all sides, which the rows' slack and the free variables can take.
        let (l, u) = (shifted(view.l(), 0.01), shifted(view.u(), 0.01));
        check(&problem, &ProgramUpdate { l: Some(&l), u: Some(&u), ..Default::default() }, false);
        let (lb, ub) = (shifted(view.lb(), -0.02), shifted(view.ub(), 0.02));
        check(&problem, &ProgramUpdate { lb: Some(&lb), ..Default::default() }, false);
        check(&problem, &ProgramUpdate { ub: Some(&ub), ..Default::default() }, false);
    }
}

#[test]
fn new_sides_set_the_solver_up_afresh() {
    let problem = Random::new(7).program(10, 8);
    let (lb, ub) = (vec![-5.0; 10], vec![5.0; 10]);
    check(&problem, &ProgramUpdate { lb: Some(&lb), ub: Some(&ub), ..Default::default() }, true);
}

#[test]
fn a_much_larger_matrix() {
    // Equilibration belongs to the old values; the answer must be right all the same.
    let problem = Random::new(9).program(10, 8);
    let view = problem.as_ref();
    let (p, q) = (scaled(view.p().values(), 1e5), scaled(view.q(), 1e5));
    check(&problem, &ProgramUpdate { p: Some(&p), q: Some(&q), ..Default::default() }, false);
}

#[test]
fn from_infeasible_back_to_feasible() {
    // x ≥ 1, x ≤ 0; then x ≤ 2: min ½x² on [1, 2] is x = 1 with y = −1 on the lower row.
    let problem = rows_only(&[1.0], &[0.0], &[1.0, 1.0], &[1.0, -INF], &[INF, 0.0]);
    let mut session = solver().setup(&problem.as_ref(), &Settings::default()).unwrap();
    let mut out = Solution::default();
    assert_eq!(session.solve(&mut out), Ok(Status::PrimalInfeasible));
    session.update(&ProgramUpdate { u: Some(&[INF, 2.0]), ..Default::default() }).unwrap();
    assert_eq!(session.solve(&mut out), Ok(Status::Solved));
    assert_close("x", &out.x, &[1.0], 1e-6);
    assert_close("y", &out.y, &[-1.0, 0.0], 1e-6);
}

#[test]
fn a_refused_update_changes_nothing() {
    let problem = Random::new(3).program(6, 4);
    let mut session = solver().setup(&problem.as_ref(), &Settings::default()).unwrap();
    let (q, u) = ([9.0; 6], [f64::NAN; 4]);
    let error = session.update(&ProgramUpdate { q: Some(&q), u: Some(&u), ..Default::default() }).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidProblem);
    let mut out = Solution::default();
    assert_eq!(session.solve(&mut out), Ok(Status::Solved));
    assert_close("x", &out.x, &solve(&problem).1.x, 1e-7);
}

#[test]
fn an_empty_update() {
    check(&Random::new(4).program(6, 4), &ProgramUpdate::default(), false);
}

#[test]
fn solving_twice_gives_the_same() {
    let problem = Random::new(5).program(10, 8);
    let mut session = solver().setup(&problem.as_ref(), &Settings::default()).unwrap();
    let (mut first, mut second) = (Solution::default(), Solution::default());
    assert_eq!(session.solve(&mut first), Ok(Status::Solved));
    assert_eq!(session.solve(&mut second), Ok(Status::Solved));
    assert_close("x", &second.x, &first.x, 1e-7);
    assert_close("y", &second.y, &first.y, 1e-7);
}
