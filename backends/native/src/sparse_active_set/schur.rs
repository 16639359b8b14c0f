//! The reduced KKT system where `P` is diagonal and rows are few: the Schur complement `A_SF D_F⁻¹ A_SFᵀ`, dense.

use bpqp_traits::{ActiveSet, ProgramRef};

use crate::linalg::{DenseLlt, axpy, dot, lower_gram};

/// Relative regularization of the complement, for dependent rows.
const DELTA: f64 = 1e-13;
/// At most so many rows …
const MAX_ROWS: usize = 300;
/// … and a dense copy of them must not be more than so many times as large as what is stored.
const MAX_WORK: usize = 64;

/// The factored complement of one active set.
pub(super) struct Schur {
    /// `1/P_jj`, and the same with zeros at variables that are not free.
    whole: Vec<f64>,
    inverse: Vec<f64>,
    /// The active rows, and where every row is among them.
    rows: Vec<usize>,
    place: Vec<usize>,
    /// Free columns with one entry in the active rows, as slacks and factors have: `(place, j, v)`.
    single: Vec<(usize, usize, f64)>,
    /// Free columns with more, and `P_jj^-½` for each.
    wide: Vec<usize>,
    roots: Vec<f64>,
    /// Their entries times `P_jj^-½`, row by row.
    dense: Vec<f64>,
    /// A vector over the wide columns.
    scaled: Vec<f64>,
    complement: Vec<f64>,
    packed: Vec<f64>,
    shift: Vec<f64>,
    llt: DenseLlt,
    /// The smallest pivot relative to its diagonal entry.
    pub(super) pivot: f64,
    nu: Vec<f64>,
}

impl Schur {
    /// Whether the problem has the form.
    pub(super) fn fits(program: &ProgramRef<'_>) -> bool {
        let (p, m) = (program.p(), program.num_rows());
        let diagonal = p.is_diagonal() && p.values().iter().all(|v| *v > 0.0);
        diagonal && m <= MAX_ROWS && m * program.num_vars() <= MAX_WORK * (program.a().nnz() + program.num_vars())
    }

    pub(super) fn new(program: &ProgramRef<'_>) -> Self {
        let (n, m) = (program.num_vars(), program.num_rows());
        let starts = program.a().col_ptr().windows(2);
        let num_wide = starts.filter(|w| w[1] - w[0] > 1).count();
        // Room for all rows and variables at once: later sets allocate nothing.
        let room = Vec::with_capacity;
        let mut llt = DenseLlt::new(m);
        llt.resize(0);
        Self {
            whole: program.p().values().iter().map(|v| 1.0 / v).collect(),
            inverse: vec![0.0; n],
            rows: Vec::with_capacity(m),
            place: vec![usize::MAX; m],
            single: Vec::with_capacity(n),
            wide: Vec::with_capacity(num_wide),
            roots: room(num_wide),
            dense: room(m * num_wide),
            scaled: room(num_wide),
            complement: room(m * m),
            packed: room(m * (m + 1) / 2),
            shift: room(m),
            llt,
            pivot: 1.0,
            nu: room(m),
        }
    }

    /// Factors for `active`; false where the complement is not positive definite.
    pub(super) fn factorize(&mut self, program: &ProgramRef<'_>, active: &ActiveSet) -> bool {
        self.rows.clear();
        self.rows.extend(active.active_rows());
        self.place.fill(usize::MAX);
        self.rows.iter().enumerate().for_each(|(k, &i)| self.place[i] = k);
        for ((inverse, side), v) in self.inverse.iter_mut().zip(&active.bounds).zip(&self.whole) {
            *inverse = if side.is_active() { 0.0 } else { *v };
        }
        let k = self.rows.len();
        self.gather(program, active);
        self.form(k);
        if self.nu.len() != k {
            self.llt.resize(k);
            self.nu.resize(k, 0.0);
        }
        self.shift.clear();
        self.packed.clear();
        for j in 0..k {
            self.packed.extend((0..=j).map(|i| self.complement[i * k + j]));
            self.shift.push(DELTA * self.complement[j * k + j]);
        }
        let pivot = if k == 0 { Some(1.0) } else { self.llt.factorize(&self.packed, &self.shift) };
        self.pivot = pivot.unwrap_or(0.0);
        pivot.is_some()
    }

    /// Sorts the free columns by their entries in the active rows.
    fn gather(&mut self, program: &ProgramRef<'_>, active: &ActiveSet) {
        let (a, k) = (program.a(), self.rows.len());
        let Self { place, single, wide, roots, dense, scaled, whole, .. } = self;
        let column = |j: usize| {
            let range = a.col_ptr()[j]..a.col_ptr()[j + 1];
            let entries = a.row_idx()[range.clone()].iter().zip(&a.values()[range]);
            entries.filter(|(i, _)| place[**i] != usize::MAX).map(|(&i, v)| (place[i], *v))
        };
        single.clear();
        wide.clear();
        for j in active.free_variables() {
            let mut entries = column(j);
            match (entries.next(), entries.next()) {
                (Some((i, v)), None) => single.push((i, j, v)),
                (Some(_), Some(_)) => wide.push(j),
                _ => {}
            }
        }
        roots.clear();
        roots.extend(wide.iter().map(|&j| whole[j].sqrt()));
        scaled.resize(wide.len(), 0.0);
        dense.clear();
        dense.resize(k * wide.len(), 0.0);
        for (c, (&j, root)) in wide.iter().zip(&*roots).enumerate() {
            column(j).for_each(|(i, v)| dense[i * wide.len() + c] = root * v);
        }
    }

    /// The complement's lower triangle, by columns.
    fn form(&mut self, k: usize) {
        let width = self.wide.len();
        self.complement.clear();
        self.complement.resize(k * k, 0.0);
        if width > 0 {
            lower_gram(|i| &self.dense[i * width..(i + 1) * width], k, &mut self.complement);
        }
        for &(i, j, v) in &self.single {
            self.complement[i * k + i] += v * v * self.whole[j];
        }
    }

    /// Variables and rows together.
    pub(super) fn dim(&self) -> usize {
        self.inverse.len() + self.place.len()
    }

    /// Solves in place for `(top, bottom)` of lengths `n` and `m`; what is eliminated becomes zero.
    pub(super) fn solve(&mut self, v: &mut [f64]) {
        let (top, bottom) = v.split_at_mut(self.inverse.len());
        let Self { inverse, rows, single, wide, roots, dense, scaled, llt, nu, .. } = self;
        let width = wide.len();
        for ((s, root), &j) in scaled.iter_mut().zip(&*roots).zip(&*wide) {
            *s = root * top[j];
        }
        top.iter_mut().zip(&*inverse).for_each(|(v, d)| *v *= d);
        for (i, (nu, &row)) in nu.iter_mut().zip(&*rows).enumerate() {
            *nu = dot(&dense[i * width..(i + 1) * width], scaled) - bottom[row];
        }
        for &(i, j, v) in &*single {
            nu[i] += v * top[j];
        }
        if !nu.is_empty() {
            llt.solve_lower(nu);
            llt.solve_upper(nu);
        }
        for &(i, j, v) in &*single {
            top[j] -= inverse[j] * v * nu[i];
        }
        scaled.fill(0.0);
        for (i, nu) in nu.iter().enumerate() {
            axpy(*nu, &dense[i * width..(i + 1) * width], scaled);
        }
        for ((s, root), &j) in scaled.iter().zip(&*roots).zip(&*wide) {
            top[j] -= root * s;
        }
        bottom.fill(0.0);
        for (nu, &i) in nu.iter().zip(&*rows) {
            bottom[i] = *nu;
        }
    }
}
