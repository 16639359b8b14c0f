//! good_lp's model from ours, and our duals from its own.

use bpqp_traits::ProgramRef;
use good_lp::constraint::ConstraintReference;
use good_lp::variable::UnsolvedProblem;
use good_lp::{Constraint, DualValues, Expression, ProblemVariables, Variable, variable};

/// Sides beyond this are left out.
const ABSENT: f64 = 1e20;

/// Where bounds of variables go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Bounds {
    /// To the variables: their duals follow from stationarity.
    OnVariables,
    /// Into rows of their own, which have duals.
    AsRows,
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
    pub(crate) variables: Vec<Variable>,
    /// Equalities first, so that Clarabel's cones stay in two pieces.
    pub(crate) constraints: Vec<(Origin, Constraint)>,
}

impl Model {
    /// The model of a linear `program`.
    pub(crate) fn new(program: &ProgramRef<'_>, bounds: Bounds) -> Self {
        let mut all = ProblemVariables::new();
        let bounds_of = |j: usize| (program.lb()[j], program.ub()[j]);
        let variables: Vec<Variable> = (0..program.num_vars())
            .map(|j| match bounds {
                Bounds::AsRows => all.add(variable()),
                Bounds::OnVariables => {
                    let (lower, upper) = present(bounds_of(j));
                    all.add(variable().min(lower).max(upper))
                }
            })
            .collect();
        let objective = linear(program.q().iter().copied().enumerate(), &variables);

        let mut constraints = Vec::new();
        let rows = program.a().transpose();
        for i in 0..program.num_rows() {
            let row = linear(rows.as_ref().col(i), &variables);
            push_sides(&mut constraints, Origin::Row(i), row, (program.l()[i], program.u()[i]));
        }
        if bounds == Bounds::AsRows {
            for (j, &x) in variables.iter().enumerate() {
                push_sides(&mut constraints, Origin::Bound(j), x.into(), bounds_of(j));
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

fn linear(entries: impl ExactSizeIterator<Item = (usize, f64)>, variables: &[Variable]) -> Expression {
    let mut sum = Expression::with_capacity(entries.len());
    entries.filter(|e| e.1 != 0.0).for_each(|(j, v)| sum.add_mul(v, variables[j]));
    sum
}

/// Our `(y, ζ)` from good_lp's shadow prices, see [the crate's page](crate).
pub(crate) fn signed_duals(
    program: &ProgramRef<'_>,
    bounds: Bounds,
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
    if bounds == Bounds::OnVariables {
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
