//! A layer for convex programs: sequential quadratic programming forward, the linearized QP backward.

use std::sync::Arc;
use std::time::{Duration, Instant};

use bpqp_traits::{KktResiduals, Settings, Solution, Status, check_vector};

use super::evaluate::{Iterate, Problem, Workspace};
use super::program::{ConvexProgram, PrimalDual};
use super::solved::ConvexSolved;
use super::sqp::{self, Outcome, Point};
use super::subproblem::linearized;
use crate::layer::verify;
use crate::{AtInfeasibility, Layer, LayerBuilder, Result};

/// What one iteration has to say; see [`ConvexLayerBuilder::progress`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ConvexProgress {
    /// From 0, the start.
    pub iteration: u32,
    /// `f(x, θ)`.
    pub objective: f64,
    /// KKT residuals of the iterate.
    pub residuals: KktResiduals,
    /// Share of the step that was taken to get here.
    pub length: f64,
    /// The proximal weight `μ` that is added to the Hessian; 0 where it need not be.
    pub proximal: f64,
}

type Progress = Arc<dyn Fn(&ConvexProgress) + Send + Sync>;

#[derive(Clone)]
pub(super) struct Options {
    pub(super) tolerance: f64,
    pub(super) max_iterations: u32,
    pub(super) time_limit: Option<Duration>,
    pub(super) progress: Option<Progress>,
}

/// A differentiable convex program: any QP backend solves the subproblems forward, any differentiates.
///
/// ```
/// use bpqp::convex::{ConvexLayer, library::Softmax};
///
/// # fn main() -> bpqp::Result<()> {
/// let program = Softmax::new(3, 1.0)?;
/// let mut solved = ConvexLayer::new()?.forward(&program, &[1.0, 2.0, 3.0])?;
/// let x = solved.x().to_vec();
/// assert!((x[2] - 3.0_f64.exp() / (1.0_f64.exp() + 2.0_f64.exp() + 3.0_f64.exp())).abs() < 1e-9);
/// let gradient = solved.backward(&[1.0, 0.0, 0.0])?; // of L = x₀: x₀(e₀ − x)
/// assert!((gradient.theta()[1] + x[0] * x[1]).abs() < 1e-9);
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct ConvexLayer {
    layer: Layer,
    /// The same with the tolerance that solutions are judged by.
    differentiating: Layer,
    options: Options,
}

impl ConvexLayer {
    /// The default backend both ways.
    ///
    /// # Errors
    /// As [`Layer::new`].
    pub fn new() -> Result<Self> {
        Self::builder(Layer::builder()).build()
    }

    /// A layer whose QPs are solved and differentiated by that of `layer`.
    ///
    /// Of `layer`, `settings` (see [`qp_settings`](ConvexLayerBuilder::qp_settings)), `lp_regularization` and `at_infeasibility`
    /// have no say here: a program without curvature is differentiated as it is, an infeasible one has no solution.
    pub fn builder(layer: LayerBuilder) -> ConvexLayerBuilder {
        let options = Options { tolerance: 1e-9, max_iterations: 200, time_limit: None, progress: None };
        ConvexLayerBuilder { layer, settings: None, options }
    }

    /// Solves `program` at the parameters `theta` from its own [start](ConvexProgram::start).
    ///
    /// # Errors
    /// [`InvalidArgument`](bpqp_traits::Error::InvalidArgument) for a wrong number of parameters, one that is not finite, or
    /// a start outside the domain; [`Error::Evaluation`](crate::Error::Evaluation) where a function of the program returns a
    /// derivative that is not finite, or an entry outside its matrix; [`NotConvex`](bpqp_traits::Error::NotConvex); errors
    /// of the backend. An infeasible or unbounded program is a status.
    pub fn forward<'p>(&self, program: &'p dyn ConvexProgram, theta: &[f64]) -> Result<ConvexSolved<'p>> {
        let problem = Problem::new(program, theta)?;
        let start = problem.start()?;
        self.solve(&problem, start)
    }

    /// The same from a point and multipliers of one's own, such as those of a solution at other parameters.
    ///
    /// # Errors
    /// As [`forward`](Self::forward).
    pub fn forward_from<'p>(
        &self,
        program: &'p dyn ConvexProgram,
        theta: &[f64],
        start: PrimalDual<'_>,
    ) -> Result<ConvexSolved<'p>> {
        let problem = Problem::new(program, theta)?;
        let start = own(&problem, start, None)?;
        self.solve(&problem, start)
    }

    /// Takes `solution`, found elsewhere, for what [`forward`](Self::forward) would have returned. Multipliers of bounds are
    /// what balances the forces there, unless they are given (`d`, signed).
    ///
    /// # Errors
    /// As [`forward`](Self::forward).
    pub fn at<'p>(
        &self,
        program: &'p dyn ConvexProgram,
        theta: &[f64],
        solution: PrimalDual<'_>,
        bound_duals: Option<&[f64]>,
    ) -> Result<ConvexSolved<'p>> {
        let begun = Instant::now();
        let problem = Problem::new(program, theta)?;
        let at = own(&problem, solution, bound_duals)?;
        let outside = |reason| bpqp_traits::Error::invalid_argument("x", format!("lies outside the domain: {reason}"));
        let values = problem.values(&at.x).map_err(outside)?;
        let mut point = Point::new(&problem, &mut Workspace::new(&problem), at, values, " at the solution")?;
        if bound_duals.is_none() {
            let mut forces = point.lin.gradient.clone();
            problem.a.as_ref().transpose_mul_add(1.0, &point.at.nu, &mut forces);
            point.lin.jacobian.as_ref().transpose_mul_add(1.0, &point.at.lambda, &mut forces);
            point.at.zeta = (0..forces.len()).map(|j| bound_dual(&problem, &point.at.x, j, -forces[j])).collect();
            point.residuals = problem.residuals(&point.at, &point.lin);
        }
        let residual = point.residuals.max();
        let status = verify(Status::Solved, &point.residuals, self.options.tolerance);
        let message =
            (!status.has_solution()).then(|| format!("the point is no solution: its KKT residual is {residual:.1e}"));
        self.finish(&problem, Outcome { status, message, point, iterations: 0, qp_iterations: 0 }, begun)
    }

    fn solve<'p>(&self, problem: &Problem<'p, '_>, start: Iterate) -> Result<ConvexSolved<'p>> {
        let begun = Instant::now();
        let outcome = sqp::run(problem, &self.layer, &self.options, start)?;
        self.finish(problem, outcome, begun)
    }

    fn finish<'p>(&self, problem: &Problem<'p, '_>, outcome: Outcome, begun: Instant) -> Result<ConvexSolved<'p>> {
        let Outcome { status, point, .. } = &outcome;
        let mut qp = None;
        if status.has_solution() {
            let program = linearized(problem, &point.at, &point.lin)?;
            let Iterate { x, nu, lambda, zeta } = &point.at;
            let y = [&nu[..], lambda].concat();
            let solution = Solution { x: x.clone(), y, bound_duals: zeta.clone(), ..Solution::default() };
            qp = Some(self.differentiating.take(std::borrow::Cow::Owned(program), solution)?);
        }
        Ok(ConvexSolved::new(problem.program, problem.theta.to_vec(), outcome, qp, begun.elapsed()))
    }

    /// The layer that solves and differentiates the QPs.
    pub fn layer(&self) -> &Layer {
        &self.layer
    }
}

/// The multiplier that takes up `force` at the bounds of variable `j`; 0 away from them, or where its sign is wrong.
fn bound_dual(problem: &Problem<'_, '_>, x: &[f64], j: usize, force: f64) -> f64 {
    let side = if force > 0.0 { problem.ub[j] } else { problem.lb[j] };
    let near = (x[j] - side).abs() <= 1e-6 * (1.0 + side.abs());
    if near { force } else { 0.0 }
}

fn own(problem: &Problem<'_, '_>, point: PrimalDual<'_>, bound_duals: Option<&[f64]>) -> Result<Iterate> {
    let (d, n, m) = problem.sizes();
    check_vector("x", point.x, d)?;
    check_vector("nu", point.nu, n)?;
    check_vector("lambda", point.lambda, m)?;
    let zeta = bound_duals.map_or_else(|| vec![0.0; d], <[f64]>::to_vec);
    check_vector("bound_duals", &zeta, d)?;
    Ok(Iterate { x: point.x.to_vec(), nu: point.nu.to_vec(), lambda: point.lambda.to_vec(), zeta })
}

/// Chooses backends and limits of a [`ConvexLayer`].
#[derive(Clone)]
pub struct ConvexLayerBuilder {
    layer: LayerBuilder,
    settings: Option<Settings>,
    options: Options,
}

impl ConvexLayerBuilder {
    /// Largest relative KKT residual of a solution. Default 1e-9. Where a further step brings a factor of ten, it is taken.
    pub fn tolerance(mut self, tolerance: f64) -> Self {
        self.options.tolerance = tolerance;
        self
    }

    /// Limit on the number of steps, each a QP. Default 200.
    pub fn max_iterations(mut self, limit: u32) -> Self {
        self.options.max_iterations = limit;
        self
    }

    /// Limit on the time of one solve, looked at between QPs. Default none.
    pub fn time_limit(mut self, limit: Duration) -> Self {
        self.options.time_limit = Some(limit);
        self
    }

    /// Settings of the backend that solves the QPs. Default: its own at a tolerance of 1e-9.
    pub fn qp_settings(mut self, settings: Settings) -> Self {
        self.settings = Some(settings);
        self
    }

    /// Is called at every iterate.
    pub fn progress(mut self, progress: impl Fn(&ConvexProgress) + Send + Sync + 'static) -> Self {
        self.options.progress = Some(Arc::new(progress));
        self
    }

    /// Builds the layer.
    ///
    /// # Errors
    /// As [`LayerBuilder::build`].
    pub fn build(self) -> Result<ConvexLayer> {
        Settings::with_tolerance(self.options.tolerance).validate()?;
        let settings = self.settings.unwrap_or_else(|| Settings::with_tolerance(1e-9));
        let layer = self.layer.settings(settings).lp_regularization(0.0).at_infeasibility(AtInfeasibility::Refuse);
        let judged = Settings::with_tolerance(self.options.tolerance);
        let differentiating = layer.clone().settings(judged).build()?;
        Ok(ConvexLayer { layer: layer.build()?, differentiating, options: self.options })
    }
}
