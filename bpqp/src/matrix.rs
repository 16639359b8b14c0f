//! What a user may hand in as a matrix.

use bpqp_traits::{CscMatrix, CscRef, Result, csc_from_faer};
use faer::MatRef;
use faer::sparse::{SparseColMat, SparseColMatRef};

/// Anything that can be read as a matrix: sparse columns, faer's matrices, or dense rows.
///
/// Every entry of a dense form belongs to the pattern, zeros included, and so gets a gradient; where only some entries
/// may move, hand in a sparse matrix.
pub trait AsCsc {
    /// A copy as sparse columns.
    ///
    /// # Errors
    /// [`InvalidProblem`](bpqp_traits::Error::InvalidProblem) for ragged rows or a value that is not finite.
    fn to_csc(&self) -> Result<CscMatrix>;
}

impl AsCsc for CscMatrix {
    fn to_csc(&self) -> Result<CscMatrix> {
        Ok(self.clone())
    }
}

impl AsCsc for CscRef<'_> {
    fn to_csc(&self) -> Result<CscMatrix> {
        Ok(self.to_owned())
    }
}

impl AsCsc for SparseColMatRef<'_, usize, f64> {
    fn to_csc(&self) -> Result<CscMatrix> {
        csc_from_faer(*self)
    }
}

impl AsCsc for SparseColMat<usize, f64> {
    fn to_csc(&self) -> Result<CscMatrix> {
        csc_from_faer(self.as_ref())
    }
}

impl AsCsc for MatRef<'_, f64> {
    fn to_csc(&self) -> Result<CscMatrix> {
        dense(self.nrows(), self.ncols(), |i, j| self[(i, j)])
    }
}

impl AsCsc for faer::Mat<f64> {
    fn to_csc(&self) -> Result<CscMatrix> {
        self.as_ref().to_csc()
    }
}

impl AsCsc for [Vec<f64>] {
    fn to_csc(&self) -> Result<CscMatrix> {
        from_rows(self)
    }
}

impl AsCsc for Vec<Vec<f64>> {
    fn to_csc(&self) -> Result<CscMatrix> {
        from_rows(self)
    }
}

impl<const N: usize> AsCsc for [[f64; N]] {
    fn to_csc(&self) -> Result<CscMatrix> {
        from_rows(self)
    }
}

impl<const M: usize, const N: usize> AsCsc for [[f64; N]; M] {
    fn to_csc(&self) -> Result<CscMatrix> {
        from_rows(self)
    }
}

fn from_rows<R: AsRef<[f64]>>(rows: &[R]) -> Result<CscMatrix> {
    let ncols = rows.first().map_or(0, |row| row.as_ref().len());
    if let Some(i) = rows.iter().position(|row| row.as_ref().len() != ncols) {
        let reason = format!("row {i} has {} entries, row 0 has {ncols}", rows[i].as_ref().len());
        return Err(bpqp_traits::Error::invalid_problem("matrix", reason));
    }
    dense(rows.len(), ncols, |i, j| rows[i].as_ref()[j])
}

/// A full pattern, zeros included.
fn dense(nrows: usize, ncols: usize, entry: impl Fn(usize, usize) -> f64) -> Result<CscMatrix> {
    let col_ptr = (0..=ncols).map(|j| j * nrows).collect();
    let row_idx = (0..ncols).flat_map(|_| 0..nrows).collect();
    let values = (0..ncols).flat_map(|j| (0..nrows).map(move |i| (i, j))).map(|(i, j)| entry(i, j)).collect();
    CscMatrix::new(nrows, ncols, col_ptr, row_idx, values)
}
