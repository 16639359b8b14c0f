//! Gradients with respect to the data, on its sparsity pattern.

mod assemble;
mod factors;

use std::sync::OnceLock;
use std::time::Duration;

use bpqp_traits::CscMatrix;
use bpqp_traits::vector::{max_abs, max_nan};

pub(crate) use self::assemble::{Sensitivities, assemble, chain, conic, of_sides, of_value};
use self::factors::{Factors, Matrices};
use super::certificate::Certificate;
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
