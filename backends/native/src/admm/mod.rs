//! The forward solver: ADMM with an active-set polish.

mod iterate;
mod rho;
mod run;
mod session;

pub(crate) use session::AdmmSession;
