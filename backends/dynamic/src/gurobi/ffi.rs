//! Gurobi's C interface, `gurobi_c.h`.
#![allow(unsafe_code, reason = "calls into C")]

use std::ffi::{CStr, CString, c_char, c_int, c_void};
use std::ops::Range;
use std::ptr::{NonNull, null, null_mut};
use std::sync::Arc;

use bpqp_traits::{Error, Result};

use super::NAME;
use super::status::refused;
use crate::cones::{form, too_old};
use crate::ffi::{function_table, in_range, int};
use crate::model::{Matrix, Terms};

/// Asked for a result that the model does not have.
const DATA_NOT_AVAILABLE: c_int = 10005;

function_table! {
    backend = NAME;
    struct Functions {
        version: fn(*mut c_int, *mut c_int, *mut c_int) = "GRBversion";
        empty_env: fn(*mut *mut c_void, c_int, c_int, c_int) -> c_int = "GRBemptyenvinternal";
        start_env: fn(*mut c_void) -> c_int = "GRBstartenv";
        free_env: fn(*mut c_void) = "GRBfreeenv";
        set_param: fn(*mut c_void, *const c_char, *const c_char) -> c_int = "GRBsetparam";
        load_model: fn(
            *mut c_void, *mut *mut c_void, *const c_char, c_int, c_int, c_int, f64, *const f64, *const c_char,
            *const f64, *const c_int, *const c_int, *const c_int, *const f64, *const f64, *const f64, *const c_char,
            *const *const c_char, *const *const c_char,
        ) -> c_int = "GRBloadmodel";
        free_model: fn(*mut c_void) -> c_int = "GRBfreemodel";
        model_env: fn(*mut c_void) -> *mut c_void = "GRBgetenv";
        update_model: fn(*mut c_void) -> c_int = "GRBupdatemodel";
        add_quadratic: fn(*mut c_void, c_int, *const c_int, *const c_int, *const f64) -> c_int = "GRBaddqpterms";
        delete_quadratic: fn(*mut c_void) -> c_int = "GRBdelq";
        change_matrix: fn(*mut c_void, c_int, *const c_int, *const c_int, *const f64) -> c_int = "GRBchgcoeffs";
        set_doubles: fn(*mut c_void, *const c_char, c_int, c_int, *const f64) -> c_int = "GRBsetdblattrarray";
        get_doubles: fn(*mut c_void, *const c_char, c_int, c_int, *mut f64) -> c_int = "GRBgetdblattrarray";
        get_int: fn(*mut c_void, *const c_char, *mut c_int) -> c_int = "GRBgetintattr";
        get_double: fn(*mut c_void, *const c_char, *mut f64) -> c_int = "GRBgetdblattr";
        optimize: fn(*mut c_void) -> c_int = "GRBoptimize";
    }
    optional {
        add_cone: fn(
            *mut c_void, c_int, *const c_int, *const f64, c_int, *const c_int, *const c_int, *const f64, c_char, f64,
            *const c_char,
        ) -> c_int = "GRBaddqconstr";
    }
}

impl Functions {
    /// The library's version: major, minor, technical.
    pub(super) fn version(&self) -> [c_int; 3] {
        let [mut major, mut minor, mut technical] = [0; 3];
        // SAFETY: writes three integers.
        unsafe { (self.version)(&mut major, &mut minor, &mut technical) };
        [major, minor, technical]
    }
}

/// A started environment, which holds a license; freed on drop.
pub(super) struct Environment {
    ptr: NonNull<c_void>,
    functions: Arc<Functions>,
}

// SAFETY: an environment is reached through this handle alone and may be used by any one thread at a time.
unsafe impl Send for Environment {}

impl Environment {
    /// An environment with these parameters, some of which tell where the license is.
    ///
    /// # Errors
    /// [`Error::LicenseRefused`]; [`Error::InvalidSetting`] for a parameter.
    pub(super) fn start(functions: &Arc<Functions>, parameters: &[(&str, &str)]) -> Result<Self> {
        let [major, minor, technical] = functions.version();
        let mut raw = null_mut();
        // SAFETY: writes one pointer; the version is the library's own.
        let code = unsafe { (functions.empty_env)(&mut raw, major, minor, technical) };
        let ptr = NonNull::new(raw).ok_or_else(|| refused(code, "to make an environment"))?;
        // Also freed where the code is an error.
        let environment = Self { ptr, functions: Arc::clone(functions) };
        accepted(code, "to make an environment")?;
        for (name, value) in parameters {
            // SAFETY: the environment is alive.
            unsafe { set(functions, ptr, name, value) }?;
        }
        // SAFETY: the environment is alive and was not started yet.
        accepted(unsafe { (functions.start_env)(ptr.as_ptr()) }, "to start an environment")?;
        Ok(environment)
    }
}

impl Drop for Environment {
    fn drop(&mut self) {
        // SAFETY: the environment came from `GRBemptyenvinternal`, is freed once, after its models, and is not used again.
        unsafe { (self.functions.free_env)(self.ptr.as_ptr()) };
    }
}

/// A linear problem as Gurobi takes it: one side a row, told by its sense.
pub(super) struct Problem<'a> {
    pub(super) cost: &'a [f64],
    pub(super) bounds: (&'a [f64], &'a [f64]),
    /// `<`, `>` or `=` for each row.
    pub(super) sense: &'a [c_char],
    pub(super) rhs: &'a [f64],
    pub(super) a: &'a Matrix,
}

/// A model and its environment; freed on drop, in this order.
pub(super) struct Model {
    ptr: NonNull<c_void>,
    environment: Environment,
    columns: usize,
    rows: usize,
}

// SAFETY: as for its environment, which it owns.
unsafe impl Send for Model {}

impl Model {
    /// A model of `problem`.
    pub(super) fn load(environment: Environment, problem: &Problem<'_>) -> Result<Self> {
        let ptr = load(&environment, problem)?;
        Ok(Self { ptr, environment, columns: problem.cost.len(), rows: problem.rhs.len() })
    }

    /// Puts another problem in place of this one.
    pub(super) fn replace(&mut self, problem: &Problem<'_>) -> Result<()> {
        let ptr = load(&self.environment, problem)?;
        self.free();
        (self.ptr, self.columns, self.rows) = (ptr, problem.cost.len(), problem.rhs.len());
        Ok(())
    }

    fn free(&mut self) {
        // SAFETY: the model came from `GRBloadmodel` and its environment is alive; every caller drops or replaces the
        // pointer next.
        unsafe { (self.functions().free_model)(self.ptr.as_ptr()) };
    }

    fn functions(&self) -> &Functions {
        &self.environment.functions
    }

    /// Sets a parameter of this model from its text.
    pub(super) fn set(&mut self, name: &str, value: &str) -> Result<()> {
        // SAFETY: the model is alive; its environment is not used beyond it.
        let env = NonNull::new(unsafe { (self.functions().model_env)(self.ptr.as_ptr()) });
        let env = env.ok_or_else(|| Error::backend(NAME, "the model has no environment"))?;
        // SAFETY: the model's environment lives as long as the model.
        unsafe { set(self.functions(), env, name, value) }
    }

    /// Replaces the quadratic objective: Gurobi has no ½ in it.
    pub(super) fn set_quadratic(&mut self, Terms { row, column, value }: &Terms) -> Result<()> {
        let valid = row.len() == value.len() && column.len() == value.len() && in_range(row, self.columns);
        check(valid && in_range(column, self.columns), "a Hessian of a wrong shape")?;
        let count = int(NAME, value.len())?;
        // SAFETY: the model is alive.
        accepted(unsafe { (self.functions().delete_quadratic)(self.ptr.as_ptr()) }, "to drop a Hessian")?;
        let (row, column) = (row.as_ptr(), column.as_ptr());
        // SAFETY: the vectors have `count` entries, of columns that exist: checked above. They are copied.
        let code = unsafe { (self.functions().add_quadratic)(self.ptr.as_ptr(), count, row, column, value.as_ptr()) };
        accepted(code, "the Hessian")
    }

    /// Adds the cone `‖x₁‖² − x₀² ≤ 0` over consecutive columns, whose head has the lower bound 0.
    pub(super) fn add_cone(&mut self, columns: Range<usize>) -> Result<()> {
        check(columns.end <= self.columns && !columns.is_empty(), "a cone of columns that do not exist")?;
        let add = self.functions().add_cone.ok_or_else(|| too_old(NAME))?;
        let (columns, value) = form(NAME, columns)?;
        let (model, count, columns, less) =
            (self.ptr.as_ptr(), int(NAME, value.len())?, columns.as_ptr(), b'<' as c_char);
        // SAFETY: no linear terms, and `count` on the diagonal, of columns that exist: checked above. They are copied.
        let code = unsafe { add(model, 0, null(), null(), count, columns, columns, value.as_ptr(), less, 0.0, null()) };
        accepted(code, "a cone")
    }

    /// New values of entries of the matrix.
    pub(super) fn change_matrix(&mut self, row: &[c_int], column: &[c_int], value: &[f64]) -> Result<()> {
        let valid = row.len() == value.len() && column.len() == value.len() && in_range(row, self.rows);
        check(valid && in_range(column, self.columns), "a matrix of a wrong shape")?;
        let (row, column, count) = (row.as_ptr(), column.as_ptr(), int(NAME, value.len())?);
        // SAFETY: the vectors have `count` entries, of rows and columns that exist: checked above. They are copied.
        let code = unsafe { (self.functions().change_matrix)(self.ptr.as_ptr(), count, row, column, value.as_ptr()) };
        accepted(code, "new entries of the matrix")
    }

    /// Sets an attribute of the first columns or rows, as its name tells.
    pub(super) fn set_doubles(&mut self, name: &'static CStr, of: Of, values: &[f64]) -> Result<()> {
        check(values.len() <= self.count(of), "an attribute of a wrong length")?;
        if values.is_empty() {
            return Ok(());
        }
        let count = int(NAME, values.len())?;
        // SAFETY: there are as many columns or rows as values: checked above. They are copied.
        let code =
            unsafe { (self.functions().set_doubles)(self.ptr.as_ptr(), name.as_ptr(), 0, count, values.as_ptr()) };
        accepted(code, "an attribute")
    }

    /// Reads an attribute of the first columns or rows; false where Gurobi has none.
    pub(super) fn get_doubles(&self, name: &'static CStr, of: Of, values: &mut [f64]) -> Result<bool> {
        check(values.len() <= self.count(of), "an attribute of a wrong length")?;
        if values.is_empty() {
            return Ok(true);
        }
        let count = int(NAME, values.len())?;
        // SAFETY: there are as many columns or rows as values: checked above.
        let code =
            unsafe { (self.functions().get_doubles)(self.ptr.as_ptr(), name.as_ptr(), 0, count, values.as_mut_ptr()) };
        if code == DATA_NOT_AVAILABLE {
            return Ok(false);
        }
        accepted(code, "to give its solution").map(|()| true)
    }

    fn count(&self, of: Of) -> usize {
        match of {
            Of::Columns => self.columns,
            Of::Rows => self.rows,
        }
    }

    /// Makes the changes so far part of the model.
    pub(super) fn apply(&mut self) -> Result<()> {
        // SAFETY: the model is alive.
        accepted(unsafe { (self.functions().update_model)(self.ptr.as_ptr()) }, "the changes")
    }

    /// Solves; returns the error code, zero for none.
    pub(super) fn optimize(&mut self) -> c_int {
        // SAFETY: the model is alive and exclusively borrowed; no callback leads back into Rust.
        unsafe { (self.functions().optimize)(self.ptr.as_ptr()) }
    }

    /// The optimization status.
    pub(super) fn status(&self) -> Result<c_int> {
        let mut value = 0;
        // SAFETY: the model is alive; writes one integer.
        let code = unsafe { (self.functions().get_int)(self.ptr.as_ptr(), c"Status".as_ptr(), &mut value) };
        accepted(code, "to give its status").map(|()| value)
    }

    /// Iterations of the last run, of simplex and barrier together; what is not known counts as none.
    pub(super) fn iterations(&self) -> u64 {
        let (mut simplex, mut barrier) = (0.0, 0);
        // SAFETY: the model is alive; each writes one number, on success.
        unsafe {
            (self.functions().get_double)(self.ptr.as_ptr(), c"IterCount".as_ptr(), &mut simplex);
            (self.functions().get_int)(self.ptr.as_ptr(), c"BarIterCount".as_ptr(), &mut barrier);
        }
        simplex as u64 + u64::try_from(barrier).unwrap_or(0)
    }
}

impl Drop for Model {
    fn drop(&mut self) {
        self.free();
    }
}

/// What an attribute belongs to.
#[derive(Clone, Copy)]
pub(super) enum Of {
    Columns,
    Rows,
}

fn load(environment: &Environment, problem: &Problem<'_>) -> Result<NonNull<c_void>> {
    let (n, m, a) = (problem.cost.len(), problem.rhs.len(), problem.a);
    let shapes = problem.bounds.0.len() == n
        && problem.bounds.1.len() == n
        && problem.sense.len() == m
        && a.start.len() == n + 1
        && a.index.len() == a.value.len()
        && in_range(&a.index, m);
    check(shapes, "a problem whose shapes do not match")?;
    let (counts, mut raw) = (a.counts(), null_mut());
    // SAFETY: the vectors have the lengths that the counts say: checked above, and by construction of `Matrix`. They are
    // copied. Sense 1 minimizes; null types are continuous; null names are defaults.
    let code = unsafe {
        (environment.functions.load_model)(
            environment.ptr.as_ptr(),
            &mut raw,
            c"bpqp".as_ptr(),
            int(NAME, n)?,
            int(NAME, m)?,
            1,
            0.0,
            problem.cost.as_ptr(),
            problem.sense.as_ptr(),
            problem.rhs.as_ptr(),
            a.start.as_ptr(),
            counts.as_ptr(),
            a.index.as_ptr(),
            a.value.as_ptr(),
            problem.bounds.0.as_ptr(),
            problem.bounds.1.as_ptr(),
            null(),
            null(),
            null(),
        )
    };
    accepted(code, "the problem")?;
    NonNull::new(raw).ok_or_else(|| Error::backend(NAME, "made no model"))
}

/// Sets a parameter of an environment from its text.
///
/// # Safety
/// `env` is an environment of `functions` that is alive and used by no other thread.
unsafe fn set(functions: &Functions, env: NonNull<c_void>, name: &str, value: &str) -> Result<()> {
    let bad = |reason: &str| Error::invalid_setting(name, format!("'{value}' {reason}"));
    let zero = |_| bad("or its name holds a zero byte");
    let (c_name, c_value) = (CString::new(name).map_err(zero)?, CString::new(value).map_err(zero)?);
    // SAFETY: the caller's promise; both texts end with a zero byte.
    match unsafe { (functions.set_param)(env.as_ptr(), c_name.as_ptr(), c_value.as_ptr()) } {
        0 => Ok(()),
        10007 => Err(Error::invalid_setting(name, "Gurobi has no such parameter")),
        10003 | 10008 => Err(bad("is not in the parameter's range")),
        code => Err(refused(code, &format!("the parameter {name}"))),
    }
}

fn check(ok: bool, what: &str) -> Result<()> {
    if ok { Ok(()) } else { Err(Error::backend(NAME, format!("refused {what}"))) }
}

fn accepted(code: c_int, what: &str) -> Result<()> {
    if code == 0 { Ok(()) } else { Err(refused(code, what)) }
}
