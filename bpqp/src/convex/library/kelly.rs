//! Kelly's bets: the fortune that grows fastest in the long run.

use bpqp_traits::vector::{axpy, dot};

use super::sizes;
use crate::Result;
use crate::convex::{ConvexProgram, Entries, PrimalDual, ResidualTangent, SymmetricEntries};

/// A fortune divided among bets so that its logarithm grows fastest:
/// ```text
/// minimize −Σₛ pₛ ln(Σⱼ Rₛⱼ xⱼ)   s.t.  Σ xⱼ = 1,  x ≥ 0
/// ```
/// In outcome `s`, of probability `pₛ`, one unit on bet `j` returns `Rₛⱼ`. The parameters are `(p, R)`, `R` row by row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Kelly {
    bets: usize,
    outcomes: usize,
}

impl Kelly {
    /// Of at least 1 bet and 1 outcome.
    ///
    /// # Errors
    /// [`InvalidProblem`](bpqp_traits::Error::InvalidProblem) for fewer.
    pub fn new(bets: usize, outcomes: usize) -> Result<Self> {
        sizes("bets", bets, 1)?;
        sizes("outcomes", outcomes, 1)?;
        Ok(Self { bets, outcomes })
    }

    /// Each outcome's probability and returns.
    fn outcomes<'t>(&self, theta: &'t [f64]) -> impl Iterator<Item = (f64, &'t [f64])> + use<'t> {
        let (p, r) = theta.split_at(self.outcomes);
        p.iter().copied().zip(r.chunks(self.bets))
    }
}

impl ConvexProgram for Kelly {
    fn num_vars(&self) -> usize {
        self.bets
    }

    fn num_params(&self) -> usize {
        self.outcomes * (1 + self.bets)
    }

    fn num_equalities(&self) -> usize {
        1
    }

    fn objective(&self, x: &[f64], theta: &[f64]) -> f64 {
        -self.outcomes(theta).map(|(p, r)| p * dot(r, x).ln()).sum::<f64>()
    }

    fn gradient(&self, x: &[f64], theta: &[f64], out: &mut [f64]) {
        self.outcomes(theta).for_each(|(p, r)| axpy(-p / dot(r, x), r, out));
    }

    fn hessian(&self, x: &[f64], theta: &[f64], _lambda: &[f64], out: &mut SymmetricEntries) {
        let d = self.bets;
        let mut columns = vec![0.0; d * d];
        for (p, r) in self.outcomes(theta) {
            let weight = p / dot(r, x).powi(2);
            (0..d).for_each(|j| axpy(weight * r[j], &r[..=j], &mut columns[j * d..][..=j]));
        }
        (0..d).for_each(|j| (0..=j).for_each(|i| out.add(i, j, columns[j * d + i])));
    }

    fn equalities(&self, _theta: &[f64], a: &mut Entries, b: &mut [f64]) {
        (0..self.bets).for_each(|j| a.add(0, j, 1.0));
        b[0] = 1.0;
    }

    fn bounds(&self, lb: &mut [f64], _ub: &mut [f64]) {
        lb.fill(0.0);
    }

    /// The same on every bet.
    fn start(&self, _theta: &[f64], x: &mut [f64]) {
        x.fill(1.0 / self.bets as f64);
    }

    fn objective_vjp(&self, x: &[f64], theta: &[f64], out: &mut [f64]) {
        let (of_p, of_r) = out.split_at_mut(self.outcomes);
        for (s, (p, r)) in self.outcomes(theta).enumerate() {
            let fortune = dot(r, x);
            of_p[s] = -fortune.ln();
            axpy(-p / fortune, x, &mut of_r[s * self.bets..][..self.bets]);
        }
    }

    fn residual_vjp(&self, at: PrimalDual<'_>, theta: &[f64], adjoint: PrimalDual<'_>, out: &mut [f64]) {
        let (of_p, of_r) = out.split_at_mut(self.outcomes);
        for (s, (p, r)) in self.outcomes(theta).enumerate() {
            let (fortune, along) = (dot(r, at.x), dot(r, adjoint.x));
            of_p[s] = -along / fortune;
            let of_r = &mut of_r[s * self.bets..][..self.bets];
            axpy(-p / fortune, adjoint.x, of_r);
            axpy(p * along / (fortune * fortune), at.x, of_r);
        }
    }

    fn residual_jvp(&self, at: PrimalDual<'_>, theta: &[f64], theta_dot: &[f64], out: ResidualTangent<'_>) {
        for ((p, r), (p_dot, r_dot)) in self.outcomes(theta).zip(self.outcomes(theta_dot)) {
            let fortune = dot(r, at.x);
            axpy(-p / fortune, r_dot, out.gradient);
            axpy((p * dot(r_dot, at.x) / fortune - p_dot) / fortune, r, out.gradient);
        }
    }
}
