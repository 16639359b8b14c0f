//! A program inside HiGHS.

use std::sync::Arc;
use std::time::{Duration, Instant};

use bpqp_traits::{CscMatrix, ProgramRef, Result, Reuse, Solution, Status};

use super::NAME;
use super::ffi::{Functions, Instance, Problem};
use super::status::ended;
use crate::model::{Matrix, is_quadratic};
use crate::vendor::{Changed, Ended, Engine, Limits, Parameters, negate_duals};

/// The tightest tolerance that HiGHS takes.
const MIN_TOLERANCE: f64 = 1e-10;
/// HiGHS' tolerances are absolute, and its QP solver reaches them in its own units alone. Simplex does as it is told, and may
/// never end when asked for more.
const QP_MARGIN: f64 = 0.01;
/// Its methods, which count their iterations apart.
const METHODS: [&str; 3] = ["simplex", "ipm", "qp"];
/// Added to the diagonal of a Hessian that HiGHS cannot solve with as it is. Its own default.
const PROXIMAL: f64 = 1e-4;
/// Proximal steps after the first.
const PROXIMAL_STEPS: usize = 10;

pub(super) struct HighsEngine {
    instance: Instance,
    /// `A`, to find the rows' values at a start.
    a: CscMatrix,
    /// The linear term of a QP; `None` for an LP.
    q: Option<Vec<f64>>,
}

impl HighsEngine {
    pub(super) fn new(library: &Arc<Functions>, program: &ProgramRef<'_>, parameters: &Parameters) -> Result<Self> {
        let q = is_quadratic(program).then(|| program.q().to_vec());
        let mut engine = Self { instance: Instance::new(library)?, a: program.a().to_owned(), q };
        let instance = &mut engine.instance;
        instance.set("output_flag", if parameters.verbose { "true" } else { "false" })?;
        instance.set("threads", &parameters.threads.to_string())?;
        for (name, value) in &parameters.own {
            instance.set(name, value)?;
        }
        engine.pass(program)?;
        Ok(engine)
    }

    fn pass(&mut self, program: &ProgramRef<'_>) -> Result<()> {
        let p = if is_quadratic(program) { Matrix::lower(NAME, program.p())? } else { Matrix::default() };
        // A QP without rows is "unbounded" to HiGHS, so it gets a free one.
        let padded = self.q.is_some() && program.num_rows() == 0;
        let (free, empty) = (([f64::NEG_INFINITY], [f64::INFINITY]), CscMatrix::zeros(1, program.num_vars()));
        self.instance.pass(&Problem {
            cost: program.q(),
            bounds: (program.lb(), program.ub()),
            sides: if padded { (&free.0, &free.1) } else { (program.l(), program.u()) },
            a: &Matrix::new(NAME, if padded { empty.as_ref() } else { program.a() })?,
            p: &p,
        })
    }

    fn set_limits(&mut self, limits: &Limits) -> Result<()> {
        let margin = if self.q.is_some() { QP_MARGIN } else { 1.0 };
        let tolerance = (margin * limits.tolerance).max(MIN_TOLERANCE).to_string();
        for name in ["primal_feasibility_tolerance", "dual_feasibility_tolerance", "ipm_optimality_tolerance"] {
            self.instance.set(name, &tolerance)?;
        }
        // The limit counts from the instance's first run.
        let time = limits.time.map_or(f64::INFINITY, |time| self.instance.run_time() + time.as_secs_f64());
        self.instance.set("time_limit", &time.to_string())
    }

    /// One run; the iterations are added to those of `out`.
    fn run_once(&mut self, limits: &Limits, out: &mut Solution) -> Result<Ended> {
        self.set_limits(limits)?;
        let ended = ended(self.instance.run())?;
        out.iterations += self.iterations();
        let Ended::Point(status) = ended else { return Ok(ended) };
        if !self.instance.read(out)? {
            return Ok(Ended::NoPoint(status));
        }
        negate_duals(out);
        Ok(ended)
    }

    /// The proximal-point method, `min ½xᵀPx + qᵀx + ½δ‖x − x_k‖²`, for a Hessian too singular for the active-set method.
    /// A step leaves `δ(x − x_k)` of stationarity, so a few are enough.
    fn run_proximal(&mut self, q: &[f64], limits: &Limits, out: &mut Solution) -> Result<Ended> {
        self.instance.set("qp_regularization_value", &PROXIMAL.to_string())?;
        // What the failed run left is no place to start from.
        self.instance.forget()?;
        let start = Instant::now();
        let mut ended = self.run_once(limits, out)?;
        for _ in 0..PROXIMAL_STEPS {
            let time = limits.time.map(|limit| limit.saturating_sub(start.elapsed()));
            if ended != Ended::Point(Status::Solved) || time == Some(Duration::ZERO) {
                break;
            }
            let center = out.x.clone();
            let shifted: Vec<f64> = q.iter().zip(&center).map(|(q, x)| q - PROXIMAL * x).collect();
            self.instance.change_cost(&shifted)?;
            let before = out.clone();
            ended = self.run_once(&Limits { time, ..*limits }, out)?;
            if ended != Ended::Point(Status::Solved) {
                *out = Solution { iterations: out.iterations, ..before };
                ended = Ended::Point(Status::Solved);
                break;
            }
        }
        self.instance.change_cost(q)?;
        Ok(ended)
    }

    fn iterations(&self) -> u64 {
        let counts = METHODS.iter().map(|method| self.instance.int_info(&format!("{method}_iteration_count")));
        counts.map(|count| u64::try_from(count).unwrap_or(0)).sum()
    }
}

impl Engine for HighsEngine {
    fn run(&mut self, limits: &Limits, out: &mut Solution) -> Result<Ended> {
        let Some(q) = self.q.clone() else { return self.run_once(limits, out) };
        // By default HiGHS adds 1e-7 to the Hessian's diagonal, and solves another problem.
        self.instance.forget()?;
        self.instance.set("qp_regularization_value", "0")?;
        let ended = self.run_once(limits, out)?;
        if let Ended::Point(Status::Solved | Status::TimeLimit) = ended {
            return Ok(ended);
        }
        // The active-set method may call a bounded QP unbounded, or fail, where the Hessian is singular.
        Ok(match self.run_proximal(&q, limits, out)? {
            Ended::Point(status) => Ended::Point(status),
            _ => ended,
        })
    }

    fn update(&mut self, program: &ProgramRef<'_>, changed: Changed) -> Result<Reuse> {
        if changed.matrices {
            self.a = program.a().to_owned();
            self.q = is_quadratic(program).then(|| program.q().to_vec());
            self.pass(program)?;
            return Ok(Reuse::Nothing);
        }
        if changed.costs {
            self.instance.change_cost(program.q())?;
            self.q.as_mut().into_iter().for_each(|q| q.copy_from_slice(program.q()));
        }
        if changed.sides {
            self.instance.change_sides((program.l(), program.u()))?;
        }
        if changed.bounds {
            self.instance.change_bounds((program.lb(), program.ub()))?;
        }
        // The basis is kept, its factor is not.
        Ok(Reuse::Nothing)
    }

    fn warm_start(&mut self, x: &[f64], y: &[f64], bound_duals: &[f64]) -> Result<()> {
        let mut rows = vec![0.0; y.len()];
        self.a.as_ref().mul_add(1.0, x, &mut rows);
        let negated = |v: &[f64]| v.iter().map(|v| -v).collect::<Vec<_>>();
        let mut row_duals = negated(y);
        rows.resize(self.instance.num_rows(), 0.0);
        row_duals.resize(self.instance.num_rows(), 0.0);
        self.instance.start(x, &rows, &negated(bound_duals), &row_duals)
    }
}
