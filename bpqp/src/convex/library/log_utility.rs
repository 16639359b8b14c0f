//! A budget divided by logarithmic utilities: water filling.

use super::sizes;
use crate::Result;
use crate::convex::{ConvexProgram, Entries, PrimalDual, ResidualTangent, SymmetricEntries};

/// A budget `B` divided among `d` uses, each with the utility `wⱼ ln(aⱼ + xⱼ)`:
/// ```text
/// minimize −Σ wⱼ ln(aⱼ + xⱼ)   s.t.  Σ xⱼ = B,  x ≥ 0
/// ```
/// The parameters are `(w, a, B)`, `2d + 1` positive numbers. The solution is `xⱼ = max(0, wⱼ/ν − aⱼ)`; with `aⱼ` the noise
/// of a channel it is called water filling, with `a = 0` a log barrier.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LogUtility {
    d: usize,
}

impl LogUtility {
    /// Of `d ≥ 1` uses.
    ///
    /// # Errors
    /// [`InvalidProblem`](bpqp_traits::Error::InvalidProblem) for none.
    pub fn new(d: usize) -> Result<Self> {
        sizes("d", d, 1)?;
        Ok(Self { d })
    }

    /// Weights, offsets, budget.
    fn split<'t>(&self, theta: &'t [f64]) -> (&'t [f64], &'t [f64], f64) {
        (&theta[..self.d], &theta[self.d..2 * self.d], theta[2 * self.d])
    }
}

impl ConvexProgram for LogUtility {
    fn num_vars(&self) -> usize {
        self.d
    }

    fn num_params(&self) -> usize {
        2 * self.d + 1
    }

    fn num_equalities(&self) -> usize {
        1
    }

    fn objective(&self, x: &[f64], theta: &[f64]) -> f64 {
        let (w, a, _) = self.split(theta);
        -x.iter().zip(w).zip(a).map(|((x, w), a)| w * (a + x).ln()).sum::<f64>()
    }

    fn gradient(&self, x: &[f64], theta: &[f64], out: &mut [f64]) {
        let (w, a, _) = self.split(theta);
        (0..self.d).for_each(|j| out[j] = -w[j] / (a[j] + x[j]));
    }

    fn hessian(&self, x: &[f64], theta: &[f64], _lambda: &[f64], out: &mut SymmetricEntries) {
        let (w, a, _) = self.split(theta);
        (0..self.d).for_each(|j| out.add(j, j, w[j] / (a[j] + x[j]).powi(2)));
    }

    fn equalities(&self, theta: &[f64], a: &mut Entries, b: &mut [f64]) {
        (0..self.d).for_each(|j| a.add(0, j, 1.0));
        b[0] = theta[2 * self.d];
    }

    fn bounds(&self, lb: &mut [f64], _ub: &mut [f64]) {
        lb.fill(0.0);
    }

    fn start(&self, theta: &[f64], x: &mut [f64]) {
        x.fill(theta[2 * self.d] / self.d as f64);
    }

    fn objective_vjp(&self, x: &[f64], theta: &[f64], out: &mut [f64]) {
        let (w, a, _) = self.split(theta);
        for j in 0..self.d {
            out[j] = -(a[j] + x[j]).ln();
            out[self.d + j] = -w[j] / (a[j] + x[j]);
        }
    }

    fn residual_vjp(&self, at: PrimalDual<'_>, theta: &[f64], adjoint: PrimalDual<'_>, out: &mut [f64]) {
        let (w, a, _) = self.split(theta);
        for j in 0..self.d {
            let level = a[j] + at.x[j];
            out[j] = -adjoint.x[j] / level;
            out[self.d + j] = adjoint.x[j] * w[j] / (level * level);
        }
        out[2 * self.d] = -adjoint.nu[0];
    }

    fn residual_jvp(&self, at: PrimalDual<'_>, theta: &[f64], theta_dot: &[f64], out: ResidualTangent<'_>) {
        let ((w, a, _), (w_dot, a_dot, budget_dot)) = (self.split(theta), self.split(theta_dot));
        for j in 0..self.d {
            let level = a[j] + at.x[j];
            out.gradient[j] = (w[j] * a_dot[j] / level - w_dot[j]) / level;
        }
        out.equalities[0] = -budget_dot;
    }
}
