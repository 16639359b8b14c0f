//! The KKT matrix `K = [H Cᵀ; C 0]`: assembly, equilibration, direct solves.

mod assemble;
mod direct;
mod equilibrate;
mod native_kkt;

pub(crate) use assemble::KktMatrix;
pub use direct::DirectKkt;
pub use native_kkt::NativeKkt;
