//! Linear programs through [good_lp](https://docs.rs/good_lp), with its solvers as cargo features.
//!
//! | solver | feature | method | needs | duals |
//! |---|---|---|---|---|
//! | `GoodLpSolver::microlp` | `microlp` (default) | simplex | nothing | from the dual program |
//! | `GoodLpSolver::clarabel` | `clarabel` (default) | interior point | nothing | its own |
//! | `GoodLpSolver::highs` | `highs` | simplex or interior point | cmake, a C++ compiler, libclang | its own |
//!
//! A quadratic objective or a cone is refused in setup, before any work; updates set the solver up afresh, and there is
//! no warm start.
//!
//! # How the problem is mapped
//! good_lp knows rows with one side, so `l ≤ aᵀx ≤ u` becomes one equality where `l = u`, else one row for each finite
//! side. Its `dual` is the shadow price `∂(optimal value)/∂(right-hand side)`, the negative of the multiplier: `y` is minus
//! the sum over the row's sides. Sides beyond 1e20 are left out, as HiGHS and Clarabel do themselves.
//!
//! It has no duals for bounds of variables. HiGHS and microlp keep the bounds, which a simplex method gets for nothing, and
//! `ζ = −(q + Aᵀy)` follows from stationarity, where its sign belongs to a finite side. Clarabel knows rows alone (good_lp
//! hands it two inequalities even for a fixed variable, which leaves no interior): there bounds become rows of ours, an
//! equality for a fixed variable, with duals like any other row.
//!
//! microlp returns no duals at all. Around its solution `x` they solve the dual program
//! ```text
//! minimise   Σ((u − Ax) y⁺ + (Ax − l) y⁻) + Σ((ub − x) ζ⁺ + (x − lb) ζ⁻)        the duality gap
//! subject to Aᵀ(y⁺ − y⁻) + ζ⁺ − ζ⁻ = −q,  all ≥ 0, and present for finite sides alone
//! ```
//! with microlp again: more work, and nothing is guessed at a vertex that may be degenerate.
//!
//! microlp's simplex method fails on free variables: of 3000 small random programs with a known solution it ran for ever on
//! 383 and called 687 unbounded. It is given each of them as the difference of two variables that are not negative, and
//! then solves all 3000. That is no proof that it never cycles: set a time limit where that matters.
//!
//! # What "solved" means
//! good_lp's adapter for Clarabel reports unbounded problems as optimal and "almost solved" ones as solved; the one for
//! HiGHS reports "unbounded or infeasible" as infeasible. So no claim is believed: points are judged by
//! [`KktResiduals`](bpqp_traits::KktResiduals), and where there is no point that holds, the certificates of
//! [`rays`](bpqp_traits::rays) are looked for with the same solver.
//!
//! # Settings
//! | | `microlp` | `clarabel` | `highs` |
//! |---|---|---|---|
//! | tolerance | its own, about 1e-10 | what is asked for | what is asked for, at least 1e-10 |
//! | time limit | yes | yes | yes |
//! | iteration limit | no | yes | no |
//!
//! # Options
//! | name | solver | value | default |
//! |---|---|---|---|
//! | `presolve` | `highs` | `on`, `off` or `choose` | `choose` |
//! | `solver` | `highs` | `simplex`, `ipm` or `choose` | `choose` |

#![cfg_attr(
    not(any(feature = "clarabel", feature = "highs")),
    allow(dead_code, unused_variables, reason = "microlp takes no settings but a time limit, and returns no duals")
)]

mod dual_program;
mod engine;
mod model;
mod options;
mod session;
mod solver;
mod status;

pub use solver::{GoodLpSolver, VERSION};
