//! Differentiable convex optimization layers over any solver.

mod builder;
mod check;
mod convexity;
mod error;
#[cfg(feature = "io")]
pub mod io;
mod layer;
mod matrix;
mod program;
mod registry;

pub use bpqp_traits as traits;
pub use bpqp_traits::{CscMatrix, CscRef, Settings, Status};
pub use builder::ProgramBuilder;
pub use check::{BlockCheck, CheckOptions, check_gradient};
pub use convexity::check_convexity;
pub use error::{Error, Result};
pub use layer::{
    Block, Certificate, CertificateKind, ConstraintId, Cotangent, Duals, Gradient, Layer, LayerBuilder, LayerSession,
    Solved, Tangent, Timing,
};
pub use matrix::AsCsc;
pub use program::{Blocks, Program, Values};
pub use registry::{Availability, Backend, Registry};
