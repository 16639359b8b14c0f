//! The adjoint QP on the final set, by the factor that the last solve ended with.

use bpqp_traits::vector::{axpy, max_abs};
use bpqp_traits::{ActiveSet, AdjointReport, KktFactor, Result, check_adjoint, check_many};

use super::method::SparseActiveSet;
use crate::linalg::correct;

/// A residual this small is enough.
const ENOUGH: f64 = 1e-12;

impl SparseActiveSet {
    /// The factor on `active`, if the last solve ended on that set.
    pub(crate) fn adjoint_factor(&mut self, active: &ActiveSet) -> Option<&mut dyn KktFactor> {
        if !self.optimal || !self.factor.is_of(active) {
            return None;
        }
        let (free, rows) = &mut self.unknowns;
        free.clear();
        free.extend(active.free_variables());
        rows.clear();
        rows.extend(active.active_rows());
        Some(self)
    }

    /// Writes `(−g, r) − K w` into `residual`, zero on what is eliminated; returns its size.
    fn adjoint_residual(&mut self, g: &[f64], r: &[f64]) -> f64 {
        let n = self.p.ncols();
        let (z, nu) = self.adjoint.split_at(n);
        // The products go where nothing else is kept between solves.
        let (top, bottom) = self.residual.split_at_mut(n);
        top.fill(0.0);
        bottom.fill(0.0);
        let free = &self.unknowns.0;
        self.p.as_ref().symmetric_mul_add_at(-1.0, free, z, top);
        self.a.as_ref().mul_both_add_at(-1.0, free, (z, &mut *bottom), (nu, &mut *top));
        for (v, side) in top.iter_mut().zip(&self.active.bounds) {
            *v = if side.is_active() { 0.0 } else { *v };
        }
        for (v, side) in bottom.iter_mut().zip(&self.active.rows) {
            *v = if side.is_active() { *v } else { 0.0 };
        }
        self.add_right_hand_side(g, r);
        max_abs(&self.residual)
    }

    /// Adds `(−g, r)` to `residual`.
    fn add_right_hand_side(&mut self, g: &[f64], r: &[f64]) {
        let (top, bottom) = self.residual.split_at_mut(self.p.ncols());
        let (free, rows) = &self.unknowns;
        free.iter().zip(g).for_each(|(&j, g)| top[j] -= g);
        rows.iter().zip(r).for_each(|(&i, r)| bottom[i] += r);
    }
}

impl KktFactor for SparseActiveSet {
    fn regularity(&mut self) -> Option<f64> {
        self.factor.regularity()
    }

    fn solve(&mut self, g: &[f64], r: &[f64], z: &mut [f64], nu: &mut [f64]) -> Result<AdjointReport> {
        check_adjoint((self.unknowns.0.len(), self.unknowns.1.len()), (g, r), (z, nu))?;
        let n = self.p.ncols();
        let scale = max_abs(g).max(max_abs(r));
        self.adjoint.fill(0.0);
        self.residual.fill(0.0);
        self.add_right_hand_side(g, r);
        let step = |method: &mut Self| {
            method.factor.solve(&mut method.residual);
            axpy(1.0, &method.residual, &mut method.adjoint);
            method.adjoint_residual(g, r)
        };
        let keep = |method: &Self| {
            let (free, rows) = &method.unknowns;
            z.iter_mut().zip(free).for_each(|(z, &j)| *z = method.adjoint[j]);
            nu.iter_mut().zip(rows).for_each(|(nu, &i)| *nu = method.adjoint[n + i]);
        };
        Ok(correct(self, scale, |_| ENOUGH, step, keep))
    }

    fn solve_many(&mut self, count: usize, (g, r): (&[f64], &[f64]), (z, nu): (&mut [f64], &mut [f64])) -> Result<()> {
        let Self { unknowns: (free, rows), many, factor, p, residual, .. } = self;
        let (d, k, n, dim) = (free.len(), rows.len(), p.ncols(), residual.len());
        check_many((d, k), count, (g, r), (z, nu))?;
        many.clear();
        many.resize(count * dim, 0.0);
        for (s, v) in many.chunks_exact_mut(dim).enumerate() {
            free.iter().zip(&g[s * d..]).for_each(|(&j, g)| v[j] = -g);
            rows.iter().zip(&r[s * k..]).for_each(|(&i, r)| v[n + i] = *r);
        }
        factor.solve_many(many);
        for (s, v) in many.chunks_exact(dim).enumerate() {
            z[s * d..].iter_mut().zip(&*free).for_each(|(z, &j)| *z = v[j]);
            nu[s * k..].iter_mut().zip(&*rows).for_each(|(nu, &i)| *nu = v[n + i]);
        }
        Ok(())
    }
}
