//! Problem files: QPS/MPS, CBF and JSON, plain or gzipped.
//!
//! # QPS and MPS
//! Free fields are tried first; a file that breaks them (names with blanks) is read by fixed columns. The rules that
//! differ among readers:
//! - The objective is the first `N` row; entries of further `N` rows are dropped. Its right-hand side is **minus** the
//!   constant.
//! - `RANGES` on an `E` row: `R ≥ 0` gives `[rhs, rhs + R]`, `R < 0` gives `[rhs + R, rhs]`. On `L` and `G` rows the sign
//!   does not matter; on `N` rows a range says nothing.
//! - A variable without bounds lies in `[0, ∞)`. A negative `UP` on a variable whose lower bound was not given frees it
//!   below, the rule of CPLEX and HiGHS; `UP 0` keeps 0. `MI` leaves the upper bound alone.
//! - In `RHS`, `RANGES` and `BOUNDS`, a magnitude of 1e20 or more is infinite.
//! - `QUADOBJ` and `QSECTION` hold one triangle of `P` (either), `QMATRIX` holds both; the objective is `½ xᵀP x`.
//! - `OBJSENSE MAX` negates the objective: a [`Program`] minimises.
//! - An entry given twice is an error; explicit zeros stay in the pattern.
//! - Integer variables, semicontinuous ones, cones and quadratic rows are refused.
//!
//! All rows, equalities included, become the block `rows(l, C, u)` of the [`Program`].
//!
//! # CBF
//! The sections `VER, OBJSENSE, VAR, CON, OBJACOORD, OBJBCOORD, ACOORD, BCOORD` with the cones `F, L+, L-, L=, Q, QR`; any
//! other section or cone is an error, and so is an entry given twice. Linear rows become the block `rows(l, C, u)`, linear
//! domains of variables become bounds, and a rotated cone is turned by 45 degrees, which makes it a quadratic one. The
//! cones of the variables come before those of the constraints.
//!
//! # JSON
//! ```json
//! {"P": [[2, 0], [0, 2]], "q": [1, 1], "A": [[1, 1]], "b": [1], "lb": [0, null]}
//! ```
//! Keys: `P, q, A, b, G, h, rows, l, u, lb, ub, soc, constant`, all optional but `q`; an unknown key is an error. A matrix is
//! a list of rows, `{"shape": [r, c], "indptr": [], "indices": [], "data": []}` (sparse columns, indices ascending), or
//! `{"shape": [r, c], "rows": [], "cols": [], "data": []}` (entry by entry).
//! `P` has both triangles. `soc` is a list of cones `‖F x + g‖ ≤ cᵀx + d`, each `{"F": matrix, "g": [], "c": [], "d": 0}`; `c`
//! is a list, or a sparse matrix with one row. `null` stands for an infinite bound in `h, l, u, lb, ub`.

mod cbf;
mod json;
mod load;
mod qps;
mod save;

use std::path::Path;

#[cfg(feature = "cli")]
pub(crate) use json::ConeJson;
pub use json::{CooJson, CscJson, to_json};
pub use load::Format;
#[cfg(feature = "train")]
pub(crate) use load::{read_text, text_of};

use crate::{Program, Result};

/// A problem read from a file, with its names.
#[derive(Clone, Debug)]
pub struct ProblemFile {
    /// The problem's name: what the file says, else the file's name.
    pub name: String,
    /// The problem, as a minimization.
    pub program: Program,
    /// Whether the file maximizes; the objective of `program` is then the negated one.
    pub maximize: bool,
    /// Names of the stacked rows (`m`): as in the file, or `A[0]`, `G[0]`, `rows[0]` where it has none.
    pub row_names: Vec<String>,
    /// Names of the variables (`d`): as in the file, or `x[0]`, … where it has none.
    pub column_names: Vec<String>,
}

/// Reads a problem file, unpacking gzip (told by its first bytes). The format follows from the extension (`.qps`,
/// `.mps`, `.sif`, `.cbf`, `.json`, each also with `.gz`), and from the content where that says nothing.
///
/// # Errors
/// [`Error::Io`](crate::Error::Io) for a file that cannot be read or unpacked, [`Error::Parse`](crate::Error::Parse)
/// with the line for one that breaks its format, and the errors of
/// [`ProgramBuilder::build`](crate::ProgramBuilder::build) for data that are no convex program.
pub fn read_file(path: impl AsRef<Path>) -> Result<ProblemFile> {
    load::read_file(path.as_ref())
}

/// Reads a problem from a file's bytes, gzipped or not; `name` stands for the file.
///
/// # Errors
/// As [`read_file`].
pub fn read_bytes(name: &str, bytes: &[u8]) -> Result<ProblemFile> {
    load::read_bytes(name, bytes)
}

/// Reads a vector from a file that holds a JSON array of numbers, gzipped or not.
///
/// # Errors
/// [`Error::Io`](crate::Error::Io), [`Error::Parse`](crate::Error::Parse).
pub fn read_numbers(path: impl AsRef<Path>) -> Result<Vec<f64>> {
    load::read_numbers(path.as_ref())
}

/// Reads a problem from text; `name` stands for the file in errors, and for the problem where the text does not name it.
///
/// # Errors
/// [`Error::Parse`](crate::Error::Parse) with the line, and the errors of
/// [`ProgramBuilder::build`](crate::ProgramBuilder::build).
pub fn read_str(name: &str, text: &str, format: Format) -> Result<ProblemFile> {
    match format {
        Format::Qps => qps::read(name, text),
        Format::Cbf => cbf::read(name, text),
        Format::Json => json::read(name, text),
    }
}

/// Writes a problem as JSON; `path` ends in `.json`, or in `.json.gz` for a packed file.
///
/// # Errors
/// [`Error::Io`](crate::Error::Io), [`InvalidArgument`](bpqp_traits::Error::InvalidArgument) for another extension, and
/// the errors of [`to_json`].
pub fn write_file(path: impl AsRef<Path>, program: &Program) -> Result<()> {
    save::write_file(path.as_ref(), program)
}
