//! Tests of a whole solver of quadratic programs, `crate::Solver`, whatever its method: a test binary of its crate includes
//! them.

mod answers;
mod backward;
mod certificates;
mod session;
pub(crate) mod support;
mod updates;
