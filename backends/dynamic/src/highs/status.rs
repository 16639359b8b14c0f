//! HiGHS' model status.

use bpqp_traits::{Result, Status};

use super::NAME;
use crate::vendor::{Ended, unknown_status};

/// What `Highs_getModelStatus` means, by the constants `kHighsModelStatus*` of its C header.
pub(super) fn ended(code: i32) -> Result<Ended> {
    Ok(match code {
        // 0: the QP solver gave up; 2, 3, 5: errors of the model, presolve, postsolve.
        0 | 2 | 3 | 5 => Ended::NoPoint(Status::NumericalError),
        4 => Ended::Point(Status::NumericalError), // also "optimal" short of its tolerance
        6 | 7 => Ended::Point(Status::Solved),     // 6: nothing to optimize
        8 => Ended::Infeasible,
        9 => Ended::InfeasibleOrUnbounded,
        10 => Ended::Unbounded,
        13 => Ended::Point(Status::TimeLimit),
        14 => Ended::Point(Status::IterationLimit),
        15 => Ended::Point(Status::NumericalError), // unknown
        code => return Err(unknown_status(NAME, code.into())),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::vendor::assert_status_table;

    #[test]
    fn every_row_of_the_table() {
        let table = [
            (0, Ended::NoPoint(Status::NumericalError)),
            (2, Ended::NoPoint(Status::NumericalError)),
            (3, Ended::NoPoint(Status::NumericalError)),
            (4, Ended::Point(Status::NumericalError)),
            (5, Ended::NoPoint(Status::NumericalError)),
            (6, Ended::Point(Status::Solved)),
            (7, Ended::Point(Status::Solved)),
            (8, Ended::Infeasible),
            (9, Ended::InfeasibleOrUnbounded),
            (10, Ended::Unbounded),
            (13, Ended::Point(Status::TimeLimit)),
            (14, Ended::Point(Status::IterationLimit)),
            (15, Ended::Point(Status::NumericalError)),
        ];
        assert_status_table(ended, &table, &[-1, 1, 11, 12, 16, 17, 18, 999]);
    }
}
