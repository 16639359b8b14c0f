//! The interior-point method by itself: random programs against their residuals, limits, certificates.

#![allow(clippy::unwrap_used)]

mod common;

use bpqp_traits::{
    CscMatrix, KktResiduals, ProgramBuf, ProgramUpdate, Settings, Solution, Status, dual_ray_violation,
    primal_ray_violation,
};
use common::{INF, Rng, assert_close, method, program, random_program, session, solve_with};

#[test]
fn random_programs_to_machine_accuracy() {
    let mut rng = Rng::new(41);
    for k in 0..200 {
        let p = random_program(&mut rng, 2 + k % 17, 1 + k % 23, k % 3 > 0);
        let (status, s) = solve_with(&p, &method("interior-point"));
        assert_eq!(status, Status::Solved, "{k}");
        assert!(KktResiduals::compute(&p.as_ref(), &s).max() < 1e-8, "{k}");
    }
}

#[test]
fn degenerate_vertex_and_dependent_equalities() {
    // x₀ + x₁ = 2 twice over, x₀ ≤ 1, x₁ ≤ 1: one point; the multipliers are not unique but must add up.
    let rows = [1.0, 1.0, 2.0, 2.0];
    let p = program(&[1.0, 0.0, 0.0, 2.0], &[-3.0, 1.0], &rows, (&[2.0, 4.0], &[2.0, 4.0]), (&[-INF; 2], &[1.0; 2]));
    let (status, s) = solve_with(&p, &method("interior-point"));
    assert_eq!(status, Status::Solved);
    assert_close(&s.x, &[1.0, 1.0], 1e-8);
}

#[test]
fn linear_program_at_large_scale_of_data() {
    // min −x₀ − x₁ over the same vertex as in small, 1e6 times as large: (1.6e6, 1.2e6).
    let rows = [1.0, 2.0, 3.0, 1.0];
    let p = program(&[0.0; 4], &[-1.0, -1.0], &rows, (&[-INF; 2], &[4e6, 6e6]), (&[0.0; 2], &[INF; 2]));
    let (status, s) = solve_with(&p, &method("interior-point"));
    assert_eq!(status, Status::Solved);
    assert_close(&s.x, &[1.6e6, 1.2e6], 1e-3);
    assert_close(&s.y, &[0.4, 0.2], 1e-9);
}

#[test]
fn contradiction_is_proved() {
    // x₀ + x₁ ≥ 3 on the unit square, with a row beside it that matters to nobody.
    let rows = [1.0, 1.0, 1.0, -1.0];
    let p = program(&[1.0, 0.0, 0.0, 1.0], &[0.0; 2], &rows, (&[3.0, -9.0], &[INF, 9.0]), (&[0.0; 2], &[1.0; 2]));
    let (status, s) = solve_with(&p, &method("interior-point"));
    assert_eq!(status, Status::PrimalInfeasible);
    assert!(primal_ray_violation(&p.as_ref(), &s.y, &s.bound_duals, &[]) < 1e-9);
    assert!(s.x[0].is_nan());
}

#[test]
fn contradiction_between_free_variables_is_proved() {
    // x₀ − x₁ = 0 and x₀ − x₁ = 1e-3.
    let rows = [1.0, -1.0, 1.0, -1.0];
    let p = program(&[1.0, 0.0, 0.0, 1.0], &[1.0; 2], &rows, (&[0.0, 1e-3], &[0.0, 1e-3]), (&[-INF; 2], &[INF; 2]));
    assert_eq!(solve_with(&p, &method("interior-point")).0, Status::PrimalInfeasible);
}

#[test]
fn descent_without_end_is_proved() {
    // P flat along (1, 1), q downhill there, x₀ − x₁ ≤ 1.
    let p = program(&[1.0, -1.0, -1.0, 1.0], &[-1.0, -0.5], &[1.0, -1.0], (&[-INF], &[1.0]), (&[0.0; 2], &[INF; 2]));
    let (status, s) = solve_with(&p, &method("interior-point"));
    assert_eq!(status, Status::DualInfeasible);
    assert!(dual_ray_violation(&p.as_ref(), &s.x) < 1e-9);
}

#[test]
fn limits_are_kept() {
    let p = random_program(&mut Rng::new(5), 40, 60, true);
    let settings = Settings { max_iterations: Some(2), ..method("interior-point") };
    assert_eq!(solve_with(&p, &settings).0, Status::IterationLimit);
    let settings = Settings { time_limit: Some(std::time::Duration::ZERO), ..method("interior-point") };
    assert_eq!(solve_with(&p, &settings).0, Status::TimeLimit);
}

#[test]
fn a_point_within_tolerance_is_a_solution_at_any_limit() {
    // Two rows that say the same leave no active set to finish on, so iterations go on within tolerance.
    let rows = [1.0, 1.0, 2.0, 2.0, 1.0, -1.0];
    let sides = (&[1.0, 2.0, -INF][..], &[INF, INF, 4.0][..]);
    let p = program(&[0.0; 4], &[1.0, 1.0], &rows, sides, (&[0.0; 2], &[INF; 2]));
    let mut within = 0;
    for limit in 1..60 {
        let settings = Settings { tolerance: 1e-3, max_iterations: Some(limit), ..method("interior-point") };
        let (status, s) = solve_with(&p, &settings);
        let right = KktResiduals::compute(&p.as_ref(), &s).max() <= 1e-3;
        assert_eq!(status, if right { Status::Solved } else { Status::IterationLimit }, "{limit}");
        within += u32::from(right);
    }
    assert!(within > 10, "{within}");
}

#[test]
fn multipliers_that_have_to_grow_are_found() {
    // The convex function next to noisy data, by second differences, as in the LISWET problems of Li and Swetits: the
    // multipliers are the data's double sums, of the size of n² where the first ones tried are of size 1.
    let n = 3000;
    let mut rng = Rng::new(8);
    let at = |i: usize| i as f64 / (n - 1) as f64;
    let q: Vec<f64> = (0..n).map(|i| -(at(i).sqrt() + 0.1 * rng.signed())).collect();
    let unit: Vec<_> = (0..n).map(|i| (i, i, 1.0)).collect();
    let differences: Vec<_> = (0..n - 2).flat_map(|i| [(i, i, 1.0), (i, i + 1, -2.0), (i, i + 2, 1.0)]).collect();
    let p = CscMatrix::from_triplets(n, n, &unit).unwrap();
    let a = CscMatrix::from_triplets(n - 2, n, &differences).unwrap();
    let sides = (vec![0.0; n - 2], vec![INF; n - 2]);
    let p = ProgramBuf::new(p, q, a, sides, (vec![-INF; n], vec![INF; n])).unwrap();
    let settings = Settings { tolerance: 1e-6, max_iterations: Some(300), ..method("interior-point") };
    let (status, s) = solve_with(&p, &settings);
    assert_eq!(status, Status::Solved);
    assert!(s.y.iter().any(|y| y.abs() > 1e3));
}

#[test]
fn updates_are_those_of_a_new_session() {
    let mut rng = Rng::new(6);
    let p = random_program(&mut rng, 12, 9, true);
    let mut old = session(&p, &method("interior-point"));
    let (mut first, mut second) = (Solution::default(), Solution::default());
    old.solve(&mut first).unwrap();
    let (q, a) = (rng.vector(12), p.as_ref().a().values().iter().map(|v| 1.5 * v).collect::<Vec<_>>());
    let update = ProgramUpdate { q: Some(&q), a: Some(&a), ..ProgramUpdate::default() };
    let mut changed = p.clone();
    changed.apply(&update).unwrap();
    old.update(&update).unwrap();
    let status = old.solve(&mut first).unwrap();
    assert_eq!(status, session(&changed, &method("interior-point")).solve(&mut second).unwrap());
    if status == Status::Solved {
        assert_close(&first.x, &second.x, 1e-8);
    }
}
