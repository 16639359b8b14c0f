//! Any forward solver as a backward one: the paper's idea, made exact by refinement.

use crate::vector::{axpy, max_abs};
use crate::{AdjointQpRef, AdjointReport, BackendInfo, BackwardQpSolver, CscMatrix, Error, ForwardSolver, KktFactor};
use crate::{ProgramBuf, ProgramUpdate, Result, Session, Settings, Solution};

/// Tolerance of one pass of the forward solver: refinement multiplies the passes' accuracies, so this need not be small.
const PASS_TOLERANCE: f64 = 1e-7;
/// Iterations of one pass of a method that goes on from where it was, as first-order methods do …
const PASS_ITERATIONS: u32 = 4000;
/// … and of one that begins anew, as interior-point methods do.
const FRESH_ITERATIONS: u32 = 200;
/// Refinement ends at this relative residual …
const TARGET: f64 = 1e-13;
/// … or after this many passes …
const MAX_PASSES: u32 = 12;
/// … or when a pass fails to shrink the residual by this factor.
const MIN_PROGRESS: f64 = 0.5;
/// Proximal term, relative to the largest entry of `H`, for a Hessian that the solver calls unbounded.
const PROXIMAL: f64 = 1e-6;

/// Makes a [`BackwardQpSolver`] of any [`ForwardSolver`] that returns duals.
///
/// The adjoint QP is an ordinary convex QP, so any solver can solve it, if only to its own tolerance. Each further pass
/// solves for the residual of the last, scaled to size one, so that the sum converges to the accuracy of the arithmetic
/// wherever one pass gains a few digits.
///
/// Where solutions are many, which of them comes out is the forward solver's choice; refinement does not change it.
pub struct ForwardAsBackward<S> {
    solver: S,
    settings: Settings,
}

impl<S: ForwardSolver> ForwardAsBackward<S> {
    /// Wraps `solver` with the default settings of one pass: tolerance 1e-7 and, where the solver honors it, a limit of
    /// 4000 iterations, or 200 without warm starts, so that it gives up on a system it cannot solve.
    pub fn new(solver: S) -> Self {
        let capabilities = solver.capabilities();
        let limit = if capabilities.warm_start { PASS_ITERATIONS } else { FRESH_ITERATIONS };
        let max_iterations = capabilities.iteration_limit.then_some(limit);
        Self::with_settings(solver, Settings { max_iterations, ..Settings::with_tolerance(PASS_TOLERANCE) })
    }

    /// Limits a pass to so many iterations.
    pub fn pass_iterations(mut self, limit: u32) -> Self {
        self.settings.max_iterations = Some(limit);
        self
    }

    /// Wraps `solver`; `settings` apply to each pass.
    pub fn with_settings(solver: S, settings: Settings) -> Self {
        Self { solver, settings }
    }
}

impl<S: ForwardSolver + Clone + 'static> BackwardQpSolver for ForwardAsBackward<S> {
    fn info(&self) -> BackendInfo {
        self.solver.info()
    }

    fn factorize(&self, qp: &AdjointQpRef<'_>) -> Result<Box<dyn KktFactor>> {
        if !self.solver.capabilities().duals {
            return Err(Error::unsupported(self.info().name, "the backward pass: it returns no duals"));
        }
        let h = qp.h().to_owned();
        let pass = (qp.num_vars() > 0).then(|| Pass::new(&self.solver, &self.settings, &h, qp)).transpose()?;
        let factor = RefinedSession {
            solver: self.solver.clone(),
            settings: self.settings.clone(),
            h,
            c: qp.c().to_owned(),
            pass,
            regularized: false,
        };
        Ok(Box::new(factor))
    }
}

/// One prepared solve of the adjoint QP by the forward solver.
struct Pass {
    /// Kept for solvers without updates, which are set up again for each right-hand side.
    program: ProgramBuf,
    session: Box<dyn Session>,
    updates: bool,
    solution: Solution,
}

impl Pass {
    fn new<S: ForwardSolver>(solver: &S, settings: &Settings, h: &CscMatrix, qp: &AdjointQpRef<'_>) -> Result<Self> {
        let (d, k) = (qp.num_vars(), qp.num_rows());
        let free = (vec![f64::NEG_INFINITY; d], vec![f64::INFINITY; d]);
        let zeros = (vec![0.0; k], vec![0.0; k]);
        let program = ProgramBuf::new(h.clone(), vec![0.0; d], qp.c().to_owned(), zeros, free)?;
        let session = solver.setup(&program.as_ref(), settings)?;
        let updates = solver.capabilities().update_vectors;
        Ok(Self { program, session, updates, solution: Solution::default() })
    }

    /// Solves `min ½zᵀHz + gᵀz  s.t.  Cz = r` once; the result is in `self.solution`, good or bad.
    fn solve<S: ForwardSolver>(&mut self, solver: &S, settings: &Settings, g: &[f64], r: &[f64]) -> Result<()> {
        let update = ProgramUpdate { q: Some(g), l: Some(r), u: Some(r), ..Default::default() };
        if self.updates {
            self.session.update(&update)?;
        } else {
            self.program.apply(&update)?;
            self.session = solver.setup(&self.program.as_ref(), settings)?;
        }
        self.session.solve(&mut self.solution)?;
        Ok(())
    }
}

struct RefinedSession<S> {
    solver: S,
    settings: Settings,
    h: CscMatrix,
    c: CscMatrix,
    /// `None` for a QP without variables.
    pass: Option<Pass>,
    regularized: bool,
}

impl<S: ForwardSolver> RefinedSession<S> {
    /// Exchanges `H` for `H + δI` in the passes: refinement against `H` then is the proximal-point method.
    fn regularize(&mut self) -> Result<()> {
        let delta = PROXIMAL * max_abs(self.h.values()).max(1.0);
        let d = self.h.ncols();
        let diagonal = (0..d).map(|j| (j, j, delta));
        let triplets: Vec<_> = self.h.as_ref().entries().chain(diagonal).collect();
        let h = CscMatrix::from_triplets(d, d, &triplets)?;
        let qp = AdjointQpRef::new(h.as_ref(), self.c.as_ref())?;
        self.pass = Some(Pass::new(&self.solver, &self.settings, &h, &qp)?);
        self.regularized = true;
        Ok(())
    }

    /// Adds passes to `(z, nu)` until the residual is small or stops shrinking; returns it with the number of passes.
    fn refine(&mut self, g: &[f64], r: &[f64], z: &mut [f64], nu: &mut [f64]) -> Result<(f64, u32)> {
        let (mut res_z, mut res_nu) = (vec![0.0; g.len()], vec![0.0; r.len()]);
        let (mut next_z, mut next_nu) = (res_z.clone(), res_nu.clone());
        let rhs = max_abs(g).max(max_abs(r));
        let qp = AdjointQpRef::new(self.h.as_ref(), self.c.as_ref())?;
        let mut size = qp.residual_into((g, r), (z, nu), (&mut res_z, &mut res_nu));
        let (mut passes, mut parts) = (0, Parts::Together);
        let Some(pass) = &mut self.pass else { return Ok((size, 0)) };
        while size > TARGET * rhs && passes < MAX_PASSES {
            let (mut try_z, mut try_nu) = (z.to_vec(), nu.to_vec());
            for (keep_z, keep_nu) in parts.shares() {
                let share = (max_abs(&res_z) * keep_z).max(max_abs(&res_nu) * keep_nu);
                if share > 0.0 {
                    let step_g: Vec<f64> = res_z.iter().map(|v| -v * keep_z / share).collect();
                    let step_r: Vec<f64> = res_nu.iter().map(|v| v * keep_nu / share).collect();
                    pass.solve(&self.solver, &self.settings, &step_g, &step_r)?;
                    axpy(share, &pass.solution.x, &mut try_z);
                    axpy(share, &pass.solution.y, &mut try_nu);
                    passes += 1;
                }
            }
            let next = qp.residual_into((g, r), (&try_z, &try_nu), (&mut next_z, &mut next_nu));
            let stalled = next.is_nan() || next > MIN_PROGRESS * size;
            if next < size {
                z.copy_from_slice(&try_z);
                nu.copy_from_slice(&try_nu);
                std::mem::swap(&mut res_z, &mut next_z);
                std::mem::swap(&mut res_nu, &mut next_nu);
                size = next;
            }
            if stalled {
                let both = max_abs(&res_z) > 0.0 && max_abs(&res_nu) > 0.0;
                if parts == Parts::Apart || !both {
                    break;
                }
                parts = Parts::Apart;
            }
        }
        Ok((size, passes))
    }
}

/// How a pass takes the two parts of the residual. A part far below the other drowns in a solver's absolute tolerance;
/// apart, each is scaled to size one.
#[derive(Clone, Copy, PartialEq)]
enum Parts {
    Together,
    Apart,
}

impl Parts {
    /// The shares of stationarity's and the rows' residual in each solve of a pass.
    fn shares(self) -> &'static [(f64, f64)] {
        match self {
            Self::Together => &[(1.0, 1.0)],
            Self::Apart => &[(1.0, 0.0), (0.0, 1.0)],
        }
    }
}

impl<S: ForwardSolver + 'static> KktFactor for RefinedSession<S> {
    fn solve(&mut self, g: &[f64], r: &[f64], z: &mut [f64], nu: &mut [f64]) -> Result<AdjointReport> {
        AdjointQpRef::new(self.h.as_ref(), self.c.as_ref())?.check_rhs(g, r, z, nu)?;
        z.fill(0.0);
        nu.fill(0.0);
        let rhs = max_abs(g).max(max_abs(r));
        let (mut size, mut refinements) = self.refine(g, r, z, nu)?;
        if size > 1e-6 * rhs && !self.regularized && !z.is_empty() {
            self.regularize()?;
            let (better, more) = self.refine(g, r, z, nu)?;
            size = better;
            refinements += more;
        }
        Ok(AdjointReport { residual: if rhs > 0.0 { size / rhs } else { size }, refinements })
    }
}
