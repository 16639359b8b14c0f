//! Xpress' C interface, `xprs.h`.
#![allow(unsafe_code, reason = "calls into C")]

use std::ffi::{CStr, CString, c_char, c_int, c_void};
use std::io::Write;
use std::ops::Range;
use std::ptr::{NonNull, null, null_mut};
use std::sync::{Arc, Mutex, PoisonError};

use bpqp_traits::{Error, Result, Solution};

use super::{NAME, refused};
use crate::cones::form;
use crate::ffi::{function_table, int, text};
use crate::model::Matrix;
use crate::rows::Rows;

/// Prints what Xpress says: problem, data, text, its length, its type.
type Message = unsafe extern "C" fn(*mut c_void, *mut c_void, *const c_char, c_int, c_int);

function_table! {
    backend = NAME;
    struct Functions {
        init: fn(*const c_char) -> c_int = "XPRSinit";
        free: fn() -> c_int = "XPRSfree";
        license_message: fn(*mut c_char, c_int) -> c_int = "XPRSgetlicerrmsg";
        version: fn(*mut c_char) -> c_int = "XPRSgetversion";
        create: fn(*mut *mut c_void) -> c_int = "XPRScreateprob";
        destroy: fn(*mut c_void) -> c_int = "XPRSdestroyprob";
        add_message: fn(*mut c_void, Message, *mut c_void, c_int) -> c_int = "XPRSaddcbmessage";
        last_error: fn(*mut c_void, *mut c_char) -> c_int = "XPRSgetlasterror";
        load: fn(
            *mut c_void, *const c_char, c_int, c_int, *const c_char, *const f64, *const f64, *const f64, *const i64,
            *const c_int, *const c_int, *const f64, *const f64, *const f64, i64, *const c_int, *const c_int,
            *const f64,
        ) -> c_int = "XPRSloadqp64";
        change_cost: fn(*mut c_void, c_int, *const c_int, *const f64) -> c_int = "XPRSchgobj";
        change_kind: fn(*mut c_void, c_int, *const c_int, *const c_char) -> c_int = "XPRSchgrowtype";
        change_rhs: fn(*mut c_void, c_int, *const c_int, *const f64) -> c_int = "XPRSchgrhs";
        change_range: fn(*mut c_void, c_int, *const c_int, *const f64) -> c_int = "XPRSchgrhsrange";
        change_bounds: fn(*mut c_void, c_int, *const c_int, *const c_char, *const f64) -> c_int = "XPRSchgbounds";
        control_info: fn(*mut c_void, *const c_char, *mut c_int, *mut c_int) -> c_int = "XPRSgetcontrolinfo";
        set_int: fn(*mut c_void, c_int, c_int) -> c_int = "XPRSsetintcontrol";
        set_long: fn(*mut c_void, c_int, i64) -> c_int = "XPRSsetintcontrol64";
        set_double: fn(*mut c_void, c_int, f64) -> c_int = "XPRSsetdblcontrol";
        set_string: fn(*mut c_void, c_int, *const c_char) -> c_int = "XPRSsetstrcontrol";
        int_attribute: fn(*mut c_void, c_int, *mut c_int) -> c_int = "XPRSgetintattrib";
        add_quadratic: fn(*mut c_void, c_int, i64, *const c_int, *const c_int, *const f64) -> c_int
            = "XPRSaddqmatrix64";
        optimize: fn(*mut c_void, *const c_char) -> c_int = "XPRSlpoptimize";
        solution: fn(*mut c_void, *mut f64, *mut f64, *mut f64, *mut f64) -> c_int = "XPRSgetlpsol";
    }
}

/// The code for a solution that is not available.
const NO_SOLUTION: c_int = 422;

/// Serializes `XPRSinit` and `XPRSfree`, which are for the whole process.
static GLOBAL: Mutex<()> = Mutex::new(());

/// The loaded library, and its environment once it was needed.
pub(crate) struct Library {
    functions: Arc<Functions>,
    environment: Mutex<Option<Arc<Environment>>>,
}

impl Library {
    pub(super) fn load(library: libloading::Library) -> Result<Self> {
        Ok(Self { functions: Arc::new(Functions::load(library)?), environment: Mutex::default() })
    }

    /// The library's version, `47.01.02`.
    pub(super) fn version(&self) -> String {
        let mut buffer = [0; 512];
        // SAFETY: at most 16 bytes are written, with a zero at the end; no environment is needed.
        unsafe {
            (self.functions.version)(buffer.as_mut_ptr());
            text(buffer.as_ptr())
        }
    }

    /// Xpress' environment, which holds the license until the library's last user is gone. A refusal is asked about anew
    /// each time.
    ///
    /// # Errors
    /// [`Error::LicenseRefused`] in Xpress' words.
    pub(super) fn environment(&self) -> Result<Arc<Environment>> {
        let mut current = self.environment.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(environment) = current.as_ref() {
            return Ok(Arc::clone(environment));
        }
        let environment = Arc::new(Environment::new(&self.functions)?);
        Ok(Arc::clone(current.insert(environment)))
    }
}

/// One successful `XPRSinit`, balanced on drop: Xpress counts them, and a license of a server is given back with the last.
pub(super) struct Environment {
    functions: Arc<Functions>,
}

impl Environment {
    fn new(functions: &Arc<Functions>) -> Result<Self> {
        let _guard = GLOBAL.lock().unwrap_or_else(PoisonError::into_inner);
        // SAFETY: null stands for the usual places of a license.
        let code = unsafe { (functions.init)(null()) };
        // 32 is a license for students.
        if code == 0 || code == 32 {
            return Ok(Self { functions: Arc::clone(functions) });
        }
        let mut buffer = [0; 2048];
        // SAFETY: the buffer has as many bytes as are said, and ends with a zero whatever is written.
        let reason = unsafe {
            (functions.license_message)(buffer.as_mut_ptr(), int(NAME, buffer.len() - 1)?);
            text(buffer.as_ptr())
        };
        Err(refused(&format!("{reason} (code {code})")))
    }
}

impl Drop for Environment {
    fn drop(&mut self) {
        let _guard = GLOBAL.lock().unwrap_or_else(PoisonError::into_inner);
        // SAFETY: balances one successful `XPRSinit`; the problems of this environment are gone, as they share it.
        unsafe { (self.functions.free)() };
    }
}

/// A program as Xpress takes it: `n` columns, `m` rows, one triangle of `P`.
pub(super) struct Model<'a> {
    pub(super) cost: &'a [f64],
    pub(super) bounds: (&'a [f64], &'a [f64]),
    pub(super) rows: &'a Rows,
    pub(super) a: &'a Matrix,
    /// Empty for an LP.
    pub(super) p: &'a Matrix,
    /// How many rows `0 ≤ 0` to append, which cones become.
    pub(super) cones: usize,
}

/// One problem inside Xpress, destroyed on drop.
pub(super) struct Problem {
    ptr: NonNull<c_void>,
    environment: Arc<Environment>,
    n: usize,
    m: usize,
    /// Rows behind the others that are cones.
    cones: usize,
}

// SAFETY: a problem is reached through this handle alone and may be used by any one thread at a time.
unsafe impl Send for Problem {}

impl Problem {
    /// An empty problem.
    pub(super) fn new(environment: Arc<Environment>) -> Result<Self> {
        let mut ptr = null_mut();
        // SAFETY: the environment is alive; `ptr` is written on success.
        let code = unsafe { (environment.functions.create)(&mut ptr) };
        let ptr = NonNull::new(ptr).filter(|_| code == 0);
        let ptr = ptr.ok_or_else(|| Error::Backend {
            backend: NAME.into(),
            code: Some(code.into()),
            message: "could not create a problem".into(),
        })?;
        Ok(Self { ptr, environment, n: 0, m: 0, cones: 0 })
    }

    fn functions(&self) -> &Functions {
        &self.environment.functions
    }

    /// Sends what Xpress says to the standard output.
    pub(super) fn print(&mut self) -> Result<()> {
        // SAFETY: the function fits the type of such callbacks and needs no data.
        self.accepted(unsafe { (self.functions().add_message)(self.ptr.as_ptr(), print, null_mut(), 0) })
    }

    /// Replaces the program.
    pub(super) fn load(&mut self, model: &Model<'_>) -> Result<()> {
        let (n, m) = (model.cost.len(), model.rows.kind.len());
        let shapes = model.bounds.0.len() == n
            && model.bounds.1.len() == n
            && model.rows.rhs.len() == m
            && model.rows.range.len() == m
            && model.a.start.len() == n + 1
            && (model.p.value.is_empty() || model.p.start.len() == n + 1);
        check(shapes, "a problem whose shapes do not match")?;
        (self.n, self.m, self.cones) = (n, m, model.cones);
        let (start, columns) = (model.a.start64(), model.p.columns());
        let kind = [&model.rows.kind[..], &vec![b'L'; model.cones]].concat();
        let with_zeros = |v: &[f64]| [v, &vec![0.0; model.cones]].concat();
        let (rhs, range) = (with_zeros(&model.rows.rhs), with_zeros(&model.rows.range));
        // SAFETY: the vectors have the lengths that the counts say: checked above, and by construction of `Matrix`. They
        // are copied. Without counts of the columns, `start` has one entry more than there are columns.
        let code = unsafe {
            (self.functions().load)(
                self.ptr.as_ptr(),
                c"".as_ptr(),
                int(NAME, n)?,
                int(NAME, kind.len())?,
                kind.as_ptr().cast(),
                rhs.as_ptr(),
                range.as_ptr(),
                model.cost.as_ptr(),
                start.as_ptr(),
                null(),
                model.a.index.as_ptr(),
                model.a.value.as_ptr(),
                model.bounds.0.as_ptr(),
                model.bounds.1.as_ptr(),
                i64::from(int(NAME, model.p.value.len())?),
                model.p.index.as_ptr(),
                columns.as_ptr(),
                model.p.value.as_ptr(),
            )
        };
        self.accepted(code)
    }

    /// Makes an empty row the cone `‖x₁‖² − x₀² ≤ 0` over consecutive columns, whose head has the lower bound 0.
    pub(super) fn set_cone(&mut self, row: usize, columns: Range<usize>) -> Result<()> {
        let valid = (self.m..self.m + self.cones).contains(&row) && columns.end <= self.n && !columns.is_empty();
        check(valid, "a cone of rows or columns that do not exist")?;
        let (row, (columns, value)) = (int(NAME, row)?, form(NAME, columns)?);
        let count = i64::from(int(NAME, columns.len())?);
        // SAFETY: `count` entries on the diagonal, of columns that exist, as does the row: checked above.
        self.accepted(unsafe {
            let columns = columns.as_ptr();
            (self.functions().add_quadratic)(self.ptr.as_ptr(), row, count, columns, columns, value.as_ptr())
        })
    }

    /// New costs (`n`).
    pub(super) fn change_cost(&mut self, cost: &[f64]) -> Result<()> {
        check(cost.len() == self.n, "costs of a wrong length")?;
        let (count, columns) = (int(NAME, self.n)?, indices(self.n)?);
        // SAFETY: the indices are those of all columns, and `cost` has one value for each.
        let code = unsafe { (self.functions().change_cost)(self.ptr.as_ptr(), count, columns.as_ptr(), cost.as_ptr()) };
        self.accepted(code)
    }

    /// New kinds, right-hand sides and ranges of the rows (`m`).
    pub(super) fn change_rows(&mut self, rows: &Rows) -> Result<()> {
        check(rows.kind.len() == self.m && rows.rhs.len() == self.m, "rows of a wrong number")?;
        if self.m == 0 {
            return Ok(());
        }
        let (this, count, all) = (self.ptr.as_ptr(), int(NAME, self.m)?, indices(self.m)?);
        // SAFETY: the indices are those of all rows, and `kind` has one value for each.
        self.accepted(unsafe { (self.functions().change_kind)(this, count, all.as_ptr(), rows.kind.as_ptr().cast()) })?;
        // SAFETY: as above, for `rhs`.
        self.accepted(unsafe { (self.functions().change_rhs)(this, count, all.as_ptr(), rows.rhs.as_ptr()) })?;
        let ranged = all.into_iter().zip(&rows.kind).zip(&rows.range).filter(|((_, kind), _)| **kind == b'R');
        let (ranged, ranges): (Vec<c_int>, Vec<f64>) = ranged.map(|((row, _), range)| (row, *range)).unzip();
        if ranged.is_empty() {
            return Ok(());
        }
        let count = int(NAME, ranged.len())?;
        // SAFETY: as many indices of rows as ranges.
        self.accepted(unsafe { (self.functions().change_range)(this, count, ranged.as_ptr(), ranges.as_ptr()) })
    }

    /// New bounds (`n` each).
    pub(super) fn change_bounds(&mut self, (lower, upper): (&[f64], &[f64])) -> Result<()> {
        check(lower.len() == self.n && upper.len() == self.n, "bounds of a wrong length")?;
        let columns = indices(self.n)?.repeat(2);
        let kinds = [vec![b'L'; self.n], vec![b'U'; self.n]].concat();
        let (count, values) = (int(NAME, columns.len())?, [lower, upper].concat());
        // SAFETY: each column twice, with as many kinds and values.
        let code = unsafe {
            let kinds = kinds.as_ptr().cast();
            (self.functions().change_bounds)(self.ptr.as_ptr(), count, columns.as_ptr(), kinds, values.as_ptr())
        };
        self.accepted(code)
    }

    /// Solves by the method that `flags` names: `d` dual simplex, `b` barrier.
    pub(super) fn optimize(&mut self, flags: &CStr) -> Result<()> {
        // SAFETY: the problem is exclusively borrowed; no callback but `print` leads back into Rust.
        self.accepted(unsafe { (self.functions().optimize)(self.ptr.as_ptr(), flags.as_ptr()) })
    }

    /// Copies the point and the multipliers, in Xpress' signs, into `out`. False where Xpress holds none.
    pub(super) fn read(&self, out: &mut Solution) -> Result<bool> {
        let lengths = out.x.len() == self.n && out.bound_duals.len() == self.n && out.y.len() == self.m;
        check(lengths, "to write into buffers of a wrong length")?;
        out.y.resize(self.m + self.cones, 0.0);
        let (x, y, bound_duals) = (out.x.as_mut_ptr(), out.y.as_mut_ptr(), out.bound_duals.as_mut_ptr());
        // SAFETY: the lengths are checked, and there is room for all rows; null stands for the slacks, which are not asked
        // for.
        let code = unsafe { (self.functions().solution)(self.ptr.as_ptr(), x, null_mut(), y, bound_duals) };
        out.y.truncate(self.m);
        if code == NO_SOLUTION { Ok(false) } else { self.accepted(code).map(|()| true) }
    }

    /// An integer attribute by its number.
    pub(super) fn attribute(&self, number: c_int) -> Result<c_int> {
        let mut value = 0;
        // SAFETY: `value` is written on success.
        self.accepted(unsafe { (self.functions().int_attribute)(self.ptr.as_ptr(), number, &mut value) })?;
        Ok(value)
    }

    /// Sets an integer control by its number.
    pub(super) fn set_int(&mut self, number: c_int, value: c_int) -> Result<()> {
        // SAFETY: a wrong number is an error of Xpress'.
        self.accepted(unsafe { (self.functions().set_int)(self.ptr.as_ptr(), number, value) })
    }

    /// Sets a control of type double by its number.
    pub(super) fn set_double(&mut self, number: c_int, value: f64) -> Result<()> {
        // SAFETY: a wrong number is an error of Xpress'.
        self.accepted(unsafe { (self.functions().set_double)(self.ptr.as_ptr(), number, value) })
    }

    /// Sets a control from its text, by the type that Xpress gives it.
    pub(super) fn set(&mut self, name: &str, value: &str) -> Result<()> {
        let bad = |reason: &str| Error::invalid_setting(name, format!("'{value}' {reason}"));
        let unknown = || Error::invalid_setting(name, "Xpress has no such control");
        let key = CString::new(name).map_err(|_| unknown())?;
        let (this, mut number, mut kind) = (self.ptr.as_ptr(), 0, 0);
        // SAFETY: the name ends with a zero byte; number and kind are written on success.
        if unsafe { (self.functions().control_info)(this, key.as_ptr(), &mut number, &mut kind) } != 0 {
            return Err(unknown());
        }
        let code = match kind {
            // SAFETY: the control has this type: so in the next three.
            1 => unsafe { (self.functions().set_int)(this, number, value.parse().map_err(|_| bad("is no integer"))?) },
            // SAFETY: as above.
            2 => unsafe { (self.functions().set_long)(this, number, value.parse().map_err(|_| bad("is no integer"))?) },
            // SAFETY: as above.
            3 => unsafe {
                (self.functions().set_double)(this, number, value.parse().map_err(|_| bad("is no number"))?)
            },
            4 => {
                let value = CString::new(value).map_err(|_| bad("holds a zero byte"))?;
                // SAFETY: as above, and the value ends with a zero byte.
                unsafe { (self.functions().set_string)(this, number, value.as_ptr()) }
            }
            _ => return Err(unknown()),
        };
        self.accepted(code).map_err(|error| bad(&format!("was refused: {error}")))
    }

    /// The error behind a code that is not zero, in Xpress' words.
    fn accepted(&self, code: c_int) -> Result<()> {
        if code == 0 {
            return Ok(());
        }
        let mut buffer = [0; 1024];
        // SAFETY: at most 512 bytes are written, with a zero at the end.
        let message = unsafe {
            (self.functions().last_error)(self.ptr.as_ptr(), buffer.as_mut_ptr());
            text(buffer.as_ptr())
        };
        Err(match code {
            // Too large for the license; a command that it does not allow.
            120 | 352 => refused(&message),
            _ => Error::Backend { backend: NAME.into(), code: Some(code.into()), message },
        })
    }
}

impl Drop for Problem {
    fn drop(&mut self) {
        // SAFETY: the problem came from `XPRScreateprob`, is destroyed once, and is not used again.
        unsafe { (self.functions().destroy)(self.ptr.as_ptr()) };
    }
}

/// Prints a line. Nothing in it panics: a closed output is ignored.
unsafe extern "C" fn print(_: *mut c_void, _: *mut c_void, line: *const c_char, _: c_int, kind: c_int) {
    // Negative types say that a file is to be flushed.
    if kind >= 0 {
        // SAFETY: Xpress passes null or a string that lives through the call.
        let line = unsafe { text(line) };
        let _ = writeln!(std::io::stdout(), "{line}");
    }
}

fn indices(count: usize) -> Result<Vec<c_int>> {
    Ok((0..int(NAME, count)?).collect())
}

fn check(ok: bool, what: &str) -> Result<()> {
    if ok { Ok(()) } else { Err(Error::backend(NAME, format!("refused {what}"))) }
}
