//! General convex programs as differentiable layers: the paper's Theorem 1.
//!
//! A [`ConvexProgram`] is a parametrized program with twice differentiable convex functions. [`ConvexLayer`] solves it by
//! sequential quadratic programming on any QP backend, or takes a solution found elsewhere, and differentiates the solution
//! through the QP linearized there, with any QP backend again. The [`library`] has programs that people use.

mod auto;
mod check;
mod entries;
mod evaluate;
mod layer;
pub mod library;
mod program;
mod solved;
mod sqp;
mod subproblem;

pub use auto::{Auto, Model, Var, dot, log_sum_exp};
pub use check::{DerivativeCheck, check_derivatives};
pub use entries::{Entries, SymmetricEntries};
pub use layer::{ConvexLayer, ConvexLayerBuilder, ConvexProgress};
pub use program::{ConvexProgram, PrimalDual, ResidualTangent};
pub use solved::{ConvexGradient, ConvexSolved};

/// The book's page, whose code is compiled and run with the other examples.
#[cfg(doctest)]
#[doc = include_str!("../../../docs/src/convex.md")]
struct Book;
