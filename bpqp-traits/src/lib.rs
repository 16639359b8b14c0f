//! The contract between BPQP and its solvers.
//!
//! A layer of [BPQP](https://arxiv.org/abs/2411.19285) solves a convex program with any [`ForwardSolver`] and
//! differentiates the solution with any [`BackwardQpSolver`]. This crate holds what both sides need to agree on, and
//! nothing else: the problem, its solution, statuses, errors, and the traits.
//!
//! # The problem
//! ```text
//! minimise   ½ xᵀP x + qᵀx
//! subject to l ≤ A x ≤ u            duals y
//!            lb ≤ x ≤ ub            duals ζ ("bound duals")
//!            S x + s ∈ Q₁ × … × Q_K  duals w ("cone duals"), second-order cones Q = {(t, v): ‖v‖₂ ≤ t}
//! ```
//! `P` is positive semidefinite and given by its upper triangle, all matrices are in compressed sparse column form
//! ([`CscRef`]), an equality row has `l = u`, and absent bounds are infinite.
//!
//! # Signs
//! Every backend reports duals with the same signs:
//! ```text
//! P x + q + Aᵀy + ζ − Sᵀw = 0,   w ∈ Q₁ × … × Q_K
//! yᵢ > 0 only where row i is at its upper side, yᵢ < 0 only where it is at its lower side; the same for ζ and the bounds
//! ```
//! so that `∂(optimal value)/∂uᵢ = −yᵢ` at an upper side, and likewise everywhere else.
//!
//! # Writing a backend
//! Implement [`ForwardSolver`] and [`Session`] for a solver of convex programs; [`ForwardAsBackward`] then makes it a
//! backward solver too. Implement [`BackwardQpSolver`] and [`KktFactor`] for a solver of equality-constrained QPs.
//! Where the wrapped solver stops by rules of its own, [`claims`] says what its answer is worth by the contract's, and [`rays`] finds the certificates of
//! infeasibility that it does not return.
//! Interior-point methods with cones find their input in [`standard_form`].
//! The crate `bpqp-conformance` tests either against the contract.

mod active_set;
mod adjoint_qp;
mod arguments;
mod backward;
mod capabilities;
pub mod claims;
mod column_kernels;
mod cones;
mod csc;
mod csc_lanes;
mod csc_matrix;
mod csc_products;
mod error;
#[cfg(feature = "faer")]
mod faer_convert;
mod forward;
mod forward_as_backward;
mod lanes;
mod program;
mod program_buf;
pub mod rays;
mod residuals;
mod residuals_lanes;
mod settings;
mod solution;
pub mod standard_form;
mod status;
mod update;
pub mod vector;

pub use active_set::{ActiveSet, Side};
pub use adjoint_qp::AdjointQpRef;
pub use arguments::{check_adjoint, check_length, check_start, check_vector};
pub use backward::{AdjointReport, BackwardQpSolver, KktFactor, check_many, solve_each};
pub use capabilities::{BackendInfo, Capabilities, Installation};
pub use cones::{ConesRef, consecutive};
pub use csc::CscRef;
pub use csc_matrix::CscMatrix;
pub use error::{Error, ErrorKind, Result};
#[cfg(feature = "faer")]
pub use faer_convert::{csc_from_faer, csc_to_faer};
pub use forward::{ForwardSolver, Session};
pub use forward_as_backward::ForwardAsBackward;
pub use lanes::{LANES, Lane, LanePoint, LaneSolver, LaneVectors};
pub use program::ProgramRef;
pub use program_buf::ProgramBuf;
pub use residuals::{KktResiduals, OwnedProducts, Products, dual_ray_violation, primal_ray_violation};
pub use residuals_lanes::LaneProducts;
pub use settings::Settings;
pub use solution::Solution;
pub use status::Status;
pub use update::{ProgramUpdate, Reuse};
