//! What can go wrong outside the mathematics: a broken contract, a missing library, a refused license.

/// The result of every fallible call of this crate.
pub type Result<T> = std::result::Result<T, Error>;

/// A broken contract or environment. How a *solve* ended is told by [`Status`](crate::Status), never by an error.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The problem's data break its contract: a shape, a NaN, crossed bounds, an index out of range.
    #[error("invalid problem: {block}: {reason}")]
    InvalidProblem {
        /// The block at fault, by its name in the problem form: `P`, `q`, `A`, `l`, …
        block: String,
        /// What is wrong and where.
        reason: String,
    },
    /// The objective is not convex: `P` has a negative eigenvalue.
    #[error(
        "the problem is not convex: {reason}; make P positive semidefinite, for example by adding a multiple of the identity"
    )]
    NotConvex {
        /// Where the negative curvature shows.
        reason: String,
    },
    /// An argument of a call (a warm start, an update, a right-hand side) does not fit the problem.
    #[error("invalid argument {name}: {reason}")]
    InvalidArgument {
        /// The argument's name.
        name: String,
        /// What was expected and what was found.
        reason: String,
    },
    /// A setting is out of its range, or unknown to the backend.
    #[error("invalid setting {name}: {reason}")]
    InvalidSetting {
        /// The setting's name.
        name: String,
        /// The accepted values.
        reason: String,
    },
    /// The backend does not serve this class of problem or this call.
    #[error("{backend} does not support {what}")]
    Unsupported {
        /// The backend's name.
        backend: String,
        /// What was asked of it, and what to use instead.
        what: String,
    },
    /// A library that is loaded at run time was not found.
    #[error("{backend}: library not found; tried {}; install it, or name its path", .tried.join(", "))]
    LibraryMissing {
        /// The backend's name.
        backend: String,
        /// Every path and name that was tried, in order.
        tried: Vec<String>,
    },
    /// The solver's license was refused: missing, expired, or too small for the problem.
    #[error("{backend}: license refused: {reason}")]
    LicenseRefused {
        /// The backend's name.
        backend: String,
        /// What the solver said, and what to do.
        reason: String,
    },
    /// The solver failed in a way its status table does not know, or broke its own contract.
    #[error("{backend} failed{}: {message}", .code.map(|c| format!(" with code {c}")).unwrap_or_default())]
    Backend {
        /// The backend's name.
        backend: String,
        /// The solver's own code, where it gave one.
        code: Option<i64>,
        /// The solver's message.
        message: String,
    },
}

/// An [`Error`] without its details, to match on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// See [`Error::InvalidProblem`].
    InvalidProblem,
    /// See [`Error::NotConvex`].
    NotConvex,
    /// See [`Error::InvalidArgument`].
    InvalidArgument,
    /// See [`Error::InvalidSetting`].
    InvalidSetting,
    /// See [`Error::Unsupported`].
    Unsupported,
    /// See [`Error::LibraryMissing`].
    LibraryMissing,
    /// See [`Error::LicenseRefused`].
    LicenseRefused,
    /// See [`Error::Backend`].
    Backend,
}

impl ErrorKind {
    /// The kind in `snake_case`, as programs read it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::InvalidProblem => "invalid_problem",
            Self::NotConvex => "not_convex",
            Self::InvalidArgument => "invalid_argument",
            Self::InvalidSetting => "invalid_setting",
            Self::Unsupported => "unsupported",
            Self::LibraryMissing => "library_missing",
            Self::LicenseRefused => "license_refused",
            Self::Backend => "backend",
        }
    }
}

impl Error {
    /// The error's kind.
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::InvalidProblem { .. } => ErrorKind::InvalidProblem,
            Self::NotConvex { .. } => ErrorKind::NotConvex,
            Self::InvalidArgument { .. } => ErrorKind::InvalidArgument,
            Self::InvalidSetting { .. } => ErrorKind::InvalidSetting,
            Self::Unsupported { .. } => ErrorKind::Unsupported,
            Self::LibraryMissing { .. } => ErrorKind::LibraryMissing,
            Self::LicenseRefused { .. } => ErrorKind::LicenseRefused,
            Self::Backend { .. } => ErrorKind::Backend,
        }
    }

    /// An [`Error::InvalidProblem`] at `block`.
    pub fn invalid_problem(block: impl Into<String>, reason: impl Into<String>) -> Self {
        Self::InvalidProblem { block: block.into(), reason: reason.into() }
    }

    /// An [`Error::InvalidArgument`] for the argument `name`.
    pub fn invalid_argument(name: impl Into<String>, reason: impl Into<String>) -> Self {
        Self::InvalidArgument { name: name.into(), reason: reason.into() }
    }

    /// An [`Error::InvalidSetting`] for the setting `name`.
    pub fn invalid_setting(name: impl Into<String>, reason: impl Into<String>) -> Self {
        Self::InvalidSetting { name: name.into(), reason: reason.into() }
    }

    /// An [`Error::Unsupported`]: `backend` does not support `what`.
    pub fn unsupported(backend: impl Into<String>, what: impl Into<String>) -> Self {
        Self::Unsupported { backend: backend.into(), what: what.into() }
    }

    /// An [`Error::Backend`] without a code.
    pub fn backend(backend: impl Into<String>, message: impl Into<String>) -> Self {
        Self::Backend { backend: backend.into(), code: None, message: message.into() }
    }
}
