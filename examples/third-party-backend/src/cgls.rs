//! A backward solver of one's own: conjugate gradients on the normal equations.

use bpqp_traits::vector::{axpy, dot};
use bpqp_traits::{AdjointQpRef, AdjointReport, BackendInfo, BackwardQpSolver, CscMatrix, KktFactor, Result};

/// Conjugate gradients on the normal equations of the KKT system: needs products with `H` and `C` alone.
#[derive(Clone, Copy, Debug, Default)]
pub struct Cgls;

impl BackwardQpSolver for Cgls {
    fn info(&self) -> BackendInfo {
        BackendInfo::new("cgls", env!("CARGO_PKG_VERSION"))
    }

    fn factorize(&self, qp: &AdjointQpRef<'_>) -> Result<Box<dyn KktFactor>> {
        Ok(Box::new(Prepared { h: qp.h().to_owned(), c: qp.c().to_owned() }))
    }
}

struct Prepared {
    h: CscMatrix,
    c: CscMatrix,
}

impl Prepared {
    /// `K w` with `K = [H Cᵀ; C 0]`.
    fn multiply(&self, w: &[f64]) -> Vec<f64> {
        let mut out = vec![0.0; w.len()];
        let ((z, nu), (top, bottom)) = (w.split_at(self.h.ncols()), out.split_at_mut(self.h.ncols()));
        self.h.as_ref().symmetric_mul_add(1.0, z, top);
        self.c.as_ref().transpose_mul_add(1.0, nu, top);
        self.c.as_ref().mul_add(1.0, z, bottom);
        out
    }

    /// Adds to `w` the correction that CGLS finds for the residual `r = rhs − K w`. From zero it stays in the range of
    /// `K`, so a singular system gets its least-norm solution.
    fn correct(&self, mut r: Vec<f64>, w: &mut [f64]) -> u32 {
        let mut s = self.multiply(&r);
        let mut direction = s.clone();
        let (mut gamma, mut steps) = (dot(&s, &s), 0);
        let small = 1e-30 * gamma;
        while gamma > small && steps < 10 * w.len() as u32 {
            let image = self.multiply(&direction);
            let alpha = gamma / dot(&image, &image);
            axpy(alpha, &direction, w);
            axpy(-alpha, &image, &mut r);
            s = self.multiply(&r);
            let next = dot(&s, &s);
            let beta = next / gamma;
            direction.iter_mut().zip(&s).for_each(|(d, s)| *d = s + beta * *d);
            (gamma, steps) = (next, steps + 1);
        }
        steps
    }
}

impl KktFactor for Prepared {
    fn solve(&mut self, g: &[f64], r: &[f64], z: &mut [f64], nu: &mut [f64]) -> Result<AdjointReport> {
        let qp = AdjointQpRef::new(self.h.as_ref(), self.c.as_ref())?;
        qp.check_rhs(g, r, z, nu)?;
        let rhs: Vec<f64> = g.iter().map(|v| -v).chain(r.iter().copied()).collect();
        let mut w = vec![0.0; rhs.len()];
        let mut refinements = 0;
        for _ in 0..3 {
            let residual: Vec<f64> = rhs.iter().zip(self.multiply(&w)).map(|(b, k)| b - k).collect();
            refinements += self.correct(residual, &mut w);
        }
        let (found_z, found_nu) = w.split_at(g.len());
        z.copy_from_slice(found_z);
        nu.copy_from_slice(found_nu);
        Ok(AdjointReport { residual: qp.residual(g, r, z, nu), refinements })
    }
}
