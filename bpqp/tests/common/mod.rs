//! What several test files share: random programs with known activity, and comparisons.
#![allow(dead_code, unreachable_pub, clippy::unwrap_used)] // each test file uses a part; a test panics by design

use bpqp::{CscMatrix, Layer, Program, Registry, Settings, Values};

/// A small generator of reproducible numbers (Marsaglia's xorshift).
pub struct Rng(u64);

impl Rng {
    pub fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    pub fn uniform(&mut self) -> f64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// Standard normal, by Box and Muller.
    pub fn normal(&mut self) -> f64 {
        let (u, v) = (1.0 - self.uniform(), self.uniform());
        (-2.0 * u.ln()).sqrt() * (std::f64::consts::TAU * v).cos()
    }

    pub fn normals(&mut self, n: usize) -> Vec<f64> {
        (0..n).map(|_| self.normal()).collect()
    }

    pub fn matrix(&mut self, rows: usize, cols: usize) -> Vec<Vec<f64>> {
        (0..rows).map(|_| self.normals(cols)).collect()
    }
}

/// Sizes of a random program.
#[derive(Clone, Copy)]
pub struct Sizes {
    pub vars: usize,
    pub equalities: usize,
    pub inequalities: usize,
    pub rows: usize,
}

/// A Gaussian program with every block, about half of its inequalities active with multipliers around 1 but not 1:
/// built from a chosen primal-dual solution, so strict complementarity holds by construction.
pub fn random_program(seed: u64, sizes: Sizes) -> Program {
    let mut rng = Rng::new(seed);
    let Sizes { vars: d, equalities: n, inequalities: m, rows: k } = sizes;
    let factor = rng.matrix(d, d);
    let p: Vec<Vec<f64>> = (0..d)
        .map(|i| {
            let dot = |j: usize| (0..d).map(|t| factor[t][i] * factor[t][j]).sum::<f64>();
            (0..d).map(|j| dot(j) + if i == j { 1.0 } else { 0.0 }).collect()
        })
        .collect();
    let (a, g, c) = (rng.matrix(n, d), rng.matrix(m, d), rng.matrix(k, d));
    let x = rng.normals(d);
    let dot = |row: &[f64], x: &[f64]| row.iter().zip(x).map(|(a, b)| a * b).sum::<f64>();
    let mut q: Vec<f64> = p.iter().map(|row| -dot(row, &x)).collect();
    let push = |row: &[f64], dual: f64, q: &mut Vec<f64>| q.iter_mut().zip(row).for_each(|(q, a)| *q -= dual * a);

    let b: Vec<f64> = a.iter().map(|row| dot(row, &x)).collect();
    for row in &a {
        push(row, rng.normal(), &mut q);
    }
    let mut h = Vec::new();
    for (i, row) in g.iter().enumerate() {
        let active = i % 2 == 0 && i / 2 < (d - n) / 4;
        h.push(dot(row, &x) + if active { 0.0 } else { 0.5 + rng.uniform() });
        if active {
            push(row, 0.5 + 2.0 * rng.uniform(), &mut q);
        }
    }
    let (mut l, mut u) = (Vec::new(), Vec::new());
    for (i, row) in c.iter().enumerate() {
        let value = dot(row, &x);
        let held = i / 4 < (d - n) / 8;
        let (lower, upper, dual) = match i % 4 {
            0 if held => (value, value + 1.0, -0.5 - rng.uniform()),
            1 if held => (f64::NEG_INFINITY, value, 0.5 + rng.uniform()),
            2 if held => (value, value, rng.normal()),
            _ => (value - 1.0, value + 1.0, 0.0),
        };
        l.push(lower);
        u.push(upper);
        push(row, dual, &mut q);
    }
    let (mut lb, mut ub) = (vec![f64::NEG_INFINITY; d], vec![f64::INFINITY; d]);
    for j in 0..d / 6 {
        match j % 3 {
            0 => {
                lb[j] = x[j];
                q[j] += 0.5 + rng.uniform();
            }
            1 => {
                ub[j] = x[j];
                q[j] -= 0.5 + rng.uniform();
            }
            _ => (lb[j], ub[j]) = (x[j] - 1.0, x[j] + 1.0),
        }
    }
    Program::builder(d)
        .objective(&p, &q)
        .equalities(&a, &b)
        .inequalities(&g, &h)
        .rows(&l, &c, &u)
        .bounds(&lb, &ub)
        .build()
        .unwrap()
}

/// A layer between two backends at a tight tolerance.
pub fn layer(forward: &str, backward: &str) -> Layer {
    Layer::builder().forward(forward).backward(backward).settings(Settings::with_tolerance(1e-9)).build().unwrap()
}

/// A layer for every pair of a forward and a backward backend that is compiled in, with its name.
pub fn every_pair() -> Vec<(String, Layer)> {
    let names = Registry::compiled().usable().quadratic().names();
    let pairs = names.iter().flat_map(|f| names.iter().map(move |b| (f, b)));
    pairs.map(|(f, b)| (format!("{f} forward, {b} backward"), layer(f, b))).collect()
}

/// `‖a − b‖∞ / max(1, ‖b‖∞)`.
pub fn difference(a: &[f64], b: &[f64]) -> f64 {
    assert_eq!(a.len(), b.len());
    let scale = b.iter().fold(1.0_f64, |m, v| m.max(v.abs()));
    a.iter().zip(b).fold(0.0_f64, |m, (a, b)| m.max((a - b).abs())) / scale
}

/// The matrix as dense rows.
pub fn dense(matrix: &CscMatrix) -> Vec<Vec<f64>> {
    let mut rows = vec![vec![0.0; matrix.ncols()]; matrix.nrows()];
    for (i, j, v) in matrix.as_ref().entries() {
        rows[i][j] = v;
    }
    rows
}

/// Names the block of `Values` that some numbers are for.
pub type Set = for<'v> fn(&mut Values<'v>, &'v [f64]);

/// `program` with one entry of the block `values` moved.
pub fn moved(program: &Program, values: &[f64], (place, by): (usize, f64), set: Set) -> Program {
    let mut values = values.to_vec();
    values[place] += by;
    let (mut program, mut new) = (program.clone(), Values::default());
    set(&mut new, &values);
    program.update(&new).unwrap();
    program
}
