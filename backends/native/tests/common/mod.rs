//! Seeded random data and a dense oracle.
#![allow(dead_code, unreachable_pub)]

use bpqp_traits::CscMatrix;

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
