//! The linear system of a Newton step, `[P + Θ_x  Aᵀ; A  −Θ_s⁻¹] (dx, dy) = rhs`.

use bpqp_traits::vector::max_nan;

use super::iterate::Iterate;
use crate::kkt::QuasiDefinite;
use crate::linalg::{Refinement, Refiner, System};
use crate::scaling::Scaled;

/// Regularization of both diagonal blocks in scaled units …
const REGULARIZATION: f64 = 1e-9;
/// … and where a factorization breaks down or its solves are useless, up to this.
const MAX_REGULARIZATION: f64 = 1e-4;
/// What of it the refinement keeps: a step of the proximal method of multipliers, which dependent rows don't blow up.
const PROXIMAL: f64 = 1e-11;
/// A solve is done at this share of the right-hand side …
const TARGET: f64 = 1e-15;
/// … or after so many applications of the factor.
const MAX_STEPS: u32 = 12;
/// Rows of free inequalities are as good as absent.
const MIN_WEIGHT: f64 = 1e-20;
/// In place of an infinite weight, at fixed variables.
const FIXED: f64 = 1e20;

/// The factored matrix of one iteration, with work space.
pub(super) struct Newton {
    kkt: QuasiDefinite,
    refiner: Refiner,
    n: usize,
    /// `Θ` of `(x, s)`.
    theta: Vec<f64>,
    h: Vec<f64>,
    /// The diagonals that the matrix adds to `P` and 0, signs included.
    diagonal: Vec<f64>,
    rhs: Vec<f64>,
    step: Vec<f64>,
    /// What the inequalities see of the step in `(x, s)`.
    dv: Vec<f64>,
    regularization: f64,
    /// Factorizations so far.
    pub(super) count: u64,
}

impl Newton {
    pub(super) fn new(kkt: QuasiDefinite, problem: &Scaled) -> Self {
        let (n, m) = (problem.num_vars(), problem.num_rows());
        let zeros = |k| vec![0.0; k];
        Self {
            kkt,
            refiner: Refiner::new(n + m),
            n,
            theta: zeros(n + m),
            h: zeros(n + m),
            diagonal: zeros(n + m),
            rhs: zeros(n + m),
            step: zeros(n + m),
            dv: zeros(n + m),
            regularization: REGULARIZATION,
            count: 0,
        }
    }

    /// Forgets the last solve.
    pub(super) fn begin(&mut self) {
        (self.regularization, self.count) = (REGULARIZATION, 0);
    }

    pub(super) fn dx(&self) -> &[f64] {
        &self.step[..self.n]
    }

    pub(super) fn dy(&self) -> &[f64] {
        &self.step[self.n..]
    }

    pub(super) fn ds(&self) -> &[f64] {
        &self.dv[self.n..]
    }

    /// Factors for the weights of `it`; false where no regularization helps.
    pub(super) fn factorize(&mut self, problem: &Scaled, it: &Iterate) -> bool {
        let n = problem.num_vars();
        it.barriers.weights(&mut self.theta);
        for (k, d) in self.diagonal.iter_mut().enumerate() {
            *d = if k < n {
                if problem.lb[k] == problem.ub[k] { FIXED } else { self.theta[k] + PROXIMAL }
            } else if problem.l[k - n] == problem.u[k - n] {
                -PROXIMAL
            } else {
                -1.0 / self.theta[k].max(MIN_WEIGHT)
            };
        }
        loop {
            self.kkt.matrix.set(problem.p.values(), problem.a.values());
            for (k, d) in self.diagonal.iter().enumerate() {
                let sign = if k < n { 1.0 } else { -1.0 };
                self.kkt.matrix.add_diagonal(k, d + sign * self.regularization);
            }
            self.count += 1;
            if self.kkt.factorize() {
                return true;
            }
            if !self.strengthen() {
                return false;
            }
        }
    }

    /// Regularizes more; false at the end of it.
    pub(super) fn strengthen(&mut self) -> bool {
        self.regularization *= 100.0;
        self.regularization <= MAX_REGULARIZATION
    }

    /// The step from `it` towards the barriers' targets, which it writes into them; false where it is not finite.
    pub(super) fn solve(&mut self, problem: &Scaled, it: &mut Iterate) -> bool {
        let (n, m) = (problem.num_vars(), problem.num_rows());
        it.barriers.constants(&mut self.h);
        for j in 0..n {
            self.rhs[j] = if self.diagonal[j] == FIXED { 0.0 } else { -it.dual[j] - self.h[j] };
        }
        for i in 0..m {
            let k = n + i;
            self.rhs[k] = (it.split[i] + self.h[k]) * self.diagonal[k] - it.primal[i];
        }
        let target = TARGET * weighted_size(&self.rhs, &self.diagonal);
        self.step.fill(0.0);
        let mut system = Weighted { problem, kkt: &mut self.kkt, diagonal: &self.diagonal, rhs: &self.rhs };
        self.refiner.run(&mut system, &mut self.step, Refinement { target, max_steps: MAX_STEPS });
        system.residual(&self.step, &mut self.dv);
        let (dx, dy) = self.step.split_at_mut(n);
        let (dv, ds) = self.dv.split_at_mut(n);
        for j in 0..n {
            if self.diagonal[j] == FIXED {
                dx[j] = 0.0;
            }
            // A heavy weight turns a rounded step into a wrong multiplier; the equation that defines it is exact.
            dv[j] = if self.theta[j] > 1.0 { dx[j] + dv[j] / self.theta[j] } else { dx[j] };
        }
        ds.copy_from_slice(&it.primal);
        problem.a.as_ref().mul_add(1.0, dx, ds);
        for i in 0..m {
            let (theta, k) = (self.theta[n + i], n + i);
            if theta > 1.0 {
                ds[i] = (dy[i] - it.split[i] - self.h[k]) / theta;
            }
        }
        it.barriers.set_step(&self.dv);
        self.step.iter().chain(&it.barriers.dz).all(|v| v.is_finite())
    }
}

/// The largest entry, those beside a heavy diagonal counted by what they move; infinite where one is not a number.
fn weighted_size(v: &[f64], diagonal: &[f64]) -> f64 {
    let sizes = v.iter().zip(diagonal).map(|(v, d)| v.abs() / d.abs().max(1.0));
    let size = sizes.fold(0.0, max_nan);
    if size.is_nan() { f64::INFINITY } else { size }
}

/// The matrix without regularization, as the refinement sees it.
struct Weighted<'a> {
    problem: &'a Scaled,
    kkt: &'a mut QuasiDefinite,
    diagonal: &'a [f64],
    rhs: &'a [f64],
}

impl System for Weighted<'_> {
    fn residual(&mut self, v: &[f64], out: &mut [f64]) -> f64 {
        self.apply(v, out);
        for (o, b) in out.iter_mut().zip(self.rhs) {
            *o = b - *o;
        }
        weighted_size(out, self.diagonal)
    }

    fn apply(&mut self, v: &[f64], out: &mut [f64]) {
        let n = self.problem.num_vars();
        for ((o, d), v) in out.iter_mut().zip(self.diagonal).zip(v) {
            *o = d * v;
        }
        let ((x, y), (top, bottom)) = (v.split_at(n), out.split_at_mut(n));
        self.problem.p.as_ref().symmetric_mul_add(1.0, x, top);
        self.problem.a.as_ref().transpose_mul_add(1.0, y, top);
        self.problem.a.as_ref().mul_add(1.0, x, bottom);
    }

    fn precondition(&mut self, v: &mut [f64]) {
        self.kkt.ldl.solve(v);
    }
}
