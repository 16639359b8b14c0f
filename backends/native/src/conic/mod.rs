//! The forward solver for programs with second-order cones: a primal–dual interior-point method on the homogeneous
//! embedding, which ends in a solution or in a certificate that there is none.

mod embedding;
mod equilibrate;
mod form;
mod kkt;
mod nesterov_todd;
mod run;
mod session;
mod substitution;

pub(crate) use session::ConicSession;
