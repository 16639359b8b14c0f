//! The backward side: solve the adjoint QP.

use crate::{AdjointQpRef, BackendInfo, Error, Result};

/// A solver of the backward pass, an equality-constrained QP ([`AdjointQpRef`]).
pub trait BackwardQpSolver: Send + Sync {
    /// Name and version.
    fn info(&self) -> BackendInfo;

    /// Prepares the QP's matrices for any number of right-hand sides.
    ///
    /// A singular KKT matrix is not an error: [`KktFactor::solve`] then returns a solution where there is one, and the
    /// residual tells where there is none. Of many solutions a direct solver should choose the one of least norm. It is
    /// promised only where the solver itself gives it: [`ForwardAsBackward`](crate::ForwardAsBackward) inherits its
    /// forward solver's choice, so whoever needs the least norm projects the solution.
    ///
    /// # Errors
    /// [`Error::Backend`] where the factorization broke down.
    fn factorize(&self, qp: &AdjointQpRef<'_>) -> Result<Box<dyn KktFactor>>;
}

/// A prepared adjoint QP.
pub trait KktFactor: Send {
    /// Solves `min ½ z̃ᵀH z̃ + gᵀz̃  s.t.  C z̃ = r`, that is
    /// ```text
    /// H z̃ + Cᵀν̃ = −g
    /// C z̃       =  r
    /// ```
    /// for `g` (`d`), `r` (`k`) into `z` (`d`) and `nu` (`k`).
    ///
    /// # Errors
    /// [`Error::InvalidArgument`] for a wrong length or a value that is not finite.
    fn solve(&mut self, g: &[f64], r: &[f64], z: &mut [f64], nu: &mut [f64]) -> Result<AdjointReport>;

    /// How far the KKT matrix is from a singular one, relative to its own entries, where the factor proves or tests it:
    /// the smallest pivot over the diagonal entry it came from, of Cholesky's factors of a positive definite `H` and of
    /// the Schur complement `C H⁻¹Cᵀ`; or `‖v‖ / ‖K⁻¹v‖` for a random `v` and the equilibrated `K`.
    fn regularity(&mut self) -> Option<f64> {
        None
    }

    /// Takes new values on the same patterns, keeping the symbolic factorization.
    ///
    /// # Errors
    /// [`Error::Unsupported`] where the solver cannot; [`Error::InvalidArgument`] for another pattern.
    fn refactorize(&mut self, _qp: &AdjointQpRef<'_>) -> Result<()> {
        Err(Error::unsupported("this backend", "refactorization; call factorize again"))
    }
}

/// How well an adjoint QP was solved.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct AdjointReport {
    /// `‖K w + rhs‖∞ / ‖rhs‖∞` with the unregularized `K`, see [`AdjointQpRef::residual`].
    pub residual: f64,
    /// Steps of iterative refinement taken.
    pub refinements: u32,
}

impl<T: BackwardQpSolver + ?Sized> BackwardQpSolver for std::sync::Arc<T> {
    fn info(&self) -> BackendInfo {
        (**self).info()
    }
    fn factorize(&self, qp: &AdjointQpRef<'_>) -> Result<Box<dyn KktFactor>> {
        (**self).factorize(qp)
    }
}
