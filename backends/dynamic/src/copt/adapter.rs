//! A program inside COPT.

use std::sync::Arc;

use bpqp_traits::{ProgramRef, Result, Reuse, Solution};

use super::NAME;
use super::ffi::{Environment, Functions, Linear, Problem};
use super::status::{ended, stopped};
use crate::cones::cones_of;
use crate::model::{Matrix, Terms, is_quadratic, with_infinity};
use crate::vendor::{Changed, Ended, Engine, Limits, Parameters, negate_duals};

/// COPT's infinity.
const INFINITY: f64 = 1e30;
/// The tightest tolerance that simplex takes.
const MIN_TOLERANCE: f64 = 1e-9;
/// The tightest tolerance that the barrier method reaches.
const MIN_BARRIER_TOLERANCE: f64 = 1e-12;
/// COPT's tolerances are on other measures than ours.
const MARGIN: f64 = 0.01;
/// The largest time limit that COPT takes, its default.
const NO_TIME_LIMIT: f64 = 1e20;

pub(super) struct CoptEngine {
    problem: Problem,
    parameters: Parameters,
}

impl CoptEngine {
    pub(super) fn new(library: &Arc<Functions>, program: &ProgramRef<'_>, parameters: &Parameters) -> Result<Self> {
        let problem = Problem::new(Environment::new(library)?)?;
        let mut engine = Self { problem, parameters: parameters.clone() };
        engine.pass(program)?;
        Ok(engine)
    }

    /// Hands `program` to the problem, which is empty.
    fn pass(&mut self, program: &ProgramRef<'_>) -> Result<()> {
        let (problem, parameters) = (&mut self.problem, &self.parameters);
        problem.set("Logging", if parameters.verbose { "1" } else { "0" })?;
        problem.set("Threads", &parameters.threads.to_string())?;
        // Refuse what is not convex: version 8 would return any stationary point of it.
        problem.set_if_known(c"NonConvex", 0.0);
        // By default its barrier breaks down on a QP whose only row has entries of 1e-4.
        problem.set_if_known(c"Scaling", 1.0);
        for (name, value) in &parameters.own {
            problem.set(name, value)?;
        }
        let infinite = |v: &[f64]| with_infinity(v, INFINITY);
        problem.load(&Linear {
            cost: program.q(),
            bounds: (&infinite(program.lb()), &infinite(program.ub())),
            sides: (&infinite(program.l()), &infinite(program.u())),
            a: &Matrix::new(NAME, program.a())?,
        })?;
        if is_quadratic(program) {
            problem.set_quadratic(&Terms::new(NAME, program.p())?)?;
        }
        cones_of(program).into_iter().try_for_each(|cone| problem.add_cone(cone))
    }

    fn set_limits(&mut self, limits: &Limits) -> Result<()> {
        let tolerance = format!("{:e}", (MARGIN * limits.tolerance).max(MIN_TOLERANCE));
        self.problem.set("FeasTol", &tolerance)?;
        self.problem.set("DualTol", &tolerance)?;
        let tolerance = (MARGIN * limits.tolerance).max(MIN_BARRIER_TOLERANCE);
        for name in [c"BarPrimalTol", c"BarDualTol", c"BarGapTol"] {
            self.problem.set_if_known(name, tolerance);
        }
        let time = limits.time.map_or(NO_TIME_LIMIT, |time| time.as_secs_f64().min(NO_TIME_LIMIT));
        self.problem.set("TimeLimit", &format!("{time:e}"))
    }

    fn iterations(&self) -> u64 {
        let counts = [c"SimplexIter", c"BarrierIter"].map(|name| self.problem.attribute(name).unwrap_or(0));
        counts.into_iter().map(|count| u64::try_from(count).unwrap_or(0)).sum()
    }
}

impl Engine for CoptEngine {
    fn run(&mut self, limits: &Limits, out: &mut Solution) -> Result<Ended> {
        self.set_limits(limits)?;
        let code = self.problem.solve();
        if code != 0 {
            return stopped(code);
        }
        let ended = ended(self.problem.attribute(c"LpStatus")?)?;
        out.iterations = self.iterations();
        let Ended::Point(status) = ended else { return Ok(ended) };
        if self.problem.attribute(c"HasLpSol")? == 0 {
            return Ok(Ended::NoPoint(status));
        }
        self.problem.read(out)?;
        negate_duals(out);
        Ok(ended)
    }

    fn update(&mut self, program: &ProgramRef<'_>, changed: Changed) -> Result<Reuse> {
        let infinite = |v: &[f64]| with_infinity(v, INFINITY);
        if changed.matrices {
            self.problem.clear()?;
            self.pass(program)?;
            return Ok(Reuse::Nothing);
        }
        if changed.costs {
            self.problem.set_costs(program.q())?;
        }
        if changed.sides {
            self.problem.set_sides((&infinite(program.l()), &infinite(program.u())))?;
        }
        if changed.bounds {
            self.problem.set_bounds((&infinite(program.lb()), &infinite(program.ub())))?;
        }
        Ok(Reuse::Nothing)
    }
}
