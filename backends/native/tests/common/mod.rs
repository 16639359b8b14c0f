//! Seeded random data and a dense oracle.
#![allow(dead_code, unreachable_pub, clippy::unwrap_used)]

use bpqp_native::NativeSolver;
use bpqp_traits::{CscMatrix, ForwardSolver, KktResiduals, ProgramBuf, Session, Settings, Solution, Status};

pub const INF: f64 = f64::INFINITY;

/// SplitMix64.
pub struct Rng(u64);

impl Rng {
    pub fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15).wrapping_add(1))
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// In [0, 1).
    pub fn uniform(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1u64 << 53) as f64
    }

    /// In [−1, 1).
    pub fn signed(&mut self) -> f64 {
        2.0 * self.uniform() - 1.0
    }

    pub fn below(&mut self, n: usize) -> usize {
        (self.next() % n.max(1) as u64) as usize
    }

    pub fn vector(&mut self, n: usize) -> Vec<f64> {
        (0..n).map(|_| self.signed()).collect()
    }

    /// A random matrix with about `per_column` entries in each column.
    pub fn sparse(&mut self, nrows: usize, ncols: usize, per_column: usize) -> CscMatrix {
        let mut triplets = Vec::new();
        for j in 0..ncols {
            for _ in 0..per_column {
                triplets.push((self.below(nrows), j, self.signed()));
            }
        }
        CscMatrix::from_triplets(nrows, ncols, &triplets).unwrap()
    }

    /// `k ≤ d` random rows of `per_row` further entries, with full rank: row `i` has a dominant entry in column `i`.
    pub fn full_rank_rows(&mut self, k: usize, d: usize, per_row: usize) -> CscMatrix {
        let mut triplets = Vec::new();
        for i in 0..k {
            triplets.push((i, i, 1.0 + per_row as f64));
            for _ in 0..per_row {
                triplets.push((i, self.below(d), self.signed()));
            }
        }
        CscMatrix::from_triplets(k, d, &triplets).unwrap()
    }
}

/// Gaussian elimination with partial pivoting on a row-major `n × n` matrix.
pub fn dense_solve(mut a: Vec<f64>, mut b: Vec<f64>) -> Vec<f64> {
    let n = b.len();
    for k in 0..n {
        let p = (k..n).max_by(|&i, &j| a[i * n + k].abs().total_cmp(&a[j * n + k].abs())).unwrap();
        for j in 0..n {
            a.swap(k * n + j, p * n + j);
        }
        b.swap(k, p);
        for i in k + 1..n {
            let f = a[i * n + k] / a[k * n + k];
            if f != 0.0 {
                for j in k..n {
                    a[i * n + j] -= f * a[k * n + j];
                }
                b[i] -= f * b[k];
            }
        }
    }
    for i in (0..n).rev() {
        let sum: f64 = (i + 1..n).map(|j| a[i * n + j] * b[j]).sum();
        b[i] = (b[i] - sum) / a[i * n + i];
    }
    b
}

pub fn program(p: &[f64], q: &[f64], a: &[f64], (l, u): (&[f64], &[f64]), (lb, ub): (&[f64], &[f64])) -> ProgramBuf {
    let n = q.len();
    let upper: Vec<f64> = (0..n * n).map(|k| if k / n <= k % n { p[k] } else { 0.0 }).collect();
    let p = CscMatrix::from_dense_rows(n, n, &upper).unwrap();
    let a = CscMatrix::from_dense_rows(l.len(), n, a).unwrap();
    ProgramBuf::new(p, q.to_vec(), a, (l.to_vec(), u.to_vec()), (lb.to_vec(), ub.to_vec())).unwrap()
}

/// Default settings with one of the forward methods.
pub fn method(name: &str) -> Settings {
    let mut settings = Settings::default();
    settings.options.insert("method".into(), name.into());
    settings
}

pub fn session(program: &ProgramBuf, settings: &Settings) -> Box<dyn Session> {
    NativeSolver.setup(&program.as_ref(), settings).unwrap()
}

pub fn solve_with(program: &ProgramBuf, settings: &Settings) -> (Status, Solution) {
    let mut out = Solution::default();
    let status = session(program, settings).solve(&mut out).unwrap();
    (status, out)
}

pub fn solve(program: &ProgramBuf) -> Solution {
    let (status, out) = solve_with(program, &Settings::default());
    assert_eq!(status, Status::Solved);
    assert!(KktResiduals::compute(&program.as_ref(), &out).max() <= 1e-8);
    out
}

#[track_caller]
pub fn assert_close(have: &[f64], want: &[f64], tolerance: f64) {
    assert_eq!(have.len(), want.len());
    for (h, w) in have.iter().zip(want) {
        assert!((h - w).abs() <= tolerance, "{have:?} is not {want:?}");
    }
}

/// A feasible, bounded QP with about half its rows active: `P = BᵀB`, rows around a random point.
pub fn random_program(rng: &mut Rng, n: usize, m: usize, strict: bool) -> ProgramBuf {
    let b = rng.sparse(n, n, 3);
    let bt = b.as_ref().transpose();
    let mut p: Vec<(usize, usize, f64)> = (0..n).filter(|_| strict).map(|j| (j, j, 0.1)).collect();
    for k in 0..n {
        let row: Vec<_> = bt.as_ref().col(k).collect();
        for &(i, vi) in &row {
            p.extend(row.iter().filter(|&&(j, _)| i <= j).map(|&(j, vj)| (i, j, vi * vj)));
        }
    }
    let p = CscMatrix::from_triplets(n, n, &p).unwrap();
    let a = rng.sparse(m, n, 3);
    let (x0, q) = (rng.vector(n), rng.vector(n));
    let mut ax = vec![0.0; m];
    a.as_ref().mul_add(1.0, &x0, &mut ax);
    let l = ax.iter().enumerate().map(|(i, v)| if i % 4 == 0 { *v } else { v - rng.uniform() }).collect();
    let u = ax.iter().enumerate().map(|(i, v)| if i % 4 == 0 { *v } else { v + 0.5 * rng.uniform() }).collect();
    let lb = x0.iter().map(|v| v - 1.0).collect();
    let ub = x0.iter().enumerate().map(|(j, v)| if j % 3 == 0 { INF } else { v + 0.2 }).collect();
    ProgramBuf::new(p, q, a, (l, u), (lb, ub)).unwrap()
}
