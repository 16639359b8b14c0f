//! Loading libraries and their symbols: what all vendors' function tables are made with.
#![allow(unsafe_code, reason = "loads code")]

use std::ffi::{CStr, OsStr, c_char, c_int};

use bpqp_traits::{Error, Result};
use libloading::Library;

/// Opens `file`: a path, or a bare name for the system's own search.
pub(crate) fn open(file: &OsStr) -> std::result::Result<Library, String> {
    // SAFETY: runs the library's initializers, which is what its user asked for by installing or naming it.
    unsafe { Library::new(file) }.map_err(|error| {
        let cause = std::error::Error::source(&error).map(|source| source.to_string());
        cause.unwrap_or_else(|| error.to_string())
    })
}

/// The function `symbol` of `library`.
///
/// # Safety
/// `F` must be the type of that function, a pointer `unsafe extern "C" fn(…)`, and must not be called after `library` is
/// dropped.
pub(crate) unsafe fn symbol<F: Copy>(library: &Library, backend: &str, symbol: &str) -> Result<F> {
    const { assert!(size_of::<F>() == size_of::<usize>()) };
    // SAFETY: the caller's promise; `libloading` appends the zero byte.
    let found = unsafe { library.get::<F>(symbol.as_bytes()) };
    found.map(|f| *f).map_err(|_| {
        let message = format!("the library has no function {symbol}: it is another library, or another version of it");
        Error::backend(backend, message)
    })
}

/// Makes the table of a library's functions, which keeps the library loaded:
///
/// ```text
/// function_table! {
///     backend = "highs";
///     struct Functions {
///         create: fn() -> *mut c_void = "Highs_create";
///     }
///     optional { /* as above: functions that some versions lack, which are `None` then */ }
/// }
/// ```
macro_rules! function_table {
    (
        backend = $backend:expr;
        struct $name:ident { $($field:ident: fn($($arg:ty),* $(,)?) $(-> $ret:ty)? = $symbol:literal;)* }
        $(optional { $($extra:ident: fn($($extra_arg:ty),* $(,)?) $(-> $extra_ret:ty)? = $extra_symbol:literal;)* })?
    ) => {
        /// The library's functions. The library is unloaded with its table, never before.
        pub(crate) struct $name {
            $($field: unsafe extern "C" fn($($arg),*) $(-> $ret)?,)*
            $($($extra: Option<unsafe extern "C" fn($($extra_arg),*) $(-> $extra_ret)?>,)*)?
            _library: libloading::Library,
        }

        impl $name {
            /// Looks all functions up; a missing one is an error that names it, unless it is optional.
            pub(super) fn load(library: libloading::Library) -> bpqp_traits::Result<Self> {
                // SAFETY: the types are those of the vendor's header, and the table owns the library.
                unsafe {
                    Ok(Self {
                        $($field: $crate::ffi::symbol(&library, $backend, $symbol)?,)*
                        $($($extra: $crate::ffi::symbol(&library, $backend, $extra_symbol).ok(),)*)?
                        _library: library,
                    })
                }
            }
        }
    };
}
pub(crate) use function_table;

/// Copies a text that C wrote or owns; empty for null.
///
/// # Safety
/// `text` is null or points to a zero-terminated string that lives through the call.
pub(crate) unsafe fn text(text: *const c_char) -> String {
    if text.is_null() {
        return String::new();
    }
    // SAFETY: the caller's promise.
    unsafe { CStr::from_ptr(text) }.to_string_lossy().trim().to_string()
}

/// A length as C's integer.
pub(crate) fn int(backend: &str, v: usize) -> Result<c_int> {
    c_int::try_from(v).map_err(|_| Error::unsupported(backend, format!("problems with a dimension of {v}")))
}

/// Whether all `indices` lie in `0 .. end`.
pub(crate) fn in_range(indices: &[c_int], end: usize) -> bool {
    indices.iter().all(|&i| usize::try_from(i).is_ok_and(|i| i < end))
}
