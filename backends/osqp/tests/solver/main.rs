//! OSQP: the tests that solvers of quadratic programs share, and its own.
#![allow(clippy::unwrap_used, reason = "helpers of tests")]

mod session;
#[path = "../../../tests/mod.rs"]
mod shared;

use bpqp_osqp::OsqpSolver as Solver;
