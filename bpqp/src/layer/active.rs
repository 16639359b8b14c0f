//! Which rows and bounds are active at a solution.

use super::certificate::WEAK;
use bpqp_traits::vector::max_abs;
use bpqp_traits::{ActiveSet, ProgramRef, Side, Solution};

/// The units in which duals and slacks of one problem can be compared.
pub(crate) struct Units {
    /// Norms of the rows.
    pub(crate) row_norms: Vec<f64>,
    /// Size of the forces that balance in the stationarity condition.
    pub(crate) force: f64,
    /// Size of the point.
    pub(crate) length: f64,
}

impl Units {
    /// The units of `program` at `solution`.
    pub(crate) fn new(program: &ProgramRef<'_>, solution: &Solution) -> Self {
        let row_norms = program.a().row_norms();
        let mut px = vec![0.0; program.num_vars()];
        program.p().symmetric_mul_add(1.0, &solution.x, &mut px);
        let rows = solution.y.iter().zip(&row_norms).fold(0.0, |m: f64, (y, a)| m.max((y * a).abs()));
        let force = max_abs(program.q()).max(max_abs(&px)).max(rows).max(max_abs(&solution.bound_duals));
        let force = if force > 0.0 && force.is_finite() { force } else { 1.0 };
        Self { row_norms, force, length: max_abs(&solution.x).max(1.0) }
    }

    /// Iterates over all constraints: rows first, then bounds.
    pub(crate) fn constraints<'a>(
        &'a self,
        program: &ProgramRef<'a>,
        solution: &'a Solution,
    ) -> impl Iterator<Item = Constraint> + 'a {
        let mut ax = vec![0.0; program.num_rows()];
        program.a().mul_add(1.0, &solution.x, &mut ax);
        let (l, u, lb, ub) = (program.l(), program.u(), program.lb(), program.ub());
        let rows = ax
            .into_iter()
            .enumerate()
            .map(move |(i, value)| self.constraint(value, (l[i], u[i]), solution.y[i], self.row_norms[i]));
        let bounds = (0..program.num_vars())
            .map(move |j| self.constraint(solution.x[j], (lb[j], ub[j]), solution.bound_duals[j], 1.0));
        rows.chain(bounds)
    }

    fn constraint(&self, value: f64, (lower, upper): (f64, f64), dual: f64, norm: f64) -> Constraint {
        if norm == 0.0 {
            return Constraint::VACUOUS;
        }
        Constraint {
            equality: lower == upper,
            dual: dual * norm / self.force,
            slack_lower: (value - lower) / (norm * self.length),
            slack_upper: (upper - value) / (norm * self.length),
        }
    }
}

/// One two-sided constraint in common units: duals relative to the forces, slacks relative to the point.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Constraint {
    pub(crate) equality: bool,
    pub(crate) dual: f64,
    pub(crate) slack_lower: f64,
    pub(crate) slack_upper: f64,
}

impl Constraint {
    /// A row without entries: it holds whatever `x` is, and never becomes active.
    const VACUOUS: Self = Self { equality: false, dual: 0.0, slack_lower: f64::INFINITY, slack_upper: f64::INFINITY };

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

/// The active set of `solution`, by comparing each dual with its slack in common units.
pub(crate) fn identify(program: &ProgramRef<'_>, solution: &Solution) -> ActiveSet {
    let units = Units::new(program, solution);
    let mut sides = units.constraints(program, solution).map(|c| c.side());
    let rows: Vec<Side> = sides.by_ref().take(program.num_rows()).collect();
    ActiveSet { rows, bounds: sides.collect() }
}

/// `active` with each equality at the side that its dual pushes against: lower where the dual is clearly negative, else
/// upper.
pub(crate) fn pushing_sides(program: &ProgramRef<'_>, solution: &Solution, active: &ActiveSet) -> ActiveSet {
    let units = Units::new(program, solution);
    let old = active.rows.iter().chain(&active.bounds);
    let mut new = units.constraints(program, solution).zip(old).map(|(c, &side)| match side {
        Side::Equal if c.dual < -WEAK => Side::Lower,
        Side::Equal => Side::Upper,
        other => other,
    });
    let rows: Vec<Side> = new.by_ref().take(program.num_rows()).collect();
    ActiveSet { rows, bounds: new.collect() }
}
