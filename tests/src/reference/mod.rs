//! Reference solvers: slow, dense, written for clarity, **for tests only**.
//!
//! [`ReferenceForward`] is a primal-dual interior point with an active-set finish that serves everything the contract
//! names; [`ReferenceBackward`] solves the adjoint QP by Gaussian elimination, and by an eigendecomposition where that
//! is singular. They share no code with any backend, so third parties can use them as an oracle.

pub mod dense;
mod forward;
mod interior_point;
mod oracle;
mod phases;
mod polish;
mod second_order;
mod standard_form;

pub use forward::ReferenceForward;
pub use oracle::{Gradients, ReferenceBackward, gradients, solve_adjoint};
