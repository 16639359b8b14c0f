//! CPLEX' C interface, `cplex.h`, in its form with 32-bit integers.
#![allow(unsafe_code, reason = "calls into C")]

mod problem;

use std::ffi::{CString, c_char, c_int, c_void};
use std::ptr::{NonNull, null_mut};
use std::sync::Arc;

use bpqp_traits::{Error, Result};

pub(super) use self::problem::{Model, Problem};
use super::NAME;
use super::status::error;
use crate::ffi::{function_table, text};

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
