//! The ADMM iterate and its step.

use bpqp_traits::vector::{axpy, max_abs};

use super::rho::Rho;
use crate::kkt::QuasiDefinite;
use crate::scaling::Scaled;

/// The iterate, in scaled units.
#[derive(Clone, Debug)]
pub(crate) struct Iterate {
    pub(crate) x: Vec<f64>,
    /// Copies of `Ax` inside `[l, u]`, and their duals.
    pub(crate) z: Vec<f64>,
    pub(crate) y: Vec<f64>,
    /// Copies of `x` inside `[lb, ub]`, and their duals.
    pub(crate) w: Vec<f64>,
    pub(crate) zeta: Vec<f64>,
    /// What the last step changed.
    pub(crate) dx: Vec<f64>,
    pub(crate) dy: Vec<f64>,
    pub(crate) dzeta: Vec<f64>,
    rhs: Vec<f64>,
}

impl Iterate {
    pub(crate) fn new(n: usize, m: usize) -> Self {
        let zeros = |k| vec![0.0; k];
        Self {
            x: zeros(n),
            z: zeros(m),
            y: zeros(m),
            w: zeros(n),
            zeta: zeros(n),
            dx: zeros(n),
            dy: zeros(m),
            dzeta: zeros(n),
            rhs: zeros(n + m),
        }
    }

    /// Starts from a point in scaled units.
    pub(crate) fn set(&mut self, problem: &Scaled, x: &[f64], y: &[f64], zeta: &[f64]) {
        self.x.copy_from_slice(x);
        self.y.copy_from_slice(y);
        self.zeta.copy_from_slice(zeta);
        self.z.fill(0.0);
        problem.a.as_ref().mul_add(1.0, x, &mut self.z);
        project(&mut self.z, &problem.l, &problem.u);
        self.w.copy_from_slice(x);
        project(&mut self.w, &problem.lb, &problem.ub);
    }

    /// One step with over-relaxation `alpha`.
    pub(crate) fn step(&mut self, problem: &Scaled, kkt: &mut QuasiDefinite, rho: &Rho, sigma: f64, alpha: f64) {
        let n = self.x.len();
        let (top, bottom) = self.rhs.split_at_mut(n);
        for j in 0..n {
            top[j] = sigma * self.x[j] - problem.q[j] + rho.bounds[j] * self.w[j] - self.zeta[j];
        }
        for i in 0..bottom.len() {
            bottom[i] = self.z[i] - self.y[i] / rho.rows[i];
        }
        kkt.ldl.solve(&mut self.rhs);
        let (xt, nu) = self.rhs.split_at(n);
        for j in 0..n {
            self.dx[j] = alpha * (xt[j] - self.x[j]);
            self.x[j] += self.dx[j];
            let relaxed = alpha * xt[j] + (1.0 - alpha) * self.w[j];
            if rho.bounds[j] > 0.0 {
                let (value, dual) =
                    project_with_dual(relaxed, self.zeta[j], rho.bounds[j], problem.lb[j], problem.ub[j]);
                self.dzeta[j] = dual - self.zeta[j];
                (self.w[j], self.zeta[j]) = (value, dual);
            } else {
                self.dzeta[j] = 0.0;
                (self.w[j], self.zeta[j]) = (self.x[j], 0.0);
            }
        }
        for i in 0..nu.len() {
            let relaxed = self.z[i] + alpha * (nu[i] - self.y[i]) / rho.rows[i];
            let (value, dual) = project_with_dual(relaxed, self.y[i], rho.rows[i], problem.l[i], problem.u[i]);
            self.dy[i] = dual - self.y[i];
            (self.z[i], self.y[i]) = (value, dual);
        }
    }

    pub(crate) fn is_finite(&self) -> bool {
        [&self.x, &self.y, &self.zeta].iter().all(|v| max_abs(v).is_finite())
    }

    /// Primal and dual residuals in scaled units, each relative to the largest of its terms: what ρ balances.
    pub(crate) fn balance(&self, problem: &Scaled) -> (f64, f64) {
        let (n, m) = (self.x.len(), self.z.len());
        let (mut ax, mut px, mut forces) = (vec![0.0; m], vec![0.0; n], self.zeta.clone());
        problem.a.as_ref().mul_add(1.0, &self.x, &mut ax);
        problem.p.as_ref().symmetric_mul_add(1.0, &self.x, &mut px);
        problem.a.as_ref().transpose_mul_add(1.0, &self.y, &mut forces);
        let mut primal_scale = max_abs(&ax).max(max_abs(&self.z));
        let dual_scale = max_abs(&px).max(max_abs(&forces)).max(problem.q_size());
        axpy(-1.0, &self.z, &mut ax);
        let mut primal = max_abs(&ax);
        for j in 0..n {
            primal = primal.max((self.x[j] - self.w[j]).abs());
            if problem.lb[j].is_finite() || problem.ub[j].is_finite() {
                primal_scale = primal_scale.max(self.x[j].abs());
            }
            px[j] += problem.q[j] + forces[j];
        }
        (primal / primal_scale.max(1e-10), max_abs(&px) / dual_scale.max(1e-10))
    }
}

/// `Π(v + dual/ρ)` and the new dual `ρ(v + dual/ρ − Π)`.
fn project_with_dual(v: f64, dual: f64, rho: f64, lower: f64, upper: f64) -> (f64, f64) {
    let shifted = v + dual / rho;
    let value = shifted.max(lower).min(upper);
    (value, rho * (shifted - value))
}

/// Moves every entry into its interval.
pub(crate) fn project(v: &mut [f64], lower: &[f64], upper: &[f64]) {
    for ((v, l), u) in v.iter_mut().zip(lower).zip(upper) {
        *v = v.max(*l).min(*u);
    }
}
