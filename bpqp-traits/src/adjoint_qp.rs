//! The backward pass as a QP: the paper's section 3, with the active rows as equalities.

use crate::vector::{max_abs, max_nan};
use crate::{CscRef, Error, Result, check_adjoint};

/// The matrices of the adjoint QP `min ½ z̃ᵀH z̃ + gᵀz̃  s.t.  C z̃ = r`, whose KKT matrix is `K = [H Cᵀ; C 0]`.
#[derive(Clone, Copy, Debug)]
pub struct AdjointQpRef<'a> {
    h: CscRef<'a>,
    c: CscRef<'a>,
}

impl<'a> AdjointQpRef<'a> {
    /// The QP with Hessian `h` (`d × d`, upper triangle) and rows `c` (`k × d`).
    ///
    /// # Errors
    /// [`Error::InvalidProblem`] where the shapes do not match or `h` has entries below its diagonal.
    pub fn new(h: CscRef<'a>, c: CscRef<'a>) -> Result<Self> {
        if h.nrows() != h.ncols() || h.ncols() != c.ncols() {
            let reason = format!("H is {} × {}, C is {} × {}", h.nrows(), h.ncols(), c.nrows(), c.ncols());
            return Err(Error::invalid_problem("adjoint QP", reason));
        }
        h.check_upper_triangle("H")?;
        Ok(Self { h, c })
    }

    /// Hessian, upper triangle (`d × d`).
    pub fn h(&self) -> CscRef<'a> {
        self.h
    }

    /// Equality rows (`k × d`).
    pub fn c(&self) -> CscRef<'a> {
        self.c
    }

    /// Number of variables `d`.
    pub fn num_vars(&self) -> usize {
        self.h.ncols()
    }

    /// Number of equality rows `k`.
    pub fn num_rows(&self) -> usize {
        self.c.nrows()
    }

    /// Writes `(−g − H z − Cᵀν, r − C z)` into `(res_z, res_nu)` and returns its largest absolute value; NaN if any
    /// entry is.
    pub fn residual_into(
        &self,
        (g, r): (&[f64], &[f64]),
        (z, nu): (&[f64], &[f64]),
        (res_z, res_nu): (&mut [f64], &mut [f64]),
    ) -> f64 {
        for (o, g) in res_z.iter_mut().zip(g) {
            *o = -g;
        }
        res_nu.copy_from_slice(r);
        self.h.symmetric_mul_add(-1.0, z, res_z);
        self.c.transpose_mul_add(-1.0, nu, res_z);
        self.c.mul_add(-1.0, z, res_nu);
        max_nan(max_abs(res_z), max_abs(res_nu))
    }

    /// `‖K w + rhs‖∞ / ‖rhs‖∞` at `w = (z, ν)`, with `rhs = (g, −r)`; 0 for a zero right-hand side solved by zero, NaN
    /// where an entry is not a number.
    pub fn residual(&self, g: &[f64], r: &[f64], z: &[f64], nu: &[f64]) -> f64 {
        let (mut res_z, mut res_nu) = (vec![0.0; self.num_vars()], vec![0.0; self.num_rows()]);
        let residual = self.residual_into((g, r), (z, nu), (&mut res_z, &mut res_nu));
        let scale = max_abs(g).max(max_abs(r));
        if scale > 0.0 { residual / scale } else { residual }
    }

    /// Checks a right-hand side and the buffers of its solution.
    ///
    /// # Errors
    /// [`Error::InvalidArgument`] for a wrong length or a value that is not finite.
    pub fn check_rhs(&self, g: &[f64], r: &[f64], z: &[f64], nu: &[f64]) -> Result<()> {
        check_adjoint((self.num_vars(), self.num_rows()), (g, r), (z, nu))
    }
}
