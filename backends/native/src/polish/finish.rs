//! The last step of the polish: the equality-constrained QP of one active set, without regularization.

use bpqp_traits::Side;
use bpqp_traits::vector::max_abs;

use super::judge::{Judge, Point, Verdict};
use super::newton::Polish;
use crate::kkt::QuasiDefinite;
use crate::linalg::{Refinement, System};
use crate::scaling::Scaled;

const REFINEMENT: Refinement = Refinement { target: 1e-15, max_steps: 25 };

impl Polish {
    /// Solves the current active set's KKT system from the current point, so that a singular one moves it least, and
    /// has the result judged; true when the judge is content.
    pub(super) fn finish(&mut self, problem: &Scaled, judge: &mut Judge<'_>) -> bool {
        let n = self.x.len();
        let mut point: Vec<f64> = self.x.iter().chain(&self.y).copied().collect();
        for (j, side) in self.bounds.iter().enumerate() {
            if let Some(value) = side_value(*side, problem.lb[j], problem.ub[j]) {
                point[j] = value;
            }
        }
        let mut system = ActiveSystem { problem, kkt: &mut self.kkt, rows: &self.rows, bounds: &self.bounds };
        self.refiner.run(&mut system, &mut point, REFINEMENT);
        let (x, y) = point.split_at_mut(n);
        let mut zeta: Vec<f64> = problem.q.iter().map(|q| -q).collect();
        problem.p.as_ref().symmetric_mul_add(-1.0, x, &mut zeta);
        problem.a.as_ref().transpose_mul_add(-1.0, y, &mut zeta);
        keep_right_signs(y, &self.rows);
        keep_right_signs(&mut zeta, &self.bounds);
        let Verdict { residual, done } = judge(Point { x, y, zeta: &zeta }, None);
        if residual < self.residual {
            self.adopt(x, y, &zeta, residual);
        }
        done
    }
}

/// Zero where the side is free or the sign wrong.
fn keep_right_signs(duals: &mut [f64], sides: &[Side]) {
    for (dual, side) in duals.iter_mut().zip(sides) {
        *dual = match side {
            Side::Free => 0.0,
            Side::Lower => dual.min(0.0),
            Side::Upper => dual.max(0.0),
            Side::Equal => *dual,
        };
    }
}

fn side_value(side: Side, lower: f64, upper: f64) -> Option<f64> {
    match side {
        Side::Free => None,
        Side::Lower => Some(lower),
        Side::Upper | Side::Equal => Some(upper),
    }
}

/// `[P_FF A_SFᵀ; A_SF 0]` over the free variables and the active rows, in the full index range.
struct ActiveSystem<'a> {
    problem: &'a Scaled,
    kkt: &'a mut QuasiDefinite,
    rows: &'a [Side],
    bounds: &'a [Side],
}

impl ActiveSystem<'_> {
    fn mask(&self, v: &mut [f64]) {
        let free = self.bounds.iter().map(|s| !s.is_active());
        for (v, keep) in v.iter_mut().zip(free.chain(self.rows.iter().map(|s| s.is_active()))) {
            if !keep {
                *v = 0.0;
            }
        }
    }
}

impl System for ActiveSystem<'_> {
    fn residual(&mut self, v: &[f64], out: &mut [f64]) -> f64 {
        self.multiply(v, out);
        let n = self.bounds.len();
        for (o, q) in out.iter_mut().zip(&self.problem.q) {
            *o = -q - *o;
        }
        for (i, side) in self.rows.iter().enumerate() {
            let value = side_value(*side, self.problem.l[i], self.problem.u[i]).unwrap_or(0.0);
            out[n + i] = value - out[n + i];
        }
        self.mask(out);
        let size = max_abs(out);
        if size.is_nan() { f64::INFINITY } else { size }
    }

    fn apply(&mut self, v: &[f64], out: &mut [f64]) {
        self.multiply(v, out);
        self.mask(out);
    }

    fn precondition(&mut self, v: &mut [f64]) {
        self.kkt.ldl.solve(v);
        self.mask(v);
    }
}

impl ActiveSystem<'_> {
    /// `(Px + Aᵀy, Ax)`.
    fn multiply(&self, v: &[f64], out: &mut [f64]) {
        let n = self.bounds.len();
        out.fill(0.0);
        let ((x, y), (top, bottom)) = (v.split_at(n), out.split_at_mut(n));
        self.problem.p.as_ref().symmetric_mul_add(1.0, x, top);
        self.problem.a.as_ref().transpose_mul_add(1.0, y, top);
        self.problem.a.as_ref().mul_add(1.0, x, bottom);
    }
}
