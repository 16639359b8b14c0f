//! CPLEX' C interface, `cplex.h`, in its form with 32-bit integers.
#![allow(unsafe_code, reason = "calls into C")]

use std::ffi::{CString, c_char, c_int, c_void};
use std::ops::Range;
use std::ptr::{NonNull, null, null_mut};
use std::sync::Arc;

use bpqp_traits::{Error, Result, Solution};

use super::NAME;
use super::status::error;
use crate::cones::{form, too_old};
use crate::ffi::{function_table, int, text};
use crate::model::Matrix;
use crate::rows::Rows;

/// Asked for a solution that is not there.
const NO_SOLUTION: c_int = 1217;
/// At least `CPXMESSAGEBUFSIZE`.
const MESSAGE_LENGTH: usize = 4096;

function_table! {
    backend = NAME;
    struct Functions {
        open: fn(*mut c_int) -> *mut c_void = "CPXopenCPLEX";
        close: fn(*mut *mut c_void) -> c_int = "CPXcloseCPLEX";
        version: fn(*mut c_void) -> *const c_char = "CPXversion";
        error_text: fn(*mut c_void, c_int, *mut c_char) -> *const c_char = "CPXgeterrorstring";
        param_number: fn(*mut c_void, *const c_char, *mut c_int) -> c_int = "CPXgetparamnum";
        param_type: fn(*mut c_void, c_int, *mut c_int) -> c_int = "CPXgetparamtype";
        set_int: fn(*mut c_void, c_int, c_int) -> c_int = "CPXsetintparam";
        set_long: fn(*mut c_void, c_int, i64) -> c_int = "CPXsetlongparam";
        set_double: fn(*mut c_void, c_int, f64) -> c_int = "CPXsetdblparam";
        set_string: fn(*mut c_void, c_int, *const c_char) -> c_int = "CPXsetstrparam";
        create: fn(*mut c_void, *mut c_int, *const c_char) -> *mut c_void = "CPXcreateprob";
        free: fn(*mut c_void, *mut *mut c_void) -> c_int = "CPXfreeprob";
        copy_lp: fn(
            *mut c_void, *mut c_void, c_int, c_int, c_int, *const f64, *const f64, *const c_char, *const c_int,
            *const c_int, *const c_int, *const f64, *const f64, *const f64, *const f64,
        ) -> c_int = "CPXcopylp";
        copy_quadratic: fn(
            *mut c_void, *mut c_void, *const c_int, *const c_int, *const c_int, *const f64,
        ) -> c_int = "CPXcopyquad";
        change_cost: fn(*mut c_void, *mut c_void, c_int, *const c_int, *const f64) -> c_int = "CPXchgobj";
        change_kind: fn(*mut c_void, *mut c_void, c_int, *const c_int, *const c_char) -> c_int = "CPXchgsense";
        change_rhs: fn(*mut c_void, *mut c_void, c_int, *const c_int, *const f64) -> c_int = "CPXchgrhs";
        change_range: fn(*mut c_void, *mut c_void, c_int, *const c_int, *const f64) -> c_int = "CPXchgrngval";
        change_bounds: fn(*mut c_void, *mut c_void, c_int, *const c_int, *const c_char, *const f64) -> c_int
            = "CPXchgbds";
        optimize_lp: fn(*mut c_void, *mut c_void) -> c_int = "CPXlpopt";
        optimize_qp: fn(*mut c_void, *mut c_void) -> c_int = "CPXqpopt";
        status: fn(*mut c_void, *mut c_void) -> c_int = "CPXgetstat";
        simplex_iterations: fn(*mut c_void, *mut c_void) -> c_int = "CPXgetitcnt";
        barrier_iterations: fn(*mut c_void, *mut c_void) -> c_int = "CPXgetbaritcnt";
        solution: fn(
            *mut c_void, *mut c_void, *mut c_int, *mut f64, *mut f64, *mut f64, *mut f64, *mut f64,
        ) -> c_int = "CPXsolution";
    }
    optional {
        add_cone: fn(
            *mut c_void, *mut c_void, c_int, c_int, f64, c_int, *const c_int, *const f64, *const c_int, *const c_int,
            *const f64, *const c_char,
        ) -> c_int = "CPXaddqconstr";
        optimize_cones: fn(*mut c_void, *mut c_void) -> c_int = "CPXbaropt";
    }
}

/// An optimizer of problems of one type.
type Optimizer = unsafe extern "C" fn(*mut c_void, *mut c_void) -> c_int;

/// The loaded library.
pub(crate) struct Library {
    functions: Arc<Functions>,
    version: String,
}

impl Library {
    /// The version is asked of an environment: without a license it stays unknown.
    pub(super) fn load(library: libloading::Library) -> Result<Self> {
        let functions = Arc::new(Functions::load(library)?);
        let version =
            Environment::open(&functions).map_or_else(|_| "unknown".into(), |environment| environment.version());
        Ok(Self { functions, version })
    }

    /// A new environment.
    ///
    /// # Errors
    /// [`Error::LicenseRefused`] in CPLEX' words.
    pub(super) fn environment(&self) -> Result<Environment> {
        Environment::open(&self.functions)
    }

    /// The library's version, `22.1.1.0`.
    pub(super) fn version(&self) -> &str {
        &self.version
    }
}

/// An environment, closed on drop.
pub(super) struct Environment {
    ptr: NonNull<c_void>,
    functions: Arc<Functions>,
}

// SAFETY: an environment is reached through this handle alone and may be used by any one thread at a time.
unsafe impl Send for Environment {}

impl Environment {
    fn open(functions: &Arc<Functions>) -> Result<Self> {
        let mut code = 0;
        // SAFETY: writes one integer.
        let ptr = unsafe { (functions.open)(&mut code) };
        let ptr = NonNull::new(ptr).ok_or_else(|| said(functions, null_mut(), code))?;
        Ok(Self { ptr, functions: Arc::clone(functions) })
    }

    fn version(&self) -> String {
        // SAFETY: returns null or a string that lives as long as the environment.
        unsafe { text((self.functions.version)(self.ptr.as_ptr())) }
    }

    fn accepted(&self, code: c_int) -> Result<()> {
        if code == 0 { Ok(()) } else { Err(said(&self.functions, self.ptr.as_ptr(), code)) }
    }

    /// Sets an integer parameter by its number.
    pub(super) fn set_int(&mut self, number: c_int, value: c_int) -> Result<()> {
        // SAFETY: a wrong number is an error of CPLEX'.
        self.accepted(unsafe { (self.functions.set_int)(self.ptr.as_ptr(), number, value) })
    }

    /// Sets a parameter of type double by its number.
    pub(super) fn set_double(&mut self, number: c_int, value: f64) -> Result<()> {
        // SAFETY: a wrong number is an error of CPLEX'.
        self.accepted(unsafe { (self.functions.set_double)(self.ptr.as_ptr(), number, value) })
    }

    /// Sets a parameter from its text, by the type that CPLEX gives it.
    pub(super) fn set(&mut self, name: &str, value: &str) -> Result<()> {
        let bad = |reason: &str| Error::invalid_setting(name, format!("'{value}' {reason}"));
        let unknown = || Error::invalid_setting(name, "CPLEX has no such parameter");
        let key = CString::new(name).map_err(|_| unknown())?;
        let (this, functions, mut number, mut kind) = (self.ptr.as_ptr(), &self.functions, 0, 0);
        // SAFETY: the name ends with a zero byte; number and kind are written on success.
        let found = unsafe {
            (functions.param_number)(this, key.as_ptr(), &mut number) == 0
                && (functions.param_type)(this, number, &mut kind) == 0
        };
        if !found {
            return Err(unknown());
        }
        let code = match kind {
            // SAFETY: the parameter has this type: so in the next three.
            1 => unsafe { (functions.set_int)(this, number, value.parse().map_err(|_| bad("is no integer"))?) },
            // SAFETY: as above.
            2 => unsafe { (functions.set_double)(this, number, value.parse().map_err(|_| bad("is no number"))?) },
            3 => {
                let value = CString::new(value).map_err(|_| bad("holds a zero byte"))?;
                // SAFETY: as above, and the value ends with a zero byte.
                unsafe { (functions.set_string)(this, number, value.as_ptr()) }
            }
            // SAFETY: as above.
            4 => unsafe { (functions.set_long)(this, number, value.parse().map_err(|_| bad("is no integer"))?) },
            _ => return Err(unknown()),
        };
        self.accepted(code).map_err(|error| bad(&format!("was refused: {error}")))
    }
}

impl Drop for Environment {
    fn drop(&mut self) {
        let mut ptr = self.ptr.as_ptr();
        // SAFETY: the environment came from `CPXopenCPLEX`, is closed once, after its problem, and is not used again.
        unsafe { (self.functions.close)(&mut ptr) };
    }
}

/// The error behind `code`, in CPLEX' words; `environment` may be null.
fn said(functions: &Functions, environment: *mut c_void, code: c_int) -> Error {
    let mut buffer = [0; MESSAGE_LENGTH];
    // SAFETY: the environment is alive or null, which is allowed here. What is written ends with a zero byte and is shorter
    // than the buffer; null is returned for an unknown code.
    let message = unsafe { text((functions.error_text)(environment, code, buffer.as_mut_ptr())) };
    error(code, if message.is_empty() { "unknown error" } else { &message })
}

/// A program as CPLEX takes it: `n` columns, `m` rows, both triangles of `P`.
pub(super) struct Model<'a> {
    pub(super) cost: &'a [f64],
    pub(super) bounds: (&'a [f64], &'a [f64]),
    /// None of them free.
    pub(super) rows: &'a Rows,
    pub(super) a: &'a Matrix,
    /// `None` for an LP.
    pub(super) p: Option<&'a Matrix>,
}

/// One problem, and its environment; freed on drop, in this order.
pub(super) struct Problem {
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
    pub(super) fn new(environment: Environment) -> Result<Self> {
        let mut code = 0;
        let (this, functions) = (environment.ptr.as_ptr(), &environment.functions);
        // SAFETY: the environment is alive; the name ends with a zero byte.
        let ptr = NonNull::new(unsafe { (functions.create)(this, &mut code, c"bpqp".as_ptr()) });
        let ptr = ptr.ok_or_else(|| said(&environment.functions, this, code))?;
        let optimizer = functions.optimize_lp;
        Ok(Self { ptr, environment, optimizer, n: 0, m: 0 })
    }

    /// Its environment, to set parameters.
    pub(super) fn environment(&mut self) -> &mut Environment {
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
    pub(super) fn load(&mut self, model: &Model<'_>) -> Result<()> {
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
    pub(super) fn change_cost(&mut self, cost: &[f64]) -> Result<()> {
        check(cost.len() == self.n, "costs of a wrong length")?;
        let ((env, lp), count, all) = (self.this(), int(NAME, self.n)?, indices(self.n)?);
        // SAFETY: the indices are those of all columns, and `cost` has one value for each.
        let code = unsafe { (self.functions().change_cost)(env, lp, count, all.as_ptr(), cost.as_ptr()) };
        self.environment.accepted(code)
    }

    /// New kinds, right-hand sides and ranges of the rows (`m`), none of them free.
    pub(super) fn change_rows(&mut self, rows: &Rows) -> Result<()> {
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
    pub(super) fn change_bounds(&mut self, (lower, upper): (&[f64], &[f64])) -> Result<()> {
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
    pub(super) fn add_cone(&mut self, columns: Range<usize>) -> Result<()> {
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
    pub(super) fn optimize(&mut self) -> c_int {
        let (env, lp) = self.this();
        // SAFETY: the problem is exclusively borrowed and of the optimizer's type; no callback leads back into Rust.
        unsafe { (self.optimizer)(env, lp) }
    }

    /// The error behind a code of the optimizer.
    pub(super) fn error(&self, code: c_int) -> Error {
        said(self.functions(), self.environment.ptr.as_ptr(), code)
    }

    /// The solution status.
    pub(super) fn status(&self) -> c_int {
        let (env, lp) = self.this();
        // SAFETY: both are alive.
        unsafe { (self.functions().status)(env, lp) }
    }

    /// Iterations of the last run, of simplex and barrier together.
    pub(super) fn iterations(&self) -> u64 {
        let (env, lp) = self.this();
        // SAFETY: both are alive.
        let counts =
            unsafe { [(self.functions().simplex_iterations)(env, lp), (self.functions().barrier_iterations)(env, lp)] };
        counts.into_iter().map(|count| u64::try_from(count).unwrap_or(0)).sum()
    }

    /// Copies the point and the multipliers, in CPLEX' signs, into `out`. False where CPLEX holds none.
    pub(super) fn read(&self, out: &mut Solution) -> Result<bool> {
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
