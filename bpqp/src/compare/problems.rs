//! The common problem set, embedded: see `data/README.md`.

use crate::io::{ProblemFile, read_bytes};
use crate::{Result, Status};

/// A problem to compare backends on.
#[derive(Clone, Debug)]
pub struct Problem {
    /// The name that tables show.
    pub name: String,
    /// What is special about it; empty where nothing is known.
    pub what: &'static str,
    /// The right status, where it is known.
    pub expected: Option<Status>,
    /// The optimal value, where it is known: published, or derived by hand.
    pub objective: Option<f64>,
    /// The problem itself.
    pub file: ProblemFile,
}

impl Problem {
    /// A problem of which nothing is known.
    pub fn new(name: impl Into<String>, file: ProblemFile) -> Self {
        Self { name: name.into(), what: "", expected: None, objective: None, file }
    }
}

type Row = (&'static str, &'static [u8], &'static str, Status, Option<f64>);

macro_rules! data {
    ($file:literal) => {
        include_bytes!(concat!("../../data/", $file))
    };
}

/// Files, what is special about them, how they end and at which value. The first nine are QPs from collections, with
/// published values; the others are made by hand, and derived in `data/README.md`.
const PROBLEMS: [Row; 21] = [
    ("HS35.qps", data!("HS35.QPS.gz"), "textbook QP", Status::Solved, Some(0.111111111)),
    ("LOTSCHD.qps", data!("LOTSCHD.QPS.gz"), "lot scheduling", Status::Solved, Some(2398.41589)),
    ("QAFIRO.qps", data!("QAFIRO.QPS.gz"), "oil refinery", Status::Solved, Some(-1.59078179)),
    ("LIPMWALK26.qps", data!("LIPMWALK26.QPS.gz"), "walking robot", Status::Solved, None),
    ("WHLIPBAL1.qps", data!("WHLIPBAL1.QPS.gz"), "balancing robot", Status::Solved, None),
    ("DUAL4.qps", data!("DUAL4.QPS.gz"), "one dense row", Status::Solved, Some(0.746090842)),
    ("CVXQP1_S.qps", data!("CVXQP1_S.QPS.gz"), "sparse, random", Status::Solved, Some(11590.7181)),
    ("DUALC2.qps", data!("DUALC2.QPS.gz"), "many rows", Status::Solved, Some(3551.30769)),
    ("PRIMALC5.qps", data!("PRIMALC5.QPS.gz"), "many variables", Status::Solved, Some(-427.232326)),
    ("lp-vertex.json", data!("lp-vertex.json"), "LP, one vertex", Status::Solved, Some(-5.0)),
    ("lp-bounds.json", data!("lp-bounds.json"), "LP, bounds and a two-sided row", Status::Solved, Some(-8.0)),
    ("lp-transport.json", data!("lp-transport.json"), "LP, dependent equalities", Status::Solved, Some(18.0)),
    ("lp-degenerate.json", data!("lp-degenerate.json"), "LP, three rows meet in 2-D", Status::Solved, Some(-2.0)),
    ("lp-edge.json", data!("lp-edge.json"), "LP, an optimal edge", Status::Solved, Some(-1.0)),
    ("qp-kink.json", data!("qp-kink.json"), "QP, a weakly active bound", Status::Solved, Some(-2.5)),
    ("qp-duplicate.json", data!("qp-duplicate.json"), "QP, a row twice", Status::Solved, Some(-19.0 / 3.0)),
    ("qp-flat.json", data!("qp-flat.json"), "QP, solution not unique", Status::Solved, Some(-2.0)),
    ("lp-infeasible.json", data!("lp-infeasible.json"), "LP, infeasible", Status::PrimalInfeasible, None),
    ("qp-infeasible.json", data!("qp-infeasible.json"), "QP, infeasible", Status::PrimalInfeasible, None),
    ("lp-unbounded.json", data!("lp-unbounded.json"), "LP, unbounded", Status::DualInfeasible, None),
    ("qp-unbounded.json", data!("qp-unbounded.json"), "QP, unbounded", Status::DualInfeasible, None),
];

/// The common problem set: QPs, LPs, degenerate, infeasible and unbounded ones.
///
/// # Errors
/// As [`read_bytes`]; the data are part of the crate.
pub fn embedded() -> Result<Vec<Problem>> {
    let read = |&(file, bytes, what, expected, objective): &Row| {
        let name = file.split('.').next().unwrap_or(file).to_string();
        Ok(Problem { name, what, expected: Some(expected), objective, file: read_bytes(file, bytes)? })
    };
    PROBLEMS.iter().map(read).collect()
}

#[cfg(test)]
mod tests {
    #[test]
    fn every_embedded_problem_reads() {
        let sizes: Vec<_> = super::embedded()
            .unwrap()
            .into_iter()
            .map(|p| (p.name, p.file.program.num_vars(), p.file.program.as_stacked().num_rows()))
            .collect();
        let expected = [
            ("HS35", 3, 1),
            ("LOTSCHD", 12, 7),
            ("QAFIRO", 32, 27),
            ("LIPMWALK26", 16, 32),
            ("WHLIPBAL1", 50, 100),
            ("DUAL4", 75, 1),
            ("CVXQP1_S", 100, 50),
            ("DUALC2", 7, 229),
            ("PRIMALC5", 287, 8),
            ("lp-vertex", 2, 2),
            ("lp-bounds", 3, 1),
            ("lp-transport", 6, 5),
            ("lp-degenerate", 2, 3),
            ("lp-edge", 2, 1),
            ("qp-kink", 2, 0),
            ("qp-duplicate", 2, 2),
            ("qp-flat", 2, 0),
            ("lp-infeasible", 2, 1),
            ("qp-infeasible", 2, 1),
            ("lp-unbounded", 2, 1),
            ("qp-unbounded", 2, 1),
        ];
        assert_eq!(sizes, expected.map(|(name, n, m)| (name.to_string(), n, m)));
    }
}
