//! What a backend is, where it is, and what it can do.

use std::borrow::Cow;
use std::path::PathBuf;

/// Who a backend is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BackendInfo {
    /// The name it is registered under: lower case, no spaces.
    pub name: Cow<'static, str>,
    /// The version of the solver behind it.
    pub version: Cow<'static, str>,
}

impl BackendInfo {
    /// A backend's name and its solver's version.
    pub fn new(name: impl Into<Cow<'static, str>>, version: impl Into<Cow<'static, str>>) -> Self {
        Self { name: name.into(), version: version.into() }
    }
}

/// Where a solver was found on this machine, and whether it will work.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Installation {
    /// The version found.
    pub version: String,
    /// The library's file; `None` for a solver that is compiled in.
    pub library: Option<PathBuf>,
    /// Why the license was refused, and what to do; `None` where it was accepted or none is needed.
    pub license_refused: Option<String>,
}

/// What a forward backend can do. All flags are "no" by default; the conformance suite checks each **both ways**: what
/// is declared must work, what is not must be refused.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Capabilities {
    /// Serves objectives with `P ≠ 0`. Without it a quadratic objective is refused as unsupported.
    pub quadratic_objective: bool,
    /// Serves second-order cones. Without it they are refused as unsupported.
    pub second_order_cones: bool,
    /// Returns duals. Without it a solution cannot be differentiated.
    pub duals: bool,
    /// Leaves a checkable certificate in the solution when it reports infeasibility.
    pub infeasibility_certificates: bool,
    /// Uses [`Session::warm_start`](crate::Session::warm_start).
    pub warm_start: bool,
    /// Takes new vectors (`q, l, u, lb, ub`) in [`Session::update`](crate::Session::update).
    pub update_vectors: bool,
    /// Takes new matrix values (`P, A`) in [`Session::update`](crate::Session::update).
    pub update_matrices: bool,
    /// Honors [`Settings::time_limit`](crate::Settings::time_limit).
    pub time_limit: bool,
    /// Honors [`Settings::max_iterations`](crate::Settings::max_iterations).
    pub iteration_limit: bool,
    /// Refuses a `P` with a negative eigenvalue by itself. (The facade checks in any case.)
    pub checks_convexity: bool,
}

impl Capabilities {
    /// The flags with their names, in declaration order.
    pub fn flags(&self) -> [(&'static str, bool); 10] {
        [
            ("quadratic_objective", self.quadratic_objective),
            ("second_order_cones", self.second_order_cones),
            ("duals", self.duals),
            ("infeasibility_certificates", self.infeasibility_certificates),
            ("warm_start", self.warm_start),
            ("update_vectors", self.update_vectors),
            ("update_matrices", self.update_matrices),
            ("time_limit", self.time_limit),
            ("iteration_limit", self.iteration_limit),
            ("checks_convexity", self.checks_convexity),
        ]
    }
}
