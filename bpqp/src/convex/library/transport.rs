//! Optimal transport, regularized by entropy.

use super::{positive, sizes};
use crate::Result;
use crate::convex::{ConvexProgram, Entries, PrimalDual, ResidualTangent, SymmetricEntries};

/// Transport of one distribution to another:
/// ```text
/// minimize Σ Cᵢⱼ xᵢⱼ + ε Σ xᵢⱼ (ln xᵢⱼ − 1)   s.t.  Σⱼ xᵢⱼ = rᵢ,  Σᵢ xᵢⱼ = cⱼ
/// ```
/// The plan `x` (`n × m`) is stored row by row. The last column's sum follows from the others, so it is no constraint, and
/// `c` has `m − 1` entries: with them the parameters `(C, r, c)` are free, `n m + n + m − 1` numbers.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct EntropicTransport {
    rows: usize,
    cols: usize,
    epsilon: f64,
}

impl EntropicTransport {
    /// From `rows` to `cols` places, at least 1 each, with the regularization `ε > 0`.
    ///
    /// # Errors
    /// [`InvalidProblem`](bpqp_traits::Error::InvalidProblem) for other numbers.
    pub fn new(rows: usize, cols: usize, epsilon: f64) -> Result<Self> {
        sizes("rows", rows, 1)?;
        sizes("cols", cols, 1)?;
        positive("epsilon", &[epsilon])?;
        Ok(Self { rows, cols, epsilon })
    }

    /// The parameters of costs (`n × m`, row by row) and marginals (`n`; `m`, of the same sum).
    pub fn theta(costs: &[f64], from: &[f64], to: &[f64]) -> Vec<f64> {
        [costs, from, &to[..to.len().saturating_sub(1)]].concat()
    }

    /// The equalities that entry `k` of the plan is in: its row's, its column's but for the last.
    fn equalities_of(&self, k: usize) -> (usize, Option<usize>) {
        let (i, j) = (k / self.cols, k % self.cols);
        (i, (j + 1 < self.cols).then_some(self.rows + j))
    }
}

impl ConvexProgram for EntropicTransport {
    fn num_vars(&self) -> usize {
        self.rows * self.cols
    }

    fn num_params(&self) -> usize {
        self.num_vars() + self.num_equalities()
    }

    fn num_equalities(&self) -> usize {
        self.rows + self.cols - 1
    }

    fn objective(&self, x: &[f64], theta: &[f64]) -> f64 {
        x.iter().zip(theta).map(|(x, c)| c * x + self.epsilon * x * (x.ln() - 1.0)).sum()
    }

    fn gradient(&self, x: &[f64], theta: &[f64], out: &mut [f64]) {
        out.iter_mut().zip(x).zip(theta).for_each(|((g, x), c)| *g = c + self.epsilon * x.ln());
    }

    fn hessian(&self, x: &[f64], _theta: &[f64], _lambda: &[f64], out: &mut SymmetricEntries) {
        x.iter().enumerate().for_each(|(k, x)| out.add(k, k, self.epsilon / x));
    }

    fn equalities(&self, theta: &[f64], a: &mut Entries, b: &mut [f64]) {
        for k in 0..self.num_vars() {
            let (row, col) = self.equalities_of(k);
            a.add(row, k, 1.0);
            if let Some(col) = col {
                a.add(col, k, 1.0);
            }
        }
        b.copy_from_slice(&theta[self.num_vars()..]);
    }

    fn domain(&self, lower: &mut [f64], _upper: &mut [f64]) {
        lower.fill(0.0);
    }

    /// The product of the marginals, which is feasible.
    fn start(&self, theta: &[f64], x: &mut [f64]) {
        let (from, to) = theta[self.num_vars()..].split_at(self.rows);
        let total: f64 = from.iter().sum();
        let last = total - to.iter().sum::<f64>();
        for (k, x) in x.iter_mut().enumerate() {
            let to = to.get(k % self.cols).copied().unwrap_or(last);
            *x = (from[k / self.cols] * to / total).max(f64::MIN_POSITIVE);
        }
    }

    fn objective_vjp(&self, x: &[f64], _theta: &[f64], out: &mut [f64]) {
        out[..x.len()].copy_from_slice(x);
    }

    fn residual_vjp(&self, _at: PrimalDual<'_>, _theta: &[f64], adjoint: PrimalDual<'_>, out: &mut [f64]) {
        let (costs, marginals) = out.split_at_mut(self.num_vars());
        costs.copy_from_slice(adjoint.x);
        marginals.iter_mut().zip(adjoint.nu).for_each(|(o, nu)| *o = -nu);
    }

    fn residual_jvp(&self, _at: PrimalDual<'_>, _theta: &[f64], theta_dot: &[f64], out: ResidualTangent<'_>) {
        let (costs, marginals) = theta_dot.split_at(self.num_vars());
        out.gradient.copy_from_slice(costs);
        out.equalities.iter_mut().zip(marginals).for_each(|(o, b)| *o = -b);
    }
}
