//! Gradients with respect to the data, on its sparsity pattern.

use std::ops::Range;
use std::sync::OnceLock;
use std::time::Duration;

use bpqp_traits::vector::{max_abs, max_nan};
use bpqp_traits::{ActiveSet, CscMatrix, Side, Solution};

use super::certificate::Certificate;
use super::reduced::KktSolution;
use crate::program::{Program, slice_rows};

/// The gradient of a loss with respect to every block of the user's program, each in the shape of its block and on its
/// sparsity pattern, with the certificate that says what it is worth.
///
/// With `(z̃, ỹ, ζ̃)` the solution of the backward QP: `∂L/∂q = z̃`, `∂L/∂P = ½(z̃xᵀ + xz̃ᵀ)`, `∂L/∂A = y z̃ᵀ + ỹ xᵀ`,
/// and `−ỹ`, `−ζ̃` at the sides that are active, zero at the others.
///
/// The vectors are there at once; the matrices, which cost more than the backward pass where they are dense, are made
/// when first asked for.
#[derive(Clone, Debug)]
pub struct Gradient {
    q: Vec<f64>,
    b: Vec<f64>,
    h: Vec<f64>,
    l: Vec<f64>,
    u: Vec<f64>,
    lb: Vec<f64>,
    ub: Vec<f64>,
    cone_offsets: Vec<f64>,
    factors: Factors,
    matrices: OnceLock<Matrices>,
    certificate: Certificate,
    pub(crate) elapsed: Duration,
}

/// What the matrices' gradients are products of.
#[derive(Clone, Debug)]
struct Factors {
    program: Program,
    outer: Outer,
    /// What else the rows' matrices move the solution by.
    rows: Option<Outer>,
    /// Of the cones' matrix, with `y = −w`.
    cones: Option<Outer>,
}

/// A solution and its adjoint, of at least the program's variables.
#[derive(Clone, Debug)]
struct Outer {
    x: Vec<f64>,
    /// Zero at inactive rows, as `y_bar` is.
    y: Vec<f64>,
    z_bar: Vec<f64>,
    y_bar: Vec<f64>,
}

impl Outer {
    /// Entry `(i, j)` of `y z̃ᵀ + ỹ xᵀ`.
    fn at(&self, i: usize, j: usize) -> f64 {
        self.y[i] * self.z_bar[j] + self.y_bar[i] * self.x[j]
    }
}

/// The gradient with respect to one cone `‖F x + g‖ ≤ cᵀx + d`.
#[derive(Clone, Debug, PartialEq)]
pub struct ConeGradient {
    /// With respect to `F`, on its pattern.
    pub f: CscMatrix,
    /// With respect to `g`.
    pub g: Vec<f64>,
    /// With respect to `c`, on its pattern (`1 × d`).
    pub c: CscMatrix,
    /// With respect to `d`.
    pub d: f64,
}

#[derive(Clone, Debug)]
struct Matrices {
    p: CscMatrix,
    a: CscMatrix,
    g: CscMatrix,
    rows: CscMatrix,
    cones: CscMatrix,
}

impl Factors {
    fn multiply(&self) -> Matrices {
        let Self { program, outer, rows, cones } = self;
        let Outer { x, z_bar, .. } = outer;
        let mut p = CscMatrix::clone(&program.p);
        for (value, (i, j, _)) in p.values_mut().iter_mut().zip(program.p().entries()) {
            *value = 0.5 * (z_bar[i] * x[j] + x[i] * z_bar[j]);
        }
        let mut a = program.as_stacked().a().to_owned();
        for (value, (i, j, _)) in a.values_mut().iter_mut().zip(program.as_stacked().a().entries()) {
            *value = outer.at(i, j) + rows.as_ref().map_or(0.0, |rows| rows.at(i, j));
        }
        let block = |rows: &Range<usize>| slice_rows(a.as_ref(), rows);
        let cones = match (cones, program.as_stacked().cones()) {
            (Some(outer), Some(stacked)) => {
                let mut matrix = stacked.matrix().to_owned();
                for (value, (i, j, _)) in matrix.values_mut().iter_mut().zip(stacked.matrix().entries()) {
                    *value = outer.at(i, j);
                }
                matrix
            }
            _ => CscMatrix::zeros(0, program.num_vars()),
        };
        let blocks = program.blocks();
        Matrices { p, a: block(&blocks.equalities), g: block(&blocks.inequalities), rows: block(&blocks.rows), cones }
    }
}

/// Equal where all blocks and the certificate are.
impl PartialEq for Gradient {
    fn eq(&self, other: &Self) -> bool {
        self.blocks() == other.blocks() && self.certificate == other.certificate
    }
}

impl Gradient {
    /// With respect to `q` (`d`).
    pub fn q(&self) -> &[f64] {
        &self.q
    }

    /// With respect to `P`, symmetric, both triangles: each entry as if it stood alone (`d × d`).
    pub fn p(&self) -> &CscMatrix {
        &self.matrices().p
    }

    /// With respect to the equalities' matrix.
    pub fn a(&self) -> &CscMatrix {
        &self.matrices().a
    }

    /// With respect to the equalities' right-hand side.
    pub fn b(&self) -> &[f64] {
        &self.b
    }

    /// With respect to the inequalities' matrix.
    pub fn g(&self) -> &CscMatrix {
        &self.matrices().g
    }

    /// With respect to the inequalities' right-hand side.
    pub fn h(&self) -> &[f64] {
        &self.h
    }

    /// With respect to the two-sided rows' matrix.
    pub fn rows(&self) -> &CscMatrix {
        &self.matrices().rows
    }

    /// With respect to the rows' lower sides. Where `l = u` the whole sensitivity stands at the side that the dual
    /// pushes against, so that `l + u` is the gradient of moving both.
    pub fn l(&self) -> &[f64] {
        &self.l
    }

    /// With respect to the rows' upper sides; see [`l`](Self::l).
    pub fn u(&self) -> &[f64] {
        &self.u
    }

    /// With respect to the lower bounds; see [`l`](Self::l) for fixed variables.
    pub fn lb(&self) -> &[f64] {
        &self.lb
    }

    /// With respect to the upper bounds; see [`l`](Self::l) for fixed variables.
    pub fn ub(&self) -> &[f64] {
        &self.ub
    }

    /// With respect to the cones' stacked matrix, for each cone `c_kᵀ` over `F_k`, on its pattern; see
    /// [`cone`](Self::cone) for one cone's part.
    pub fn cones(&self) -> &CscMatrix {
        &self.matrices().cones
    }

    /// With respect to the cones' stacked offsets, for each cone `d_k` before `g_k`.
    pub fn cone_offsets(&self) -> &[f64] {
        &self.cone_offsets
    }

    /// With respect to the data of cone `k`; `None` where there is no such cone.
    pub fn cone(&self, k: usize) -> Option<ConeGradient> {
        let rows = self.factors.program.cone_rows().nth(k)?;
        let head = rows.start..rows.start + 1;
        let tail = rows.start + 1..rows.end;
        Some(ConeGradient {
            f: slice_rows(self.cones().as_ref(), &tail),
            g: self.cone_offsets[tail].to_vec(),
            c: slice_rows(self.cones().as_ref(), &head),
            d: self.cone_offsets[rows.start],
        })
    }

    /// All blocks by name, values alone, in the order `P, q, A, b, G, h, rows, l, u, lb, ub, cones, cone_offsets`.
    pub fn blocks(&self) -> [(&'static str, &[f64]); 13] {
        [
            ("P", self.p().values()),
            ("q", &self.q),
            ("A", self.a().values()),
            ("b", &self.b),
            ("G", self.g().values()),
            ("h", &self.h),
            ("rows", self.rows().values()),
            ("l", &self.l),
            ("u", &self.u),
            ("lb", &self.lb),
            ("ub", &self.ub),
            ("cones", self.cones().values()),
            ("cone_offsets", &self.cone_offsets),
        ]
    }

    /// The largest over all blocks of `‖g − r‖∞ / max(1, ‖r‖∞)` to a gradient `reference` of the same program.
    pub fn difference(&self, reference: &Self) -> f64 {
        let pairs = self.blocks().into_iter().zip(reference.blocks());
        pairs.map(|((_, g), (_, r))| block_difference(g, r)).fold(0.0, max_nan)
    }

    fn matrices(&self) -> &Matrices {
        self.matrices.get_or_init(|| self.factors.multiply())
    }

    /// `ỹ` (`m`).
    pub(crate) fn row_adjoints(&self) -> &[f64] {
        &self.factors.outer.y_bar
    }

    pub(crate) fn program(&self) -> &Program {
        &self.factors.program
    }

    /// What the gradient is worth.
    pub fn certificate(&self) -> &Certificate {
        &self.certificate
    }

    /// Time of the backward pass.
    pub fn elapsed(&self) -> Duration {
        self.elapsed
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
    let blocks = program.blocks();
    let (l, u) = split_sides(&sides.rows, &adjoint.y);
    let (lb, ub) = split_sides(&sides.bounds, &adjoint.zeta);
    let both = |rows: &Range<usize>| rows.clone().map(|i| l[i] + u[i]).collect();
    let y = at.y.iter().zip(&sides.rows).map(|(y, side)| if side.is_active() { *y } else { 0.0 }).collect();
    Gradient {
        b: both(&blocks.equalities),
        h: u[blocks.inequalities.clone()].to_vec(),
        l: l[blocks.rows.clone()].to_vec(),
        u: u[blocks.rows.clone()].to_vec(),
        lb,
        ub,
        q: adjoint.z.clone(),
        cone_offsets: Vec::new(),
        factors: Factors {
            program: program.clone(),
            outer: Outer { x: at.x.clone(), y, z_bar: adjoint.z, y_bar: adjoint.y },
            rows: None,
            cones: None,
        },
        matrices: OnceLock::new(),
        certificate,
        elapsed: Duration::ZERO,
    }
}

/// The gradient of `relaxed`'s solution where `relaxed` has the rows of `program` moved by the solution of `least`: that of
/// the two programs added up, with `(l, u)` the sum for the stacked sides.
pub(crate) fn chain(
    program: &Program,
    (relaxed, least): (Gradient, Gradient),
    (l, u): (&[f64], &[f64]),
    certificate: Certificate,
) -> Gradient {
    let blocks = program.blocks();
    let sum = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a + b).collect::<Vec<_>>();
    let both = sum(l, u);
    Gradient {
        b: both[blocks.equalities.clone()].to_vec(),
        h: u[blocks.inequalities.clone()].to_vec(),
        l: l[blocks.rows.clone()].to_vec(),
        u: u[blocks.rows.clone()].to_vec(),
        lb: sum(&relaxed.lb, &least.lb),
        ub: sum(&relaxed.ub, &least.ub),
        q: relaxed.q,
        cone_offsets: Vec::new(),
        factors: Factors {
            program: program.clone(),
            outer: relaxed.factors.outer,
            rows: Some(least.factors.outer),
            cones: None,
        },
        matrices: OnceLock::new(),
        certificate,
        elapsed: Duration::ZERO,
    }
}

/// What moving each side of the constraints does, and the rows' adjoint multipliers.
#[derive(Clone, Debug)]
pub(crate) struct Sensitivities {
    /// `ỹ` (`m`).
    pub(crate) y_bar: Vec<f64>,
    /// Of the cones: `−w`, and what takes the place of `ỹ` for them.
    pub(crate) cones: Option<(Vec<f64>, Vec<f64>)>,
    rows: (Vec<f64>, Vec<f64>),
    bounds: (Vec<f64>, Vec<f64>),
}

impl Sensitivities {
    /// Zeros for `n` variables and `m` rows.
    pub(crate) fn new(n: usize, m: usize) -> Self {
        let pair = |len: usize| (vec![0.0; len], vec![0.0; len]);
        Self { y_bar: vec![0.0; m], cones: None, rows: pair(m), bounds: pair(n) }
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
    let Sensitivities { y_bar, cones, rows: (l, u), bounds: (lb, ub) } = sides;
    let blocks = program.blocks();
    let (duals, adjoints) = cones.unwrap_or_default();
    let outer = Outer { x, y, z_bar, y_bar };
    let cones = Outer { y: duals, y_bar: adjoints.clone(), ..outer.clone() };
    Gradient {
        b: blocks.equalities.clone().map(|i| l[i] + u[i]).collect(),
        h: u[blocks.inequalities.clone()].to_vec(),
        l: l[blocks.rows.clone()].to_vec(),
        u: u[blocks.rows.clone()].to_vec(),
        lb,
        ub,
        q: outer.z_bar.clone(),
        cone_offsets: adjoints,
        factors: Factors { program: program.clone(), outer, rows: None, cones: Some(cones) },
        matrices: OnceLock::new(),
        certificate,
        elapsed: Duration::ZERO,
    }
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
fn split_sides(sides: &[Side], adjoint: &[f64]) -> (Vec<f64>, Vec<f64>) {
    let at = |side: Side| sides.iter().zip(adjoint).map(|(s, v)| if *s == side { -v } else { 0.0 }).collect();
    (at(Side::Lower), at(Side::Upper))
}

fn block_difference(g: &[f64], r: &[f64]) -> f64 {
    g.iter().zip(r).fold(0.0, |m, (g, r)| max_nan((g - r).abs(), m)) / max_nan(max_abs(r), 1.0)
}

#[cfg(test)]
mod tests {
    use super::block_difference;

    #[test]
    fn differences_are_relative_to_the_larger_of_one_and_the_reference() {
        assert_eq!(block_difference(&[0.5, 0.0], &[0.0, 0.25]), 0.5);
        assert_eq!(block_difference(&[10.0, 4.0], &[10.0, 5.0]), 0.1);
        assert!(block_difference(&[f64::NAN], &[1.0]).is_nan());
    }
}
