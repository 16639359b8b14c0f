//! Libraries that stand in for a vendor's, compiled from C, and the problems that they know.
//!
//! They test our reading of a vendor's header, not the vendor: what is passed, in which order, with which signs, and what
//! is made of each code. Whether that reading is right, only the vendor's own library can tell.
#![allow(dead_code, reason = "each test file uses a part")]
#![allow(clippy::unwrap_used, clippy::panic, reason = "helpers of tests")]

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use bpqp_dynamic::{DynamicSolver, Vendor};
use bpqp_traits::{
    CscMatrix, Error, ErrorKind, ForwardSolver, ProgramBuf, ProgramUpdate, Session, Settings, Solution, Status,
};

const INF: f64 = f64::INFINITY;

/// A library made of `stubs/NAME.c`; its file is deleted on drop, which a loaded library survives.
pub(crate) struct Stub(PathBuf);

impl Stub {
    /// Compiles `stubs/{name}.c` with each of `defines` as `-D`: `"STATUS=4"`. Every call makes a library of its own, so
    /// that tests share none of its state.
    pub(crate) fn compile(name: &str, defines: &[&str]) -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR"));
        let library = folder.join(format!("lib{name}_stub_{}_{count}.so", std::process::id()));
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/stubs").join(format!("{name}.c"));
        let mut compiler = Command::new(std::env::var_os("CC").unwrap_or_else(|| "cc".into()));
        compiler.args(["-shared", "-fPIC", "-g", "-std=gnu11", "-Wall", "-Wextra", "-Werror"]);
        compiler.args(["-Wno-unused-parameter", "-Wno-unused-function"]);
        compiler.args(defines.iter().map(|define| format!("-D{define}"))).arg("-o").arg(&library).arg(&source);
        let run = compiler.arg("-lm").output().unwrap();
        assert!(run.status.success(), "{}: {}", source.display(), String::from_utf8_lossy(&run.stderr));
        Self(library)
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Stub {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

/// `vendor`'s solver over its stub, compiled so.
pub(crate) fn stub_of(vendor: Vendor, defines: &[&str]) -> (DynamicSolver, Stub) {
    let stub = Stub::compile(vendor.name(), defines);
    (DynamicSolver::at(vendor, stub.path()), stub)
}

/// How `case` ends with `vendor`'s stub compiled so.
pub(crate) fn outcome_of(vendor: Vendor, case: &Case, defines: &[&str]) -> (Result<Status, Error>, Solution) {
    let (solver, _stub) = stub_of(vendor, defines);
    let mut out = Solution::default();
    let outcome = open(&solver, case, &Settings::default()).solve(&mut out);
    (outcome, out)
}

/// What setting up the QP with one option says.
pub(crate) fn set_option(solver: &DynamicSolver, name: &str, value: &str) -> Result<(), Error> {
    let settings = Settings { options: [(name.into(), value.into())].into(), ..Settings::default() };
    solver.setup(&qp().program.as_ref(), &settings).map(drop)
}

/// Statuses of `vendor`'s stub, by its defines, separated by spaces. Its point is right whatever the status says (`solved`);
/// what no auxiliary LP proves is not believed (`unproved`); a status of no known meaning is named (`unknown`).
pub(crate) fn assert_statuses(vendor: Vendor, solved: &[&str], unproved: &[&str], unknown: &[&str]) {
    let outcome = |defines: &str| outcome_of(vendor, &qp(), &defines.split(' ').collect::<Vec<_>>()).0;
    for defines in solved {
        assert_eq!(outcome(defines), Ok(Status::Solved), "{defines}");
    }
    for defines in unproved.iter().chain(&["NO_SOLUTION", "NANS"]) {
        assert_eq!(outcome(defines), Ok(Status::NumericalError), "{defines}");
    }
    for define in unknown {
        let (_, code) = define.split_once('=').unwrap();
        let error = outcome(define).unwrap_err();
        assert!(error.kind() == ErrorKind::Backend && error.to_string().contains(code), "{error}");
    }
}

/// A time limit, which the stub tells by `status`, before there is a point.
pub(crate) fn assert_limit_without_a_point(vendor: Vendor, status: &str) {
    let (solver, _stub) = stub_of(vendor, &[status, "NO_SOLUTION"]);
    let limited = Settings { time_limit: Some(Duration::from_secs(1)), ..Settings::default() };
    assert_eq!(open(&solver, &qp(), &limited).solve(&mut Solution::default()), Ok(Status::TimeLimit));
}

/// The kind of error that a return code of the stub becomes.
pub(crate) fn assert_error_codes(vendor: Vendor, codes: &[(&str, ErrorKind)]) {
    for (code, kind) in codes {
        assert_eq!(outcome_of(vendor, &qp(), &[code]).0.unwrap_err().kind(), *kind, "{code}");
    }
}

/// Options that are refused as what they are.
pub(crate) fn assert_invalid_settings(solver: &DynamicSolver, options: &[(&str, &str)]) {
    for (name, value) in options {
        let error = set_option(solver, name, value).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidSetting, "{name}={value}: {error}");
    }
}

/// A problem that the stubs know, derived in `stubs/cases.h`.
pub(crate) struct Case {
    pub(crate) program: ProgramBuf,
    pub(crate) x: Vec<f64>,
    pub(crate) y: Vec<f64>,
    pub(crate) bound_duals: Vec<f64>,
    pub(crate) cone_duals: Vec<f64>,
}

const P: [f64; 16] = [1.0, 0.5, 0.0, 0.0, 0.0, 1.25, 0.0, 0.0, 0.0, 0.0, 0.75, 0.0, 0.0, 0.0, 0.0, 0.0];
#[rustfmt::skip]
const A: [f64; 20] = [
    1.0, 2.0, 0.0, 1.0,
    1.0, 0.0, -1.0, 0.0,
    0.0, 1.0, 1.0, 0.0,
    0.0, -1.0, 0.0, 2.0,
    1.0, 0.0, 0.0, 1.0,
];

fn case(p: &[f64], q: &[f64], a: &[f64], rows: [[f64; 5]; 2], bounds: [[f64; 4]; 2], answer: [&[f64]; 3]) -> Case {
    let (p, a) = (CscMatrix::from_dense_rows(4, 4, p).unwrap(), CscMatrix::from_dense_rows(5, 4, a).unwrap());
    let ([l, u], [lb, ub]) = (rows.map(Vec::from), bounds.map(Vec::from));
    let program = ProgramBuf::new(p, q.to_vec(), a, (l, u), (lb, ub)).unwrap();
    let [x, y, bound_duals] = answer.map(Vec::from);
    Case { program, x, y, bound_duals, cone_duals: Vec::new() }
}

const ROWS: [[f64; 5]; 2] = [[0.5, 1.25, -INF, -INF, -2.0], [2.0, 1.25, INF, 3.0, INF]];
const BOUNDS: [[f64; 4]; 2] = [[-INF, -1.0, -0.5, -0.25], [INF, INF, 0.5, 1.0]];
const X: [f64; 4] = [1.75, -0.5, 0.5, -0.25];
const Y: [f64; 5] = [-0.5, -0.75, 0.0, 0.0, 0.0];
const ZETA: [f64; 4] = [0.0, 0.0, 0.25, -0.5];

pub(crate) fn qp() -> Case {
    case(&P, &[-0.25, 0.75, -1.375, 1.0], &A, ROWS, BOUNDS, [&X, &Y, &ZETA])
}

pub(crate) fn lp() -> Case {
    let answer: [&[f64]; 3] = [&[0.75, 0.125, -0.5, 1.0], &[0.5, 0.25, 0.0, 0.0, 0.0], &[0.0, 0.0, -0.5, 0.25]];
    case(&[0.0; 16], &[-0.75, -1.0, 0.75, -0.75], &A, ROWS, BOUNDS, answer)
}

/// [`qp`] with other vectors.
pub(crate) fn moved() -> Case {
    let rows = [[0.75, 1.625, -INF, -INF, -1.75], [2.25, 1.625, INF, 3.0, INF]];
    let bounds = [[-INF, -1.0, -0.625, -0.25], [INF, INF, 0.375, 1.0]];
    case(&P, &[-0.5, 0.625, -1.28125, 1.0], &A, rows, bounds, [&[2.0, -0.5, 0.375, -0.25], &Y, &ZETA])
}

/// [`qp`] with other matrices, costs and sides.
pub(crate) fn heavier() -> Case {
    let mut a = A;
    a[4..8].iter_mut().for_each(|v| *v *= 2.0);
    let mut rows = ROWS;
    rows.iter_mut().for_each(|side| side[1] = 2.5);
    let y = [-0.5, -0.375, 0.0, 0.0, 0.0];
    case(&P.map(|v| 2.0 * v), &[-1.75, 0.5, -1.75, 1.0], &a, rows, BOUNDS, [&X, &y, &ZETA])
}

const S: [f64; 8] = [0.0, 1.0, 0.5, 0.0, 1.0, 0.0, 0.5, 0.5];
const CONE_OFFSET: [f64; 4] = [-1.0, 0.875, 0.0, 0.125];

fn with_cones(p: &[f64], q: &[f64], w0: f64) -> Case {
    let (p, a) =
        (CscMatrix::from_dense_rows(2, 2, p).unwrap(), CscMatrix::from_dense_rows(1, 2, &[1.0, -1.0]).unwrap());
    let bounds = (vec![0.75, -INF], vec![2.0, INF]);
    let program = ProgramBuf::new(p, q.to_vec(), a, (vec![-0.25], vec![2.0]), bounds).unwrap();
    let s = CscMatrix::from_dense_rows(4, 2, &S).unwrap();
    Case {
        program: program.with_cones(s, CONE_OFFSET.to_vec(), vec![1, 3]).unwrap(),
        x: vec![0.75, 1.0],
        y: vec![-0.5],
        bound_duals: vec![-0.25, 0.0],
        cone_duals: vec![w0, 1.25, -0.75, -1.0],
    }
}

pub(crate) fn cone_lp() -> Case {
    with_cones(&[0.0; 4], &[0.125, -0.75], 0.25)
}

pub(crate) fn cone_qp() -> Case {
    with_cones(&[1.125, 0.375, 0.0, 0.625], &[-1.09375, -1.40625], 0.5)
}

/// Second-order cones with and without a quadratic objective, and updates of them; where the library has no functions for
/// them, they alone are refused.
pub(crate) fn assert_marshals_cones(vendor: Vendor) {
    let (solver, _stub) = stub_of(vendor, &[]);
    assert!(solver.capabilities().second_order_cones);
    for case in [cone_lp(), cone_qp()] {
        let mut session = open(&solver, &case, &Settings::default());
        assert_solves(&mut *session, &case);
        let elsewhere = CONE_OFFSET.map(|s| s + 0.25);
        session.update(&ProgramUpdate { cone_offset: Some(&elsewhere), ..ProgramUpdate::default() }).unwrap();
        assert_eq!(session.solve(&mut Solution::default()), Ok(Status::NumericalError), "an unknown problem");
        session.update(&ProgramUpdate { cone_offset: Some(&CONE_OFFSET), ..ProgramUpdate::default() }).unwrap();
        assert_solves(&mut *session, &case);
        let matrix: Vec<f64> = case.program.as_ref().cones().unwrap().matrix().values().to_vec();
        let doubled: Vec<f64> = matrix.iter().map(|v| 2.0 * v).collect();
        for values in [&doubled, &matrix] {
            session.update(&ProgramUpdate { cone_matrix: Some(values), ..ProgramUpdate::default() }).unwrap();
        }
        assert_solves(&mut *session, &case);
    }
    let (old, _stub) = stub_of(vendor, &["NO_CONES"]);
    let refused = old.setup(&cone_lp().program.as_ref(), &Settings::default()).err().unwrap();
    assert_eq!(refused.kind(), ErrorKind::Unsupported, "{refused}");
    assert_solves(&mut *open(&old, &qp(), &Settings::default()), &qp());
}

/// A session for `case`.
pub(crate) fn open(solver: &dyn ForwardSolver, case: &Case, settings: &Settings) -> Box<dyn Session> {
    solver.setup(&case.program.as_ref(), settings).unwrap()
}

/// Solves, and asserts the answer of `case` to the last bit: no number of it needs rounding.
pub(crate) fn assert_solves(session: &mut dyn Session, case: &Case) {
    let mut out = Solution::default();
    assert_eq!(session.solve(&mut out), Ok(Status::Solved));
    assert_eq!((&out.x, &out.y, &out.bound_duals), (&case.x, &case.y, &case.bound_duals));
    assert_eq!(out.cone_duals, case.cone_duals);
}

/// LP and QP, vectors and matrices updated there and back, between an LP and a QP and between kinds of rows too, and a
/// start from another point.
pub(crate) fn assert_marshals(solver: &dyn ForwardSolver) {
    let settings = Settings::default();
    assert_solves(&mut *open(solver, &lp(), &settings), &lp());
    let mut session = open(solver, &qp(), &settings);
    assert_solves(&mut *session, &qp());
    for case in [moved(), qp(), heavier(), lp(), moved()] {
        update(&mut *session, &case);
        assert_solves(&mut *session, &case);
        assert_solves(&mut *session, &case);
    }
    // From rows of other kinds.
    let mut others = qp();
    let (l, u) = ([-INF, 0.25, 0.0, -5.0, -2.0], [2.0, 1.5, INF, INF, 4.0]);
    others.program.apply(&ProgramUpdate { l: Some(&l), u: Some(&u), ..ProgramUpdate::default() }).unwrap();
    let mut session_of_others = open(solver, &others, &settings);
    update(&mut *session_of_others, &qp());
    assert_solves(&mut *session_of_others, &qp());
    if solver.capabilities().warm_start {
        let start = lp();
        session.warm_start(&start.x, &start.y, &start.bound_duals).unwrap();
        assert_solves(&mut *session, &moved());
    }
}

/// Brings the session from any case to `case`, part by part.
fn update(session: &mut dyn Session, case: &Case) {
    let program = case.program.as_ref();
    // An LP has the pattern of the QP that it came from, with zeros.
    let mut p = program.p().values().to_vec();
    p.resize(4, 0.0);
    let (a, q) = (Some(program.a().values()), Some(program.q()));
    session.update(&ProgramUpdate { p: Some(&p), a, ..ProgramUpdate::default() }).unwrap();
    let (l, u, lb, ub) = (Some(program.l()), Some(program.u()), Some(program.lb()), Some(program.ub()));
    session.update(&ProgramUpdate { q, ..ProgramUpdate::default() }).unwrap();
    session.update(&ProgramUpdate { lb, ub, ..ProgramUpdate::default() }).unwrap();
    session.update(&ProgramUpdate { l, u, ..ProgramUpdate::default() }).unwrap();
}

/// The vendor's own library, where `BPQP_{name}_LIBRARY` names one; says so where it does not.
pub(crate) fn real_library(name: &str) -> Option<PathBuf> {
    let variable = format!("BPQP_{name}_LIBRARY");
    let library = std::env::var_os(&variable).filter(|v| !v.is_empty()).map(PathBuf::from);
    if library.is_none() {
        println!("SKIPPED: {variable} is not set");
    }
    library
}
