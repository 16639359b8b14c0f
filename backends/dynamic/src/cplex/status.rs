//! CPLEX' solution status and error codes.

use bpqp_traits::{Error, Result, Status};

use super::NAME;
use crate::vendor::{Ended, unknown_status};

/// What `CPXgetstat` means, by the constants `CPX_STAT_*` of `cpxconst.h`.
pub(super) fn ended(code: i32) -> Result<Ended> {
    Ok(match code {
        0 => Ended::NoPoint(Status::NumericalError), // nothing is known
        1 => Ended::Point(Status::Solved),
        2 => Ended::Unbounded,
        3 => Ended::Infeasible,
        4 => Ended::InfeasibleOrUnbounded,
        5 | 6 => Ended::Point(Status::NumericalError), // 5: infeasible once unscaled; 6: the best it could get
        10 => Ended::Point(Status::IterationLimit),
        11 | 25 => Ended::Point(Status::TimeLimit),
        20 => Ended::Point(Status::NumericalError), // the barrier saw solutions without a bound
        // The barrier's primal or dual objective runs away.
        21 => Ended::Unbounded,
        22 => Ended::Infeasible,
        24 => Ended::NotConvex, // a local solution, where the user's own parameters ask for one
        code => return Err(unknown_status(NAME, code.into())),
    })
}

/// How a run ended whose optimizer returned the error `code`, where that says something about the problem.
pub(super) fn failed(code: i32) -> Option<Ended> {
    match code {
        1256 => Some(Ended::NoPoint(Status::NumericalError)), // singular basis
        5002 => Some(Ended::NotConvex),
        _ => None,
    }
}

/// The error behind a code that is not zero, in CPLEX' words.
pub(super) fn error(code: i32, message: &str) -> Error {
    // Too large for the edition; the license manager.
    if code == 1016 || (32000..33000).contains(&code) {
        let advice = "install an edition and a license that cover the problem, or use another backend";
        return Error::LicenseRefused { backend: NAME.into(), reason: format!("{message} (code {code}); {advice}") };
    }
    Error::Backend { backend: NAME.into(), code: Some(code.into()), message: message.into() }
}

#[cfg(test)]
mod tests {
    use bpqp_traits::ErrorKind;

    use super::*;
    use crate::vendor::assert_status_table;

    #[test]
    fn every_row_of_the_table() {
        let table = [
            (0, Ended::NoPoint(Status::NumericalError)),
            (1, Ended::Point(Status::Solved)),
            (2, Ended::Unbounded),
            (3, Ended::Infeasible),
            (4, Ended::InfeasibleOrUnbounded),
            (5, Ended::Point(Status::NumericalError)),
            (6, Ended::Point(Status::NumericalError)),
            (10, Ended::Point(Status::IterationLimit)),
            (11, Ended::Point(Status::TimeLimit)),
            (20, Ended::Point(Status::NumericalError)),
            (21, Ended::Unbounded),
            (22, Ended::Infeasible),
            (24, Ended::NotConvex),
            (25, Ended::Point(Status::TimeLimit)),
        ];
        // 12, 13: limits that are not set; 14 to 19, 23, 30 and on: of other algorithms.
        assert_status_table(ended, &table, &[-1, 7, 12, 13, 14, 19, 23, 26, 30, 101, 999]);
    }

    #[test]
    fn every_error_that_says_more_than_its_number() {
        assert_eq!(failed(1256), Some(Ended::NoPoint(Status::NumericalError)));
        assert_eq!(failed(5002), Some(Ended::NotConvex));
        for code in [0, 1001, 1016, 5012, 32201] {
            assert_eq!(failed(code), None, "{code}");
        }
        for (code, kind) in [
            (1016, ErrorKind::LicenseRefused),
            (32000, ErrorKind::LicenseRefused),
            (32201, ErrorKind::LicenseRefused),
            (32999, ErrorKind::LicenseRefused),
            (31999, ErrorKind::Backend),
            (33000, ErrorKind::Backend),
            (1001, ErrorKind::Backend),
        ] {
            let error = error(code, "said CPLEX");
            assert_eq!(error.kind(), kind, "{code}");
            let message = error.to_string();
            assert!(message.contains(&code.to_string()) && message.contains("said CPLEX"), "{message}");
        }
    }
}
