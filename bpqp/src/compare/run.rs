//! One problem with one pair of backends.

use bpqp_traits::vector::max_nan;
use serde::Serialize;

use super::{Pair, Problem};
use crate::{Gradient, Solved, Status};

/// What one pair of backends made of one problem. The point is judged as the forward solver left it, before any polish.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Run {
    /// The problem's name: its file, where it came from one.
    pub file: String,
    /// Backend of the forward pass.
    pub forward: String,
    /// Backend of the backward pass.
    pub backward: String,
    /// Number of variables.
    pub n: usize,
    /// Number of rows.
    pub m: usize,
    /// The status that is right for the problem, where it is known.
    pub expected: Option<&'static str>,
    /// A status, or `error: kind`.
    pub status: String,
    /// Objective at the point.
    pub objective: Option<f64>,
    /// Relative primal residual, recomputed from the data.
    pub primal_residual: Option<f64>,
    /// Relative dual residual.
    pub dual_residual: Option<f64>,
    /// Relative gap.
    pub gap: Option<f64>,
    /// Milliseconds of the set-up.
    pub setup_ms: Option<f64>,
    /// Milliseconds of the solve.
    pub forward_ms: Option<f64>,
    /// Milliseconds of the first derivative, polish and factorization included.
    pub backward_ms: Option<f64>,
    /// What the gradient is: the kind of its certificate.
    pub certificate: Option<&'static str>,
    /// Relative residual of the backward system.
    pub adjoint_residual: Option<f64>,
    /// Against the first pair that has a gradient.
    pub gradient_difference: Option<f64>,
    /// The kind of the error that stands in place of a gradient.
    pub gradient_error: Option<&'static str>,
    /// What went wrong, where something did.
    pub message: Option<String>,
}

impl Run {
    /// Solves `problem` and differentiates the sum of `x`; an error becomes part of the run.
    pub(super) fn measure(problem: &Problem, pair: &Pair) -> (Self, Option<Gradient>) {
        let program = &problem.file.program;
        let mut run = Self {
            file: problem.name.clone(),
            forward: pair.forward.clone(),
            backward: pair.backward.clone(),
            n: program.num_vars(),
            m: program.as_stacked().num_rows(),
            expected: problem.expected.map(Status::as_str),
            ..Self::default()
        };
        let mut solved = match pair.layer.forward(program) {
            Ok(solved) => solved,
            Err(error) => {
                run.status = format!("error: {}", error.kind());
                run.message = Some(error.to_string());
                return (run, None);
            }
        };
        run.take_forward(&solved);
        if !solved.status().has_solution() {
            return (run, None);
        }
        match solved.backward(&vec![1.0; program.num_vars()]) {
            Ok(gradient) => {
                run.backward_ms = Some(gradient.elapsed().as_secs_f64() * 1e3);
                run.certificate = Some(gradient.certificate().kind.as_str());
                run.adjoint_residual = Some(gradient.certificate().residual);
                (run, Some(gradient))
            }
            Err(error) => {
                run.gradient_error = Some(error.kind());
                run.message = Some(format!("no gradient: {error}"));
                (run, None)
            }
        }
    }

    fn take_forward(&mut self, solved: &Solved<'_>) {
        self.status = solved.status().as_str().into();
        self.setup_ms = Some(solved.timing().setup.as_secs_f64() * 1e3);
        self.forward_ms = Some(solved.timing().forward.as_secs_f64() * 1e3);
        if solved.status().has_solution() {
            let residuals = solved.residuals();
            self.objective = Some(solved.objective());
            self.primal_residual = Some(residuals.primal);
            self.dual_residual = Some(residuals.dual);
            self.gap = Some(residuals.gap);
        }
    }

    /// Whether the forward pass ended as it should: with the expected status, where that is known, else solved.
    pub fn is_good(&self) -> bool {
        self.status == self.expected.unwrap_or(Status::Solved.as_str())
    }

    /// Whether the forward pass left a solution.
    pub fn has_solution(&self) -> bool {
        self.objective.is_some()
    }

    /// Whether something is missing: the right status, or the gradient of a solution.
    pub fn is_failure(&self) -> bool {
        !self.is_good() || self.gradient_error.is_some()
    }

    /// The pair's label: see [`Pair::label`].
    pub fn label(&self) -> String {
        super::label(&self.forward, &self.backward)
    }

    /// The largest residual.
    pub fn residual(&self) -> Option<f64> {
        Some(max_nan(max_nan(self.primal_residual?, self.dual_residual?), self.gap?))
    }
}
