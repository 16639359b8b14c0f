//! What to do where the solution has no derivative.

use std::fmt;
use std::str::FromStr;

use bpqp_traits::Error as SolverError;

/// What becomes of weakly active constraints, those met with neither slack nor force.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum AtKink {
    /// They count as inactive: the derivative for changes of the data that let them go.
    #[default]
    Drop,
    /// They count as active: the derivative for changes of the data that make all of them bind.
    Keep,
    /// There is no gradient: [`Error::Kink`](crate::Error::Kink).
    Refuse,
}

/// What becomes of gradients where active constraints depend on one another or the solution is not unique.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum AtDegeneracy {
    /// The element of least norm, with a certificate that says which blocks it is not the derivative of.
    #[default]
    LeastNorm,
    /// There is no gradient: [`Error::Degenerate`](crate::Error::Degenerate).
    Refuse,
}

impl AtKink {
    /// The choice as it is written on the command line.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Drop => "drop",
            Self::Keep => "keep",
            Self::Refuse => "refuse",
        }
    }
}

impl AtDegeneracy {
    /// The choice as it is written on the command line.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::LeastNorm => "least-norm",
            Self::Refuse => "refuse",
        }
    }
}

impl FromStr for AtKink {
    type Err = SolverError;

    fn from_str(text: &str) -> Result<Self, SolverError> {
        let all = [Self::Drop, Self::Keep, Self::Refuse];
        let found = all.into_iter().find(|choice| choice.as_str() == text);
        found.ok_or_else(|| SolverError::invalid_setting("at_kink", format!("'{text}' is not drop, keep or refuse")))
    }
}

impl FromStr for AtDegeneracy {
    type Err = SolverError;

    fn from_str(text: &str) -> Result<Self, SolverError> {
        let found = [Self::LeastNorm, Self::Refuse].into_iter().find(|choice| choice.as_str() == text);
        let reason = || format!("'{text}' is not least-norm or refuse");
        found.ok_or_else(|| SolverError::invalid_setting("at_degeneracy", reason()))
    }
}

impl fmt::Display for AtKink {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl fmt::Display for AtDegeneracy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}
