//! Dense factorizations: Cholesky, and a QR that gains and loses columns.

use bpqp_traits::vector::{axpy, dot};

/// The factor `L` of `H = LLᵀ`.
pub struct Cholesky {
    /// Row `i` has the entries `L[i, 0..=i]`.
    rows: Vec<Vec<f64>>,
}

impl Cholesky {
    /// Factorizes a symmetric matrix, given by rows; `None` where it is not positive definite.
    pub fn new(h: &[Vec<f64>]) -> Option<Self> {
        let mut rows: Vec<Vec<f64>> = Vec::with_capacity(h.len());
        for (i, h) in h.iter().enumerate() {
            let mut row: Vec<f64> = Vec::with_capacity(i + 1);
            for (j, above) in rows.iter().enumerate() {
                row.push((h[j] - dot(&row, above)) / above[j]);
            }
            let pivot = h[i] - dot(&row, &row);
            if pivot.is_nan() || pivot <= 0.0 {
                return None;
            }
            row.push(pivot.sqrt());
            rows.push(row);
        }
        Some(Self { rows })
    }

    /// `v := L⁻¹v`.
    pub fn solve(&self, v: &mut [f64]) {
        for (i, row) in self.rows.iter().enumerate() {
            v[i] = (v[i] - dot(&row[..i], v)) / row[i];
        }
    }

    /// `v := L⁻ᵀv`.
    pub fn solve_transpose(&self, v: &mut [f64]) {
        for (i, row) in self.rows.iter().enumerate().rev() {
            v[i] /= row[i];
            axpy(-v[i], &row[..i], v.split_at_mut(i).0);
        }
    }
}

/// `B = QR` with orthonormal columns in `Q`.
#[derive(Default)]
pub struct Qr {
    q: Vec<Vec<f64>>,
    /// Column `j` has the entries `R[0..=j, j]`.
    r: Vec<Vec<f64>>,
}

impl Qr {
    /// `v := (I − QQᵀ)v`; returns `Qᵀv`. Twice, since once loses digits where `v` is nearly in the range of `Q`.
    pub fn project(&self, v: &mut [f64]) -> Vec<f64> {
        let mut coefficients = vec![0.0; self.q.len()];
        for _ in 0..2 {
            for (c, q) in coefficients.iter_mut().zip(&self.q) {
                let along = dot(q, v);
                axpy(-along, q, v);
                *c += along;
            }
        }
        coefficients
    }

    /// Adds a column, which must not depend on the others.
    pub fn push(&mut self, mut column: Vec<f64>) {
        let mut r = self.project(&mut column);
        let norm = dot(&column, &column).sqrt();
        column.iter_mut().for_each(|v| *v /= norm);
        r.push(norm);
        self.q.push(column);
        self.r.push(r);
    }

    /// Takes column `k` out, restoring the triangle by rotations.
    pub fn remove(&mut self, k: usize) {
        self.r.remove(k);
        for j in k..self.r.len() {
            let (a, b) = (self.r[j][j], self.r[j][j + 1]);
            let norm = a.hypot(b);
            let (c, s) = (a / norm, b / norm);
            for column in &mut self.r[j..] {
                (column[j], column[j + 1]) = (c * column[j] + s * column[j + 1], c * column[j + 1] - s * column[j]);
            }
            self.r[j].truncate(j + 1);
            let (left, right) = self.q.split_at_mut(j + 1);
            for (x, y) in left[j].iter_mut().zip(&mut right[0]) {
                (*x, *y) = (c * *x + s * *y, c * *y - s * *x);
            }
        }
        self.q.pop();
    }

    /// `v := v + Q c`.
    pub fn add_range(&self, c: &[f64], v: &mut [f64]) {
        self.q.iter().zip(c).for_each(|(q, c)| axpy(*c, q, v));
    }

    /// `v := R⁻¹v`.
    pub fn solve(&self, v: &mut [f64]) {
        for (j, column) in self.r.iter().enumerate().rev() {
            v[j] /= column[j];
            axpy(-v[j], &column[..j], v.split_at_mut(j).0);
        }
    }

    /// `v := R⁻ᵀv`.
    pub fn solve_transpose(&self, v: &mut [f64]) {
        for (j, column) in self.r.iter().enumerate() {
            v[j] = (v[j] - dot(&column[..j], v)) / column[j];
        }
    }
}
