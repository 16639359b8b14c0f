//! BPQP's own solver on faer: active-set methods, an interior-point method, ADMM and a direct KKT solver.
//!
//! [`NativeSolver`] solves convex quadratic programs; [`NativeKkt`] solves the backward pass by a regularized LDLᵀ factorization of the KKT matrix, refined against the
//! matrix itself.

mod active_set;
mod admm;
mod best;
mod certificates;
mod conic;
mod convexity;
mod infeasibility;
mod interior_point;
mod kkt;
mod lanes;
mod linalg;
mod native_solver;
mod polish;
mod progress;
mod scaling;
mod session;
mod settings;
mod sparse_active_set;

pub use kkt::{DirectKkt, NativeKkt};
pub use native_solver::NativeSolver;

/// The name both solvers are registered under.
const NAME: &str = "native";
/// This crate's version.
const VERSION: &str = env!("CARGO_PKG_VERSION");
