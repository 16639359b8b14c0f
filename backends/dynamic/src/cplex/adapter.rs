//! A program inside CPLEX.

use std::collections::BTreeMap;
use std::ffi::c_int;
use std::sync::Arc;

use bpqp_traits::{CscMatrix, CscRef, ProgramRef, Result, Reuse, Solution};

use super::NAME;
use super::ffi::{Library, Model, Problem};
use super::status::{ended, failed};
use crate::cones::cones_of;
use crate::model::{Matrix, is_quadratic, with_infinity};
use crate::rows::{RangeAt, Rows};
use crate::vendor::{Changed, Ended, Engine, Limits, Parameters, negate_duals};

const INFINITY: f64 = 1e20;
/// CPLEX' tolerances are absolute.
const MARGIN: f64 = 0.01;
/// The tightest tolerance of the simplex method.
const MIN_TOLERANCE: f64 = 1e-9;
/// The tightest tolerance of the barrier.
const MIN_BARRIER_TOLERANCE: f64 = 1e-12;
/// The longest time that means anything: CPLEX' own default.
const NO_TIME_LIMIT: f64 = 1e75;

/// Numbers of parameters, by their names `CPX_PARAM_*`, and what is set.
mod number {
    use std::ffi::c_int;

    pub(super) const EPOPT: c_int = 1014;
    pub(super) const EPRHS: c_int = 1016;
    pub(super) const SCRIND: c_int = 1035;
    pub(super) const TILIM: c_int = 1039;
    pub(super) const LPMETHOD: c_int = 1062;
    pub(super) const QPMETHOD: c_int = 1063;
    pub(super) const THREADS: c_int = 1067;
    pub(super) const BAREPCOMP: c_int = 3002;
    pub(super) const BARQCPEPCOMP: c_int = 3020;
    pub(super) const CALCQCPDUALS: c_int = 4003;

    pub(super) const DUAL_SIMPLEX: c_int = 2;
    pub(super) const BARRIER: c_int = 4;
    pub(super) const FORCE: c_int = 2;
}

pub(super) struct CplexEngine {
    problem: Problem,
    /// Rows that CPLEX holds: those that are not free, which it would give a wrong status.
    held: Vec<usize>,
    has_cones: bool,
    own: BTreeMap<String, String>,
}

impl CplexEngine {
    pub(super) fn new(library: &Arc<Library>, program: &ProgramRef<'_>, parameters: &Parameters) -> Result<Self> {
        let mut environment = library.environment()?;
        environment.set_int(number::SCRIND, parameters.verbose.into())?;
        environment.set_int(number::THREADS, c_int::try_from(parameters.threads).unwrap_or(c_int::MAX))?;
        environment.set_int(number::LPMETHOD, number::DUAL_SIMPLEX)?;
        environment.set_int(number::QPMETHOD, number::BARRIER)?;
        let has_cones = !cones_of(program).is_empty();
        if has_cones {
            // By default its own reductions come first, and may leave no multipliers.
            environment.set_int(number::CALCQCPDUALS, number::FORCE)?;
        }
        let (problem, own) = (Problem::new(environment)?, parameters.own.clone());
        let mut engine = Self { problem, held: Vec::new(), has_cones, own };
        engine.set_own()?;
        engine.load(program)?;
        Ok(engine)
    }

    fn load(&mut self, program: &ProgramRef<'_>) -> Result<()> {
        let (held, rows) = held_rows(program);
        let p = is_quadratic(program).then(|| Matrix::symmetric(NAME, program.p())).transpose()?;
        self.problem.load(&Model {
            cost: program.q(),
            bounds: (&with_infinity(program.lb(), INFINITY), &with_infinity(program.ub(), INFINITY)),
            rows: &rows,
            a: &Matrix::new(NAME, select(program.a(), &held)?.as_ref())?,
            p: p.as_ref(),
        })?;
        self.held = held;
        cones_of(program).into_iter().try_for_each(|cone| self.problem.add_cone(cone))
    }

    /// The parameters that the user named, which come last.
    fn set_own(&mut self) -> Result<()> {
        let environment = self.problem.environment();
        self.own.iter().try_for_each(|(name, value)| environment.set(name, value))
    }
}

impl Engine for CplexEngine {
    fn run(&mut self, limits: &Limits, out: &mut Solution) -> Result<Ended> {
        let environment = self.problem.environment();
        let tolerance = MARGIN * limits.tolerance;
        environment.set_double(number::EPRHS, tolerance.max(MIN_TOLERANCE))?;
        environment.set_double(number::EPOPT, tolerance.max(MIN_TOLERANCE))?;
        environment.set_double(number::BAREPCOMP, tolerance.max(MIN_BARRIER_TOLERANCE))?;
        if self.has_cones {
            environment.set_double(number::BARQCPEPCOMP, tolerance.max(MIN_BARRIER_TOLERANCE))?;
        }
        environment.set_double(number::TILIM, limits.time.map_or(NO_TIME_LIMIT, |time| time.as_secs_f64()))?;
        self.set_own()?;
        let code = self.problem.optimize();
        if code != 0 {
            return failed(code).ok_or_else(|| self.problem.error(code));
        }
        let ended = ended(self.problem.status())?;
        out.iterations = self.problem.iterations();
        let Ended::Point(status) = ended else { return Ok(ended) };
        let all = std::mem::take(&mut out.y);
        out.y = vec![f64::NAN; self.held.len()];
        let found = self.problem.read(out);
        let held = std::mem::replace(&mut out.y, all);
        if !found? {
            return Ok(Ended::NoPoint(status));
        }
        out.y.fill(0.0);
        self.held.iter().zip(held).for_each(|(&row, y)| out.y[row] = y);
        negate_duals(out);
        Ok(ended)
    }

    fn update(&mut self, program: &ProgramRef<'_>, changed: Changed) -> Result<Reuse> {
        let (held, rows) = held_rows(program);
        if changed.matrices || held != self.held {
            self.load(program)?;
            return Ok(Reuse::Nothing);
        }
        if changed.costs {
            self.problem.change_cost(program.q())?;
        }
        if changed.sides {
            self.problem.change_rows(&rows)?;
        }
        if changed.bounds {
            let bounds = (with_infinity(program.lb(), INFINITY), with_infinity(program.ub(), INFINITY));
            self.problem.change_bounds((&bounds.0, &bounds.1))?;
        }
        // The basis is kept, no factor is.
        Ok(Reuse::Nothing)
    }
}

/// The rows that are not free: their numbers, and how CPLEX takes them.
fn held_rows(program: &ProgramRef<'_>) -> (Vec<usize>, Rows) {
    let all = Rows::new((program.l(), program.u()), INFINITY, RangeAt::Lower);
    let held: Vec<usize> = (0..all.kind.len()).filter(|&row| all.kind[row] != b'N').collect();
    let rows = Rows {
        kind: held.iter().map(|&row| all.kind[row]).collect(),
        rhs: held.iter().map(|&row| all.rhs[row]).collect(),
        range: held.iter().map(|&row| all.range[row]).collect(),
    };
    (held, rows)
}

/// The matrix of `rows`, in ascending order, of `a`.
fn select(a: CscRef<'_>, rows: &[usize]) -> Result<CscMatrix> {
    let entries = a.entries().filter_map(|(i, j, v)| Some((rows.binary_search(&i).ok()?, j, v)));
    CscMatrix::from_triplets(rows.len(), a.ncols(), &entries.collect::<Vec<_>>())
}
