//! The factored KKT matrix of an active set, in the form that the problem has.

use bpqp_traits::{ActiveSet, ProgramRef, Result, Side};

use super::reduced::Reduced;
use super::schur::Schur;

enum Form {
    Schur(Box<Schur>),
    Reduced(Box<Reduced>),
}

/// The factor, with the set that it is of.
pub(super) struct Factor {
    form: Form,
    of: Option<ActiveSet>,
    /// Factorizations so far.
    pub(super) count: u64,
}

impl Factor {
    pub(super) fn new(program: &ProgramRef<'_>) -> Self {
        let form = if Schur::fits(program) {
            Form::Schur(Box::new(Schur::new(program)))
        } else {
            Form::Reduced(Box::new(Reduced::new(program)))
        };
        Self { form, of: None, count: 0 }
    }

    /// Takes new values of `P` and `A`.
    pub(super) fn set_matrices(&mut self, program: &ProgramRef<'_>) {
        self.of = None;
        match &mut self.form {
            // Its form may have been that of the values.
            Form::Schur(_) => *self = Self::new(program),
            Form::Reduced(reduced) => reduced.set_matrices(program),
        }
    }

    /// Whether the factor is of these constraints.
    pub(super) fn is_of(&self, active: &ActiveSet) -> bool {
        let same =
            |a: &[Side], b: &[Side]| a.len() == b.len() && a.iter().zip(b).all(|(a, b)| a.is_active() == b.is_active());
        self.of.as_ref().is_some_and(|of| same(&of.rows, &active.rows) && same(&of.bounds, &active.bounds))
    }

    /// Factors for `active` unless it is there already; false where that breaks down.
    pub(super) fn ensure(&mut self, program: &ProgramRef<'_>, active: &ActiveSet) -> Result<bool> {
        if self.is_of(active) {
            return Ok(true);
        }
        self.count += 1;
        self.of = None;
        let done = match &mut self.form {
            Form::Schur(schur) => schur.factorize(program, active),
            Form::Reduced(reduced) => reduced.factorize(program.num_vars(), active)?,
        };
        if done {
            self.of = Some(active.clone());
        }
        Ok(done)
    }

    /// The smallest pivot of Cholesky's factor, where that is what it is.
    pub(super) fn smallest_pivot(&self) -> Option<f64> {
        match &self.form {
            Form::Schur(schur) => Some(schur.pivot),
            Form::Reduced(_) => None,
        }
    }

    /// Solves in place for `(top, bottom)` of lengths `n` and `m`; what is eliminated becomes zero.
    pub(super) fn solve(&mut self, v: &mut [f64]) {
        match &mut self.form {
            Form::Schur(schur) => schur.solve(v),
            Form::Reduced(reduced) => reduced.solve(v),
        }
    }
}
