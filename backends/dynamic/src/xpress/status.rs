//! Xpress' status of an LP or QP.

use bpqp_traits::{Error, Result, Status};

use super::{NAME, refused};
use crate::vendor::{Ended, unknown_status};

/// What the attributes `LPSTATUS` and `STOPSTATUS` mean, by the constants `XPRS_LP_*` and `XPRS_STOP_*` of its C header.
pub(super) fn ended(code: i32, stop: i32) -> Result<Ended> {
    Ok(match code {
        0 => Ended::NoPoint(stopped(stop)?), // not started
        1 => Ended::Point(Status::Solved),
        2 => Ended::Infeasible,
        4 => Ended::Point(stopped(stop)?), // unfinished
        5 => Ended::Unbounded,
        7 => Ended::Point(Status::NumericalError), // unsolved
        8 => Ended::NotConvex,
        code => return Err(unknown_status(NAME, code.into())), // 3, 6: cutoffs, which are not used
    })
}

/// Why it stopped before the end.
fn stopped(code: i32) -> Result<Status> {
    Ok(match code {
        1 => Status::TimeLimit,
        4 | 14 => Status::IterationLimit,         // 14: a limit on work
        0 | 7 | 8 | 13 => Status::NumericalError, // no reason, an error, out of memory, its arithmetic
        11 => return Err(refused("the license was lost during the run")),
        code => {
            let message = "unknown reason to stop".into();
            return Err(Error::Backend { backend: NAME.into(), code: Some(code.into()), message });
        }
    })
}

#[cfg(test)]
mod tests {
    use bpqp_traits::ErrorKind;

    use super::*;

    #[test]
    fn every_row_of_the_table() {
        let table = [
            (0, 1, Ended::NoPoint(Status::TimeLimit)),
            (0, 7, Ended::NoPoint(Status::NumericalError)),
            (1, 0, Ended::Point(Status::Solved)),
            (2, 0, Ended::Infeasible),
            (4, 0, Ended::Point(Status::NumericalError)),
            (4, 1, Ended::Point(Status::TimeLimit)),
            (4, 4, Ended::Point(Status::IterationLimit)),
            (4, 7, Ended::Point(Status::NumericalError)),
            (4, 8, Ended::Point(Status::NumericalError)),
            (4, 13, Ended::Point(Status::NumericalError)),
            (4, 14, Ended::Point(Status::IterationLimit)),
            (5, 0, Ended::Unbounded),
            (7, 0, Ended::Point(Status::NumericalError)),
            (8, 0, Ended::NotConvex),
        ];
        for (code, stop, meaning) in table {
            assert_eq!(ended(code, stop), Ok(meaning), "{code}, {stop}");
        }
        assert_eq!(ended(4, 11).unwrap_err().kind(), ErrorKind::LicenseRefused);
        for (code, stop) in [(-1, 0), (3, 0), (6, 0), (9, 0), (999, 0), (4, 2), (4, 3), (4, 9), (4, 999)] {
            let error = ended(code, stop).unwrap_err();
            let number = if code == 4 { stop } else { code };
            assert!(error.to_string().contains(&number.to_string()), "{error}");
            assert_eq!(error.kind(), ErrorKind::Backend);
        }
    }
}
