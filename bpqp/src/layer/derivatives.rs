//! Derivatives of a solved program: one linear solve each, and what vouches for it.

use std::time::Instant;

use bpqp_traits::{ProgramRef, Side};

use super::certificate::{ALL_BLOCKS, Certificate, CertificateKind};
use super::cotangent::{Cotangent, StackedCotangent, Tangent};
use super::errors;
use super::gradient::{Gradient, assemble};
use super::reduced::KktSolution;
use super::solved::{Held, Prepared, Solved, differentiated};
use crate::program::{OwnedUpdate, Values};
use crate::{Error, Result};

/// Largest relative residual of the adjoint system that still makes a gradient.
pub(super) const ADJOINT_TOLERANCE: f64 = 1e-9;

/// The same in units in which the matrix is roughly equilibrated, for blocks of a degenerate gradient that are the derivative.
const EQUILIBRATED_TOLERANCE: f64 = 1e-8;

/// A residual of so many roundings of the exact solution is as good as zero: a solution many orders of magnitude larger than
/// its right-hand side, as a regularized linear program has, cannot have a smaller one …
const ROUNDINGS: f64 = 8.0;
/// … up to this size.
const MAX_ROUNDING: f64 = 1e-7;

impl Prepared {
    /// A certificate for a solution of the KKT system with this right-hand side, at a point of the given residual, or a
    /// refusal.
    pub(super) fn certify(
        &self,
        program: &ProgramRef<'_>,
        right: (&[f64], &[f64]),
        adjoint: &KktSolution,
        kkt_residual: f64,
    ) -> Result<Certificate> {
        let finite = adjoint.z.iter().chain(&adjoint.y).chain(&adjoint.zeta).all(|v| v.is_finite());
        let tolerance = ADJOINT_TOLERANCE.max((ROUNDINGS * adjoint.rounding).min(MAX_ROUNDING));
        if finite && adjoint.residual <= tolerance {
            let mut certificate = Certificate::new(&self.facts, adjoint, kkt_residual);
            // What looks like dependence may be units that the solver could not bridge: then no block is vouched for.
            let in_doubt = certificate.kind == CertificateKind::Degenerate && certificate.inexact_blocks != ALL_BLOCKS;
            if in_doubt && errors::equilibrated_residual(&self.kkt, program, right, adjoint) > EQUILIBRATED_TOLERANCE {
                certificate.inexact_blocks = ALL_BLOCKS.to_vec();
            }
            Ok(certificate)
        } else {
            Err(Error::Adjoint { residual: adjoint.residual })
        }
    }
}

impl Solved<'_> {
    /// The gradient of a loss with respect to all data, from its gradient `x_bar` with respect to `x` (`d`).
    ///
    /// # Errors
    /// As [`vjp`](Self::vjp).
    pub fn backward(&mut self, x_bar: &[f64]) -> Result<Gradient> {
        self.vjp(&Cotangent { x: Some(x_bar), ..Cotangent::default() })
    }

    /// The gradient of a loss with respect to all data, from its gradient with respect to `x` and the duals: one
    /// backward QP (the paper's section 3).
    ///
    /// # Errors
    /// As [`polish`](Self::polish); [`Error::Adjoint`] where the backward QP could not be solved;
    /// [`InvalidArgument`](bpqp_traits::Error::InvalidArgument) for a wrong length or a value that is not finite.
    pub fn vjp(&mut self, cotangent: &Cotangent<'_>) -> Result<Gradient> {
        let start = Instant::now();
        let program = self.program.clone();
        let bar = cotangent.stack(&program)?;
        self.prepare()?;
        let replaced = match (&mut self.closest, &mut self.conic, &mut self.smoothed) {
            (_, _, Some(smoothed)) => Some(smoothed.vjp(&program, &bar)?),
            (Some(closest), ..) => Some(closest.vjp(&program, &self.layer, &bar)?),
            (None, Some(conic), None) => Some(conic.vjp(&program, &self.layer, &self.solution.cone_duals, &bar)?),
            (None, None, None) => None,
        };
        if let Some(mut gradient) = replaced {
            gradient.elapsed = start.elapsed();
            return Ok(gradient);
        }
        let StackedCotangent { x: x_bar, y: y_bar, bounds: bound_bar, .. } = bar;
        let regularized = self.regularized.clone();
        let stacked = differentiated(&program, regularized.as_deref());
        let Some(prepared) = &mut self.prepared else { return Err(Error::NotSolved { status: self.status }) };
        let right: Vec<f64> = y_bar.iter().map(|v| -v).collect();
        let fixed: Vec<f64> = bound_bar.iter().map(|v| -v).collect();
        let session = self.session.as_mut().map(Held::get);
        let adjoint = prepared.kkt.solve_determined(&stacked, session, &x_bar, &right, &fixed)?;
        let mut certificate = prepared.certify(&stacked, (&x_bar, &right), &adjoint, self.residuals.max())?;
        if self.layer.choices.estimate_errors {
            let session = self.session.as_mut().map(Held::get);
            let solutions = (&adjoint, &self.solution);
            let trust = errors::estimate(&mut prepared.kkt, &stacked, session, (&x_bar, &right), solutions)?;
            certificate.error_estimate = trust.as_ref().map(|trust| trust.error);
            certificate.radius = trust.as_ref().map(|trust| trust.radius);
        }
        let mut gradient = assemble(&program, &self.solution, &prepared.sides, adjoint, certificate);
        gradient.elapsed = start.elapsed();
        Ok(gradient)
    }

    /// The derivative of the solution along `direction`, a change of the data in the order of their patterns: the same
    /// linear system as the backward pass.
    ///
    /// # Errors
    /// As [`vjp`](Self::vjp).
    pub fn jvp(&mut self, direction: &Values<'_>) -> Result<Tangent> {
        let program = self.program.clone();
        let change = OwnedUpdate::direction(&program, direction)?;
        self.prepare()?;
        if let Some(closest) = &mut self.closest {
            return closest.jvp(&program, &self.layer, (direction.p, &change.as_ref()));
        }
        if let Some(smoothed) = &mut self.smoothed {
            return smoothed.jvp(&program, &change.as_ref());
        }
        if let Some(conic) = &mut self.conic {
            return conic.jvp(&program, &self.layer, &self.solution.cone_duals, &change.as_ref());
        }
        let regularized = self.regularized.clone();
        let stacked = differentiated(&program, regularized.as_deref());
        let (x, y) = (&self.solution.x, &self.solution.y);
        let Some(prepared) = &mut self.prepared else { return Err(Error::NotSolved { status: self.status }) };
        let sides = &prepared.sides;
        let active_y: Vec<f64> = y.iter().zip(&sides.rows).map(|(y, s)| if s.is_active() { *y } else { 0.0 }).collect();

        let update = change.as_ref();
        let (mut force, mut right) = (vec![0.0; x.len()], vec![0.0; y.len()]);
        if let Some(dq) = update.q {
            force.copy_from_slice(dq);
        }
        if let Some(dp) = update.p {
            program.as_stacked().p().with_values(dp)?.symmetric_mul_add(1.0, x, &mut force);
        }
        if let Some(da) = update.a {
            let da = stacked.a().with_values(da)?;
            da.transpose_mul_add(1.0, &active_y, &mut force);
            da.mul_add(-1.0, x, &mut right);
        }
        for (i, right) in right.iter_mut().enumerate() {
            let side = if sides.rows[i] == Side::Lower { update.l } else { update.u };
            *right += side.map_or(0.0, |v| v[i]);
        }
        let fixed: Vec<f64> = (0..x.len())
            .map(|j| if sides.bounds[j] == Side::Lower { update.lb } else { update.ub }.map_or(0.0, |v| v[j]))
            .collect();
        let session = self.session.as_mut().map(Held::get);
        let tangent = prepared.kkt.solve_determined(&stacked, session, &force, &right, &fixed)?;
        let certificate = prepared.certify(&stacked, (&force, &right), &tangent, self.residuals.max())?.of_solution();
        let blocks = program.blocks();
        Ok(Tangent {
            equalities: tangent.y[blocks.equalities.clone()].to_vec(),
            inequalities: tangent.y[blocks.inequalities.clone()].to_vec(),
            rows: tangent.y[blocks.rows.clone()].to_vec(),
            bounds: tangent.zeta,
            cones: Vec::new(),
            x: tangent.z,
            certificate,
        })
    }
}
