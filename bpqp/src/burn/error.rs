//! What can go wrong.

/// The result of the layer's calls.
pub type Result<T> = std::result::Result<T, Error>;

/// What can go wrong in a forward pass.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// Shapes that do not fit, a device without solvers, or a setting.
    #[error(transparent)]
    Layer(#[from] crate::Error),
    /// Some members have no solution: infeasible, unbounded, not convex, or a limit came first.
    #[error("{} of {members} programs were not solved; member {}", .failed.len(), first(.failed))]
    Members {
        /// The members without a solution, and why.
        failed: Vec<(usize, crate::Error)>,
        /// Size of the batch.
        members: usize,
    },
}

fn first(failed: &[(usize, crate::Error)]) -> String {
    failed.first().map_or_else(String::new, |(member, error)| format!("{member}: {error}"))
}

impl From<bpqp_traits::Error> for Error {
    fn from(error: bpqp_traits::Error) -> Self {
        Self::Layer(error.into())
    }
}
