//! MOSEK's C interface, `mosek.h`.
#![allow(unsafe_code, reason = "calls into C")]

use std::ffi::{CStr, CString, c_char, c_int, c_void};
use std::io::Write;
use std::ops::Range;
use std::ptr::{NonNull, null, null_mut};
use std::sync::Arc;

use bpqp_traits::{Error, Result};

use super::NAME;
use super::status::refused;
use crate::cones::too_old;
use crate::ffi::{function_table, in_range, int};
use crate::model::Matrix;

/// The license feature of linear and quadratic problems.
const FEATURE_BASE: c_int = 0;
/// The stream of the log.
const STREAM_LOG: c_int = 0;
/// The kinds of bounds that are used: `MSKboundkeye`.
const BOUND_KEYS: std::ops::RangeInclusive<c_int> = 0..=4;

type Printer = unsafe extern "C" fn(*mut c_void, *const c_char);

function_table! {
    backend = NAME;
    struct Functions {
        // Version 8 wrote a fourth number, which later ones leave alone.
        version: fn(*mut c_int, *mut c_int, *mut c_int, *mut c_int) -> c_int = "MSK_getversion";
        make_env: fn(*mut *mut c_void, *const c_char) -> c_int = "MSK_makeenv";
        delete_env: fn(*mut *mut c_void) -> c_int = "MSK_deleteenv";
        check_out: fn(*mut c_void, c_int) -> c_int = "MSK_checkoutlicense";
        check_in: fn(*mut c_void, c_int) -> c_int = "MSK_checkinlicense";
        make_task: fn(*mut c_void, c_int, c_int, *mut *mut c_void) -> c_int = "MSK_maketask";
        delete_task: fn(*mut *mut c_void) -> c_int = "MSK_deletetask";
        set_param: fn(*mut c_void, *const c_char, *const c_char) -> c_int = "MSK_putparam";
        link_log: fn(*mut c_void, c_int, *mut c_void, Printer) -> c_int = "MSK_linkfunctotaskstream";
        append_rows: fn(*mut c_void, c_int) -> c_int = "MSK_appendcons";
        append_columns: fn(*mut c_void, c_int) -> c_int = "MSK_appendvars";
        set_costs: fn(*mut c_void, c_int, c_int, *const f64) -> c_int = "MSK_putcslice";
        set_bounds: fn(*mut c_void, c_int, c_int, *const c_int, *const f64, *const f64) -> c_int
            = "MSK_putvarboundslice";
        set_sides: fn(*mut c_void, c_int, c_int, *const c_int, *const f64, *const f64) -> c_int
            = "MSK_putconboundslice";
        set_matrix: fn(*mut c_void, c_int, c_int, *const i64, *const i64, *const c_int, *const f64) -> c_int
            = "MSK_putacolslice64";
        set_quadratic: fn(*mut c_void, c_int, *const c_int, *const c_int, *const f64) -> c_int = "MSK_putqobj";
        optimize: fn(*mut c_void, *mut c_int) -> c_int = "MSK_optimizetrm";
        has_solution: fn(*mut c_void, c_int, *mut c_int) -> c_int = "MSK_solutiondef";
        solution_status: fn(*mut c_void, c_int, *mut c_int) -> c_int = "MSK_getsolsta";
        get_x: fn(*mut c_void, c_int, *mut f64) -> c_int = "MSK_getxx";
        get_row_duals: fn(*mut c_void, c_int, *mut f64) -> c_int = "MSK_gety";
        get_lower_duals: fn(*mut c_void, c_int, *mut f64) -> c_int = "MSK_getslx";
        get_upper_duals: fn(*mut c_void, c_int, *mut f64) -> c_int = "MSK_getsux";
        int_info: fn(*mut c_void, *const c_char, *mut c_int) -> c_int = "MSK_getnaintinf";
    }
    optional {
        append_expressions: fn(*mut c_void, i64) -> c_int = "MSK_appendafes";
        set_expressions: fn(*mut c_void, i64, *const i64, *const c_int, *const f64) -> c_int = "MSK_putafefentrylist";
        append_domain: fn(*mut c_void, i64, *mut i64) -> c_int = "MSK_appendquadraticconedomain";
        append_cone: fn(*mut c_void, i64, i64, i64, *const f64) -> c_int = "MSK_appendaccseq";
    }
}

impl Functions {
    /// The library's version: major, minor, revision.
    pub(super) fn version(&self) -> [c_int; 3] {
        let [mut major, mut minor, mut revision, mut more] = [0; 4];
        // SAFETY: writes three or four integers; a function that takes three ignores the fourth argument.
        unsafe { (self.version)(&mut major, &mut minor, &mut revision, &mut more) };
        [major, minor, revision]
    }
}

/// The library's environment, which holds the license; deleted on drop, before the library is unloaded.
pub(crate) struct Environment {
    ptr: NonNull<c_void>,
    functions: Functions,
}

// SAFETY: an environment is not bound to a thread.
unsafe impl Send for Environment {}
// SAFETY: MOSEK's manual lets tasks of one environment be made and used by several threads at a time.
unsafe impl Sync for Environment {}

impl Environment {
    pub(super) fn new(functions: Functions) -> Result<Self> {
        let mut raw = null_mut();
        // SAFETY: writes one pointer; null for no file of memory debugging.
        accepted(unsafe { (functions.make_env)(&mut raw, null()) }, "to make an environment")?;
        let ptr = NonNull::new(raw).ok_or_else(|| Error::backend(NAME, "made no environment"))?;
        Ok(Self { ptr, functions })
    }

    /// The library's version: major, minor, revision.
    pub(super) fn version(&self) -> [c_int; 3] {
        self.functions.version()
    }

    /// Takes a license and gives it back.
    pub(super) fn check_license(&self) -> Result<()> {
        // SAFETY: the environment is alive.
        accepted(unsafe { (self.functions.check_out)(self.ptr.as_ptr(), FEATURE_BASE) }, "to check its license")?;
        // SAFETY: as above; what was taken goes back.
        unsafe { (self.functions.check_in)(self.ptr.as_ptr(), FEATURE_BASE) };
        Ok(())
    }
}

impl Drop for Environment {
    fn drop(&mut self) {
        let mut raw = self.ptr.as_ptr();
        // SAFETY: the environment came from `MSK_makeenv`, is deleted once, and is not used again; tasks hold a share of it.
        unsafe { (self.functions.delete_env)(&mut raw) };
    }
}

/// Which of its solutions MOSEK is asked for: `MSKsoltypee`.
#[derive(Clone, Copy)]
pub(super) enum Kind {
    Interior = 0,
    Basic = 1,
}

/// Lower and upper limits, with MOSEK's key for each pair.
pub(super) struct Limits<'a> {
    pub(super) key: &'a [c_int],
    pub(super) lower: &'a [f64],
    pub(super) upper: &'a [f64],
}

/// A task of `n` columns and `m` rows, deleted on drop.
pub(super) struct Task {
    ptr: NonNull<c_void>,
    environment: Arc<Environment>,
    n: usize,
    m: usize,
    /// The affine expressions that it has, each a column of a cone.
    expressions: i64,
}

// SAFETY: a task is reached through this handle alone and may be used by any one thread at a time.
unsafe impl Send for Task {}

impl Task {
    /// A task with empty columns and rows.
    pub(super) fn new(environment: &Arc<Environment>, n: usize, m: usize) -> Result<Self> {
        let (columns, rows, mut raw) = (int(NAME, n)?, int(NAME, m)?, null_mut());
        let functions = &environment.functions;
        // SAFETY: the environment is alive; writes one pointer.
        accepted(unsafe { (functions.make_task)(environment.ptr.as_ptr(), rows, columns, &mut raw) }, "a task")?;
        let ptr = NonNull::new(raw).ok_or_else(|| Error::backend(NAME, "made no task"))?;
        let task = Self { ptr, environment: Arc::clone(environment), n, m, expressions: 0 };
        // SAFETY: the task is alive.
        accepted(unsafe { (functions.append_rows)(task.ptr.as_ptr(), rows) }, "the rows")?;
        // SAFETY: as above.
        accepted(unsafe { (functions.append_columns)(task.ptr.as_ptr(), columns) }, "the columns")?;
        Ok(task)
    }

    fn functions(&self) -> &Functions {
        &self.environment.functions
    }

    /// Prints the log.
    pub(super) fn print_log(&mut self) -> Result<()> {
        // SAFETY: the task is alive; `print` ignores its handle, never unwinds, and outlives every task.
        accepted(unsafe { (self.functions().link_log)(self.ptr.as_ptr(), STREAM_LOG, null_mut(), print) }, "a log")
    }

    /// Sets a parameter from its text, by its full name: `MSK_IPAR_LOG`.
    pub(super) fn set(&mut self, name: &str, value: &str) -> Result<()> {
        let bad = |reason: &str| Error::invalid_setting(name, format!("'{value}' {reason}"));
        let zero = |_| bad("or its name holds a zero byte");
        let (c_name, c_value) = (CString::new(name).map_err(zero)?, CString::new(value).map_err(zero)?);
        // SAFETY: the task is alive; both texts end with a zero byte.
        match unsafe { (self.functions().set_param)(self.ptr.as_ptr(), c_name.as_ptr(), c_value.as_ptr()) } {
            0 => Ok(()),
            1206..=1209 => Err(Error::invalid_setting(name, "MOSEK has no such parameter")),
            1215..=1218 => Err(bad("is not in the parameter's range")),
            code => Err(refused(code, &format!("the parameter {name}"))),
        }
    }

    /// Sets the costs (`n`).
    pub(super) fn set_costs(&mut self, costs: &[f64]) -> Result<()> {
        check(costs.len() == self.n, "costs of a wrong length")?;
        // SAFETY: there is one value for each column; they are copied.
        let code = unsafe { (self.functions().set_costs)(self.ptr.as_ptr(), 0, int(NAME, self.n)?, costs.as_ptr()) };
        accepted(code, "the costs")
    }

    /// Sets the bounds (`n`).
    pub(super) fn set_bounds(&mut self, bounds: &Limits<'_>) -> Result<()> {
        check(bounds.valid(self.n), "bounds of a wrong length or kind")?;
        let (key, lower, upper) = (bounds.key.as_ptr(), bounds.lower.as_ptr(), bounds.upper.as_ptr());
        // SAFETY: there is one key and one pair for each column: checked above. They are copied.
        let code =
            unsafe { (self.functions().set_bounds)(self.ptr.as_ptr(), 0, int(NAME, self.n)?, key, lower, upper) };
        accepted(code, "the bounds")
    }

    /// Sets the sides of the rows (`m`).
    pub(super) fn set_sides(&mut self, sides: &Limits<'_>) -> Result<()> {
        check(sides.valid(self.m), "sides of a wrong length or kind")?;
        if self.m == 0 {
            return Ok(());
        }
        let (key, lower, upper) = (sides.key.as_ptr(), sides.lower.as_ptr(), sides.upper.as_ptr());
        // SAFETY: there is one key and one pair for each row: checked above. They are copied.
        let code = unsafe { (self.functions().set_sides)(self.ptr.as_ptr(), 0, int(NAME, self.m)?, key, lower, upper) };
        accepted(code, "the sides")
    }

    /// Replaces the matrix (`m × n`).
    pub(super) fn set_matrix(&mut self, a: &Matrix) -> Result<()> {
        let valid = a.start.len() == self.n + 1 && a.index.len() == a.value.len() && in_range(&a.index, self.m);
        check(valid, "a matrix of a wrong shape")?;
        let (start, last) = (a.start64(), int(NAME, self.n)?);
        let (begin, end) = (start.as_ptr(), start[1..].as_ptr());
        // SAFETY: column `j` has the entries from `begin[j]` to `end[j]`, by construction of `Matrix`, in rows that exist:
        // checked above. They are copied.
        let code = unsafe {
            (self.functions().set_matrix)(self.ptr.as_ptr(), 0, last, begin, end, a.index.as_ptr(), a.value.as_ptr())
        };
        accepted(code, "the matrix")
    }

    /// Replaces the Hessian by that with this lower triangle.
    pub(super) fn set_quadratic(&mut self, lower: &Matrix) -> Result<()> {
        let columns = lower.columns();
        let valid = lower.index.len() == columns.len() && lower.value.len() == columns.len();
        check(valid && in_range(&lower.index, self.n) && in_range(&columns, self.n), "a Hessian of a wrong shape")?;
        let (row, column, count) = (lower.index.as_ptr(), columns.as_ptr(), int(NAME, columns.len())?);
        // SAFETY: the vectors have `count` entries, of columns that exist: checked above. They are copied.
        let code =
            unsafe { (self.functions().set_quadratic)(self.ptr.as_ptr(), count, row, column, lower.value.as_ptr()) };
        accepted(code, "the Hessian")
    }

    /// Adds the cone `‖x₁‖ ≤ x₀` over `columns`, the head first.
    pub(super) fn add_cone(&mut self, columns: Range<usize>) -> Result<()> {
        check(columns.end <= self.n && !columns.is_empty(), "a cone of columns that do not exist")?;
        let functions = self.functions();
        let (Some(append_expressions), Some(set_expressions)) =
            (functions.append_expressions, functions.set_expressions)
        else {
            return Err(too_old(NAME));
        };
        let (Some(append_domain), Some(append_cone)) = (functions.append_domain, functions.append_cone) else {
            return Err(too_old(NAME));
        };
        let value = vec![1.0; columns.len()];
        let columns = columns.map(|j| int(NAME, j)).collect::<Result<Vec<_>>>()?;
        let (task, first, count) = (self.ptr.as_ptr(), self.expressions, i64::from(int(NAME, columns.len())?));
        let all: Vec<i64> = (first..first + count).collect();
        // SAFETY: the task is alive.
        accepted(unsafe { append_expressions(task, count) }, "a cone's expressions")?;
        self.expressions += count;
        // SAFETY: there are `count` expressions, columns and values, the expressions just appended and the columns checked
        // above. They are copied.
        let code = unsafe { set_expressions(task, count, all.as_ptr(), columns.as_ptr(), value.as_ptr()) };
        accepted(code, "a cone's columns")?;
        let mut domain = 0;
        // SAFETY: writes one integer.
        accepted(unsafe { append_domain(task, count, &mut domain) }, "a cone of this size")?;
        // SAFETY: the domain has this size, and the expressions exist; null for an offset of zero.
        accepted(unsafe { append_cone(task, domain, count, first, null()) }, "a cone")
    }

    /// Solves; returns the error code, zero for none, and why it terminated.
    pub(super) fn optimize(&mut self) -> (c_int, c_int) {
        let mut terminated = 0;
        // SAFETY: the task is alive and exclusively borrowed; writes one integer. The only call-back is `print`.
        let code = unsafe { (self.functions().optimize)(self.ptr.as_ptr(), &mut terminated) };
        (code, terminated)
    }

    /// The status of a solution, where there is one.
    pub(super) fn solution_status(&self, kind: Kind) -> Result<Option<c_int>> {
        let (mut defined, mut status) = (0, 0);
        // SAFETY: the task is alive; writes one integer.
        let code = unsafe { (self.functions().has_solution)(self.ptr.as_ptr(), kind as c_int, &mut defined) };
        accepted(code, "to tell its solutions")?;
        if defined == 0 {
            return Ok(None);
        }
        // SAFETY: as above.
        let code = unsafe { (self.functions().solution_status)(self.ptr.as_ptr(), kind as c_int, &mut status) };
        accepted(code, "to give its status")?;
        Ok(Some(status))
    }

    /// Copies a solution that there is: the point (`n`), and the multipliers of rows (`m`), lower and upper bounds (`n`).
    pub(super) fn read(&self, kind: Kind, [x, rows, lower, upper]: [&mut [f64]; 4]) -> Result<()> {
        let lengths = x.len() == self.n && rows.len() == self.m && lower.len() == self.n && upper.len() == self.n;
        check(lengths, "to write into buffers of a wrong length")?;
        let (task, kind, functions) = (self.ptr.as_ptr(), kind as c_int, self.functions());
        // SAFETY: the task is alive and the lengths are checked; so in the next three.
        accepted(unsafe { (functions.get_x)(task, kind, x.as_mut_ptr()) }, "to give its point")?;
        // SAFETY: as above.
        accepted(unsafe { (functions.get_row_duals)(task, kind, rows.as_mut_ptr()) }, "to give its duals")?;
        // SAFETY: as above.
        accepted(unsafe { (functions.get_lower_duals)(task, kind, lower.as_mut_ptr()) }, "to give its duals")?;
        // SAFETY: as above.
        accepted(unsafe { (functions.get_upper_duals)(task, kind, upper.as_mut_ptr()) }, "to give its duals")
    }

    /// An integer result by its full name; 0 where there is none.
    pub(super) fn int_info(&self, name: &'static CStr) -> c_int {
        let mut value = 0;
        // SAFETY: the task is alive; writes one integer, on success.
        let code = unsafe { (self.functions().int_info)(self.ptr.as_ptr(), name.as_ptr(), &mut value) };
        if code == 0 { value } else { 0 }
    }

    /// Writes the problem to a file, in the format that its ending names.
    #[cfg(test)]
    pub(super) fn write(&self, library: &libloading::Library, file: &CStr) -> Result<()> {
        type Write = unsafe extern "C" fn(*mut c_void, *const c_char) -> c_int;
        // SAFETY: the type is that of the vendor's header, and `library` lives through the call.
        let write: Write = unsafe { crate::ffi::symbol(library, NAME, "MSK_writedata") }?;
        // SAFETY: the task is alive, made by the same library.
        accepted(unsafe { write(self.ptr.as_ptr(), file.as_ptr()) }, "to write a file")
    }
}

impl Drop for Task {
    fn drop(&mut self) {
        let mut raw = self.ptr.as_ptr();
        // SAFETY: the task came from `MSK_maketask`, is deleted once, before its environment, and is not used again.
        unsafe { (self.functions().delete_task)(&mut raw) };
    }
}

impl Limits<'_> {
    fn valid(&self, count: usize) -> bool {
        let lengths = self.key.len() == count && self.lower.len() == count && self.upper.len() == count;
        lengths && self.key.iter().all(|key| BOUND_KEYS.contains(key))
    }
}

/// Prints a piece of the log; where nobody reads it, it is lost.
unsafe extern "C" fn print(_handle: *mut c_void, text: *const c_char) {
    if !text.is_null() {
        // SAFETY: MOSEK passes a text that ends with a zero byte and lives through the call.
        let _ = std::io::stdout().write_all(unsafe { CStr::from_ptr(text) }.to_bytes());
    }
}

fn check(ok: bool, what: &str) -> Result<()> {
    if ok { Ok(()) } else { Err(Error::backend(NAME, format!("refused {what}"))) }
}

fn accepted(code: c_int, what: &str) -> Result<()> {
    if code == 0 { Ok(()) } else { Err(refused(code, what)) }
}
