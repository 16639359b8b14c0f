//! The forward solver: a primal–dual interior-point method that ends on an active set.

mod barriers;
mod certify;
mod iterate;
mod newton;
mod run;
mod session;
mod step;
mod weighted;

pub(crate) use session::{InteriorPoint, Limits};
