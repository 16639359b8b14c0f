//! The backward side: solve the adjoint QP.

use crate::{AdjointQpRef, BackendInfo, Error, Result, check_length};

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

    /// Solves for `count` right-hand sides that stand one after another: `g` and `z` (`count × d`), `r` and `nu`
    /// (`count × k`). A factor may do this in one pass of triangular solves over all of them, without refinement and
    /// without measuring a residual: whoever calls does both, and asks [`solve`](Self::solve) for what that does not mend.
    ///
    /// # Errors
    /// As [`solve`](Self::solve).
    fn solve_many(&mut self, count: usize, (g, r): (&[f64], &[f64]), (z, nu): (&mut [f64], &mut [f64])) -> Result<()> {
        solve_each(self, count, (g, r), (z, nu))
    }

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

/// [`KktFactor::solve_many`] by [`KktFactor::solve`], one right-hand side after another.
///
/// # Errors
/// [`Error::InvalidArgument`] for lengths that `count` does not divide or that do not belong together; those of the solves.
pub fn solve_each<F: KktFactor + ?Sized>(
    factor: &mut F,
    count: usize,
    (g, r): (&[f64], &[f64]),
    (z, nu): (&mut [f64], &mut [f64]),
) -> Result<()> {
    let (d, k) = (g.len() / count.max(1), r.len() / count.max(1));
    check_many((d, k), count, (g, r), (z, nu))?;
    for s in 0..count {
        let (vars, rows) = (s * d..(s + 1) * d, s * k..(s + 1) * k);
        factor.solve(&g[vars.clone()], &r[rows.clone()], &mut z[vars], &mut nu[rows])?;
    }
    Ok(())
}

/// Checks the lengths of `count` right-hand sides of an adjoint QP with `d` variables and `k` rows, and of their solutions.
///
/// # Errors
/// [`Error::InvalidArgument`] that names both lengths.
pub fn check_many(
    (d, k): (usize, usize),
    count: usize,
    (g, r): (&[f64], &[f64]),
    (z, nu): (&[f64], &[f64]),
) -> Result<()> {
    check_length("g", g, count * d)?;
    check_length("r", r, count * k)?;
    check_length("z", z, count * d)?;
    check_length("nu", nu, count * k)
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
