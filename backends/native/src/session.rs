//! One problem held by the solver, and the choice between its methods.

use std::time::Instant;

use bpqp_traits::claims::{Claim, judge};
use bpqp_traits::{
    ActiveSet, Error, KktFactor, LANES, Lane, LanePoint, LaneSolver, LaneVectors, ProgramBuf, ProgramRef,
    ProgramUpdate, Result, Reuse, Session, Solution, Status, check_start,
};

use crate::NAME;
use crate::active_set::{Budget, End, Engine};
use crate::admm::AdmmSession;
use crate::convexity::Convexity;
use crate::interior_point::{InteriorPoint, Limits};
use crate::lanes::LaneEngine;
use crate::settings::{Method, Options, Structure};
use crate::sparse_active_set::SparseActiveSet;

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
    /// Made from the engine when first asked for.
    lanes: Option<Box<LaneEngine>>,
    sparse: Option<Box<SparseActiveSet>>,
    /// Made when first needed, as all below.
    interior: Option<Box<InteriorPoint>>,
    admm: Option<Box<AdmmSession>>,
    convexity: Convexity,
    /// A start that the methods have not seen yet.
    start: Option<Solution>,
    /// Where the active-set methods ended; they start from there anyway.
    last: Solution,
}

impl NativeSession {
    /// Checks convexity and prepares the method that goes first.
    pub(crate) fn new(program: &ProgramRef<'_>, options: Options) -> Result<Self> {
        let active_set = matches!(options.method, Method::Auto | Method::ActiveSet);
        let dense = match options.structure {
            Structure::Auto => fits(program),
            Structure::Dense => true,
            Structure::Sparse => false,
        };
        if active_set && dense && entries(program) > MAX_ENTRIES {
            return Err(Error::unsupported(NAME, "dense problems of this size; use structure = sparse"));
        }
        let engine = if active_set && dense { Engine::new(program) } else { None };
        let proved = engine.as_ref().is_some_and(|engine| !engine.is_proximal());
        let forced = options.method == Method::ActiveSet || options.structure == Structure::Sparse;
        let sparse = active_set && engine.is_none() && (forced || SparseActiveSet::fits(program));
        let mut session = Self {
            program: ProgramBuf::from(program),
            engine: engine.map(Box::new),
            lanes: None,
            sparse: None,
            interior: None,
            admm: None,
            convexity: Convexity::default(),
            start: None,
            last: Solution::default(),
            options,
        };
        if !proved {
            session.convexity.check(program.p())?;
        }
        if sparse {
            session.sparse = Some(Box::new(SparseActiveSet::new(program)));
        } else if session.options.method == Method::Admm {
            session.admm()?;
        } else if session.engine.is_none() {
            session.interior()?;
        }
        Ok(session)
    }

    fn interior(&mut self) -> Result<&mut InteriorPoint> {
        let interior = match self.interior.take() {
            Some(interior) => interior,
            None => Box::new(InteriorPoint::new(&self.program.as_ref(), self.options.scaling)?),
        };
        Ok(self.interior.insert(interior))
    }

    fn admm(&mut self) -> Result<&mut AdmmSession> {
        let admm = match self.admm.take() {
            Some(admm) => admm,
            None => Box::new(AdmmSession::new(&self.program.as_ref(), self.options.clone())?),
        };
        Ok(self.admm.insert(admm))
    }

    /// Keeps where the active-set methods stand, without allocating anew.
    fn remember(&mut self, out: &Solution, status: Status) {
        self.last.x.clear();
        if status == Status::Solved {
            self.last.x.extend_from_slice(&out.x);
            self.last.y.clone_from(&out.y);
            self.last.bound_duals.clone_from(&out.bound_duals);
        }
    }

    fn deadline(&self, started: Instant) -> Option<Instant> {
        self.options.time_limit.and_then(|limit| started.checked_add(limit))
    }

    /// Runs the sparse active-set method; `None` leaves the problem to the other methods.
    fn run_sparse(&mut self, started: Instant, out: &mut Solution) -> Result<Option<Status>> {
        let limits = (self.options.max_iterations, self.deadline(started));
        let Some(sparse) = &mut self.sparse else { return Ok(None) };
        if let Some(start) = &self.start {
            sparse.warm_start(&self.program.as_ref(), &start.x, &start.y, &start.bound_duals);
        }
        let status = sparse.solve(&self.program.as_ref(), self.options.tolerance, limits, out)?;
        if status.is_some() {
            self.start = None;
        }
        Ok(status)
    }

    /// Runs the active-set method, its result `judged` or left to the caller's judgement; `None` leaves the problem to the other
    /// methods.
    fn active_set(&mut self, started: Instant, judged: bool, out: &mut Solution) -> Option<Status> {
        let deadline = self.deadline(started);
        let engine = self.engine.as_mut()?;
        if let Some(start) = &self.start {
            engine.warm_start(&start.x, &start.y, &start.bound_duals);
        }
        let program = self.program.as_ref();
        let mut budget = Budget {
            changes: self.options.max_iterations,
            deadline,
            patience: 100 + 20 * (program.num_vars() + program.num_rows()) as u64,
            spent: 0,
        };
        let tolerances = (self.options.tolerance, self.options.infeasibility_tolerance);
        match engine.solve(&program, tolerances, judged, &mut budget, out) {
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

    /// Runs one method after the other.
    fn run(&mut self, judged: bool, out: &mut Solution) -> Result<Status> {
        let started = Instant::now();
        out.iterations = 0;
        let status = match self.active_set(started, judged, out) {
            Some(status) => Some(status),
            None => self.run_sparse(started, out)?,
        };
        if let Some(status) = status {
            self.remember(out, status);
            return Ok(status);
        }
        self.last.x.clear();
        let mut spent = out.iterations;
        let method = self.options.method;
        if matches!(method, Method::Auto | Method::InteriorPoint) {
            if let Some(status) = self.run_interior(started, spent, out)? {
                return Ok(status);
            }
            spent = out.iterations;
        }
        if matches!(method, Method::Auto | Method::Admm) {
            return self.run_admm(started, spent, out);
        }
        let program = self.program.as_ref();
        if method == Method::ActiveSet {
            out.resize(program.num_vars(), program.num_rows(), 0);
        }
        let claim = Claim { status: Status::NumericalError, limited: false };
        Ok(judge(&program, claim, self.options.tolerance, out))
    }

    /// Runs the interior-point method; `None` leaves the problem to ADMM.
    fn run_interior(&mut self, started: Instant, spent: u64, out: &mut Solution) -> Result<Option<Status>> {
        let (tolerance, ray_tolerance) = (self.options.tolerance, self.options.infeasibility_tolerance);
        let factorizations = self.options.max_iterations.saturating_sub(spent);
        let (deadline, verbose) = (self.deadline(started), self.options.verbose);
        let limits = Limits { tolerance, ray_tolerance, factorizations, deadline, verbose };
        self.interior()?;
        let Some(interior) = &mut self.interior else { return Ok(None) };
        let status = interior.solve(limits, self.sparse.as_deref_mut(), out)?;
        out.iterations += spent;
        if status == Some(Status::Solved)
            && let Some(sparse) = &mut self.sparse
            && !sparse.is_optimal()
        {
            // For the factor on this set, and the next start from it.
            let mut exact = Solution::default();
            let program = self.program.as_ref();
            sparse.warm_start(&program, &out.x, &out.y, &out.bound_duals);
            if sparse.solve(&program, tolerance, (1, deadline), &mut exact)?.is_some() {
                exact.iterations += out.iterations;
                *out = exact;
            }
        }
        Ok(status)
    }

    /// Runs ADMM with what is left of the limits; `spent` iterations of the methods before it count.
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

/// Entries of a dense copy.
fn entries(program: &ProgramRef<'_>) -> usize {
    let (n, m) = (program.num_vars(), program.num_rows());
    n.saturating_mul(n.saturating_add(m))
}

/// Whether the problem is small, or dense and of moderate size.
fn fits(program: &ProgramRef<'_>) -> bool {
    let (n, m) = (program.num_vars(), program.num_rows());
    let entries = 2 * program.p().nnz() + program.a().nnz();
    let dense = entries as f64 >= DENSE * (n * (n + m)) as f64;
    n <= MAX_VARIABLES && m <= MAX_ROWS && (n <= SMALL || dense)
}

impl Session for NativeSession {
    fn solve(&mut self, out: &mut Solution) -> Result<Status> {
        self.run(true, out)
    }

    fn propose(&mut self, out: &mut Solution) -> Result<Status> {
        self.run(false, out)
    }

    fn warm_start(&mut self, x: &[f64], y: &[f64], bound_duals: &[f64]) -> Result<()> {
        let same = |a: &[f64], b: &[f64]| !a.is_empty() && a == b;
        if same(x, &self.last.x) && y == self.last.y && bound_duals == self.last.bound_duals {
            return Ok(());
        }
        let (n, m) = (self.program.as_ref().num_vars(), self.program.as_ref().num_rows());
        check_start((n, m), x, y, bound_duals)?;
        let (x, y, bound_duals) = (x.to_vec(), y.to_vec(), bound_duals.to_vec());
        self.start = Some(Solution { x, y, bound_duals, ..Solution::default() });
        Ok(())
    }

    fn update(&mut self, new: &ProgramUpdate<'_>) -> Result<Reuse> {
        self.program.check_update(new)?;
        if let Some(values) = new.p {
            self.convexity.check(self.program.as_ref().p().with_values(values)?)?;
        }
        let mut reuse = Reuse::Numeric;
        if let Some(admm) = &mut self.admm {
            reuse = admm.update(new)?;
        }
        self.program.apply(new)?;
        if let Some(sparse) = &mut self.sparse {
            sparse.set_program(&self.program.as_ref(), new.changes_matrices());
        }
        if let Some(interior) = &mut self.interior {
            interior.set_program(&self.program.as_ref(), new.changes_matrices());
        }
        if let Some(engine) = &mut self.engine {
            if !new.changes_matrices() {
                engine.set_vectors(&self.program.as_ref());
            } else {
                reuse = Reuse::Symbolic;
                self.lanes = None;
                if !engine.set_matrices(&self.program.as_ref()) {
                    self.engine = None;
                }
            }
        }
        Ok(reuse)
    }

    fn adjoint_factor(&mut self, active: &ActiveSet) -> Option<&mut dyn KktFactor> {
        match (&mut self.engine, &mut self.sparse) {
            (Some(engine), _) => engine.adjoint_factor(active),
            (None, Some(sparse)) => sparse.adjoint_factor(active),
            (None, None) => None,
        }
    }

    fn lanes(&mut self) -> Option<&mut dyn LaneSolver> {
        if self.lanes.is_none() {
            let engine = self.engine.as_deref_mut()?;
            self.lanes = LaneEngine::new(&self.program.as_ref(), engine).map(Box::new);
        }
        self.lanes.is_some().then_some(self)
    }
}

impl LaneSolver for NativeSession {
    fn solve(&mut self, vectors: &LaneVectors, point: &mut LanePoint) -> [bool; LANES] {
        match &mut self.lanes {
            Some(lanes) => lanes.solve(&self.program.as_ref(), vectors, point),
            None => [false; LANES],
        }
    }

    fn adjoint(&mut self, g: &[Lane], out: &mut LanePoint) {
        if let Some(lanes) = &mut self.lanes {
            lanes.adjoint(&self.program.as_ref(), g, out);
        }
    }
}
