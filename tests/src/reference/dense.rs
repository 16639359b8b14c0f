//! Dense linear algebra on row-major slices: Gaussian elimination and the symmetric eigendecomposition.

/// An LU factorization with partial pivoting of a square matrix.
pub struct Lu {
    n: usize,
    factors: Vec<f64>,
    pivots: Vec<usize>,
    /// Smallest over largest pivot: near 0 for a singular matrix.
    pub pivot_ratio: f64,
}

impl Lu {
    /// Factorizes the row-major `n × n` matrix `a`.
    pub fn new(n: usize, mut a: Vec<f64>) -> Self {
        let mut pivots: Vec<usize> = (0..n).collect();
        let (mut smallest, mut largest) = (f64::INFINITY, 0.0_f64);
        for k in 0..n {
            let best = (k..n).fold(k, |b, i| if a[i * n + k].abs() > a[b * n + k].abs() { i } else { b });
            if best != k {
                pivots.swap(k, best);
                for j in 0..n {
                    a.swap(k * n + j, best * n + j);
                }
            }
            let pivot = a[k * n + k];
            smallest = smallest.min(pivot.abs());
            largest = largest.max(pivot.abs());
            if pivot == 0.0 {
                continue;
            }
            for i in k + 1..n {
                let factor = a[i * n + k] / pivot;
                a[i * n + k] = factor;
                if factor != 0.0 {
                    for j in k + 1..n {
                        a[i * n + j] -= factor * a[k * n + j];
                    }
                }
            }
        }
        let pivot_ratio = if n == 0 { 1.0 } else { smallest / largest };
        Self { n, factors: a, pivots, pivot_ratio }
    }

    /// Solves `A x = b`; not finite where the matrix is singular.
    pub fn solve(&self, b: &[f64]) -> Vec<f64> {
        let n = self.n;
        let mut x: Vec<f64> = self.pivots.iter().map(|&i| b[i]).collect();
        for i in 0..n {
            for j in 0..i {
                x[i] -= self.factors[i * n + j] * x[j];
            }
        }
        for i in (0..n).rev() {
            for j in i + 1..n {
                x[i] -= self.factors[i * n + j] * x[j];
            }
            x[i] /= self.factors[i * n + i];
        }
        x
    }
}

/// `A x` for the row-major matrix `a` with `x.len()` columns.
pub fn multiply(a: &[f64], x: &[f64]) -> Vec<f64> {
    if x.is_empty() {
        return Vec::new();
    }
    a.chunks(x.len()).map(|row| row.iter().zip(x).map(|(a, x)| a * x).sum()).collect()
}

/// Eigenvalues and eigenvectors (as columns) of the symmetric row-major `n × n` matrix `a`, by cyclic Jacobi rotations.
pub fn symmetric_eigen(n: usize, mut a: Vec<f64>) -> (Vec<f64>, Vec<f64>) {
    let mut v = vec![0.0; n * n];
    (0..n).for_each(|i| v[i * n + i] = 1.0);
    for _sweep in 0..60 {
        let off: f64 = (0..n * n).filter(|k| k / n != k % n).map(|k| a[k] * a[k]).sum();
        let all: f64 = a.iter().map(|x| x * x).sum();
        if off <= 1e-34 * all {
            break;
        }
        for p in 0..n {
            for q in p + 1..n {
                rotate(n, &mut a, &mut v, p, q);
            }
        }
    }
    ((0..n).map(|i| a[i * n + i]).collect(), v)
}

/// One Jacobi rotation that makes `a[p, q]` zero.
fn rotate(n: usize, a: &mut [f64], v: &mut [f64], p: usize, q: usize) {
    let apq = a[p * n + q];
    if apq == 0.0 {
        return;
    }
    let theta = (a[q * n + q] - a[p * n + p]) / (2.0 * apq);
    let sign = if theta < 0.0 { -1.0 } else { 1.0 };
    let t = sign / (theta.abs() + (theta * theta + 1.0).sqrt());
    let c = 1.0 / (t * t + 1.0).sqrt();
    let s = t * c;
    let turn = |m: &mut [f64], i: usize, j: usize| {
        let (x, y) = (m[i], m[j]);
        m[i] = c * x - s * y;
        m[j] = s * x + c * y;
    };
    for k in 0..n {
        turn(a, k * n + p, k * n + q);
        turn(v, k * n + p, k * n + q);
    }
    for k in 0..n {
        turn(a, p * n + k, q * n + k);
    }
}

/// The least-norm least-squares solution of `A x = b` for a symmetric row-major `A`.
pub fn least_norm_symmetric(n: usize, a: &[f64], b: &[f64]) -> Vec<f64> {
    let (values, vectors) = symmetric_eigen(n, a.to_vec());
    let largest = values.iter().fold(0.0, |m: f64, v| m.max(v.abs()));
    let mut x = vec![0.0; n];
    for k in (0..n).filter(|&k| values[k].abs() > 1e-11 * largest) {
        let along: f64 = (0..n).map(|i| vectors[i * n + k] * b[i]).sum::<f64>() / values[k];
        (0..n).for_each(|i| x[i] += along * vectors[i * n + k]);
    }
    x
}

/// Solves `A x = b` for a symmetric row-major `A`: elimination after symmetric equilibration, with two steps of
/// refinement; least norm where that is singular.
pub fn solve_symmetric(n: usize, a: &[f64], b: &[f64]) -> Vec<f64> {
    let scale = equilibration(n, a);
    let scaled: Vec<f64> = (0..n * n).map(|k| scale[k / n] * a[k] * scale[k % n]).collect();
    let lu = Lu::new(n, scaled);
    let solve = |b: &[f64]| -> Vec<f64> {
        if lu.pivot_ratio <= 1e-12 {
            return least_norm_symmetric(n, a, b);
        }
        let scaled: Vec<f64> = b.iter().zip(&scale).map(|(b, s)| b * s).collect();
        lu.solve(&scaled).iter().zip(&scale).map(|(x, s)| x * s).collect()
    };
    let mut x = solve(b);
    for _ in 0..2 {
        let residual: Vec<f64> = multiply(a, &x).iter().zip(b).map(|(ax, b)| b - ax).collect();
        let correction = solve(&residual);
        x.iter_mut().zip(correction).for_each(|(x, c)| *x += c);
    }
    x
}

/// Ruiz equilibration: `diag(s) A diag(s)` has rows of largest entry about 1.
fn equilibration(n: usize, a: &[f64]) -> Vec<f64> {
    let mut s = vec![1.0; n];
    for _ in 0..12 {
        let norms: Vec<f64> =
            (0..n).map(|i| (0..n).fold(0.0, |m: f64, j| m.max((s[i] * a[i * n + j] * s[j]).abs()))).collect();
        for (s, norm) in s.iter_mut().zip(norms).filter(|(_, norm)| *norm > 0.0) {
            *s /= norm.sqrt();
        }
    }
    s
}
