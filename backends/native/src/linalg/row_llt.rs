//! A Cholesky factorization that grows and shrinks: `M = TTᵀ`, with `T` packed by rows.

use super::kernels::{axpy, dot};

/// `M = TTᵀ` (`k × k`): row `i` of the lower triangle holds `i + 1` entries, so appending a row of `M` is appending one of `T`.
#[derive(Default)]
pub(crate) struct RowLlt {
    size: usize,
    rows: Vec<f64>,
    rotations: Vec<(f64, f64)>,
}

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

    /// Appends a row of `T`: `T⁻¹m` and the square of its diagonal entry.
    pub(crate) fn append_solved(&mut self, t: &[f64], pivot: f64) {
        self.rows.extend_from_slice(t);
        self.rows.push(pivot.sqrt());
        self.size += 1;
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
        for i in 0..self.size {
            let row = self.row(i);
            v[i] = (v[i] - dot(&row[..i], &v[..i])) / row[i];
        }
    }

    /// `v ← T⁻ᵀv`.
    pub(crate) fn solve_upper(&self, v: &mut [f64]) {
        for i in (0..self.size).rev() {
            let row = self.row(i);
            let x = v[i] / row[i];
            v[i] = x;
            axpy(-x, &row[..i], &mut v[..i]);
        }
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
