//! One problem held by the solver.

use std::time::Duration;

use bpqp_traits::{ProgramBuf, ProgramRef, ProgramUpdate, Result, Reuse, Session, Solution, Status, check_start};

use super::iterate::Iterate;
use super::rho::Rho;
use super::run::Run;
use crate::kkt::QuasiDefinite;
use crate::polish::Polish;
use crate::scaling::Scaled;
use crate::settings::Options;

/// The solver's session.
pub(crate) struct AdmmSession {
    pub(super) program: ProgramBuf,
    pub(super) options: Options,
    pub(super) problem: Scaled,
    pub(super) rho: Rho,
    pub(super) kkt: QuasiDefinite,
    pub(super) polish: Option<Polish>,
    pub(super) it: Iterate,
    /// Where the next solve starts, in the caller's units.
    start: Option<Solution>,
}

impl AdmmSession {
    /// Equilibrates and factors the first time; the caller has checked convexity.
    pub(crate) fn new(program: &ProgramRef<'_>, options: Options) -> Result<Self> {
        let problem = Scaled::new(program, options.scaling);
        let rho = Rho::new(&problem, options.rho);
        let mut kkt = QuasiDefinite::new(problem.p.as_ref(), problem.a.as_ref())?;
        rho.factorize(&mut kkt, &problem, options.sigma)?;
        let (n, m) = (problem.num_vars(), problem.num_rows());
        Ok(Self {
            program: ProgramBuf::from(program),
            polish: options.polish.then(|| Polish::new(&kkt, n, m)),
            it: Iterate::new(n, m),
            start: None,
            options,
            problem,
            rho,
            kkt,
        })
    }

    /// What the next solve may spend.
    pub(crate) fn limit(&mut self, max_iterations: u64, time_limit: Option<Duration>) {
        (self.options.max_iterations, self.options.time_limit) = (max_iterations, time_limit);
    }

    fn begin(&mut self) {
        let (n, m) = (self.problem.num_vars(), self.problem.num_rows());
        self.it = Iterate::new(n, m);
        if let Some(start) = &self.start {
            let (mut x, mut y, mut zeta) = (start.x.clone(), start.y.clone(), start.bound_duals.clone());
            self.problem.scale_point(&mut x, &mut y, &mut zeta);
            self.it.set(&self.problem, &x, &y, &zeta);
        }
        if let Some(polish) = &mut self.polish {
            polish.reset();
        }
    }
}

impl Session for AdmmSession {
    fn solve(&mut self, out: &mut Solution) -> Result<Status> {
        self.begin();
        let warm = self.start.is_some();
        let status = Run::new(self).solve(warm, out)?;
        let (n, m) = (self.problem.num_vars(), self.problem.num_rows());
        let keep = matches!(status, Status::Solved | Status::IterationLimit | Status::TimeLimit);
        self.start = (keep && out.x.len() == n && out.y.len() == m).then(|| out.clone());
        Ok(status)
    }

    fn warm_start(&mut self, x: &[f64], y: &[f64], bound_duals: &[f64]) -> Result<()> {
        let (n, m) = (self.problem.num_vars(), self.problem.num_rows());
        check_start((n, m), x, y, bound_duals)?;
        let (x, y, bound_duals) = (x.to_vec(), y.to_vec(), bound_duals.to_vec());
        self.start = Some(Solution { x, y, bound_duals, ..Solution::default() });
        Ok(())
    }

    fn update(&mut self, new: &ProgramUpdate<'_>) -> Result<Reuse> {
        let mut program = self.program.clone();
        program.apply(new)?;
        let mut problem = self.problem.clone();
        if new.changes_matrices() {
            problem = Scaled::new(&program.as_ref(), self.options.scaling);
        } else {
            problem.set_vectors(&program.as_ref());
        }
        let base = if new.changes_matrices() { self.options.rho } else { self.rho.base };
        let rho = Rho::new(&problem, base);
        let reuse = if new.changes_matrices() || rho != self.rho {
            let mut kkt = self.kkt.sibling();
            rho.factorize(&mut kkt, &problem, self.options.sigma)?;
            self.kkt = kkt;
            Reuse::Symbolic
        } else {
            Reuse::Numeric
        };
        (self.program, self.problem, self.rho) = (program, problem, rho);
        Ok(reuse)
    }
}
