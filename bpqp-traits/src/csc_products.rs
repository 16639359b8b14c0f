//! Products of a sparse matrix with vectors: one pass over the entries, vector instructions where columns are dense.

use std::ops::Range;

use pulp::{Arch, Simd};

use crate::column_kernels::{WIDTH, axpy, axpy_dot, axpy_dot_columns, dot};
use crate::{CscRef, vector};

/// Dense columns below this length are not worth whole vectors.
const SHORT: usize = 8;

/// Columns of fewer entries on average are passed over one entry after another: to look for dense ones costs more.
const SPARSE: usize = 4;

impl<'a> CscRef<'a> {
    /// `y += alpha · A x`, with `x` of length `ncols` and `y` of length `nrows`.
    pub fn mul_add(&self, alpha: f64, x: &[f64], y: &mut [f64]) {
        match self.single_row() {
            Some(row) => y[0] += alpha * vector::dot(row, x),
            None if self.nrows() == 1 => y[0] += alpha * self.row_times(x),
            None => add_columns(self, alpha, x, y),
        }
    }

    /// `y += alpha · Aᵀx`, with `x` of length `nrows` and `y` of length `ncols`.
    pub fn transpose_mul_add(&self, alpha: f64, x: &[f64], y: &mut [f64]) {
        match self.single_row() {
            Some(row) => vector::axpy(alpha * x[0], row, y),
            None => dot_columns(self, alpha, x, y),
        }
    }

    /// `ax += alpha · A x` and `aty += alpha · Aᵀy` in one pass over the entries.
    pub fn mul_both_add(&self, alpha: f64, (x, ax): (&[f64], &mut [f64]), (y, aty): (&[f64], &mut [f64])) {
        match self.single_row() {
            Some(row) => {
                ax[0] += alpha * vector::dot(row, x);
                vector::axpy(alpha * y[0], row, aty);
            }
            None if self.nrows() == 1 => {
                ax[0] += alpha * self.row_times(x);
                dot_columns(self, alpha, y, aty);
            }
            None => add_and_dot_columns(self, alpha, (x, ax), (y, aty)),
        }
    }

    /// `y += alpha · M x` where this matrix is the upper triangle of the symmetric `M`.
    pub fn symmetric_mul_add(&self, alpha: f64, x: &[f64], y: &mut [f64]) {
        if self.is_diagonal() {
            y.iter_mut().zip(self.values()).zip(x).for_each(|((y, v), x)| *y += alpha * v * x);
        } else {
            add_symmetric(self, alpha, x, y);
        }
    }

    /// `y += alpha · M x` for the symmetric `M` with this upper triangle, where `x` is zero but at the columns `at` and what
    /// `y` becomes elsewhere does not matter.
    pub fn symmetric_mul_add_at(&self, alpha: f64, at: &[usize], x: &[f64], y: &mut [f64]) {
        if self.is_diagonal() {
            at.iter().for_each(|&j| y[j] += alpha * self.values()[j] * x[j]);
        } else {
            add_symmetric_at(self, alpha, at, x, y);
        }
    }

    /// [`mul_both_add`](Self::mul_both_add) where `x` is zero but at the columns `at` and what `aty` becomes elsewhere does not
    /// matter.
    pub fn mul_both_add_at(
        &self,
        alpha: f64,
        at: &[usize],
        (x, ax): (&[f64], &mut [f64]),
        (y, aty): (&[f64], &mut [f64]),
    ) {
        add_and_dot_columns_at(self, alpha, at, (x, ax), (y, aty));
    }

    /// `xᵀM x` where this matrix is the upper triangle of the symmetric `M`.
    pub fn symmetric_quadratic_form(&self, x: &[f64]) -> f64 {
        self.entries().map(|(i, j, v)| if i == j { v * x[i] * x[i] } else { 2.0 * v * x[i] * x[j] }).sum()
    }

    /// Euclidean norm of every row (`nrows`).
    pub fn row_norms(&self) -> Vec<f64> {
        let mut norms = vec![0.0; self.nrows()];
        for (&i, v) in self.row_idx().iter().zip(self.values()) {
            norms[i] += v * v;
        }
        norms.iter_mut().for_each(|n: &mut f64| *n = n.sqrt());
        norms
    }

    /// The one row, where there is no other and all its entries are stored, as a budget has.
    fn single_row(&self) -> Option<&'a [f64]> {
        (self.nrows() == 1 && self.nnz() == self.ncols()).then_some(self.values())
    }

    /// The product of the one row: a sum of its own, as one in memory waits for every store.
    fn row_times(&self, x: &[f64]) -> f64 {
        self.entries().map(|(_, j, v)| v * x[j]).sum()
    }

    /// The entries of column `j`.
    #[inline]
    pub(crate) fn range(&self, j: usize) -> Range<usize> {
        self.col_ptr()[j]..self.col_ptr()[j + 1]
    }

    /// The rows of entries in one column, where these are without gaps, as a dense column's are.
    fn contiguous(&self, entries: Range<usize>) -> Option<Range<usize>> {
        let rows = &self.row_idx()[entries];
        let (&first, &last) = (rows.first()?, rows.last()?);
        (last - first + 1 == rows.len()).then_some(first..last + 1)
    }

    /// The same, where they are many.
    #[inline(always)]
    fn run(&self, entries: Range<usize>) -> Option<Range<usize>> {
        if entries.len() < SHORT { None } else { self.contiguous(entries) }
    }

    /// The dense column `j`: its first row and its values, where the entries are without gaps.
    pub fn dense_col(&self, j: usize) -> Option<(usize, &'a [f64])> {
        let range = self.range(j);
        let rows = self.contiguous(range.clone())?;
        Some((rows.start, &self.values()[range]))
    }

    /// `K` columns from `j` on with their common rows, where these are without gaps and there is more than one column.
    #[inline(always)]
    pub(crate) fn dense_block<const K: usize>(&self, j: usize) -> Option<(Range<usize>, [&'a [f64]; K])> {
        if K < 2 || j + K > self.ncols() {
            return None;
        }
        let rows = self.contiguous(self.range(j))?;
        let mut values = [&[][..]; K];
        for (c, values) in values.iter_mut().enumerate() {
            if self.contiguous(self.range(j + c))? != rows {
                return None;
            }
            *values = &self.values()[self.range(j + c)];
        }
        Some((rows, values))
    }

    /// The same for columns of an upper triangle that start at the same row and end at the diagonal: the rows before `j`, with
    /// whole columns.
    #[inline(always)]
    pub(crate) fn dense_triangle<const K: usize>(&self, j: usize) -> Option<(Range<usize>, [&'a [f64]; K])> {
        if K < 2 || j + K > self.ncols() || self.range(j + K - 1).len() < K {
            return None;
        }
        let start = self.contiguous(self.range(j))?.start;
        let mut values = [&[][..]; K];
        for (c, values) in values.iter_mut().enumerate() {
            if self.contiguous(self.range(j + c))? != (start..j + c + 1) {
                return None;
            }
            *values = &self.values()[self.range(j + c)];
        }
        Some((start..j, values))
    }

    /// Whether most columns have few entries.
    #[inline(always)]
    fn is_sparse(&self) -> bool {
        self.nnz() < SPARSE * self.ncols()
    }

    /// `y += s v` for entries `v` of one column.
    #[inline(always)]
    fn axpy<S: Simd>(&self, simd: S, entries: Range<usize>, s: f64, y: &mut [f64]) {
        match self.run(entries.clone()) {
            Some(rows) => axpy(simd, s, &self.values()[entries], &mut y[rows]),
            None => {
                for p in entries {
                    y[self.row_idx()[p]] += s * self.values()[p];
                }
            }
        }
    }

    /// `vᵀx` for entries `v` of one column.
    #[inline(always)]
    fn dot<S: Simd>(&self, simd: S, entries: Range<usize>, x: &[f64]) -> f64 {
        match self.run(entries.clone()) {
            Some(rows) => dot(simd, &self.values()[entries], &x[rows]),
            None => {
                let mut sum = 0.0;
                for p in entries {
                    sum += self.values()[p] * x[self.row_idx()[p]];
                }
                sum
            }
        }
    }

    /// `y += s v` and `vᵀx` for entries `v` of one column.
    #[inline(always)]
    fn axpy_dot<S: Simd>(&self, simd: S, entries: Range<usize>, (s, y): (f64, &mut [f64]), x: &[f64]) -> f64 {
        match self.run(entries.clone()) {
            Some(rows) => axpy_dot(simd, &self.values()[entries], (s, &mut y[rows.clone()]), &x[rows]),
            None => {
                let mut sum = 0.0;
                for p in entries {
                    let (i, v) = (self.row_idx()[p], self.values()[p]);
                    y[i] += s * v;
                    sum += v * x[i];
                }
                sum
            }
        }
    }
}

// Loops in place of closures, which are not always inlined and would then be compiled without these instructions.

#[pulp::with_simd(add_columns = Arch::new())]
#[inline(always)]
fn add_columns_with_simd<S: Simd>(simd: S, a: &CscRef<'_>, alpha: f64, x: &[f64], y: &mut [f64]) {
    let mut start = 0;
    for (&end, &xj) in a.col_ptr()[1..].iter().zip(x) {
        if xj != 0.0 {
            a.axpy(simd, start..end, alpha * xj, y);
        }
        start = end;
    }
}

#[pulp::with_simd(dot_columns = Arch::new())]
#[inline(always)]
fn dot_columns_with_simd<S: Simd>(simd: S, a: &CscRef<'_>, alpha: f64, x: &[f64], y: &mut [f64]) {
    let mut start = 0;
    for (&end, yj) in a.col_ptr()[1..].iter().zip(y) {
        *yj += alpha * a.dot(simd, start..end, x);
        start = end;
    }
}

#[pulp::with_simd(add_and_dot_columns = Arch::new())]
#[inline(always)]
fn add_and_dot_columns_with_simd<S: Simd>(
    simd: S,
    a: &CscRef<'_>,
    alpha: f64,
    (x, ax): (&[f64], &mut [f64]),
    (y, aty): (&[f64], &mut [f64]),
) {
    if a.is_sparse() {
        let mut start = 0;
        for ((&end, &xj), aty) in a.col_ptr()[1..].iter().zip(x).zip(aty) {
            *aty += alpha * a.axpy_dot(simd, start..end, (alpha * xj, ax), y);
            start = end;
        }
        return;
    }
    let mut j = 0;
    while j < a.ncols() {
        if let Some((rows, values)) = a.dense_block::<WIDTH>(j) {
            let s = [alpha * x[j], alpha * x[j + 1], alpha * x[j + 2], alpha * x[j + 3]];
            let sums = axpy_dot_columns(simd, values, (s, &mut ax[rows.clone()]), &y[rows]);
            aty[j..j + WIDTH].iter_mut().zip(sums).for_each(|(aty, sum)| *aty += alpha * sum);
            j += WIDTH;
        } else {
            aty[j] += alpha * a.axpy_dot(simd, a.range(j), (alpha * x[j], ax), y);
            j += 1;
        }
    }
}

#[pulp::with_simd(add_and_dot_columns_at = Arch::new())]
#[inline(always)]
fn add_and_dot_columns_at_with_simd<S: Simd>(
    simd: S,
    a: &CscRef<'_>,
    alpha: f64,
    at: &[usize],
    (x, ax): (&[f64], &mut [f64]),
    (y, aty): (&[f64], &mut [f64]),
) {
    for &j in at {
        aty[j] += alpha * a.axpy_dot(simd, a.range(j), (alpha * x[j], ax), y);
    }
}

#[pulp::with_simd(add_symmetric = Arch::new())]
#[inline(always)]
fn add_symmetric_with_simd<S: Simd>(simd: S, a: &CscRef<'_>, alpha: f64, x: &[f64], y: &mut [f64]) {
    if a.is_sparse() {
        let mut start = 0;
        for (j, &end) in a.col_ptr()[1..].iter().enumerate() {
            add_symmetric_column(simd, a, alpha, (j, start..end), (x, y));
            start = end;
        }
        return;
    }
    let mut j = 0;
    while j < a.ncols() {
        if let Some((rows, values)) = a.dense_triangle::<WIDTH>(j) {
            let s = [alpha * x[j], alpha * x[j + 1], alpha * x[j + 2], alpha * x[j + 3]];
            let mut sums = axpy_dot_columns(simd, values, (s, &mut y[rows.clone()]), &x[rows.clone()]);
            for c in 0..WIDTH {
                for (b, v) in values[c][rows.len()..].iter().enumerate() {
                    sums[c] += v * x[j + b];
                    sums[b] += if b < c { v * x[j + c] } else { 0.0 };
                }
            }
            y[j..j + WIDTH].iter_mut().zip(sums).for_each(|(y, sum)| *y += alpha * sum);
            j += WIDTH;
        } else {
            add_symmetric_column(simd, a, alpha, (j, a.range(j)), (x, y));
            j += 1;
        }
    }
}

#[pulp::with_simd(add_symmetric_at = Arch::new())]
#[inline(always)]
fn add_symmetric_at_with_simd<S: Simd>(simd: S, a: &CscRef<'_>, alpha: f64, at: &[usize], x: &[f64], y: &mut [f64]) {
    at.iter().for_each(|&j| add_symmetric_column(simd, a, alpha, (j, a.range(j)), (x, y)));
}

#[inline(always)]
fn add_symmetric_column<S: Simd>(
    simd: S,
    a: &CscRef<'_>,
    alpha: f64,
    (j, Range { start, mut end }): (usize, Range<usize>),
    (x, y): (&[f64], &mut [f64]),
) {
    let mut sum = 0.0;
    if end > start && a.row_idx()[end - 1] == j {
        end -= 1;
        sum = a.values()[end] * x[j];
    }
    sum += a.axpy_dot(simd, start..end, (alpha * x[j], y), x);
    y[j] += alpha * sum;
}
