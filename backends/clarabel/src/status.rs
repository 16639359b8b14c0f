//! Clarabel's status as ours: one row for each, one test a row.

use bpqp_traits::{Error, Result, Status};
use clarabel::solver::SolverStatus;

use crate::solver::NAME;

/// What Clarabel claims; [`judge`](bpqp_traits::claims::judge) then says what holds.
///
/// # Errors
/// [`Error::Backend`] with Clarabel's code for the two states that no finished solve without callbacks can have.
pub(crate) fn claim(status: SolverStatus) -> Result<Status> {
    match status {
        SolverStatus::Solved => Ok(Status::Solved),
        SolverStatus::AlmostSolved => Ok(Status::SolvedInaccurate),
        SolverStatus::PrimalInfeasible | SolverStatus::AlmostPrimalInfeasible => Ok(Status::PrimalInfeasible),
        SolverStatus::DualInfeasible | SolverStatus::AlmostDualInfeasible => Ok(Status::DualInfeasible),
        SolverStatus::MaxIterations => Ok(Status::IterationLimit),
        SolverStatus::MaxTime => Ok(Status::TimeLimit),
        SolverStatus::NumericalError | SolverStatus::InsufficientProgress => Ok(Status::NumericalError),
        SolverStatus::Unsolved | SolverStatus::CallbackTerminated => Err(Error::Backend {
            backend: NAME.into(),
            code: Some(status as i64),
            message: format!("ended with the unexpected status {status}"),
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    macro_rules! row {
        ($test:ident, $status:ident => $expected:expr) => {
            #[test]
            fn $test() {
                assert_eq!(claim(SolverStatus::$status), Ok($expected));
            }
        };
    }

    row!(solved, Solved => Status::Solved);
    row!(almost_solved, AlmostSolved => Status::SolvedInaccurate);
    row!(primal_infeasible, PrimalInfeasible => Status::PrimalInfeasible);
    row!(almost_primal_infeasible, AlmostPrimalInfeasible => Status::PrimalInfeasible);
    row!(dual_infeasible, DualInfeasible => Status::DualInfeasible);
    row!(almost_dual_infeasible, AlmostDualInfeasible => Status::DualInfeasible);
    row!(max_iterations, MaxIterations => Status::IterationLimit);
    row!(max_time, MaxTime => Status::TimeLimit);
    row!(numerical_error, NumericalError => Status::NumericalError);
    row!(insufficient_progress, InsufficientProgress => Status::NumericalError);

    #[test]
    fn unsolved() {
        assert!(matches!(claim(SolverStatus::Unsolved), Err(Error::Backend { code: Some(0), .. })));
    }

    #[test]
    fn callback_terminated() {
        assert!(matches!(claim(SolverStatus::CallbackTerminated), Err(Error::Backend { code: Some(11), .. })));
    }
}
