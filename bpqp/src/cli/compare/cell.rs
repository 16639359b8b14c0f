//! One problem through one backend.

use crate::traits::vector::max_nan;
use crate::{Error, Gradient, Layer, Program, Solved};
use serde::Serialize;

use crate::cli::input::ms;

/// What one backend made of one problem. The point is judged as the forward solver left it, before any polish.
#[derive(Debug, Default, Serialize)]
pub(crate) struct Cell {
    pub(crate) file: String,
    pub(crate) backend: String,
    pub(crate) n: usize,
    pub(crate) m: usize,
    /// A status, or `error: kind`.
    pub(crate) status: String,
    pub(crate) objective: Option<f64>,
    pub(crate) primal_residual: Option<f64>,
    pub(crate) dual_residual: Option<f64>,
    pub(crate) gap: Option<f64>,
    pub(crate) setup_ms: Option<f64>,
    pub(crate) forward_ms: Option<f64>,
    pub(crate) backward_ms: Option<f64>,
    pub(crate) certificate: Option<&'static str>,
    pub(crate) adjoint_residual: Option<f64>,
    /// Against the first backend that has a gradient.
    pub(crate) gradient_difference: Option<f64>,
    /// What went wrong, where something did.
    pub(crate) message: Option<String>,
}

impl Cell {
    pub(crate) fn is_solved(&self) -> bool {
        self.status == crate::Status::Solved.as_str()
    }

    /// The largest residual.
    pub(crate) fn residual(&self) -> Option<f64> {
        Some(max_nan(max_nan(self.primal_residual?, self.dual_residual?), self.gap?))
    }
}

/// Solves and differentiates the sum of x; an error becomes part of the cell.
pub(crate) fn measure(file: &str, program: &Program, backend: &str, layer: &Layer) -> (Cell, Option<Gradient>) {
    let mut cell = Cell {
        file: file.into(),
        backend: backend.into(),
        n: program.num_vars(),
        m: program.as_stacked().num_rows(),
        ..Cell::default()
    };
    let mut solved = match layer.forward(program) {
        Ok(solved) => solved,
        Err(error) => {
            cell.status = format!("error: {}", error.kind());
            cell.message = Some(error.to_string());
            return (cell, None);
        }
    };
    forward(&mut cell, &solved);
    if !solved.status().has_solution() {
        return (cell, None);
    }
    match solved.backward(&vec![1.0; program.num_vars()]) {
        Ok(gradient) => {
            cell.backward_ms = Some(ms(gradient.elapsed()));
            cell.certificate = Some(gradient.certificate().kind.as_str());
            cell.adjoint_residual = Some(gradient.certificate().residual);
            (cell, Some(gradient))
        }
        Err(error) => {
            cell.message = Some(backward_message(&error));
            (cell, None)
        }
    }
}

fn backward_message(error: &Error) -> String {
    format!("no gradient: {error}")
}

fn forward(cell: &mut Cell, solved: &Solved<'_>) {
    cell.status = solved.status().as_str().into();
    cell.setup_ms = Some(ms(solved.timing().setup));
    cell.forward_ms = Some(ms(solved.timing().forward));
    if solved.status().has_solution() {
        let residuals = solved.residuals();
        cell.objective = Some(solved.objective());
        cell.primal_residual = Some(residuals.primal);
        cell.dual_residual = Some(residuals.dual);
        cell.gap = Some(residuals.gap);
    }
}
