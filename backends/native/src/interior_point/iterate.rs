//! The iterate and its residuals, in scaled units.

use bpqp_traits::vector::max_abs;

use super::barriers::Barriers;
use crate::scaling::Scaled;

/// `(x, y, s)` with the inequalities' distances and multipliers.
pub(super) struct Iterate {
    pub(super) x: Vec<f64>,
    pub(super) y: Vec<f64>,
    /// What stands for `Ax` where a row is not an equality; unused where it is.
    pub(super) s: Vec<f64>,
    pub(super) barriers: Barriers,
    /// The multipliers of `(x, s)`.
    pub(super) zeta: Vec<f64>,
    /// `Px + q + Aᵀy + ζ_x`, zero at fixed variables.
    pub(super) dual: Vec<f64>,
    /// `Ax − b` at equalities, `Ax − s` elsewhere.
    pub(super) primal: Vec<f64>,
    /// `ζ_s − y`, zero at equalities.
    pub(super) split: Vec<f64>,
}

impl Iterate {
    /// The point of the box next to zero, multipliers zero.
    pub(super) fn new(problem: &Scaled) -> Self {
        let (n, m) = (problem.num_vars(), problem.num_rows());
        let nearest = |(l, u): (&f64, &f64)| 0.0f64.max(*l).min(*u);
        Self {
            x: problem.lb.iter().zip(&problem.ub).map(nearest).collect(),
            y: vec![0.0; m],
            s: problem.l.iter().zip(&problem.u).map(nearest).collect(),
            barriers: Barriers::new(problem),
            zeta: vec![0.0; n + m],
            dual: vec![0.0; n],
            primal: vec![0.0; m],
            split: vec![0.0; m],
        }
    }

    /// Computes all residuals.
    pub(super) fn measure(&mut self, problem: &Scaled) {
        let n = self.x.len();
        self.barriers.set_residual(&self.x, &self.s);
        self.barriers.multipliers(&mut self.zeta);
        self.dual.copy_from_slice(&problem.q);
        problem.p.as_ref().symmetric_mul_add(1.0, &self.x, &mut self.dual);
        problem.a.as_ref().transpose_mul_add(1.0, &self.y, &mut self.dual);
        for j in 0..n {
            self.dual[j] += self.zeta[j];
            if problem.lb[j] == problem.ub[j] {
                self.zeta[j] -= self.dual[j];
                self.dual[j] = 0.0;
            }
        }
        self.primal.fill(0.0);
        problem.a.as_ref().mul_add(1.0, &self.x, &mut self.primal);
        for i in 0..self.y.len() {
            let equality = problem.l[i] == problem.u[i];
            self.primal[i] -= if equality { problem.u[i] } else { self.s[i] };
            self.split[i] = if equality { 0.0 } else { self.zeta[n + i] - self.y[i] };
        }
    }

    /// The largest primal and dual residuals.
    pub(super) fn residuals(&self) -> (f64, f64) {
        (max_abs(&self.primal), max_abs(&self.dual).max(max_abs(&self.split)))
    }
}
