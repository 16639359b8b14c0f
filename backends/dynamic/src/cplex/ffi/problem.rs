//! A problem inside CPLEX.

use std::ffi::{c_int, c_void};
use std::ops::Range;
use std::ptr::{NonNull, null, null_mut};

use bpqp_traits::{Error, Result, Solution};

use super::super::NAME;
use super::{Environment, Functions, Optimizer, said};
use crate::cones::{form, too_old};
use crate::ffi::int;
use crate::model::Matrix;
use crate::rows::Rows;

/// Asked for a solution that is not there.
const NO_SOLUTION: c_int = 1217;

/// A program as CPLEX takes it: `n` columns, `m` rows, both triangles of `P`.
pub(crate) struct Model<'a> {
    pub(crate) cost: &'a [f64],
    pub(crate) bounds: (&'a [f64], &'a [f64]),
    /// None of them free.
    pub(crate) rows: &'a Rows,
    pub(crate) a: &'a Matrix,
    /// `None` for an LP.
    pub(crate) p: Option<&'a Matrix>,
}

/// One problem, and its environment; freed on drop, in this order.
pub(crate) struct Problem {
    ptr: NonNull<c_void>,
    environment: Environment,
    /// The optimizer of its type.
    optimizer: Optimizer,
    n: usize,
    m: usize,
}

// SAFETY: as for its environment, which it owns.
unsafe impl Send for Problem {}

impl Problem {
    /// An empty problem.
    pub(crate) fn new(environment: Environment) -> Result<Self> {
        let mut code = 0;
        let (this, functions) = (environment.ptr.as_ptr(), &environment.functions);
        // SAFETY: the environment is alive; the name ends with a zero byte.
        let ptr = NonNull::new(unsafe { (functions.create)(this, &mut code, c"bpqp".as_ptr()) });
        let ptr = ptr.ok_or_else(|| said(&environment.functions, this, code))?;
        let optimizer = functions.optimize_lp;
        Ok(Self { ptr, environment, optimizer, n: 0, m: 0 })
    }

    /// Its environment, to set parameters.
    pub(crate) fn environment(&mut self) -> &mut Environment {
        &mut self.environment
    }

    fn functions(&self) -> &Functions {
        &self.environment.functions
    }

    /// The first two arguments of most functions.
    fn this(&self) -> (*mut c_void, *mut c_void) {
        (self.environment.ptr.as_ptr(), self.ptr.as_ptr())
    }

    /// Replaces the program.
    pub(crate) fn load(&mut self, model: &Model<'_>) -> Result<()> {
        let (n, m) = (model.cost.len(), model.rows.kind.len());
        let shapes = model.bounds.0.len() == n
            && model.bounds.1.len() == n
            && model.rows.rhs.len() == m
            && model.rows.range.len() == m
            && model.a.start.len() == n + 1
            && model.p.is_none_or(|p| p.start.len() == n + 1);
        check(shapes, "a problem whose shapes do not match")?;
        (self.n, self.m) = (n, m);
        let functions = self.functions();
        self.optimizer = if model.p.is_some() { functions.optimize_qp } else { functions.optimize_lp };
        let ((env, lp), counts) = (self.this(), model.a.counts());
        // SAFETY: the vectors have the lengths that the counts say: checked above, and by construction of `Matrix`. They
        // are copied. Sense: 1 minimize.
        self.environment.accepted(unsafe {
            (self.functions().copy_lp)(
                env,
                lp,
                int(NAME, n)?,
                int(NAME, m)?,
                1,
                model.cost.as_ptr(),
                model.rows.rhs.as_ptr(),
                model.rows.kind.as_ptr().cast(),
                model.a.start.as_ptr(),
                counts.as_ptr(),
                model.a.index.as_ptr(),
                model.a.value.as_ptr(),
                model.bounds.0.as_ptr(),
                model.bounds.1.as_ptr(),
                model.rows.range.as_ptr(),
            )
        })?;
        let Some(p) = model.p else { return Ok(()) };
        let counts = p.counts();
        // SAFETY: as above: `n` starts and counts, and as many rows and values as they say.
        self.environment.accepted(unsafe {
            let (start, counts) = (p.start.as_ptr(), counts.as_ptr());
            (self.functions().copy_quadratic)(env, lp, start, counts, p.index.as_ptr(), p.value.as_ptr())
        })
    }

    /// New costs (`n`).
    pub(crate) fn change_cost(&mut self, cost: &[f64]) -> Result<()> {
        check(cost.len() == self.n, "costs of a wrong length")?;
        let ((env, lp), count, all) = (self.this(), int(NAME, self.n)?, indices(self.n)?);
        // SAFETY: the indices are those of all columns, and `cost` has one value for each.
        let code = unsafe { (self.functions().change_cost)(env, lp, count, all.as_ptr(), cost.as_ptr()) };
        self.environment.accepted(code)
    }

    /// New kinds, right-hand sides and ranges of the rows (`m`), none of them free.
    pub(crate) fn change_rows(&mut self, rows: &Rows) -> Result<()> {
        check(rows.kind.len() == self.m && rows.rhs.len() == self.m, "rows of a wrong number")?;
        if self.m == 0 {
            return Ok(());
        }
        let ((env, lp), count, all) = (self.this(), int(NAME, self.m)?, indices(self.m)?);
        // SAFETY: the indices are those of all rows, and `kind` has one value for each.
        let code = unsafe { (self.functions().change_kind)(env, lp, count, all.as_ptr(), rows.kind.as_ptr().cast()) };
        self.environment.accepted(code)?;
        // SAFETY: as above, for `rhs`.
        let code = unsafe { (self.functions().change_rhs)(env, lp, count, all.as_ptr(), rows.rhs.as_ptr()) };
        self.environment.accepted(code)?;
        // The change of the kind made the ranges zero.
        let ranged = all.into_iter().zip(&rows.kind).zip(&rows.range).filter(|((_, kind), _)| **kind == b'R');
        let (ranged, ranges): (Vec<c_int>, Vec<f64>) = ranged.map(|((row, _), range)| (row, *range)).unzip();
        if ranged.is_empty() {
            return Ok(());
        }
        let count = int(NAME, ranged.len())?;
        // SAFETY: as many indices of rows as ranges.
        let code = unsafe { (self.functions().change_range)(env, lp, count, ranged.as_ptr(), ranges.as_ptr()) };
        self.environment.accepted(code)
    }

    /// New bounds (`n` each).
    pub(crate) fn change_bounds(&mut self, (lower, upper): (&[f64], &[f64])) -> Result<()> {
        check(lower.len() == self.n && upper.len() == self.n, "bounds of a wrong length")?;
        let columns = indices(self.n)?.repeat(2);
        let kinds = [vec![b'L'; self.n], vec![b'U'; self.n]].concat();
        let ((env, lp), count, values) = (self.this(), int(NAME, columns.len())?, [lower, upper].concat());
        // SAFETY: each column twice, with as many kinds and values.
        let code = unsafe {
            let kinds = kinds.as_ptr().cast();
            (self.functions().change_bounds)(env, lp, count, columns.as_ptr(), kinds, values.as_ptr())
        };
        self.environment.accepted(code)
    }

    /// Adds the cone `‖x₁‖² − x₀² ≤ 0` over consecutive columns, whose head has the lower bound 0.
    pub(crate) fn add_cone(&mut self, columns: Range<usize>) -> Result<()> {
        check(columns.end <= self.n && !columns.is_empty(), "a cone of columns that do not exist")?;
        let (add, optimizer) = (self.functions().add_cone, self.functions().optimize_cones);
        let (Some(add), Some(optimizer)) = (add, optimizer) else { return Err(too_old(NAME)) };
        let (columns, value) = form(NAME, columns)?;
        let ((env, lp), count, columns) = (self.this(), int(NAME, value.len())?, columns.as_ptr());
        let (none, sense) = (null(), c_int::from(b'L'));
        // SAFETY: no linear terms, and `count` on the diagonal, of columns that exist: checked above. They are copied.
        self.environment.accepted(unsafe {
            add(env, lp, 0, count, 0.0, sense, none, null(), columns, columns, value.as_ptr(), null())
        })?;
        self.optimizer = optimizer;
        Ok(())
    }

    /// Solves; returns the optimizer's code, zero or an error.
    pub(crate) fn optimize(&mut self) -> c_int {
        let (env, lp) = self.this();
        // SAFETY: the problem is exclusively borrowed and of the optimizer's type; no callback leads back into Rust.
        unsafe { (self.optimizer)(env, lp) }
    }

    /// The error behind a code of the optimizer.
    pub(crate) fn error(&self, code: c_int) -> Error {
        said(self.functions(), self.environment.ptr.as_ptr(), code)
    }

    /// The solution status.
    pub(crate) fn status(&self) -> c_int {
        let (env, lp) = self.this();
        // SAFETY: both are alive.
        unsafe { (self.functions().status)(env, lp) }
    }

    /// Iterations of the last run, of simplex and barrier together.
    pub(crate) fn iterations(&self) -> u64 {
        let (env, lp) = self.this();
        // SAFETY: both are alive.
        let counts =
            unsafe { [(self.functions().simplex_iterations)(env, lp), (self.functions().barrier_iterations)(env, lp)] };
        counts.into_iter().map(|count| u64::try_from(count).unwrap_or(0)).sum()
    }

    /// Copies the point and the multipliers, in CPLEX' signs, into `out`. False where CPLEX holds none.
    pub(crate) fn read(&self, out: &mut Solution) -> Result<bool> {
        let lengths = out.x.len() == self.n && out.bound_duals.len() == self.n && out.y.len() == self.m;
        check(lengths, "to write into buffers of a wrong length")?;
        let ((env, lp), mut status, mut objective) = (self.this(), 0, 0.0);
        let (x, y, bound_duals) = (out.x.as_mut_ptr(), out.y.as_mut_ptr(), out.bound_duals.as_mut_ptr());
        // SAFETY: the lengths are checked; null stands for the slacks, which are not asked for.
        let code =
            unsafe { (self.functions().solution)(env, lp, &mut status, &mut objective, x, y, null_mut(), bound_duals) };
        if code == NO_SOLUTION { Ok(false) } else { self.environment.accepted(code).map(|()| true) }
    }
}

impl Drop for Problem {
    fn drop(&mut self) {
        let (env, mut lp) = self.this();
        // SAFETY: the problem came from `CPXcreateprob`, is freed once, before its environment, and is not used again.
        unsafe { (self.functions().free)(env, &mut lp) };
    }
}

fn indices(count: usize) -> Result<Vec<c_int>> {
    Ok((0..int(NAME, count)?).collect())
}

fn check(ok: bool, what: &str) -> Result<()> {
    if ok { Ok(()) } else { Err(Error::backend(NAME, format!("refused {what}"))) }
}
