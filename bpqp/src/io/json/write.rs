//! A program as JSON.

use bpqp_traits::Error as SolverError;
use serde::Serialize;

use super::CscJson;
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
    constant: f64,
}

/// The program as JSON, in its blocks; matrices as sparse columns, infinite bounds as `null`.
///
/// # Errors
/// [`Unsupported`](SolverError::Unsupported) for a program with second-order cones, which the format lacks.
pub fn to_json(program: &Program) -> Result<String> {
    let stacked = program.as_stacked();
    if stacked.num_cone_rows() > 0 {
        return Err(SolverError::unsupported("the JSON format", "second-order cones").into());
    }
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
        constant: program.constant(),
    };
    serde_json::to_string(&document).map_err(|e| SolverError::backend("the JSON writer", e.to_string()).into())
}

/// Infinities as `null`.
fn nullable(side: &[f64]) -> Vec<Option<f64>> {
    side.iter().map(|&v| v.is_finite().then_some(v)).collect()
}
