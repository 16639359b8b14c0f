//! The derivative of the optimal value: by the envelope theorem it is there once the solution is.

use bpqp_traits::Error as SolverError;

use super::Solved;
use super::certificate::{Certificate, CertificateKind, blocks_of};
use super::gradient::{Gradient, of_value};
use super::reduced::KktSolution;
use crate::{Error, Result};

/// The blocks whose entries are products with `x`.
const OF_X: [&str; 6] = ["P", "q", "A", "G", "rows", "cones"];

impl Solved<'_> {
    /// The gradient of the optimal value with respect to all data: `∂V/∂q = x`, `∂V/∂P = ½xxᵀ`, `∂V/∂A = yxᵀ`, `−y` and `−ζ`
    /// at the active sides, `−wxᵀ` and `−w` for the cones. No linear system is solved for it: [`polish`](Self::polish), which
    /// looks whether solution and duals are unique, is all.
    ///
    /// Where they are, this is the derivative, at weakly active constraints too, and the certificate is exact. Where they are
    /// not, it is one of several one-sided derivatives, and the certificate names the blocks that are in doubt. Of a linear
    /// program it is that of the regularized one, as all derivatives are.
    ///
    /// # Errors
    /// As [`polish`](Self::polish); [`Unsupported`](SolverError::Unsupported) for the closest feasible point of an infeasible
    /// program.
    pub fn value_gradient(&mut self) -> Result<Gradient> {
        if self.closest.is_some() {
            return Err(SolverError::unsupported("bpqp", "the value of an infeasible program").into());
        }
        if self.layer.choices.smoothing > 0.0 {
            return Err(SolverError::unsupported(
                "bpqp",
                "the value's smoothed derivative; build a layer without smoothing",
            )
            .into());
        }
        self.prepare()?;
        let residual = self.residuals.max();
        let none = KktSolution::default();
        let (certificate, sides) = match (&self.conic, &self.prepared) {
            (Some(conic), _) => conic.facts(&self.program, &self.layer)?,
            (None, Some(prepared)) => (Certificate::new(&prepared.facts, &none, residual), prepared.sides.clone()),
            (None, None) => return Err(Error::NotSolved { status: self.status }),
        };
        let certificate = of_uniqueness(certificate, &self.program);
        Ok(of_value(&self.program, &self.solution, &sides, certificate))
    }
}

/// What uniqueness says of the value: kinks do not matter, and each block depends on the solution or on duals alone.
fn of_uniqueness(certificate: Certificate, program: &crate::Program) -> Certificate {
    let is_unique = certificate.dependent.is_empty() && certificate.loose_variables.is_empty();
    let kind = if is_unique { CertificateKind::Exact } else { CertificateKind::Degenerate };
    let mut inexact_blocks = Vec::new();
    if !certificate.loose_variables.is_empty() {
        inexact_blocks.extend(OF_X);
    }
    if !certificate.dependent.is_empty() {
        let m = program.as_stacked().num_rows();
        let cones = m..m + program.cone_rows().count();
        let places: Vec<usize> = certificate.dependent.iter().map(|id| id.stacked(program)).collect();
        inexact_blocks.extend(blocks_of(cones, program.blocks(), &places));
    }
    inexact_blocks.sort_unstable();
    inexact_blocks.dedup();
    Certificate { kind, inexact_blocks, ..certificate }
}
