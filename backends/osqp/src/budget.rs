//! What is left of the caller's limits within one solve.

use std::time::{Duration, Instant};

/// Iterations and time left.
pub(crate) struct Budget {
    iterations: u32,
    deadline: Option<Instant>,
}

impl Budget {
    /// Starts the clock.
    pub(crate) fn new(iterations: u32, time: Option<Duration>) -> Self {
        // A limit beyond the clock's range is none.
        Self { iterations, deadline: time.and_then(|t| Instant::now().checked_add(t)) }
    }

    /// Takes the iterations of a run.
    pub(crate) fn spend(&mut self, iterations: u32) {
        self.iterations = self.iterations.saturating_sub(iterations);
    }

    /// Iterations left.
    pub(crate) fn iterations(&self) -> u32 {
        self.iterations
    }

    /// Seconds left, if there is a limit.
    pub(crate) fn seconds(&self) -> Option<f64> {
        self.deadline.map(|d| d.saturating_duration_since(Instant::now()).as_secs_f64())
    }

    /// Whether the time is up.
    pub(crate) fn out_of_time(&self) -> bool {
        self.seconds() == Some(0.0)
    }

    /// Whether either limit is reached.
    pub(crate) fn is_spent(&self) -> bool {
        self.iterations == 0 || self.out_of_time()
    }
}
