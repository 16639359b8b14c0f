//! The dense active-set method: every step works on one Cholesky factorization of `P` and the Schur complement of the
//! rows in the working set, and the last of them is the gradient's factor.

mod adjoint;
mod block_pivoting;
mod budget;
mod columns;
mod data;
mod engine;
mod factor;
mod goldfarb_idnani;
mod proximal;
mod run;
mod start;

pub(crate) use budget::Budget;
pub(crate) use engine::Engine;
pub(crate) use run::End;
