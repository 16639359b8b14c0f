//! Reading CBF: every cone, published instances, and files that break the format.
#![cfg(feature = "io")]
#![allow(clippy::unwrap_used)] // a test panics by design

use bpqp::io::{Format, read_str};
use bpqp::{Error, Program};

const SMALL: &str = "# a comment
VER
2

OBJSENSE
MAX

VAR
7 4
F 1
L+ 2
L- 1
QR 3

CON
5 3
L= 1
Q 3
L+ 1

OBJACOORD
2
0 1.5
4 -2

OBJBCOORD
3

ACOORD
4
0 0 1
1 4 2
2 5 -1
4 1 1

BCOORD
3
0 -4
1 1
4 -0.5
";

fn read(text: &str) -> bpqp::Result<Program> {
    Ok(read_str("small.cbf", text, Format::Cbf)?.program)
}

#[test]
fn every_cone_finds_its_place() {
    let problem = read_str("small.cbf", SMALL, Format::Cbf).unwrap();
    assert!(problem.maximize);
    let program = problem.program;
    let stacked = program.as_stacked();
    assert_eq!(stacked.q(), [-1.5, 0.0, 0.0, 0.0, 2.0, 0.0, 0.0]);
    assert_eq!(program.constant(), -3.0);
    let (inf, neg) = (f64::INFINITY, f64::NEG_INFINITY);
    assert_eq!(stacked.lb(), [neg, 0.0, 0.0, neg, neg, neg, neg]);
    assert_eq!(stacked.ub(), [inf, inf, inf, 0.0, inf, inf, inf]);
    assert_eq!((stacked.l(), stacked.u()), (&[4.0, 0.5][..], &[4.0, inf][..]));
    let rows: Vec<_> = stacked.a().entries().collect();
    assert_eq!(rows, [(0, 0, 1.0), (1, 1, 1.0)]);
    let cones = stacked.cones().unwrap();
    assert_eq!(cones.dims(), [3, 3]);
    assert_eq!(cones.offset(), [0.0, 0.0, 0.0, 1.0, 0.0, 0.0]);
    let half = std::f64::consts::FRAC_1_SQRT_2;
    let expected = [(0, 4, half), (1, 4, half), (3, 4, 2.0), (0, 5, half), (1, 5, -half), (4, 5, -1.0), (2, 6, 1.0)];
    assert_eq!(cones.matrix().entries().collect::<Vec<_>>(), expected);
}

/// `2x₀x₁ ≥ x₂²` is what the turned cone says.
#[test]
fn a_rotated_cone_keeps_its_meaning() {
    let program = read(SMALL).unwrap();
    let stacked = program.as_stacked();
    let cones = stacked.cones().unwrap();
    for (x, inside) in [([2.0, 1.0, 1.9], true), ([2.0, 1.0, 2.1], false), ([-1.0, -1.0, 0.0], false)] {
        let mut s = vec![0.0; 6];
        let point: Vec<f64> = [0.0; 4].into_iter().chain(x).collect();
        cones.matrix().mul_add(1.0, &point, &mut s);
        assert_eq!(s[1].hypot(s[2]) <= s[0], inside, "{x:?}");
    }
}

#[test]
fn what_is_wrong_is_told_with_its_line() {
    let cases = [
        ("", 1, "found nothing"),
        ("VAR\n1 1\nF 1\n", 1, "VER first"),
        ("VER\n9\n", 2, "not known"),
        ("VER\n1\nVAR\n2 1\nF 1\n", 4, "1 entries together, not 2"),
        ("VER\n1\nVAR\n1 1\nEXP 1\n", 5, "no cone that is served"),
        ("VER\n1\nVAR\n1 1\nQR 1\n", 5, "at least 2"),
        ("VER\n1\nVAR\n1 1\nF 1\nOBJACOORD\n1\n1 2\n", 8, "variable 1 does not exist"),
        ("VER\n1\nVAR\n1 1\nF 1\nOBJACOORD\n2\n0 2\n0 3\n", 9, "line 8"),
        ("VER\n1\nVAR\n1 1\nF 1\nOBJACOORD\n1\n0 nan\n", 8, "no finite number"),
        ("VER\n1\nVAR\n1 1\nF 1\nOBJACOORD\n1\n0 1 2\n", 8, "too many"),
        ("VER\n1\nVAR\n1 1\nF 1\nOBJACOORD\n99999999999\n0 1\n", 8, "end of the file"),
        ("VER\n1\nVAR\n1 1\nF 1\nINT\n1\n0\n", 6, "integer"),
        ("VER\n1\nPSDVAR\n1\n3\n", 3, "'PSDVAR' is not served"),
        ("VER\n1\nVAR\n1 1\nF 1\nVAR\n1 1\nF 1\n", 6, "twice"),
        ("VER\n1\nOBJSENSE\nUP\n", 4, "MIN or MAX"),
    ];
    for (text, line, hint) in cases {
        match read(text) {
            Err(Error::Parse { line: found, message, .. }) => {
                assert_eq!(found, line, "{text:?}: {message}");
                assert!(message.contains(hint), "{text:?}: {message}");
            }
            other => panic!("{text:?}: {other:?}"),
        }
    }
}

/// Of CBLIB, solved and differentiated: the reference is its published optimum.
#[test]
#[cfg(all(feature = "clarabel", feature = "native"))]
fn a_published_instance_is_solved_and_its_gradient_is_exact() {
    let problem = bpqp::io::read_file("tests/data/chainsing_1000_3.cbf.gz").unwrap();
    assert_eq!(problem.name, "chainsing_1000_3");
    let settings = bpqp::Settings { tolerance: 1e-8, ..bpqp::Settings::default() };
    let layer = bpqp::Layer::builder().forward("clarabel").backward("native").settings(settings).build().unwrap();
    let program = problem.program;
    let n = program.num_vars();
    let mut solved = layer.forward(&program).unwrap();
    assert_eq!(solved.status(), bpqp::Status::Solved);
    assert!((solved.objective() - 30.180157).abs() < 1e-5, "{}", solved.objective());
    let gradient = solved.backward(&vec![1.0; n]).unwrap();
    let certificate = gradient.certificate();
    assert_eq!(certificate.kind, bpqp::CertificateKind::Exact);
    assert!(certificate.residual <= 1e-9);
    // Sums of 7000 entries that move by up to 3000 for one: of second order in the step.
    let options = bpqp::CheckOptions { entries: 1, seed: 1 };
    let blocks = bpqp::check_gradient(&layer, &program, &vec![1.0; n], &gradient, &options, |_, _| {}).unwrap();
    for block in blocks.iter().filter(|block| ["q", "F", "c", "d"].contains(&block.block)) {
        assert!(block.checked > 0 && block.error < 1e-4, "{block:?}");
    }
}

#[test]
fn cones_survive_json() {
    let program = read(SMALL).unwrap();
    let text = bpqp::io::to_json(&program).unwrap();
    assert_eq!(read_str("again", &text, Format::Json).unwrap().program, program);

    let dense = r#"{"q": [1, 2], "soc": [{"F": [[1, 0], [0, 1]], "g": [0, 0], "c": [0, 0], "d": 1}]}"#;
    let program = read_str("dense", dense, Format::Json).unwrap().program;
    let cones = program.as_stacked();
    let cones = cones.cones().unwrap();
    // Dense entries are part of the pattern, zeros included.
    assert_eq!((cones.matrix().nnz(), cones.offset()), (6, &[1.0, 0.0, 0.0][..]));

    for (cone, hint) in [
        (r#"{"F": [[1, 0]], "g": [0, 0], "c": [0, 0], "d": 1}"#, "soc[0].g"),
        (r#"{"F": [[1]], "g": [0], "c": [0, 0], "d": 1}"#, "soc[0].F"),
        (r#"{"F": [[1, 0]], "g": [0], "c": [0], "d": 1}"#, "soc[0].c"),
        (
            r#"{"F": {"shape": [1, 2], "rows": [0], "cols": [5], "data": [1]}, "g": [0], "c": [0, 0], "d": 1}"#,
            "soc[0].F",
        ),
        (r#"{"F": {"shape": [1, 2], "rows": [0], "data": [1]}, "g": [0], "c": [0, 0], "d": 1}"#, "missing field"),
        (r#"{"F": [[1, 0]], "g": [0], "c": [0, 0]}"#, "missing field `d`"),
    ] {
        let text = format!(r#"{{"q": [1, 2], "soc": [{cone}]}}"#);
        let error = read_str("wrong", &text, Format::Json).unwrap_err().to_string();
        assert!(error.contains(hint), "{cone}: {error}");
    }
}
