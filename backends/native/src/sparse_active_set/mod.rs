//! The forward solver for large sparse problems: a primal–dual active-set method on the reduced KKT system.

mod adjoint;
mod dual;
mod factor;
mod method;
mod reduced;
mod schur;
mod sides;

pub(crate) use method::SparseActiveSet;
