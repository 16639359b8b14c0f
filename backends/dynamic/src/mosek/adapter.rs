//! A program inside MOSEK.

use std::ffi::c_int;
use std::sync::Arc;

use bpqp_traits::{ProgramRef, Result, Reuse, Solution};

use super::NAME;
use super::ffi::{Environment, Kind, Limits as Sides, Task};
use super::status::{ended, stopped};
use crate::cones::cones_of;
use crate::model::{Matrix, is_quadratic, with_infinity};
use crate::vendor::{Changed, Ended, Engine, Limits, Parameters, negate_duals};

/// MOSEK's infinity.
const INFINITY: f64 = 1e30;
/// The status of an optimum.
const OPTIMAL: c_int = 1;
/// The tightest tolerance that its interior-point methods reach.
const MIN_TOLERANCE: f64 = 1e-12;
/// The tightest tolerance that it takes for a basis.
const MIN_BASIS_TOLERANCE: f64 = 1e-9;
/// MOSEK's tolerances are relative to norms of the data.
const MARGIN: f64 = 0.01;
/// Tolerances of the interior-point methods, for linear, quadratic and conic problems: MOSEK chooses.
const FAMILIES: [&str; 3] = ["INTPNT", "INTPNT_QO", "INTPNT_CO"];

pub(super) struct MosekEngine {
    task: Task,
}

impl MosekEngine {
    pub(super) fn new(library: &Arc<Environment>, program: &ProgramRef<'_>, parameters: &Parameters) -> Result<Self> {
        let mut task = Task::new(library, program.num_vars(), program.num_rows())?;
        if parameters.verbose {
            task.print_log()?;
        }
        task.set("MSK_IPAR_NUM_THREADS", &parameters.threads.to_string())?;
        for (name, value) in &parameters.own {
            task.set(name, value)?;
        }
        let mut engine = Self { task };
        let all = Changed { matrices: true, costs: true, sides: true, bounds: true };
        engine.pass(program, all)?;
        cones_of(program).into_iter().try_for_each(|cone| engine.task.add_cone(cone))?;
        Ok(engine)
    }

    #[cfg(test)]
    pub(super) fn task(&self) -> &Task {
        &self.task
    }

    fn pass(&mut self, program: &ProgramRef<'_>, changed: Changed) -> Result<()> {
        if changed.matrices {
            self.task.set_matrix(&Matrix::new(NAME, program.a())?)?;
            if is_quadratic(program) {
                self.task.set_quadratic(&Matrix::lower(NAME, program.p())?)?;
            }
        }
        if changed.costs {
            self.task.set_costs(program.q())?;
        }
        if changed.sides {
            with_keys(program.l(), program.u(), |sides| self.task.set_sides(sides))?;
        }
        if changed.bounds {
            with_keys(program.lb(), program.ub(), |bounds| self.task.set_bounds(bounds))?;
        }
        Ok(())
    }

    fn set_limits(&mut self, limits: &Limits) -> Result<()> {
        let tolerance = format!("{:e}", (MARGIN * limits.tolerance).max(MIN_TOLERANCE));
        for family in FAMILIES {
            for measure in ["PFEAS", "DFEAS", "REL_GAP"] {
                self.task.set(&format!("MSK_DPAR_{family}_TOL_{measure}"), &tolerance)?;
            }
        }
        let tolerance = format!("{:e}", (MARGIN * limits.tolerance).max(MIN_BASIS_TOLERANCE));
        for measure in ["X", "S"] {
            self.task.set(&format!("MSK_DPAR_BASIS_TOL_{measure}"), &tolerance)?;
        }
        // Negative: no limit.
        let time = limits.time.map_or(-1.0, |time| time.as_secs_f64());
        self.task.set("MSK_DPAR_OPTIMIZER_MAX_TIME", &format!("{time:e}"))
    }

    /// The solution to be read: the basic one, which is exact, unless the interior one alone is optimal.
    fn best(&self) -> Result<Option<(Kind, c_int)>> {
        let mut best = None;
        for kind in [Kind::Basic, Kind::Interior] {
            if let Some(status) = self.task.solution_status(kind)? {
                if status == OPTIMAL {
                    return Ok(Some((kind, status)));
                }
                best.get_or_insert((kind, status));
            }
        }
        Ok(best)
    }

    fn read(&self, kind: Kind, out: &mut Solution) -> Result<()> {
        let mut upper = vec![0.0; out.bound_duals.len()];
        self.task.read(kind, [&mut out.x, &mut out.y, &mut out.bound_duals, &mut upper])?;
        out.bound_duals.iter_mut().zip(upper).for_each(|(lower, upper)| *lower -= upper);
        negate_duals(out);
        Ok(())
    }

    fn iterations(&self) -> u64 {
        let counts = [c"MSK_IINF_INTPNT_ITER", c"MSK_IINF_SIM_PRIMAL_ITER", c"MSK_IINF_SIM_DUAL_ITER"];
        counts.iter().map(|name| u64::try_from(self.task.int_info(name)).unwrap_or(0)).sum()
    }
}

impl Engine for MosekEngine {
    fn run(&mut self, limits: &Limits, out: &mut Solution) -> Result<Ended> {
        self.set_limits(limits)?;
        let (code, terminated) = self.task.optimize();
        if code != 0 {
            return stopped(code);
        }
        out.iterations = self.iterations();
        let Some((kind, status)) = self.best()? else { return ended(terminated, None) };
        let ended = ended(terminated, Some(status))?;
        if let Ended::Point(_) = ended {
            self.read(kind, out)?;
        }
        Ok(ended)
    }

    fn update(&mut self, program: &ProgramRef<'_>, changed: Changed) -> Result<Reuse> {
        self.pass(program, changed)?;
        Ok(Reuse::Nothing)
    }
}

/// Hands these limits to `take` with MOSEK's keys: `lo` 0, `up` 1, `fx` 2, `fr` 3, `ra` 4.
fn with_keys<R>(lower: &[f64], upper: &[f64], take: impl FnOnce(&Sides<'_>) -> R) -> R {
    let key = |(l, u): (&f64, &f64)| match (l.is_finite(), u.is_finite()) {
        (false, false) => 3,
        (true, false) => 0,
        (false, true) => 1,
        (true, true) if l == u => 2,
        (true, true) => 4,
    };
    let key: Vec<c_int> = lower.iter().zip(upper).map(key).collect();
    take(&Sides { key: &key, lower: &with_infinity(lower, INFINITY), upper: &with_infinity(upper, INFINITY) })
}
