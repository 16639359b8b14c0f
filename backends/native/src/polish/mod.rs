//! The polish: from a rough point to the exact solution of its active set.

mod finish;
mod judge;
mod line_search;
mod multipliers;
mod newton;

pub(crate) use judge::{Budget, Point, Spent, Verdict};
pub(crate) use newton::Polish;
