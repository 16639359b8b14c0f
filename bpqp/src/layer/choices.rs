//! What a layer is asked to do, also where the solution has no derivative, or where there is no solution.

use std::fmt;
use std::str::FromStr;

use bpqp_traits::{Error as SolverError, Settings};

/// The default of [`Choices::lp_regularization`], as in the paper's experiments.
const LP_REGULARIZATION: f64 = 1e-6;

/// What a layer is asked to do, by the methods of [`LayerBuilder`](super::LayerBuilder) of the same names.
#[derive(Clone, Debug)]
pub(super) struct Choices {
    pub(super) settings: Settings,
    pub(super) lp_regularization: f64,
    pub(super) smoothing: f64,
    pub(super) reuse: bool,
    pub(super) estimate_errors: bool,
    pub(super) at_kink: AtKink,
    pub(super) at_degeneracy: AtDegeneracy,
    pub(super) at_infeasibility: AtInfeasibility,
}

impl Default for Choices {
    fn default() -> Self {
        Self {
            settings: Settings::default(),
            lp_regularization: LP_REGULARIZATION,
            smoothing: 0.0,
            reuse: true,
            estimate_errors: false,
            at_kink: AtKink::default(),
            at_degeneracy: AtDegeneracy::default(),
            at_infeasibility: AtInfeasibility::default(),
        }
    }
}

impl Choices {
    /// # Errors
    /// [`InvalidSetting`](SolverError::InvalidSetting) for a number out of its range.
    pub(super) fn validate(&self) -> Result<(), SolverError> {
        self.settings.validate()?;
        for (name, value) in [("lp_regularization", self.lp_regularization), ("smoothing", self.smoothing)] {
            if !(value >= 0.0 && value.is_finite()) {
                let reason = format!("must be finite and not negative, is {value}");
                return Err(SolverError::invalid_setting(name, reason));
            }
        }
        Ok(())
    }

    /// For a program that is solved in place of the user's. It refuses nothing: only the certificate in the user's terms may.
    pub(super) fn of_substitute(&self) -> Self {
        Self {
            smoothing: 0.0,
            at_kink: if self.at_kink == AtKink::Keep { AtKink::Keep } else { AtKink::Drop },
            at_degeneracy: AtDegeneracy::LeastNorm,
            at_infeasibility: AtInfeasibility::Refuse,
            ..self.clone()
        }
    }
}

/// An enumeration with a name for each choice, as it is written on the command line.
macro_rules! choice {
    (
        $(#[$about:meta])*
        $name:ident($setting:literal) { $($(#[$meaning:meta])* $variant:ident = $text:literal,)+ }
    ) => {
        $(#[$about])*
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum $name { $($(#[$meaning])* $variant,)+ }

        impl $name {
            /// The choice as it is written on the command line.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text,)+ }
            }
        }

        impl FromStr for $name {
            type Err = SolverError;

            fn from_str(text: &str) -> Result<Self, SolverError> {
                match text {
                    $($text => Ok(Self::$variant),)+
                    _ => {
                        let choices = [$($text),+].join(", ");
                        Err(SolverError::invalid_setting($setting, format!("'{text}' is none of {choices}")))
                    }
                }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(self.as_str())
            }
        }
    };
}

choice! {
    /// What becomes of weakly active constraints, those met with neither slack nor force.
    AtKink("at_kink") {
        /// They count as inactive: the derivative for changes of the data that let them go.
        #[default]
        Drop = "drop",
        /// They count as active: the derivative for changes of the data that make all of them bind.
        Keep = "keep",
        /// There is no gradient: [`Error::Kink`](crate::Error::Kink).
        Refuse = "refuse",
    }
}

choice! {
    /// What becomes of gradients where active constraints depend on one another or the solution is not unique.
    AtDegeneracy("at_degeneracy") {
        /// The element of least norm, with a certificate that says which blocks it is not the derivative of.
        #[default]
        LeastNorm = "least-norm",
        /// There is no gradient: [`Error::Degenerate`](crate::Error::Degenerate).
        Refuse = "refuse",
    }
}

choice! {
    /// What becomes of programs whose constraints no point satisfies.
    AtInfeasibility("at_infeasibility") {
        /// There is no solution: [`Status::PrimalInfeasible`](crate::Status::PrimalInfeasible), with a certificate.
        #[default]
        Refuse = "refuse",
        /// The rows are moved by the least amount, in the Euclidean norm, that some point within the bounds satisfies, and
        /// that program is solved and differentiated: [`Status::ClosestFeasible`](crate::Status::ClosestFeasible).
        Closest = "closest",
    }
}
