//! What a vendor's module provides; everything else is shared.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use bpqp_traits::{Error, ProgramRef, ProgramUpdate, Result, Reuse, Solution, Status};

use crate::locate::{Found, Places};

/// A vendor: where its library is and how it becomes solvers.
pub(crate) trait VendorApi: 'static {
    /// Where to look for the library.
    const PLACES: Places;
    /// Whether sessions use a start that they are given.
    const WARM_START: bool;
    /// Whether the library stops at a number of iterations, whatever its method.
    const ITERATION_LIMIT: bool;
    /// Whether the library takes second-order cones, and gives duals of the rows beside them.
    const SECOND_ORDER_CONES: bool = false;
    /// Whether it takes a quadratic objective beside cones; else it is given as a [cone](crate::epigraph) itself.
    const QUADRATIC_BESIDE_CONES: bool = true;
    /// The loaded library.
    type Library: Send + Sync;

    /// Reads the function table and checks the version.
    ///
    /// # Errors
    /// [`Error::Backend`] for a library that lacks a function or is too old.
    fn load(found: Found) -> Result<Self::Library>;

    /// The library's version.
    fn version(library: &Self::Library) -> String;

    /// Asks the library for its license.
    ///
    /// # Errors
    /// [`Error::LicenseRefused`] with the vendor's code and what to do.
    fn check_license(library: &Arc<Self::Library>) -> Result<()>;

    /// Hands `program` to the library. Its cones, if there are any, are over variables of their own:
    /// [`cones_of`](crate::cones::cones_of).
    ///
    /// # Errors
    /// [`Error::Unsupported`] for cones where this version of the library has none; [`Error::LicenseRefused`] where the
    /// license does not cover it; [`Error::InvalidSetting`] for a parameter it does not know; [`Error::Backend`] for any
    /// other refusal.
    fn open(library: &Arc<Self::Library>, program: &ProgramRef<'_>, parameters: &Parameters)
    -> Result<Box<dyn Engine>>;
}

/// One problem inside a vendor's library.
pub(crate) trait Engine: Send {
    /// Solves, and leaves the point and its multipliers, signed as in [`Solution`], with the iterations of this run in
    /// `out`, whose buffers have the right lengths. Without a point `out` is left alone.
    ///
    /// # Errors
    /// [`Error::Backend`] with the library's code for an end that its status table does not know.
    fn run(&mut self, limits: &Limits, out: &mut Solution) -> Result<Ended>;

    /// Takes `program`, which has no cones and whose patterns are as before. Says what was reused.
    ///
    /// # Errors
    /// As [`VendorApi::open`]; the engine is of no use then.
    fn update(&mut self, program: &ProgramRef<'_>, changed: Changed) -> Result<Reuse>;

    /// Starts the next run from a point and its multipliers, signed as in [`Solution`].
    ///
    /// # Errors
    /// [`Error::Backend`] where the library refuses it.
    fn warm_start(&mut self, _x: &[f64], _y: &[f64], _bound_duals: &[f64]) -> Result<()> {
        Ok(())
    }
}

/// What an update changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Changed {
    /// `P` or `A`.
    pub(crate) matrices: bool,
    /// `q`.
    pub(crate) costs: bool,
    /// `l` or `u`.
    pub(crate) sides: bool,
    /// `lb` or `ub`.
    pub(crate) bounds: bool,
}

impl From<&ProgramUpdate<'_>> for Changed {
    fn from(new: &ProgramUpdate<'_>) -> Self {
        Self {
            matrices: new.changes_matrices(),
            costs: new.q.is_some(),
            sides: new.l.is_some() || new.u.is_some(),
            bounds: new.lb.is_some() || new.ub.is_some(),
        }
    }
}

/// What a session asks of every run of its engine.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Parameters {
    /// Threads the library may use.
    pub(crate) threads: u32,
    /// Whether it may print.
    pub(crate) verbose: bool,
    /// The vendor's own parameters, by their own names.
    pub(crate) own: BTreeMap<String, String>,
}

/// How far one run may go.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Limits {
    /// Tolerance on feasibility and optimality, to be clamped to what the library accepts.
    pub(crate) tolerance: f64,
    /// Iterations of the library's own kind.
    pub(crate) iterations: Option<u32>,
    /// Wall time.
    pub(crate) time: Option<Duration>,
}

/// How a library says that its run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ended {
    /// With a point: optimal, or short of it by the reason that the status names.
    Point(Status),
    /// No feasible point.
    Infeasible,
    /// Unbounded below.
    Unbounded,
    /// One of the two.
    InfeasibleOrUnbounded,
    /// Stopped by a limit or by its arithmetic before there was a point.
    NoPoint(Status),
    /// The quadratic objective is not convex.
    NotConvex,
}

/// The error for a status code that is not in a vendor's table.
pub(crate) fn unknown_status(backend: &str, code: i64) -> Error {
    Error::Backend { backend: backend.into(), code: Some(code), message: "unknown status".into() }
}

/// Fills `out` from multipliers in the vendors' common sign, `∇f = Aᵀπ + d`: ours are their negatives.
pub(crate) fn negate_duals(out: &mut Solution) {
    out.y.iter_mut().chain(&mut out.bound_duals).for_each(|v| *v = -*v);
}

/// Asserts every row of a vendor's status table, and that codes outside of it are errors with the number in them.
#[cfg(test)]
pub(crate) fn assert_status_table(ended: impl Fn(i32) -> Result<Ended>, table: &[(i32, Ended)], unknown: &[i32]) {
    for (code, meaning) in table {
        assert_eq!(ended(*code), Ok(*meaning), "{code}");
    }
    for code in unknown {
        let error = ended(*code).map_or_else(|error| error.to_string(), |meaning| format!("{meaning:?}"));
        assert!(error.contains("unknown status") && error.contains(&code.to_string()), "{code}: {error}");
    }
}
