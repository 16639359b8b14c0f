//! One problem held by the solver, and the choice between its methods.

use std::time::Instant;

use bpqp_traits::{
    ActiveSet, Error, KktFactor, ProgramBuf, ProgramRef, ProgramUpdate, Result, Reuse, Session, Solution, Status,
};

use crate::NAME;
use crate::active_set::{Budget, End, Engine};
use crate::admm::AdmmSession;
use crate::convexity::Convexity;
use crate::settings::{Method, Options};

/// The active-set method is chosen up to this many variables …
const MAX_VARIABLES: usize = 1000;
/// … and rows …
const MAX_ROWS: usize = 5000;
/// … where the data are small …
const SMALL: usize = 200;
/// … or have at least this share of entries.
const DENSE: f64 = 0.2;
/// Entries of a dense problem that anyone may ask for.
const MAX_ENTRIES: usize = 1 << 28;

/// The solver's session.
pub(crate) struct NativeSession {
    program: ProgramBuf,
    options: Options,
    engine: Option<Box<Engine>>,
    /// Made when first needed.
    admm: Option<Box<AdmmSession>>,
    /// A start that the methods have not seen yet.
    start: Option<Solution>,
}

impl NativeSession {
    /// Checks convexity and factors for the method that goes first.
    pub(crate) fn new(program: &ProgramRef<'_>, options: Options) -> Result<Self> {
        let dense = match options.method {
            Method::Auto => fits(program),
            Method::ActiveSet => {
                let (n, m) = (program.num_vars(), program.num_rows());
                if n.saturating_mul(n.saturating_add(m)) > MAX_ENTRIES {
                    return Err(Error::unsupported(NAME, "dense problems of this size; use method = admm"));
                }
                true
            }
            Method::Admm => false,
        };
        let engine = if dense { proved(Engine::new(program), program)? } else { None };
        let mut session =
            Self { program: ProgramBuf::from(program), engine: engine.map(Box::new), admm: None, start: None, options };
        if session.engine.is_none() && session.options.method != Method::ActiveSet {
            session.admm()?;
        }
        Ok(session)
    }

    fn admm(&mut self) -> Result<&mut AdmmSession> {
        let admm = match self.admm.take() {
            Some(admm) => admm,
            None => Box::new(AdmmSession::new(&self.program.as_ref(), self.options.clone())?),
        };
        Ok(self.admm.insert(admm))
    }

    /// Runs the active-set method; `None` leaves the problem to ADMM.
    fn active_set(&mut self, started: Instant, out: &mut Solution) -> Option<Status> {
        let engine = self.engine.as_mut()?;
        if let Some(start) = &self.start {
            engine.warm_start(&start.x, &start.y, &start.bound_duals);
        }
        let program = self.program.as_ref();
        let mut budget = Budget {
            changes: self.options.max_iterations,
            deadline: self.options.time_limit.and_then(|limit| started.checked_add(limit)),
            patience: 100 + 20 * (program.num_vars() + program.num_rows()) as u64,
            spent: 0,
        };
        let tolerances = (self.options.tolerance, self.options.infeasibility_tolerance);
        match engine.solve(&program, tolerances, &mut budget, out) {
            End::Done(status) => {
                self.start = None;
                Some(status)
            }
            End::GaveUp => {
                engine.cold_start();
                None
            }
        }
    }

    /// Runs ADMM with what is left of the limits; `spent` changes of the active set count as iterations.
    fn run_admm(&mut self, started: Instant, spent: u64, out: &mut Solution) -> Result<Status> {
        let left = self.options.max_iterations.saturating_sub(spent);
        if left == 0 {
            return Ok(Status::IterationLimit);
        }
        let time = self.options.time_limit.map(|limit| limit.saturating_sub(started.elapsed()));
        let start = self.start.take();
        let admm = self.admm()?;
        admm.limit(left, time);
        if let Some(start) = start {
            admm.warm_start(&start.x, &start.y, &start.bound_duals)?;
        }
        let status = admm.solve(out)?;
        out.iterations += spent;
        if self.engine.is_some() && status == Status::Solved {
            self.start = Some(out.clone());
        }
        Ok(status)
    }
}

/// Whether the problem is small, or dense and of moderate size.
fn fits(program: &ProgramRef<'_>) -> bool {
    let (n, m) = (program.num_vars(), program.num_rows());
    let entries = 2 * program.p().nnz() + program.a().nnz();
    let dense = entries as f64 >= DENSE * (n * (n + m)) as f64;
    n <= MAX_VARIABLES && m <= MAX_ROWS && (n <= SMALL || dense)
}

/// The engine, with the convexity of `P` proved: by its own factorization where that is of `P` alone.
fn proved(engine: Option<Engine>, program: &ProgramRef<'_>) -> Result<Option<Engine>> {
    if engine.as_ref().is_none_or(Engine::is_proximal) {
        Convexity::new(program.p())?.check(program.p())?;
    }
    Ok(engine)
}

impl Session for NativeSession {
    fn solve(&mut self, out: &mut Solution) -> Result<Status> {
        let started = Instant::now();
        out.iterations = 0;
        if let Some(status) = self.active_set(started, out) {
            return Ok(status);
        }
        let spent = if self.engine.is_some() { out.iterations } else { 0 };
        if self.options.method == Method::ActiveSet {
            let (n, m) = (self.program.as_ref().num_vars(), self.program.as_ref().num_rows());
            out.resize(n, m, 0);
            return Ok(Status::NumericalError);
        }
        self.run_admm(started, spent, out)
    }

    fn warm_start(&mut self, x: &[f64], y: &[f64], bound_duals: &[f64]) -> Result<()> {
        let (n, m) = (self.program.as_ref().num_vars(), self.program.as_ref().num_rows());
        for (name, v, len) in [("x", x, n), ("y", y, m), ("bound_duals", bound_duals, n)] {
            if v.len() != len {
                return Err(Error::invalid_argument(name, format!("expected length {len}, found {}", v.len())));
            }
            if let Some(i) = v.iter().position(|v| !v.is_finite()) {
                return Err(Error::invalid_argument(name, format!("entry {i} is {}", v[i])));
            }
        }
        let (x, y, bound_duals) = (x.to_vec(), y.to_vec(), bound_duals.to_vec());
        self.start = Some(Solution { x, y, bound_duals, ..Solution::default() });
        Ok(())
    }

    fn update(&mut self, new: &ProgramUpdate<'_>) -> Result<Reuse> {
        self.program.check_update(new)?;
        if let Some(values) = new.p {
            let p = self.program.as_ref().p().with_values(values)?;
            Convexity::new(p)?.check(p)?;
        }
        let mut reuse = Reuse::Numeric;
        if let Some(admm) = &mut self.admm {
            reuse = admm.update(new)?;
        }
        self.program.apply(new)?;
        if let Some(engine) = &mut self.engine {
            if !new.changes_matrices() {
                engine.set_vectors(&self.program.as_ref());
            } else {
                reuse = Reuse::Symbolic;
                if !engine.set_matrices(&self.program.as_ref()) {
                    self.engine = None;
                }
            }
        }
        Ok(reuse)
    }

    fn adjoint_factor(&mut self, active: &ActiveSet) -> Option<&mut dyn KktFactor> {
        self.engine.as_mut()?.adjoint_factor(active)
    }
}
