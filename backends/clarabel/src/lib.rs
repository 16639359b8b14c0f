//! [Clarabel](https://clarabel.org) as a BPQP backend: an interior-point method for convex QPs with second-order cones,
//! pure Rust.
//!
//! # How the problem is mapped
//! By the [standard form](bpqp_traits::standard_form), which is Clarabel's own.
//!
//! # What "solved" means
//! Clarabel's own tolerances differ from the contract's, so every answer is judged by
//! [`KktResiduals`](bpqp_traits::KktResiduals) and by the infeasibility certificates, recomputed from the problem's data.
//!
//! # Options
//! | name | value | default |
//! |---|---|---|
//! | `max_step_fraction` | in (0, 1) | 0.99 |
//! | `equilibrate_enable` | `true` or `false` | `true` |
//! | `equilibrate_max_iter` | integer | 10 |
//! | `static_regularization_constant` | positive | 1e-8 |
//! | `iterative_refinement_max_iter` | integer | 10 |

mod assemble;
mod options;
mod session;
mod solver;
mod status;

pub use solver::{ClarabelSolver, VERSION};
