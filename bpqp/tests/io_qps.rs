//! What the QPS/MPS reader understands.
#![allow(clippy::unwrap_used, clippy::panic)] // a test panics by design
#![cfg(feature = "io")]

use std::path::PathBuf;

use bpqp::io::{Format, ProblemFile, read_file, read_str};

const INF: f64 = f64::INFINITY;

fn data(file: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/data").join(file)
}

fn read(text: &str) -> ProblemFile {
    read_str("test", text, Format::Qps).unwrap()
}

/// Two variables `x`, `y`, rows `e` (=), `l` (≤), `g` (≥), each with both variables, and the sections in `rest`.
fn with(rest: &str) -> ProblemFile {
    read(&format!(
        "NAME t\nROWS\n N c\n E e\n L l\n G g\nCOLUMNS\n x c 1 e 1\n x l 1 g 1\n y e 1 l 1\n y g 1\n{rest}ENDATA\n"
    ))
}

#[test]
fn small_real_files_have_their_published_sizes() {
    // Sizes from the tables published with the sets: n, m, nonzeros of A and of P (both triangles).
    let expected = [
        ("QAFIRO.QPS.gz", 32, 27, 83, 9),
        ("QPTEST.QPS.gz", 2, 2, 4, 4),
        ("sc50b.mps.gz", 48, 50, 118, 0),
        ("adlittle.mps.gz", 97, 56, 383, 0),
        ("recipe.mps.gz", 180, 91, 663, 0),
        ("galenet.mps", 8, 8, 16, 0),
        ("box1.mps.gz", 261, 231, 651, 0),
        ("klein1.mps.gz", 54, 54, 696, 0),
        ("gas11.mps.gz", 862, 459, 2166, 0),
        ("qjh.mps", 3, 1, 2, 5),
        ("qjh_quadobj.mps", 3, 1, 2, 5),
        ("qjh_qmatrix.mps", 3, 1, 2, 5),
        ("qjh_uncon.mps", 3, 0, 0, 5),
    ];
    for (file, n, m, nnz_a, nnz_p) in expected {
        let problem = read_file(data(file)).unwrap();
        let stacked = problem.program.as_stacked();
        let found = (stacked.num_vars(), stacked.num_rows(), stacked.a().nnz(), problem.program.p().nnz());
        assert_eq!(found, (n, m, nnz_a, nnz_p), "{file}");
        assert_eq!(problem.program.blocks().rows, 0..m, "{file}: every row belongs to the block rows");
        assert_eq!((problem.column_names.len(), problem.row_names.len()), (n, m), "{file}");
    }
}

#[test]
fn one_quadratic_objective_in_three_sections() {
    let section = read_file(data("qjh.mps")).unwrap().program;
    assert_eq!(section, read_file(data("qjh_quadobj.mps")).unwrap().program);
    assert_eq!(section, read_file(data("qjh_qmatrix.mps")).unwrap().program);
    // x₁² + 0.1 x₂² + x₃² − x₁x₃ − x₂ − 3x₃ at (0.5, 5, 1.5): 0.25 + 2.5 + 2.25 − 0.75 − 5 − 4.5.
    assert!((section.objective(&[0.5, 5.0, 1.5]) + 5.25).abs() < 1e-14);
}

#[test]
fn upper_triangle_reads_like_the_lower() {
    let text = |pair: &str| {
        read(&format!("NAME t\nROWS\n N c\nCOLUMNS\n x c 1\n y c 1\nQUADOBJ\n x x 2\n y y 2\n {pair} 1\nENDATA\n"))
            .program
    };
    assert_eq!(text("x y"), text("y x"));
    assert_eq!(text("x y").p().values(), [2.0, 1.0, 1.0, 2.0]);
}

#[test]
fn fixed_columns_where_names_hold_blanks() {
    let problem = read_file(data("fixed_columns.mps")).unwrap();
    assert_eq!(problem.name, "FORESTS (1)");
    assert_eq!(problem.column_names, ["STAND 11", "STAND 12"]);
    assert_eq!(problem.row_names, ["LAND 1R", "CUT  1", "A$ 4-8 1"]);
    let stacked = problem.program.as_stacked();
    assert_eq!(stacked.q(), [-0.025, 0.0]);
    assert_eq!(stacked.l(), [10.0, 3.0, 8.0]);
    assert_eq!(stacked.u(), [10.0, INF, 12.0]);
    assert_eq!(stacked.lb(), [-INF, 0.0]);
    assert_eq!(stacked.ub(), [INF, 8.0]);
    assert_eq!(problem.program.constant(), 7.0);
}

#[test]
fn objective_constant_is_minus_the_right_hand_side() {
    assert_eq!(with("RHS\n r c 5 l 2\n").program.constant(), -5.0);
    assert_eq!(with("").program.constant(), 0.0);
}

#[test]
fn ranges_by_sense_and_sign() {
    let sides = |range: &str| {
        let problem = with(&format!("RHS\n r e 10 l 10\n r g 10\nRANGES\n r e {range} l {range}\n r g {range}\n"));
        (problem.program.as_stacked().l().to_vec(), problem.program.as_stacked().u().to_vec())
    };
    assert_eq!(sides("3"), (vec![10.0, 7.0, 10.0], vec![13.0, 10.0, 13.0]));
    assert_eq!(sides("-3"), (vec![7.0, 7.0, 10.0], vec![10.0, 10.0, 13.0]));
    assert_eq!(sides("0"), (vec![10.0; 3], vec![10.0; 3]));
    assert_eq!(sides("1e30"), (vec![10.0, -INF, 10.0], vec![INF, 10.0, INF]));
}

#[test]
fn ranges_may_be_empty_come_first_or_name_the_objective() {
    let problem = with("RANGES\nRHS\n r l 4\n");
    assert_eq!(problem.program.as_stacked().u()[1], 4.0);
    let problem = with("RANGES\n r l 1 c 3\nRHS\n r l 4\n");
    assert_eq!((problem.program.as_stacked().l()[1], problem.program.as_stacked().u()[1]), (3.0, 4.0));
}

#[test]
fn every_bound_type() {
    let bounds = |lines: &str| {
        let problem = with(&format!("BOUNDS\n{lines}"));
        (problem.program.as_stacked().lb()[0], problem.program.as_stacked().ub()[0])
    };
    assert_eq!(bounds(""), (0.0, INF));
    assert_eq!(bounds(" UP b x 4\n"), (0.0, 4.0));
    assert_eq!(bounds(" UP b x 0\n"), (0.0, 0.0), "UP 0 keeps the lower bound");
    assert_eq!(bounds(" UP b x -4\n"), (-INF, -4.0), "a negative UP frees the default lower bound");
    assert_eq!(bounds(" LO b x -9\n UP b x -4\n"), (-9.0, -4.0));
    assert_eq!(bounds(" UP b x -4\n LO b x -9\n"), (-9.0, -4.0), "the order does not matter");
    assert_eq!(bounds(" LO b x 1\n"), (1.0, INF));
    assert_eq!(bounds(" FX b x 2\n"), (2.0, 2.0));
    assert_eq!(bounds(" FR b x\n"), (-INF, INF));
    assert_eq!(bounds(" FR b x 0\n"), (-INF, INF));
    assert_eq!(bounds(" MI b x\n"), (-INF, INF));
    assert_eq!(bounds(" MI b x\n UP b x 3\n"), (-INF, 3.0));
    assert_eq!(bounds(" UP b x 3\n PL b x\n"), (0.0, INF));
    assert_eq!(bounds(" UP b x 1e30\n LO b x -1.0D+30\n"), (-INF, INF));
    assert_eq!(bounds(" UP b x inf\n"), (0.0, INF));
}

#[test]
fn set_names_may_be_missing() {
    let problem = with("RHS\n e 1 l 2\n g 3\nRANGES\n l 1\nBOUNDS\n UP x 5\n FR y\n");
    let stacked = problem.program.as_stacked();
    assert_eq!((stacked.l(), stacked.u()), (&[1.0, 1.0, 3.0][..], &[1.0, 2.0, INF][..]));
    assert_eq!((stacked.lb(), stacked.ub()), (&[0.0, -INF][..], &[5.0, INF][..]));
}

#[test]
fn maximization_is_negated() {
    for sense in ["OBJSENSE MAX\n", "OBJSENSE\n    MAX\n", "OBJSENSE\n  maximize\n"] {
        let text = format!(
            "NAME t\n{sense}ROWS\n N c\n L l\nCOLUMNS\n x c 3 l 1\nRHS\n r l 1 c -2\nQUADOBJ\n x x -4\nENDATA\n"
        );
        let problem = read(&text);
        assert!(problem.maximize);
        // max −2x² + 3x + 2 is min 2x² − 3x − 2.
        assert_eq!(problem.program.as_stacked().q(), [-3.0]);
        assert_eq!(problem.program.p().values(), [4.0]);
        assert_eq!(problem.program.constant(), -2.0);
        assert_eq!(problem.program.as_stacked().a().values(), [1.0], "rows keep their sign");
    }
    assert!(!read("NAME t\nOBJSENSE\n MIN\nROWS\n N c\nCOLUMNS\n x c 1\nENDATA\n").maximize);
}

#[test]
fn comments_blank_lines_and_carriage_returns() {
    let text = "* first\r\nNAME  t\r\n\r\nROWS\r\n N c\r\n* between\r\n L l\r\nCOLUMNS\r\n x c 1.5D0 l 2\r\nENDATA\r\nrest\r\n";
    let problem = read(text);
    assert_eq!(problem.program.as_stacked().q(), [1.5]);
    assert_eq!(problem.program.as_stacked().a().values(), [2.0]);
}

#[test]
fn only_the_first_free_row_is_the_objective() {
    let problem = read("NAME t\nROWS\n N c\n N d\n L l\nCOLUMNS\n x c 1 d 9\n x l 1\nRHS\n r d 7\nENDATA\n");
    assert_eq!(problem.program.as_stacked().q(), [1.0]);
    assert_eq!(problem.program.constant(), 0.0);
    assert_eq!(problem.row_names, ["l"]);
}

#[test]
fn explicit_zeros_stay_in_the_pattern() {
    let problem = read("NAME t\nROWS\n N c\n L l\nCOLUMNS\n x c 0 l 0\nQUADOBJ\n x x 0\nENDATA\n");
    assert_eq!(problem.program.as_stacked().a().nnz(), 1);
    assert_eq!(problem.program.p().nnz(), 1);
}

#[test]
fn odd_names_and_an_empty_problem_name() {
    let problem = read("NAME\nROWS\n N ..c\n L J&,1IOBE\nCOLUMNS\n 'x' ..c 1 J&,1IOBE 1\nENDATA\n");
    assert_eq!(problem.name, "test");
    assert_eq!(problem.row_names, ["J&,1IOBE"]);
    assert_eq!(problem.column_names, ["'x'"]);
}
