//! The linear system of a Newton step as its refinement sees it.

use bpqp_traits::vector::max_nan;

use crate::kkt::QuasiDefinite;
use crate::linalg::System;
use crate::scaling::Scaled;

/// The matrix without regularization, as the refinement sees it: equations beside a heavy diagonal count by what they move.
pub(super) struct Weighted<'a> {
    pub(super) problem: &'a Scaled,
    pub(super) kkt: &'a mut QuasiDefinite,
    pub(super) diagonal: &'a [f64],
    pub(super) rhs: &'a [f64],
}

impl Weighted<'_> {
    /// Divides by what is heavy of the diagonal.
    fn weigh(&self, v: &mut [f64]) {
        v.iter_mut().zip(self.diagonal).for_each(|(v, d)| *v /= d.abs().max(1.0));
    }

    /// Writes `b − K v` into `out`, without weights.
    pub(super) fn subtract_product(&self, v: &[f64], out: &mut [f64]) {
        self.multiply(v, out);
        out.iter_mut().zip(self.rhs).for_each(|(o, b)| *o = b - *o);
    }

    /// The size of the right-hand side.
    pub(super) fn size(&self) -> f64 {
        let sizes = self.rhs.iter().zip(self.diagonal).map(|(v, d)| v.abs() / d.abs().max(1.0));
        infinite_if_nan(sizes.fold(0.0, max_nan))
    }

    /// Writes `K v` into `out`, without weights.
    fn multiply(&self, v: &[f64], out: &mut [f64]) {
        let n = self.problem.num_vars();
        for ((o, d), v) in out.iter_mut().zip(self.diagonal).zip(v) {
            *o = d * v;
        }
        let ((x, y), (top, bottom)) = (v.split_at(n), out.split_at_mut(n));
        self.problem.p.as_ref().symmetric_mul_add(1.0, x, top);
        self.problem.a.as_ref().transpose_mul_add(1.0, y, top);
        self.problem.a.as_ref().mul_add(1.0, x, bottom);
    }
}

impl System for Weighted<'_> {
    fn residual(&mut self, v: &[f64], out: &mut [f64]) -> f64 {
        self.subtract_product(v, out);
        self.weigh(out);
        infinite_if_nan(out.iter().fold(0.0, |m, v| max_nan(v.abs(), m)))
    }

    fn apply(&mut self, v: &[f64], out: &mut [f64]) {
        self.multiply(v, out);
        self.weigh(out);
    }

    fn precondition(&mut self, v: &mut [f64]) {
        v.iter_mut().zip(self.diagonal).for_each(|(v, d)| *v *= d.abs().max(1.0));
        self.kkt.ldl.solve(v);
    }
}

fn infinite_if_nan(size: f64) -> f64 {
    if size.is_nan() { f64::INFINITY } else { size }
}
