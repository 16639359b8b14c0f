//! Projections whose solutions have closed forms.

use bpqp_traits::{CscMatrix, Solution};

use super::random::Random;
use super::{Known, full};
use crate::{Program, Result};

/// Rise of the noisy line from end to end, in standard deviations of the noise.
const RISE: f64 = 10.0;

/// `min ½‖x − z‖²` over the simplex, for a Gaussian `z`: `x = max(z − τ, 0)` with the `τ` that makes the sum one.
pub(super) fn simplex(n: usize, random: &mut Random) -> Result<Known> {
    let z = random.normals(n);
    let tau = threshold(&z);
    let q: Vec<f64> = z.iter().map(|v| -v).collect();
    let program = Program::builder(n)
        .objective(&CscMatrix::from_diagonal(&vec![1.0; n])?, &q)
        .equalities(&full(1, n, vec![1.0; n])?, &[1.0])
        .bounds(&vec![0.0; n], &vec![f64::INFINITY; n])
        .build()?;
    let solution = Solution {
        x: z.iter().map(|v| (v - tau).max(0.0)).collect(),
        y: vec![tau],
        bound_duals: z.iter().map(|v| (v - tau).min(0.0)).collect(),
        ..Solution::default()
    };
    Ok((program, solution))
}

/// The largest entries stay positive: as many as stay above the threshold that they have by themselves.
fn threshold(z: &[f64]) -> f64 {
    let mut sorted = z.to_vec();
    sorted.sort_by(|a, b| b.total_cmp(a));
    let (mut sum, mut tau) = (0.0, f64::NEG_INFINITY);
    for (k, v) in sorted.iter().enumerate() {
        sum += v;
        let candidate = (sum - 1.0) / (k + 1) as f64;
        if *v <= candidate {
            break;
        }
        tau = candidate;
    }
    tau
}

/// `min ½‖x − z‖²` over `x₀ ≤ x₁ ≤ …`, for `z` a line with Gaussian noise.
pub(super) fn chain(n: usize, random: &mut Random) -> Result<Known> {
    let z: Vec<f64> = (0..n).map(|i| RISE * i as f64 / n as f64 + random.normal()).collect();
    let q: Vec<f64> = z.iter().map(|v| -v).collect();
    let steps: Vec<_> = (0..n - 1).flat_map(|i| [(i, i, 1.0), (i, i + 1, -1.0)]).collect();
    let program = Program::builder(n)
        .objective(&CscMatrix::from_diagonal(&vec![1.0; n])?, &q)
        .inequalities(&CscMatrix::from_triplets(n - 1, n, &steps)?, &vec![0.0; n - 1])
        .build()?;
    let (x, y) = isotonic(&z);
    Ok((program, Solution { x, y, bound_duals: vec![0.0; n], ..Solution::default() }))
}

/// Pooling of adjacent violators; within a pool the multiplier of a step is the sum of `z − x` up to it.
fn isotonic(z: &[f64]) -> (Vec<f64>, Vec<f64>) {
    let mut pools: Vec<(f64, usize)> = Vec::new();
    for &v in z {
        let (mut sum, mut len) = (v, 1);
        while let Some(&(s, l)) = pools.last()
            && s / l as f64 >= sum / len as f64
        {
            sum += s;
            len += l;
            pools.pop();
        }
        pools.push((sum, len));
    }
    let (mut x, mut y) = (Vec::with_capacity(z.len()), Vec::with_capacity(z.len()));
    for (sum, len) in pools {
        let (mean, mut force) = (sum / len as f64, 0.0);
        for k in 0..len {
            force += z[x.len()] - mean;
            x.push(mean);
            y.push(if k + 1 < len { force } else { 0.0 });
        }
    }
    y.pop();
    (x, y)
}
