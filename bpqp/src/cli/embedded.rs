//! Problems embedded in the program: see `data/README.md`.

use crate::io::{ProblemFile, read_bytes};

use super::output::Failure;

/// Names and gzipped QPS files, from small to large.
const PROBLEMS: [(&str, &[u8]); 9] = [
    ("HS35", include_bytes!("../../data/HS35.QPS.gz")),
    ("LOTSCHD", include_bytes!("../../data/LOTSCHD.QPS.gz")),
    ("QAFIRO", include_bytes!("../../data/QAFIRO.QPS.gz")),
    ("LIPMWALK26", include_bytes!("../../data/LIPMWALK26.QPS.gz")),
    ("WHLIPBAL1", include_bytes!("../../data/WHLIPBAL1.QPS.gz")),
    ("DUAL4", include_bytes!("../../data/DUAL4.QPS.gz")),
    ("CVXQP1_S", include_bytes!("../../data/CVXQP1_S.QPS.gz")),
    ("DUALC2", include_bytes!("../../data/DUALC2.QPS.gz")),
    ("PRIMALC5", include_bytes!("../../data/PRIMALC5.QPS.gz")),
];

/// The embedded problems, under the names that tables show.
pub(crate) fn problems() -> Result<Vec<(String, ProblemFile)>, Failure> {
    let read = |&(name, bytes): &(&str, &[u8])| Ok((name.to_string(), read_bytes(&format!("{name}.qps"), bytes)?));
    PROBLEMS.iter().map(read).collect()
}

#[cfg(test)]
mod tests {
    #[test]
    fn every_embedded_problem_reads() {
        let sizes: Vec<_> = super::problems()
            .unwrap()
            .into_iter()
            .map(|(name, p)| (name, p.program.num_vars(), p.program.as_stacked().num_rows()))
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
        ];
        assert_eq!(sizes, expected.map(|(name, n, m)| (name.to_string(), n, m)));
    }
}
