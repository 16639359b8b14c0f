//! What can go wrong for a user of layers and files.

use std::path::PathBuf;

use bpqp_traits::Status;

use crate::layer::ConstraintId;

/// The result of every fallible call of this crate.
pub type Result<T> = std::result::Result<T, Error>;

/// What can go wrong for a user of layers and files.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The problem, a setting, or a backend: see [`bpqp_traits::Error`].
    #[error(transparent)]
    Solver(#[from] bpqp_traits::Error),
    /// No backend is registered under this name.
    #[error("no backend is named '{name}'; available: {}", .available.join(", "))]
    UnknownBackend {
        /// The name asked for.
        name: String,
        /// The names that are registered.
        available: Vec<String>,
    },
    /// The program was not solved, so there is nothing to differentiate.
    #[error("the program was not solved ({status}), so it has no gradient")]
    NotSolved {
        /// How the forward solve ended.
        status: Status,
    },
    /// The solution is too far from optimal to be differentiated, even after polishing.
    #[error(
        "the solution is too inaccurate to differentiate: its KKT residual is {residual:.1e}; ask for a smaller tolerance or try another forward backend"
    )]
    Inaccurate {
        /// Largest relative KKT residual after polishing.
        residual: f64,
    },
    /// A linear program was solved, but not with the regularization that makes it differentiable.
    #[error(
        "the linear program regularized with ε = {epsilon:e} was not solved: its KKT residual is {residual:.1e}; choose a larger ε, another forward backend, or lp_regularization(0) for the derivative of the program itself"
    )]
    Regularization {
        /// The `ε` of `qᵀx + ε‖x‖²`.
        epsilon: f64,
        /// Largest relative KKT residual that was reached.
        residual: f64,
    },
    /// The backward QP could not be solved, so there is no gradient to vouch for.
    #[error(
        "the backward QP was not solved: relative residual {residual:.1e}; try another backward backend, native for singular systems; where the solution is not unique, a small multiple of the identity added to P makes it so"
    )]
    Adjoint {
        /// `‖K w + rhs‖∞ / ‖rhs‖∞` that was reached.
        residual: f64,
    },
    /// The solution is at a kink, and the layer was told to refuse those.
    #[error("the solution has a kink: {} is met with neither slack nor force; AtKink::Drop or AtKink::Keep gives a one-sided derivative", some(.weakly_active))]
    Kink {
        /// Constraints with neither dual nor slack.
        weakly_active: Vec<ConstraintId>,
    },
    /// The solution has no unique derivative, and the layer was told to refuse such.
    #[error("the derivative is not unique: {}; AtDegeneracy::LeastNorm gives the one of least norm", degenerate(.dependent, .loose_variables))]
    Degenerate {
        /// Active constraints whose duals are not unique.
        dependent: Vec<ConstraintId>,
        /// Variables at which the solution is not unique.
        loose_variables: Vec<usize>,
    },
    /// A function of a [`ConvexProgram`](crate::convex::ConvexProgram) returned what no solver can use.
    #[error("the program's {function}: {reason}")]
    Evaluation {
        /// The method, such as `hessian`.
        function: String,
        /// What is wrong and where.
        reason: String,
    },
    /// The layer does not smooth its derivatives.
    #[error("nothing is smoothed: the layer was built without smoothing(μ)")]
    NotSmoothed,
    /// A file could not be read or written.
    #[error("{}: {source}", .path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// A file does not follow its format.
    #[error("{name}: line {line}: {message}")]
    Parse {
        /// The file's name, or what stands for it.
        name: String,
        /// Line, from 1.
        line: usize,
        /// What is wrong there.
        message: String,
    },
}

impl Error {
    /// The error's kind in `snake_case`, as programs read it.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Solver(error) => error.kind().as_str(),
            Self::UnknownBackend { .. } => "unknown_backend",
            Self::NotSolved { .. } => "not_solved",
            Self::Inaccurate { .. } => "inaccurate",
            Self::Regularization { .. } => "regularization",
            Self::Adjoint { .. } => "adjoint",
            Self::Kink { .. } => "kink",
            Self::Degenerate { .. } => "degenerate",
            Self::Evaluation { .. } => "evaluation",
            Self::NotSmoothed => "not_smoothed",
            Self::Io { .. } => "io",
            Self::Parse { .. } => "parse",
        }
    }
}

/// The first of `items` and how many more there are.
fn some(items: &[impl std::fmt::Display]) -> String {
    match items {
        [] => "nothing".to_owned(),
        [one] => one.to_string(),
        [first, rest @ ..] => format!("{first} (and {} more)", rest.len()),
    }
}

fn degenerate(dependent: &[ConstraintId], loose_variables: &[usize]) -> String {
    match (dependent, loose_variables) {
        ([], loose) => format!("the solution is not unique in the variable {}", some(loose)),
        (rows, []) => format!("active constraints are linearly dependent, {}", some(rows)),
        (rows, loose) => {
            format!(
                "active constraints are linearly dependent, {}, and the solution is not unique in the variable {}",
                some(rows),
                some(loose)
            )
        }
    }
}
