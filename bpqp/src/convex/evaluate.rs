//! A program at fixed parameters: its values, checked.

use bpqp_traits::vector::{dot, max_abs, max_nan};
use bpqp_traits::{CscMatrix, KktResiduals, check_vector};

use super::entries::Assembled;
use super::program::{ConvexProgram, PrimalDual};
use crate::{Error, Result};

/// The share of the distance to the end of its domain that a variable keeps in one step.
const KEPT: f64 = 0.02;

/// A program at fixed parameters, with what does not depend on `x`.
pub(super) struct Problem<'p, 't> {
    pub(super) program: &'p dyn ConvexProgram,
    pub(super) theta: &'t [f64],
    pub(super) a: CscMatrix,
    pub(super) b: Vec<f64>,
    pub(super) lb: Vec<f64>,
    pub(super) ub: Vec<f64>,
    /// Open intervals that the domain lies in.
    domain: (Vec<f64>, Vec<f64>),
}

/// A point with its multipliers.
#[derive(Clone, Debug, Default)]
pub(super) struct Iterate {
    pub(super) x: Vec<f64>,
    pub(super) nu: Vec<f64>,
    pub(super) lambda: Vec<f64>,
    /// Of the bounds, signed.
    pub(super) zeta: Vec<f64>,
}

/// Objective and constraints at a point of the domain.
#[derive(Clone, Debug)]
pub(super) struct Values {
    pub(super) f: f64,
    pub(super) g: Vec<f64>,
    /// `A x − b`.
    pub(super) gap: Vec<f64>,
}

/// The program to second order at a point.
#[derive(Clone, Debug)]
pub(super) struct Linearization {
    pub(super) values: Values,
    pub(super) gradient: Vec<f64>,
    pub(super) jacobian: CscMatrix,
    /// Of the Lagrangian, both triangles.
    pub(super) hessian: CscMatrix,
}

/// The matrices of linearizations, which keep their patterns from one to the next.
pub(super) struct Workspace {
    jacobian: Assembled,
    hessian: Assembled,
}

impl Workspace {
    pub(super) fn new(problem: &Problem<'_, '_>) -> Self {
        let (n, _, m) = problem.sizes();
        Self { jacobian: Assembled::new(m, n), hessian: Assembled::new(n, n) }
    }
}

fn wrong(function: &str, reason: impl Into<String>) -> Error {
    Error::Evaluation { function: function.into(), reason: reason.into() }
}

fn check_finite(function: &str, v: &[f64], place: &str) -> Result<()> {
    match v.iter().position(|v| !v.is_finite()) {
        Some(i) => Err(wrong(function, format!("entry {i} is {}{place}", v[i]))),
        None => Ok(()),
    }
}

impl<'p, 't> Problem<'p, 't> {
    pub(super) fn new(program: &'p dyn ConvexProgram, theta: &'t [f64]) -> Result<Self> {
        check_vector("theta", theta, program.num_params())?;
        let (d, n) = (program.num_vars(), program.num_equalities());
        if d == 0 {
            return Err(bpqp_traits::Error::invalid_problem("x", "the program has no variables").into());
        }
        let (mut a, mut b) = (Assembled::new(n, d), vec![0.0; n]);
        a.fill(|entries| program.equalities(theta, entries, &mut b)).map_err(|reason| wrong("equalities", reason))?;
        check_finite("equalities", &b, "")?;
        let unbounded = || (vec![f64::NEG_INFINITY; d], vec![f64::INFINITY; d]);
        let ((mut lb, mut ub), mut domain) = (unbounded(), unbounded());
        program.bounds(&mut lb, &mut ub);
        program.domain(&mut domain.0, &mut domain.1);
        // Written so that NaN is refused, too.
        if let Some(j) = (0..d).find(|&j| !(lb[j] <= ub[j] && lb[j] < f64::INFINITY && ub[j] > f64::NEG_INFINITY)) {
            return Err(wrong("bounds", format!("entry {j}: no number lies between {} and {}", lb[j], ub[j])));
        }
        let within = |j: usize| lb[j].max(domain.0[j]) <= ub[j].min(domain.1[j]) && domain.0[j] < domain.1[j];
        if let Some(j) = (0..d).find(|&j| !within(j)) {
            let reason = format!("entry {j}: no number lies between {} and {}", domain.0[j], domain.1[j]);
            return Err(wrong("domain", reason));
        }
        Ok(Self { program, theta, a: a.matrix().clone(), b, lb, ub, domain })
    }

    /// Variables, equalities, inequalities.
    pub(super) fn sizes(&self) -> (usize, usize, usize) {
        (self.lb.len(), self.b.len(), self.program.num_inequalities())
    }

    /// The program's own starting point with zero multipliers.
    pub(super) fn start(&self) -> Result<Iterate> {
        let (d, n, m) = self.sizes();
        let inside = |j: usize| match (self.domain.0[j].is_finite(), self.domain.1[j].is_finite()) {
            (true, true) => 0.5 * (self.domain.0[j] + self.domain.1[j]),
            (true, false) => self.domain.0[j].max(0.0) + 1.0,
            (false, true) => self.domain.1[j].min(0.0) - 1.0,
            (false, false) => 0.0,
        };
        let mut x: Vec<f64> = (0..d).map(|j| inside(j).clamp(self.lb[j], self.ub[j])).collect();
        self.program.start(self.theta, &mut x);
        check_finite("start", &x, "")?;
        Ok(Iterate { x, nu: vec![0.0; n], lambda: vec![0.0; m], zeta: vec![0.0; d] })
    }

    /// Moves `x` within its bounds.
    pub(super) fn clamp(&self, x: &mut [f64]) {
        for (j, x) in x.iter_mut().enumerate() {
            *x = x.clamp(self.lb[j], self.ub[j]);
        }
    }

    /// Bounds of a step from `x`: those of the program and, `within` them, all but a fiftieth of the way to where the domain
    /// ends; its closure otherwise.
    pub(super) fn step_bounds(&self, x: &[f64], within: bool) -> (Vec<f64>, Vec<f64>) {
        let kept = if within { KEPT } else { 0.0 };
        let end = |x: f64, end: f64| if end.is_finite() { end + kept * (x - end) } else { end };
        let (lower, upper) = &self.domain;
        let lb = (0..x.len()).map(|j| self.lb[j].max(end(x[j], lower[j]))).collect();
        (lb, (0..x.len()).map(|j| self.ub[j].min(end(x[j], upper[j]))).collect())
    }

    /// Whether some variable's domain ends.
    pub(super) fn has_domain(&self) -> bool {
        self.domain.0.iter().chain(&self.domain.1).any(|v| v.is_finite())
    }

    /// Units in which steps from `x` are told: the distance to the nearer end of a variable's domain, 1 without an end. In them
    /// variables that are tiny, as probabilities may be, are known to as many digits as others.
    pub(super) fn units(&self, x: &[f64]) -> Vec<f64> {
        let (lower, upper) = &self.domain;
        let unit = |j: usize| (x[j] - lower[j]).min(upper[j] - x[j]);
        (0..x.len()).map(unit).map(|unit| if unit.is_finite() { unit } else { 1.0 }).collect()
    }

    /// The longest step along `p`, at most 1, that keeps a fiftieth of the distance to the ends of the domain.
    pub(super) fn longest_step(&self, x: &[f64], p: &[f64]) -> f64 {
        let (lower, upper) = &self.domain;
        let room = |j: usize| {
            let end = if p[j] < 0.0 { lower[j] } else { upper[j] };
            if p[j] != 0.0 && end.is_finite() { (1.0 - KEPT) * (end - x[j]) / p[j] } else { 1.0 }
        };
        // Rounding must not shorten a step whose bounds kept this very distance.
        let longest = (0..x.len()).map(room).fold(1.0, f64::min);
        if longest >= 1.0 - 1e-9 { 1.0 } else { longest.max(0.0) }
    }

    /// Values at `x`; where they say that `x` lies outside the domain, which of them.
    pub(super) fn values(&self, x: &[f64]) -> std::result::Result<Values, String> {
        let (_, n, m) = self.sizes();
        let (lower, upper) = &self.domain;
        if let Some(j) = (0..x.len()).find(|&j| !(lower[j] < x[j] && x[j] < upper[j])) {
            return Err(format!("variable {j} is {}, its domain ({}, {})", x[j], lower[j], upper[j]));
        }
        let f = self.program.objective(x, self.theta);
        if !f.is_finite() {
            return Err(format!("the objective is {f}"));
        }
        let mut g = vec![0.0; m];
        self.program.inequalities(x, self.theta, &mut g);
        if let Some(i) = g.iter().position(|v| !v.is_finite()) {
            return Err(format!("inequality {i} is {}", g[i]));
        }
        let mut gap: Vec<f64> = self.b.iter().map(|b| -b).collect();
        debug_assert_eq!(gap.len(), n);
        self.a.as_ref().mul_add(1.0, x, &mut gap);
        Ok(Values { f, g, gap })
    }

    /// Linearizes at `at`, where the values are `values`; `place` says where that is.
    pub(super) fn linearize(
        &self,
        at: &Iterate,
        values: Values,
        place: &str,
        workspace: &mut Workspace,
    ) -> Result<Linearization> {
        let (program, theta) = (self.program, self.theta);
        let mut gradient = vec![0.0; at.x.len()];
        program.gradient(&at.x, theta, &mut gradient);
        check_finite("gradient", &gradient, place)?;
        let Workspace { jacobian, hessian } = workspace;
        let at_place = |reason: String| reason + place;
        let written = jacobian.fill(|entries| program.jacobian(&at.x, theta, entries));
        written.map_err(|reason| wrong("jacobian", at_place(reason)))?;
        // Multipliers that are negative by rounding would make a Hessian that is not convex.
        let lambda: Vec<f64> = at.lambda.iter().map(|v| v.max(0.0)).collect();
        let written = hessian.fill_symmetric(|entries| program.hessian(&at.x, theta, &lambda, entries));
        written.map_err(|reason| wrong("hessian", at_place(reason)))?;
        let (jacobian, hessian) = (jacobian.matrix().clone(), hessian.matrix().clone());
        Ok(Linearization { values, gradient, jacobian, hessian })
    }

    /// How far `at` is from satisfying the KKT conditions, in the units of [`KktResiduals`] with the linearized rows in
    /// place of rows.
    pub(super) fn residuals(&self, at: &Iterate, lin: &Linearization) -> KktResiduals {
        let Values { f, g, gap } = &lin.values;
        let jacobian = lin.jacobian.as_ref();
        let mut forces = at.zeta.clone();
        self.a.as_ref().transpose_mul_add(1.0, &at.nu, &mut forces);
        jacobian.transpose_mul_add(1.0, &at.lambda, &mut forces);
        let mut rows = vec![0.0; g.len()];
        jacobian.mul_add(1.0, &at.x, &mut rows);
        let of_equalities = gap.iter().zip(&self.b).fold(0.0_f64, |m, (r, b)| max_nan((r + b).abs(), m));
        let size = max_nan(max_abs(&rows), of_equalities);

        let (mut violation, mut priced, mut support) = (0.0, 0.0, 0.0);
        let mut row = |excess: f64, dual: f64| {
            violation = max_nan(excess, violation);
            priced += excess * dual.abs();
        };
        gap.iter().zip(&at.nu).for_each(|(r, nu)| row(r.abs(), *nu));
        g.iter().zip(&at.lambda).for_each(|(g, lambda)| row(g.max(0.0), *lambda));
        let wrong_sign = at.lambda.iter().fold(0.0_f64, |m, v| max_nan((-v).max(0.0), m));
        support += dot(gap, &at.nu) + dot(g, &at.lambda);
        let (mut outside, mut bounded, mut wrong_bound) = (0.0_f64, 0.0_f64, 0.0_f64);
        for (j, (&x, &zeta)) in at.x.iter().zip(&at.zeta).enumerate() {
            let (lb, ub) = (self.lb[j], self.ub[j]);
            let excess = (lb - x).max(x - ub).max(0.0);
            outside = outside.max(excess);
            priced += excess * zeta.abs();
            if lb.is_finite() || ub.is_finite() {
                bounded = bounded.max(x.abs());
            }
            let side = if zeta > 0.0 { ub } else { lb };
            if zeta == 0.0 {
            } else if side.is_finite() {
                support += zeta * (x - side);
            } else {
                wrong_bound = wrong_bound.max(zeta.abs());
            }
        }
        let (mut stationarity, mut of_residual) = (0.0, 0.0);
        for ((gradient, force), x) in lin.gradient.iter().zip(&forces).zip(&at.x) {
            let residual = (gradient + force).abs();
            stationarity = max_nan(residual, stationarity);
            of_residual += residual * x.abs();
        }
        let dual_absolute = max_nan(stationarity, max_nan(wrong_sign, wrong_bound));
        let gap_absolute = support.abs() + priced + of_residual;
        let dual_objective = f + support;
        KktResiduals {
            primal: max_nan(violation / (1.0 + size), outside / (1.0 + bounded)),
            dual: dual_absolute / (1.0 + max_abs(&lin.gradient).max(max_abs(&forces))),
            gap: gap_absolute / (1.0 + f.abs().max(dual_objective.abs())),
            primal_absolute: max_nan(violation, outside),
            dual_absolute,
            gap_absolute,
            primal_objective: *f,
            dual_objective,
        }
    }
}

impl Iterate {
    pub(super) fn as_primal_dual(&self) -> PrimalDual<'_> {
        PrimalDual { x: &self.x, nu: &self.nu, lambda: &self.lambda }
    }
}
