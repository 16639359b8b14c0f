//! MOSEK's response, termination and solution codes.

use bpqp_traits::{Error, Result, Status};

use super::NAME;
use crate::vendor::{Ended, unknown_status};

/// What a run means: why it terminated (`MSK_RES_TRM_*`, 0 for by itself) and the status of its solution (`MSKsolstae`),
/// if there is one.
pub(super) fn ended(terminated: i32, solution: Option<i32>) -> Result<Ended> {
    let short = reason(terminated)?;
    Ok(match solution {
        None => Ended::NoPoint(short),
        // 0: unknown; 2, 3, 4: feasible, one way or both.
        Some(0 | 2 | 3 | 4) => Ended::Point(short),
        Some(1) => Ended::Point(Status::Solved),
        Some(5 | 7) => Ended::Infeasible, // a certificate; 7: of an ill-posed problem
        Some(6 | 8) => Ended::Unbounded,
        Some(code) => return Err(unknown_status(NAME, code.into())),
    })
}

/// What kept a run from an optimum.
fn reason(terminated: i32) -> Result<Status> {
    Ok(match terminated {
        100000 => Status::IterationLimit,
        100001 | 100032 => Status::TimeLimit,        // 100032: of a remote server
        100006 | 100020 => Status::SolvedInaccurate, // a stall; too many set-backs
        // 0: by itself; 100002: objective range; 100007: call-back; 100008, 100009, 100015: integers; 100025: numerics;
        // 100027: a lost race; 100030, 100031: internal; 100033: memory of a remote server.
        0 | 100002 | 100007..=100009 | 100015 | 100025 | 100027 | 100030 | 100031 | 100033 => Status::NumericalError,
        code => return Err(unknown_status(NAME, code.into())),
    })
}

/// What an error code of `MSK_optimizetrm` means.
pub(super) fn stopped(code: i32) -> Result<Ended> {
    match code {
        // 1291: not convex; 1293 … 1296: Q not positive (negative) semidefinite; 7804: found on the way to a cone.
        1291 | 1293..=1296 | 7804 => Ok(Ended::NotConvex),
        100000.. => ended(code, None),
        code => Err(refused(code, "to optimize")),
    }
}

/// The error for a code that is not zero.
pub(super) fn refused(code: i32, what: &str) -> Error {
    let license =
        |reason: &str| Error::LicenseRefused { backend: NAME.into(), reason: format!("code {code}: {reason}") };
    match code {
        1005 | 1010..=1012 => license(
            "the problem is larger than the license allows; name the file of a full one by MOSEKLM_LICENSE_FILE",
        ),
        1000..=1028 => license(
            "no valid license; get one, and save it as mosek/mosek.lic in the home folder or name it by \
             MOSEKLM_LICENSE_FILE",
        ),
        code => Error::Backend { backend: NAME.into(), code: Some(code.into()), message: format!("refused {what}") },
    }
}

#[cfg(test)]
mod tests {
    use bpqp_traits::ErrorKind;

    use super::*;

    #[test]
    fn every_termination() {
        let table = [
            (0, Status::NumericalError),
            (100000, Status::IterationLimit),
            (100001, Status::TimeLimit),
            (100002, Status::NumericalError),
            (100006, Status::SolvedInaccurate),
            (100007, Status::NumericalError),
            (100008, Status::NumericalError),
            (100009, Status::NumericalError),
            (100015, Status::NumericalError),
            (100020, Status::SolvedInaccurate),
            (100025, Status::NumericalError),
            (100027, Status::NumericalError),
            (100030, Status::NumericalError),
            (100031, Status::NumericalError),
            (100032, Status::TimeLimit),
            (100033, Status::NumericalError),
        ];
        for (code, status) in table {
            assert_eq!(ended(code, None), Ok(Ended::NoPoint(status)), "{code}");
            assert_eq!(ended(code, Some(0)), Ok(Ended::Point(status)), "{code}");
            if code != 0 {
                assert_eq!(stopped(code), Ok(Ended::NoPoint(status)), "{code}");
            }
        }
        for code in [-1, 1, 100003, 100099] {
            let message = ended(code, Some(1)).unwrap_err().to_string();
            assert!(message.contains(&code.to_string()), "{message}");
        }
    }

    #[test]
    fn every_solution_status() {
        let table = [
            (0, Ended::Point(Status::TimeLimit)),
            (1, Ended::Point(Status::Solved)),
            (2, Ended::Point(Status::TimeLimit)),
            (3, Ended::Point(Status::TimeLimit)),
            (4, Ended::Point(Status::TimeLimit)),
            (5, Ended::Infeasible),
            (6, Ended::Unbounded),
            (7, Ended::Infeasible),
            (8, Ended::Unbounded),
        ];
        for (code, meaning) in table {
            assert_eq!(ended(100001, Some(code)), Ok(meaning), "{code}");
        }
        // 9: an integer solution.
        for code in [-1, 9, 10, 999] {
            let message = ended(0, Some(code)).unwrap_err().to_string();
            assert!(message.contains(&code.to_string()), "{message}");
        }
    }

    #[test]
    fn every_error_code() {
        for code in [1291, 1293, 1294, 1295, 1296, 7804] {
            assert_eq!(stopped(code), Ok(Ended::NotConvex), "{code}");
        }
        let licenses = [1000, 1001, 1002, 1003, 1005, 1006, 1007, 1008, 1010, 1011, 1012, 1013, 1015, 1016, 1017, 1018];
        for code in licenses.into_iter().chain([1019, 1020, 1021, 1025, 1026, 1027, 1028]) {
            let error = stopped(code).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::LicenseRefused, "{code}");
            assert!(error.to_string().contains(&code.to_string()), "{error}");
        }
        for code in [1051, 1101, 1415, 3000, -3] {
            let error = stopped(code).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Backend, "{code}");
            assert!(error.to_string().contains(&code.to_string()), "{error}");
        }
    }
}
