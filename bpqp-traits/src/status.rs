//! Why a solver stopped.

use std::fmt;

/// Why a solver stopped. Only [`Status::Solved`] promises the tolerance that was asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Status {
    /// Optimal to the tolerance that was asked for.
    Solved,
    /// A usable point, but short of the tolerance.
    SolvedInaccurate,
    /// No point satisfies the constraints; the point solves the program whose rows are moved by the least amount that makes
    /// it feasible. No solver stops like this: it is what a layer makes of an infeasible program where it is told to.
    ClosestFeasible,
    /// No point satisfies the constraints; the duals hold a Farkas certificate.
    PrimalInfeasible,
    /// The objective is unbounded below (or the dual is infeasible); `x` holds the ray.
    DualInfeasible,
    /// The iteration limit came first.
    IterationLimit,
    /// The time limit came first.
    TimeLimit,
    /// Arithmetic failed, or progress stalled, before an answer was reached. Also the state before any solve.
    #[default]
    NumericalError,
}

impl Status {
    /// All statuses, for tables and tests.
    pub const ALL: [Self; 8] = [
        Self::Solved,
        Self::SolvedInaccurate,
        Self::ClosestFeasible,
        Self::PrimalInfeasible,
        Self::DualInfeasible,
        Self::IterationLimit,
        Self::TimeLimit,
        Self::NumericalError,
    ];

    /// The status in `snake_case`, as programs read it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Solved => "solved",
            Self::SolvedInaccurate => "solved_inaccurate",
            Self::ClosestFeasible => "closest_feasible",
            Self::PrimalInfeasible => "primal_infeasible",
            Self::DualInfeasible => "dual_infeasible",
            Self::IterationLimit => "iteration_limit",
            Self::TimeLimit => "time_limit",
            Self::NumericalError => "numerical_error",
        }
    }

    /// Whether the point is optimal to the tolerance that was asked for.
    pub fn is_solved(self) -> bool {
        self == Self::Solved
    }

    /// Whether `x` and the duals hold an approximate solution worth reading: [`Solved`](Self::Solved),
    /// [`SolvedInaccurate`](Self::SolvedInaccurate) or [`ClosestFeasible`](Self::ClosestFeasible).
    pub fn has_solution(self) -> bool {
        matches!(self, Self::Solved | Self::SolvedInaccurate | Self::ClosestFeasible)
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}
