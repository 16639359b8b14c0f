//! The reduced KKT system where `P` is diagonal and rows are few: the Schur complement `A_SF D_F⁻¹ A_SFᵀ`, dense.

use bpqp_traits::{ActiveSet, ProgramRef};

use crate::linalg::{DenseLlt, lower_gram};

/// Relative regularization of the complement, for dependent rows.
const DELTA: f64 = 1e-12;
/// At most so many rows …
const MAX_ROWS: usize = 300;
/// … and a dense copy of them must not be more than so many times as large as what is stored.
const MAX_WORK: usize = 64;

/// The factored complement of one active set.
pub(super) struct Schur {
    /// `1/P_jj` at free variables, zero elsewhere.
    inverse: Vec<f64>,
    /// The active rows, and where every row is among them.
    rows: Vec<usize>,
    place: Vec<usize>,
    /// Entries of the active rows at free variables: `(place, j, v)`, by columns.
    entries: Vec<(usize, usize, f64)>,
    /// The same, times `D^-½`, without columns of one entry (`k` rows, one after another).
    dense: Vec<f64>,
    complement: Vec<f64>,
    packed: Vec<f64>,
    llt: DenseLlt,
    /// The smallest pivot relative to its diagonal entry.
    pub(super) pivot: f64,
    nu: Vec<f64>,
}

impl Schur {
    /// Whether the problem has the form.
    pub(super) fn fits(program: &ProgramRef<'_>) -> bool {
        let (p, m) = (program.p(), program.num_rows());
        let diagonal = p.nnz() == program.num_vars() && p.entries().all(|(i, j, v)| i == j && v > 0.0);
        diagonal && m <= MAX_ROWS && m * program.num_vars() <= MAX_WORK * (program.a().nnz() + program.num_vars())
    }

    pub(super) fn new(program: &ProgramRef<'_>) -> Self {
        let (n, m) = (program.num_vars(), program.num_rows());
        Self {
            inverse: vec![0.0; n],
            rows: Vec::new(),
            place: vec![usize::MAX; m],
            entries: Vec::new(),
            dense: Vec::new(),
            complement: Vec::new(),
            packed: Vec::new(),
            llt: DenseLlt::new(0),
            pivot: 1.0,
            nu: Vec::new(),
        }
    }

    /// Factors for `active`; false where the complement is not positive definite.
    pub(super) fn factorize(&mut self, program: &ProgramRef<'_>, active: &ActiveSet) -> bool {
        self.rows.clear();
        self.rows.extend(active.active_rows());
        self.place.fill(usize::MAX);
        self.rows.iter().enumerate().for_each(|(k, &i)| self.place[i] = k);
        for ((inverse, side), v) in self.inverse.iter_mut().zip(&active.bounds).zip(program.p().values()) {
            *inverse = if side.is_active() { 0.0 } else { 1.0 / v };
        }
        let k = self.rows.len();
        self.entries.clear();
        let a = program.a();
        for j in active.free_variables() {
            let column = a.col_ptr()[j]..a.col_ptr()[j + 1];
            for (&i, v) in a.row_idx()[column.clone()].iter().zip(&a.values()[column]) {
                if self.place[i] != usize::MAX {
                    self.entries.push((self.place[i], j, *v));
                }
            }
        }
        self.form(k);
        if self.nu.len() != k {
            self.llt = DenseLlt::new(k);
            self.nu.resize(k, 0.0);
        }
        let mut shift = Vec::with_capacity(k);
        self.packed.clear();
        for j in 0..k {
            self.packed.extend((0..=j).map(|i| self.complement[i * k + j]));
            shift.push(DELTA * self.complement[j * k + j]);
        }
        let pivot = if k == 0 { Some(1.0) } else { self.llt.factorize(&self.packed, &shift) };
        self.pivot = pivot.unwrap_or(0.0);
        pivot.is_some()
    }

    /// The complement's lower triangle, by columns.
    fn form(&mut self, k: usize) {
        self.complement.clear();
        self.complement.resize(k * k, 0.0);
        // Columns of one entry, as slacks and factors have, only touch the diagonal; the others are gathered densely.
        let groups = || self.entries.chunk_by(|a, b| a.1 == b.1);
        let wide = groups().filter(|column| column.len() > 1).count();
        self.dense.clear();
        self.dense.resize(k * wide, 0.0);
        let mut next = 0;
        for column in groups() {
            let root = self.inverse[column[0].1].sqrt();
            if let [(i, j, v)] = column {
                self.complement[i * k + i] += v * v * self.inverse[*j];
                continue;
            }
            column.iter().for_each(|&(i, _, v)| self.dense[i * wide + next] = root * v);
            next += 1;
        }
        if wide > 0 {
            let diagonal: Vec<f64> = (0..k).map(|i| self.complement[i * k + i]).collect();
            lower_gram(|i| &self.dense[i * wide..(i + 1) * wide], k, &mut self.complement);
            diagonal.iter().enumerate().for_each(|(i, d)| self.complement[i * k + i] += d);
        }
    }

    /// Solves in place for `(top, bottom)` of lengths `n` and `m`; what is eliminated becomes zero.
    pub(super) fn solve(&mut self, v: &mut [f64]) {
        let (top, bottom) = v.split_at_mut(self.inverse.len());
        top.iter_mut().zip(&self.inverse).for_each(|(v, d)| *v *= d);
        for (nu, &i) in self.nu.iter_mut().zip(&self.rows) {
            *nu = -bottom[i];
        }
        for &(i, j, v) in &self.entries {
            self.nu[i] += v * top[j];
        }
        if !self.nu.is_empty() {
            self.llt.solve_lower(&mut self.nu);
            self.llt.solve_upper(&mut self.nu);
        }
        for &(i, j, v) in &self.entries {
            top[j] -= self.inverse[j] * v * self.nu[i];
        }
        bottom.fill(0.0);
        for (nu, &i) in self.nu.iter().zip(&self.rows) {
            bottom[i] = *nu;
        }
    }
}
