//! One problem held by a vendor's library, its answers judged by the contract.

use std::sync::Arc;
use std::time::{Duration, Instant};

use bpqp_traits::claims::{Claim, judge, judge_residuals};
use bpqp_traits::{
    Error, ProgramBuf, ProgramRef, ProgramUpdate, Result, Reuse, Session, Solution, Status, check_start,
};

use crate::cone_rays::prove;
use crate::cones::{restrict, with_lifted};
use crate::epigraph::linearized;
use crate::model::is_quadratic;
use crate::newton;
use crate::units::Units;
use crate::vendor::{Changed, Ended, Engine, Limits, Parameters, VendorApi};

/// Tolerance of the auxiliary programs: their duals are certificates, which are believed below 1e-8.
const RAY_TOLERANCE: f64 = 1e-9;

/// What a session was asked for.
#[derive(Clone, Debug)]
pub(crate) struct Plan {
    pub(crate) tolerance: f64,
    pub(crate) max_iterations: Option<u32>,
    pub(crate) time_limit: Option<Duration>,
    pub(crate) quadratic: bool,
    pub(crate) parameters: Parameters,
}

/// A program and the engine that holds it.
pub(crate) struct DynamicSession<V: VendorApi> {
    library: Arc<V::Library>,
    program: ProgramBuf,
    units: Units,
    /// The program as the engine holds it: [`translate`]d, in these units.
    scaled: ProgramBuf,
    plan: Plan,
    /// `None` after an update that the library broke off; the next use opens it again.
    engine: Option<Box<dyn Engine>>,
}

impl<V: VendorApi> DynamicSession<V> {
    pub(crate) fn new(library: Arc<V::Library>, problem: &ProgramRef<'_>, plan: Plan) -> Result<Self> {
        let (units, scaled) = translate::<V>(problem, |units| units)?;
        let engine = Some(V::open(&library, &scaled.as_ref(), &plan.parameters)?);
        Ok(Self { library, program: ProgramBuf::from(problem), units, scaled, plan, engine })
    }

    fn engine(&mut self) -> Result<&mut Box<dyn Engine>> {
        if self.engine.is_none() {
            self.engine = Some(V::open(&self.library, &self.scaled.as_ref(), &self.plan.parameters)?);
        }
        self.engine.as_mut().ok_or_else(|| Error::backend(V::PLACES.backend, "there is no problem to solve"))
    }

    /// One run, judged.
    fn run(&mut self, out: &mut Solution) -> Result<(Ended, Status)> {
        let plan = &self.plan;
        let limits = Limits { tolerance: plan.tolerance, iterations: plan.max_iterations, time: plan.time_limit };
        size(&self.scaled.as_ref(), out);
        let ended = self.engine()?.run(&limits, out)?;
        self.units.unscale(out);
        let program = self.program.as_ref();
        restrict(out, lengths(&program));
        let status = match ended {
            Ended::Point(status) | Ended::NoPoint(status) => status,
            Ended::NotConvex => return Err(not_convex()),
            Ended::Infeasible | Ended::Unbounded | Ended::InfeasibleOrUnbounded => {
                return Ok((ended, Status::NumericalError));
            }
        };
        let limited = !self.is_own_limit(status);
        drop_duals_on_infinite_sides(&program, out);
        Ok((ended, judge(&program, Claim { status, limited }, self.plan.tolerance, out)))
    }

    /// Solves an auxiliary program; what it leaves is not judged.
    fn solve_auxiliary(
        &self,
        auxiliary: &ProgramRef<'_>,
        tolerance: f64,
        deadline: Option<Instant>,
    ) -> Result<Solution> {
        let time = deadline.map(|deadline| deadline.saturating_duration_since(Instant::now()));
        let limits = Limits { tolerance, iterations: None, time };
        let (units, scaled) = translate::<V>(auxiliary, |units| units)?;
        let mut found = Solution::default();
        size(&scaled.as_ref(), &mut found);
        V::open(&self.library, &scaled.as_ref(), &self.plan.parameters)?.run(&limits, &mut found)?;
        units.unscale(&mut found);
        restrict(&mut found, lengths(auxiliary));
        Ok(found)
    }

    /// Whether `status` is a limit that nobody asked for.
    fn is_own_limit(&self, status: Status) -> bool {
        match status {
            Status::IterationLimit => self.plan.max_iterations.is_none(),
            Status::TimeLimit => self.plan.time_limit.is_none(),
            _ => false,
        }
    }

    /// Goes on from a point of a program with cones that is short of the tolerance, and returns what holds then.
    fn improve(&self, status: Status, deadline: Option<Instant>, out: &mut Solution) -> Status {
        let program = self.program.as_ref();
        let is_short = matches!(status, Status::SolvedInaccurate | Status::NumericalError);
        let is_over = deadline.is_some_and(|deadline| Instant::now() >= deadline);
        if !is_short || is_over || program.cones().is_none() {
            return status;
        }
        let tolerance = self.plan.tolerance;
        let mut solve = |steps: &ProgramRef<'_>| self.solve_auxiliary(steps, tolerance, deadline);
        let residuals = newton::improve(&program, &self.units, tolerance, &mut solve, out);
        judge_residuals(residuals, Claim { status, limited: false }, tolerance, out)
    }

    /// Looks for the certificate behind a claim of infeasibility.
    fn certify(&self, claims: &[Status], deadline: Option<Instant>, out: &mut Solution) -> Result<Status> {
        let program = self.program.as_ref();
        let mut solve = |auxiliary: &ProgramRef<'_>| self.solve_auxiliary(auxiliary, RAY_TOLERANCE, deadline);
        for claim in claims {
            let status = prove(&program, *claim, &mut solve, out)?;
            if status == *claim {
                return Ok(status);
            }
        }
        Ok(Status::NumericalError)
    }

    /// Brings `new` into a program with cones, which the library gets again.
    fn replace(&mut self, new: &ProgramUpdate<'_>) -> Result<Reuse> {
        let mut program = self.program.clone();
        program.apply(new)?;
        let (units, scaled) = translate::<V>(&program.as_ref(), |fresh| self.units.or_fresh(fresh))?;
        (self.program, self.units, self.scaled, self.engine) = (program, units, scaled, None);
        self.engine()?;
        Ok(Reuse::Nothing)
    }
}

impl<V: VendorApi> Session for DynamicSession<V> {
    fn solve(&mut self, out: &mut Solution) -> Result<Status> {
        let deadline = self.plan.time_limit.and_then(|limit| Instant::now().checked_add(limit));
        let (ended, mut status) = self.run(out)?;
        if let Ended::Point(_) = ended {
            status = self.improve(status, deadline, out);
        }
        let has_cones = self.program.as_ref().cones().is_some();
        let claims: &[Status] = match ended {
            // Xpress' barrier calls some programs with cones infeasible that are unbounded.
            Ended::Infeasible if has_cones => &[Status::PrimalInfeasible, Status::DualInfeasible],
            Ended::Unbounded if has_cones => &[Status::DualInfeasible, Status::PrimalInfeasible],
            Ended::Infeasible => &[Status::PrimalInfeasible],
            Ended::Unbounded => &[Status::DualInfeasible],
            Ended::InfeasibleOrUnbounded => &[Status::PrimalInfeasible, Status::DualInfeasible],
            // A library that fails, or runs into a limit of its own, may have met a problem without a solution.
            _ if status == Status::NumericalError || self.is_own_limit(status) => {
                &[Status::PrimalInfeasible, Status::DualInfeasible]
            }
            Ended::Point(_) | Ended::NoPoint(_) | Ended::NotConvex => return Ok(status),
        };
        let mut certificate = Solution { iterations: out.iterations, ..Solution::default() };
        let proved = self.certify(claims, deadline, &mut certificate)?;
        if proved == Status::NumericalError {
            return Ok(status);
        }
        *out = certificate;
        Ok(proved)
    }

    fn warm_start(&mut self, x: &[f64], y: &[f64], bound_duals: &[f64]) -> Result<()> {
        if !V::WARM_START {
            return Err(Error::unsupported(V::PLACES.backend, "warm starts"));
        }
        let (n, m) = (self.program.as_ref().num_vars(), self.program.as_ref().num_rows());
        check_start((n, m), x, y, bound_duals)?;
        // The barrier methods, which serve cones, have no use for one.
        if self.program.as_ref().cones().is_some() {
            return Ok(());
        }
        let [x, y, bound_duals] = self.units.scale_point(x, y, bound_duals);
        self.engine()?.warm_start(&x, &y, &bound_duals)
    }

    fn update(&mut self, new: &ProgramUpdate<'_>) -> Result<Reuse> {
        if self.program.as_ref().cones().is_some() {
            return self.replace(new);
        }
        self.program.apply(new)?;
        let program = self.program.as_ref();
        // A program may turn from an LP into a QP and back: other algorithms, and other licenses, serve it then.
        let quadratic = is_quadratic(&program);
        let units = self.units.or_fresh(Units::of(&program));
        let same = units == self.units && quadratic == self.plan.quadratic;
        let engine = self.engine.take().filter(|_| same);
        self.plan.quadratic = quadratic;
        let Some(mut engine) = engine else {
            self.units = units;
            self.scaled = units.scale(&program)?;
            self.engine()?;
            return Ok(Reuse::Nothing);
        };
        units.update(&mut self.scaled, &program, new)?;
        match engine.update(&self.scaled.as_ref(), Changed::from(new)) {
            Ok(reuse) => {
                self.engine = Some(engine);
                Ok(reuse)
            }
            // A library may take no changes after a run that broke off: it gets the problem anew.
            Err(_) => {
                drop(engine);
                self.engine()?;
                Ok(Reuse::Nothing)
            }
        }
    }
}

/// `program` in the form that `V` takes, in the units that `choose` makes of those that suit it: its cones over variables
/// of their own, and a quadratic objective beside them as one more cone where the vendor must have that.
///
/// # Errors
/// [`Error::NotConvex`].
pub(crate) fn translate<V: VendorApi>(
    program: &ProgramRef<'_>,
    choose: impl FnOnce(Units) -> Units,
) -> Result<(Units, ProgramBuf)> {
    with_lifted(program, |lifted| {
        let units = choose(Units::of(lifted));
        let scaled = units.scale(lifted)?;
        let view = scaled.as_ref();
        let in_the_way = !V::QUADRATIC_BESIDE_CONES && is_quadratic(&view);
        let scaled = match view.cones().filter(|_| in_the_way) {
            Some(cones) => linearized(&view, &cones)?,
            None => scaled,
        };
        Ok((units, scaled))
    })
}

/// Variables, rows, and rows in cones of `program`.
fn lengths(program: &ProgramRef<'_>) -> (usize, usize, usize) {
    (program.num_vars(), program.num_rows(), program.cones().map_or(0, |cones| cones.num_rows()))
}

/// Buffers for a solution of `program`, as a library holds it, filled with NaN.
fn size(program: &ProgramRef<'_>, out: &mut Solution) {
    out.resize(program.num_vars(), program.num_rows(), 0);
    [&mut out.x, &mut out.y, &mut out.bound_duals].into_iter().for_each(|v| v.fill(f64::NAN));
    out.iterations = 0;
}

/// What rounding leaves on an infinite side is no multiplier.
pub(crate) fn drop_duals_on_infinite_sides(program: &ProgramRef<'_>, out: &mut Solution) {
    let rows = out.y.iter_mut().zip(program.l().iter().zip(program.u()));
    let bounds = out.bound_duals.iter_mut().zip(program.lb().iter().zip(program.ub()));
    for (dual, (lower, upper)) in rows.chain(bounds) {
        if (*dual > 0.0 && upper.is_infinite()) || (*dual < 0.0 && lower.is_infinite()) {
            *dual = 0.0;
        }
    }
}

fn not_convex() -> Error {
    Error::NotConvex { reason: "the solver found negative curvature".into() }
}
