//! Differentiable convex optimization layers over any solver.
//!
//! A [`Layer`] solves a convex quadratic [`Program`] with any registered backend and differentiates its solution with
//! any other: the backward pass is again a QP ([arXiv 2411.19285](https://arxiv.org/abs/2411.19285)). Each gradient
//! carries a [`Certificate`].
//!
//! ```
//! use bpqp::{Layer, Program};
//!
//! # fn main() -> bpqp::Result<()> {
//! // minimize ½‖x‖² − x₀ − 2x₁  subject to  x₀ + x₁ ≤ 1
//! let program = Program::builder(2)
//!     .objective(&[[1.0, 0.0], [0.0, 1.0]], &[-1.0, -2.0])
//!     .inequalities(&[[1.0, 1.0]], &[1.0])
//!     .build()?;
//! let mut solved = Layer::new()?.forward(&program)?;
//! let gradient = solved.backward(&[1.0, 0.0])?; // of L = x₀
//! assert!((gradient.h()[0] - 0.5).abs() < 1e-9);
//! assert_eq!(gradient.certificate().kind, bpqp::CertificateKind::Exact);
//! # Ok(())
//! # }
//! ```
//!
//! A training loop keeps a [`LayerSession`]. Statuses tell how a solve ended, [`Error`]s what was wrong with the question.

mod builder;
#[cfg(feature = "burn")]
pub mod burn;
mod check;
#[cfg(feature = "cli")]
pub mod cli;
#[cfg(feature = "io")]
pub mod compare;
pub mod convex;
mod convexity;
mod error;
mod factors;
#[cfg(feature = "generate")]
pub mod generate;
#[cfg(feature = "io")]
pub mod io;
mod layer;
mod matrix;
mod program;
mod registry;

pub use bpqp_traits as traits;
pub use bpqp_traits::{CscMatrix, CscRef, Settings, Status};
pub use builder::ProgramBuilder;
pub use check::{BlockCheck, CheckOptions, DirectionCheck, check_directions, check_gradient};
pub use convexity::check_convexity;
pub use error::{Error, Result};
pub use layer::{
    AtDegeneracy, AtInfeasibility, AtKink, Batch, BatchGradient, Block, Certificate, CertificateKind, ConeGradient,
    ConstraintId, Cotangent, CotangentOf, Duals, Gradient, Jacobian, Layer, LayerBuilder, LayerSession, Solved,
    Tangent, Timing, VectorBlock,
};
pub use matrix::AsCsc;
pub use program::{Blocks, Program, Values};
pub use registry::{Availability, Backend, Registry};

/// The book's guide, whose complete examples are compiled and run with the others.
#[cfg(all(doctest, feature = "native", feature = "clarabel"))]
#[doc = include_str!("../../docs/src/guide.md")]
struct Guide;
