//! The backward solver.

use bpqp_traits::{AdjointQpRef, BackendInfo, BackwardQpSolver, KktFactor, Result};

use super::DirectKkt;
use crate::{NAME, VERSION};

/// The direct backward solver: LDLᵀ of the equilibrated, regularized KKT matrix, refined against the matrix itself.
///
/// Dependent rows and a singular Hessian are served: the regularization's limit is the solution of least norm.
#[derive(Clone, Copy, Debug, Default)]
pub struct NativeKkt;

impl BackwardQpSolver for NativeKkt {
    fn info(&self) -> BackendInfo {
        BackendInfo::new(NAME, VERSION)
    }

    fn factorize(&self, qp: &AdjointQpRef<'_>) -> Result<Box<dyn KktFactor>> {
        Ok(Box::new(DirectKkt::new(qp)?))
    }
}
