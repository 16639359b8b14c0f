//! A sparse factor of a positive semidefinite matrix, which may be singular.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use bpqp_traits::{CscMatrix, CscRef, Error, Result};

/// What elimination leaves of a diagonal entry, relative to that entry, is rounding below this.
const ROUNDING: f64 = 1e-13;
/// What it leaves of any entry beyond this, relative to the diagonal entries of its row and column, is negative curvature.
const CURVATURE: f64 = 1e-9;
/// Pivots keep at least this share of the largest such relation, so that what is left at the end is small everywhere.
const SHARE: f64 = 0.1;

/// `L` (`n × r`, `r` the rank) with `P = L Lᵀ`, from the upper triangle `p`: a Cholesky factorization that takes the pivot
/// with the fewest neighbors among those that have kept most of their entry.
///
/// # Errors
/// [`Error::NotConvex`] where `P` is not positive semidefinite.
pub(crate) fn factor(p: CscRef<'_>) -> Result<CscMatrix> {
    let mut rest = Rest::new(p);
    let n = p.ncols();
    let mut left: Vec<usize> = (0..n).filter(|&j| rest.original[j] > 0.0).collect();
    loop {
        left.retain(|&j| !rest.done[j]);
        let largest = left.iter().map(|&j| rest.kept(j)).fold(0.0, f64::max);
        if largest <= ROUNDING {
            break;
        }
        let floor = (SHARE * largest).max(ROUNDING);
        let mut queue: BinaryHeap<_> = left.iter().map(|&j| Reverse((rest.rows[j].len(), j))).collect();
        while let Some(Reverse((neighbors, j))) = queue.pop() {
            // An entry with another count is out of date; the current one is in the queue too.
            if !rest.done[j] && rest.rows[j].len() == neighbors && rest.kept(j) > floor {
                queue.extend(rest.eliminate(j).into_iter().map(|i| Reverse((rest.rows[i].len(), i))));
            }
        }
    }
    rest.check()?;
    CscMatrix::from_triplets(n, rest.rank, &rest.factor)
}

/// What is left of `P` after some columns are eliminated.
struct Rest {
    original: Vec<f64>,
    diagonal: Vec<f64>,
    /// Both triangles beside the diagonal, by rows, ascending.
    rows: Vec<Vec<(usize, f64)>>,
    done: Vec<bool>,
    factor: Vec<(usize, usize, f64)>,
    rank: usize,
}

impl Rest {
    fn new(p: CscRef<'_>) -> Self {
        let n = p.ncols();
        let (mut diagonal, mut rows) = (vec![0.0; n], vec![Vec::new(); n]);
        for (i, j, v) in p.entries().filter(|(_, _, v)| *v != 0.0) {
            if i == j {
                diagonal[i] = v;
            } else {
                rows[i].push((j, v));
                rows[j].push((i, v));
            }
        }
        rows.iter_mut().for_each(|row| row.sort_unstable_by_key(|entry| entry.0));
        Self { original: diagonal.clone(), diagonal, rows, done: vec![false; n], factor: Vec::new(), rank: 0 }
    }

    /// What is left of a diagonal entry, relative to what it was.
    fn kept(&self, j: usize) -> f64 {
        self.diagonal[j] / self.original[j]
    }

    /// Takes column `j` of `L`; returns the rows that it touches.
    fn eliminate(&mut self, j: usize) -> Vec<usize> {
        let root = self.diagonal[j].sqrt();
        let column: Vec<_> = std::mem::take(&mut self.rows[j]).into_iter().map(|(i, v)| (i, v / root)).collect();
        for &(i, v) in &column {
            self.diagonal[i] -= v * v;
            subtract(&mut self.rows[i], v, &column, (i, j));
        }
        self.factor.push((j, self.rank, root));
        self.factor.extend(column.iter().map(|&(i, v)| (i, self.rank, v)));
        self.rank += 1;
        self.done[j] = true;
        column.into_iter().map(|(i, _)| i).collect()
    }

    /// What is left must be rounding.
    fn check(&self) -> Result<()> {
        for (i, row) in self.rows.iter().enumerate().filter(|(i, _)| !self.done[*i]) {
            let scale = |j: usize| (self.original[i] * self.original[j]).sqrt();
            let small = row.iter().all(|&(j, v)| v.abs() <= CURVATURE * scale(j));
            if self.diagonal[i] < -CURVATURE * self.original[i] || !small {
                let reason = format!("P has a negative eigenvalue, which variable {i} shows");
                return Err(Error::NotConvex { reason });
            }
        }
        Ok(())
    }
}

/// Subtracts `scale` times `column` from `row`, without the entry of the row's own number `own.0`, and drops its entry in
/// the eliminated `own.1`.
fn subtract(row: &mut Vec<(usize, f64)>, scale: f64, column: &[(usize, f64)], own: (usize, usize)) {
    row.retain(|entry| entry.0 != own.1);
    let (mut at, mut fill) = (0, Vec::new());
    for &(j, v) in column.iter().filter(|entry| entry.0 != own.0) {
        while row.get(at).is_some_and(|entry| entry.0 < j) {
            at += 1;
        }
        match row.get_mut(at) {
            Some(entry) if entry.0 == j => entry.1 -= scale * v,
            _ => fill.push((j, -scale * v)),
        }
    }
    if !fill.is_empty() {
        row.extend(fill);
        row.sort_unstable_by_key(|entry| entry.0);
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a helper of tests fails the test")]

    use bpqp_traits::ErrorKind;

    use super::*;

    /// Entries in `[−1, 1)` from a linear congruential generator.
    fn numbers(seed: u64) -> impl FnMut() -> f64 {
        let mut state = seed;
        move || {
            state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
            (state >> 11) as f64 / (1_u64 << 52) as f64 - 1.0
        }
    }

    /// The upper triangle of `B Bᵀ` for a dense `B` (`n × r`, by rows).
    fn gram(n: usize, r: usize, b: &[f64]) -> CscMatrix {
        let entry = |i: usize, j: usize| (0..r).map(|k| b[i * r + k] * b[j * r + k]).sum::<f64>();
        let upper: Vec<_> =
            (0..n).flat_map(|j| (0..=j).map(move |i| (i, j))).map(|(i, j)| (i, j, entry(i, j))).collect();
        CscMatrix::from_triplets(n, n, &upper).unwrap()
    }

    /// The largest entry of `P − L Lᵀ`, relative to the diagonal entries of its row and column.
    fn error(p: &CscMatrix, l: &CscMatrix) -> f64 {
        let (n, mut rows) = (p.nrows(), vec![vec![0.0; l.ncols()]; p.nrows()]);
        l.as_ref().entries().for_each(|(i, k, v)| rows[i][k] = v);
        let mut product = vec![vec![0.0; n]; n];
        p.as_ref().entries().for_each(|(i, j, v)| product[i][j] = v);
        let scale =
            |i: usize, j: usize| (p.as_ref().diagonal(i) * p.as_ref().diagonal(j)).sqrt().max(f64::MIN_POSITIVE);
        let difference = |i: usize, j: usize| {
            let found: f64 = rows[i].iter().zip(&rows[j]).map(|(a, b)| a * b).sum();
            (product[i][j] - found).abs() / scale(i, j)
        };
        (0..n).flat_map(|j| (0..=j).map(move |i| (i, j))).map(|(i, j)| difference(i, j)).fold(0.0, f64::max)
    }

    #[test]
    fn the_product_is_the_matrix_whatever_its_rank() {
        for (n, r) in [(1, 1), (5, 5), (12, 3), (30, 29), (40, 1)] {
            let mut next = numbers(7 * n as u64 + r as u64);
            // Rows of very different sizes.
            let b: Vec<f64> = (0..n * r).map(|k| next() * 10_f64.powi((k / r % 7) as i32 - 3)).collect();
            let p = gram(n, r, &b);
            let l = factor(p.as_ref()).unwrap();
            assert_eq!((l.nrows(), l.ncols()), (n, r));
            assert!(error(&p, &l) <= 1e-12, "{n} × {r}: {:e}", error(&p, &l));
        }
    }

    #[test]
    fn an_arrow_and_a_chain_do_not_fill_in() {
        let n = 200;
        let arrow = (1..n).map(|j| (0, j, 1.0)).chain((1..n).map(|j| (j, j, 2.0))).chain([(0, 0, n as f64)]);
        // Differences of neighbors: constants are its null space.
        let chain = (1..n).map(|j| (j - 1, j, -1.0)).chain((1..n - 1).map(|j| (j, j, 2.0)));
        let chain = chain.chain([(0, 0, 1.0), (n - 1, n - 1, 1.0)]);
        for (entries, rank) in [(arrow.collect::<Vec<_>>(), n), (chain.collect(), n - 1)] {
            let p = CscMatrix::from_triplets(n, n, &entries).unwrap();
            let l = factor(p.as_ref()).unwrap();
            assert_eq!((l.ncols(), l.nnz()), (rank, n - 1 + rank));
            assert!(error(&p, &l) <= 1e-13);
        }
    }

    #[test]
    fn variables_without_curvature_have_no_rows() {
        let p = CscMatrix::from_triplets(4, 4, &[(1, 1, 4.0), (2, 2, 0.0), (1, 2, 0.0), (3, 3, 1e-20)]).unwrap();
        let l = factor(p.as_ref()).unwrap();
        assert_eq!(l.as_ref().entries().collect::<Vec<_>>(), [(1, 0, 2.0), (3, 1, 1e-10)]);
    }

    #[test]
    fn negative_curvature_is_refused() {
        // A negative eigenvalue; a zero on the diagonal; one behind a singular block; one of 1e-6.
        let cases: [&[(usize, usize, f64)]; 4] = [
            &[(0, 0, 1.0), (0, 1, 2.0), (1, 1, 1.0)],
            &[(0, 1, 1e-3), (1, 1, 1.0)],
            &[(0, 0, 1.0), (0, 1, 1.0), (1, 1, 1.0), (0, 2, 1.0), (1, 2, 0.5), (2, 2, 3.0)],
            &[(0, 0, 1.0), (0, 1, 1.0), (1, 1, 1.0 - 1e-6)],
        ];
        for entries in cases {
            let p = CscMatrix::from_triplets(3, 3, entries).unwrap();
            assert_eq!(factor(p.as_ref()).unwrap_err().kind(), ErrorKind::NotConvex, "{entries:?}");
        }
    }
}
