//! The upper triangle of a KKT matrix, with maps that turn new values into a scatter.

use bpqp_traits::CscRef;

use crate::linalg::UpperPattern;

/// The upper triangle of `[H + diag(a)  Cᵀ; C  diag(b)]` by columns, every diagonal entry stored.
#[derive(Clone, Debug)]
pub(crate) struct KktMatrix {
    pub(crate) pattern: UpperPattern,
    pub(crate) values: Vec<f64>,
    /// Place of every entry of `H`.
    h_map: Vec<usize>,
    /// Place of every entry of `C`.
    c_map: Vec<usize>,
    /// Place of every diagonal entry.
    diagonal: Vec<usize>,
}

impl KktMatrix {
    /// The pattern for `h` (`d × d`, upper triangle) and `c` (`k × d`); values zero.
    pub(crate) fn new(h: CscRef<'_>, c: CscRef<'_>) -> Self {
        let (d, k) = (h.ncols(), c.nrows());
        let mut col_ptr = Vec::with_capacity(d + k + 1);
        let mut row_idx = Vec::with_capacity(h.nnz() + c.nnz() + d + k);
        let (mut h_map, mut diagonal) = (Vec::with_capacity(h.nnz()), Vec::with_capacity(d + k));
        col_ptr.push(0);
        for j in 0..d {
            let mut last = None;
            for (i, _) in h.col(j) {
                h_map.push(row_idx.len());
                row_idx.push(i);
                last = Some(i);
            }
            if last != Some(j) {
                row_idx.push(j);
            }
            diagonal.push(row_idx.len() - 1);
            col_ptr.push(row_idx.len());
        }
        let mut next = row_counts(c);
        let mut start = row_idx.len();
        for (i, count) in next.iter_mut().enumerate() {
            let end = start + *count;
            *count = start;
            start = end + 1;
            diagonal.push(end);
            row_idx.resize(end, 0);
            row_idx.push(d + i);
            col_ptr.push(end + 1);
        }
        let mut c_map = Vec::with_capacity(c.nnz());
        for (i, j, _) in c.entries() {
            c_map.push(next[i]);
            row_idx[next[i]] = j;
            next[i] += 1;
        }
        let values = vec![0.0; row_idx.len()];
        Self { pattern: UpperPattern { dim: d + k, col_ptr, row_idx }, values, h_map, c_map, diagonal }
    }

    /// Scatters the values of `h` and `c`; the diagonal gets nothing but `h`'s.
    pub(crate) fn set(&mut self, h: &[f64], c: &[f64]) {
        self.values.fill(0.0);
        for (&p, v) in self.h_map.iter().zip(h) {
            self.values[p] = *v;
        }
        for (&p, v) in self.c_map.iter().zip(c) {
            self.values[p] = *v;
        }
    }

    /// Adds `v` to diagonal entry `i`.
    pub(crate) fn add_diagonal(&mut self, i: usize, v: f64) {
        self.values[self.diagonal[i]] += v;
    }

    /// Multiplies entry `(i, j)` by `s[i] s[j]`.
    pub(crate) fn scale(&mut self, s: &[f64]) {
        for j in 0..self.pattern.dim {
            for p in self.pattern.col_ptr[j]..self.pattern.col_ptr[j + 1] {
                self.values[p] *= s[self.pattern.row_idx[p]] * s[j];
            }
        }
    }
}

fn row_counts(c: CscRef<'_>) -> Vec<usize> {
    let mut counts = vec![0; c.nrows()];
    for &i in c.row_idx() {
        counts[i] += 1;
    }
    counts
}
