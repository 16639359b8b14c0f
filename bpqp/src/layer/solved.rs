//! A solved program, ready to be differentiated.

use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;

use bpqp_traits::{ActiveSet, KktResiduals, OwnedProducts, ProgramRef, Session, Side, Solution, Status};

use super::Layer;
use super::active::Reading;
use super::certificate::{Facts, weakly_active, with, without};
use super::choices::AtKink;
use super::closest::Closest;
use super::conic::Conic;
use super::polish::{GOOD, Polished, Resolution, is_settled, polish};
use super::probe::Rank;
use super::reduced::ReducedKkt;
use super::redundant::redundant;
use super::regularize::Regularized;
use super::smoothed::Smoothed;
use crate::program::Program;
use crate::{Error, Result};

/// Largest relative KKT residual, after polishing, of a point that still has a gradient.
const POINT_TOLERANCE: f64 = 1e-6;

/// Duals by the user's blocks, signed as [`Solution`] has them.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Duals<'a> {
    /// Of `A x = b`.
    pub equalities: &'a [f64],
    /// Of `G x ≤ h`, not negative.
    pub inequalities: &'a [f64],
    /// Of `l ≤ C x ≤ u`.
    pub rows: &'a [f64],
    /// Of `lb ≤ x ≤ ub`.
    pub bounds: &'a [f64],
    /// Of the cones, stacked, each block inside its cone.
    pub cones: &'a [f64],
}

/// Time that a forward pass took.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Timing {
    /// Preparing the problem.
    pub setup: Duration,
    /// Solving it.
    pub forward: Duration,
}

/// A solved program. The first derivative asked of it polishes the point and factorizes the KKT matrix on its active
/// set; further ones are one linear solve each.
pub struct Solved<'p> {
    pub(super) program: Cow<'p, Program>,
    pub(super) status: Status,
    pub(super) solution: Solution,
    pub(super) residuals: KktResiduals,
    /// Of the solution as the solver returned it.
    pub(super) products: OwnedProducts,
    pub(super) timing: Timing,
    pub(super) layer: Layer,
    /// What stands in for a linear program.
    pub(super) regularized: Option<Arc<Regularized>>,
    /// The point with its factor, until derivatives are prepared.
    pub(super) polished: Option<Polished>,
    pub(super) prepared: Option<Prepared>,
    /// The forward solver at this solution, where its factor may serve the backward pass.
    pub(super) session: Option<Held<'p>>,
    /// What an infeasible program was replaced by, and is differentiated through.
    pub(super) closest: Option<Closest>,
    /// The linearization that a program with cones is differentiated by.
    pub(super) conic: Option<Conic>,
    /// The log-barrier program's solution, where derivatives are smoothed.
    pub(super) smoothed: Option<Smoothed>,
}

/// A forward session, kept for its factor.
pub(super) enum Held<'p> {
    Owned(Box<dyn Session>),
    Lent(&'p mut (dyn Session + 'static)),
}

impl Held<'_> {
    pub(super) fn get(&mut self) -> &mut (dyn Session + 'static) {
        match self {
            Self::Owned(session) => &mut **session,
            Self::Lent(session) => &mut **session,
        }
    }
}

/// What all derivatives at one solution share.
pub(super) struct Prepared {
    pub(super) kkt: ReducedKkt,
    /// The active set with each equality at the side that its dual pushes against.
    pub(super) sides: ActiveSet,
    pub(super) facts: Facts,
}

impl Solved<'_> {
    /// Whether another program is differentiated in place of this one, by a system of its own.
    pub(super) fn is_replaced(&self) -> bool {
        self.closest.is_some() || self.conic.is_some() || self.smoothed.is_some()
    }

    /// The sides at which the derivatives hold the rows; none before they are prepared.
    pub(super) fn held_rows(&self) -> &[Side] {
        self.prepared.as_ref().map_or(&[], |prepared| &prepared.kkt.active().rows)
    }

    /// Why the solver stopped, after its claim was checked against the data.
    pub fn status(&self) -> Status {
        self.status
    }

    /// The primal solution (`d`); of a linear program, that of the regularized one: see
    /// [`lp_regularization`](super::LayerBuilder::lp_regularization).
    pub fn x(&self) -> &[f64] {
        &self.solution.x
    }

    /// The dual solution, by blocks.
    pub fn duals(&self) -> Duals<'_> {
        let blocks = self.program.blocks();
        let y = &self.solution.y;
        Duals {
            equalities: &y[blocks.equalities.clone()],
            inequalities: &y[blocks.inequalities.clone()],
            rows: &y[blocks.rows.clone()],
            bounds: &self.solution.bound_duals,
            cones: &self.solution.cone_duals,
        }
    }

    /// The stacked solution, as solvers return it.
    pub fn solution(&self) -> &Solution {
        &self.solution
    }

    /// `½ xᵀP x + qᵀx + constant`, without a linear program's regularization.
    pub fn objective(&self) -> f64 {
        self.program.objective(&self.solution.x)
    }

    /// What was added to the stacked rows `A x` (`m`) of an infeasible program so that some point satisfies them, of least
    /// Euclidean norm; `None` unless the status is [`Status::ClosestFeasible`]. The rows read `l ≤ A x + s ≤ u`,
    /// and those with `s ≠ 0` are equalities: their duals may have either sign.
    pub fn relaxation(&self) -> Option<&[f64]> {
        self.closest.as_ref().map(Closest::shift)
    }

    /// KKT residuals, recomputed from the data, with the regularization where [`x`](Self::x) has it, and of the relaxed
    /// program where it is the [closest feasible](Status::ClosestFeasible) one.
    pub fn residuals(&self) -> &KktResiduals {
        &self.residuals
    }

    /// Iterations of the forward solver.
    pub fn iterations(&self) -> u64 {
        self.solution.iterations
    }

    /// Time of the forward pass.
    pub fn timing(&self) -> Timing {
        self.timing
    }

    /// Improves the point to the accuracy of the arithmetic on its active set and prepares its derivatives; does
    /// nothing the second time. Every derivative calls this by itself. A solution that was inaccurate becomes
    /// [`Status::Solved`] where the polished point meets the tolerance.
    ///
    /// # Errors
    /// [`Error::NotSolved`] where there is no solution, [`Error::Inaccurate`] or, for a linear program,
    /// [`Error::Regularization`] where it is too far off; [`Error::Kink`] and [`Error::Degenerate`] where these are to be
    /// refused; errors of the backward solver.
    pub fn polish(&mut self) -> Result<()> {
        self.prepare()
    }

    /// Moves the point of a linear program to the regularized solution; once.
    pub(super) fn regularize(&mut self) -> Result<()> {
        if let (Some(regularized), None) = (&self.regularized, &self.polished) {
            let Layer { forward, backward, choices } = &self.layer;
            let polished = regularized.solve(&self.solution, (&**forward, &choices.settings), &**backward)?;
            self.accept(polished);
        }
        Ok(())
    }

    /// Takes a polished point for the solution.
    pub(super) fn accept(&mut self, polished: Polished) {
        (self.solution, self.residuals) = (polished.solution.clone(), polished.residuals);
        self.solution.objective = self.program.as_stacked().objective(&self.solution.x);
        if self.residuals.max() <= self.layer.choices.settings.tolerance {
            self.status = Status::Solved;
        }
        self.polished = Some(polished);
    }

    /// The solution of the log-barrier program, where derivatives are [smoothed](super::LayerBuilder::smoothing).
    ///
    /// # Errors
    /// [`Error::NotSolved`] for an infeasible or unbounded program; [`Error::Inaccurate`] where the barrier program was not
    /// solved: it needs points strictly inside;
    /// [`Error::NotSmoothed`] where nothing is smoothed; errors of the backward solver.
    pub fn smoothed(&mut self) -> Result<Solution> {
        self.prepare()?;
        match &self.smoothed {
            Some(smoothed) => Ok(smoothed.solution(&self.program)),
            None => Err(Error::NotSmoothed),
        }
    }

    /// Solves the log-barrier program from the point at hand, converged or not; once.
    fn smooth(&mut self) -> Result<()> {
        let Solution { x, y, bound_duals, cone_duals, .. } = &self.solution;
        let is_point = x.iter().chain(y).chain(bound_duals).chain(cone_duals).all(|v| v.is_finite());
        let without = matches!(self.status, Status::PrimalInfeasible | Status::DualInfeasible);
        if self.closest.is_some() {
            let what = "smoothed derivatives of the closest feasible point";
            return Err(bpqp_traits::Error::unsupported("bpqp", what).into());
        }
        if without || !is_point {
            return Err(Error::NotSolved { status: self.status });
        }
        if self.smoothed.is_none() {
            let Layer { backward, choices, .. } = &self.layer;
            let smoothed = Smoothed::new(&self.program, &self.solution, choices.smoothing, &**backward)?;
            smoothed.refuse(choices.at_degeneracy)?;
            self.smoothed = Some(smoothed);
        }
        Ok(())
    }

    /// Polishes a program with cones and prepares the derivatives of its linearization.
    fn linearize(&mut self) -> Result<()> {
        let tolerance = self.layer.choices.settings.tolerance.max(POINT_TOLERANCE);
        let mut residuals = self.residuals;
        let at = (&mut self.solution, &mut residuals);
        let conic = Conic::new(&self.layer, &self.program, at, tolerance);
        self.residuals = residuals;
        if self.residuals.max() <= self.layer.choices.settings.tolerance {
            self.status = Status::Solved;
        }
        self.conic = Some(conic?);
        Ok(())
    }

    /// Prepares derivatives with the factor that the forward solver ended on, where it has one and its point is accurate,
    /// without weakly active rows, and on the right active set.
    fn reuse(&mut self) -> bool {
        let Some(session) = &mut self.session else { return false };
        if self.regularized.is_some() || self.residuals.max() > GOOD {
            return false;
        }
        let program = self.program.as_stacked();
        let products = (&self.products.px[..], &self.products.ax[..]);
        let reading = Reading::of_products(&program, &self.solution, products, self.program.row_norms());
        let active = reading.identify();
        if !is_settled(&reading, &active) || !weakly_active(&reading, &self.residuals, 1.0).is_empty() {
            return false;
        }
        let Some(kkt) = ReducedKkt::lent(&program, active, session.get()) else { return false };
        let facts = Facts::new(
            &program,
            self.program.blocks(),
            kkt.active(),
            (&[], AtKink::Drop),
            Rank::regular(&reading),
            0.0,
        );
        if facts.refuse(&self.layer.choices).is_err() {
            return false;
        }
        let sides = reading.pushing_sides(kkt.active());
        self.prepared = Some(Prepared { kkt, sides, facts });
        true
    }

    /// Polishes, drops weakly active rows, and looks for singularity; once.
    pub(super) fn prepare(&mut self) -> Result<()> {
        if self.layer.choices.smoothing > 0.0 {
            return self.smooth();
        }
        if !self.status.has_solution() {
            return Err(Error::NotSolved { status: self.status });
        }
        if self.prepared.is_some() || self.conic.is_some() {
            return Ok(());
        }
        if self.program.as_stacked().cones().is_some() {
            return self.linearize();
        }
        if let Some(closest) = &mut self.closest {
            closest.polish(&mut self.solution, &mut self.residuals)?;
            return Ok(());
        }
        self.regularize()?;
        if self.reuse() {
            return Ok(());
        }
        let (regularized, backward) = (self.regularized.clone(), Arc::clone(&self.layer.backward));
        let own = self.program.clone();
        let program = differentiated(&own, regularized.as_deref());
        let resolution = if regularized.is_some() { Resolution::Regularization } else { Resolution::Forces };
        if self.polished.is_none() {
            let polished = polish(&program, &self.solution, &*backward, (resolution, None))?;
            let residual = polished.residuals.max();
            let accurate = residual <= self.layer.choices.settings.tolerance.max(POINT_TOLERANCE);
            if !accurate {
                return Err(Error::Inaccurate { residual });
            }
            self.accept(polished);
        }
        let Some(Polished { mut kkt, reading, .. }) = self.polished.take() else { return Ok(()) };
        let relative = resolution.relative(&program, &self.solution, reading.force);
        let mut weak = weakly_active(&reading, &self.residuals, relative);
        let at_kink = self.layer.choices.at_kink;
        let strict = without(kkt.active(), &weak);
        if strict != *kkt.active() {
            kkt = ReducedKkt::new(&program, strict, &*backward)?;
        }
        let (redundant, implied_by) = redundant(&mut kkt, &program, &weak);
        weak.retain(|k| !redundant.contains(k));
        let mut dependent = Vec::new();
        if !weak.is_empty() {
            let mut kept = ReducedKkt::new(&program, with(kkt.active(), &weak, &reading), &*backward)?;
            // Other multipliers are as good, and with them these constraints may push: it is not a mere kink.
            let mut rank = Rank::of(&mut kept)?;
            rank.add_bounds(&program, kept.active());
            dependent = rank.dependent;
            if at_kink == AtKink::Keep {
                kkt = kept;
            }
        }
        let mut rank = Rank::of(&mut kkt)?;
        rank.add_bounds(&program, kkt.active());
        rank.add_dependent(redundant.into_iter().chain(implied_by).chain(dependent));
        rank.add_dependent(reading.empty_and_met());
        if !rank.loose_variables.is_empty() {
            kkt.project(&*backward)?;
        }
        let epsilon = regularized.as_ref().map_or(0.0, |r| r.epsilon);
        let facts = Facts::new(&program, self.program.blocks(), kkt.active(), (&weak, at_kink), rank, epsilon);
        facts.refuse(&self.layer.choices)?;
        let sides = reading.pushing_sides(kkt.active());
        self.prepared = Some(Prepared { kkt, sides, facts });
        Ok(())
    }
}

/// The program whose solution is differentiated.
pub(super) fn differentiated<'a>(program: &'a Program, regularized: Option<&'a Regularized>) -> ProgramRef<'a> {
    regularized.map_or_else(|| program.as_stacked(), |r| r.program.as_ref())
}
