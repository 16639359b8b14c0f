//! Linear programs: the minimizer of `qᵀx + ε‖x‖²` instead, which is unique and has derivatives.

use bpqp_traits::{
    BackwardQpSolver, CscMatrix, Error as SolverError, ForwardSolver, ProgramBuf, ProgramRef, Settings, Solution,
};

use super::polish::{Polished, Resolution, polish, regularizing_force};
use crate::{Error, Result};

/// Residual of the stationarity condition allowed, relative to the forces that the regularization brings: along a face of
/// solutions it is the relative error of `x`.
const ACCURACY: f64 = 1e-4;

/// A linear program with `P = 2εI`.
pub(crate) struct Regularized {
    pub(crate) program: ProgramBuf,
    pub(crate) epsilon: f64,
}

impl Regularized {
    /// `program` regularized, or `None` where it is not linear, has cones, or `epsilon` is 0.
    pub(crate) fn of(program: &ProgramRef<'_>, epsilon: f64) -> Result<Option<Self>> {
        if epsilon == 0.0 || !program.is_linear() || program.cones().is_some() {
            return Ok(None);
        }
        let p = CscMatrix::from_diagonal(&vec![2.0 * epsilon; program.num_vars()])?;
        let owned = |v: &[f64]| v.to_vec();
        let rows = (owned(program.l()), owned(program.u()));
        let bounds = (owned(program.lb()), owned(program.ub()));
        let program = ProgramBuf::new(p, owned(program.q()), program.a().to_owned(), rows, bounds)?;
        Ok(Some(Self { program, epsilon }))
    }

    /// The regularized solution with its factor, from the solution of the linear program: by exchanging active rows, or
    /// where that does not end, by solving the regularized program forward and exchanging from there.
    ///
    /// # Errors
    /// [`Error::Regularization`] where neither ends at a point that is accurate in the regularization's own units; errors
    /// of the solvers.
    pub(crate) fn solve(
        &self,
        from: &Solution,
        (forward, settings): (&dyn ForwardSolver, &Settings),
        backward: &dyn BackwardQpSolver,
    ) -> Result<Polished> {
        let program = self.program.as_ref();
        let polished = polish(&program, from, backward, (Resolution::Regularization, None)).map_err(explain)?;
        if self.holds(&polished, settings.tolerance) {
            return Ok(polished);
        }
        let mut residual = polished.residuals.max();
        if forward.capabilities().quadratic_objective {
            let mut solution = Solution::default();
            if forward.setup(&program, settings)?.solve(&mut solution)?.has_solution() {
                let polished = polish(&program, &solution, backward, (Resolution::Regularization, None))?;
                if self.holds(&polished, settings.tolerance) {
                    return Ok(polished);
                }
                residual = polished.residuals.max();
            }
        }
        Err(Error::Regularization { epsilon: self.epsilon, residual })
    }

    /// Whether a point solves the regularized program. Residuals relative to the program do not say that: the point of the
    /// linear program has them too, as long as `ε` is small.
    fn holds(&self, polished: &Polished, tolerance: f64) -> bool {
        let (residuals, program) = (&polished.residuals, self.program.as_ref());
        let force = regularizing_force(&program, &polished.solution);
        polished.settled && residuals.max() <= tolerance && residuals.dual_absolute <= ACCURACY * force
    }
}

/// A backward solver that takes no Hessian has met one, which the user did not write.
fn explain(error: SolverError) -> Error {
    match error {
        SolverError::Unsupported { backend, .. } => SolverError::unsupported(
            backend,
            "the backward pass of a regularized linear program; choose another backend for it, or lp_regularization(0)",
        )
        .into(),
        other => other.into(),
    }
}
