//! Programs with second-order cones: Newton's method on their KKT equations, and derivatives, by linearized QPs.

mod derivatives;
mod linearize;
mod states;

use std::borrow::Cow;

use bpqp_traits::vector::{max_abs, max_nan};
use bpqp_traits::{CscMatrix, KktResiduals, Solution, Status};

use self::linearize::{ConeRows, Linearization, linearize};
use self::states::{ConePoint, State, read};
use super::choices::Choices;
use super::polish::{GOOD, Polished, Resolution, polish};
use super::reduced::ReducedKkt;
use super::{Layer, Solved};
use crate::program::Program;
use crate::{Error, Result};

/// Steps of Newton's method before the best point is taken.
const MAX_STEPS: usize = 12;

/// Steps in a row that may not improve the point.
const MAX_WORSE: usize = 2;

/// A step after which the next, smaller by the same factor again, is rounding.
const SETTLED: f64 = 1e-7;

/// Linearizations tried until a cone stands where it was linearized.
const MAX_TRIES: usize = 4;

/// A cone program at its solution, with the QP that has its derivatives.
pub(super) struct Conic {
    /// The linearized program, solved at the same point.
    linearized: Box<Solved<'static>>,
    rows: ConeRows,
    points: Vec<ConePoint>,
    /// The transpose of the cones' matrix: row by row.
    rows_of: CscMatrix,
    /// Of the program's own KKT equations.
    kkt_residual: f64,
}

impl Solved<'_> {
    /// Improves the point of a program with cones where its solver stopped short of the tolerance, as interior-point
    /// methods for cones do near degenerate solutions.
    pub(super) fn finish(&mut self) {
        let is_short = matches!(self.status, Status::SolvedInaccurate | Status::NumericalError);
        let is_finite = self.residuals.max().is_finite();
        if self.program.as_stacked().cones().is_none() || !is_short || !is_finite {
            return;
        }
        let rows_of = rows_of(&self.program);
        refine(&self.layer, &self.program, &rows_of, &mut self.solution, &mut self.residuals);
        if self.residuals.max() <= self.layer.choices.settings.tolerance {
            self.status = Status::Solved;
        }
    }
}

/// The transpose of the cones' matrix.
fn rows_of(program: &Program) -> CscMatrix {
    program.as_stacked().cones().map_or_else(|| CscMatrix::zeros(0, 0), |cones| cones.matrix().transpose())
}

impl Conic {
    /// Improves `solution` to the accuracy of the arithmetic and prepares derivatives there.
    ///
    /// # Errors
    /// [`Error::Inaccurate`] where the point stays further than `tolerance` from a solution; errors of the backward solver.
    pub(super) fn new(
        layer: &Layer,
        program: &Program,
        (solution, residuals): (&mut Solution, &mut KktResiduals),
        tolerance: f64,
    ) -> Result<Self> {
        let stacked = program.as_stacked();
        let rows_of = rows_of(program);
        let mut factor = refine(layer, program, &rows_of, solution, residuals);
        let residual = residuals.max();
        let accurate = residual <= tolerance;
        if !accurate {
            return Err(Error::Inaccurate { residual });
        }
        let mut inner = layer.with(Choices { lp_regularization: 0.0, ..layer.choices.of_substitute() });
        // The point was judged above, in the program's own units.
        inner.choices.settings.tolerance = tolerance;
        let mut points = read(program, solution);
        let mut tries = 0;
        loop {
            let Linearization { program: linearized, point, rows } = linearize(program, &rows_of, solution, &points)?;
            let how = (Resolution::Step, factor.take());
            let polished = polish(&linearized.as_stacked(), &point, &*layer.backward, how)?;
            let moved = polished.moved;
            let mut linearized = inner.take_polished(Cow::Owned(linearized), polished)?;
            linearized.polish()?;
            if !moved {
                return Ok(Self { linearized: Box::new(linearized), rows, points, rows_of, kkt_residual: residual });
            }
            // One more step, which may end at an apex.
            let next = restrict(program, &linearized.solution, &rows, &points, solution.iterations);
            let reached = KktResiduals::compute(&stacked, &next);
            if reached.max() <= residuals.max().max(GOOD) {
                (*solution, *residuals) = (next, reached);
            }
            let now = read(program, solution);
            tries += 1;
            if tries == MAX_TRIES || now.iter().zip(&points).all(|(now, before)| now.is_like(before)) {
                let (linearized, kkt_residual) = (Box::new(linearized), residuals.max());
                return Ok(Self { linearized, rows, points, rows_of, kkt_residual });
            }
            points = now;
        }
    }
}

/// Newton's method on the KKT equations: each step solves the linearized QP on its active set. Keeps the best point, and
/// returns the last factor.
fn refine(
    layer: &Layer,
    program: &Program,
    rows_of: &CscMatrix,
    solution: &mut Solution,
    residuals: &mut KktResiduals,
) -> Option<ReducedKkt> {
    let stacked = program.as_stacked();
    let mut current = solution.clone();
    let (mut worse, mut factor) = (0, None);
    for _ in 0..MAX_STEPS {
        let points = read(program, &current);
        let Linearization { program: qp, point, rows } = linearize(program, rows_of, &current, &points).ok()?;
        let polished = solve(layer, &qp, &point, factor)?;
        let next = restrict(program, &polished.solution, &rows, &points, solution.iterations);
        let reached = KktResiduals::compute(&stacked, &next);
        let before = residuals.max();
        let step = next.x.iter().zip(&current.x).fold(0.0, |m: f64, (a, b)| max_nan((a - b).abs(), m));
        // Among good points the last is the best: residuals are of second order in its error along a curved cone.
        if reached.max() < residuals.max() || reached.max() <= GOOD {
            (*solution, *residuals) = (next.clone(), reached);
            worse = 0;
        } else {
            worse += 1;
        }
        let is_done = residuals.max() <= GOOD || residuals.max() > 0.5 * before;
        let settled = is_done && step <= SETTLED * max_abs(&next.x).max(1.0);
        let usable = step.is_finite();
        factor = Some(polished.kkt);
        if settled || worse > MAX_WORSE || !usable {
            break;
        }
        current = next;
    }
    factor
}

/// The solution of a linearized program: by exchanging active rows from `point`, or where that does not end, by solving the
/// program forward and exchanging from there. The factor of the step `before` is renewed.
fn solve(layer: &Layer, qp: &Program, point: &Solution, before: Option<ReducedKkt>) -> Option<Polished> {
    let program = qp.as_stacked();
    let from = |point: &Solution, before| polish(&program, point, &*layer.backward, (Resolution::Step, before)).ok();
    let near = from(point, before);
    let tolerance = layer.choices.settings.tolerance;
    if near.as_ref().is_some_and(|near| near.settled && near.residuals.max() <= tolerance) {
        return near;
    }
    let mut solution = Solution::default();
    let mut session = layer.forward.setup(&program, &layer.choices.settings).ok()?;
    let far =
        session.solve(&mut solution).ok().filter(|status| status.has_solution()).and_then(|_| from(&solution, None));
    [near, far].into_iter().flatten().min_by(|a, b| a.residuals.max().total_cmp(&b.residuals.max()))
}

/// The program's own part of a solution of its linearization.
fn restrict(
    program: &Program,
    of_linearized: &Solution,
    rows: &ConeRows,
    points: &[ConePoint],
    iterations: u64,
) -> Solution {
    let stacked = program.as_stacked();
    let (n, m) = (stacked.num_vars(), stacked.num_rows());
    let x = of_linearized.x[..n].to_vec();
    let slack = stacked.cones().map_or_else(Vec::new, |cones| cones.slacks(&x));
    let mut cone_duals = vec![0.0; slack.len()];
    for (point, range) in points.iter().zip(&rows.of_cone) {
        let multipliers = &of_linearized.y[range.clone()];
        let duals = &mut cone_duals[point.rows.clone()];
        if point.state == State::Smooth {
            let multiplier = multipliers[0].max(0.0);
            let direction = point.turned(&slack[point.tail()]);
            duals[0] = multiplier;
            duals[1..].iter_mut().zip(direction).for_each(|(w, unit)| *w = -multiplier * unit);
        } else {
            duals.iter_mut().zip(multipliers).for_each(|(w, y)| *w = -y);
        }
    }
    let objective = stacked.objective(&x);
    let bound_duals = of_linearized.bound_duals[..n].to_vec();
    Solution { x, y: of_linearized.y[..m].to_vec(), bound_duals, cone_duals, objective, iterations }
}
