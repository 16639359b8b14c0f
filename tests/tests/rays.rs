//! The auxiliary LPs that find certificates, solved by the reference solver: what they find is judged by the contract.
#![allow(clippy::unwrap_used, reason = "a helper of tests fails the test")]

use bpqp_conformance::reference::ReferenceForward;
use bpqp_traits::rays::{prove_infeasible, prove_unbounded};
use bpqp_traits::{
    CscMatrix, ForwardSolver, ProgramBuf, ProgramRef, Result, Settings, Solution, Status, dual_ray_violation,
    primal_ray_violation,
};

const INF: f64 = f64::INFINITY;

fn program(p: &[f64], q: &[f64], rows: &[f64], (l, u): (&[f64], &[f64]), (lb, ub): (&[f64], &[f64])) -> ProgramBuf {
    let n = q.len();
    let p = CscMatrix::from_dense_rows(n, n, p).unwrap();
    let a = CscMatrix::from_dense_rows(l.len(), n, rows).unwrap();
    ProgramBuf::new(p, q.to_vec(), a, (l.to_vec(), u.to_vec()), (lb.to_vec(), ub.to_vec())).unwrap()
}

fn solve_lp(lp: &ProgramRef<'_>) -> Result<Solution> {
    let mut solution = Solution::default();
    ReferenceForward.setup(lp, &Settings::with_tolerance(1e-9))?.solve(&mut solution)?;
    Ok(solution)
}

fn infeasible(program: &ProgramBuf) -> (Status, Solution) {
    let mut out = Solution::default();
    let status = prove_infeasible(&program.as_ref(), &mut solve_lp, &mut out).unwrap();
    (status, out)
}

fn unbounded(program: &ProgramBuf) -> (Status, Solution) {
    let mut out = Solution::default();
    let status = prove_unbounded(&program.as_ref(), &mut solve_lp, &mut out).unwrap();
    (status, out)
}

/// `x₁ + x₂ ≥ 3` in the unit box, one row on a scale of 1e4: the certificate weighs the row against both upper bounds.
#[test]
fn a_row_against_bounds() {
    let program = program(&[0.0; 4], &[1.0, 1.0], &[1e4, 1e4], (&[3e4], &[INF]), (&[0.0; 2], &[1.0; 2]));
    let (status, out) = infeasible(&program);
    assert_eq!(status, Status::PrimalInfeasible);
    assert!(primal_ray_violation(&program.as_ref(), &out.y, &out.bound_duals, &[]) <= 1e-12);
    assert!((out.y[0] * 1e4 + out.bound_duals[0]).abs() <= 1e-12 && out.bound_duals[0] == 1.0);
    assert!(out.x.iter().all(|v| v.is_nan()));
}

/// `x₁ − x₂ = 1` and `x₁ − x₂ = 2` over free variables, where no bound can take up what is left.
#[test]
fn rows_against_each_other() {
    let rows = [1.0, -1.0, 1.0, -1.0];
    let program = program(&[1.0, 0.0, 0.0, 1.0], &[0.0; 2], &rows, (&[1.0, 2.0], &[1.0, 2.0]), (&[-INF; 2], &[INF; 2]));
    let (status, out) = infeasible(&program);
    assert_eq!(status, Status::PrimalInfeasible);
    assert!((out.y[0] - 1.0).abs() <= 1e-9 && (out.y[1] + 1.0).abs() <= 1e-9, "{:?}", out.y);
}

/// `½(x₁ − x₂)² − x₁ − x₂` has the ray (1, 1) alone.
#[test]
fn along_the_null_space() {
    let p = [1.0, -1.0, 0.0, 1.0];
    let program = program(&p, &[-1.0, -1.0], &[], (&[], &[]), (&[-INF; 2], &[INF; 2]));
    let (status, out) = unbounded(&program);
    assert_eq!(status, Status::DualInfeasible);
    assert!(dual_ray_violation(&program.as_ref(), &out.x) <= 1e-9);
    assert!((out.x[0] - 1.0).abs() <= 1e-9 && (out.x[1] - 1.0).abs() <= 1e-9);
}

/// `−x₁` under `x₁ − x₂ ≤ 0`, `x ≥ 0`: the ray must raise both.
#[test]
fn within_the_recession_cone() {
    let program = program(&[0.0; 4], &[-1.0, 0.0], &[1.0, -1.0], (&[-INF], &[0.0]), (&[0.0; 2], &[INF; 2]));
    let (status, out) = unbounded(&program);
    assert_eq!(status, Status::DualInfeasible);
    assert!(dual_ray_violation(&program.as_ref(), &out.x) <= 1e-9 && out.x[1] >= out.x[0] - 1e-9);
}

/// A program with a solution has neither certificate.
#[test]
fn nothing_is_proved_of_a_program_with_a_solution() {
    let program = program(&[1.0, 0.0, 0.0, 0.0], &[-1.0, 1.0], &[1.0, 1.0], (&[1.0], &[2.0]), (&[0.0; 2], &[INF; 2]));
    assert_eq!(infeasible(&program).0, Status::NumericalError);
    assert_eq!(unbounded(&program).0, Status::NumericalError);
}
