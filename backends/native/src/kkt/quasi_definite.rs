//! Regularized KKT matrices `[H + diag(a)  Cᵀ; C  −diag(b)]` with positive `a`, `b`: every order of elimination is stable
//! (Vanderbei 1995).

use bpqp_traits::{CscRef, Result};

use super::KktMatrix;
use crate::linalg::{Ldl, PivotRule};

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
    pub(crate) fn factorize(&mut self) -> bool {
        let rule = PivotRule { signs: Some(&self.signs), epsilon: 1e-14, delta: 1e-8 };
        self.ldl.factorize(&self.matrix.values, rule)
    }
}
