//! `y_k = L⁻¹a_k`, made when first asked for and kept as long as `L` is.

use faer::MatMut;

use super::data::DenseData;
use super::factor::Member;
use crate::linalg::{DenseLlt, dot, gram, is_large, lower_gram, lower_square, transposed_product};

const NONE: u32 = u32::MAX;
/// From this many rows on, one solve with many right-hand sides.
const BATCH: usize = 4;

/// The columns made so far.
pub(crate) struct Columns {
    n: usize,
    slot: Vec<u32>,
    /// The columns, one after another.
    values: Vec<f64>,
    /// `|y_k|²`, by slot.
    squares: Vec<f64>,
    gathered: Vec<f64>,
}

impl Columns {
    pub(super) fn new(n: usize, constraints: usize) -> Self {
        Self { n, slot: vec![NONE; constraints], values: Vec::new(), squares: Vec::new(), gathered: Vec::new() }
    }

    /// Forgets all: the factorization has changed.
    pub(super) fn clear(&mut self) {
        self.slot.fill(NONE);
        self.values.clear();
        self.squares.clear();
    }

    pub(super) fn get(&self, k: usize) -> &[f64] {
        let s = self.slot[k] as usize;
        &self.values[s * self.n..(s + 1) * self.n]
    }

    pub(super) fn square(&self, k: usize) -> f64 {
        self.squares[self.slot[k] as usize]
    }

    /// `out = (y_iᵀy_j)`, `i` over `rows` and `j` over `columns` (`rows × columns`, by columns).
    pub(super) fn products(&mut self, rows: &[Member], columns: &[Member], out: &mut [f64]) {
        if !is_large(self.n, rows.len(), columns.len()) {
            return gram(|i| self.get(rows[i].index), |j| self.get(columns[j].index), rows.len(), out);
        }
        self.gather(columns);
        let n = self.n;
        let mut done = 0;
        // Columns made together lie together.
        for run in rows.chunk_by(|a, b| self.slot[b.index] == self.slot[a.index] + 1) {
            let first = self.slot[run[0].index] as usize;
            let a = &self.values[first * n..(first + run.len()) * n];
            let out = MatMut::from_column_major_slice_mut(out, rows.len(), columns.len());
            transposed_product(a, &self.gathered, n, out.subrows_mut(done, run.len()));
            done += run.len();
        }
    }

    /// The lower triangle of `out = (y_iᵀy_j)` over `members` (by columns).
    pub(super) fn lower_products(&mut self, members: &[Member], out: &mut [f64]) {
        if !is_large(self.n, members.len(), members.len()) {
            return lower_gram(|i| self.get(members[i].index), members.len(), out);
        }
        self.gather(members);
        lower_square(&self.gathered, self.n, out);
    }

    /// The columns of `members`, one after another.
    pub(super) fn gathered(&mut self, members: &[Member]) -> &[f64] {
        self.gather(members);
        &self.gathered
    }

    /// Copies the columns of `members` one after another.
    fn gather(&mut self, members: &[Member]) {
        let Self { n, slot, values, gathered, .. } = self;
        gathered.clear();
        for w in members {
            let s = slot[w.index] as usize;
            gathered.extend_from_slice(&values[s * *n..(s + 1) * *n]);
        }
    }

    /// Makes the columns of `wanted` that are missing.
    pub(super) fn ensure(&mut self, data: &DenseData, llt: &DenseLlt, wanted: impl Iterator<Item = usize>) {
        let n = self.n;
        let first = self.squares.len();
        let mut dense = 0;
        for k in wanted {
            if self.slot[k] != NONE {
                continue;
            }
            self.slot[k] = self.squares.len() as u32;
            if k < data.m {
                self.values.extend_from_slice(data.normal(k));
            } else {
                self.values.resize(self.values.len() + n, 0.0);
                data.add_normal(k, 1.0, &mut self.values[self.squares.len() * n..]);
            }
            self.squares.push(0.0);
            dense += usize::from(k < data.m);
        }
        let new = &mut self.values[first * n..];
        if dense >= BATCH {
            llt.solve_lower_many(new);
        } else {
            for column in new.chunks_exact_mut(n) {
                let leading = column.iter().position(|&v| v != 0.0).unwrap_or(n);
                llt.solve_lower_from(leading, column);
            }
        }
        for (square, column) in self.squares[first..].iter_mut().zip(self.values[first * n..].chunks_exact(n)) {
            *square = dot(column, column);
        }
    }
}
