//! Matrices in JSON: a list of rows, or sparse columns.

use std::fmt;

use bpqp_traits::{CscMatrix, CscRef, Error as SolverError};
use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserializer, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Serialize};

use crate::AsCsc;

/// A sparse matrix as JSON has it: `{"shape": [r, c], "indptr": [], "indices": [], "data": []}`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CscJson {
    /// Number of rows and of columns.
    pub shape: [usize; 2],
    /// Column pointers (`columns + 1`).
    pub indptr: Vec<usize>,
    /// Row indices, ascending within a column.
    pub indices: Vec<usize>,
    /// Values, column by column.
    pub data: Vec<f64>,
}

impl From<CscRef<'_>> for CscJson {
    fn from(matrix: CscRef<'_>) -> Self {
        Self {
            shape: [matrix.nrows(), matrix.ncols()],
            indptr: matrix.col_ptr().to_vec(),
            indices: matrix.row_idx().to_vec(),
            data: matrix.values().to_vec(),
        }
    }
}

/// A sparse matrix by its entries, for few of them in many columns: `{"shape": [r, c], "rows": [], "cols": [], "data": []}`.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct CooJson {
    /// Number of rows and of columns.
    pub shape: [usize; 2],
    /// Row of each entry.
    pub rows: Vec<usize>,
    /// Column of each entry.
    pub cols: Vec<usize>,
    /// Value of each entry.
    pub data: Vec<f64>,
}

impl CooJson {
    /// A matrix of this shape without entries.
    pub(super) fn new(shape: [usize; 2]) -> Self {
        Self { shape, rows: Vec::new(), cols: Vec::new(), data: Vec::new() }
    }

    pub(super) fn push(&mut self, (i, j, v): (usize, usize, f64)) {
        self.rows.push(i);
        self.cols.push(j);
        self.data.push(v);
    }
}

/// Every form of a matrix.
pub(super) enum Matrix {
    Rows(Vec<Vec<f64>>),
    Csc(CscJson),
    Coo(CooJson),
}

/// The keys of both sparse forms.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Sparse {
    shape: [usize; 2],
    indptr: Option<Vec<usize>>,
    indices: Option<Vec<usize>>,
    rows: Option<Vec<usize>>,
    cols: Option<Vec<usize>>,
    data: Option<Vec<f64>>,
}

impl Matrix {
    /// The matrix; dense rows keep every entry, zeros included. An empty list of rows takes the expected
    /// number of columns.
    pub(super) fn into_csc(self, block: &str, ncols_expected: Option<usize>) -> Result<CscMatrix, SolverError> {
        let matrix = match self {
            Self::Rows(rows) if rows.is_empty() => Ok(CscMatrix::zeros(0, ncols_expected.unwrap_or(0))),
            Self::Rows(rows) => rows.to_csc(),
            Self::Csc(CscJson { shape: [rows, cols], indptr, indices, data }) => {
                // A shape is cheap to claim; the pointers that go with it are not.
                if cols.checked_add(1) != Some(indptr.len()) {
                    let reason = format!("indptr has length {}, expected {cols} + 1", indptr.len());
                    return Err(SolverError::invalid_problem(block, reason));
                }
                CscMatrix::new(rows, cols, indptr, indices, data)
            }
            Self::Coo(CooJson { shape: [nrows, ncols], rows, cols, data }) => {
                if [rows.len(), cols.len()] != [data.len(); 2] {
                    let (rows, cols, data) = (rows.len(), cols.len(), data.len());
                    let reason = format!("rows, cols and data have lengths {rows}, {cols} and {data}");
                    return Err(SolverError::invalid_problem(block, reason));
                }
                // A shape is cheap to claim: it must be that of the variables before memory is spent on it.
                if ncols_expected.is_some_and(|expected| expected != ncols) {
                    let reason = format!("has {ncols} columns, expected {}", ncols_expected.unwrap_or(0));
                    return Err(SolverError::invalid_problem(block, reason));
                }
                let entries: Vec<_> = rows.into_iter().zip(cols).zip(data).map(|((i, j), v)| (i, j, v)).collect();
                CscMatrix::from_triplets(nrows, ncols, &entries)
            }
        };
        matrix.map_err(|error| match error {
            SolverError::InvalidProblem { reason, .. } => SolverError::invalid_problem(block, reason),
            other => other,
        })
    }
}

impl<'de> Deserialize<'de> for Matrix {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(MatrixVisitor)
    }
}

struct MatrixVisitor;

impl<'de> Visitor<'de> for MatrixVisitor {
    type Value = Matrix;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(
            "a matrix: a list of rows, {\"shape\", \"indptr\", \"indices\", \"data\"}, or {\"shape\", \"rows\", \"cols\", \"data\"}",
        )
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Matrix, A::Error> {
        let mut rows = Vec::new();
        while let Some(row) = seq.next_element()? {
            rows.push(row);
        }
        Ok(Matrix::Rows(rows))
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Matrix, A::Error> {
        let Sparse { shape, indptr, indices, rows, cols, data } = Sparse::deserialize(MapAccessDeserializer::new(map))?;
        let missing = <A::Error as serde::de::Error>::missing_field;
        let data = data.ok_or_else(|| missing("data"));
        match (indptr, indices, rows, cols) {
            (Some(indptr), Some(indices), None, None) => {
                Ok(Matrix::Csc(CscJson { shape, indptr, indices, data: data? }))
            }
            (None, None, Some(rows), Some(cols)) => Ok(Matrix::Coo(CooJson { shape, rows, cols, data: data? })),
            (Some(_), None, None, None) => Err(missing("indices")),
            (None, _, None, None) => Err(missing("indptr")),
            (None, None, Some(_), None) => Err(missing("cols")),
            (None, None, None, Some(_)) => Err(missing("rows")),
            _ => Err(serde::de::Error::custom("give either indptr and indices, or rows and cols")),
        }
    }
}
