//! Compressed sparse column matrices, borrowed.

use std::sync::Arc;

use crate::csc_matrix::{Pattern, is_diagonal};
use crate::{CscMatrix, Error, Result};

/// The entries of a matrix, column by column.
#[derive(Clone)]
struct Entries<'a> {
    ends: &'a [usize],
    rows: &'a [usize],
    values: &'a [f64],
    column: usize,
    at: usize,
}

impl Iterator for Entries<'_> {
    type Item = (usize, usize, f64);

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        let (row, value) = (*self.rows.get(self.at)?, *self.values.get(self.at)?);
        while self.ends.get(self.column).is_some_and(|&end| end <= self.at) {
            self.column += 1;
        }
        self.at += 1;
        Some((row, self.column, value))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let left = self.rows.len() - self.at;
        (left, Some(left))
    }
}

/// A borrowed sparse matrix in compressed sparse column form.
///
/// Row indices ascend strictly within each column, so an entry is stored at most once. Explicit zeros are kept: they
/// belong to the pattern, get a gradient, and may change in an update.
#[derive(Clone, Copy, Debug)]
pub struct CscRef<'a> {
    nrows: usize,
    ncols: usize,
    col_ptr: &'a [usize],
    row_idx: &'a [usize],
    values: &'a [f64],
    is_diagonal: bool,
    /// Where these arrays are, if in an owned matrix: [`to_owned`](Self::to_owned) shares them.
    pattern_owner: Option<&'a Arc<Pattern>>,
    values_owner: Option<&'a Arc<Vec<f64>>>,
}

impl<'a> CscRef<'a> {
    /// An `nrows × ncols` matrix from its column pointers (`ncols + 1`), row indices and values.
    ///
    /// # Errors
    /// [`Error::InvalidProblem`] naming the column and what is wrong there: pointers that do not start at zero, fall,
    /// or end beyond the data; an index out of range, repeated or out of order; a value that is not finite.
    pub fn new(
        nrows: usize,
        ncols: usize,
        col_ptr: &'a [usize],
        row_idx: &'a [usize],
        values: &'a [f64],
    ) -> Result<Self> {
        let is_diagonal = nrows == ncols && is_diagonal(col_ptr, row_idx);
        let matrix =
            Self { nrows, ncols, col_ptr, row_idx, values, is_diagonal, pattern_owner: None, values_owner: None };
        matrix.validate().map_err(|reason| Error::invalid_problem("matrix", reason))?;
        Ok(matrix)
    }

    fn validate(&self) -> std::result::Result<(), String> {
        let (col_ptr, nnz) = (self.col_ptr, self.row_idx.len());
        if col_ptr.len().checked_sub(1) != Some(self.ncols) {
            return Err(format!("{} column pointers, expected one more than {} columns", col_ptr.len(), self.ncols));
        }
        if self.values.len() != nnz {
            return Err(format!("{nnz} row indices but {} values", self.values.len()));
        }
        if col_ptr[0] != 0 || col_ptr[self.ncols] != nnz {
            let (first, last) = (col_ptr[0], col_ptr[self.ncols]);
            return Err(format!("column pointers run from {first} to {last}, expected 0 to {nnz}"));
        }
        if let Some(j) = col_ptr.windows(2).position(|w| w[0] > w[1]) {
            return Err(format!("column {j}: pointers fall from {} to {}", col_ptr[j], col_ptr[j + 1]));
        }
        for j in 0..self.ncols {
            let rows = &self.row_idx[col_ptr[j]..col_ptr[j + 1]];
            if let Some(&i) = rows.iter().find(|&&i| i >= self.nrows) {
                return Err(format!("column {j}: row index {i} out of range for {} rows", self.nrows));
            }
            if let Some(w) = rows.windows(2).find(|w| w[0] >= w[1]) {
                return Err(format!("column {j}: row indices must ascend strictly, found {} then {}", w[0], w[1]));
            }
        }
        self.check_finite()
    }

    /// Says the place of the first value that is not finite.
    fn check_finite(&self) -> std::result::Result<(), String> {
        let Some(k) = self.values.iter().position(|v| !v.is_finite()) else { return Ok(()) };
        let column = self.col_ptr.partition_point(|&p| p <= k) - 1;
        Err(format!("entry ({}, {column}) is {}", self.row_idx[k], self.values[k]))
    }

    /// Checks the values again: those of an owned matrix may have been overwritten.
    pub(crate) fn check_values(&self, block: &str) -> Result<()> {
        self.check_finite().map_err(|reason| Error::invalid_problem(block, reason))
    }

    /// A view of the arrays that an owned, checked matrix holds.
    pub(crate) fn shared(pattern: &'a Arc<Pattern>, values: &'a Arc<Vec<f64>>) -> Self {
        let Pattern { nrows, ncols, col_ptr, row_idx, is_diagonal } = &**pattern;
        let (pattern_owner, values_owner) = (Some(pattern), Some(values));
        let (nrows, ncols, is_diagonal) = (*nrows, *ncols, *is_diagonal);
        Self { nrows, ncols, col_ptr, row_idx, values, is_diagonal, pattern_owner, values_owner }
    }

    /// Number of rows.
    #[inline]
    pub fn nrows(&self) -> usize {
        self.nrows
    }

    /// Number of columns.
    #[inline]
    pub fn ncols(&self) -> usize {
        self.ncols
    }

    /// Number of stored entries, explicit zeros included.
    #[inline]
    pub fn nnz(&self) -> usize {
        self.values.len()
    }

    /// Column pointers (`ncols + 1`).
    #[inline]
    pub fn col_ptr(&self) -> &'a [usize] {
        self.col_ptr
    }

    /// Row indices, column by column.
    #[inline]
    pub fn row_idx(&self) -> &'a [usize] {
        self.row_idx
    }

    /// Values, column by column.
    #[inline]
    pub fn values(&self) -> &'a [f64] {
        self.values
    }

    /// The stored entries of column `j` as `(row, value)`, rows ascending.
    #[inline]
    pub fn col(&self, j: usize) -> impl ExactSizeIterator<Item = (usize, f64)> + Clone + use<'a> {
        let range = self.range(j);
        self.row_idx[range.clone()].iter().copied().zip(self.values[range].iter().copied())
    }

    /// All stored entries as `(row, column, value)`, column by column.
    #[inline]
    pub fn entries(&self) -> impl Iterator<Item = (usize, usize, f64)> + Clone + use<'a> {
        Entries { ends: &self.col_ptr[1..], rows: self.row_idx, values: self.values, column: 0, at: 0 }
    }

    /// The matrix with other values on the same pattern.
    ///
    /// # Errors
    /// [`Error::InvalidProblem`] for a wrong number of values or one that is not finite.
    pub fn with_values<'b>(&self, values: &'b [f64]) -> Result<CscRef<'b>>
    where
        'a: 'b,
    {
        let matrix = CscRef { values, values_owner: None, ..*self };
        if values.len() != self.row_idx.len() {
            let reason = format!("expected {} values on the pattern, found {}", self.row_idx.len(), values.len());
            return Err(Error::invalid_problem("matrix", reason));
        }
        matrix.check_finite().map_err(|reason| Error::invalid_problem("matrix", reason))?;
        Ok(matrix)
    }

    /// Whether `other` has the same shape and stored positions.
    pub fn same_pattern(&self, other: &CscRef<'_>) -> bool {
        self.nrows == other.nrows && self.col_ptr == other.col_ptr && self.row_idx == other.row_idx
    }

    /// Checks that no entry lies below the diagonal.
    ///
    /// # Errors
    /// [`Error::InvalidProblem`] naming `block` and the first such entry.
    pub fn check_upper_triangle(&self, block: &str) -> Result<()> {
        let rows = |j: usize| &self.row_idx[self.range(j)];
        match (0..self.ncols).find(|&j| rows(j).last().is_some_and(|&i| i > j)) {
            Some(j) => {
                let i = rows(j)[rows(j).partition_point(|&i| i <= j)];
                let reason = format!("entry ({i}, {j}) lies below the diagonal; give the upper triangle only");
                Err(Error::invalid_problem(block, reason))
            }
            None => Ok(()),
        }
    }

    /// Whether every entry of the upper triangle is stored, so that [`values`](Self::values) is the packed triangle:
    /// column `j` from `j (j + 1) / 2` on.
    pub fn is_full_triangle(&self) -> bool {
        self.nrows == self.ncols
            && (0..=self.ncols).all(|j| self.col_ptr[j] == j * (j + 1) / 2)
            && (0..self.ncols).all(|j| self.row_idx[self.col_ptr[j + 1] - 1] == j)
    }

    /// The diagonal entry of column `j` of an upper triangle; 0 where none is stored.
    pub fn diagonal(&self, j: usize) -> f64 {
        match self.range(j) {
            range if !range.is_empty() && self.row_idx[range.end - 1] == j => self.values[range.end - 1],
            _ => 0.0,
        }
    }

    /// Whether the diagonal is stored, all of it, and nothing else.
    pub fn is_diagonal(&self) -> bool {
        self.is_diagonal
    }

    /// An owned matrix: it shares what is seen of another owned matrix, and copies what is not.
    pub fn to_owned(&self) -> CscMatrix {
        let pattern = || Pattern::new(self.nrows, self.ncols, self.col_ptr.to_vec(), self.row_idx.to_vec());
        CscMatrix::shared(
            self.pattern_owner.map_or_else(|| Arc::new(pattern()), Arc::clone),
            self.values_owner.map_or_else(|| Arc::new(self.values.to_vec()), Arc::clone),
        )
    }

    /// The transpose, with its rows in order.
    pub fn transpose(&self) -> CscMatrix {
        let mut col_ptr = vec![0; self.nrows + 1];
        for &i in self.row_idx {
            col_ptr[i + 1] += 1;
        }
        for i in 0..self.nrows {
            col_ptr[i + 1] += col_ptr[i];
        }
        let (mut row_idx, mut values) = (vec![0; self.nnz()], vec![0.0; self.nnz()]);
        let mut next = col_ptr.clone();
        for (i, j, v) in self.entries() {
            row_idx[next[i]] = j;
            values[next[i]] = v;
            next[i] += 1;
        }
        let pattern = Pattern::new(self.ncols, self.nrows, col_ptr, row_idx);
        CscMatrix::shared(Arc::new(pattern), Arc::new(values))
    }
}
