//! A layer that is solved again and again, as a training loop does.

use std::borrow::Cow;
use std::time::Instant;

use bpqp_traits::{Error as SolverError, Reuse, Session, Solution};

use super::solved::Held;
use super::{Judged, Layer, Solved, Timing};
use crate::Result;
use crate::program::{OwnedUpdate, Program, Values};

/// A program held by a solver: takes new values on the same patterns, reuses the solver's factorization where it can,
/// and starts each solve from the last solution where the solver can.
pub struct LayerSession {
    pub(super) layer: Layer,
    pub(super) program: Program,
    pub(super) session: Box<dyn Session>,
    /// The last solution, to start from; also the buffers of the next.
    pub(super) last: Option<Solution>,
    setup: std::time::Duration,
}

impl LayerSession {
    pub(super) fn new(layer: Layer, program: Program) -> Result<Self> {
        let start = Instant::now();
        let session = layer.forward.setup(&program.as_stacked(), &layer.choices.settings)?;
        let setup = start.elapsed();
        Ok(Self { layer, program, session, last: None, setup })
    }

    /// The program as last updated.
    pub fn program(&self) -> &Program {
        &self.program
    }

    /// Takes new values, all or nothing, and says what the solver could reuse. A solver without updates is set up again.
    ///
    /// # Errors
    /// [`InvalidProblem`](SolverError::InvalidProblem) or [`NotConvex`](SolverError::NotConvex), with the session left
    /// as it was.
    pub fn update(&mut self, new: &Values<'_>) -> Result<Reuse> {
        let start = Instant::now();
        let change = OwnedUpdate::new(&self.program, new)?;
        self.program.stacked.check_update(&change.as_ref())?;
        if !self.layer.forward.capabilities().checks_convexity {
            change.check_convexity(&self.program)?;
        }
        let reuse = match self.session.update(&change.as_ref()) {
            Err(SolverError::Unsupported { .. }) => {
                let mut changed = self.program.clone();
                changed.apply(&change, new)?;
                self.session = self.layer.forward.setup(&changed.as_stacked(), &self.layer.choices.settings)?;
                self.program = changed;
                Reuse::Nothing
            }
            result => {
                let reuse = result?;
                self.program.apply(&change, new)?;
                reuse
            }
        };
        self.setup = start.elapsed();
        Ok(reuse)
    }

    /// Solves the program as it stands.
    ///
    /// # Errors
    /// As [`Layer::forward`].
    pub fn forward(&mut self) -> Result<Solved<'_>> {
        let start = Instant::now();
        if let Some(last) = &self.last
            && self.layer.forward.capabilities().warm_start
        {
            self.session.warm_start(&last.x, &last.y, &last.bound_duals)?;
        }
        let mut solution = self.last.take().unwrap_or_default();
        let tolerance = self.layer.choices.settings.tolerance;
        let judged = Judged::solve(&mut *self.session, &self.program.as_stacked(), tolerance, &mut solution)?;
        let timing = Timing { setup: std::mem::take(&mut self.setup), forward: start.elapsed() };
        self.last = judged.status.has_solution().then(|| solution.clone());
        let session = self.layer.choices.reuse.then_some(Held::Lent(&mut *self.session));
        self.layer.solved(Cow::Borrowed(&self.program), session, judged, solution, timing)
    }
}
