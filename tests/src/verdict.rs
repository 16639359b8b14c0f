//! Small checks that say what was expected and what was found.

use std::panic::{AssertUnwindSafe, catch_unwind};

use bpqp_traits::{Error, ErrorKind};

/// What a case returns: nothing, or how the promise was broken.
pub type CaseResult = Result<(), String>;

/// Fails with `message()` unless `condition` holds.
pub(crate) fn ensure(condition: bool, message: impl FnOnce() -> String) -> CaseResult {
    if condition { Ok(()) } else { Err(message()) }
}

/// Compares two vectors entry by entry, relative to `1 + ‖expected‖∞`; NaN is never close.
pub(crate) fn close(name: &str, found: &[f64], expected: &[f64], tolerance: f64) -> CaseResult {
    ensure(found.len() == expected.len(), || {
        format!("{name} has length {}, expected {}", found.len(), expected.len())
    })?;
    let bound = tolerance * (1.0 + expected.iter().fold(0.0, |m: f64, v| m.max(v.abs())));
    let near = |(f, e): (&f64, &f64)| (f - e).abs() <= bound;
    let far = found.iter().zip(expected).position(|pair| !near(pair));
    match far {
        Some(i) => Err(format!("{name}[{i}] = {:e}, expected {:e} (within {bound:.1e})", found[i], expected[i])),
        None => Ok(()),
    }
}

/// Fails unless `value <= bound`; NaN fails.
pub(crate) fn at_most(name: &str, value: f64, bound: f64) -> CaseResult {
    ensure(value <= bound, || format!("{name} is {value:.3e}, above {bound:.1e}"))
}

/// Fails unless `result` is an error of one of the `kinds`.
pub(crate) fn refused<T>(what: &str, result: Result<T, Error>, kinds: &[ErrorKind]) -> CaseResult {
    match result {
        Ok(_) => Err(format!("{what}: accepted, expected an error of kind {kinds:?}")),
        Err(error) => ensure(kinds.contains(&error.kind()), || {
            format!("{what}: refused with {:?} ({error}), expected {kinds:?}", error.kind())
        }),
    }
}

/// Turns a backend's error into a case's failure.
pub(crate) fn accepted<T>(what: &str, result: Result<T, Error>) -> Result<T, String> {
    result.map_err(|error| format!("{what}: {error}"))
}

/// Runs a case; a panic is a failure like any other.
pub(crate) fn guarded(run: impl FnOnce() -> CaseResult) -> CaseResult {
    catch_unwind(AssertUnwindSafe(run)).unwrap_or_else(|payload| {
        let text = payload.downcast_ref::<String>().map(String::as_str);
        let text = text.or_else(|| payload.downcast_ref::<&str>().copied()).unwrap_or("no message");
        Err(format!("panicked: {text}"))
    })
}
