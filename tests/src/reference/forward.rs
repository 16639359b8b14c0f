//! The forward reference: interior point, active-set finish, certificates from two auxiliary programs.

use bpqp_traits::{
    ActiveSet, AdjointQpRef, BackendInfo, BackwardQpSolver, Capabilities, CscMatrix, Error, ForwardSolver, KktFactor,
    KktResiduals, ProgramBuf, ProgramRef, ProgramUpdate, Result, Reuse, Session, Settings, Solution, Status,
};

use super::dense::symmetric_eigen;
use super::interior_point::{Iterate, Limits, Stop, run};
use super::oracle::ReferenceBackward;
use super::phases::{dual_infeasibility, primal_infeasibility};
use super::polish::polish;
use super::standard_form::{StandardForm, dense_rows, dense_symmetric};

const NAME: &str = "reference";
/// Iterations where the caller sets no limit.
const ITERATIONS: u32 = 100;

/// A dense forward solver with every capability, for tests only.
#[derive(Clone, Copy, Debug, Default)]
pub struct ReferenceForward;

struct ReferenceSession {
    program: ProgramBuf,
    settings: Settings,
    /// Duals to guess the active set from, and the point beside them.
    guess: Option<(Vec<f64>, Vec<f64>, Vec<f64>)>,
    factor: Option<Box<dyn KktFactor>>,
}

impl ForwardSolver for ReferenceForward {
    fn info(&self) -> BackendInfo {
        BackendInfo::new(NAME, env!("CARGO_PKG_VERSION"))
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities {
            quadratic_objective: true,
            second_order_cones: true,
            duals: true,
            infeasibility_certificates: true,
            warm_start: true,
            update_vectors: true,
            update_matrices: true,
            time_limit: true,
            iteration_limit: true,
            checks_convexity: true,
        }
    }

    fn setup(&self, problem: &ProgramRef<'_>, settings: &Settings) -> Result<Box<dyn Session>> {
        settings.validate()?;
        settings.check_options(NAME, &[])?;
        check_convexity(problem)?;
        let program = ProgramBuf::from(problem);
        Ok(Box::new(ReferenceSession { program, settings: settings.clone(), guess: None, factor: None }))
    }
}

fn check_convexity(program: &ProgramRef<'_>) -> Result<()> {
    let (values, _) = symmetric_eigen(program.num_vars(), dense_symmetric(program.p()));
    let largest = values.iter().fold(0.0, |m: f64, v| m.max(v.abs()));
    match values.iter().find(|v| **v < -1e-10 * largest) {
        Some(v) => Err(Error::NotConvex { reason: format!("P has the eigenvalue {v:e}") }),
        None => Ok(()),
    }
}

impl Session for ReferenceSession {
    fn solve(&mut self, out: &mut Solution) -> Result<Status> {
        let program = self.program.as_ref();
        let form = StandardForm::new(&program);
        if let Some((x, y, bound_duals)) = &self.guess
            && let Some(found) = from_guess(&program, &form, x, y, bound_duals, self.settings.tolerance)
        {
            *out = found;
            return Ok(Status::Solved);
        }
        let limits =
            Limits { iterations: self.settings.max_iterations.unwrap_or(ITERATIONS), time: self.settings.time_limit };
        let (found, stop) = solve_feasible(&program, &form, limits, self.settings.tolerance);
        *out = found;
        let residual = KktResiduals::compute(&program, out).max();
        if residual <= self.settings.tolerance {
            return Ok(Status::Solved);
        }
        match stop {
            Stop::TimeLimit => return Ok(Status::TimeLimit),
            Stop::IterationLimit if self.settings.max_iterations.is_some() => return Ok(Status::IterationLimit),
            _ => {}
        }
        let solve = |auxiliary: &ProgramRef<'_>| {
            let limits = Limits { iterations: ITERATIONS, time: None };
            let (found, _) = solve_feasible(auxiliary, &StandardForm::new(auxiliary), limits, 1e-9);
            (KktResiduals::compute(auxiliary, &found).max() <= 1e-8).then_some(found)
        };
        let iterations = out.iterations;
        if let Some(certificate) = primal_infeasibility(&program, &solve) {
            *out = Solution { iterations, ..certificate };
            return Ok(Status::PrimalInfeasible);
        }
        if let Some(ray) = dual_infeasibility(&program, &solve) {
            *out = Solution { iterations, ..ray };
            return Ok(Status::DualInfeasible);
        }
        let usable = residual <= self.settings.tolerance.sqrt();
        Ok(if usable { Status::SolvedInaccurate } else { Status::NumericalError })
    }

    fn warm_start(&mut self, x: &[f64], y: &[f64], bound_duals: &[f64]) -> Result<()> {
        let (n, m) = (self.program.as_ref().num_vars(), self.program.as_ref().num_rows());
        for (name, v, expected) in [("x", x, n), ("y", y, m), ("bound_duals", bound_duals, n)] {
            if v.len() != expected {
                return Err(Error::invalid_argument(name, format!("expected length {expected}, found {}", v.len())));
            }
            if let Some(i) = v.iter().position(|v| !v.is_finite()) {
                return Err(Error::invalid_argument(name, format!("entry {i} is {}", v[i])));
            }
        }
        self.guess = Some((x.to_vec(), y.to_vec(), bound_duals.to_vec()));
        Ok(())
    }

    fn update(&mut self, new: &ProgramUpdate<'_>) -> Result<Reuse> {
        let mut changed = self.program.clone();
        changed.apply(new)?;
        check_convexity(&changed.as_ref())?;
        self.program = changed;
        Ok(if new.is_empty() { Reuse::Numeric } else { Reuse::Nothing })
    }

    fn adjoint_factor(&mut self, active: &ActiveSet) -> Option<&mut dyn KktFactor> {
        if active.active_bounds().next().is_some() {
            return None;
        }
        let program = self.program.as_ref();
        let n = program.num_vars();
        let a = dense_rows(program.a());
        let rows: Vec<f64> = active.active_rows().flat_map(|i| a[i * n..(i + 1) * n].to_vec()).collect();
        let c = CscMatrix::from_dense_rows(rows.len() / n, n, &rows).ok()?;
        let qp = AdjointQpRef::new(program.p(), c.as_ref()).ok()?;
        self.factor = Some(ReferenceBackward.factorize(&qp).ok()?);
        self.factor.as_deref_mut().map(|factor| factor as &mut dyn KktFactor)
    }
}

/// Interior point and finish; the better of the two is returned whatever it is worth.
fn solve_feasible(program: &ProgramRef<'_>, form: &StandardForm, limits: Limits, tolerance: f64) -> (Solution, Stop) {
    let written = |at: &Iterate| {
        let mut solution = Solution::default();
        form.write(program, &at.x, &at.nu, &at.z, &mut solution);
        solution
    };
    let converged = |at: &Iterate| KktResiduals::compute(program, &written(at)).max() <= 0.1 * tolerance;
    let (mut at, stop, iterations) = run(form, limits, converged);
    let mut best = written(&at);
    if stop == Stop::Converged && program.cones().is_none() {
        let active: Vec<bool> = at.s.iter().zip(&at.z).map(|(s, z)| z > s).collect();
        polish(form, &mut at.x, &mut at.nu, &mut at.z, &active);
        let polished = written(&at);
        let (before, after) = (KktResiduals::compute(program, &best), KktResiduals::compute(program, &polished));
        if after.max() <= before.max() {
            best = polished;
        }
    }
    best.iterations = u64::from(iterations);
    (best, stop)
}

/// The solution on the active set that the guessed duals name, if it is optimal.
fn from_guess(
    program: &ProgramRef<'_>,
    form: &StandardForm,
    x: &[f64],
    y: &[f64],
    bound_duals: &[f64],
    tolerance: f64,
) -> Option<Solution> {
    if program.cones().is_some() {
        return None;
    }
    let (mut x, (mut nu, mut z)) = (x.to_vec(), form.read(y, bound_duals));
    let active: Vec<bool> = z.iter().map(|z| *z > 0.0).collect();
    polish(form, &mut x, &mut nu, &mut z, &active);
    let mut solution = Solution::default();
    form.write(program, &x, &nu, &z, &mut solution);
    (KktResiduals::compute(program, &solution).max() <= 0.01 * tolerance).then_some(solution)
}
