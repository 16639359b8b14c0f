//! Regularized KKT matrices `[H + diag(a)  Cᵀ; C  −diag(b)]` with positive `a`, `b`: every order of elimination is stable
//! (Vanderbei 1995).

use bpqp_traits::{CscRef, Result};

use super::KktMatrix;
use crate::linalg::{Ldl, PivotRule};

/// What rounding may leave of a pivot.
#[derive(Clone, Copy, Debug)]
pub(crate) struct PivotLimits {
    /// Smaller ones, and those of the wrong sign, are replaced …
    pub(crate) least: f64,
    /// … by this.
    pub(crate) replacement: f64,
}

impl PivotLimits {
    /// For matrices that are regularized by about 1e-8.
    pub(crate) const USUAL: Self = Self { least: 1e-14, replacement: 1e-8 };
}

/// The matrix and its factor.
pub(crate) struct QuasiDefinite {
    pub(crate) matrix: KktMatrix,
    pub(crate) ldl: Ldl,
    signs: Vec<i8>,
}

impl QuasiDefinite {
    /// Orders and analyzes the pattern of `h` (upper triangle) and `c`.
    pub(crate) fn new(h: CscRef<'_>, c: CscRef<'_>) -> Result<Self> {
        let matrix = KktMatrix::new(h, c);
        let ldl = Ldl::new(matrix.pattern.clone())?;
        let n = h.ncols();
        let signs = (0..n + c.nrows()).map(|i| if i < n { 1 } else { -1 }).collect();
        Ok(Self { matrix, ldl, signs })
    }

    /// A second factorization on the same analysis.
    pub(crate) fn sibling(&self) -> Self {
        Self { matrix: self.matrix.clone(), ldl: self.ldl.sibling(), signs: self.signs.clone() }
    }

    /// Factors what `matrix` holds; false where a pivot is not finite.
    pub(crate) fn factorize(&mut self, limits: PivotLimits) -> bool {
        let rule = PivotRule { signs: Some(&self.signs), epsilon: limits.least, delta: limits.replacement };
        self.ldl.factorize(&self.matrix.values, rule)
    }
}
