//! Symmetric factorizations and iterative refinement.

mod dense_ldl;
mod ldl;
mod refine;
mod sparse_ldl;

pub(crate) use ldl::{Ldl, PivotRule, UpperPattern};
pub(crate) use refine::{Refinement, Refiner, System};
