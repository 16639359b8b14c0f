//! The quadratic programs of sequential quadratic programming, in one session of any backend.

use bpqp_traits::{Error as SolverError, Status};

use super::evaluate::{Iterate, Linearization, Problem};
use crate::program::{Program, Values};
use crate::{Error, Layer, LayerSession, Result};

/// A relative residual that polishing cannot improve on.
const GOOD: f64 = 1e-12;

/// The QP at a point, in the variables of the program itself, so that a solver starts from the last solution:
/// ```text
/// minimize ½ yᵀ(H + μI)y + (∇f − (H + μI)x)ᵀy   s.t.  A y = b,  ∇g y ≤ ∇g x − g,  bounds
/// ```
#[derive(Default)]
pub(super) struct Subproblem {
    session: Option<LayerSession>,
    pub(super) iterations: u64,
}

/// What a QP has to say.
pub(super) struct Answer {
    pub(super) status: Status,
    /// The point with its multipliers; of an infeasible QP the certificate, of an unbounded one the ray.
    pub(super) iterate: Iterate,
}

/// What stands in a QP besides the linearization.
pub(super) struct Choices<'a> {
    /// The proximal weight `μ ≥ 0`.
    pub(super) proximal: f64,
    pub(super) bounds: (&'a [f64], &'a [f64]),
    /// Added to the right-hand sides of the linearized inequalities, where there is something to add.
    pub(super) correction: Option<&'a [f64]>,
    /// Whether the solution is wanted to the accuracy of the arithmetic.
    pub(super) polish: bool,
}

/// The data of the QP.
struct Data {
    p: bpqp_traits::CscMatrix,
    q: Vec<f64>,
    h: Vec<f64>,
}

impl Data {
    fn new(at: &Iterate, lin: &Linearization, proximal: f64, correction: Option<&[f64]>) -> Self {
        let mut p = lin.hessian.matrix().clone();
        if proximal > 0.0 {
            let diagonal: Vec<bool> = p.as_ref().entries().map(|(i, j, _)| i == j).collect();
            p.values_mut().iter_mut().zip(diagonal).filter(|(_, d)| *d).for_each(|(v, _)| *v += proximal);
        }
        let mut q = lin.gradient.clone();
        p.as_ref().mul_add(-1.0, &at.x, &mut q);
        let mut h: Vec<f64> = lin.values.g.iter().map(|g| -g).collect();
        lin.jacobian.matrix().as_ref().mul_add(1.0, &at.x, &mut h);
        if let Some(correction) = correction {
            h.iter_mut().zip(correction).for_each(|(h, c)| *h += c);
        }
        Self { p, q, h }
    }

    fn program(&self, problem: &Problem<'_, '_>, lin: &Linearization, bounds: (&[f64], &[f64])) -> Result<Program> {
        let mut builder = Program::builder(self.q.len()).objective(&self.p, &self.q).bounds(bounds.0, bounds.1);
        if !problem.b.is_empty() {
            builder = builder.equalities(&problem.a, &problem.b);
        }
        if !self.h.is_empty() {
            builder = builder.inequalities(lin.jacobian.matrix(), &self.h);
        }
        builder.build()
    }
}

/// The program linearized at `at`: its solution is that of the convex program where `at` is.
pub(super) fn linearized(problem: &Problem<'_, '_>, at: &Iterate, lin: &Linearization) -> Result<Program> {
    Data::new(at, lin, 0.0, None).program(problem, lin, (&problem.lb, &problem.ub)).map_err(|e| not_convex(e, ""))
}

/// Says of which matrix an error speaks.
pub(super) fn not_convex(error: Error, place: &str) -> Error {
    match error {
        Error::Solver(SolverError::NotConvex { reason }) => {
            let reason = format!("the Hessian P of the Lagrangian{place}: {reason}");
            SolverError::NotConvex { reason }.into()
        }
        other => other,
    }
}

impl Subproblem {
    /// Solves the QP at `at`.
    pub(super) fn solve(
        &mut self,
        layer: &Layer,
        problem: &Problem<'_, '_>,
        (at, lin): (&Iterate, &Linearization),
        choices: &Choices<'_>,
    ) -> Result<Answer> {
        let data = Data::new(at, lin, choices.proximal, choices.correction);
        let (lb, ub) = choices.bounds;
        let same_pattern = |program: &Program| {
            let rows = program.row_block(&program.blocks().inequalities);
            program.p().same_pattern(&data.p.as_ref()) && rows.as_ref().same_pattern(&lin.jacobian.matrix().as_ref())
        };
        let session = match &mut self.session {
            Some(session) if same_pattern(session.program()) => {
                let g = (!data.h.is_empty()).then(|| lin.jacobian.matrix().values());
                let h = (!data.h.is_empty()).then_some(&data.h[..]);
                let (p, q) = (Some(data.p.values()), Some(&data.q[..]));
                session.update(&Values { p, q, g, h, lb: Some(lb), ub: Some(ub), ..Values::default() })?;
                session
            }
            session => session.insert(layer.session(data.program(problem, lin, (lb, ub))?)?),
        };
        let blocks = session.program().blocks().clone();
        let mut solved = session.forward()?;
        let accurate = solved.residuals().max() <= GOOD;
        if choices.polish && solved.status().has_solution() && !accurate {
            // A point that cannot be polished is still a step.
            let _ = solved.polish();
        }
        self.iterations += solved.iterations();
        let solution = solved.solution();
        let iterate = Iterate {
            x: solution.x.clone(),
            nu: solution.y[blocks.equalities].to_vec(),
            lambda: solution.y[blocks.inequalities].to_vec(),
            zeta: solution.bound_duals.clone(),
        };
        Ok(Answer { status: solved.status(), iterate })
    }
}
