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
    of: ActiveSet,
    /// Whether there is one.
    valid: bool,
    /// What [`regularity`](Self::regularity) found of it.
    regularity: Option<Option<f64>>,
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
        Self { form, of: ActiveSet::default(), valid: false, regularity: None, count: 0 }
    }

    /// Takes new values of `P` and `A`.
    pub(super) fn set_matrices(&mut self, program: &ProgramRef<'_>) {
        self.valid = false;
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
        self.valid && same(&self.of.rows, &active.rows) && same(&self.of.bounds, &active.bounds)
    }

    /// Factors for `active` unless it is there already; false where that breaks down.
    pub(super) fn ensure(&mut self, program: &ProgramRef<'_>, active: &ActiveSet) -> Result<bool> {
        if self.is_of(active) {
            return Ok(true);
        }
        self.count += 1;
        (self.valid, self.regularity) = (false, None);
        self.valid = match &mut self.form {
            Form::Schur(schur) => schur.factorize(program, active),
            Form::Reduced(reduced) => reduced.factorize(program.num_vars(), active)?,
        };
        // Field by field: a derived clone would allocate.
        self.of.rows.clone_from(&active.rows);
        self.of.bounds.clone_from(&active.bounds);
        Ok(self.valid)
    }

    /// How far the matrix is from singular, where the factor can tell: found when first asked for.
    pub(super) fn regularity(&mut self) -> Option<f64> {
        let Self { form, regularity, .. } = self;
        *regularity.get_or_insert_with(|| match form {
            Form::Schur(schur) => Some(schur.pivot),
            Form::Reduced(reduced) => reduced.regularity(),
        })
    }

    /// Solves in place for `(top, bottom)` of lengths `n` and `m`; what is eliminated becomes zero.
    pub(super) fn solve(&mut self, v: &mut [f64]) {
        match &mut self.form {
            Form::Schur(schur) => schur.solve(v),
            Form::Reduced(reduced) => reduced.solve(v),
        }
    }

    /// The same for vectors one after another.
    pub(super) fn solve_many(&mut self, v: &mut [f64]) {
        match &mut self.form {
            Form::Schur(schur) => v.chunks_exact_mut(schur.dim()).for_each(|v| schur.solve(v)),
            Form::Reduced(reduced) => reduced.solve_many(v),
        }
    }
}
