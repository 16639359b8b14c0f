//! The forward solver: ADMM with an active-set polish.

mod convexity;
mod finish;
mod infeasibility;
mod iterate;
mod judge;
mod kkt;
mod line_search;
mod multipliers;
mod native_solver;
mod polish;
mod rho;
mod run;
mod scaling;
mod session;
mod settings;

pub use native_solver::NativeSolver;
