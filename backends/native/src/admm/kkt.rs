//! The matrix of the ADMM step, `[P + σI + diag(ρ_b)  Aᵀ; A  −diag(1/ρ)]`.

use bpqp_traits::{Error, Result};

use super::rho::Rho;
use super::scaling::Scaled;
use crate::NAME;
use crate::kkt::KktMatrix;
use crate::linalg::{Ldl, PivotRule};

/// The factored matrix; bounds are rows of the identity, eliminated into the diagonal.
pub(crate) struct AdmmKkt {
    pub(crate) matrix: KktMatrix,
    pub(crate) ldl: Ldl,
    signs: Vec<i8>,
}

impl AdmmKkt {
    /// Orders and analyzes the pattern of `problem`.
    pub(crate) fn new(problem: &Scaled) -> Result<Self> {
        let matrix = KktMatrix::new(problem.p.as_ref(), problem.a.as_ref());
        let ldl = Ldl::new(matrix.pattern.clone())?;
        let n = problem.num_vars();
        let signs = (0..n + problem.num_rows()).map(|i| if i < n { 1 } else { -1 }).collect();
        Ok(Self { matrix, ldl, signs })
    }

    /// A second factorization on the same analysis.
    pub(crate) fn sibling(&self) -> Self {
        Self { matrix: self.matrix.clone(), ldl: self.ldl.sibling(), signs: self.signs.clone() }
    }

    /// Factors for the step sizes `rho`.
    ///
    /// # Errors
    /// [`Error::Backend`] where a pivot is not finite.
    pub(crate) fn factorize(&mut self, problem: &Scaled, sigma: f64, rho: &Rho) -> Result<()> {
        let n = problem.num_vars();
        self.matrix.set(problem.p.values(), problem.a.values());
        for (j, r) in rho.bounds.iter().enumerate() {
            self.matrix.add_diagonal(j, sigma + r);
        }
        for (i, r) in rho.rows.iter().enumerate() {
            self.matrix.add_diagonal(n + i, -1.0 / r);
        }
        if self.factorize_assembled() {
            return Ok(());
        }
        Err(Error::backend(NAME, "the factorization of the ADMM step broke down: the data are out of range"))
    }

    /// Factors what `matrix` holds.
    pub(crate) fn factorize_assembled(&mut self) -> bool {
        let rule = PivotRule { signs: Some(&self.signs), epsilon: 1e-14, delta: 1e-8 };
        self.ldl.factorize(&self.matrix.values, rule)
    }
}
