//! What a solve may spend, and how it stops early.

use std::time::Instant;

use bpqp_traits::Status;

/// Why a solve stopped without a consistent active set.
#[derive(Clone, Copy, Debug)]
pub(super) enum Stop {
    /// The caller's limit.
    Limit(Status),
    /// No step raises this constraint's value enough: the certificate is in the engine's `ray`.
    Infeasible(usize),
    /// Cycling, or arithmetic that is not good enough.
    GaveUp,
}

/// Changes of the active set and time.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Budget {
    /// Changes allowed by the caller.
    pub(crate) changes: u64,
    pub(crate) deadline: Option<Instant>,
    /// Changes after which the method is taken to cycle.
    pub(crate) patience: u64,
    pub(crate) spent: u64,
}

impl Budget {
    /// Counts one change.
    pub(super) fn spend(&mut self) -> Result<(), Stop> {
        if self.spent >= self.changes {
            return Err(Stop::Limit(Status::IterationLimit));
        }
        if self.deadline.is_some_and(|d| Instant::now() >= d) {
            return Err(Stop::Limit(Status::TimeLimit));
        }
        if self.spent >= self.patience {
            return Err(Stop::GaveUp);
        }
        self.spent += 1;
        Ok(())
    }
}
