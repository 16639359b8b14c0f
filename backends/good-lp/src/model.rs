//! good_lp's model from ours, and our duals from its own.

use bpqp_traits::ProgramRef;
use good_lp::constraint::ConstraintReference;
use good_lp::variable::UnsolvedProblem;
use good_lp::{Constraint, DualValues, Expression, ProblemVariables, Solution, Variable, variable};

/// Sides beyond this are left out.
const ABSENT: f64 = 1e20;

/// How a solver wants the variables: by default with their bounds, whose duals then follow from stationarity.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Form {
    /// Each free variable as the difference of two that are not negative.
    pub(crate) free_as_difference: bool,
    /// Bounds as rows of their own, which have duals.
    pub(crate) bounds_as_rows: bool,
}

/// What a row of good_lp's model stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Origin {
    /// A side of a row.
    Row(usize),
    /// A side of a variable's bounds.
    Bound(usize),
}

/// A program in good_lp's terms.
pub(crate) struct Model {
    /// Variables and objective.
    pub(crate) problem: UnsolvedProblem,
    /// One handle a variable.
    pub(crate) variables: Vec<Handle>,
    /// Equalities first, so that Clarabel's cones stay in two pieces.
    pub(crate) constraints: Vec<(Origin, Constraint)>,
}

/// A variable of ours in good_lp's model.
#[derive(Clone, Copy)]
pub(crate) struct Handle {
    plus: Variable,
    minus: Option<Variable>,
}

impl Handle {
    /// Its value.
    pub(crate) fn value(self, solution: &impl Solution) -> f64 {
        solution.value(self.plus) - self.minus.map_or(0.0, |minus| solution.value(minus))
    }
}

impl Model {
    /// The model of a linear `program`.
    pub(crate) fn new(program: &ProgramRef<'_>, form: Form) -> Self {
        let mut all = ProblemVariables::new();
        let bounds_of = |j: usize| (program.lb()[j], program.ub()[j]);
        let variables: Vec<Handle> = (0..program.num_vars())
            .map(|j| {
                let (lower, upper) =
                    if form.bounds_as_rows { (f64::NEG_INFINITY, f64::INFINITY) } else { present(bounds_of(j)) };
                let free = lower.is_infinite() && upper.is_infinite();
                let (plus, minus) = if free && form.free_as_difference {
                    (variable().min(0.0), Some(all.add(variable().min(0.0))))
                } else {
                    (variable().min(lower).max(upper), None)
                };
                Handle { plus: all.add(plus), minus }
            })
            .collect();
        let objective = linear(program.q().iter().copied().enumerate(), &variables);

        let mut constraints = Vec::new();
        let rows = program.a().transpose();
        for i in 0..program.num_rows() {
            let row = linear(rows.as_ref().col(i), &variables);
            push_sides(&mut constraints, Origin::Row(i), row, (program.l()[i], program.u()[i]));
        }
        if form.bounds_as_rows {
            for (j, x) in variables.iter().enumerate() {
                push_sides(&mut constraints, Origin::Bound(j), x.plus.into(), bounds_of(j));
            }
        }
        constraints.sort_by_key(|(_, c)| !c.is_equality());
        Self { problem: all.minimise(objective), variables, constraints }
    }
}

/// `lo ≤ expression ≤ hi` as rows with one side.
fn push_sides(out: &mut Vec<(Origin, Constraint)>, origin: Origin, expression: Expression, sides: (f64, f64)) {
    if sides.0 == sides.1 {
        out.push((origin, expression.eq(sides.0)));
        return;
    }
    let (lower, upper) = present(sides);
    if upper.is_finite() {
        out.push((origin, expression.clone().leq(upper)));
    }
    if lower.is_finite() {
        out.push((origin, expression.geq(lower)));
    }
}

/// Two sides, infinite where they are too far away to matter.
fn present((lower, upper): (f64, f64)) -> (f64, f64) {
    (if lower > -ABSENT { lower } else { f64::NEG_INFINITY }, if upper < ABSENT { upper } else { f64::INFINITY })
}

fn linear(entries: impl ExactSizeIterator<Item = (usize, f64)>, variables: &[Handle]) -> Expression {
    let mut sum = Expression::with_capacity(entries.len());
    for (j, value) in entries.filter(|e| e.1 != 0.0) {
        sum.add_mul(value, variables[j].plus);
        if let Some(minus) = variables[j].minus {
            sum.add_mul(-value, minus);
        }
    }
    sum
}

/// Our `(y, ζ)` from good_lp's shadow prices, see [the crate's page](crate).
pub(crate) fn signed_duals(
    program: &ProgramRef<'_>,
    form: Form,
    rows: impl Iterator<Item = (Origin, ConstraintReference)>,
    prices: &impl DualValues,
) -> (Vec<f64>, Vec<f64>) {
    let (mut y, mut zeta) = (vec![0.0; program.num_rows()], vec![0.0; program.num_vars()]);
    for (origin, row) in rows {
        match origin {
            Origin::Row(i) => y[i] -= prices.dual(row),
            Origin::Bound(j) => zeta[j] -= prices.dual(row),
        }
    }
    if !form.bounds_as_rows {
        zeta = program.q().iter().map(|v| -v).collect();
        program.a().transpose_mul_add(-1.0, &y, &mut zeta);
        for (j, zeta) in zeta.iter_mut().enumerate() {
            let side = if *zeta > 0.0 { program.ub()[j] } else { program.lb()[j] };
            if !side.is_finite() {
                *zeta = 0.0;
            }
        }
    }
    (y, zeta)
}
