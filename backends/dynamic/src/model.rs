//! The program as the vendors' interfaces take it: C integers, their triangle of `P`, their infinity.

use std::ffi::c_int;

use bpqp_traits::{CscMatrix, CscRef, ProgramRef, Result};

use crate::ffi::int;

/// A sparse matrix by columns in C's integers.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Matrix {
    /// Where each column starts, and the number of entries (`columns + 1`).
    pub(crate) start: Vec<c_int>,
    /// Row of each entry.
    pub(crate) index: Vec<c_int>,
    /// Value of each entry.
    pub(crate) value: Vec<f64>,
}

impl Matrix {
    /// Copies `matrix`.
    ///
    /// # Errors
    /// [`Error::Unsupported`](bpqp_traits::Error::Unsupported) where it has more than 2³¹ − 1 entries.
    pub(crate) fn new(backend: &str, matrix: CscRef<'_>) -> Result<Self> {
        let ints = |v: &[usize]| v.iter().map(|&v| int(backend, v)).collect::<Result<Vec<_>>>();
        Ok(Self { start: ints(matrix.col_ptr())?, index: ints(matrix.row_idx())?, value: matrix.values().to_vec() })
    }

    /// The lower triangle of the symmetric matrix whose upper triangle is `p`.
    ///
    /// # Errors
    /// As [`new`](Self::new).
    pub(crate) fn lower(backend: &str, p: CscRef<'_>) -> Result<Self> {
        Self::new(backend, p.transpose().as_ref())
    }

    /// Both triangles of the symmetric matrix whose upper triangle is `p`.
    ///
    /// # Errors
    /// As [`new`](Self::new).
    pub(crate) fn symmetric(backend: &str, p: CscRef<'_>) -> Result<Self> {
        let mirrored = p.entries().filter(|(i, j, _)| i != j).map(|(i, j, v)| (j, i, v));
        let both: Vec<_> = p.entries().chain(mirrored).collect();
        Self::new(backend, CscMatrix::from_triplets(p.nrows(), p.ncols(), &both)?.as_ref())
    }

    /// Number of entries in each column.
    pub(crate) fn counts(&self) -> Vec<c_int> {
        self.start.windows(2).map(|pair| pair[1] - pair[0]).collect()
    }

    /// Column of each entry.
    pub(crate) fn columns(&self) -> Vec<c_int> {
        let counts = self.counts().into_iter();
        counts.zip(0..).flat_map(|(count, column)| std::iter::repeat_n(column, count.max(0) as usize)).collect()
    }

    /// `start` in 64 bits.
    pub(crate) fn start64(&self) -> Vec<i64> {
        self.start.iter().map(|&v| i64::from(v)).collect()
    }
}

/// The quadratic part `½ xᵀPx` as a sum of `value · x_row · x_column`.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Terms {
    pub(crate) row: Vec<c_int>,
    pub(crate) column: Vec<c_int>,
    pub(crate) value: Vec<f64>,
}

impl Terms {
    /// One term for each entry of the upper triangle `p`: half of the entry on the diagonal, all of it beside, where its
    /// mirror image counts too.
    ///
    /// # Errors
    /// As [`Matrix::new`].
    pub(crate) fn new(backend: &str, p: CscRef<'_>) -> Result<Self> {
        let Matrix { start, index: row, mut value } = Matrix::new(backend, p)?;
        let column = Matrix { start, index: Vec::new(), value: Vec::new() }.columns();
        let entries = value.iter_mut().zip(row.iter().zip(&column));
        entries.filter(|(_, (row, column))| row == column).for_each(|(v, _)| *v *= 0.5);
        Ok(Self { row, column, value })
    }
}

/// Whether the objective has a quadratic part: stored zeros do not count.
pub(crate) fn is_quadratic(program: &ProgramRef<'_>) -> bool {
    program.p().values().iter().any(|&v| v != 0.0)
}

/// `sides` with their infinities, and whatever lies beyond, at `±infinity` of the vendor.
pub(crate) fn with_infinity(sides: &[f64], infinity: f64) -> Vec<f64> {
    sides.iter().map(|v| v.clamp(-infinity, infinity)).collect()
}
