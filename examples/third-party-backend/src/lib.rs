//! A solver of one's own as a BPQP backend, in a crate of its own.

mod adapter;
mod algorithm;
mod cgls;
mod linalg;

pub use adapter::MySolver;
pub use cgls::Cgls;
