//! Problems around a chosen primal-dual solution.

use bpqp_traits::{CscMatrix, Solution};

use super::random::Random;
use super::{Known, Sizes, full, gram, times};
use crate::{Program, Result};

/// Entries in a row of the sparse families.
const PER_ROW: usize = 5;
/// Columns that a row of the local family chooses its entries from.
const WINDOW: usize = 10;
/// The eigenvalues of a dense `P` lie between this and about 4.
const SHIFT: f64 = 1e-2;

pub(super) fn gaussian(Sizes { n, m, p }: Sizes, random: &mut Random) -> Result<Known> {
    let hessian = gram(n, n, &random.normals(n * n), 1.0 / n as f64, SHIFT)?;
    let a = full(p, n, random.normals(p * n))?;
    let g = full(m, n, random.normals(m * n))?;
    plant(hessian, a, g, random)
}

pub(super) fn random_sparse(Sizes { n, m, p }: Sizes, random: &mut Random) -> Result<Known> {
    sparse(n, m, p, |_, _| 0..n, random)
}

pub(super) fn local(Sizes { n, m, p }: Sizes, random: &mut Random) -> Result<Known> {
    let window = |i: usize, rows: usize| {
        // Row i of many stands where column i n/rows does.
        let start = (i * n / rows).min(n.saturating_sub(WINDOW));
        start..(start + WINDOW).min(n)
    };
    sparse(n, m, p, window, random)
}

/// Rows whose columns come from the range `window(row, number of rows)`.
fn sparse(
    n: usize,
    m: usize,
    p: usize,
    window: impl Fn(usize, usize) -> std::ops::Range<usize>,
    random: &mut Random,
) -> Result<Known> {
    let hessian = dominant(n, &window, random)?;
    let a = sparse_rows(p, n, &window, random)?;
    let g = sparse_rows(m, n, &window, random)?;
    plant(hessian, a, g, random)
}

fn sparse_rows(
    rows: usize,
    n: usize,
    window: impl Fn(usize, usize) -> std::ops::Range<usize>,
    random: &mut Random,
) -> Result<CscMatrix> {
    let mut triplets = Vec::with_capacity(PER_ROW * rows);
    for i in 0..rows {
        let columns = window(i, rows);
        for j in random.choose(columns.start, columns.end, PER_ROW) {
            triplets.push((i, j, random.normal()));
        }
    }
    Ok(CscMatrix::from_triplets(rows, n, &triplets)?)
}

/// A symmetric matrix with two chosen entries a row beside their mirror images, and a diagonal that exceeds the row's sum
/// of magnitudes by one: positive definite.
fn dominant(
    n: usize,
    window: impl Fn(usize, usize) -> std::ops::Range<usize>,
    random: &mut Random,
) -> Result<CscMatrix> {
    let (mut triplets, mut diagonal) = (Vec::with_capacity(5 * n), vec![1.0; n]);
    for i in 0..n {
        let columns = window(i, n);
        for j in random.choose(columns.start, columns.end, PER_ROW / 2) {
            if i == j {
                continue;
            }
            let value = random.normal();
            triplets.extend([(i, j, value), (j, i, value)]);
            diagonal[i] += value.abs();
            diagonal[j] += value.abs();
        }
    }
    triplets.extend(diagonal.iter().enumerate().map(|(i, &v)| (i, i, v)));
    Ok(CscMatrix::from_triplets(n, n, &triplets)?)
}

/// Chooses the solution, makes every other inequality active, and derives `q`, `b` and `h`: active multipliers and inactive
/// slacks are at least 0.1.
fn plant(hessian: CscMatrix, a: CscMatrix, g: CscMatrix, random: &mut Random) -> Result<Known> {
    let n = hessian.ncols();
    let x = random.normals(n);
    let nu = random.normals(a.nrows());
    let away: Vec<f64> = (0..g.nrows()).map(|_| random.uniform(0.1, 1.1)).collect();
    let lambda: Vec<f64> = away.iter().enumerate().map(|(i, v)| if i % 2 == 0 { *v } else { 0.0 }).collect();

    let mut q = vec![0.0; n];
    hessian.as_ref().mul_add(-1.0, &x, &mut q);
    a.as_ref().transpose_mul_add(-1.0, &nu, &mut q);
    g.as_ref().transpose_mul_add(-1.0, &lambda, &mut q);
    let b = times(&a, &x);
    let mut h = times(&g, &x);
    h.iter_mut().zip(&away).skip(1).step_by(2).for_each(|(h, slack)| *h += slack);

    let program = Program::builder(n).objective(&hessian, &q).equalities(&a, &b).inequalities(&g, &h);
    let y = nu.into_iter().chain(lambda).collect();
    let solution = Solution { x, y, bound_duals: vec![0.0; n], ..Solution::default() };
    Ok((program.assume_convex().build()?, solution))
}
