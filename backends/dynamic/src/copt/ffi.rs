//! COPT's C interface, `copt.h`.
#![allow(unsafe_code, reason = "calls into C")]

use std::ffi::{CStr, CString, c_char, c_int, c_void};
use std::ops::Range;
use std::ptr::{NonNull, null, null_mut};
use std::sync::Arc;

use bpqp_traits::{Error, Result, Solution};

use super::NAME;
use super::status::refused;
use crate::cones::too_old;
use crate::ffi::{function_table, in_range, int, text};
use crate::model::{Matrix, Terms};

/// The size that the header recommends for texts.
const TEXT: usize = 1000;
/// The type of a second-order cone, its head first.
const CONE_QUAD: c_int = 1;

type SetValues = unsafe extern "C" fn(*mut c_void, c_int, *const c_int, *const f64) -> c_int;

function_table! {
    backend = NAME;
    struct Functions {
        banner: fn(*mut c_char, c_int) -> c_int = "COPT_GetBanner";
        create_env: fn(*mut *mut c_void) -> c_int = "COPT_CreateEnv";
        delete_env: fn(*mut *mut c_void) -> c_int = "COPT_DeleteEnv";
        create_problem: fn(*mut c_void, *mut *mut c_void) -> c_int = "COPT_CreateProb";
        delete_problem: fn(*mut *mut c_void) -> c_int = "COPT_DeleteProb";
        load: fn(
            *mut c_void, c_int, c_int, c_int, f64, *const f64, *const c_int, *const c_int, *const c_int, *const f64,
            *const c_char, *const f64, *const f64, *const c_char, *const f64, *const f64, *const *const c_char,
            *const *const c_char,
        ) -> c_int = "COPT_LoadProb";
        set_quadratic: fn(*mut c_void, c_int, *const c_int, *const c_int, *const f64) -> c_int = "COPT_SetQuadObj";
        set_costs: fn(*mut c_void, c_int, *const c_int, *const f64) -> c_int = "COPT_SetColObj";
        set_lower_bounds: fn(*mut c_void, c_int, *const c_int, *const f64) -> c_int = "COPT_SetColLower";
        set_upper_bounds: fn(*mut c_void, c_int, *const c_int, *const f64) -> c_int = "COPT_SetColUpper";
        set_lower_sides: fn(*mut c_void, c_int, *const c_int, *const f64) -> c_int = "COPT_SetRowLower";
        set_upper_sides: fn(*mut c_void, c_int, *const c_int, *const f64) -> c_int = "COPT_SetRowUpper";
        get_int_param: fn(*mut c_void, *const c_char, *mut c_int) -> c_int = "COPT_GetIntParam";
        set_int_param: fn(*mut c_void, *const c_char, c_int) -> c_int = "COPT_SetIntParam";
        get_double_param: fn(*mut c_void, *const c_char, *mut f64) -> c_int = "COPT_GetDblParam";
        set_double_param: fn(*mut c_void, *const c_char, f64) -> c_int = "COPT_SetDblParam";
        solve: fn(*mut c_void) -> c_int = "COPT_Solve";
        int_attribute: fn(*mut c_void, *const c_char, *mut c_int) -> c_int = "COPT_GetIntAttr";
        solution: fn(*mut c_void, *mut f64, *mut f64, *mut f64, *mut f64) -> c_int = "COPT_GetLpSolution";
    }
    optional {
        add_cones: fn(*mut c_void, c_int, *const c_int, *const c_int, *const c_int, *const c_int) -> c_int
            = "COPT_AddCones";
    }
}

impl Functions {
    /// The library's version, from its banner: "Cardinal Optimizer v8.0.7. Build date …". Empty where there is none.
    pub(super) fn version(&self) -> String {
        let mut buffer = [0 as c_char; TEXT];
        // SAFETY: the buffer has the size that is told, and ends with a zero byte: one more than C may write is kept.
        let banner = unsafe {
            (self.banner)(buffer.as_mut_ptr(), TEXT as c_int - 1);
            text(buffer.as_ptr())
        };
        let is_number =
            |word: &&str| word.strip_prefix('v').is_some_and(|v| v.starts_with(|c: char| c.is_ascii_digit()));
        let version = banner.split_whitespace().find(is_number).unwrap_or_default();
        version.trim_start_matches('v').trim_end_matches('.').to_string()
    }
}

/// An environment, which holds a license where there is one; deleted on drop.
pub(super) struct Environment {
    ptr: NonNull<c_void>,
    functions: Arc<Functions>,
}

// SAFETY: an environment is reached through this handle alone and used by one thread at a time.
unsafe impl Send for Environment {}

impl Environment {
    /// # Errors
    /// [`Error::LicenseRefused`].
    pub(super) fn new(functions: &Arc<Functions>) -> Result<Self> {
        let mut raw = null_mut();
        // SAFETY: writes one pointer.
        let code = unsafe { (functions.create_env)(&mut raw) };
        let ptr = NonNull::new(raw).ok_or_else(|| refused(code, "to make an environment"))?;
        // Also deleted where the code is an error.
        let environment = Self { ptr, functions: Arc::clone(functions) };
        accepted(code, "to make an environment").map(|()| environment)
    }
}

impl Drop for Environment {
    fn drop(&mut self) {
        let mut raw = self.ptr.as_ptr();
        // SAFETY: the environment came from `COPT_CreateEnv`, is deleted once, after its problem, and is not used again.
        unsafe { (self.functions.delete_env)(&mut raw) };
    }
}

/// A linear problem as COPT takes it: `n` columns, `m` rows.
pub(super) struct Linear<'a> {
    pub(super) cost: &'a [f64],
    pub(super) bounds: (&'a [f64], &'a [f64]),
    pub(super) sides: (&'a [f64], &'a [f64]),
    pub(super) a: &'a Matrix,
}

/// A problem and its environment; deleted on drop, in this order.
pub(super) struct Problem {
    ptr: NonNull<c_void>,
    environment: Environment,
    n: usize,
    m: usize,
}

// SAFETY: as for its environment, which it owns.
unsafe impl Send for Problem {}

impl Problem {
    /// An empty problem.
    pub(super) fn new(environment: Environment) -> Result<Self> {
        let ptr = create(&environment)?;
        Ok(Self { ptr, environment, n: 0, m: 0 })
    }

    /// Makes it an empty problem again, with all parameters at their defaults.
    pub(super) fn clear(&mut self) -> Result<()> {
        let ptr = create(&self.environment)?;
        self.delete();
        (self.ptr, self.n, self.m) = (ptr, 0, 0);
        Ok(())
    }

    fn delete(&mut self) {
        let mut raw = self.ptr.as_ptr();
        // SAFETY: the problem came from `COPT_CreateProb` and its environment is alive; every caller drops or replaces the
        // pointer next.
        unsafe { (self.functions().delete_problem)(&mut raw) };
    }

    fn functions(&self) -> &Functions {
        &self.environment.functions
    }

    /// Loads a problem into this empty one.
    pub(super) fn load(&mut self, problem: &Linear<'_>) -> Result<()> {
        let (n, m, a) = (problem.cost.len(), problem.sides.0.len(), problem.a);
        let shapes = problem.bounds.0.len() == n
            && problem.bounds.1.len() == n
            && problem.sides.1.len() == m
            && a.start.len() == n + 1
            && a.index.len() == a.value.len()
            && in_range(&a.index, m);
        check(shapes, "a problem whose shapes do not match")?;
        let counts = a.counts();
        // SAFETY: the vectors have the lengths that the counts say: checked above, and by construction of `Matrix`. They
        // are copied. Sense 1 minimizes; null types are continuous; without senses rows have two sides; null names are
        // defaults.
        let code = unsafe {
            (self.functions().load)(
                self.ptr.as_ptr(),
                int(NAME, n)?,
                int(NAME, m)?,
                1,
                0.0,
                problem.cost.as_ptr(),
                a.start.as_ptr(),
                counts.as_ptr(),
                a.index.as_ptr(),
                a.value.as_ptr(),
                null(),
                problem.bounds.0.as_ptr(),
                problem.bounds.1.as_ptr(),
                null(),
                problem.sides.0.as_ptr(),
                problem.sides.1.as_ptr(),
                null(),
                null(),
            )
        };
        (self.n, self.m) = (n, m);
        accepted(code, "the problem")
    }

    /// Sets the quadratic objective: COPT has no ½ in it.
    pub(super) fn set_quadratic(&mut self, Terms { row, column, value }: &Terms) -> Result<()> {
        let lengths = row.len() == value.len() && column.len() == value.len();
        check(lengths && in_range(row, self.n) && in_range(column, self.n), "a Hessian of a wrong shape")?;
        let (row, column, count) = (row.as_ptr(), column.as_ptr(), int(NAME, value.len())?);
        // SAFETY: the vectors have `count` entries, of columns that exist: checked above. They are copied.
        let code = unsafe { (self.functions().set_quadratic)(self.ptr.as_ptr(), count, row, column, value.as_ptr()) };
        accepted(code, "the Hessian")
    }

    /// Adds the cone `‖x₁‖ ≤ x₀` over `columns`, the head first.
    pub(super) fn add_cone(&mut self, columns: Range<usize>) -> Result<()> {
        check(columns.end <= self.n && !columns.is_empty(), "a cone of columns that do not exist")?;
        let add = self.functions().add_cones.ok_or_else(|| too_old(NAME))?;
        let columns = columns.map(|j| int(NAME, j)).collect::<Result<Vec<_>>>()?;
        let count = int(NAME, columns.len())?;
        // SAFETY: one cone, of `count` columns that exist: checked above. They are copied.
        accepted(unsafe { add(self.ptr.as_ptr(), 1, &CONE_QUAD, &0, &count, columns.as_ptr()) }, "a cone")
    }

    /// Sets the costs (`n`).
    pub(super) fn set_costs(&mut self, costs: &[f64]) -> Result<()> {
        // SAFETY: the function sets a value for each of some columns.
        unsafe { self.set_values(self.functions().set_costs, self.n, costs, "the costs") }
    }

    /// Sets the bounds (`n` each).
    pub(super) fn set_bounds(&mut self, (lower, upper): (&[f64], &[f64])) -> Result<()> {
        // SAFETY: the functions set a value for each of some columns.
        unsafe {
            self.set_values(self.functions().set_lower_bounds, self.n, lower, "the bounds")?;
            self.set_values(self.functions().set_upper_bounds, self.n, upper, "the bounds")
        }
    }

    /// Sets the sides of the rows (`m` each).
    pub(super) fn set_sides(&mut self, (lower, upper): (&[f64], &[f64])) -> Result<()> {
        // SAFETY: the functions set a value for each of some rows.
        unsafe {
            self.set_values(self.functions().set_lower_sides, self.m, lower, "the sides")?;
            self.set_values(self.functions().set_upper_sides, self.m, upper, "the sides")
        }
    }

    /// # Safety
    /// `set` takes a number of columns or rows, of which there are `count`, their indices and their values, and copies
    /// them.
    unsafe fn set_values(&self, set: SetValues, count: usize, values: &[f64], what: &str) -> Result<()> {
        check(values.len() == count, what)?;
        if values.is_empty() {
            return Ok(());
        }
        let count = int(NAME, count)?;
        let all: Vec<c_int> = (0..count).collect();
        // SAFETY: the caller's promise, and there are `count` indices and values.
        accepted(unsafe { set(self.ptr.as_ptr(), count, all.as_ptr(), values.as_ptr()) }, what)
    }

    /// Sets a parameter from its text, by the type that COPT gives it.
    pub(super) fn set(&mut self, name: &str, value: &str) -> Result<()> {
        let bad = |reason: &str| Error::invalid_setting(name, format!("'{value}' {reason}"));
        let c_name = CString::new(name).map_err(|_| bad("belongs to a name with a zero byte"))?;
        let (this, key, functions) = (self.ptr.as_ptr(), c_name.as_ptr(), self.functions());
        let (mut integer, mut double) = (0, 0.0);
        // SAFETY: the problem is alive, the name ends with a zero byte; writes one number, on success.
        let is_integer = unsafe { (functions.get_int_param)(this, key, &mut integer) } == 0;
        let code = if is_integer {
            // SAFETY: as above, and the parameter has this type: so in the next.
            unsafe { (functions.set_int_param)(this, key, value.parse().map_err(|_| bad("is no integer"))?) }
        // SAFETY: as above.
        } else if unsafe { (functions.get_double_param)(this, key, &mut double) } == 0 {
            // SAFETY: as above.
            unsafe { (functions.set_double_param)(this, key, value.parse().map_err(|_| bad("is no number"))?) }
        } else {
            return Err(Error::invalid_setting(name, "COPT has no such parameter"));
        };
        if code == 0 { Ok(()) } else { Err(bad("is out of the parameter's range")) }
    }

    /// Sets a parameter that not every version has; where it does not, nothing happens.
    pub(super) fn set_if_known(&mut self, name: &'static CStr, value: f64) {
        let (this, key, functions) = (self.ptr.as_ptr(), name.as_ptr(), self.functions());
        // SAFETY: the problem is alive; an unknown name, or one of the other type, is refused by its code.
        unsafe {
            if (functions.set_double_param)(this, key, value) != 0 && value.fract() == 0.0 {
                (functions.set_int_param)(this, key, value as c_int);
            }
        }
    }

    /// Solves; returns the return code, zero for success.
    pub(super) fn solve(&mut self) -> c_int {
        // SAFETY: the problem is alive and exclusively borrowed; no call-back leads back into Rust.
        unsafe { (self.functions().solve)(self.ptr.as_ptr()) }
    }

    /// An integer result by name.
    pub(super) fn attribute(&self, name: &'static CStr) -> Result<c_int> {
        let mut value = 0;
        // SAFETY: the problem is alive; writes one integer, on success.
        let code = unsafe { (self.functions().int_attribute)(self.ptr.as_ptr(), name.as_ptr(), &mut value) };
        accepted(code, "to give an attribute").map(|()| value)
    }

    /// Copies the point and the multipliers, in COPT's signs, into `out`.
    pub(super) fn read(&self, out: &mut Solution) -> Result<()> {
        let lengths = out.x.len() == self.n && out.bound_duals.len() == self.n && out.y.len() == self.m;
        check(lengths, "to write into buffers of a wrong length")?;
        let (x, rows, bounds) = (out.x.as_mut_ptr(), out.y.as_mut_ptr(), out.bound_duals.as_mut_ptr());
        // SAFETY: the lengths are checked; null for the slacks, which are not needed.
        let code = unsafe { (self.functions().solution)(self.ptr.as_ptr(), x, null_mut(), rows, bounds) };
        accepted(code, "to give its solution")
    }
}

impl Drop for Problem {
    fn drop(&mut self) {
        self.delete();
    }
}

fn create(environment: &Environment) -> Result<NonNull<c_void>> {
    let mut raw = null_mut();
    // SAFETY: the environment is alive; writes one pointer.
    let code = unsafe { (environment.functions.create_problem)(environment.ptr.as_ptr(), &mut raw) };
    accepted(code, "to make a problem")?;
    NonNull::new(raw).ok_or_else(|| Error::backend(NAME, "made no problem"))
}

fn check(ok: bool, what: &str) -> Result<()> {
    if ok { Ok(()) } else { Err(Error::backend(NAME, format!("refused {what}"))) }
}

fn accepted(code: c_int, what: &str) -> Result<()> {
    if code == 0 { Ok(()) } else { Err(refused(code, what)) }
}
