//! Symmetric factorizations and iterative refinement.

mod correct;
mod dense_ldl;
mod dense_llt;
mod interleave;
mod kernels;
mod ldl;
mod ordered_ldl;
mod ordering;
mod packed;
mod refine;
mod row_llt;
mod simplicial;
mod sparse_ldl;

pub(crate) use correct::correct;
pub(crate) use dense_llt::DenseLlt;
pub(crate) use interleave::interleaved;
pub(crate) use kernels::{
    axpy, dot, dots, gram, is_large, lower_gram, lower_square, norm, subtract_columns, subtract_product,
    subtract_symmetric, transposed_product,
};
pub(crate) use ldl::{Ldl, PivotRule, UpperPattern};
pub(crate) use ordered_ldl::{OrderedLdl, Places};
pub(crate) use ordering::{permute, reverse_cuthill_mckee};
pub(crate) use packed::{PackedUpper, write_rows};
pub(crate) use refine::{Refinement, Refiner, System};
pub(crate) use row_llt::RowLlt;
pub(crate) use simplicial::Simplicial;
