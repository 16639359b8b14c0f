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

/// Either form of a matrix.
pub(super) enum Matrix {
    Rows(Vec<Vec<f64>>),
    Csc(CscJson),
}

impl Matrix {
    /// The matrix; dense rows keep every entry, zeros included. An empty list of rows takes `ncols` columns.
    pub(super) fn into_csc(self, block: &str, ncols: Option<usize>) -> Result<CscMatrix, SolverError> {
        let matrix = match self {
            Self::Rows(rows) if rows.is_empty() => Ok(CscMatrix::zeros(0, ncols.unwrap_or(0))),
            Self::Rows(rows) => rows.to_csc(),
            Self::Csc(CscJson { shape: [rows, cols], indptr, indices, data }) => {
                // A shape is cheap to claim; the pointers that go with it are not.
                if cols.checked_add(1) != Some(indptr.len()) {
                    let reason = format!("indptr has length {}, expected {cols} + 1", indptr.len());
                    return Err(SolverError::invalid_problem(block, reason));
                }
                CscMatrix::new(rows, cols, indptr, indices, data)
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
        f.write_str("a matrix: a list of rows, or {\"shape\", \"indptr\", \"indices\", \"data\"}")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Matrix, A::Error> {
        let mut rows = Vec::new();
        while let Some(row) = seq.next_element()? {
            rows.push(row);
        }
        Ok(Matrix::Rows(rows))
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Matrix, A::Error> {
        CscJson::deserialize(MapAccessDeserializer::new(map)).map(Matrix::Csc)
    }
}
