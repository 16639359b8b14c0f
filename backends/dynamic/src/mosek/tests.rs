//! What MOSEK holds after we passed it a problem, as MOSEK itself writes it. Building and writing need no license.

use std::ffi::{CString, OsStr};

use bpqp_traits::{CscMatrix, ProgramBuf, ProgramUpdate};

use super::*;
use crate::vendor::Changed;

const INF: f64 = f64::INFINITY;

/// Every kind of row and bound, each number used once.
fn program() -> ProgramBuf {
    #[rustfmt::skip]
    let a = CscMatrix::from_dense_rows(5, 5, &[
        11.0, 12.0, 0.0, 14.0, 0.0,
        21.0, 0.0, -23.0, 0.0, 0.0,
        0.0, 32.0, 33.0, 0.0, 35.0,
        0.0, -42.0, 0.0, 44.0, 0.0,
        51.0, 0.0, 0.0, 54.0, 0.0,
    ]).unwrap();
    #[rustfmt::skip]
    let p = CscMatrix::from_dense_rows(5, 5, &[
        6.0, 0.5, 0.0, 0.0, 0.0,
        0.0, 7.0, 0.0, 0.25, 0.0,
        0.0, 0.0, 8.0, 0.0, 0.0,
        0.0, 0.0, 0.0, 9.0, 0.0,
        0.0, 0.0, 0.0, 0.0, 0.0,
    ]).unwrap();
    // Range, equality, free, upper, lower.
    let rows = (vec![-1.5, 2.5, -INF, -INF, -4.5], vec![1.75, 2.5, INF, 3.5, INF]);
    // Free, lower, upper, range, fixed.
    let bounds = (vec![-INF, -6.5, -INF, -7.5, 8.5], vec![INF, INF, 6.75, 7.75, 8.5]);
    ProgramBuf::new(p, vec![-0.1, 0.2, -0.3, 0.4, 0.5], a, rows, bounds).unwrap()
}

/// The lines of a section of an MPS file, split into words.
fn section<'a>(file: &'a str, name: &str) -> Vec<Vec<&'a str>> {
    let lines = file.lines().skip_while(|line| line.split_whitespace().next() != Some(name)).skip(1);
    lines.take_while(|line| line.starts_with(' ')).map(|line| line.split_whitespace().collect()).collect()
}

/// The entries of a section that has pairs `name number` behind the first word: `(first word, name, number)`.
fn entries(lines: &[Vec<&str>]) -> Vec<(String, String, f64)> {
    let pairs = lines.iter().flat_map(|words| words[1..].chunks_exact(2).map(|pair| (words[0], pair)));
    let mut entries: Vec<_> =
        pairs.map(|(first, pair)| (first.into(), pair[0].into(), pair[1].parse().unwrap())).collect();
    entries.sort_by(|a: &(String, String, f64), b| a.partial_cmp(b).unwrap());
    entries
}

/// The library itself, where there is one.
struct Real {
    library: Arc<ffi::Environment>,
    /// The same once more, for the function that writes files.
    again: libloading::Library,
}

impl Real {
    fn load() -> Option<Self> {
        let Some(named) = std::env::var_os("BPQP_MOSEK_LIBRARY").filter(|named| !named.is_empty()) else {
            println!("SKIPPED: BPQP_MOSEK_LIBRARY is not set");
            return None;
        };
        let found = Mosek::PLACES.find(Some(OsStr::new(&named).as_ref())).unwrap();
        let again = crate::ffi::open(found.path.as_os_str()).unwrap();
        Some(Self { library: Arc::new(Mosek::load(found).unwrap()), again })
    }

    fn engine(&self, program: &ProgramBuf) -> adapter::MosekEngine {
        let parameters = Parameters { threads: 1, verbose: false, own: Default::default() };
        adapter::MosekEngine::new(&self.library, &program.as_ref(), &parameters).unwrap()
    }

    /// What the library writes in the format that a file's ending names.
    fn written(&self, engine: &adapter::MosekEngine, ending: &str) -> String {
        let file = std::env::temp_dir().join(format!("bpqp-mosek-{}.{ending}", std::process::id()));
        engine.task().write(&self.again, &CString::new(file.to_str().unwrap()).unwrap()).unwrap();
        let text = std::fs::read_to_string(&file).unwrap();
        std::fs::remove_file(&file).unwrap();
        text
    }
}

#[test]
fn the_library_holds_what_it_was_passed() {
    let Some(real) = Real::load() else { return };
    let program = program();
    let mut engine = real.engine(&program);
    assert_holds(&real.written(&engine, "mps"), &program.as_ref());

    let doubled = |v: &[f64]| v.iter().map(|v| 2.0 * v).collect::<Vec<_>>();
    let view = program.as_ref();
    let (p, q, a) = (doubled(view.p().values()), doubled(view.q()), doubled(view.a().values()));
    let (l, u, lb, ub) = (doubled(view.l()), doubled(view.u()), doubled(view.lb()), doubled(view.ub()));
    let new = ProgramUpdate {
        p: Some(&p),
        q: Some(&q),
        a: Some(&a),
        l: Some(&l),
        u: Some(&u),
        lb: Some(&lb),
        ub: Some(&ub),
        ..ProgramUpdate::default()
    };
    let mut program = program.clone();
    program.apply(&new).unwrap();
    engine.update(&program.as_ref(), Changed::from(&new)).unwrap();
    assert_holds(&real.written(&engine, "mps"), &program.as_ref());
}

fn assert_holds(text: &str, view: &ProgramRef<'_>) {
    let kinds: Vec<_> = section(text, "ROWS").iter().map(|row| row[0].to_string()).collect();
    // The objective comes first, as a free row; a range is written as one side and its width.
    assert_eq!(kinds[0], "N");
    assert_eq!(kinds[2..], ["E", "N", "L", "G"]);
    let names: Vec<_> = section(text, "ROWS").iter().map(|row| row[1].to_string()).collect();
    let columns: Vec<_> = {
        let mut seen: Vec<String> = section(text, "COLUMNS").iter().map(|words| words[0].to_string()).collect();
        seen.dedup();
        seen
    };
    let mut expected = Vec::new();
    for j in 0..5 {
        expected.push((columns[j].clone(), names[0].clone(), view.q()[j]));
        expected.extend(view.a().col(j).map(|(i, v)| (columns[j].clone(), names[i + 1].clone(), v)));
    }
    expected.sort_by(|a, b| a.partial_cmp(b).unwrap());
    assert_eq!(entries(&section(text, "COLUMNS")), expected);

    let side = |name: &str, row: usize| {
        let all = entries(&section(text, name));
        all.iter().find(|entry| entry.1 == names[row + 1]).map(|entry| entry.2)
    };
    let (rhs, width) = (side("RHS", 0).unwrap(), side("RANGES", 0).unwrap());
    let range = if kinds[1] == "G" { (rhs, rhs + width.abs()) } else { (rhs - width.abs(), rhs) };
    assert_eq!(range, (view.l()[0], view.u()[0]));
    assert_eq!([1, 3, 4].map(|row| side("RHS", row)), [Some(view.l()[1]), Some(view.u()[3]), Some(view.l()[4])]);
    assert_eq!([1, 2, 3, 4].map(|row| side("RANGES", row)), [None; 4]);

    // Bounds as MPS has them: 0 and infinity unless told.
    let mut bounds = vec![(0.0, INF); 5];
    for words in section(text, "BOUNDS") {
        let j = columns.iter().position(|name| *name == words[2]).unwrap();
        let value = words.get(3).map(|v| v.parse::<f64>().unwrap());
        match (words[0], value) {
            ("FR", _) => bounds[j] = (-INF, INF),
            ("MI", _) => bounds[j].0 = -INF,
            ("LO", Some(v)) => bounds[j].0 = v,
            ("UP", Some(v)) => bounds[j].1 = v,
            ("FX", Some(v)) => bounds[j] = (v, v),
            other => panic!("{other:?}"),
        }
    }
    let expected: Vec<_> = view.lb().iter().copied().zip(view.ub().iter().copied()).collect();
    assert_eq!(bounds, expected);

    // The lower triangle, with the ½ implied.
    let mut expected = Vec::new();
    for j in 0..5 {
        expected.extend(view.p().col(j).map(|(i, v)| (columns[j].clone(), columns[i].clone(), v)));
    }
    expected.sort_by(|a, b| a.partial_cmp(b).unwrap());
    assert_eq!(entries(&section(text, "QSECTION")), expected);
}

/// A line of a PTF file: the name, the domain in brackets where there is one, and the terms `coefficient · variable`.
fn ptf_line(line: &str) -> (String, String, Vec<(f64, String)>) {
    let (mut name, mut domain, mut terms, mut factor) = (String::new(), String::new(), Vec::new(), 1.0);
    for word in line.split_whitespace() {
        match word {
            "+" => factor = 1.0,
            "-" => factor = -1.0,
            word if word.starts_with('[') => domain = word.replace("[-0]", "[0]"),
            word if name.is_empty() => name = word.trim_end_matches(':').into(),
            word => match word.parse::<f64>() {
                Ok(v) => factor *= v,
                Err(_) => terms.push((factor, word.into())),
            },
        }
    }
    (name, domain, terms)
}

/// The case `CONE_QP` of `tests/stubs/cases.h`, cones of dimensions 1 and 3 and a quadratic objective, reaches the library
/// as the case `EPIGRAPH` that is derived there.
#[test]
fn the_library_holds_cones() {
    let Some(real) = Real::load() else { return };
    let p = CscMatrix::from_dense_rows(2, 2, &[1.125, 0.375, 0.0, 0.625]).unwrap();
    let a = CscMatrix::from_dense_rows(1, 2, &[1.0, -1.0]).unwrap();
    let bounds = (vec![0.75, -INF], vec![2.0, INF]);
    let program = ProgramBuf::new(p, vec![-1.09375, -1.40625], a, (vec![-0.25], vec![2.0]), bounds).unwrap();
    let s = CscMatrix::from_dense_rows(4, 2, &[0.0, 1.0, 0.5, 0.0, 1.0, 0.0, 0.5, 0.5]).unwrap();
    let program = program.with_cones(s, vec![-1.0, 0.875, 0.0, 0.125], vec![1, 3]).unwrap();
    let (_, held) = crate::session::translate::<Mosek>(&program.as_ref(), |units| units).unwrap();
    let text = real.written(&real.engine(&held), "ptf");
    // The names of rows, cones and their expressions are numbers in order, a cone's expressions beneath it.
    let lines = text.lines().skip_while(|line| line.trim() != "Objective").filter(|line| line.starts_with(' '));
    let found: Vec<_> = lines.map(ptf_line).map(|(_, domain, terms)| (domain, terms)).collect();
    let expected = "Minimize - 1.09375 @x0 - 1.40625 @x1 + 0.5 @x6 + 0.5 @x7
        @c0 [-0.25;2] + @x0 - @x1
        @c1 [1] + @x1 - @x2
        @c2 [-0.875] + 0.5 @x0 - @x3
        @c3 [0] + @x0 - @x4
        @c4 [-0.125] + 0.5 @x0 + 0.5 @x1 - @x5
        @c5 [2] + @x6 - @x7
        @c6 [0] + 1.5 @x0 + 0.5 @x1 - @x8
        @c7 [0] + @x1 - @x9
        @C0 [QUAD(3)]
        @a0: + @x3
        @a1: + @x4
        @a2: + @x5
        @C1 [QUAD(4)]
        @a3: + @x6
        @a4: + @x7
        @a5: + @x8
        @a6: + @x9
        @x0 [0.75;2]
        @x1
        @x2 [0;+inf]
        @x3 [0;+inf]
        @x4
        @x5
        @x6 [0;+inf]
        @x7
        @x8
        @x9";
    let expected: Vec<_> = expected.lines().map(ptf_line).map(|(_, domain, terms)| (domain, terms)).collect();
    assert_eq!(found, expected, "{text}");
}
