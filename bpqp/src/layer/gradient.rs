//! Gradients with respect to the data, on its sparsity pattern.

use std::ops::Range;
use std::time::Duration;

use bpqp_traits::vector::{max_abs, max_nan};
use bpqp_traits::{ActiveSet, CscMatrix, CscRef, Side, Solution};

use super::certificate::Certificate;
use super::reduced::KktSolution;
use crate::program::{Program, slice_rows};

/// The gradient of a loss with respect to every block of the user's program, each in the shape of its block and on its
/// sparsity pattern, with the certificate that says what it is worth.
///
/// With `(z̃, ỹ, ζ̃)` the solution of the backward QP: `∂L/∂q = z̃`, `∂L/∂P = ½(z̃xᵀ + xz̃ᵀ)`, `∂L/∂A = y z̃ᵀ + ỹ xᵀ`,
/// and `−ỹ`, `−ζ̃` at the sides that are active, zero at the others.
#[derive(Clone, Debug, PartialEq)]
pub struct Gradient {
    pub(crate) q: Vec<f64>,
    pub(crate) p: CscMatrix,
    pub(crate) a: CscMatrix,
    pub(crate) b: Vec<f64>,
    pub(crate) g: CscMatrix,
    pub(crate) h: Vec<f64>,
    pub(crate) rows: CscMatrix,
    pub(crate) l: Vec<f64>,
    pub(crate) u: Vec<f64>,
    pub(crate) lb: Vec<f64>,
    pub(crate) ub: Vec<f64>,
    pub(crate) certificate: Certificate,
    pub(crate) elapsed: Duration,
}

impl Gradient {
    /// With respect to `q` (`d`).
    pub fn q(&self) -> &[f64] {
        &self.q
    }

    /// With respect to `P`, symmetric, both triangles: each entry as if it stood alone (`d × d`).
    pub fn p(&self) -> &CscMatrix {
        &self.p
    }

    /// With respect to the equalities' matrix.
    pub fn a(&self) -> &CscMatrix {
        &self.a
    }

    /// With respect to the equalities' right-hand side.
    pub fn b(&self) -> &[f64] {
        &self.b
    }

    /// With respect to the inequalities' matrix.
    pub fn g(&self) -> &CscMatrix {
        &self.g
    }

    /// With respect to the inequalities' right-hand side.
    pub fn h(&self) -> &[f64] {
        &self.h
    }

    /// With respect to the two-sided rows' matrix.
    pub fn rows(&self) -> &CscMatrix {
        &self.rows
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

    /// All blocks by name, values alone, in the order `P, q, A, b, G, h, rows, l, u, lb, ub`.
    pub fn blocks(&self) -> [(&'static str, &[f64]); 11] {
        [
            ("P", self.p.values()),
            ("q", &self.q),
            ("A", self.a.values()),
            ("b", &self.b),
            ("G", self.g.values()),
            ("h", &self.h),
            ("rows", self.rows.values()),
            ("l", &self.l),
            ("u", &self.u),
            ("lb", &self.lb),
            ("ub", &self.ub),
        ]
    }

    /// The largest over all blocks of `‖g − r‖∞ / max(1, ‖r‖∞)` to a gradient `reference` of the same program.
    pub fn difference(&self, reference: &Self) -> f64 {
        let pairs = self.blocks().into_iter().zip(reference.blocks());
        pairs.map(|((_, g), (_, r))| block_difference(g, r)).fold(0.0, max_nan)
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

/// Assembles the gradient at `at` from the adjoint solution `adjoint`; `sides` has each equality at one side.
pub(crate) fn assemble(
    program: &Program,
    at: &Solution,
    sides: &ActiveSet,
    adjoint: &KktSolution,
    certificate: Certificate,
) -> Gradient {
    let stacked = program.as_stacked();
    let blocks = program.blocks();
    let mut p = program.p.clone();
    for (value, (i, j, _)) in p.values_mut().iter_mut().zip(program.p().entries()) {
        *value = 0.5 * (adjoint.z[i] * at.x[j] + at.x[i] * adjoint.z[j]);
    }
    let mut a = stacked.a().to_owned();
    for (value, (i, j, _)) in a.values_mut().iter_mut().zip(stacked.a().entries()) {
        *value = if sides.rows[i].is_active() { at.y[i] * adjoint.z[j] + adjoint.y[i] * at.x[j] } else { 0.0 };
    }
    let (l, u) = split_sides(&sides.rows, &adjoint.y);
    let (lb, ub) = split_sides(&sides.bounds, &adjoint.zeta);
    let block = |a: CscRef<'_>, rows: &Range<usize>| slice_rows(a, rows);
    let both = |rows: &Range<usize>| rows.clone().map(|i| l[i] + u[i]).collect();
    Gradient {
        q: adjoint.z.clone(),
        p,
        a: block(a.as_ref(), &blocks.equalities),
        b: both(&blocks.equalities),
        g: block(a.as_ref(), &blocks.inequalities),
        h: u[blocks.inequalities.clone()].to_vec(),
        rows: block(a.as_ref(), &blocks.rows),
        l: l[blocks.rows.clone()].to_vec(),
        u: u[blocks.rows.clone()].to_vec(),
        lb,
        ub,
        certificate,
        elapsed: Duration::ZERO,
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
