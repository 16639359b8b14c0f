//! Clarabel as a BPQP backend.
