//! good_lp's solvers in Rust against the contract, forward: linear programs alone.

mod linear;

use bpqp_conformance::{Config, conformance_forward};
use bpqp_good_lp::GoodLpSolver;

conformance_forward!(mod microlp, GoodLpSolver::microlp(), Config { expected_skips: linear::SKIPS, ..Config::default() });
conformance_forward!(mod clarabel, GoodLpSolver::clarabel(), Config { expected_skips: linear::SKIPS, ..Config::default() });
