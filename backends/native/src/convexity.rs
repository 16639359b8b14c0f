//! Whether `P` is positive semidefinite, by the signs of an LDLᵀ factorization's pivots.

use bpqp_traits::{CscMatrix, CscRef, Error, Result};

use crate::kkt::KktMatrix;
use crate::linalg::{Ldl, PivotRule};

/// Eigenvalues above minus this, relative to the diagonal, pass: rounded data are not misjudged.
const SHIFT: f64 = 1e-6;

/// The check, with its symbolic factorization kept for new values.
pub(crate) struct Convexity {
    factor: Option<(KktMatrix, Ldl)>,
}

impl Convexity {
    /// Analyzes `p` (upper triangle); a diagonal needs no factorization.
    pub(crate) fn new(p: CscRef<'_>) -> Result<Self> {
        if p.entries().all(|(i, j, _)| i == j) {
            return Ok(Self { factor: None });
        }
        let matrix = KktMatrix::new(p, CscMatrix::zeros(0, p.ncols()).as_ref());
        let ldl = Ldl::new(matrix.pattern.clone())?;
        Ok(Self { factor: Some((matrix, ldl)) })
    }

    /// Checks `p`, on the pattern that was analyzed.
    ///
    /// # Errors
    /// [`Error::NotConvex`].
    pub(crate) fn check(&mut self, p: CscRef<'_>) -> Result<()> {
        if let Some((i, _, v)) = p.entries().find(|&(i, j, v)| i == j && v < 0.0) {
            return Err(Error::NotConvex { reason: format!("P[{i}, {i}] = {v} is negative") });
        }
        let Some((matrix, ldl)) = &mut self.factor else { return Ok(()) };
        let n = p.ncols();
        matrix.set(p.values(), &[]);
        matrix.scale(&unit_diagonal(p));
        (0..n).for_each(|j| matrix.add_diagonal(j, SHIFT));
        let factored = ldl.factorize(&matrix.values, PivotRule::NONE);
        let (positive, _) = ldl.inertia();
        if factored && positive == n {
            return Ok(());
        }
        let reason = if factored {
            format!("P has {} negative eigenvalues", n - positive)
        } else {
            "the factorization of P met a pivot that is not positive".to_owned()
        };
        Err(Error::NotConvex { reason })
    }
}

/// Scales that give `p` a unit diagonal; where the diagonal is zero, a largest entry of one.
fn unit_diagonal(p: CscRef<'_>) -> Vec<f64> {
    let mut scale = vec![0.0; p.ncols()];
    for (i, _, v) in p.entries().filter(|&(i, j, _)| i == j) {
        scale[i] = if v > 0.0 { 1.0 / v.sqrt() } else { 0.0 };
    }
    let largest = p.values().iter().fold(0.0, |m: f64, v| m.max(v.abs()));
    // Entries of rounding size over a zero diagonal are not blown up to negative curvature.
    let smallest = (1e-14 * largest).sqrt();
    let mut row_max = vec![0.0; p.ncols()];
    for (i, j, v) in p.entries().filter(|&(i, j, _)| i != j) {
        row_max[i] = f64::max(row_max[i], v.abs() * scale[j]);
        row_max[j] = f64::max(row_max[j], v.abs() * scale[i]);
    }
    for (s, r) in scale.iter_mut().zip(&row_max) {
        if *s == 0.0 {
            *s = if *r > smallest { 1.0 / r } else { 1.0 };
        }
    }
    scale
}
