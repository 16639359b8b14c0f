//! Problems as JSON.

mod matrix;
mod write;

use bpqp_traits::{CscMatrix, Error as SolverError};
use serde::Deserialize;

pub use matrix::{CooJson, CscJson};
#[cfg(feature = "cli")]
pub(crate) use write::ConeJson;
pub use write::to_json;

use self::matrix::Matrix;
use super::ProblemFile;
use crate::{Error, Program, Result};

/// A problem as it stands in the file. `null` is an absent bound, and an absent list is an absent block.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    #[serde(rename = "P")]
    p: Option<Matrix>,
    q: Vec<f64>,
    #[serde(rename = "A")]
    a: Option<Matrix>,
    b: Option<Vec<f64>>,
    #[serde(rename = "G")]
    g: Option<Matrix>,
    h: Option<Vec<Option<f64>>>,
    rows: Option<Matrix>,
    l: Option<Vec<Option<f64>>>,
    u: Option<Vec<Option<f64>>>,
    lb: Option<Vec<Option<f64>>>,
    ub: Option<Vec<Option<f64>>>,
    soc: Option<Vec<Cone>>,
    constant: Option<f64>,
}

/// A cone `‖F x + g‖ ≤ cᵀx + d`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Cone {
    #[serde(rename = "F")]
    f: Matrix,
    g: Vec<f64>,
    c: Vector,
    d: f64,
}

/// A dense vector, or a sparse matrix of one row.
#[derive(Deserialize)]
#[serde(untagged)]
enum Vector {
    Dense(Vec<f64>),
    Row(Matrix),
}

impl Cone {
    /// The stacked rows `cᵀ` over `F`, and their offsets; `k` is the cone's place.
    fn stack(self, k: usize, d: usize) -> Result<(CscMatrix, Vec<f64>)> {
        let wrong = |block: &str, reason: String| SolverError::invalid_problem(format!("soc[{k}].{block}"), reason);
        let f = self.f.into_csc(&format!("soc[{k}].F"), Some(d))?;
        if f.ncols() != d {
            return Err(wrong("F", format!("has {} columns, expected {d}", f.ncols())).into());
        }
        if f.nrows() != self.g.len() {
            return Err(wrong("g", format!("has length {}, expected {}", self.g.len(), f.nrows())).into());
        }
        let head: Vec<(usize, f64)> = match self.c {
            Vector::Dense(c) if c.len() == d => c.into_iter().enumerate().collect(),
            Vector::Dense(c) => return Err(wrong("c", format!("has length {}, expected {d}", c.len())).into()),
            Vector::Row(row) => {
                let row = row.into_csc(&format!("soc[{k}].c"), Some(d))?;
                if (row.nrows(), row.ncols()) != (1, d) {
                    return Err(wrong("c", format!("is {} × {}, expected 1 × {d}", row.nrows(), row.ncols())).into());
                }
                row.as_ref().entries().map(|(_, j, v)| (j, v)).collect()
            }
        };
        let head = head.into_iter().map(|(j, v)| (0, j, v));
        let rows: Vec<_> = head.chain(f.as_ref().entries().map(|(i, j, v)| (i + 1, j, v))).collect();
        let matrix = CscMatrix::from_triplets(f.nrows() + 1, d, &rows)?;
        Ok((matrix, std::iter::once(self.d).chain(self.g).collect()))
    }
}

pub(super) fn read(name: &str, text: &str) -> Result<ProblemFile> {
    let document: Document = serde_json::from_str(text).map_err(|e| parse_error(name, &e))?;
    let program = document.into_program()?;
    Ok(ProblemFile {
        name: name.into(),
        maximize: false,
        row_names: row_names(&program),
        column_names: numbered("x", program.num_vars()).collect(),
        program,
    })
}

fn parse_error(name: &str, error: &serde_json::Error) -> Error {
    Error::Parse { name: name.into(), line: error.line().max(1), message: message(error) }
}

/// What serde says, with the column in front and without the line, which the error has already.
pub(super) fn message(error: &serde_json::Error) -> String {
    let place = format!(" at line {} column {}", error.line(), error.column());
    let text = error.to_string();
    format!("column {}: {}", error.column(), text.strip_suffix(&place).unwrap_or(&text))
}

impl Document {
    fn into_program(self) -> Result<Program> {
        let d = self.q.len();
        let mut builder = Program::builder(d).constant(self.constant.unwrap_or(0.0));
        builder = match self.p {
            Some(p) => builder.objective(&p.into_csc("P", Some(d))?, &self.q),
            None => builder.linear_objective(&self.q),
        };
        if let Some((a, b)) = both(("A", self.a), ("b", self.b))? {
            builder = builder.equalities(&a.into_csc("A", Some(d))?, &b);
        }
        if let Some((g, h)) = both(("G", self.g), ("h", self.h))? {
            builder = builder.inequalities(&g.into_csc("G", Some(d))?, &upper(h));
        }
        builder = add_rows(builder, d, self.rows, self.l, self.u)?;
        if self.lb.is_some() || self.ub.is_some() {
            let lb = self.lb.map_or_else(|| vec![f64::NEG_INFINITY; d], lower);
            builder = builder.bounds(&lb, &self.ub.map_or_else(|| vec![f64::INFINITY; d], upper));
        }
        for (k, cone) in self.soc.unwrap_or_default().into_iter().enumerate() {
            let (matrix, offset) = cone.stack(k, d)?;
            builder = builder.second_order_cones(&matrix, &offset, &[offset.len()]);
        }
        builder.build()
    }
}

fn add_rows(
    builder: crate::ProgramBuilder,
    d: usize,
    rows: Option<Matrix>,
    l: Option<Vec<Option<f64>>>,
    u: Option<Vec<Option<f64>>>,
) -> Result<crate::ProgramBuilder> {
    let Some(rows) = rows else {
        let Some(orphan) = l.map(|_| "l").or(u.map(|_| "u")) else { return Ok(builder) };
        return Err(missing("rows", orphan));
    };
    // An absent side is as long as the other one; the matrix's own claim is checked against them.
    let Some(len) = l.as_ref().or(u.as_ref()).map(Vec::len) else { return Err(missing("l or u", "rows")) };
    let l = l.map_or_else(|| vec![f64::NEG_INFINITY; len], lower);
    let u = u.map_or_else(|| vec![f64::INFINITY; len], upper);
    Ok(builder.rows(&l, &rows.into_csc("rows", Some(d))?, &u))
}

/// A matrix and its right-hand side: both or neither.
fn both<M, V>((matrix_name, matrix): (&str, Option<M>), (name, vector): (&str, Option<V>)) -> Result<Option<(M, V)>> {
    match (matrix, vector) {
        (Some(matrix), Some(vector)) => Ok(Some((matrix, vector))),
        (None, None) => Ok(None),
        (Some(_), None) => Err(missing(name, matrix_name)),
        (None, Some(_)) => Err(missing(matrix_name, name)),
    }
}

fn missing(absent: &str, present: &str) -> Error {
    bpqp_traits::Error::invalid_problem(absent, format!("missing beside {present}")).into()
}

fn lower(side: Vec<Option<f64>>) -> Vec<f64> {
    side.into_iter().map(|v| v.unwrap_or(f64::NEG_INFINITY)).collect()
}

fn upper(side: Vec<Option<f64>>) -> Vec<f64> {
    side.into_iter().map(|v| v.unwrap_or(f64::INFINITY)).collect()
}

fn row_names(program: &Program) -> Vec<String> {
    let blocks = program.blocks();
    let named = [("A", &blocks.equalities), ("G", &blocks.inequalities), ("rows", &blocks.rows)];
    named.into_iter().flat_map(|(name, rows)| numbered(name, rows.len())).collect()
}

fn numbered(name: &str, count: usize) -> impl Iterator<Item = String> + '_ {
    (0..count).map(move |i| format!("{name}[{i}]"))
}
