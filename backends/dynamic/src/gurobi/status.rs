//! Gurobi's optimization status, and its error codes.

use bpqp_traits::{Error, Result, Status};

use super::NAME;
use crate::vendor::{Ended, unknown_status};

/// What the attribute `Status` means, by the constants of Gurobi's C header.
pub(super) fn ended(code: i32) -> Result<Ended> {
    Ok(match code {
        // 1: nothing was solved; 6: worse than the parameter `Cutoff`; 14: still running.
        1 | 6 | 14 => Ended::NoPoint(Status::NumericalError),
        2 => Ended::Point(Status::Solved),
        3 => Ended::Infeasible,
        4 => Ended::InfeasibleOrUnbounded,
        5 => Ended::Unbounded,
        7 => Ended::Point(Status::IterationLimit),
        9 | 16 => Ended::Point(Status::TimeLimit), // 16: the parameter `WorkLimit`
        // Other limits: 8 nodes, 10 solutions, 15 objective, 17 memory; 11: interrupted; 12: numerics.
        8 | 10 | 11 | 12 | 15 | 17 => Ended::Point(Status::NumericalError),
        13 => Ended::Point(Status::SolvedInaccurate),
        18 | 19 => Ended::NotConvex, // solved, or not, by a local search
        code => return Err(unknown_status(NAME, code.into())),
    })
}

/// What an error code of `GRBoptimize` means.
pub(super) fn stopped(code: i32) -> Result<Ended> {
    match code {
        10014 => Ok(Ended::NoPoint(Status::NumericalError)),
        10020 => Ok(Ended::NotConvex),
        code => Err(refused(code, "to optimize")),
    }
}

/// The error for a code that is not zero. Gurobi's own message is left out: it may hold the names of user and host.
pub(super) fn refused(code: i32, what: &str) -> Error {
    let license =
        |reason: &str| Error::LicenseRefused { backend: NAME.into(), reason: format!("code {code}: {reason}") };
    match code {
        10009 => license(
            "no license for this version of Gurobi on this machine; get one, and name its file by GRB_LICENSE_FILE",
        ),
        10010 => license(
            "the problem is larger than a size-limited license allows; name the file of a full one by GRB_LICENSE_FILE",
        ),
        10022 | 10023 | 10028 | 10030 => license(
            "the license or compute server did not serve this machine; check the network and the file that \
             GRB_LICENSE_FILE names",
        ),
        code => Error::Backend { backend: NAME.into(), code: Some(code.into()), message: format!("refused {what}") },
    }
}

#[cfg(test)]
mod tests {
    use bpqp_traits::ErrorKind;

    use super::*;
    use crate::vendor::assert_status_table;

    #[test]
    fn every_row_of_the_table() {
        let table = [
            (1, Ended::NoPoint(Status::NumericalError)),
            (2, Ended::Point(Status::Solved)),
            (3, Ended::Infeasible),
            (4, Ended::InfeasibleOrUnbounded),
            (5, Ended::Unbounded),
            (6, Ended::NoPoint(Status::NumericalError)),
            (7, Ended::Point(Status::IterationLimit)),
            (8, Ended::Point(Status::NumericalError)),
            (9, Ended::Point(Status::TimeLimit)),
            (10, Ended::Point(Status::NumericalError)),
            (11, Ended::Point(Status::NumericalError)),
            (12, Ended::Point(Status::NumericalError)),
            (13, Ended::Point(Status::SolvedInaccurate)),
            (14, Ended::NoPoint(Status::NumericalError)),
            (15, Ended::Point(Status::NumericalError)),
            (16, Ended::Point(Status::TimeLimit)),
            (17, Ended::Point(Status::NumericalError)),
            (18, Ended::NotConvex),
            (19, Ended::NotConvex),
        ];
        assert_status_table(ended, &table, &[-1, 0, 20, 999]);
    }

    #[test]
    fn every_error_code() {
        assert_eq!(stopped(10014), Ok(Ended::NoPoint(Status::NumericalError)));
        assert_eq!(stopped(10020), Ok(Ended::NotConvex));
        for code in [10009, 10010, 10022, 10023, 10028, 10030] {
            let error = stopped(code).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::LicenseRefused, "{code}");
            assert!(error.to_string().contains(&code.to_string()), "{error}");
        }
        for code in [10001, 10003, 10015, 20003, -7] {
            let error = stopped(code).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Backend, "{code}");
            assert!(error.to_string().contains(&code.to_string()), "{error}");
        }
    }
}
