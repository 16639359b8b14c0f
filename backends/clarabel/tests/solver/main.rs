//! Clarabel: the tests that solvers of quadratic programs share, and its own.
#![allow(clippy::unwrap_used, reason = "helpers of tests")]

mod cones;
mod session;
#[path = "../../../tests/mod.rs"]
mod shared;
mod version;

use bpqp_clarabel::ClarabelSolver as Solver;
