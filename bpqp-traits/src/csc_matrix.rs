//! Compressed sparse column matrices, owned.

use std::sync::Arc;

use crate::{CscRef, Error, Result};

/// An owned sparse matrix in compressed sparse column form, with the invariants of [`CscRef`]. Clones share the pattern,
/// and the values until one of them changes its own.
#[derive(Clone, Debug, PartialEq)]
pub struct CscMatrix {
    pattern: Arc<Pattern>,
    values: Arc<Vec<f64>>,
}

/// Where the entries are.
#[derive(Debug, PartialEq)]
pub(crate) struct Pattern {
    pub(crate) nrows: usize,
    pub(crate) ncols: usize,
    pub(crate) col_ptr: Vec<usize>,
    pub(crate) row_idx: Vec<usize>,
    pub(crate) is_diagonal: bool,
}

impl Pattern {
    /// Of checked parts.
    pub(crate) fn new(nrows: usize, ncols: usize, col_ptr: Vec<usize>, row_idx: Vec<usize>) -> Self {
        let is_diagonal = nrows == ncols && is_diagonal(&col_ptr, &row_idx);
        Self { nrows, ncols, col_ptr, row_idx, is_diagonal }
    }
}

/// Whether every column has its diagonal entry and no other.
pub(crate) fn is_diagonal(col_ptr: &[usize], row_idx: &[usize]) -> bool {
    let counts = |v: &[usize]| v.iter().enumerate().all(|(j, &i)| i == j);
    col_ptr.len() == row_idx.len() + 1 && counts(row_idx) && counts(col_ptr)
}

impl CscMatrix {
    /// A matrix of checked parts.
    pub(crate) fn shared(pattern: Arc<Pattern>, values: Arc<Vec<f64>>) -> Self {
        Self { pattern, values }
    }

    /// An `nrows × ncols` matrix from its column pointers (`ncols + 1`), row indices and values.
    ///
    /// # Errors
    /// As [`CscRef::new`].
    pub fn new(nrows: usize, ncols: usize, col_ptr: Vec<usize>, row_idx: Vec<usize>, values: Vec<f64>) -> Result<Self> {
        CscRef::new(nrows, ncols, &col_ptr, &row_idx, &values)?;
        let pattern = Pattern::new(nrows, ncols, col_ptr, row_idx);
        Ok(Self::shared(Arc::new(pattern), Arc::new(values)))
    }

    /// The `nrows × ncols` matrix without entries.
    pub fn zeros(nrows: usize, ncols: usize) -> Self {
        let pattern = Pattern::new(nrows, ncols, vec![0; ncols + 1], Vec::new());
        Self::shared(Arc::new(pattern), Arc::default())
    }

    /// The `n × n` diagonal matrix with `diagonal` on it.
    ///
    /// # Errors
    /// [`Error::InvalidProblem`] for a value that is not finite.
    pub fn from_diagonal(diagonal: &[f64]) -> Result<Self> {
        let n = diagonal.len();
        Self::new(n, n, (0..=n).collect(), (0..n).collect(), diagonal.to_vec())
    }

    /// A matrix from `(row, column, value)` in any order; entries at the same place are summed.
    ///
    /// # Errors
    /// [`Error::InvalidProblem`] for an index out of range or a value that is not finite.
    pub fn from_triplets(nrows: usize, ncols: usize, triplets: &[(usize, usize, f64)]) -> Result<Self> {
        if let Some((i, j, _)) = triplets.iter().find(|&&(i, j, _)| i >= nrows || j >= ncols) {
            let reason = format!("entry ({i}, {j}) lies outside {nrows} × {ncols}");
            return Err(Error::invalid_problem("matrix", reason));
        }
        let mut next = vec![0; ncols + 1];
        triplets.iter().for_each(|(_, j, _)| next[j + 1] += 1);
        for j in 0..ncols {
            next[j + 1] += next[j];
        }
        if triplets.is_sorted_by(|(i, j, _), (next_i, next_j, _)| (j, i) < (next_j, next_i)) {
            let (row_idx, values) = triplets.iter().map(|(i, _, v)| (*i, *v)).unzip();
            return Self::new(nrows, ncols, next, row_idx, values);
        }
        // By columns first, each in the order given.
        let mut by_column = vec![(0, 0.0); triplets.len()];
        for &(i, j, v) in triplets {
            by_column[next[j]] = (i, v);
            next[j] += 1;
        }
        let mut col_ptr = Vec::with_capacity(ncols + 1);
        let (mut row_idx, mut values) = (Vec::with_capacity(triplets.len()), Vec::with_capacity(triplets.len()));
        col_ptr.push(0);
        let mut start = 0;
        for &end in &next[..ncols] {
            let column = &mut by_column[start..end];
            if !column.is_sorted_by_key(|(i, _)| *i) {
                column.sort_by_key(|(i, _)| *i);
            }
            let first = row_idx.len();
            for &(i, v) in &*column {
                match values.last_mut() {
                    Some(sum) if row_idx[first..].last() == Some(&i) => *sum += v,
                    _ => {
                        row_idx.push(i);
                        values.push(v);
                    }
                }
            }
            col_ptr.push(row_idx.len());
            start = end;
        }
        Self::new(nrows, ncols, col_ptr, row_idx, values)
    }

    /// A dense `nrows × ncols` matrix given row by row; zeros are not stored.
    ///
    /// # Errors
    /// [`Error::InvalidProblem`] where the length is not `nrows · ncols` or a value is not finite.
    pub fn from_dense_rows(nrows: usize, ncols: usize, row_major: &[f64]) -> Result<Self> {
        if nrows.checked_mul(ncols) != Some(row_major.len()) {
            let reason = format!("{} values for {nrows} × {ncols}", row_major.len());
            return Err(Error::invalid_problem("matrix", reason));
        }
        let mut col_ptr = vec![0; ncols + 1];
        let (mut row_idx, mut values) = (Vec::new(), Vec::new());
        for j in 0..ncols {
            for i in 0..nrows {
                let v = row_major[i * ncols + j];
                if v != 0.0 {
                    row_idx.push(i);
                    values.push(v);
                }
            }
            col_ptr[j + 1] = values.len();
        }
        Self::new(nrows, ncols, col_ptr, row_idx, values)
    }

    /// A borrowed view.
    #[inline]
    pub fn as_ref(&self) -> CscRef<'_> {
        CscRef::shared(&self.pattern, &self.values)
    }

    /// Number of rows.
    pub fn nrows(&self) -> usize {
        self.pattern.nrows
    }

    /// Number of columns.
    pub fn ncols(&self) -> usize {
        self.pattern.ncols
    }

    /// Number of stored entries.
    pub fn nnz(&self) -> usize {
        self.values.len()
    }

    /// Values, column by column.
    pub fn values(&self) -> &[f64] {
        &self.values
    }

    /// Values, column by column, to overwrite; the pattern stays, and clones keep their own values.
    ///
    /// The caller keeps them finite; [`ProgramRef::new`](crate::ProgramRef::new) and
    /// [`ConesRef::new`](crate::ConesRef::new) look again and refuse a value that is not.
    pub fn values_mut(&mut self) -> &mut [f64] {
        let values: &mut Vec<f64> = Arc::make_mut(&mut self.values);
        values
    }
}
