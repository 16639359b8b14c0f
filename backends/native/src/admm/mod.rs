//! The forward solver: ADMM with an active-set polish.

mod finish;
mod infeasibility;
mod iterate;
mod judge;
mod kkt;
mod line_search;
mod multipliers;
mod polish;
mod rho;
mod run;
mod scaling;
mod session;

pub(crate) use session::AdmmSession;
