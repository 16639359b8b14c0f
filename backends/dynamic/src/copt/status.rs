//! COPT's LP status, which serves QPs too, and its return codes.

use bpqp_traits::{Error, Result, Status};

use super::NAME;
use crate::vendor::{Ended, unknown_status};

/// What the attribute `LpStatus` means, by the constants `COPT_LPSTATUS_*` of its C header.
pub(super) fn ended(code: i32) -> Result<Ended> {
    Ok(match code {
        // 0: nothing was solved; 6: node limit.
        0 | 6 => Ended::NoPoint(Status::NumericalError),
        1 => Ended::Point(Status::Solved),
        2 => Ended::Infeasible,
        3 => Ended::Unbounded,
        4 => Ended::InfeasibleOrUnbounded,
        // 5: numerics; 9: unfinished; 10: interrupted.
        5 | 9 | 10 => Ended::Point(Status::NumericalError),
        7 => Ended::Point(Status::SolvedInaccurate),
        8 => Ended::Point(Status::TimeLimit),
        11 => Ended::Point(Status::IterationLimit),
        20 | 21 => Ended::NotConvex, // solved, or not, by a local search
        code => return Err(unknown_status(NAME, code.into())),
    })
}

/// What a return code of `COPT_Solve` means.
pub(super) fn stopped(code: i32) -> Result<Ended> {
    match code {
        8 => Ok(Ended::NotConvex),
        code => Err(refused(code, "to solve")),
    }
}

/// The error for a code that is not zero.
pub(super) fn refused(code: i32, what: &str) -> Error {
    let license =
        |reason: &str| Error::LicenseRefused { backend: NAME.into(), reason: format!("code {code}: {reason}") };
    match code {
        4 => license(
            "no valid license, or the problem is larger than it allows (without one COPT solves small problems alone); \
             get one, and name its folder by COPT_LICENSE_DIR",
        ),
        7 => license("the license or compute server did not serve this machine; check the network and its settings"),
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
            (0, Ended::NoPoint(Status::NumericalError)),
            (1, Ended::Point(Status::Solved)),
            (2, Ended::Infeasible),
            (3, Ended::Unbounded),
            (4, Ended::InfeasibleOrUnbounded),
            (5, Ended::Point(Status::NumericalError)),
            (6, Ended::NoPoint(Status::NumericalError)),
            (7, Ended::Point(Status::SolvedInaccurate)),
            (8, Ended::Point(Status::TimeLimit)),
            (9, Ended::Point(Status::NumericalError)),
            (10, Ended::Point(Status::NumericalError)),
            (11, Ended::Point(Status::IterationLimit)),
            (20, Ended::NotConvex),
            (21, Ended::NotConvex),
        ];
        assert_status_table(ended, &table, &[-1, 12, 19, 22, 999]);
    }

    #[test]
    fn every_return_code() {
        assert_eq!(stopped(8), Ok(Ended::NotConvex));
        for (code, kind) in [
            (1, ErrorKind::Backend),
            (2, ErrorKind::Backend),
            (3, ErrorKind::Backend),
            (4, ErrorKind::LicenseRefused),
            (5, ErrorKind::Backend),
            (6, ErrorKind::Backend),
            (7, ErrorKind::LicenseRefused),
            (9, ErrorKind::Backend),
        ] {
            let error = stopped(code).unwrap_err();
            assert_eq!(error.kind(), kind, "{code}");
            assert!(error.to_string().contains(&format!("code {code}")), "{error}");
        }
    }
}
