//! A program inside Xpress.

use std::collections::BTreeMap;
use std::ffi::c_int;
use std::sync::Arc;

use bpqp_traits::{ProgramRef, Result, Reuse, Solution};

use super::NAME;
use super::ffi::{Library, Model, Problem};
use super::status::ended;
use crate::cones::cones_of;
use crate::model::{Matrix, is_quadratic, with_infinity};
use crate::rows::{RangeAt, Rows};
use crate::vendor::{Changed, Ended, Engine, Limits, Parameters, negate_duals};

const INFINITY: f64 = 1e20;
/// Xpress' tolerances are absolute, and below this it does not improve.
const MIN_TOLERANCE: f64 = 1e-10;
const MARGIN: f64 = 0.01;
/// The barrier's stopping rules, relative: it stops where it gets no further. By default `x` was off by 6e-6.
const BARRIER_TOLERANCE: f64 = 1e-14;

/// Numbers of controls and attributes, by their names in `xprs.h`.
mod number {
    use std::ffi::c_int;

    pub(super) const MATRIXTOL: c_int = 7001;
    pub(super) const FEASTOL: c_int = 7003;
    pub(super) const OPTIMALITYTOL: c_int = 7006;
    pub(super) const BARGAPSTOP: c_int = 7033;
    pub(super) const BARDUALSTOP: c_int = 7034;
    pub(super) const BARPRIMALSTOP: c_int = 7035;
    pub(super) const TIMELIMIT: c_int = 7158;
    pub(super) const OUTPUTLOG: c_int = 8035;
    pub(super) const THREADS: c_int = 8278;
    pub(super) const PREELIMQUAD: c_int = 8353;

    pub(super) const SIMPLEXITER: c_int = 1009;
    pub(super) const LPSTATUS: c_int = 1010;
    pub(super) const STOPSTATUS: c_int = 1179;
    pub(super) const BARITER: c_int = 5001;
}

pub(super) struct XpressEngine {
    problem: Problem,
    quadratic: bool,
    /// Whether the barrier solves it: the simplex method takes linear programs alone.
    barrier: bool,
    own: BTreeMap<String, String>,
}

impl XpressEngine {
    pub(super) fn new(library: &Arc<Library>, program: &ProgramRef<'_>, parameters: &Parameters) -> Result<Self> {
        let mut problem = Problem::new(library.environment()?)?;
        if parameters.verbose {
            problem.print()?;
        }
        problem.set_int(number::OUTPUTLOG, parameters.verbose.into())?;
        problem.set_int(number::THREADS, c_int::try_from(parameters.threads).unwrap_or(c_int::MAX))?;
        // By default entries below 1e-9 are dropped.
        problem.set_double(number::MATRIXTOL, 0.0)?;
        // Eliminating variables from the quadratic part leaves wrong multipliers where active rows depend on each other.
        problem.set_int(number::PREELIMQUAD, 0)?;
        for rule in [number::BARGAPSTOP, number::BARDUALSTOP, number::BARPRIMALSTOP] {
            problem.set_double(rule, BARRIER_TOLERANCE)?;
        }
        let quadratic = is_quadratic(program);
        let barrier = quadratic || program.cones().is_some();
        let mut engine = Self { problem, quadratic, barrier, own: parameters.own.clone() };
        engine.set_own()?;
        engine.load(program)?;
        Ok(engine)
    }

    fn load(&mut self, program: &ProgramRef<'_>) -> Result<()> {
        let p = if self.quadratic { Matrix::new(NAME, program.p())? } else { Matrix::default() };
        let cones = cones_of(program);
        self.problem.load(&Model {
            cost: program.q(),
            bounds: (&with_infinity(program.lb(), INFINITY), &with_infinity(program.ub(), INFINITY)),
            rows: &Rows::new((program.l(), program.u()), INFINITY, RangeAt::Upper),
            a: &Matrix::new(NAME, program.a())?,
            p: &p,
            cones: cones.len(),
        })?;
        let rows = program.num_rows()..;
        rows.zip(cones).try_for_each(|(row, cone)| self.problem.set_cone(row, cone))
    }

    /// The parameters that the user named, which come last.
    fn set_own(&mut self) -> Result<()> {
        self.own.iter().try_for_each(|(name, value)| self.problem.set(name, value))
    }

    /// Reads how the run ended, and the point.
    fn finish(&self, out: &mut Solution) -> Result<Ended> {
        let ended = ended(self.problem.attribute(number::LPSTATUS)?, self.problem.attribute(number::STOPSTATUS)?)?;
        for count in [number::SIMPLEXITER, number::BARITER] {
            out.iterations += u64::try_from(self.problem.attribute(count)?).unwrap_or(0);
        }
        let Ended::Point(status) = ended else { return Ok(ended) };
        if !self.problem.read(out)? {
            return Ok(Ended::NoPoint(status));
        }
        negate_duals(out);
        Ok(ended)
    }
}

impl Engine for XpressEngine {
    fn run(&mut self, limits: &Limits, out: &mut Solution) -> Result<Ended> {
        let tolerance = (MARGIN * limits.tolerance).max(MIN_TOLERANCE);
        self.problem.set_double(number::FEASTOL, tolerance)?;
        self.problem.set_double(number::OPTIMALITYTOL, tolerance)?;
        self.problem.set_double(number::TIMELIMIT, limits.time.map_or(INFINITY, |time| time.as_secs_f64()))?;
        self.set_own()?;
        self.problem.optimize(if self.barrier { c"b" } else { c"d" })?;
        self.finish(out)
    }

    fn update(&mut self, program: &ProgramRef<'_>, changed: Changed) -> Result<Reuse> {
        if changed.matrices {
            self.load(program)?;
            return Ok(Reuse::Nothing);
        }
        if changed.costs {
            self.problem.change_cost(program.q())?;
        }
        if changed.sides {
            self.problem.change_rows(&Rows::new((program.l(), program.u()), INFINITY, RangeAt::Upper))?;
        }
        if changed.bounds {
            let bounds = (with_infinity(program.lb(), INFINITY), with_infinity(program.ub(), INFINITY));
            self.problem.change_bounds((&bounds.0, &bounds.1))?;
        }
        // The basis is kept, no factor is.
        Ok(Reuse::Nothing)
    }
}
