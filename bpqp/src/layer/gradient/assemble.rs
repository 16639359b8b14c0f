//! Gradients from adjoint solutions.

use std::sync::OnceLock;
use std::time::Duration;

use bpqp_traits::{ActiveSet, Side, Solution};

use super::Gradient;
use super::factors::{Factors, Outer};
use crate::layer::certificate::Certificate;
use crate::layer::reduced::KktSolution;
use crate::program::{Blocks, Program};

/// Sensitivities to lower and to upper sides.
type Sides = (Vec<f64>, Vec<f64>);

/// The gradient by its blocks, from the sensitivities to the sides of the stacked rows and of the bounds.
fn of_blocks(
    factors: Factors,
    (q, cone_offsets): (Vec<f64>, Vec<f64>),
    (l, u): (&[f64], &[f64]),
    (lb, ub): Sides,
    certificate: Certificate,
) -> Gradient {
    let Blocks { equalities, inequalities, rows } = factors.program.blocks().clone();
    Gradient {
        // An equality's sensitivity stands at one of its sides.
        b: equalities.map(|i| l[i] + u[i]).collect(),
        h: u[inequalities].to_vec(),
        l: l[rows.clone()].to_vec(),
        u: u[rows].to_vec(),
        lb,
        ub,
        q,
        cone_offsets,
        factors,
        matrices: OnceLock::new(),
        certificate,
        elapsed: Duration::ZERO,
    }
}

/// The gradient at `at` from the adjoint solution `adjoint`; `sides` has each equality at one side.
pub(crate) fn assemble(
    program: &Program,
    at: &Solution,
    sides: &ActiveSet,
    adjoint: KktSolution,
    certificate: Certificate,
) -> Gradient {
    let KktSolution { z, y, zeta, .. } = adjoint;
    let held_y = at.y.iter().zip(&sides.rows).map(|(y, side)| if side.is_active() { *y } else { 0.0 }).collect();
    let (rows, bounds) = (split_sides(&sides.rows, &y), split_sides(&sides.bounds, &zeta));
    let sensitivities = Sensitivities { y_bar: y, cones: Sides::default(), rows, bounds };
    of_sides(program, (at.x.clone(), held_y), z, sensitivities, certificate)
}

/// The gradient of `relaxed`'s solution where `relaxed` has the rows of `program` moved by the solution of `least`: that of
/// the two programs added up, with `sides` the sum for the stacked sides.
pub(crate) fn chain(
    program: &Program,
    (relaxed, least): (Gradient, Gradient),
    sides: (&[f64], &[f64]),
    certificate: Certificate,
) -> Gradient {
    let sum = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a + b).collect();
    let bounds = (sum(&relaxed.lb, &least.lb), sum(&relaxed.ub, &least.ub));
    let (outer, rows) = (relaxed.factors.outer, Some(least.factors.outer));
    let factors = Factors { program: program.clone(), outer, rows, cones: None };
    of_blocks(factors, (relaxed.q, Vec::new()), sides, bounds, certificate)
}

/// What moving each side of the constraints does, and the rows' adjoint multipliers.
#[derive(Clone, Debug)]
pub(crate) struct Sensitivities {
    /// `ỹ` (`m`).
    pub(crate) y_bar: Vec<f64>,
    /// Of the cones, where there are any: `−w`, and what takes the place of `ỹ` for them.
    pub(crate) cones: (Vec<f64>, Vec<f64>),
    rows: Sides,
    bounds: Sides,
}

impl Sensitivities {
    /// Zeros for `n` variables and `m` rows.
    pub(crate) fn new(n: usize, m: usize) -> Self {
        let pair = |len: usize| (vec![0.0; len], vec![0.0; len]);
        Self { y_bar: vec![0.0; m], cones: pair(0), rows: pair(m), bounds: pair(n) }
    }

    pub(crate) fn set_row(&mut self, i: usize, side: Side, value: f64) {
        if side == Side::Lower { self.rows.0[i] = value } else { self.rows.1[i] = value }
    }

    pub(crate) fn set_bound(&mut self, j: usize, side: Side, value: f64) {
        if side == Side::Lower { self.bounds.0[j] = value } else { self.bounds.1[j] = value }
    }
}

/// The gradient at `(x, y)` with the adjoint `z_bar` and these sensitivities.
pub(crate) fn of_sides(
    program: &Program,
    (x, y): (Vec<f64>, Vec<f64>),
    z_bar: Vec<f64>,
    sides: Sensitivities,
    certificate: Certificate,
) -> Gradient {
    let Sensitivities { y_bar, cones: (duals, adjoints), rows: (l, u), bounds } = sides;
    let outer = Outer { x, y, z_bar, y_bar };
    let of_cones = || Outer { y: duals, y_bar: adjoints.clone(), ..outer.clone() };
    let cones = (!adjoints.is_empty()).then(of_cones);
    let q = outer.z_bar.clone();
    let factors = Factors { program: program.clone(), outer, rows: None, cones };
    of_blocks(factors, (q, adjoints), (&l, &u), bounds, certificate)
}

/// The gradient of the optimal value at `at`: `½xxᵀ` for `P`, `x` for `q`, and products with the duals themselves.
pub(crate) fn of_value(program: &Program, at: &Solution, sides: &ActiveSet, certificate: Certificate) -> Gradient {
    let half = at.x.iter().map(|v| 0.5 * v).collect();
    let adjoint = KktSolution { z: half, y: at.y.clone(), zeta: at.bound_duals.clone(), ..KktSolution::default() };
    let mut gradient = assemble(program, at, sides, adjoint, certificate);
    gradient.q.clone_from(&at.x);
    let Factors { outer, cones, .. } = &mut gradient.factors;
    for ((y_bar, y), side) in outer.y_bar.iter_mut().zip(&mut outer.y).zip(&sides.rows) {
        // What is held at no side has no dual but rounding.
        *y_bar = if side.is_active() { *y_bar } else { 0.0 };
        *y = 0.0;
    }
    let duals: Vec<f64> = at.cone_duals.iter().map(|w| -w).collect();
    gradient.cone_offsets.clone_from(&duals);
    *cones = Some(Outer { y: vec![0.0; duals.len()], y_bar: duals, ..outer.clone() });
    gradient
}

/// The gradient of a program with cones from that of its linearization, which has further variables and rows; `m` rows are
/// the program's own. `duals` is `−w` of the cones and `adjoints` what takes the place of `ỹ` for them.
pub(crate) fn conic(
    program: &Program,
    linearized: Gradient,
    (m, duals, adjoints): (usize, Vec<f64>, Vec<f64>),
    certificate: Certificate,
) -> Gradient {
    let (n, rows) = (program.num_vars(), program.blocks().rows.len());
    let first = |mut v: Vec<f64>, len: usize| {
        v.truncate(len);
        v
    };
    let Outer { x, y, z_bar, y_bar } = linearized.factors.outer;
    let outer = Outer { x: first(x, n), y: first(y, m), z_bar: first(z_bar, n), y_bar: first(y_bar, m) };
    Gradient {
        l: first(linearized.l, rows),
        u: first(linearized.u, rows),
        lb: first(linearized.lb, n),
        ub: first(linearized.ub, n),
        q: first(linearized.q, n),
        cone_offsets: adjoints.clone(),
        factors: Factors {
            program: program.clone(),
            cones: Some(Outer { y: duals, y_bar: adjoints, ..outer.clone() }),
            outer,
            rows: None,
        },
        matrices: OnceLock::new(),
        certificate,
        ..linearized
    }
}

/// `−ỹ` at the active side of each constraint, for lower and upper sides.
fn split_sides(sides: &[Side], adjoint: &[f64]) -> Sides {
    let at = |side: Side| sides.iter().zip(adjoint).map(|(s, v)| if *s == side { -v } else { 0.0 }).collect();
    (at(Side::Lower), at(Side::Upper))
}
