//! Softmax as the solution of a program.

use crate::Result;
use crate::convex::{ConvexProgram, Entries, PrimalDual, ResidualTangent, SymmetricEntries};

use super::{positive, sizes};

/// `softmax(θ/T)` as the solution of
/// ```text
/// minimize −θᵀx + T Σ xⱼ ln xⱼ   s.t.  Σ xⱼ = 1
/// ```
/// with the scores `θ` (`d`) as parameters.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Softmax {
    d: usize,
    temperature: f64,
}

impl Softmax {
    /// Of `d ≥ 1` scores at the temperature `T > 0`.
    ///
    /// # Errors
    /// [`InvalidProblem`](bpqp_traits::Error::InvalidProblem) for no scores or another temperature.
    pub fn new(d: usize, temperature: f64) -> Result<Self> {
        sizes("d", d, 1)?;
        positive("temperature", &[temperature])?;
        Ok(Self { d, temperature })
    }
}

impl ConvexProgram for Softmax {
    fn num_vars(&self) -> usize {
        self.d
    }

    fn num_params(&self) -> usize {
        self.d
    }

    fn num_equalities(&self) -> usize {
        1
    }

    fn objective(&self, x: &[f64], theta: &[f64]) -> f64 {
        x.iter().zip(theta).map(|(x, t)| self.temperature * x * x.ln() - t * x).sum()
    }

    fn gradient(&self, x: &[f64], theta: &[f64], out: &mut [f64]) {
        out.iter_mut().zip(x).zip(theta).for_each(|((g, x), t)| *g = self.temperature * (x.ln() + 1.0) - t);
    }

    fn hessian(&self, x: &[f64], _theta: &[f64], _lambda: &[f64], out: &mut SymmetricEntries) {
        x.iter().enumerate().for_each(|(j, x)| out.add(j, j, self.temperature / x));
    }

    fn equalities(&self, _theta: &[f64], a: &mut Entries, b: &mut [f64]) {
        (0..self.d).for_each(|j| a.add(0, j, 1.0));
        b[0] = 1.0;
    }

    fn domain(&self, lower: &mut [f64], _upper: &mut [f64]) {
        lower.fill(0.0);
    }

    fn start(&self, _theta: &[f64], x: &mut [f64]) {
        x.fill(1.0 / self.d as f64);
    }

    fn objective_vjp(&self, x: &[f64], _theta: &[f64], out: &mut [f64]) {
        out.iter_mut().zip(x).for_each(|(o, x)| *o = -x);
    }

    fn residual_vjp(&self, _at: PrimalDual<'_>, _theta: &[f64], adjoint: PrimalDual<'_>, out: &mut [f64]) {
        out.iter_mut().zip(adjoint.x).for_each(|(o, z)| *o = -z);
    }

    fn residual_jvp(&self, _at: PrimalDual<'_>, _theta: &[f64], theta_dot: &[f64], out: ResidualTangent<'_>) {
        out.gradient.iter_mut().zip(theta_dot).for_each(|(o, t)| *o = -t);
    }
}
