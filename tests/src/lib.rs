//! The conformance suite that every BPQP backend passes.
//!
//! A crate that brings a solver checks it against the contract of [`bpqp_traits`] with two lines:
//! ```ignore
//! bpqp_conformance::conformance_forward!(MySolver::new(), Config::default());
//! bpqp_conformance::conformance_backward!(MyFactorization::new(), Config::default());
//! ```
//! Each makes a module with one `#[test]` per case, and one more that compares the skipped cases with
//! [`Config::expected_skips`]. A case is skipped only where the backend's declared capabilities say that it cannot be
//! served, so a declaration that shrinks is noticed. [`run_forward`], [`run_backward`] and [`run_gradients`] run the
//! same cases as a program and return a [`Report`] that prints as a table.
//!
//! Expected primal and dual values are derived by hand, in comments beside them; everything else is recomputed from the
//! problem's data. Random problems are built around a known solution from fixed seeds.

mod backward;
mod cases;
mod config;
mod forward;
mod gradients;
mod problem;
mod random;
pub mod reference;
mod report;
mod rng;
mod verdict;

pub use backward::{BACKWARD_CASES, BackwardCase, BackwardContext, assert_backward_case, run_backward};
pub use config::Config;
pub use forward::{FORWARD_CASES, ForwardCase, ForwardContext, assert_forward_case, run_forward};
pub use gradients::{GradientBlock, VjpFn, run_gradients};
pub use problem::Problem;
pub use random::{KnownProblem, RandomShape};
pub use report::{CaseReport, Outcome, Report};
pub use rng::SplitMix64;
pub use verdict::CaseResult;

/// The version of the suite: the largest `since` of a case. It grows when cases are added, or made stricter under a new
/// name, which only a minor release of this crate may do; a case keeps its name and its meaning for good.
/// [`Config::suite_version`] stays with an older one.
pub const SUITE_VERSION: u32 = 2;
