//! [OSQP](https://osqp.org) as a BPQP backend: the operator-splitting QP solver's C library, through `osqp-sys`.
//!
//! # How the problem is mapped
//! OSQP solves `min ½xᵀPx + qᵀx  s.t.  l ≤ Āx ≤ u`. Variables with a finite bound get a unit row below `A`; its
//! multiplier is the bound's dual. Absent sides, and finite ones beyond 1e20, become OSQP's infinity 1e30. The signs are
//! the contract's.
//!
//! # What "solved" means
//! OSQP stops at its own tolerance. Each answer is judged by [`KktResiduals`](bpqp_traits::KktResiduals), or as a
//! certificate of infeasibility, recomputed from the data. Where it does not hold, OSQP goes on from its iterate with a
//! smaller tolerance. It starts loosely: polishing a rough iterate often lands on the exact solution at once.
//!
//! # Convexity
//! OSQP factorizes `P + σI + ĀᵀρĀ`, so it notices negative curvature only where the rows do not cover it. What it notices
//! becomes [`Error::NotConvex`](bpqp_traits::Error::NotConvex) (and a line that OSQP prints itself); the capability
//! `checks_convexity` would promise more and is not declared.
//!
//! # Options
//! | name | value | default |
//! |---|---|---|
//! | `rho`, `sigma` | positive | 0.1, 1e-6 |
//! | `alpha` | in (0, 2) | 1.6 |
//! | `adaptive_rho` | `true` or `false` (by iterations, so that runs repeat) | `true` |
//! | `adaptive_rho_interval`, `check_termination` | integer ≥ 1 | 50, 25 |
//! | `adaptive_rho_tolerance` | ≥ 1 | 5 |
//! | `scaling` | integer, 0 for none | 10 |
//! | `polishing` | `true` or `false` | as `verify` |
//! | `polish_refine_iter` | integer | 10 |
//! | `delta` | positive | 1e-6 |
//! | `check_dualgap` | `true` or `false` | `true` |
//! | `verify` | `true` or `false`: one run at the tolerance, whose answer is OSQP's word alone | `true` |
//! | `max_iter` | integer ≥ 1; the setting `max_iterations` goes first | 200000 |
//!
//! # Building
//! `osqp-sys` needs a C compiler, cmake, and a network (its CMake project clones QDLDL). Without a network, see
//! `scripts/osqp-offline.sh` in the repository.

mod budget;
mod ffi;
mod options;
mod session;
mod solver;
mod stack;
mod status;

pub use solver::OsqpSolver;
