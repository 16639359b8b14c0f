//! The linear system of a Newton step, `[P + Θ_x  Aᵀ; A  −Θ_s⁻¹] (dx, dy) = rhs`.

use super::iterate::Iterate;
use super::weighted::Weighted;
use crate::kkt::{PivotLimits, QuasiDefinite};
use crate::linalg::{Refinement, Refiner};
use crate::scaling::Scaled;

/// Regularization of both diagonal blocks, in the units that the multipliers and distances have …
const REGULARIZATION: f64 = 1e-9;
/// … and its limits, where it is not what makes solves accurate.
const REGULARIZATIONS: std::ops::RangeInclusive<f64> = 1e-16..=1e-4;
/// What of it the refinement keeps: a step of the proximal method of multipliers, which dependent rows don't blow up.
const PROXIMAL: f64 = 1e-11;
/// A pivot below this share of the regularization is none.
const MIN_PIVOT: f64 = 1e-3;
/// A solve is done at this share of the right-hand side …
const TARGET: f64 = 1e-15;
/// … or after so many applications of the factor.
const MAX_STEPS: u32 = 12;
/// A solve that leaves more of the right-hand side asks for another regularization …
const GOOD: f64 = 1e-11;
/// … but only where it is so many times worse than the best that the last search found.
const WORSE: f64 = 10.0;
/// A trial that leaves more than this share of it is not better.
const GAIN: f64 = 0.5;
/// A search goes so many times in either direction, by a factor of 100.
const SEARCH: i32 = 3;
/// Rows of free inequalities are as good as absent.
const MIN_WEIGHT: f64 = 1e-20;
/// In place of an infinite weight, at fixed variables.
const FIXED: f64 = 1e20;
/// A refined solve costs about so many simple ones.
const CORRECTION_COST: f64 = 6.0;
/// Corrections of centrality at most.
const MAX_CORRECTIONS: f64 = 3.0;
/// Limits of the unit of weights: a large one would only say that all bounds are active.
const UNITS: (f64, f64) = (1e-14, 1.0);

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
    /// The unit of the weights: multipliers by distances, with the curvature.
    unit: f64,
    regularization: f64,
    /// What the last solve left of its right-hand side.
    left: f64,
    /// The least that the last search for a regularization found.
    attainable: f64,
    /// `(step, dv)` as saved.
    saved: (Vec<f64>, Vec<f64>),
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
            unit: 1.0,
            regularization: REGULARIZATION,
            left: 0.0,
            attainable: 0.0,
            saved: (Vec::new(), Vec::new()),
            count: 0,
        }
    }

    /// Forgets the last solve.
    pub(super) fn begin(&mut self) {
        (self.regularization, self.attainable, self.count) = (REGULARIZATION, 0.0, 0);
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

    /// The regularization, its unit, and what the last solve left of its right-hand side, for `verbose`.
    pub(super) fn quality(&self) -> (f64, f64, f64) {
        (self.regularization, self.unit, self.left)
    }

    /// Corrections of centrality that are worth their solves beside the factorization.
    pub(super) fn corrections(&self) -> u32 {
        (self.kkt.ldl.cost_ratio() / CORRECTION_COST).clamp(0.0, MAX_CORRECTIONS) as u32
    }

    /// Keeps the step …
    pub(super) fn save(&mut self) {
        self.saved.0.clone_from(&self.step);
        self.saved.1.clone_from(&self.dv);
    }

    /// … and takes it back.
    pub(super) fn restore(&mut self) {
        std::mem::swap(&mut self.saved.0, &mut self.step);
        std::mem::swap(&mut self.saved.1, &mut self.dv);
    }

    /// Factors for the weights of `it`; false where that breaks down.
    fn factorize(&mut self, problem: &Scaled) -> bool {
        let n = problem.num_vars();
        let units = (self.unit, 1.0 / self.unit);
        for (k, d) in self.diagonal.iter_mut().enumerate() {
            *d = if k < n {
                if problem.lb[k] == problem.ub[k] { FIXED } else { self.theta[k] + units.0 * PROXIMAL }
            } else if problem.l[k - n] == problem.u[k - n] {
                -units.1 * PROXIMAL
            } else {
                -1.0 / self.theta[k].max(MIN_WEIGHT)
            };
        }
        self.kkt.matrix.set(problem.p.values(), problem.a.values());
        for (k, d) in self.diagonal.iter().enumerate() {
            let unit = if k < n { units.0 } else { -units.1 };
            self.kkt.matrix.add_diagonal(k, d + unit * self.regularization);
        }
        self.count += 1;
        let least = MIN_PIVOT * self.regularization * units.0.min(units.1);
        self.kkt.factorize(PivotLimits { least, replacement: self.regularization })
    }

    /// Factors and solves; false where the step is not finite.
    fn attempt(&mut self, problem: &Scaled, it: &mut Iterate) -> bool {
        self.left = f64::INFINITY;
        self.step.fill(0.0);
        self.factorize(problem) && self.solve(problem, it)
    }

    /// Factors for the weights of `it` with a regularization that gives an accurate solve, and solves. Too large a one
    /// hides what is small, too small a one lets rounding grow: which of them it is only a trial tells.
    pub(super) fn predict(&mut self, problem: &Scaled, it: &mut Iterate) -> bool {
        it.barriers.weights(&mut self.theta);
        let (distance, multiplier) = it.barriers.means_of_bounds(self.n);
        let weight = if distance > 0.0 { multiplier / distance } else { 0.0 };
        self.unit = unit(problem, weight);
        let mut finite = self.attempt(problem, it);
        if self.left <= GOOD.max(WORSE * self.attainable) {
            self.attainable = self.attainable.min(self.left.max(GOOD));
            return finite;
        }
        let start = self.regularization;
        let mut best = (self.left, start);
        for factor in [1e-2_f64, 1e2] {
            for k in 1..=SEARCH {
                let regularization = start * factor.powi(k);
                if best.0 <= GOOD || !REGULARIZATIONS.contains(&regularization) {
                    break;
                }
                self.regularization = regularization;
                finite = self.attempt(problem, it);
                if !finite || self.left >= GAIN * best.0 {
                    break;
                }
                best = (self.left, regularization);
            }
        }
        self.attainable = best.0;
        if self.regularization != best.1 {
            self.regularization = best.1;
            finite = self.attempt(problem, it);
        }
        finite
    }

    /// The step from `it` towards the barriers' targets, which it writes into them; false where it is not finite. It
    /// starts from the last step: targets of one iteration differ little.
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
        let mut system = Weighted { problem, kkt: &mut self.kkt, diagonal: &self.diagonal, rhs: &self.rhs };
        let whole = system.size();
        let limits = Refinement { target: TARGET * whole, max_steps: MAX_STEPS };
        let (left, _) = self.refiner.run(&mut system, &mut self.step, limits);
        system.subtract_product(&self.step, &mut self.dv);
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
        let finite = self.step.iter().chain(&it.barriers.dz).all(|v| v.is_finite());
        self.left = if !finite {
            f64::INFINITY
        } else if whole > 0.0 {
            left / whole
        } else {
            0.0
        };
        finite
    }
}

/// What the regularization of a variable is to be compared with: the geometric mean of curvature and `weight`, the
/// multipliers of the bounds by their distances on the whole. It hardly changes as complementarity vanishes, while the
/// single weights do.
fn unit(problem: &Scaled, weight: f64) -> f64 {
    let mut sizes = vec![weight; problem.num_vars()];
    problem.p.as_ref().entries().filter(|(i, j, _)| i == j).for_each(|(i, _, v)| sizes[i] += v);
    let sides = problem.lb.iter().zip(&problem.ub);
    let counted = || sizes.iter().zip(sides.clone()).filter(|(size, (l, u))| **size > 0.0 && l != u);
    let sum: f64 = counted().map(|(size, _)| size.ln()).sum();
    if sum.is_finite() { (sum / counted().count().max(1) as f64).exp().clamp(UNITS.0, UNITS.1) } else { 1.0 }
}
