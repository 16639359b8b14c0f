//! The quadratic programs of sequential quadratic programming, in one session of any backend.

use bpqp_traits::{CscMatrix, Error as SolverError, Status};

use super::evaluate::{Iterate, Linearization, Problem};
use crate::program::{Program, Values};
use crate::{Error, Layer, LayerSession, Result};

/// A relative residual that polishing cannot improve on.
const GOOD: f64 = 1e-12;

/// The QP at a point, in the step `p` from there:
/// ```text
/// minimize ½ pᵀ(H + μI)p + ∇fᵀp   s.t.  A p = b − A x,  ∇g p ≤ −g,  lb − x ≤ p ≤ ub − x
/// ```
#[derive(Default)]
pub(super) struct Subproblem {
    session: Option<LayerSession>,
    /// Matrices with the patterns of `P` and `G` that it has.
    patterns: Option<(CscMatrix, CscMatrix)>,
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
    /// Lengths of the steps' units.
    units: Vec<f64>,
    p: CscMatrix,
    q: Vec<f64>,
    a: CscMatrix,
    g: CscMatrix,
    b: Vec<f64>,
    h: Vec<f64>,
    lb: Vec<f64>,
    ub: Vec<f64>,
}

impl Data {
    fn new(problem: &Problem<'_, '_>, at: &Iterate, lin: &Linearization, choices: &Choices<'_>) -> Self {
        let own = (choices.bounds.0, choices.bounds.1) == (&problem.lb[..], &problem.ub[..]);
        let units = if own { vec![1.0; at.x.len()] } else { problem.units(&at.x) };
        let mut p = lin.hessian.clone();
        let weights: Vec<(f64, f64)> = p
            .as_ref()
            .entries()
            .map(|(i, j, _)| (units[i] * units[j], if i == j { choices.proximal } else { 0.0 }))
            .collect();
        p.values_mut().iter_mut().zip(weights).for_each(|(v, (unit, mu))| *v = unit * (*v + mu));
        let scaled = |matrix: &CscMatrix| {
            let mut scaled = matrix.clone();
            let by: Vec<f64> = matrix.as_ref().entries().map(|(_, j, _)| units[j]).collect();
            scaled.values_mut().iter_mut().zip(by).for_each(|(v, unit)| *v *= unit);
            scaled
        };
        let minus = |v: &[f64]| v.iter().map(|v| -v).collect::<Vec<_>>();
        let mut h = minus(&lin.values.g);
        h.iter_mut().zip(choices.correction.unwrap_or_default()).for_each(|(h, c)| *h += c);
        let from = |bounds: &[f64]| (0..bounds.len()).map(|j| (bounds[j] - at.x[j]) / units[j]).collect();
        let (lb, ub) = choices.bounds;
        Self {
            p,
            q: lin.gradient.iter().zip(&units).map(|(v, unit)| v * unit).collect(),
            a: scaled(&problem.a),
            g: scaled(&lin.jacobian),
            b: minus(&lin.values.gap),
            h,
            lb: from(lb),
            ub: from(ub),
            units,
        }
    }
}

/// The program linearized at `at`, in the variables of the program itself: its solution is that of the convex program where
/// `at` is.
pub(super) fn linearized(problem: &Problem<'_, '_>, at: &Iterate, lin: &Linearization) -> Result<Program> {
    let mut q = lin.gradient.clone();
    lin.hessian.as_ref().mul_add(-1.0, &at.x, &mut q);
    let mut h: Vec<f64> = lin.values.g.iter().map(|g| -g).collect();
    lin.jacobian.as_ref().mul_add(1.0, &at.x, &mut h);
    let rows = ((&problem.a, &problem.b[..]), (&lin.jacobian, &h[..]));
    build((&lin.hessian, &q), rows, (&problem.lb, &problem.ub)).map_err(|error| not_convex(error, " at the solution"))
}

/// A matrix and the vector that goes with it.
type Pair<'a> = (&'a CscMatrix, &'a [f64]);

fn build(
    (p, q): Pair<'_>,
    (equalities, inequalities): (Pair<'_>, Pair<'_>),
    bounds: (&[f64], &[f64]),
) -> Result<Program> {
    let mut builder = Program::builder(q.len()).objective(p, q).bounds(bounds.0, bounds.1);
    if !equalities.1.is_empty() {
        builder = builder.equalities(equalities.0, equalities.1);
    }
    if !inequalities.1.is_empty() {
        builder = builder.inequalities(inequalities.0, inequalities.1);
    }
    builder.build()
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
        let data = Data::new(problem, at, lin, choices);
        let (mut answer, kept) = self.solve_data(layer, &data, choices.polish)?;
        let is_answer = |status: Status| {
            status.has_solution() || matches!(status, Status::PrimalInfeasible | Status::DualInfeasible)
        };
        if kept && !is_answer(answer.status) {
            // What a solver keeps from QP to QP, its equilibration for one, may fit this one badly.
            self.session = None;
            (answer, _) = self.solve_data(layer, &data, choices.polish)?;
        }
        if answer.status.has_solution() {
            for (j, unit) in data.units.iter().enumerate() {
                answer.iterate.x[j] = at.x[j] + unit * answer.iterate.x[j];
                answer.iterate.zeta[j] /= unit;
            }
        }
        Ok(answer)
    }

    /// Solves the QP with `data`; says whether the solver had another one before.
    fn solve_data(&mut self, layer: &Layer, data: &Data, polish: bool) -> Result<(Answer, bool)> {
        let same_pattern = |(p, g): &(CscMatrix, CscMatrix)| {
            p.as_ref().same_pattern(&data.p.as_ref()) && g.as_ref().same_pattern(&data.g.as_ref())
        };
        let kept = self.session.is_some() && self.patterns.as_ref().is_some_and(same_pattern);
        if !kept {
            self.patterns = Some((data.p.clone(), data.g.clone()));
        }
        let session = match &mut self.session {
            Some(session) if kept => {
                let given = |v| Some(v).filter(|v: &&[f64]| !v.is_empty());
                let new = Values {
                    p: Some(data.p.values()),
                    q: Some(&data.q),
                    a: given(data.a.values()),
                    b: given(&data.b),
                    g: given(data.g.values()),
                    h: given(&data.h),
                    lb: Some(&data.lb),
                    ub: Some(&data.ub),
                    ..Values::default()
                };
                session.update(&new)?;
                session
            }
            session => {
                let rows = ((&data.a, &data.b[..]), (&data.g, &data.h[..]));
                let program = build((&data.p, &data.q), rows, (&data.lb, &data.ub))?;
                session.insert(layer.session(program)?)
            }
        };
        let blocks = session.program().blocks().clone();
        let mut solved = session.forward()?;
        let accurate = solved.residuals().max() <= GOOD;
        if polish && solved.status().has_solution() && !accurate {
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
        Ok((Answer { status: solved.status(), iterate }, kept))
    }
}
