//! `y_k = L⁻¹a_k`, made when first asked for and kept as long as `L` is.

use super::data::DenseData;
use crate::linalg::{DenseLlt, dot};

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
}

impl Columns {
    pub(super) fn new(n: usize, constraints: usize) -> Self {
        Self { n, slot: vec![NONE; constraints], values: Vec::new(), squares: Vec::new() }
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
