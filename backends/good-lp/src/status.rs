//! good_lp's outcomes as ours: one row for each, one test a row.

use bpqp_traits::{Error, Result, Status};
use good_lp::{ResolutionError, SolutionStatus};

use crate::engine::Engine;

/// What a solution claims; [`judge`](bpqp_traits::claims::judge) then says what holds.
pub(crate) fn claim(status: SolutionStatus) -> Status {
    match status {
        // HiGHS's adapter calls any gap that it finds in an LP a gap limit.
        SolutionStatus::Optimal | SolutionStatus::GapLimit => Status::Solved,
        SolutionStatus::TimeLimit => Status::TimeLimit,
    }
}

/// What a missing solution claims.
///
/// # Errors
/// [`Error::Backend`] with good_lp's words where the model or the environment is at fault, and for words not known here.
pub(crate) fn failure(engine: Engine, error: &ResolutionError) -> Result<Status> {
    match error {
        ResolutionError::Unbounded => Ok(Status::DualInfeasible),
        ResolutionError::Infeasible => Ok(Status::PrimalInfeasible),
        ResolutionError::Other(words) => match *words {
            "Max iterations reached" => Ok(Status::IterationLimit),
            // The last is HiGHS's, where a limit left no feasible point.
            "Time limit reached" | "Time limit reached before finding a feasible solution" | "NoSolutionFound" => {
                Ok(Status::TimeLimit)
            }
            "Numerical error" | "No progress" | "Unknown" => Ok(Status::NumericalError),
            "PresolveError" | "SolveError" | "PostsolveError" => Ok(Status::NumericalError),
            words => Err(Error::backend(engine.name(), format!("ended with the unexpected status '{words}'"))),
        },
        // microlp has no other word for a factorization that broke down.
        ResolutionError::Str(_) if engine.facts().fails_in_words => Ok(Status::NumericalError),
        ResolutionError::Str(words) => Err(Error::backend(engine.name(), words)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn solutions() {
        assert_eq!(claim(SolutionStatus::Optimal), Status::Solved);
        assert_eq!(claim(SolutionStatus::GapLimit), Status::Solved);
        assert_eq!(claim(SolutionStatus::TimeLimit), Status::TimeLimit);
    }

    macro_rules! row {
        ($test:ident, $error:expr => $expected:expr) => {
            #[test]
            fn $test() {
                for engine in Engine::ALL {
                    assert_eq!(failure(*engine, &$error), Ok($expected));
                }
            }
        };
    }

    use ResolutionError::{Infeasible, Other, Str, Unbounded};

    row!(unbounded, Unbounded => Status::DualInfeasible);
    row!(infeasible, Infeasible => Status::PrimalInfeasible);
    row!(max_iterations, Other("Max iterations reached") => Status::IterationLimit);
    row!(time_limit, Other("Time limit reached") => Status::TimeLimit);
    row!(time_limit_in_phase_one, Other("Time limit reached before finding a feasible solution") => Status::TimeLimit);
    row!(no_solution_found, Other("NoSolutionFound") => Status::TimeLimit);
    row!(numerical_error, Other("Numerical error") => Status::NumericalError);
    row!(no_progress, Other("No progress") => Status::NumericalError);
    row!(unknown, Other("Unknown") => Status::NumericalError);
    row!(presolve_error, Other("PresolveError") => Status::NumericalError);
    row!(solve_error, Other("SolveError") => Status::NumericalError);
    row!(postsolve_error, Other("PostsolveError") => Status::NumericalError);

    #[test]
    fn unexpected_words_are_errors_that_hold_them() {
        let words =
            ["Unsolved", "Callback terminated", "NotSet", "LoadError", "ModelError", "ModelEmpty", "something new"];
        for engine in Engine::ALL {
            for words in words {
                let error = failure(*engine, &Other(words)).unwrap_err();
                assert!(matches!(&error, Error::Backend { message, .. } if message.contains(words)), "{error}");
            }
        }
    }

    #[test]
    fn sentences_are_microlps_arithmetic_and_everyone_elses_environment() {
        for engine in Engine::ALL {
            let found = failure(*engine, &Str("singular matrix".into()));
            if engine.facts().fails_in_words {
                assert_eq!(found, Ok(Status::NumericalError));
            } else {
                assert!(matches!(found, Err(Error::Backend { message, .. }) if message == "singular matrix"));
            }
        }
    }
}
