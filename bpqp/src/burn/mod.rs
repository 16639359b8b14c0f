//! Programs as differentiable operations of [burn](https://burn.dev), feature `burn`.
//!
//! A [`QpLayer`] takes tensors for any of the blocks of
//! ```text
//! minimize ½ xᵀP x + qᵀx   subject to   A x = b,  G x ≤ h,  lb ≤ x ≤ ub
//! ```
//! each with a leading batch dimension or shared by all members, and returns `x` as a tensor that burn's autodiff
//! differentiates with respect to all of them. What is shared gets the sum of the members' gradients.
//!
//! ```
//! use bpqp::Layer;
//! use bpqp::burn::{Qp, QpLayer};
//! use burn::tensor::{Device, Tensor};
//!
//! # fn main() -> bpqp::burn::Result<()> {
//! let device = Device::flex().autodiff();
//! // ½‖x‖² + qᵀx over x₀ + x₁ ≤ 1, for two linear terms.
//! let q = Tensor::<2>::from_floats([[-1.0, -2.0], [1.0, 1.0]], &device).require_grad();
//! let (g, h) = (Tensor::<2>::from_floats([[1.0, 1.0]], &device), Tensor::<1>::from_floats([1.0], &device));
//! let qp = Qp::new(Tensor::<2>::eye(2, &device), q.clone()).inequalities(g, h);
//! let solution = QpLayer::new(Layer::new()?).forward(&qp)?;
//! let loss = solution.x().sum_dim(0).slice([0..1, 0..1]).sum(); // x₀ of both
//! let gradients = loss.backward();
//! let of_q = q.grad(&gradients).map(|g| g.into_data());
//! of_q.expect("q is differentiable").assert_approx_eq::<f32>(
//!     &burn::tensor::TensorData::from([[-0.5, 0.5], [-1.0, 0.0]]),
//!     Default::default(),
//! );
//! assert!(solution.certificates().iter().all(|c| c.as_ref().is_some_and(|c| c.is_ok())));
//! # Ok(())
//! # }
//! ```
//!
//! # Precision
//! Programs are solved and differentiated in `f64`, whatever the tensors hold. With `f32` tensors the data are rounded to
//! 6e-8 of themselves before, and `x` and the gradients after: what that costs is the condition of the program times
//! 6e-8. Over the tests' programs (condition about 1e2) that is 1e-5 in `x`. A `P` that is only semidefinite is
//! not even that once it is rounded: keep it in `f64`, or add a multiple of the identity.
//!
//! # Devices
//! The solvers run on the processor, so tensors must live on burn's `Flex` device, with or without autodiff.

mod blocks;
mod call;
mod error;
mod layer;
mod op;

pub use blocks::{Matrix, Qp, Vector};
pub use error::{Error, Result};
pub use layer::{QpLayer, Solution};
