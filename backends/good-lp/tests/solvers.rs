//! What good_lp's adapters get wrong or leave out, and the suite does not ask: on each solver that was compiled in.
#![allow(clippy::unwrap_used, reason = "helpers of tests")]

use bpqp_good_lp::{GoodLpSolver, VERSION};
use bpqp_traits::vector::dot;
use bpqp_traits::{
    AdjointQpRef, BackwardQpSolver, CscMatrix, ErrorKind, ForwardAsBackward, ForwardSolver, ProgramBuf, Settings,
    Solution, Status, dual_ray_violation,
};

const INF: f64 = f64::INFINITY;

fn solvers() -> Vec<GoodLpSolver> {
    vec![
        #[cfg(feature = "microlp")]
        GoodLpSolver::microlp(),
        #[cfg(feature = "clarabel")]
        GoodLpSolver::clarabel(),
        #[cfg(feature = "highs")]
        GoodLpSolver::highs(),
    ]
}

type Sides<'a> = (&'a [f64], &'a [f64]);

fn program(q: &[f64], a: &[f64], rows: Sides<'_>, bounds: Sides<'_>) -> ProgramBuf {
    let (n, m) = (q.len(), rows.0.len());
    let a = CscMatrix::from_dense_rows(m, n, a).unwrap();
    let owned = |(lo, hi): Sides<'_>| (lo.to_vec(), hi.to_vec());
    ProgramBuf::new(CscMatrix::zeros(n, n), q.to_vec(), a, owned(rows), owned(bounds)).unwrap()
}

fn solve(solver: GoodLpSolver, program: &ProgramBuf) -> (Status, Solution) {
    let mut out = Solution::default();
    let mut session = solver.setup(&program.as_ref(), &Settings::default()).unwrap();
    (session.solve(&mut out).unwrap(), out)
}

fn name(solver: GoodLpSolver) -> String {
    solver.info().name.into_owned()
}

#[test]
fn the_version_is_the_lock_files() {
    let lock = include_str!("../../../Cargo.lock");
    assert!(lock.contains(&format!("name = \"good_lp\"\nversion = \"{VERSION}\"")));
}

#[test]
fn unbounded_is_not_optimal() {
    // min −x₁ − x₂ over x₁ − 2x₂ ≤ 1, x ≥ 0: Clarabel's adapter returns the ray as an optimal point.
    let unbounded = program(&[-1.0, -1.0], &[1.0, -2.0], (&[-INF], &[1.0]), (&[0.0; 2], &[INF; 2]));
    for solver in solvers() {
        let (status, out) = solve(solver, &unbounded);
        assert_eq!(status, Status::DualInfeasible, "{}", name(solver));
        assert!(dual_ray_violation(&unbounded.as_ref(), &out.x) <= 1e-8);
    }
}

#[test]
fn infeasible_or_unbounded_is_told_apart() {
    // min −x over x ≥ 1 as a row: HiGHS's presolve knows only that one of the two holds, and the adapter says infeasible.
    let unbounded = program(&[-1.0], &[1.0], (&[1.0], &[INF]), (&[-INF], &[INF]));
    for solver in solvers() {
        assert_eq!(solve(solver, &unbounded).0, Status::DualInfeasible, "{}", name(solver));
    }
}

#[test]
fn curvature_is_refused_before_any_work() {
    let p = CscMatrix::from_diagonal(&[1.0]).unwrap();
    let none = (vec![], vec![]);
    let quadratic = ProgramBuf::new(p, vec![0.0], CscMatrix::zeros(0, 1), none, (vec![-1.0], vec![1.0])).unwrap();
    for solver in solvers() {
        let refused = solver.setup(&quadratic.as_ref(), &Settings::default()).map(drop).unwrap_err();
        assert_eq!(refused.kind(), ErrorKind::Unsupported);
        assert!(refused.to_string().contains("quadratic"), "{refused}");
    }
}

#[test]
fn iteration_limits_and_options_are_refused_by_those_without() {
    let easy = program(&[1.0], &[], (&[], &[]), (&[0.0], &[1.0]));
    for solver in solvers() {
        let limited = Settings { max_iterations: Some(5), ..Settings::default() };
        let takes = solver.setup(&easy.as_ref(), &limited).is_ok();
        assert_eq!(takes, solver.capabilities().iteration_limit, "{}", name(solver));
        let set = |word: &str| {
            let options = [("solver".to_owned(), word.to_owned())].into();
            solver.setup(&easy.as_ref(), &Settings { options, ..Settings::default() })
        };
        assert_eq!(set("simplex").is_ok(), name(solver) == "good-lp-highs");
        assert_eq!(set("magic").map(drop).unwrap_err().kind(), ErrorKind::InvalidSetting);
    }
}

/// A generator of small integers (xorshift), from a seed.
struct Random(u64);

impl Random {
    fn below(&mut self, n: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 20) % n
    }

    fn small(&mut self) -> f64 {
        self.below(5) as f64 - 2.0
    }
}

/// A program around a known pair `(x, y)`: integer data, duplicated rows, every kind of side, `q = −(Aᵀy + ζ)`.
fn known(random: &mut Random) -> (ProgramBuf, f64) {
    let (n, m) = (1 + random.below(6) as usize, random.below(6) as usize);
    let mut a: Vec<f64> = (0..n * m).map(|_| random.small()).collect();
    if m > 1 && random.below(2) == 0 {
        let first = a[..n].to_vec();
        a[(m - 1) * n..].copy_from_slice(&first);
    }
    let x: Vec<f64> = (0..n).map(|_| random.small()).collect();
    let mut sides = |value: f64, room: f64| match random.below(4) {
        // (lower, upper, dual): an equality, an active upper side, an active lower side, no active side.
        0 => (value, value, random.small()),
        1 => (if room > 1.0 { value - room } else { -INF }, value, random.small().abs()),
        2 => (value, if room > 1.0 { value + room } else { INF }, -random.small().abs()),
        _ => (-INF, if room > 1.0 { value + room } else { INF }, 0.0),
    };
    let rows: Vec<_> = (0..m).map(|i| sides(dot(&a[i * n..(i + 1) * n], &x), i as f64)).collect();
    let bounds: Vec<_> = (0..n).map(|j| sides(x[j], j as f64)).collect();
    let q: Vec<f64> = (0..n).map(|j| -bounds[j].2 - (0..m).map(|i| a[i * n + j] * rows[i].2).sum::<f64>()).collect();
    let split = |v: &[(f64, f64, f64)]| -> (Vec<f64>, Vec<f64>) { v.iter().map(|s| (s.0, s.1)).unzip() };
    let (rows, bounds) = (split(&rows), split(&bounds));
    let program = program(&q, &a, (&rows.0, &rows.1), (&bounds.0, &bounds.1));
    (program, dot(&q, &x))
}

#[test]
fn degenerate_programs_with_free_variables_are_solved() {
    // microlp by itself cycles on about one in eight of these and calls one in four unbounded.
    for solver in solvers() {
        let mut random = Random(7);
        for trial in 0..300 {
            let (program, value) = known(&mut random);
            let (status, out) = solve(solver, &program);
            assert_eq!(status, Status::Solved, "{}, trial {trial}", name(solver));
            assert!((out.objective - value).abs() <= 1e-6 * (1.0 + value.abs()), "{}, trial {trial}", name(solver));
        }
    }
}

#[test]
fn backward_without_curvature_alone() {
    // Rows (1, 1) and (1, −1), no Hessian: C z = r gives z, Cᵀν = −g gives ν.
    let c = CscMatrix::from_dense_rows(2, 2, &[1.0, 1.0, 1.0, -1.0]).unwrap();
    let (flat, curved) = (CscMatrix::zeros(2, 2), CscMatrix::from_diagonal(&[1.0, 1.0]).unwrap());
    for solver in solvers() {
        let backward = ForwardAsBackward::new(solver);
        let mut factor = backward.factorize(&AdjointQpRef::new(flat.as_ref(), c.as_ref()).unwrap()).unwrap();
        let (mut z, mut nu) = ([0.0; 2], [0.0; 2]);
        let report = factor.solve(&[3.0, 1.0], &[4.0, 2.0], &mut z, &mut nu).unwrap();
        assert!(report.residual <= 1e-10, "{}: {report:?}", name(solver));
        for (found, wanted) in z.iter().chain(&nu).zip([3.0, 1.0, -2.0, -1.0]) {
            assert!((found - wanted).abs() <= 1e-9, "{}: z = {z:?}, ν = {nu:?}", name(solver));
        }
        let refused = backward.factorize(&AdjointQpRef::new(curved.as_ref(), c.as_ref()).unwrap()).map(drop);
        assert_eq!(refused.unwrap_err().kind(), ErrorKind::Unsupported);
    }
}
