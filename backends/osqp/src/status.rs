//! OSQP's codes as ours: one row for each, one test a row.

use bpqp_traits::{Error, Result, Status};
use osqp_sys as sys;

use crate::solver::NAME;

/// What OSQP claims with a status code; [`judge`](bpqp_traits::claims::judge) then says what holds.
///
/// # Errors
/// [`Error::Backend`] with the number for codes that no finished solve can have, and for unknown ones.
pub(crate) fn claim(code: i64) -> Result<Status> {
    let failed = |message: &str| Error::Backend { backend: NAME.into(), code: Some(code), message: message.into() };
    match u32::try_from(code).unwrap_or(u32::MAX) {
        sys::OSQP_SOLVED => Ok(Status::Solved),
        sys::OSQP_SOLVED_INACCURATE => Ok(Status::SolvedInaccurate),
        sys::OSQP_PRIMAL_INFEASIBLE | sys::OSQP_PRIMAL_INFEASIBLE_INACCURATE => Ok(Status::PrimalInfeasible),
        sys::OSQP_DUAL_INFEASIBLE | sys::OSQP_DUAL_INFEASIBLE_INACCURATE => Ok(Status::DualInfeasible),
        sys::OSQP_MAX_ITER_REACHED => Ok(Status::IterationLimit),
        sys::OSQP_TIME_LIMIT_REACHED => Ok(Status::TimeLimit),
        // "Non-convex" means here that a residual passed 1e30, which happens with huge data, too.
        sys::OSQP_NON_CVX => Ok(Status::NumericalError),
        sys::OSQP_SIGINT => Err(failed("interrupted")),
        sys::OSQP_UNSOLVED => Err(failed("ended unsolved")),
        _ => Err(failed("ended with an unknown status")),
    }
}

/// The error for a failed setup.
pub(crate) fn setup_error(code: i64) -> Error {
    let message = match u32::try_from(code).unwrap_or(u32::MAX) {
        sys::OSQP_NONCVX_ERROR => {
            return Error::NotConvex { reason: "OSQP's factorization met negative curvature".into() };
        }
        sys::OSQP_DATA_VALIDATION_ERROR => "refused the data",
        sys::OSQP_SETTINGS_VALIDATION_ERROR => "refused the settings",
        sys::OSQP_LINSYS_SOLVER_INIT_ERROR => "could not prepare its linear solver",
        sys::OSQP_MEM_ALLOC_ERROR => "could not allocate memory",
        sys::OSQP_WORKSPACE_NOT_INIT_ERROR => "was not set up",
        sys::OSQP_ALGEBRA_LOAD_ERROR => "could not load its algebra library",
        sys::OSQP_DATA_NOT_INITIALIZED => "has uninitialized data",
        sys::OSQP_FUNC_NOT_IMPLEMENTED => "lacks a function",
        _ => "could not be set up",
    };
    Error::Backend { backend: NAME.into(), code: Some(code), message: message.into() }
}

#[cfg(test)]
mod tests {
    use super::*;

    macro_rules! row {
        ($test:ident, $code:ident => $expected:expr) => {
            #[test]
            fn $test() {
                assert_eq!(claim(sys::$code.into()), Ok($expected));
            }
        };
    }

    row!(solved, OSQP_SOLVED => Status::Solved);
    row!(solved_inaccurate, OSQP_SOLVED_INACCURATE => Status::SolvedInaccurate);
    row!(primal_infeasible, OSQP_PRIMAL_INFEASIBLE => Status::PrimalInfeasible);
    row!(primal_infeasible_inaccurate, OSQP_PRIMAL_INFEASIBLE_INACCURATE => Status::PrimalInfeasible);
    row!(dual_infeasible, OSQP_DUAL_INFEASIBLE => Status::DualInfeasible);
    row!(dual_infeasible_inaccurate, OSQP_DUAL_INFEASIBLE_INACCURATE => Status::DualInfeasible);
    row!(iteration_limit, OSQP_MAX_ITER_REACHED => Status::IterationLimit);
    row!(time_limit, OSQP_TIME_LIMIT_REACHED => Status::TimeLimit);
    row!(diverged, OSQP_NON_CVX => Status::NumericalError);

    fn has_code(error: Result<Status>, expected: i64) -> bool {
        matches!(error, Err(Error::Backend { code: Some(code), .. }) if code == expected)
    }

    #[test]
    fn interrupted() {
        assert!(has_code(claim(sys::OSQP_SIGINT.into()), 10));
    }

    #[test]
    fn unsolved() {
        assert!(has_code(claim(sys::OSQP_UNSOLVED.into()), 11));
    }

    #[test]
    fn unknown_codes_keep_their_number() {
        for code in [0, 12, 99, -1, i64::MAX] {
            assert!(has_code(claim(code), code));
        }
    }

    #[test]
    fn non_convex_on_setup() {
        assert!(matches!(setup_error(4), Error::NotConvex { .. }));
    }

    #[test]
    fn other_setup_errors_keep_their_number() {
        for expected in [1, 2, 3, 5, 6, 7, 8, 9, 10, 11, 12, 77, -3] {
            assert!(has_code(Err(setup_error(expected)), expected));
        }
    }
}
