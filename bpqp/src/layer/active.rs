//! Which rows and bounds are active at a solution.

use super::certificate::WEAK;
use bpqp_traits::vector::max_abs;
use bpqp_traits::{ActiveSet, ProgramRef, Side, Solution};

/// Forces below this share of what the curvature makes of the point's length are rounding of the point.
pub(super) const ROUNDED: f64 = 1e-6;

/// `max P_jj`: no entry is larger where `P` is positive semidefinite.
pub(super) fn largest_curvature(program: &ProgramRef<'_>) -> f64 {
    let p = program.p();
    (0..p.ncols()).map(|j| p.diagonal(j)).fold(0.0, f64::max)
}

/// All constraints of a program at one point, rows first, then bounds, in units in which duals and slacks compare.
#[derive(Clone)]
pub(crate) struct Reading {
    /// Size of the forces that balance in the stationarity condition.
    pub(crate) force: f64,
    pub(crate) constraints: Vec<Constraint>,
    num_rows: usize,
}

impl Reading {
    /// Reads `program` at `solution`, with `Px`, `Ax` and the norms of the rows there.
    pub(crate) fn of_products(
        program: &ProgramRef<'_>,
        solution: &Solution,
        (px, ax): (&[f64], &[f64]),
        row_norms: &[f64],
    ) -> Self {
        let (n, m) = (program.num_vars(), program.num_rows());
        let rows = solution.y.iter().zip(row_norms).fold(0.0, |m: f64, (y, a)| m.max((y * a).abs()));
        let force = max_abs(program.q()).max(max_abs(px)).max(rows).max(max_abs(&solution.bound_duals));
        let (length, curvature) = (max_abs(&solution.x).max(1.0), largest_curvature(program));
        // Without an objective there is nothing that duals could balance: whatever they are, it is rounding.
        let none = max_abs(program.q()) == 0.0 && curvature == 0.0;
        let force = if force > 0.0 && force.is_finite() { force } else { 1.0 };
        let force = force.max(if none { 1.0 } else { ROUNDED * curvature * length });
        let (l, u, lb, ub) = (program.l(), program.u(), program.lb(), program.ub());
        let row = |i: usize| Constraint::new(ax[i], (l[i], u[i]), solution.y[i], row_norms[i], (force, length));
        let bound = |j| Constraint::new(solution.x[j], (lb[j], ub[j]), solution.bound_duals[j], 1.0, (force, length));
        Self { force, constraints: (0..m).map(row).chain((0..n).map(bound)).collect(), num_rows: m }
    }

    /// The active set, by comparing each dual with its slack.
    pub(crate) fn identify(&self) -> ActiveSet {
        self.split(self.constraints.iter().map(Constraint::side))
    }

    /// `active` with each equality at the side that its dual pushes against: lower where the dual is clearly negative,
    /// else upper.
    pub(crate) fn pushing_sides(&self, active: &ActiveSet) -> ActiveSet {
        let old = active.rows.iter().chain(&active.bounds);
        self.split(self.constraints.iter().zip(old).map(|(c, &side)| match side {
            Side::Equal if c.dual < -WEAK => Side::Lower,
            Side::Equal => Side::Upper,
            other => other,
        }))
    }

    /// The rows of zeros that hold with equality: each depends on nothing but itself.
    pub(crate) fn empty_and_met(&self) -> impl Iterator<Item = usize> + '_ {
        self.constraints.iter().enumerate().filter(|(_, c)| c.empty_and_met).map(|(k, _)| k)
    }

    fn split(&self, mut sides: impl Iterator<Item = Side>) -> ActiveSet {
        let rows = sides.by_ref().take(self.num_rows).collect();
        ActiveSet { rows, bounds: sides.collect() }
    }
}

/// One two-sided constraint in common units: duals relative to the forces, slacks relative to the point.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Constraint {
    pub(crate) equality: bool,
    pub(crate) dual: f64,
    pub(crate) slack_lower: f64,
    pub(crate) slack_upper: f64,
    /// Whether it is a row of zeros that holds with equality: any change of its side makes it infeasible.
    empty_and_met: bool,
}

impl Constraint {
    fn new(value: f64, (lower, upper): (f64, f64), dual: f64, norm: f64, (force, length): (f64, f64)) -> Self {
        if norm == 0.0 {
            return Self { empty_and_met: lower >= 0.0 || upper <= 0.0, ..Self::VACUOUS };
        }
        Self {
            equality: lower == upper,
            dual: dual * norm / force,
            slack_lower: (value - lower) / (norm * length),
            slack_upper: (upper - value) / (norm * length),
            empty_and_met: false,
        }
    }

    /// A row without entries: it holds whatever `x` is, and never becomes active.
    const VACUOUS: Self = Self {
        equality: false,
        dual: 0.0,
        slack_lower: f64::INFINITY,
        slack_upper: f64::INFINITY,
        empty_and_met: false,
    };

    /// The side whose dual exceeds its slack.
    fn side(&self) -> Side {
        if self.equality {
            Side::Equal
        } else if self.dual > 0.0 && self.dual > self.slack_upper {
            Side::Upper
        } else if self.dual < 0.0 && -self.dual > self.slack_lower {
            Side::Lower
        } else {
            Side::Free
        }
    }

    /// The slack of the side that is nearer.
    pub(crate) fn slack(&self) -> f64 {
        self.slack_lower.min(self.slack_upper)
    }

    /// The side that is nearer.
    pub(crate) fn nearer_side(&self) -> Side {
        if self.slack_lower < self.slack_upper { Side::Lower } else { Side::Upper }
    }
}
