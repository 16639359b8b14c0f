//! Linear programs from netlib through the native backend and those of good_lp that were compiled in: status and objective.
#![cfg(all(feature = "io", any(feature = "native", feature = "good-lp")))]
#![allow(clippy::unwrap_used, reason = "a test")]

use std::path::PathBuf;

use bpqp::io::read_file;
use bpqp::{Layer, Registry, Status};

/// Files, each with its optimal value, from the table of netlib's `lp/data/readme`, or with what it has instead of one.
const PROGRAMS: [(&str, Result<f64, Status>); 7] = [
    ("sc50b.mps.gz", Ok(-7.0e1)),
    ("recipe.mps.gz", Ok(-2.66616e2)),
    ("adlittle.mps.gz", Ok(2.2549496316e5)),
    ("galenet.mps", Err(Status::PrimalInfeasible)),
    ("box1.mps.gz", Err(Status::PrimalInfeasible)),
    ("klein1.mps.gz", Err(Status::PrimalInfeasible)),
    ("gas11.mps.gz", Err(Status::DualInfeasible)),
];

#[test]
fn status_and_objective() {
    let data = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/data");
    let names = Registry::compiled().names();
    for backend in names.iter().filter(|name| *name == "native" || name.starts_with("good-lp-")) {
        let layer = Layer::builder().forward(backend).build().unwrap();
        for (file, expected) in PROGRAMS {
            let program = read_file(data.join(file)).unwrap().program;
            let solved = layer.forward(&program).unwrap();
            let (status, objective) = (solved.status(), solved.objective());
            match expected {
                Ok(value) => {
                    assert_eq!(status, Status::Solved, "{file} with {backend}");
                    let close = (objective - value).abs() <= 1e-8 * value.abs();
                    assert!(close, "{file} with {backend}: {objective} instead of {value}");
                }
                // A certificate that violates its inequalities by more than 1e-8 is not passed on.
                Err(expected) => {
                    let honest = [expected, Status::NumericalError].contains(&status);
                    assert!(honest, "{file} with {backend}: {status} instead of {expected}");
                    let hard = file.starts_with("klein1") && backend != "native";
                    assert!(status == expected || hard, "{file} with {backend}: {status}");
                }
            }
        }
    }
}
