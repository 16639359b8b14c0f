//! Conversions to and from faer.

use faer::sparse::{SparseColMatRef, SymbolicSparseColMatRef};

use crate::{CscMatrix, CscRef, Result};

/// A faer view of a checked matrix, without a copy.
pub fn csc_to_faer<'a>(matrix: CscRef<'a>) -> SparseColMatRef<'a, usize, f64> {
    let symbolic =
        SymbolicSparseColMatRef::new_checked(matrix.nrows(), matrix.ncols(), matrix.col_ptr(), None, matrix.row_idx());
    SparseColMatRef::new(symbolic, matrix.values())
}

/// An owned copy of a faer matrix; rows are sorted within each column and duplicates summed.
///
/// # Errors
/// [`Error::InvalidProblem`](crate::Error::InvalidProblem) for a value that is not finite.
pub fn csc_from_faer(matrix: SparseColMatRef<'_, usize, f64>) -> Result<CscMatrix> {
    let triplets: Vec<_> = matrix.triplet_iter().map(|t| (t.row, t.col, *t.val)).collect();
    CscMatrix::from_triplets(matrix.nrows(), matrix.ncols(), &triplets)
}
