//! The two ends of a derivative: what a backward pass starts from, what a forward one yields.

use bpqp_traits::check_vector;

use super::certificate::Certificate;
use crate::Result;
use crate::program::Program;

/// A loss's gradient with respect to the solution; absent parts are zero.
#[derive(Clone, Copy, Debug, Default)]
pub struct Cotangent<'a> {
    /// With respect to `x` (`d`; of a factor model with or without the factors' variables).
    pub x: Option<&'a [f64]>,
    /// With respect to the duals of `A x = b`.
    pub equalities: Option<&'a [f64]>,
    /// With respect to the duals of `G x ≤ h`.
    pub inequalities: Option<&'a [f64]>,
    /// With respect to the duals of `l ≤ C x ≤ u`.
    pub rows: Option<&'a [f64]>,
    /// With respect to the duals of the bounds (`d`).
    pub bounds: Option<&'a [f64]>,
    /// With respect to the duals of the cones, stacked.
    pub cones: Option<&'a [f64]>,
}

/// A [`Cotangent`] with every part there.
#[derive(Clone, Debug)]
pub(super) struct StackedCotangent {
    /// Of `x` (`d`).
    pub(super) x: Vec<f64>,
    /// Of the stacked rows' duals (`m`).
    pub(super) y: Vec<f64>,
    /// Of the bounds' duals (`d`).
    pub(super) bounds: Vec<f64>,
    /// Of the cones' duals.
    pub(super) cones: Vec<f64>,
}

/// The derivative of the solution along a direction of the data.
#[derive(Clone, Debug, PartialEq)]
pub struct Tangent {
    /// Of `x` (`d`).
    pub x: Vec<f64>,
    /// Of the duals of `A x = b`.
    pub equalities: Vec<f64>,
    /// Of the duals of `G x ≤ h`.
    pub inequalities: Vec<f64>,
    /// Of the duals of `l ≤ C x ≤ u`.
    pub rows: Vec<f64>,
    /// Of the duals of the bounds (`d`).
    pub bounds: Vec<f64>,
    /// Of the duals of the cones, stacked.
    pub cones: Vec<f64>,
    /// What the derivative is worth.
    pub certificate: Certificate,
}

impl Cotangent<'_> {
    /// Copies of the parts; checked.
    pub(super) fn stack(&self, program: &Program) -> Result<StackedCotangent> {
        let (n, blocks) = (program.num_vars(), program.blocks());
        let mut y = vec![0.0; program.as_stacked().num_rows()];
        let parts = [
            ("cotangent of the equalities", self.equalities, &blocks.equalities),
            ("cotangent of the inequalities", self.inequalities, &blocks.inequalities),
            ("cotangent of the rows", self.rows, &blocks.rows),
        ];
        for (name, part, rows) in parts {
            if let Some(part) = part {
                check_vector(name, part, rows.len())?;
                y[rows.clone()].copy_from_slice(part);
            }
        }
        let own = n - program.num_factors();
        let vector = |name, part: Option<&[f64]>| -> Result<Vec<f64>> {
            let Some(part) = part else { return Ok(vec![0.0; n]) };
            // A loss need not know of the variables that a factor model adds.
            check_vector(name, part, if part.len() == own { own } else { n })?;
            let mut whole = part.to_vec();
            whole.resize(n, 0.0);
            Ok(whole)
        };
        let mut cones = vec![0.0; program.as_stacked().num_cone_rows()];
        if let Some(part) = self.cones {
            check_vector("cotangent of the cones", part, cones.len())?;
            cones.copy_from_slice(part);
        }
        let x = vector("cotangent of x", self.x)?;
        Ok(StackedCotangent { x, y, bounds: vector("cotangent of the bounds", self.bounds)?, cones })
    }
}
