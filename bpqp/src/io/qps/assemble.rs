//! From what the sections said to a program.

use bpqp_traits::{CscMatrix, Error as SolverError};

use super::draft::{Column, Draft, Entry, Row, Sense};
use super::{Checked, Fault};
use crate::io::ProblemFile;
use crate::{Program, Result};

/// A draft whose lines agree with each other.
pub(super) struct Consistent<'a> {
    draft: Draft<'a>,
    quadratic: Vec<Entry>,
    sides: (Vec<f64>, Vec<f64>),
    bounds: (Vec<f64>, Vec<f64>),
}

impl<'a> Draft<'a> {
    /// Checks what only the whole file can tell: entries given twice, sides and bounds that cross.
    pub(super) fn check(mut self) -> Checked<Consistent<'a>> {
        let quadratic = self.symmetric_entries()?;
        self.check_entries()?;
        let sides = self.rows.iter().map(Row::sides).collect::<Checked<Vec<_>>>()?.into_iter().unzip();
        let bounds = self.columns.iter().map(Column::bounds).collect::<Checked<Vec<_>>>()?.into_iter().unzip();
        Ok(Consistent { draft: self, quadratic, sides, bounds })
    }

    fn check_entries(&mut self) -> Checked<()> {
        self.entries.sort_by_key(|e| (e.column, e.row, e.line));
        match self.entries.windows(2).find(|w| (w[0].column, w[0].row) == (w[1].column, w[1].row)) {
            Some(pair) => {
                let (column, row) = (self.columns[pair[1].column].name, self.rows[pair[1].row].name);
                let message = format!("COLUMNS: the entry of '{column}' in row '{row}' is given twice");
                Err(Fault::new(pair[1].line, message))
            }
            None => Ok(()),
        }
    }
}

impl Row<'_> {
    /// Lower and upper side.
    fn sides(&self) -> Checked<(f64, f64)> {
        let rhs = self.rhs.unwrap_or(0.0);
        let (lower, upper) = match (self.sense, self.range) {
            (Sense::Equal, None) => (rhs, rhs),
            (Sense::Equal, Some(range)) => (rhs + range.min(0.0), rhs + range.max(0.0)),
            (Sense::AtMost, range) => (range.map_or(f64::NEG_INFINITY, |r| rhs - r.abs()), rhs),
            (Sense::AtLeast, range) => (rhs, range.map_or(f64::INFINITY, |r| rhs + r.abs())),
        };
        if is_interval(lower, upper) {
            return Ok((lower, upper));
        }
        Err(Fault::new(self.line, format!("row '{}': no number lies between {lower} and {upper}", self.name)))
    }
}

impl Column<'_> {
    /// Lower and upper bound; 0 and ∞ where not given.
    fn bounds(&self) -> Checked<(f64, f64)> {
        let upper = self.upper.unwrap_or(f64::INFINITY);
        // A negative upper bound frees a variable whose lower bound was left at its default.
        let default = if upper < 0.0 { f64::NEG_INFINITY } else { 0.0 };
        let lower = self.lower.unwrap_or(default);
        if is_interval(lower, upper) {
            return Ok((lower, upper));
        }
        Err(Fault::new(self.line, format!("column '{}': no number lies between {lower} and {upper}", self.name)))
    }
}

/// Whether a number lies between the two; infinite only outward. False for NaN.
fn is_interval(lower: f64, upper: f64) -> bool {
    lower <= upper && lower < f64::INFINITY && upper > f64::NEG_INFINITY
}

impl Consistent<'_> {
    /// Builds the program; `fallback` names a problem that does not name itself.
    pub(super) fn into_problem(self, fallback: &str) -> Result<ProblemFile> {
        let Self { draft, quadratic, sides: (l, u), bounds: (lb, ub) } = self;
        let sign = if draft.maximize { -1.0 } else { 1.0 };
        let (n, m) = (draft.columns.len(), draft.rows.len());
        let q: Vec<f64> = draft.columns.iter().map(|c| signed(sign, c.cost.unwrap_or(0.0))).collect();
        let p = matrix(n, n, sign, &quadratic)?;
        let c = matrix(m, n, 1.0, &draft.entries)?;
        let program = Program::builder(n)
            .objective(&p, &q)
            .constant(signed(sign, draft.constant.unwrap_or(0.0)))
            .rows(&l, &c, &u)
            .bounds(&lb, &ub)
            .build()?;
        Ok(ProblemFile {
            name: draft.name.unwrap_or(fallback).into(),
            program,
            maximize: draft.maximize,
            row_names: draft.rows.iter().map(|r| r.name.into()).collect(),
            column_names: draft.columns.iter().map(|c| c.name.into()).collect(),
        })
    }
}

/// `sign · value` without a negative zero.
fn signed(sign: f64, value: f64) -> f64 {
    sign * value + 0.0
}

/// The matrix of entries sorted by column, then row.
fn matrix(nrows: usize, ncols: usize, sign: f64, entries: &[Entry]) -> std::result::Result<CscMatrix, SolverError> {
    let mut col_ptr = vec![0; ncols + 1];
    for entry in entries {
        col_ptr[entry.column + 1] += 1;
    }
    for j in 0..ncols {
        col_ptr[j + 1] += col_ptr[j];
    }
    let row_idx = entries.iter().map(|e| e.row).collect();
    let values = entries.iter().map(|e| signed(sign, e.value)).collect();
    CscMatrix::new(nrows, ncols, col_ptr, row_idx, values)
}
