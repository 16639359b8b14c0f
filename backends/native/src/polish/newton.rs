//! Polish: a proximal augmented-Lagrangian method with large penalties, solved by semismooth Newton steps.
//!
//! Every Newton step solves the KKT system of the rows that are active now, regularized around the current center, so it
//! is an active-set exchange that an exact line search keeps from cycling; when the set is right, the outer updates
//! are steps of iterative refinement. The set is then solved for once more without regularization (`finish`).

use std::time::Instant;

use bpqp_traits::Side;
use bpqp_traits::vector::{axpy, dot, max_abs};

use super::judge::{Budget, Judge, Point, Spent, Verdict};
use super::line_search::LineSearch;
use super::multipliers::multipliers;
use crate::kkt::{PivotLimits, QuasiDefinite};
use crate::linalg::Refiner;
use crate::scaling::Scaled;

const RHO_START: f64 = 1e2;
const RHO_MAX: f64 = 1e7;
const SIGMA_START: f64 = 1e-4;
const SIGMA_MIN: f64 = 1e-9;
const INNER_START: f64 = 1e-2;
const INNER_MIN: f64 = 1e-10;
/// After this many outer steps on one factorization the proximal iteration is not getting there; start anew.
const MAX_IDLE: u32 = 12;

/// The polish's state, kept between runs.
pub(crate) struct Polish {
    pub(super) kkt: QuasiDefinite,
    pub(super) refiner: Refiner,
    pub(super) x: Vec<f64>,
    pub(super) y: Vec<f64>,
    pub(super) zeta: Vec<f64>,
    center: (Vec<f64>, Vec<f64>, Vec<f64>),
    /// Penalty, proximal weight, and tolerance of the inner minimization.
    rho: f64,
    sigma: f64,
    inner: f64,
    pub(super) ax: Vec<f64>,
    gradient: Vec<f64>,
    scale: f64,
    pub(super) rows: Vec<Side>,
    pub(super) bounds: Vec<Side>,
    /// What the factor was made for: sides of rows and bounds, ρ, σ.
    factored: Option<(Vec<Side>, Vec<Side>, f64, f64)>,
    /// The sides at the last outer step.
    settled_set: (Vec<Side>, Vec<Side>),
    direction: Vec<f64>,
    line: LineSearch,
    violation: f64,
    started: bool,
    /// The factored set has been finished.
    finished: bool,
    /// Residual of `(x, y, ζ)` as last judged.
    pub(crate) residual: f64,
}

impl Polish {
    pub(crate) fn new(kkt: &QuasiDefinite, n: usize, m: usize) -> Self {
        let zeros = |k| vec![0.0; k];
        Self {
            kkt: kkt.sibling(),
            refiner: Refiner::new(n + m),
            x: zeros(n),
            y: zeros(m),
            zeta: zeros(n),
            center: (zeros(n), zeros(m), zeros(n)),
            rho: RHO_START,
            sigma: SIGMA_START,
            inner: INNER_START,
            ax: zeros(m),
            gradient: zeros(n),
            scale: 1.0,
            rows: vec![Side::Free; m],
            bounds: vec![Side::Free; n],
            factored: None,
            settled_set: (Vec::new(), Vec::new()),
            direction: zeros(n + m),
            line: LineSearch::default(),
            violation: f64::INFINITY,
            started: false,
            finished: false,
            residual: f64::INFINITY,
        }
    }

    /// Forgets everything but the symbolic factorization.
    pub(crate) fn reset(&mut self) {
        self.factored = None;
        self.started = false;
        self.residual = f64::INFINITY;
    }

    /// Where it stands.
    pub(crate) fn point(&self) -> Point<'_> {
        Point { x: &self.x, y: &self.y, zeta: &self.zeta }
    }

    /// Whether it was never started.
    pub(crate) fn is_new(&self) -> bool {
        !self.started
    }

    /// Starts over from `point`.
    pub(crate) fn restart(&mut self, point: Point<'_>) {
        self.adopt(point.x, point.y, point.zeta, f64::INFINITY);
        (self.rho, self.sigma, self.inner) = (RHO_START, SIGMA_START, INNER_START);
        self.violation = f64::INFINITY;
        (self.started, self.finished) = (true, false);
        self.settled_set = (Vec::new(), Vec::new());
    }

    /// Moves the point and the center to `(x, y, ζ)`, whose residual is known.
    pub(super) fn adopt(&mut self, x: &[f64], y: &[f64], zeta: &[f64], residual: f64) {
        for (point, center, new) in [
            (&mut self.x, &mut self.center.0, x),
            (&mut self.y, &mut self.center.1, y),
            (&mut self.zeta, &mut self.center.2, zeta),
        ] {
            point.copy_from_slice(new);
            center.copy_from_slice(new);
        }
        self.residual = residual;
    }

    /// Works within `budget`; `judge` sees every candidate.
    pub(crate) fn run(&mut self, problem: &Scaled, budget: Budget, judge: &mut Judge<'_>) -> Spent {
        let mut spent = Spent::default();
        let (mut settled, mut idle) = (false, 0);
        while spent.steps < budget.steps {
            spent.steps += 1;
            self.linearize(problem);
            if settled || max_abs(&self.gradient) <= self.inner * self.scale {
                settled = false;
                if self.outer_update(problem, judge) {
                    spent.done = true;
                    break;
                }
                idle += 1;
                if idle == MAX_IDLE {
                    self.started = false;
                    break;
                }
                continue;
            }
            if self.needs_factor() {
                let late = budget.deadline.is_some_and(|d| Instant::now() >= d);
                if late || spent.factorizations == budget.factorizations || !self.factorize(problem) {
                    break;
                }
                spent.factorizations += 1;
                (idle, self.finished) = (0, false);
            }
            match self.newton_step(problem) {
                Some(full) => settled = full && !self.sides_change(problem),
                None => settled = true,
            }
        }
        spent
    }

    /// `Ax`, the active sides, the multipliers they imply, and the gradient of the augmented Lagrangian at `x`.
    fn linearize(&mut self, problem: &Scaled) {
        self.ax.fill(0.0);
        problem.a.as_ref().mul_add(1.0, &self.x, &mut self.ax);
        multipliers(&self.ax, &self.center.1, self.rho, (&problem.l, &problem.u), &mut self.y, &mut self.rows);
        let sides = (&problem.lb[..], &problem.ub[..]);
        multipliers(&self.x, &self.center.2, self.rho, sides, &mut self.zeta, &mut self.bounds);
        self.gradient.fill(0.0);
        problem.p.as_ref().symmetric_mul_add(1.0, &self.x, &mut self.gradient);
        let px = max_abs(&self.gradient);
        axpy(1.0, &problem.q, &mut self.gradient);
        axpy(1.0, &self.zeta, &mut self.gradient);
        problem.a.as_ref().transpose_mul_add(1.0, &self.y, &mut self.gradient);
        for j in 0..self.x.len() {
            self.gradient[j] += self.sigma * (self.x[j] - self.center.0[j]);
        }
        self.scale = 1.0 + px.max(problem.q_size());
    }

    fn needs_factor(&self) -> bool {
        let Some((rows, bounds, rho, sigma)) = &self.factored else { return true };
        (rows, bounds, rho, sigma) != (&self.rows, &self.bounds, &self.rho, &self.sigma)
    }

    /// Whether the sides active at `x` now differ from the factored ones.
    fn sides_change(&mut self, problem: &Scaled) -> bool {
        self.linearize(problem);
        self.needs_factor()
    }

    fn factorize(&mut self, problem: &Scaled) -> bool {
        let (n, rows) = (self.x.len(), &self.rows);
        self.kkt.matrix.set_masked(problem.p.values(), problem.a.as_ref(), |i| rows[i].is_active());
        for (j, side) in self.bounds.iter().enumerate() {
            let pinned = if side.is_active() { self.rho } else { 0.0 };
            self.kkt.matrix.add_diagonal(j, self.sigma + pinned);
        }
        for (i, side) in self.rows.iter().enumerate() {
            self.kkt.matrix.add_diagonal(n + i, if side.is_active() { -1.0 / self.rho } else { -1.0 });
        }
        self.factored = Some((self.rows.clone(), self.bounds.clone(), self.rho, self.sigma));
        let done = self.kkt.factorize(PivotLimits::USUAL);
        if !done {
            self.factored = None;
        }
        done
    }

    /// Moves along the Newton direction; tells whether by its full length, or `None` where there is no descent.
    fn newton_step(&mut self, problem: &Scaled) -> Option<bool> {
        let n = self.x.len();
        for (d, g) in self.direction.iter_mut().zip(&self.gradient) {
            *d = -g;
        }
        self.direction[n..].fill(0.0);
        self.kkt.ldl.solve(&mut self.direction);
        let d = &self.direction[..n];
        let slope = dot(d, &self.gradient);
        let curvature = problem.p.as_ref().symmetric_quadratic_form(d) + self.sigma * dot(d, d);
        if !(slope < 0.0 && slope.is_finite() && curvature.is_finite()) {
            return None;
        }
        self.line.begin(slope, curvature, self.rho);
        self.direction[n..].fill(0.0);
        let (d, ad) = self.direction.split_at_mut(n);
        problem.a.as_ref().mul_add(1.0, d, ad);
        self.line.add(&self.ax, &self.center.1, ad, (&problem.l, &problem.u));
        self.line.add(&self.x, &self.center.2, d, (&problem.lb, &problem.ub));
        let step = self.line.minimize();
        axpy(step, d, &mut self.x);
        Some((step - 1.0).abs() < 1e-6)
    }

    /// Judges the point, tries to finish on its active set, and moves the center there; true when the judge is content.
    fn outer_update(&mut self, problem: &Scaled, judge: &mut Judge<'_>) -> bool {
        let center = &mut self.center;
        // The center becomes the difference for a moment; it is overwritten below.
        for (c, v) in [(&mut center.0, &self.x), (&mut center.1, &self.y), (&mut center.2, &self.zeta)] {
            c.iter_mut().zip(v).for_each(|(c, v)| *c = v - *c);
        }
        let change = Point { x: &center.0, y: &center.1, zeta: &center.2 };
        let point = Point { x: &self.x, y: &self.y, zeta: &self.zeta };
        let Verdict { residual, mut done } = judge(point, Some(change));
        self.residual = residual;
        let stable = self.settled_set.0 == self.rows && self.settled_set.1 == self.bounds;
        self.settled_set.0.clone_from(&self.rows);
        self.settled_set.1.clone_from(&self.bounds);
        self.center.0.copy_from_slice(&self.x);
        self.center.1.copy_from_slice(&self.y);
        self.center.2.copy_from_slice(&self.zeta);
        if (stable || done) && !self.needs_factor() && !self.finished {
            self.finished = true;
            done |= self.finish(problem, judge);
        }
        let violation = self.violation(problem);
        if violation > 0.1 * self.violation {
            self.rho = (10.0 * self.rho).min(RHO_MAX);
        }
        self.violation = violation;
        self.sigma = (0.1 * self.sigma).max(SIGMA_MIN);
        self.inner = (0.1 * self.inner).max(INNER_MIN);
        done
    }

    fn violation(&self, problem: &Scaled) -> f64 {
        let outside = |v: &[f64], l: &[f64], u: &[f64]| {
            v.iter().zip(l).zip(u).fold(0.0, |m: f64, ((v, l), u)| m.max(l - v).max(v - u))
        };
        outside(&self.ax, &problem.l, &problem.u).max(outside(&self.x, &problem.lb, &problem.ub))
    }
}
