//! Small problems, and what a test wants to know of an answer.

use bpqp_traits::{CscMatrix, ForwardSolver, KktResiduals, ProgramBuf, Settings, Solution, Status};

use crate::Solver;

pub(crate) const INF: f64 = f64::INFINITY;

pub(crate) fn solver() -> Solver {
    Solver
}

/// A program from dense rows; `p` is the full symmetric matrix.
pub(crate) fn program(
    p: &[f64],
    q: &[f64],
    a: &[f64],
    (l, u): (&[f64], &[f64]),
    (lb, ub): (&[f64], &[f64]),
) -> ProgramBuf {
    let n = q.len();
    let triangle: Vec<f64> = (0..n * n).map(|k| if k / n <= k % n { p[k] } else { 0.0 }).collect();
    let p = CscMatrix::from_dense_rows(n, n, &triangle).unwrap();
    let a = CscMatrix::from_dense_rows(l.len(), n, a).unwrap();
    ProgramBuf::new(p, q.to_vec(), a, (l.to_vec(), u.to_vec()), (lb.to_vec(), ub.to_vec())).unwrap()
}

pub(crate) fn free(n: usize) -> (Vec<f64>, Vec<f64>) {
    (vec![-INF; n], vec![INF; n])
}

/// A program with rows alone.
pub(crate) fn rows_only(p: &[f64], q: &[f64], a: &[f64], l: &[f64], u: &[f64]) -> ProgramBuf {
    let (lb, ub) = free(q.len());
    program(p, q, a, (l, u), (&lb, &ub))
}

pub(crate) fn solve(program: &ProgramBuf) -> (Status, Solution) {
    solve_with(program, &Settings::default())
}

pub(crate) fn solve_with(program: &ProgramBuf, settings: &Settings) -> (Status, Solution) {
    let mut session = solver().setup(&program.as_ref(), settings).unwrap();
    let mut out = Solution::default();
    let status = session.solve(&mut out).unwrap();
    (status, out)
}

/// Solves to 1e-8 and compares with the answer derived by hand.
pub(crate) fn expect(program: &ProgramBuf, x: &[f64], y: &[f64], bound_duals: &[f64]) -> Solution {
    let (status, out) = solve(program);
    assert_eq!(status, Status::Solved);
    assert!(KktResiduals::compute(&program.as_ref(), &out).max() <= 1e-8);
    assert_close("x", &out.x, x, 1e-6);
    assert_close("y", &out.y, y, 1e-6);
    assert_close("bound duals", &out.bound_duals, bound_duals, 1e-6);
    assert!((out.objective - program.as_ref().objective(x)).abs() <= 1e-6);
    out
}

#[track_caller]
pub(crate) fn assert_close(name: &str, found: &[f64], expected: &[f64], tolerance: f64) {
    assert_eq!(found.len(), expected.len(), "{name}");
    let scale = expected.iter().fold(1.0, |m: f64, e| m.max(e.abs()));
    for (i, (f, e)) in found.iter().zip(expected).enumerate() {
        assert!((f - e).abs() <= tolerance * scale, "{name}[{i}]: {f} instead of {e}");
    }
}

/// A seeded sequence of uniform numbers in (−1, 1) (xorshift64*).
pub(crate) struct Random(u64);

impl Random {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1)
    }

    pub(crate) fn next(&mut self) -> f64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        let bits = self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 11;
        2.0 * (bits as f64 / (1u64 << 53) as f64) - 1.0
    }

    pub(crate) fn vec(&mut self, n: usize) -> Vec<f64> {
        (0..n).map(|_| self.next()).collect()
    }

    /// `MMᵀ + shift·I` with `M` of `n × rank`, dense and symmetric, row by row.
    pub(crate) fn psd(&mut self, n: usize, rank: usize, shift: f64) -> Vec<f64> {
        let m = self.vec(n * rank);
        let entry = |i: usize, j: usize| (0..rank).map(|k| m[i * rank + k] * m[j * rank + k]).sum::<f64>();
        (0..n * n).map(|k| entry(k / n, k % n) + if k / n == k % n { shift } else { 0.0 }).collect()
    }

    /// A strictly convex program with equalities, two-sided and one-sided rows and bounds, feasible at a random point.
    pub(crate) fn program(&mut self, n: usize, m: usize) -> ProgramBuf {
        let (p, q, a, x) = (self.psd(n, n, 0.1), self.vec(n), self.vec(n * m), self.vec(n));
        let ax: Vec<f64> = (0..m).map(|i| (0..n).map(|j| a[i * n + j] * x[j]).sum()).collect();
        let (mut l, mut u) = (ax.clone(), ax);
        for i in 0..m {
            match i % 4 {
                0 => {}
                1 => (l[i], u[i]) = (l[i] - 0.1, u[i] + 0.1),
                2 => l[i] = -INF,
                _ => u[i] = INF,
            }
        }
        let (lb, ub): (Vec<f64>, Vec<f64>) = (0..n)
            .map(|j| match j % 4 {
                0 => (x[j] - 0.1, x[j] + 0.2),
                1 => (-INF, x[j]),
                2 => (x[j], INF),
                _ => (-INF, INF),
            })
            .unzip();
        program(&p, &q, &a, (&l, &u), (&lb, &ub))
    }
}
