//! OSQP as a BPQP backend.
