//! The layer: solve forward with one backend, differentiate with another.

mod active;
mod batch;
mod batch_data;
mod batch_gradient;
mod batch_lanes;
mod batch_load;
mod builder;
mod certificate;
mod choices;
mod closest;
mod conic;
mod cotangent;
mod derivatives;
mod determined;
mod errors;
mod face;
mod gradient;
mod lane_check;
mod many;
mod null_space;
mod polish;
mod probe;
mod reduced;
mod reduced_many;
mod redundant;
mod regularize;
mod session;
mod smoothed;
mod solved;
mod value;

use std::borrow::Cow;
use std::sync::Arc;
use std::time::Instant;

use bpqp_traits::{
    BackwardQpSolver, ForwardSolver, KktResiduals, OwnedProducts, ProgramRef, Session, Solution, Status, check_vector,
};

pub use batch::{Batch, CotangentOf};
pub use batch_gradient::BatchGradient;
pub use builder::LayerBuilder;
pub use certificate::{Block, Certificate, CertificateKind, ConstraintId};
use choices::Choices;
pub use choices::{AtDegeneracy, AtInfeasibility, AtKink};
pub use cotangent::{Cotangent, Tangent};
pub use gradient::{ConeGradient, Gradient};
pub use many::{Jacobian, VectorBlock};
use polish::Polished;
use regularize::Regularized;
pub use session::LayerSession;
use solved::Held;
pub use solved::{Duals, Solved, Timing};

use crate::Result;
use crate::program::Program;

/// A differentiable convex program: any registered solver forward, any backward.
///
/// ```
/// # fn main() -> bpqp::Result<()> {
/// use bpqp::{Layer, Program};
/// // min ½‖x‖² − x₀ − 2x₁  s.t.  x₀ + x₁ ≤ 1
/// let program = Program::builder(2)
///     .objective(&[[1.0, 0.0], [0.0, 1.0]], &[-1.0, -2.0])
///     .inequalities(&[[1.0, 1.0]], &[1.0])
///     .build()?;
/// let layer = Layer::new()?;
/// let mut solved = layer.forward(&program)?;
/// let gradient = solved.backward(&[1.0, 0.0])?; // L = x₀
/// assert!((solved.x()[0] - 0.0).abs() < 1e-8);
/// assert!((gradient.h()[0] - 0.5).abs() < 1e-8);
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Layer {
    forward: Arc<dyn ForwardSolver>,
    backward: Arc<dyn BackwardQpSolver>,
    choices: Choices,
}

impl Layer {
    /// The default backend both ways: the first that was compiled in.
    ///
    /// # Errors
    /// [`Error::UnknownBackend`](crate::Error::UnknownBackend) where no backend was compiled in.
    pub fn new() -> Result<Self> {
        Self::builder().build()
    }

    /// A layer with chosen backends and settings.
    pub fn builder() -> LayerBuilder {
        LayerBuilder::default()
    }

    /// The same solvers with other choices.
    fn with(&self, choices: Choices) -> Self {
        Self { choices, ..self.clone() }
    }

    /// Solves `program` once. For many solves on one pattern keep a [`session`](Self::session).
    ///
    /// # Errors
    /// Errors of the backend: see [`ForwardSolver::setup`]. An infeasible or unbounded program is a status.
    pub fn forward<'p>(&self, program: &'p Program) -> Result<Solved<'p>> {
        self.run(Cow::Borrowed(program))
    }

    /// As [`forward`](Self::forward), with the program inside.
    #[cfg(feature = "burn")]
    pub(crate) fn forward_owned(&self, program: Program) -> Result<Solved<'static>> {
        self.run(Cow::Owned(program))
    }

    /// Takes `solution`, found elsewhere, for what the forward solver would have returned: `x` (`d`), `y` (stacked rows),
    /// `bound_duals` (`d`), `cone_duals` (stacked cone rows). The status is what its residuals bear out.
    ///
    /// # Errors
    /// [`InvalidArgument`](bpqp_traits::Error::InvalidArgument) for a wrong length or a value that is not finite.
    pub fn at<'p>(&self, program: &'p Program, solution: Solution) -> Result<Solved<'p>> {
        self.take(Cow::Borrowed(program), solution)
    }

    pub(crate) fn take<'p>(&self, program: Cow<'p, Program>, mut solution: Solution) -> Result<Solved<'p>> {
        let stacked = program.as_stacked();
        let (n, m, k) = (stacked.num_vars(), stacked.num_rows(), stacked.num_cone_rows());
        check_vector("x", &solution.x, n)?;
        check_vector("y", &solution.y, m)?;
        check_vector("bound_duals", &solution.bound_duals, n)?;
        check_vector("cone_duals", &solution.cone_duals, k)?;
        let judged = Judged::new(&stacked, self.choices.settings.tolerance, Status::Solved, &mut solution);
        self.solved(program, None, judged, solution, Timing::default())
    }

    /// The same for a point that was polished on its active set.
    fn take_polished<'p>(&self, program: Cow<'p, Program>, mut polished: Polished) -> Result<Solved<'p>> {
        let Polished { residuals, products, solution, .. } = &mut polished;
        let status = verify(Status::Solved, residuals, self.choices.settings.tolerance);
        let judged = Judged { status, products: std::mem::take(products), residuals: *residuals };
        let solution = solution.clone();
        let solved = self.solved(program, None, judged, solution, Timing::default())?;
        Ok(Solved { polished: Some(polished), ..solved })
    }

    fn run<'p>(&self, program: Cow<'p, Program>) -> Result<Solved<'p>> {
        let settings = &self.choices.settings;
        let start = Instant::now();
        let mut session = self.forward.setup(&program.as_stacked(), settings)?;
        let setup = start.elapsed();
        let start = Instant::now();
        let mut solution = Solution::default();
        let judged = Judged::solve(&mut *session, &program.as_stacked(), settings.tolerance, &mut solution)?;
        let timing = Timing { setup, forward: start.elapsed() };
        let session = self.choices.reuse.then_some(Held::Owned(session));
        self.solved(program, session, judged, solution, timing)
    }

    /// A session that owns `program` and keeps the solver's factorization and iterate from one solve to the next.
    ///
    /// # Errors
    /// As [`forward`](Self::forward).
    pub fn session(&self, program: Program) -> Result<LayerSession> {
        LayerSession::new(self.clone(), program)
    }

    /// The barrier `μ` of smoothed derivatives; 0 where nothing is smoothed.
    pub fn smoothing(&self) -> f64 {
        self.choices.smoothing
    }

    /// The solver of the forward pass.
    pub fn forward_solver(&self) -> &dyn ForwardSolver {
        &*self.forward
    }

    /// The solver of the backward pass.
    pub fn backward_solver(&self) -> &dyn BackwardQpSolver {
        &*self.backward
    }

    fn solved<'p>(
        &self,
        program: Cow<'p, Program>,
        session: Option<Held<'p>>,
        Judged { status, products, residuals }: Judged,
        solution: Solution,
        timing: Timing,
    ) -> Result<Solved<'p>> {
        let epsilon = if self.choices.smoothing > 0.0 { 0.0 } else { self.choices.lp_regularization };
        let regularized = Regularized::of(&program.as_stacked(), epsilon)?.map(Arc::new);
        let start = Instant::now();
        let mut solved = Solved {
            program,
            layer: self.clone(),
            status,
            solution,
            residuals,
            products,
            timing,
            regularized,
            polished: None,
            session,
            prepared: None,
            closest: None,
            conic: None,
            smoothed: None,
        };
        if status == Status::PrimalInfeasible && self.choices.at_infeasibility == AtInfeasibility::Closest {
            solved.relax()?;
        }
        solved.finish();
        // What stands in the way is told by whoever asks for a derivative: the point by itself is of use.
        if status.has_solution() {
            let _ = solved.regularize();
        }
        solved.timing.forward += start.elapsed();
        Ok(solved)
    }
}

/// What holds of a solver's claim by the problem's data.
struct Judged {
    status: Status,
    products: OwnedProducts,
    residuals: KktResiduals,
}

impl Judged {
    /// Solves, and once more with the solver's own check where its claim does not hold.
    fn solve(
        session: &mut dyn Session,
        program: &ProgramRef<'_>,
        tolerance: f64,
        solution: &mut Solution,
    ) -> Result<Self> {
        let claimed = session.propose(solution)?;
        let judged = Self::new(program, tolerance, claimed, solution);
        if claimed != Status::Solved || judged.status == Status::Solved {
            return Ok(judged);
        }
        let claimed = session.solve(solution)?;
        Ok(Self::new(program, tolerance, claimed, solution))
    }

    /// Measures the solution; its objective is set where there is one.
    fn new(program: &ProgramRef<'_>, tolerance: f64, claimed: Status, solution: &mut Solution) -> Self {
        let products = OwnedProducts::new(program, solution);
        let residuals = KktResiduals::from_products(program, solution, products.as_ref());
        if claimed.has_solution() {
            solution.objective = residuals.primal_objective;
        }
        Self { status: verify(claimed, &residuals, tolerance), products, residuals }
    }
}

/// How far beyond the tolerance a point may be and still count as an inaccurate solution.
const INACCURATE: f64 = 1e3;

/// A solver's claim, taken back where the residuals do not bear it out.
pub(crate) fn verify(claimed: Status, residuals: &KktResiduals, tolerance: f64) -> Status {
    if !claimed.has_solution() {
        return claimed;
    }
    match residuals.max() {
        // No solver answers another question than the one it was asked.
        r if r <= tolerance && claimed == Status::ClosestFeasible => Status::Solved,
        r if r <= tolerance => claimed,
        r if r <= INACCURATE * tolerance => Status::SolvedInaccurate,
        _ => Status::NumericalError,
    }
}
