//! Xpress itself, where `BPQP_XPRESS_LIBRARY` names it and it has a license.
#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "helpers of tests fail the test")]

mod common;

use std::process::Command;

use bpqp_dynamic::{DynamicSolver, Vendor};
use bpqp_traits::{
    CscMatrix, Error, ErrorKind, ForwardSolver, KktResiduals, ProgramBuf, ProgramUpdate, Result, Session, Settings,
    Solution, Status, dual_ray_violation, primal_ray_violation,
};

use common::{open, qp, real_library};

/// The solver, where it can run.
fn xpress() -> Option<DynamicSolver> {
    let solver = DynamicSolver::at(Vendor::Xpress, real_library("XPRESS")?);
    match solver.installation().unwrap().license_refused {
        None => Some(solver),
        Some(reason) => {
            println!("SKIPPED: {reason}");
            None
        }
    }
}

fn with_options(options: &[(&str, &str)]) -> Settings {
    let options = options.iter().map(|(name, value)| ((*name).into(), (*value).into()));
    Settings { options: options.collect(), ..Settings::default() }
}

fn solve(session: &mut dyn Session) -> Result<Status> {
    session.solve(&mut Solution::default())
}

/// `min ½p‖x‖² + Σxⱼ` where `m` rows ask `x₀ ≥ −1`, and `x ≥ −1`.
fn box_problem(n: usize, m: usize, p: f64) -> ProgramBuf {
    let diagonal = CscMatrix::from_triplets(n, n, &(0..n).map(|j| (j, j, p)).collect::<Vec<_>>()).unwrap();
    let a = CscMatrix::from_triplets(m, n, &(0..m).map(|i| (i, 0, 1.0)).collect::<Vec<_>>()).unwrap();
    let rows = (vec![-1.0; m], vec![f64::INFINITY; m]);
    ProgramBuf::new(diagonal, vec![1.0; n], a, rows, (vec![-1.0; n], vec![f64::INFINITY; n])).unwrap()
}

/// The limits of the community license: rows and columns up to 5000 in an LP, 200 in a QP.
#[test]
fn the_size_that_the_license_allows() {
    let Some(solver) = xpress() else { return };
    for (p, limit) in [(0.0, 5000), (1.0, 200)] {
        let within = box_problem(limit - 1, 1, p);
        let mut session = solver.setup(&within.as_ref(), &Settings::default()).unwrap();
        assert_eq!(solve(&mut *session), Ok(Status::Solved), "{limit}");
        let beyond = box_problem(limit, 1, p);
        let outcome = solver.setup(&beyond.as_ref(), &Settings::default()).and_then(|mut session| solve(&mut *session));
        match outcome {
            Ok(status) => println!("SKIPPED: this license allows more, {status}"),
            Err(Error::LicenseRefused { reason, .. }) => {
                assert!(reason.contains(&limit.to_string()) && reason.contains("XPAUTH_PATH"), "{reason}");
            }
            Err(other) => panic!("{other}"),
        }
    }
}

/// What the stubs of the other vendors are asked, asked of a library that solves.
#[test]
fn marshals() {
    let Some(solver) = xpress() else { return };
    let settings = Settings::with_tolerance(1e-9);
    for case in [common::lp(), qp(), common::moved(), common::heavier()] {
        let mut out = Solution::default();
        assert_eq!(open(&solver, &case, &settings).solve(&mut out), Ok(Status::Solved));
        let found = [&out.x, &out.y, &out.bound_duals].into_iter().flatten();
        let expected = [&case.x, &case.y, &case.bound_duals].into_iter().flatten();
        for (found, expected) in found.zip(expected) {
            assert!((found - expected).abs() <= 1e-8, "{found} is not {expected}");
        }
    }
}

/// Where more constraints meet than there are variables, so that the point is known and the multipliers are not: those
/// are judged by the residuals.
#[test]
fn cones() {
    let Some(solver) = xpress() else { return };
    let settings = Settings::with_tolerance(1e-9);
    for case in [common::cone_lp(), common::cone_qp()] {
        let mut out = Solution::default();
        assert_eq!(open(&solver, &case, &settings).solve(&mut out), Ok(Status::Solved));
        assert!(KktResiduals::compute(&case.program.as_ref(), &out).max() <= 1e-9);
        assert!(out.x.iter().zip(&case.x).all(|(found, x)| (found - x).abs() <= 1e-7), "{:?}", out.x);
    }
}

/// Certificates that need rows and cones together: a row that misses the unit ball, and descent along a cone where the
/// Hessian is flat.
#[test]
fn certificates_with_cones() {
    let Some(solver) = xpress() else { return };
    let (inf, row) = (f64::INFINITY, |a: &[f64]| CscMatrix::from_dense_rows(1, 2, a).unwrap());
    let free = || (vec![-inf; 2], vec![inf; 2]);
    let ball = CscMatrix::from_dense_rows(3, 2, &[0.0, 0.0, 1.0, 0.0, 0.0, 1.0]).unwrap();
    let sides = (vec![3.0], vec![inf]);
    let apart = ProgramBuf::new(CscMatrix::zeros(2, 2), vec![1.0, 0.0], row(&[2.0, 1.0]), sides, free()).unwrap();
    let apart = apart.with_cones(ball, vec![1.0, 0.0, 0.0], vec![3]).unwrap();
    let flat = CscMatrix::from_dense_rows(2, 2, &[0.0, 0.0, 0.0, 1.0]).unwrap();
    let endless = ProgramBuf::new(flat, vec![-1.0, 0.0], row(&[0.0, 1.0]), (vec![-1.0], vec![inf]), free()).unwrap();
    let cone = CscMatrix::from_dense_rows(2, 2, &[1.0, 0.0, 0.0, 1.0]).unwrap();
    let endless = endless.with_cones(cone, vec![0.0; 2], vec![2]).unwrap();
    for (program, expected) in [(apart, Status::PrimalInfeasible), (endless, Status::DualInfeasible)] {
        let mut out = Solution::default();
        let program = program.as_ref();
        assert_eq!(solver.setup(&program, &Settings::default()).unwrap().solve(&mut out), Ok(expected));
        let violation = match expected {
            Status::PrimalInfeasible => primal_ray_violation(&program, &out.y, &out.bound_duals, &out.cone_duals),
            _ => dual_ray_violation(&program, &out.x),
        };
        assert!(violation <= 1e-8, "{expected}: {violation:e}");
    }
}

/// Numbers in `−1 ≤ v < 1`, from a linear congruence.
fn random(state: &mut u64) -> f64 {
    *state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
    (*state >> 11) as f64 / (1_u64 << 52) as f64 - 1.0
}

/// A program of 8 variables in a box with cones of dimensions 1, 3 and 5 that hold the origin strictly inside: it has a
/// solution, and multipliers. `rank` is that of its Hessian; the numbers are of the size of these units.
fn random_cones(seed: u64, rank: usize, (length, force): (f64, f64)) -> ProgramBuf {
    const N: usize = 8;
    let mut state = seed;
    let mut dense = |rows: usize| (0..rows * N).map(|_| random(&mut state)).collect::<Vec<_>>();
    let (f, s, a, q) = (dense(rank), dense(9), dense(2), dense(1));
    let by = |unit: f64, v: &[f64]| v.iter().map(|v| unit * v).collect::<Vec<_>>();
    let product = |i: usize, j: usize| force / length * (0..rank).map(|k| f[k * N + i] * f[k * N + j]).sum::<f64>();
    let upper: Vec<_> = (0..N).flat_map(|j| (0..=j).map(move |i| (i, j))).map(|(i, j)| (i, j, product(i, j))).collect();
    let p = CscMatrix::from_triplets(N, N, &upper).unwrap();
    let a = CscMatrix::from_dense_rows(2, N, &a).unwrap();
    let rows = (by(length, &[-0.5, 0.0]), by(length, &[0.5, 0.0]));
    let bounds = (by(length, &[-2.0; N]), by(length, &[2.0; N]));
    let program = ProgramBuf::new(p, by(force, &q), a, rows, bounds).unwrap();
    let offset = by(length, &[0.25, 0.5, 0.25, 0.0, 1.0, 0.5, 0.0, -0.5, 0.0]);
    program.with_cones(CscMatrix::from_dense_rows(9, N, &s).unwrap(), offset, vec![1, 3, 5]).unwrap()
}

#[test]
fn random_programs_with_cones() {
    let Some(solver) = xpress() else { return };
    let (mut ends, mut active) = ([0; 2], 0);
    for (seed, rank) in (0..50).flat_map(|seed| [0, 4, 8].map(|rank| (seed, rank))) {
        let units = [(1.0, 1.0), (1e6, 1.0), (1.0, 1e6)][seed as usize % 3];
        let program = random_cones(seed, rank, units);
        let mut out = Solution::default();
        let mut session = solver.setup(&program.as_ref(), &Settings::with_tolerance(1e-8)).unwrap();
        let status = session.solve(&mut out).unwrap();
        let residual = KktResiduals::compute(&program.as_ref(), &out).max();
        assert!(residual <= 1e-7, "seed {seed}, rank {rank}: {status}, {residual:e}");
        ends[usize::from(status == Status::Solved)] += 1;
        active += usize::from(out.cone_duals[1].max(out.cone_duals[4]) > 1e-3 * units.1);
    }
    println!("not solved, solved: {ends:?}; with an active cone: {active}");
    // The barrier stops where it gets no further.
    assert!(active >= 100 && ends[0] <= 7, "{ends:?}, {active}");
}

#[test]
fn parameters() {
    let Some(solver) = xpress() else { return };
    let problem = box_problem(40, 0, 1.0);
    let set = |name: &str, value: &str| {
        let mut session = solver.setup(&problem.as_ref(), &with_options(&[(name, value)]))?;
        solve(&mut *session)
    };
    // An integer, a long integer, a double, a text; names do not depend on case.
    for (name, value) in [
        ("param:LPITERLIMIT", "1000"),
        ("param:EXTRAELEMS", "10"),
        ("param:FEASTOL", "1e-9"),
        ("param:feastol", "1e-9"),
        ("param:OUTPUTMASK", "*"),
    ] {
        assert_eq!(set(name, value), Ok(Status::Solved), "{name}");
    }
    for (name, value) in [
        ("param:NOPE", "1"),
        ("param:ROWS", "1"), // an attribute
        ("param:LPITERLIMIT", "many"),
        ("param:EXTRAELEMS", "0.5"),
        ("param:FEASTOL", "tight"),
        ("param:OUTPUTMASK", "a\0b"),
        ("param:FEAS\0TOL", "1"),
    ] {
        let error = set(name, value).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidSetting, "{name}: {error}");
    }
    // They reach the run: an end that the tolerance denies.
    assert_eq!(set("param:BARITERLIMIT", "1"), Ok(Status::IterationLimit));
}

/// Runs an ignored test in a process of its own, where nothing else holds the library.
fn alone(test: &str, variables: &[(&str, &str)]) -> String {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", test, "--ignored", "--nocapture"]).envs(variables.iter().copied());
    let out = command.output().unwrap();
    assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
    let said = String::from_utf8_lossy(&out.stdout).into_owned();
    assert!(said.contains("1 passed"), "{said}");
    said
}

#[test]
fn the_library_comes_and_goes() {
    if xpress().is_some() {
        alone("come_and_go", &[]);
    }
}

/// A session keeps the library that its solver loaded; both gone, it is loaded anew.
#[test]
#[ignore = "runs where nothing else holds the library"]
fn come_and_go() {
    for _ in 0..3 {
        let solver = DynamicSolver::at(Vendor::Xpress, real_library("XPRESS").unwrap());
        let mut session = open(&solver, &qp(), &Settings::default());
        drop(solver);
        assert_eq!(solve(&mut *session), Ok(Status::Solved));
    }
}

/// Xpress prints when it may, and is quiet else.
#[test]
fn it_prints_when_it_may() {
    if xpress().is_none() {
        return;
    }
    let lines = |test| alone(test, &[]).lines().count();
    assert!(lines("verbose") > lines("come_and_go") + 10);
}

#[test]
#[ignore = "prints"]
fn verbose() {
    let solver = DynamicSolver::at(Vendor::Xpress, real_library("XPRESS").unwrap());
    let settings = Settings { verbose: true, ..Settings::default() };
    assert_eq!(solve(&mut *open(&solver, &qp(), &settings)), Ok(Status::Solved));
}

/// A session that was refused works on once it fits.
#[test]
fn a_refused_size_is_an_error_each_time() {
    let Some(solver) = xpress() else { return };
    let problem = box_problem(201, 0, 1.0);
    let mut session = solver.setup(&problem.as_ref(), &Settings::default()).unwrap();
    let Err(first) = solve(&mut *session) else { return println!("SKIPPED: this license allows more") };
    assert_eq!((first.kind(), solve(&mut *session)), (ErrorKind::LicenseRefused, Err(first)));
    // As an LP it fits: x = −1.
    session.update(&ProgramUpdate { p: Some(&vec![0.0; 201]), ..ProgramUpdate::default() }).unwrap();
    assert_eq!(solve(&mut *session), Ok(Status::Solved));
}

#[test]
fn a_missing_license() {
    if real_library("XPRESS").is_some() {
        alone("without_a_license", &[("XPAUTH_PATH", "/nowhere/xpauth.xpr")]);
    }
}

#[test]
#[ignore = "runs where the environment names no license"]
fn without_a_license() {
    let solver = DynamicSolver::at(Vendor::Xpress, real_library("XPRESS").unwrap());
    let found = solver.installation().unwrap();
    let reason = found.license_refused.unwrap();
    assert!(reason.contains("/nowhere/xpauth.xpr") && reason.contains("code 1"), "{reason}");
    assert!(found.version.split('.').count() == 3, "{}", found.version);
    let refused = solver.setup(&qp().program.as_ref(), &Settings::default()).err().unwrap();
    assert_eq!(refused.kind(), ErrorKind::LicenseRefused);
}
