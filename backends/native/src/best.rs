//! The best point that a solve has seen.

use std::time::Instant;

use bpqp_traits::{KktResiduals, ProgramRef, Solution, Status};

use crate::infeasibility;
use crate::polish::{Budget, Point, Polish, Spent, Verdict};
use crate::scaling::Scaled;

/// The best point, in the caller's units.
pub(crate) struct Best {
    pub(crate) solution: Solution,
    scratch: Solution,
    /// Its residual, infinite where that is not a number.
    pub(crate) residual: f64,
}

impl Default for Best {
    fn default() -> Self {
        Self { solution: Solution::default(), scratch: Solution::default(), residual: f64::INFINITY }
    }
}

impl Best {
    /// Remembers a point in scaled units if it is better, or the first; returns its residual.
    pub(crate) fn offer(&mut self, (program, problem): (&ProgramRef<'_>, &Scaled), point: Point<'_>) -> f64 {
        let residual = self.residual_of((program, problem), point);
        if residual < self.residual || self.solution.x.is_empty() {
            self.residual = if residual.is_nan() { f64::INFINITY } else { residual };
            std::mem::swap(&mut self.solution, &mut self.scratch);
        }
        residual
    }

    /// The residual of a point in scaled units.
    pub(crate) fn residual_of(&mut self, (program, problem): (&ProgramRef<'_>, &Scaled), point: Point<'_>) -> f64 {
        problem.unscale(point.x, point.y, point.zeta, &mut self.scratch);
        KktResiduals::compute(program, &self.scratch).max()
    }

    /// Runs the polish within `budget` until a point is within tolerance, time is up, or an outer step is a certificate
    /// of infeasibility, which `out` then holds.
    pub(crate) fn polish(
        &mut self,
        polish: &mut Polish,
        (program, problem): (&ProgramRef<'_>, &Scaled),
        (tolerance, ray_tolerance): (f64, f64),
        budget: Budget,
        out: &mut Solution,
    ) -> (Spent, Option<Status>) {
        let mut certified = None;
        let spent = polish.run(problem, budget, &mut |point, change| {
            let residual = self.offer((program, problem), point);
            if let Some(change) = change.filter(|_| residual > tolerance) {
                certified = infeasibility::status(program, problem, change, ray_tolerance, out);
            }
            let late = budget.deadline.is_some_and(|d| Instant::now() >= d);
            Verdict { residual, done: certified.is_some() || residual <= tolerance || late }
        });
        (spent, certified)
    }
}
