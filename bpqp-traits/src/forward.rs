//! The forward side: solve a convex program.

use crate::{
    ActiveSet, BackendInfo, Capabilities, Error, Installation, KktFactor, LaneSolver, ProgramRef, ProgramUpdate,
    Result, Reuse,
};
use crate::{Settings, Solution, Status};

/// A solver of convex programs. This is the trait that a third party implements to bring a solver of its own.
pub trait ForwardSolver: Send + Sync {
    /// Name and version.
    fn info(&self) -> BackendInfo;

    /// What this solver can do: checked both ways by the conformance suite.
    fn capabilities(&self) -> Capabilities;

    /// Where the solver is on this machine. Solvers that are compiled in need not implement this; one whose library is
    /// loaded at run time looks for it, loads it and asks for its license.
    ///
    /// # Errors
    /// [`Error::LibraryMissing`] with every path tried; [`Error::Backend`] for a library that cannot be used.
    fn installation(&self) -> Result<Installation> {
        Ok(Installation { version: self.info().version.into_owned(), library: None, license_refused: None })
    }

    /// Copies the problem and prepares a session for it: equilibration, ordering, first factorization.
    ///
    /// # Errors
    /// [`Error::Unsupported`] for a class outside the capabilities, said before any work; [`Error::InvalidSetting`];
    /// errors of the environment. Never an error for an infeasible or unbounded problem: that is a [`Status`].
    fn setup(&self, problem: &ProgramRef<'_>, settings: &Settings) -> Result<Box<dyn Session>>;
}

/// One problem held by a solver: its factorization and its last iterate.
pub trait Session: Send {
    /// Solves the problem as last updated, from the last warm start if any, into the caller's buffers.
    ///
    /// What `out` holds depends on the status: see [`Solution`].
    ///
    /// # Errors
    /// [`Error::Backend`] where the solver broke down in a way that no [`Status`] describes.
    fn solve(&mut self, out: &mut Solution) -> Result<Status>;

    /// Starts the next solve from `x` (`n`), `y` (`m`) and `bound_duals` (`n`), signed as in [`Solution`].
    ///
    /// # Errors
    /// [`Error::Unsupported`] unless the capability `warm_start` is declared; [`Error::InvalidArgument`] for a wrong
    /// length or a value that is not finite.
    fn warm_start(&mut self, _x: &[f64], _y: &[f64], _bound_duals: &[f64]) -> Result<()> {
        Err(Error::unsupported("this backend", "warm starts"))
    }

    /// Takes new values on the same sparsity pattern; all or nothing. Says what could be reused.
    ///
    /// # Errors
    /// [`Error::Unsupported`] unless `update_vectors` (`update_matrices` for `P`, `A`) is declared;
    /// [`Error::InvalidProblem`] for data that break the contract, a wrong length among them, with the session left as it
    /// was; [`Error::NotConvex`] as at setup.
    fn update(&mut self, _new: &ProgramUpdate<'_>) -> Result<Reuse> {
        Err(Error::unsupported("this backend", "updates"))
    }

    /// [`solve`](Self::solve) for a caller that checks the result against the problem's data: [`Status::Solved`] may be a claim
    /// that the solver has not checked itself, and where it does not hold the caller solves again. The objective in `out` need
    /// not be set.
    ///
    /// # Errors
    /// As [`solve`](Self::solve).
    fn propose(&mut self, out: &mut Solution) -> Result<Status> {
        self.solve(out)
    }

    /// The factor of the adjoint QP on `active` that this solver already holds, if it does.
    ///
    /// Variables at an active bound are eliminated: the QP is over the free variables F, ascending, and the active rows S,
    /// ascending, with `H = P_FF` and `C = A_SF`, in the problem's own units. So `g` and `z` have as many entries as
    /// [`ActiveSet::free_variables`], `r` and `nu` as many as [`ActiveSet::active_rows`]. The residual it reports is that
    /// of these matrices, without regularization or equilibration.
    fn adjoint_factor(&mut self, _active: &ActiveSet) -> Option<&mut dyn KktFactor> {
        None
    }

    /// This session as a solver of several programs at once that share its matrices, where it is good at that.
    fn lanes(&mut self) -> Option<&mut dyn LaneSolver> {
        None
    }
}

impl<T: ForwardSolver + ?Sized> ForwardSolver for std::sync::Arc<T> {
    fn info(&self) -> BackendInfo {
        (**self).info()
    }
    fn capabilities(&self) -> Capabilities {
        (**self).capabilities()
    }
    fn installation(&self) -> Result<Installation> {
        (**self).installation()
    }
    fn setup(&self, problem: &ProgramRef<'_>, settings: &Settings) -> Result<Box<dyn Session>> {
        (**self).setup(problem, settings)
    }
}
