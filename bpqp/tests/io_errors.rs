//! What the readers refuse, and what they say.
#![allow(clippy::unwrap_used, clippy::panic)] // a test panics by design
#![cfg(feature = "io")]

use std::io::Write;

use bpqp::io::{Format, read_bytes, read_file, read_str};
use bpqp::{Error, Result};
use flate2::Compression;
use flate2::write::GzEncoder;

const HEAD: &str = "NAME t\nROWS\n N c\n L l\nCOLUMNS\n x c 1 l 1\n y c 1 l 1\n"; // 7 lines

fn parse_error<T>(result: Result<T>) -> (usize, String) {
    match result.err() {
        Some(Error::Parse { line, message, .. }) => (line, message),
        other => panic!("expected a parse error, found {other:?}"),
    }
}

/// The error of a file that follows `HEAD` with `rest`.
fn refused(rest: &str) -> (usize, String) {
    parse_error(read_str("t.qps", &format!("{HEAD}{rest}ENDATA\n"), Format::Qps))
}

fn gzip(text: &str) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(text.as_bytes()).unwrap();
    encoder.finish().unwrap()
}

#[test]
fn each_fault_is_told_with_its_line_and_section() {
    let cases = [
        (" x l 2\n", 8, "COLUMNS: the entry of 'x' in row 'l' is given twice"),
        (" z d 2\n", 8, "COLUMNS: the row 'd' is not in ROWS"),
        (" z l two\n", 8, "COLUMNS: 'two' is not a number"),
        (" z l nan\n", 8, "COLUMNS: 'nan' is not a finite number"),
        (" z l 1e400\n", 8, "COLUMNS: '1e400' is not a finite number"),
        (" z l\n", 8, "COLUMNS: expected 'column row value [row value]', found 'z l'"),
        (" M1 'MARKER' 'INTORG'\n", 8, "integer variables ('MARKER') are not supported"),
        ("RHS\n r l 1\n r l 2\n", 10, "RHS: the right-hand side of 'l' is given twice"),
        ("RHS\n r l 1\n s c 2\n", 10, "RHS: a second set 's' beside 'r'"),
        ("BOUNDS\n UP b z 1\n", 9, "BOUNDS: the column 'z' is not in COLUMNS"),
        ("BOUNDS\n XX b x 1\n", 9, "BOUNDS: expected the type UP, LO, FX, FR, MI or PL, found 'XX'"),
        ("BOUNDS\n UP b x\n", 9, "BOUNDS: the column 'b' is not in COLUMNS"),
        ("BOUNDS\n BV b x\n", 9, "integer variables (BV on 'x') are not supported"),
        ("BOUNDS\n UI b x 1\n", 9, "integer variables (UI on 'x') are not supported"),
        ("BOUNDS\n SC b x 1\n", 9, "semicontinuous variables ('x') are not supported"),
        ("BOUNDS\n LO b x 3\n UP b x 2\n", 10, "column 'x': no number lies between 3 and 2"),
        ("BOUNDS\n LO b x 1e30\n", 9, "column 'x': no number lies between inf and inf"),
        ("QUADOBJ\n x x 1\n x y 1\n y x 1\n", 11, "is given twice; give one triangle here"),
        ("QMATRIX\n x x 1\n x y 1\n", 10, "QMATRIX: the entry ('x', 'y') stands without ('y', 'x')"),
        ("QUADOBJ\n x z 1\n", 9, "QUADOBJ: the column 'z' is not in COLUMNS"),
        ("QUADOBJ\n x x 1\nQMATRIX\n x x 1\n", 11, "QMATRIX: the quadratic objective is given in two sections"),
        ("QSECTION l\n x x 1\n", 8, "quadratic constraints (row 'l') are not supported"),
        ("QCMATRIX l\n x x 1\n", 8, "QCMATRIX: quadratic constraints are not supported"),
        ("SOS\n", 8, "SOS: special ordered sets are not supported"),
        ("OBJSENSE UP\n", 8, "OBJSENSE: expected MAX or MIN, found 'UP'"),
        ("CAKES\n", 8, "expected a section"),
    ];
    for (rest, line, message) in cases {
        let (found_line, found) = refused(rest);
        assert!(found.contains(message), "{rest:?}: {found}");
        assert_eq!(found_line, line, "{rest:?}: {found}");
    }
}

#[test]
fn a_file_without_its_end_is_refused() {
    let (line, message) = parse_error(read_str("t.qps", HEAD, Format::Qps));
    assert_eq!(line, 7);
    assert!(message.contains("ENDATA"), "{message}");
}

#[test]
fn empty_and_binary_files_are_refused() {
    assert!(parse_error(read_bytes("t.qps", b" \n")).1.contains("empty"));
    let (line, message) = parse_error(read_bytes("t.qps", b"NAME\nROWS\n \xff\xfe\n"));
    assert_eq!(line, 3);
    assert!(message.contains("0xff"), "{message}");
    let (line, message) = parse_error(read_bytes("t.qps", b"lorem ipsum\n"));
    assert_eq!(line, 1);
    assert!(message.contains("expected a section"), "{message}");
}

#[test]
fn gzip_is_told_by_its_bytes_and_damage_is_an_error() {
    let text = format!("{HEAD}ENDATA\n");
    let packed = gzip(&text);
    assert_eq!(
        read_bytes("dir/t.qps", &packed).unwrap().program,
        read_bytes("t.qps", text.as_bytes()).unwrap().program
    );
    for cut in [3, 10, packed.len() / 2, packed.len() - 1] {
        let error = read_bytes("t.qps.gz", &packed[..cut]).unwrap_err();
        assert_eq!(error.kind(), "io", "cut at {cut}: {error}");
        assert!(error.to_string().contains("gzip"), "{error}");
    }
}

#[test]
fn missing_files_and_folders_are_io_errors() {
    let folder = env!("CARGO_MANIFEST_DIR");
    for path in [format!("{folder}/no-such-file.qps"), folder.into()] {
        let error = read_file(&path).unwrap_err();
        assert_eq!(error.kind(), "io");
        assert!(error.to_string().contains(&path), "{error}");
    }
}

#[test]
fn cut_anywhere_a_file_gives_an_error_or_a_program_never_a_panic() {
    let text = format!("{HEAD}RHS\n r l 1\nRANGES\n r l 2\nBOUNDS\n UP b x 3\nQUADOBJ\n x x 1\nENDATA\n");
    for end in 0..text.len() {
        for format in [Format::Qps, Format::Json] {
            let _ = read_str("t", &text[..end], format);
        }
    }
}

#[test]
fn a_nonconvex_file_is_refused() {
    let error = read_str("t", &format!("{HEAD}QUADOBJ\n x x 1\n y x 2\n y y 1\nENDATA\n"), Format::Qps).unwrap_err();
    assert_eq!(error.kind(), "not_convex");
}
