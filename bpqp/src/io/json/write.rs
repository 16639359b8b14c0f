//! A program as JSON.

use std::ops::Range;

use bpqp_traits::{CscRef, Error as SolverError};
use serde::Serialize;

use super::{CooJson, CscJson};
use crate::{Program, Result};

/// The document that [`read_str`](crate::io::read_str) reads back.
#[derive(Serialize)]
struct Document<'a> {
    #[serde(rename = "P")]
    p: CscJson,
    q: &'a [f64],
    #[serde(rename = "A", skip_serializing_if = "Option::is_none")]
    a: Option<CscJson>,
    #[serde(skip_serializing_if = "Option::is_none")]
    b: Option<&'a [f64]>,
    #[serde(rename = "G", skip_serializing_if = "Option::is_none")]
    g: Option<CscJson>,
    #[serde(skip_serializing_if = "Option::is_none")]
    h: Option<Vec<Option<f64>>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    rows: Option<CscJson>,
    #[serde(skip_serializing_if = "Option::is_none")]
    l: Option<Vec<Option<f64>>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    u: Option<Vec<Option<f64>>>,
    lb: Vec<Option<f64>>,
    ub: Vec<Option<f64>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    soc: Vec<ConeJson>,
    constant: f64,
}

/// A cone `‖F x + g‖ ≤ cᵀx + d`, or the gradient with respect to its data.
#[derive(Serialize)]
pub(crate) struct ConeJson {
    #[serde(rename = "F")]
    f: CooJson,
    g: Vec<f64>,
    /// As a sparse matrix of one row.
    c: CooJson,
    d: f64,
}

impl ConeJson {
    /// All cones of `program`, with these stacked values in their places.
    pub(crate) fn of(program: &Program, matrix: CscRef<'_>, offset: &[f64]) -> Vec<Self> {
        let (row_by_row, n) = (matrix.transpose(), matrix.ncols());
        let cone = |rows: Range<usize>| {
            let tail = rows.start + 1..rows.end;
            let (mut f, mut c) = (CooJson::new([tail.len(), n]), CooJson::new([1, n]));
            row_by_row.as_ref().col(rows.start).for_each(|(j, v)| c.push((0, j, v)));
            for i in tail.clone() {
                row_by_row.as_ref().col(i).for_each(|(j, v)| f.push((i - tail.start, j, v)));
            }
            Self { f, g: offset[tail].to_vec(), c, d: offset[rows.start] }
        };
        program.cone_rows().map(cone).collect()
    }
}

/// The program as JSON, in its blocks; matrices as sparse columns, infinite bounds as `null`.
///
/// # Errors
/// [`Backend`](SolverError::Backend) where the writer fails.
pub fn to_json(program: &Program) -> Result<String> {
    let stacked = program.as_stacked();
    let blocks = program.blocks();
    let block = |rows: &std::ops::Range<usize>| {
        (!rows.is_empty()).then(|| (rows.clone(), CscJson::from(program.row_block(rows).as_ref())))
    };
    let (a, b) = block(&blocks.equalities).map(|(rows, m)| (m, &stacked.l()[rows])).unzip();
    let (g, h) = block(&blocks.inequalities).map(|(rows, m)| (m, nullable(&stacked.u()[rows]))).unzip();
    let two_sided = block(&blocks.rows).map(|(r, m)| (m, nullable(&stacked.l()[r.clone()]), nullable(&stacked.u()[r])));
    let (rows, l, u) = match two_sided {
        Some((rows, l, u)) => (Some(rows), Some(l), Some(u)),
        None => (None, None, None),
    };
    let document = Document {
        p: program.p().into(),
        q: stacked.q(),
        a,
        b,
        g,
        h,
        rows,
        l,
        u,
        lb: nullable(stacked.lb()),
        ub: nullable(stacked.ub()),
        soc: stacked.cones().map_or_else(Vec::new, |cones| ConeJson::of(program, cones.matrix(), cones.offset())),
        constant: program.constant(),
    };
    serde_json::to_string(&document).map_err(|e| SolverError::backend("the JSON writer", e.to_string()).into())
}

/// Infinities as `null`.
fn nullable(side: &[f64]) -> Vec<Option<f64>> {
    side.iter().map(|&v| v.is_finite().then_some(v)).collect()
}
