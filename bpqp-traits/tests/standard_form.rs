//! The standard form: its rows, their sides, and the way back.
#![allow(clippy::unwrap_used, reason = "a helper of tests fails the test")]

use bpqp_traits::standard_form::{Layout, StandardForm};
use bpqp_traits::{CscMatrix, KktResiduals, ProgramBuf, Solution};

const INF: f64 = f64::INFINITY;

/// Two variables, the second fixed at 2; rows `x₀ + x₁ ≥ 1`, `x₀ = 3`, `−5 ≤ x₁ ≤ 5e9`; `(x₀, x₁)` in a cone, `x₀ ≥ −4` as a
/// half line.
fn program() -> ProgramBuf {
    let p = CscMatrix::from_diagonal(&[1.0, 1.0]).unwrap();
    let a = CscMatrix::from_dense_rows(3, 2, &[1.0, 1.0, 1.0, 0.0, 0.0, 1.0]).unwrap();
    let (sides, bounds) = ((vec![1.0, 3.0, -5.0], vec![INF, 3.0, 5e9]), (vec![-INF, 2.0], vec![7.0, 2.0]));
    let cones = CscMatrix::from_dense_rows(3, 2, &[1.0, 0.0, 0.0, 1.0, 1.0, 0.0]).unwrap();
    let program = ProgramBuf::new(p, vec![-4.0, 1.0], a, sides, bounds).unwrap();
    program.with_cones(cones, vec![0.0, 0.0, 4.0], vec![2, 1]).unwrap()
}

#[test]
fn equalities_then_sides_then_cones() {
    let StandardForm { g, h, layout } = StandardForm::new(&program().as_ref(), 1e20).unwrap();
    assert_eq!((layout.zero(), layout.orthant()), (0..2, 2..6));
    assert_eq!(layout.cones().collect::<Vec<_>>(), [6..8, 8..9]);
    // x₀ = 3, x₁ = 2; x₀ + x₁ ≥ 1; x₁ ≤ 5e9, x₁ ≥ −5; x₀ ≤ 7.
    assert_eq!(h, [3.0, 2.0, -1.0, 5e9, 5.0, 7.0, 0.0, 0.0, 4.0]);
    let rows = [[1, 0], [0, 1], [-1, -1], [0, 1], [0, -1], [1, 0], [-1, 0], [0, -1], [-1, 0]].map(|r| r.map(f64::from));
    assert_eq!(g, CscMatrix::from_dense_rows(9, 2, &rows.concat()).unwrap());
}

#[test]
fn sides_out_of_reach_are_absent() {
    let program = program();
    let form = StandardForm::new(&program.as_ref(), 1e8).unwrap();
    assert_eq!(form.layout.orthant(), 2..5);
    assert_eq!(form.h, [3.0, 2.0, -1.0, 5.0, 7.0, 0.0, 0.0, 4.0]);
    assert_eq!(form.layout, Layout::new(&program.as_ref(), 1e8));
    assert_ne!(form.layout, Layout::new(&program.as_ref(), 1e20));
}

/// Multipliers of either form are stationary in the same places: `Gᵀz = Aᵀy + ζ − Sᵀw`.
#[test]
fn multipliers_come_back_with_their_signs() {
    let program = program();
    let view = program.as_ref();
    let StandardForm { g, layout, .. } = StandardForm::new(&view, 1e20).unwrap();
    let z = [10.0, -20.0, 3.0, 4.0, 6.0, 7.0, 8.0, -2.0, 9.0];
    let mut found = Solution::default();
    layout.restore((2, 3), &[3.0, 2.0], &z, &mut found);
    assert_eq!(found.x, [3.0, 2.0]);
    assert_eq!((&found.y[..], &found.bound_duals[..]), (&[-3.0, 10.0, -2.0][..], &[7.0, -20.0][..]));
    assert_eq!(found.cone_duals, [8.0, -2.0, 9.0]);
    let mut of_form = vec![0.0; 2];
    g.as_ref().transpose_mul_add(1.0, &z, &mut of_form);
    let mut of_program = found.bound_duals.clone();
    view.a().transpose_mul_add(1.0, &found.y, &mut of_program);
    view.cones().unwrap().matrix().transpose_mul_add(-1.0, &found.cone_duals, &mut of_program);
    assert_eq!(of_form, of_program);
}

/// `min ½‖x‖² − 4x₀ + x₁` at its only point: the bound's dual is `−1 − x₁` less what the rows take.
#[test]
fn a_solution_of_the_form_solves_the_program() {
    let program = program();
    let layout = Layout::new(&program.as_ref(), 1e20);
    let mut found = Solution::default();
    layout.restore((2, 3), &[3.0, 2.0], &[1.0, -3.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0], &mut found);
    assert_eq!(KktResiduals::compute(&program.as_ref(), &found).max(), 0.0);
}
