//! The KKT matrix `K = [H Cᵀ; C 0]`: assembly, equilibration, direct solves.

mod assemble;
mod direct;
mod equilibrate;
mod native_kkt;
mod quasi_definite;

pub(crate) use assemble::KktMatrix;
pub use direct::DirectKkt;
pub(crate) use equilibrate::ruiz;
pub use native_kkt::NativeKkt;
pub(crate) use quasi_definite::{PivotLimits, QuasiDefinite};
