//! A Cholesky factorization that grows and shrinks: `M = TTᵀ`, with `T` packed by rows.

use super::dense_llt::factor_lower;
use super::kernels::{dot, lower_square, solve_rows_lower, solve_rows_lower_many, solve_rows_upper};

/// `M = TTᵀ` (`k × k`): row `i` of the lower triangle holds `i + 1` entries, so appending a row of `M` is appending one of `T`.
#[derive(Default)]
pub(crate) struct RowLlt {
    size: usize,
    rows: Vec<f64>,
    rotations: Vec<(f64, f64)>,
    product: Vec<f64>,
}

/// Removing so many rows at once is faster by factoring again than by rotations.
const MANY: usize = 4;

/// The smaller number, or NaN where there is one.
fn min_nan(a: f64, b: f64) -> f64 {
    if b < a || b.is_nan() { b } else { a }
}

fn start(i: usize) -> usize {
    i * (i + 1) / 2
}

impl RowLlt {
    pub(crate) fn clear(&mut self) {
        self.size = 0;
        self.rows.clear();
    }

    fn row(&self, i: usize) -> &[f64] {
        &self.rows[start(i)..start(i + 1)]
    }

    /// Appends the row `(m, diagonal)` of `M`; false, and nothing changed, where the pivot is at most `threshold`
    /// times the diagonal. `m` is overwritten.
    pub(crate) fn append(&mut self, m: &mut [f64], diagonal: f64, threshold: f64) -> bool {
        self.solve_lower(m);
        let pivot = diagonal - dot(m, m);
        if pivot.is_nan() || pivot <= threshold * diagonal {
            return false;
        }
        self.append_solved(m, pivot);
        true
    }

    /// Appends `k` rows of `M`: their products with the rows before (`size × k`) and with one another (`k × k`), both by
    /// columns and overwritten; false, and nothing changed, where a pivot is at most `threshold` times its diagonal.
    pub(crate) fn append_block(&mut self, cross: &mut [f64], square: &mut [f64], k: usize, threshold: f64) -> bool {
        let size = self.size;
        let column = |i: usize| i * size..(i + 1) * size;
        if size > 0 {
            solve_rows_lower_many(&self.rows, size, cross);
        }
        let cross = &*cross;
        self.product.clear();
        self.product.resize(k * k + k, 0.0);
        let (product, diagonal) = self.product.split_at_mut(k * k);
        for (i, d) in diagonal.iter_mut().enumerate() {
            *d = square[i * k + i];
        }
        if size > 0 {
            lower_square(cross, size, product);
            square.iter_mut().zip(&*product).for_each(|(s, p)| *s -= p);
        }
        if !factor_lower(square, k) {
            return false;
        }
        let pivot = |i: usize| square[i * k + i] * square[i * k + i];
        if diagonal.iter().enumerate().any(|(i, d)| pivot(i) <= threshold * d) {
            return false;
        }
        for i in 0..k {
            self.rows.extend_from_slice(&cross[column(i)]);
            self.rows.extend((0..=i).map(|j| square[j * k + i]));
        }
        self.size += k;
        true
    }

    /// Removes all rows from `size` on.
    pub(crate) fn truncate(&mut self, size: usize) {
        self.size = size.min(self.size);
        self.rows.truncate(start(self.size));
    }

    /// Appends a row of `T`: `T⁻¹m` and the square of its diagonal entry.
    pub(crate) fn append_solved(&mut self, t: &[f64], pivot: f64) {
        self.rows.extend_from_slice(t);
        self.rows.push(pivot.sqrt());
        self.size += 1;
    }

    /// Removes the rows and columns at `positions` (ascending) of `M`.
    pub(crate) fn remove_all(&mut self, positions: &[usize]) {
        if positions.len() < MANY || !self.refactor_without(positions) {
            positions.iter().rev().for_each(|&p| self.remove(p));
        }
    }

    /// Factors again what is behind the first of `positions`; false, and nothing changed, where that fails.
    fn refactor_without(&mut self, positions: &[usize]) -> bool {
        let first = positions[0];
        let (width, k) = (self.size - first, self.size - first - positions.len());
        self.product.clear();
        self.product.resize(width * k + k * k, 0.0);
        let (kept, square) = self.product.split_at_mut(width * k);
        let is_kept = |i: &usize| positions.binary_search(i).is_err();
        for (row, i) in kept.chunks_exact_mut(width).zip((first..self.size).filter(is_kept)) {
            row[..=i - first].copy_from_slice(&self.rows[start(i) + first..start(i + 1)]);
        }
        lower_square(kept, width, square);
        if !factor_lower(square, k) {
            return false;
        }
        let mut write = start(first);
        for (row, i) in (first..self.size).filter(is_kept).enumerate() {
            self.rows.copy_within(start(i)..start(i) + first, write);
            write += first;
            for column in 0..=row {
                self.rows[write] = square[column * k + row];
                write += 1;
            }
        }
        self.rows.truncate(write);
        self.size -= positions.len();
        true
    }

    /// Removes row and column `p` of `M` by plane rotations.
    pub(crate) fn remove(&mut self, p: usize) {
        self.rotations.clear();
        let mut write = start(p);
        for i in p + 1..self.size {
            let row = &mut self.rows[start(i)..start(i + 1)];
            for (c, &(cos, sin)) in self.rotations.iter().enumerate() {
                let (a, b) = (row[p + c], row[p + c + 1]);
                row[p + c] = cos * a + sin * b;
                row[p + c + 1] = cos * b - sin * a;
            }
            let (a, b) = (row[i - 1], row[i]);
            let size = a.hypot(b);
            self.rotations.push((a / size, b / size));
            row[i - 1] = size;
            self.rows.copy_within(start(i)..start(i + 1) - 1, write);
            write += i;
        }
        self.rows.truncate(write);
        self.size -= 1;
    }

    /// The smallest square of a diagonal entry of `T` relative to that of `M`; 1 where there is none.
    pub(crate) fn smallest_pivot(&self) -> f64 {
        let relative = |row: &[f64]| row.last().map_or(1.0, |d| d * d / dot(row, row));
        (0..self.size).map(|i| relative(self.row(i))).fold(1.0, min_nan)
    }

    /// `v ← T⁻¹v`.
    pub(crate) fn solve_lower(&self, v: &mut [f64]) {
        solve_rows_lower(&self.rows, v);
    }

    /// `v ← T⁻ᵀv`.
    pub(crate) fn solve_upper(&self, v: &mut [f64]) {
        solve_rows_upper(&self.rows, v);
    }

    /// `v ← M⁻¹v`.
    pub(crate) fn solve(&self, v: &mut [f64]) {
        self.solve_lower(v);
        self.solve_upper(v);
    }
}

#[cfg(test)]
mod tests {
    use super::RowLlt;

    /// Removing rows together is removing them one by one.
    #[test]
    fn removed_together_or_one_by_one() {
        let k = 12;
        let b = |i: usize, c: usize| ((i * 5 + c * 3 + i * i * c) % 7) as f64 - 3.0 + if i == c { 9.0 } else { 0.0 };
        let m = |i: usize, j: usize| -> f64 { (0..k).map(|c| b(i, c) * b(j, c)).sum() };
        for positions in [&[0, 1, 2, 3][..], &[2, 5, 6, 11], &[1, 3, 4, 8, 9, 10], &[8, 9, 10, 11]] {
            let (mut together, mut single) = (RowLlt::default(), RowLlt::default());
            for t in [&mut together, &mut single] {
                for i in 0..k {
                    assert!(t.append(&mut (0..i).map(|j| m(i, j)).collect::<Vec<_>>(), m(i, i), 1e-12));
                }
            }
            together.remove_all(positions);
            positions.iter().rev().for_each(|&p| single.remove(p));
            assert_eq!((together.size, together.rows.len()), (single.size, single.rows.len()));
            for (a, b) in together.rows.iter().zip(&single.rows) {
                assert!((a - b).abs() < 1e-12 * (1.0 + a.abs()), "{positions:?}");
            }
        }
    }

    /// Rows appended one by one and in blocks are the same factor, and a dependent row is refused either way.
    #[test]
    fn blocks_are_rows() {
        let k = 11;
        let b = |i: usize, c: usize| ((i * 5 + c * 3 + i * i * c) % 7) as f64 - 3.0 + if i == c { 9.0 } else { 0.0 };
        let m = |i: usize, j: usize| -> f64 { (0..k).map(|c| b(i, c) * b(j, c)).sum() };
        let mut single = RowLlt::default();
        for i in 0..k {
            assert!(single.append(&mut (0..i).map(|j| m(i, j)).collect::<Vec<_>>(), m(i, i), 1e-12));
        }
        for split in 0..k {
            let mut blocks = RowLlt::default();
            for (from, to) in [(0, split), (split, k)] {
                let mut cross: Vec<f64> = (from..to).flat_map(|i| (0..from).map(move |j| m(i, j))).collect();
                let mut square: Vec<f64> = (from..to).flat_map(|i| (from..to).map(move |j| m(i, j))).collect();
                assert!(blocks.append_block(&mut cross, &mut square, to - from, 1e-12));
            }
            for (a, b) in single.rows.iter().zip(&blocks.rows) {
                assert!((a - b).abs() < 1e-12 * (1.0 + a.abs()));
            }
            // Row 0 once more.
            let mut again: Vec<f64> = (0..k).map(|j| m(0, j)).collect();
            assert!(!blocks.append_block(&mut again, &mut [m(0, 0)], 1, 1e-12));
            assert_eq!(blocks.rows.len(), single.rows.len());
            blocks.truncate(3);
            let mut v = vec![m(0, 1), m(1, 1), m(2, 1)];
            blocks.solve(&mut v);
            assert!(v.iter().zip([0.0, 1.0, 0.0]).all(|(v, want)| (v - want).abs() < 1e-12));
        }
    }

    /// `M = BBᵀ` with `B = [2 0 0 0; 1 3 0 0; -1 2 1 0; 4 1 -2 5]`, factored row by row, loses row 1: the rest solves.
    #[test]
    fn a_row_appended_and_removed() {
        let b: [[f64; 4]; 4] =
            [[2.0, 0.0, 0.0, 0.0], [1.0, 3.0, 0.0, 0.0], [-1.0, 2.0, 1.0, 0.0], [4.0, 1.0, -2.0, 5.0]];
        let m = |i: usize, j: usize| -> f64 { b[i].iter().zip(&b[j]).map(|(x, y)| x * y).sum() };
        for removed in 0..4 {
            let mut t = RowLlt::default();
            for i in 0..4 {
                let mut row: Vec<f64> = (0..i).map(|j| m(i, j)).collect();
                assert!(t.append(&mut row, m(i, i), 1e-12));
            }
            assert!(!t.append(&mut [m(0, 0), m(0, 1), m(0, 2), m(0, 3)], m(0, 0), 1e-12));
            t.remove(removed);
            let kept: Vec<usize> = (0..4).filter(|&i| i != removed).collect();
            let mut v = vec![1.0, -2.0, 3.0];
            t.solve(&mut v);
            for (i, want) in kept.iter().zip([1.0, -2.0, 3.0]) {
                let have: f64 = kept.iter().zip(&v).map(|(j, x)| m(*i, *j) * x).sum();
                assert!((have - want).abs() < 1e-12);
            }
        }
    }
}
