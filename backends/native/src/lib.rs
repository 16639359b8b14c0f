//! BPQP's own solver on faer: ADMM and a direct KKT solver.
//!
//! [`NativeKkt`] solves the backward pass by a regularized LDLᵀ factorization of the KKT matrix, refined against the
//! matrix itself.

mod kkt;
mod linalg;

pub use kkt::{DirectKkt, NativeKkt};

/// The name both solvers are registered under.
const NAME: &str = "native";
/// This crate's version.
const VERSION: &str = env!("CARGO_PKG_VERSION");
