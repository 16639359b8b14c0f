//! One problem held by the method.

use std::time::Instant;

use bpqp_traits::{ProgramBuf, ProgramRef, Result, Solution, Status};

use super::certify;
use super::newton::Newton;
use super::run::{End, Run};
use crate::kkt::QuasiDefinite;
use crate::polish::Polish;
use crate::scaling::Scaled;
use crate::sparse_active_set::SparseActiveSet;

/// What a solve may spend, and what it must reach.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    pub(crate) tolerance: f64,
    pub(crate) ray_tolerance: f64,
    /// Factorizations at most.
    pub(crate) factorizations: u64,
    pub(crate) deadline: Option<Instant>,
    pub(crate) verbose: bool,
}

impl Limits {
    pub(super) fn is_late(&self) -> bool {
        self.deadline.is_some_and(|d| Instant::now() >= d)
    }
}

/// The method with its symbolic analysis.
pub(crate) struct InteriorPoint {
    pub(super) program: ProgramBuf,
    pub(super) problem: Scaled,
    pub(super) newton: Newton,
    pub(super) polish: Polish,
    passes: u32,
}

impl InteriorPoint {
    /// Equilibrates and analyzes.
    ///
    /// # Errors
    /// [`bpqp_traits::Error::Backend`] where memory runs out.
    pub(crate) fn new(program: &ProgramRef<'_>, passes: u32) -> Result<Self> {
        let problem = Scaled::new(program, passes);
        let kkt = QuasiDefinite::new(problem.p.as_ref(), problem.a.as_ref())?;
        Ok(Self {
            program: ProgramBuf::from(program),
            polish: Polish::new(&kkt, problem.num_vars(), problem.num_rows()),
            newton: Newton::new(kkt, &problem),
            problem,
            passes,
        })
    }

    /// Takes another program of the same patterns.
    pub(crate) fn set_program(&mut self, program: &ProgramRef<'_>, matrices: bool) {
        self.program = ProgramBuf::from(program);
        if matrices {
            self.problem = Scaled::new(program, self.passes);
        } else {
            self.problem.set_vectors(program);
        }
    }

    /// Solves from the method's own start; where `finisher` is there, the active sets predicted are tried by it. `None` is
    /// a way of giving up; `out` then holds the best point seen, and `out.iterations` counts factorizations in any case.
    pub(crate) fn solve(
        &mut self,
        limits: Limits,
        finisher: Option<&mut SparseActiveSet>,
        out: &mut Solution,
    ) -> Result<Option<Status>> {
        let (end, spent) = self.optimize(limits, finisher, out)?;
        let status = match end {
            End::Status(status) => Some(status),
            End::GaveUp => certify::status(&self.program.as_ref(), limits, out)?,
        };
        out.iterations = spent;
        Ok(status)
    }

    /// The same without the search for certificates that follows on giving up.
    pub(super) fn optimize(
        &mut self,
        limits: Limits,
        finisher: Option<&mut SparseActiveSet>,
        out: &mut Solution,
    ) -> Result<(End, u64)> {
        self.newton.begin();
        self.polish.reset();
        Run::new(self, limits, finisher).solve(out)
    }
}
