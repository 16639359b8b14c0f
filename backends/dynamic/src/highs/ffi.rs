//! HiGHS' C interface, `interfaces/highs_c_api.h`, with 32-bit integers.
#![allow(unsafe_code, reason = "calls into C")]

use std::ffi::{CString, c_char, c_int, c_void};
use std::ptr::{NonNull, null};
use std::sync::Arc;

use bpqp_traits::{Error, Result, Solution};

use super::NAME;
use crate::ffi::{function_table, int, text};
use crate::model::Matrix;

function_table! {
    backend = NAME;
    struct Functions {
        create: fn() -> *mut c_void = "Highs_create";
        destroy: fn(*mut c_void) = "Highs_destroy";
        version: fn() -> *const c_char = "Highs_version";
        integer_size: fn(*const c_void) -> c_int = "Highs_getSizeofHighsInt";
        pass_model: fn(
            *mut c_void, c_int, c_int, c_int, c_int, c_int, c_int, c_int, f64, *const f64, *const f64, *const f64,
            *const f64, *const f64, *const c_int, *const c_int, *const f64, *const c_int, *const c_int, *const f64,
            *const c_int,
        ) -> c_int = "Highs_passModel";
        run: fn(*mut c_void) -> c_int = "Highs_run";
        model_status: fn(*const c_void) -> c_int = "Highs_getModelStatus";
        solution: fn(*const c_void, *mut f64, *mut f64, *mut f64, *mut f64) -> c_int = "Highs_getSolution";
        int_info: fn(*const c_void, *const c_char, *mut c_int) -> c_int = "Highs_getIntInfoValue";
        run_time: fn(*const c_void) -> f64 = "Highs_getRunTime";
        option_type: fn(*const c_void, *const c_char, *mut c_int) -> c_int = "Highs_getOptionType";
        set_bool: fn(*mut c_void, *const c_char, c_int) -> c_int = "Highs_setBoolOptionValue";
        set_int: fn(*mut c_void, *const c_char, c_int) -> c_int = "Highs_setIntOptionValue";
        set_double: fn(*mut c_void, *const c_char, f64) -> c_int = "Highs_setDoubleOptionValue";
        set_string: fn(*mut c_void, *const c_char, *const c_char) -> c_int = "Highs_setStringOptionValue";
        change_cost: fn(*mut c_void, c_int, c_int, *const f64) -> c_int = "Highs_changeColsCostByRange";
        change_bounds: fn(*mut c_void, c_int, c_int, *const f64, *const f64) -> c_int
            = "Highs_changeColsBoundsByRange";
        change_sides: fn(*mut c_void, c_int, c_int, *const f64, *const f64) -> c_int
            = "Highs_changeRowsBoundsByRange";
        set_solution: fn(*mut c_void, *const f64, *const f64, *const f64, *const f64) -> c_int = "Highs_setSolution";
        clear_solver: fn(*mut c_void) -> c_int = "Highs_clearSolver";
    }
}

impl Functions {
    /// The library's version.
    pub(super) fn version(&self) -> String {
        // SAFETY: returns a pointer to a static string.
        unsafe { text((self.version)()) }
    }
}

/// A problem as HiGHS takes it: `n` columns, `m` rows, `P` by its lower triangle.
pub(super) struct Problem<'a> {
    pub(super) cost: &'a [f64],
    pub(super) bounds: (&'a [f64], &'a [f64]),
    pub(super) sides: (&'a [f64], &'a [f64]),
    pub(super) a: &'a Matrix,
    /// Empty for an LP.
    pub(super) p: &'a Matrix,
}

/// One HiGHS instance, destroyed on drop.
pub(super) struct Instance {
    ptr: NonNull<c_void>,
    functions: Arc<Functions>,
    n: usize,
    m: usize,
}

// SAFETY: an instance is reached through this handle alone and may be used by any one thread at a time.
unsafe impl Send for Instance {}

impl Instance {
    /// An empty instance.
    pub(super) fn new(functions: &Arc<Functions>) -> Result<Self> {
        // SAFETY: no arguments; null is handled.
        let ptr = NonNull::new(unsafe { (functions.create)() });
        let ptr = ptr.ok_or_else(|| Error::backend(NAME, "could not create an instance: out of memory"))?;
        let instance = Self { ptr, functions: Arc::clone(functions), n: 0, m: 0 };
        // SAFETY: the instance is alive.
        let width = unsafe { (functions.integer_size)(instance.ptr.as_ptr()) };
        if usize::try_from(width) != Ok(size_of::<c_int>()) {
            let message = format!("the library was built with integers of {width} bytes; 4 are needed");
            return Err(Error::backend(NAME, message));
        }
        Ok(instance)
    }

    /// Replaces the problem.
    pub(super) fn pass(&mut self, problem: &Problem<'_>) -> Result<()> {
        let (n, m) = (problem.cost.len(), problem.sides.0.len());
        let shapes = problem.bounds.0.len() == n
            && problem.bounds.1.len() == n
            && problem.sides.1.len() == m
            && problem.a.start.len() == n + 1
            && (problem.p.value.is_empty() || problem.p.start.len() == n + 1);
        check(shapes, "a problem whose shapes do not match")?;
        (self.n, self.m) = (n, m);
        let (a_len, p_len) = (int(NAME, problem.a.value.len())?, int(NAME, problem.p.value.len())?);
        // SAFETY: the vectors have the lengths that the counts say: checked above, and by construction of `Matrix`. They
        // are copied. Formats: 1 by columns, 1 triangle; sense: 1 minimize; no integrality.
        let code = unsafe {
            (self.functions.pass_model)(
                self.ptr.as_ptr(),
                int(NAME, n)?,
                int(NAME, m)?,
                a_len,
                p_len,
                1,
                1,
                1,
                0.0,
                problem.cost.as_ptr(),
                problem.bounds.0.as_ptr(),
                problem.bounds.1.as_ptr(),
                problem.sides.0.as_ptr(),
                problem.sides.1.as_ptr(),
                problem.a.start.as_ptr(),
                problem.a.index.as_ptr(),
                problem.a.value.as_ptr(),
                problem.p.start.as_ptr(),
                problem.p.index.as_ptr(),
                problem.p.value.as_ptr(),
                null(),
            )
        };
        accepted(code, "the problem")
    }

    /// New costs (`n`).
    pub(super) fn change_cost(&mut self, cost: &[f64]) -> Result<()> {
        check(cost.len() == self.n, "costs of a wrong length")?;
        let last = int(NAME, self.n)? - 1;
        // SAFETY: the range covers all columns, of which there is at least one, and `cost` has one value for each.
        accepted(unsafe { (self.functions.change_cost)(self.ptr.as_ptr(), 0, last, cost.as_ptr()) }, "new costs")
    }

    /// New bounds (`n` each).
    pub(super) fn change_bounds(&mut self, (lower, upper): (&[f64], &[f64])) -> Result<()> {
        check(lower.len() == self.n && upper.len() == self.n, "bounds of a wrong length")?;
        let last = int(NAME, self.n)? - 1;
        // SAFETY: as for the costs.
        let code =
            unsafe { (self.functions.change_bounds)(self.ptr.as_ptr(), 0, last, lower.as_ptr(), upper.as_ptr()) };
        accepted(code, "new bounds")
    }

    /// New sides of the rows (`m` each), or none.
    pub(super) fn change_sides(&mut self, (lower, upper): (&[f64], &[f64])) -> Result<()> {
        if lower.is_empty() && upper.is_empty() {
            return Ok(());
        }
        check(lower.len() == self.m && upper.len() == self.m, "sides of a wrong length")?;
        let last = int(NAME, self.m)? - 1;
        // SAFETY: the range covers all rows, of which there is at least one, and each vector has one value for each.
        let code = unsafe { (self.functions.change_sides)(self.ptr.as_ptr(), 0, last, lower.as_ptr(), upper.as_ptr()) };
        accepted(code, "new sides")
    }

    /// Number of rows.
    pub(super) fn num_rows(&self) -> usize {
        self.m
    }

    /// Starts the next run from a point (`n`) and multipliers in HiGHS' signs (`n`, `m`).
    pub(super) fn start(&mut self, x: &[f64], rows: &[f64], x_duals: &[f64], row_duals: &[f64]) -> Result<()> {
        let lengths = x.len() == self.n && x_duals.len() == self.n && rows.len() == self.m && row_duals.len() == self.m;
        check(lengths, "a start of a wrong length")?;
        let (x, rows, x_duals, row_duals) = (x.as_ptr(), rows.as_ptr(), x_duals.as_ptr(), row_duals.as_ptr());
        // SAFETY: the lengths are checked; the vectors are copied.
        accepted(unsafe { (self.functions.set_solution)(self.ptr.as_ptr(), x, rows, x_duals, row_duals) }, "the start")
    }

    /// Forgets the basis and the solution, and keeps the problem.
    pub(super) fn forget(&mut self) -> Result<()> {
        // SAFETY: the instance is alive.
        accepted(unsafe { (self.functions.clear_solver)(self.ptr.as_ptr()) }, "to forget its solution")
    }

    /// Solves; returns the model status.
    pub(super) fn run(&mut self) -> c_int {
        // SAFETY: the instance is alive and exclusively borrowed; no callback leads back into Rust. What the return code
        // says, the model status says better.
        unsafe {
            (self.functions.run)(self.ptr.as_ptr());
            (self.functions.model_status)(self.ptr.as_ptr())
        }
    }

    /// Copies the point and the multipliers, in HiGHS' signs, into `out`, of as many rows as it has room for. False where
    /// HiGHS holds none: it would then read beyond its empty vectors.
    pub(super) fn read(&self, out: &mut Solution) -> Result<bool> {
        let lengths = out.x.len() == self.n && out.bound_duals.len() == self.n && out.y.len() <= self.m;
        check(lengths, "to write into buffers of a wrong length")?;
        if self.int_info("primal_solution_status") == 0 || self.int_info("dual_solution_status") == 0 {
            return Ok(false);
        }
        let (mut rows, mut row_duals) = (vec![0.0; self.m], vec![0.0; self.m]);
        let (x, x_duals) = (out.x.as_mut_ptr(), out.bound_duals.as_mut_ptr());
        // SAFETY: the lengths are checked, and there are values to copy.
        let code = unsafe {
            (self.functions.solution)(self.ptr.as_ptr(), x, x_duals, rows.as_mut_ptr(), row_duals.as_mut_ptr())
        };
        let rows_asked = out.y.len();
        out.y.copy_from_slice(&row_duals[..rows_asked]);
        accepted(code, "to give its solution")?;
        Ok(true)
    }

    /// An integer result by name; 0 where there is none.
    pub(super) fn int_info(&self, name: &str) -> c_int {
        let Ok(name) = CString::new(name) else { return 0 };
        let mut value = 0;
        // SAFETY: the name ends with a zero byte; `value` is written on success.
        let code = unsafe { (self.functions.int_info)(self.ptr.as_ptr(), name.as_ptr(), &mut value) };
        if code == 0 { value } else { 0 }
    }

    /// Seconds spent in runs since the instance was created.
    pub(super) fn run_time(&self) -> f64 {
        // SAFETY: the instance is alive.
        unsafe { (self.functions.run_time)(self.ptr.as_ptr()) }
    }

    /// Sets an option from its text, by the type that HiGHS gives it.
    pub(super) fn set(&mut self, name: &str, value: &str) -> Result<()> {
        let bad = |reason: &str| Error::invalid_setting(name, format!("'{value}' {reason}"));
        let c_name = CString::new(name).map_err(|_| bad("belongs to a name with a zero byte"))?;
        let (this, key) = (self.ptr.as_ptr(), c_name.as_ptr());
        let mut kind = -1;
        // SAFETY: the name ends with a zero byte; `kind` is written on success.
        if unsafe { (self.functions.option_type)(this, key, &mut kind) } != 0 {
            return Err(Error::invalid_setting(name, "HiGHS has no such option"));
        }
        let accepted = match kind {
            // SAFETY: the name ends with a zero byte, and the option has this type: so in the next three.
            0 => unsafe {
                (self.functions.set_bool)(this, key, value.parse::<bool>().map_err(|_| bad("is no bool"))?.into())
            },
            // SAFETY: as above.
            1 => unsafe { (self.functions.set_int)(this, key, value.parse().map_err(|_| bad("is no integer"))?) },
            // SAFETY: as above.
            2 => unsafe { (self.functions.set_double)(this, key, value.parse().map_err(|_| bad("is no number"))?) },
            _ => {
                let c_value = CString::new(value).map_err(|_| bad("holds a zero byte"))?;
                // SAFETY: as above, and the value ends with a zero byte too.
                unsafe { (self.functions.set_string)(this, key, c_value.as_ptr()) }
            }
        };
        if accepted == 0 { Ok(()) } else { Err(bad("is out of the option's range")) }
    }
}

impl Drop for Instance {
    fn drop(&mut self) {
        // SAFETY: the instance came from `Highs_create`, is destroyed once, and is not used again.
        unsafe { (self.functions.destroy)(self.ptr.as_ptr()) };
    }
}

fn check(ok: bool, what: &str) -> Result<()> {
    if ok { Ok(()) } else { Err(Error::backend(NAME, format!("refused {what}"))) }
}

/// HiGHS returns −1 for an error, 1 for a warning.
fn accepted(code: c_int, what: &str) -> Result<()> {
    let refused =
        || Error::Backend { backend: NAME.into(), code: Some(code.into()), message: format!("refused {what}") };
    if code >= 0 { Ok(()) } else { Err(refused()) }
}
