//! The KKT matrix on the working set, factored: `P + D = LLᵀ` and `Y_WᵀY_W = TTᵀ` with `Y = L⁻¹A_Wᵀ`.

use std::cell::Cell;

use faer::MatMut;

use super::columns::Columns;
use super::data::DenseData;
use crate::linalg::{DenseLlt, RowLlt, axpy, dot, dots, subtract_columns, subtract_product, transposed_product};

/// A row depends on the others where less than this share of its square is left.
const DEPENDENT: f64 = 1e-13;
/// Pivots of `P` below this, relative to the diagonal, call for the proximal term.
const SINGULAR: f64 = 1e-12;
/// The proximal term relative to the diagonal of `P`.
const PROXIMAL: f64 = 1e-6;
/// Below this share a projection is repeated, so that its digits are right.
const REPEAT: f64 = 1e-3;

/// Constraints added to the Schur complement at a time.
const BLOCK: usize = 256;

/// A constraint in the working set.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Member {
    pub(super) index: usize,
    /// 1 at the upper side, −1 at the lower, 0 for an equality.
    pub(super) sign: f64,
}

pub(crate) struct Factor {
    pub(super) llt: DenseLlt,
    /// The proximal term `D`, zero where `P` is positive definite.
    pub(super) shift: Vec<f64>,
    pub(super) columns: Columns,
    schur: RowLlt,
    /// The smallest pivot of `schur`, until that changes.
    schur_pivot: Cell<Option<f64>>,
    /// The smallest pivot of `P + D`, relative to its diagonal.
    smallest: f64,
    pub(super) members: Vec<Member>,
    is_member: Vec<bool>,
    /// `y_k − Y_W r`, `r` and `T⁻¹Y_Wᵀy_k` of the last [`project`](Self::project).
    pub(super) rest: Vec<f64>,
    pub(super) r: Vec<f64>,
    row: Vec<f64>,
    correction: Vec<f64>,
    products: Vec<f64>,
    square: Vec<f64>,
}

impl Factor {
    pub(super) fn new(data: &DenseData) -> Self {
        let n = data.n;
        Self {
            llt: DenseLlt::new(n),
            shift: vec![0.0; n],
            columns: Columns::new(n, data.len()),
            schur: RowLlt::default(),
            schur_pivot: Cell::new(None),
            smallest: 0.0,
            members: Vec::with_capacity(n),
            is_member: vec![false; data.len()],
            rest: vec![0.0; n],
            r: Vec::with_capacity(n),
            row: Vec::with_capacity(n),
            correction: Vec::new(),
            products: Vec::new(),
            square: Vec::new(),
        }
    }

    /// Factors `P`, with the proximal term where that is (nearly) singular; false where it has negative curvature.
    pub(super) fn factorize(&mut self, data: &DenseData) -> bool {
        self.clear();
        self.columns.clear();
        self.shift.fill(0.0);
        self.smallest = self.llt.factorize(data.p.values(), &self.shift).unwrap_or(0.0);
        if self.smallest > SINGULAR {
            return true;
        }
        let n = data.n;
        let diagonal = |j: usize| data.p.diagonal(j);
        let mean = (0..n).map(diagonal).sum::<f64>() / n as f64;
        let missing = if mean > 0.0 { PROXIMAL * mean } else { linear_curvature(data) };
        for (j, d) in self.shift.iter_mut().enumerate() {
            *d = if diagonal(j) > 0.0 { PROXIMAL * diagonal(j) } else { missing };
        }
        self.llt.factorize(data.p.values(), &self.shift).is_some()
    }

    /// Whether the factor is not that of `P` itself.
    pub(super) fn is_proximal(&self) -> bool {
        self.shift.iter().any(|&d| d != 0.0)
    }

    pub(super) fn contains(&self, k: usize) -> bool {
        self.is_member[k]
    }

    /// The smallest relative pivot of both factorizations; `None` where they are not those of `P` itself.
    pub(super) fn smallest_pivot(&self) -> Option<f64> {
        let pivot = self.schur_pivot.get().unwrap_or_else(|| self.schur.smallest_pivot());
        self.schur_pivot.set(Some(pivot));
        Some(self.hessian_pivot()?.min(pivot))
    }

    /// That of `P`.
    pub(super) fn hessian_pivot(&self) -> Option<f64> {
        (!self.is_proximal()).then_some(self.smallest)
    }

    /// Empties the working set.
    pub(super) fn clear(&mut self) {
        self.schur.clear();
        self.schur_pivot.take();
        self.members.clear();
        self.is_member.fill(false);
    }

    /// Adds a constraint whose column is there; false, and nothing changed, where it depends on the others.
    pub(super) fn append(&mut self, member: Member) -> bool {
        let column = self.columns.get(member.index);
        products(&self.columns, &self.members, column, &mut self.row);
        let square = self.columns.square(member.index);
        if self.members.len() == column.len() || !self.schur.append(&mut self.row, square, DEPENDENT) {
            return false;
        }
        self.push(member);
        true
    }

    /// Adds constraints whose columns are there; false, and nothing changed, where they are not independent of one
    /// another and of the members.
    pub(super) fn append_all(&mut self, new: &[Member]) -> bool {
        let before = self.members.len();
        for block in new.chunks(BLOCK) {
            if self.members.len() + block.len() > self.rest.len() || !self.append_block(block) {
                self.truncate(before);
                return false;
            }
        }
        true
    }

    fn append_block(&mut self, new: &[Member]) -> bool {
        let Self { columns, members, schur, products, square, .. } = self;
        let (size, k) = (members.len(), new.len());
        products.clear();
        products.resize(size * k, 0.0);
        columns.products(members, new, products);
        square.clear();
        square.resize(k * k, 0.0);
        columns.lower_products(new, square);
        if !schur.append_block(products, square, k, DEPENDENT) {
            return false;
        }
        new.iter().for_each(|w| self.push(*w));
        true
    }

    /// Removes all members from position `len` on.
    fn truncate(&mut self, len: usize) {
        self.schur.truncate(len);
        self.schur_pivot.take();
        for w in self.members.drain(len..) {
            self.is_member[w.index] = false;
        }
    }

    /// Adds the constraint of the last [`project`](Self::project), which left `pivot = |rest|²`.
    pub(super) fn append_projected(&mut self, member: Member, pivot: f64) {
        self.schur.append_solved(&self.row, pivot);
        self.push(member);
    }

    fn push(&mut self, member: Member) {
        self.schur_pivot.take();
        self.is_member[member.index] = true;
        self.members.push(member);
    }

    /// Removes the constraints at `positions` (ascending) in the working set.
    pub(super) fn remove_all(&mut self, positions: &[usize]) {
        self.schur.remove_all(positions);
        self.schur_pivot.take();
        let mut position = 0;
        let Self { members, is_member, .. } = self;
        members.retain(|w| {
            let is_kept = positions.binary_search(&position).is_err();
            is_member[w.index] = is_kept;
            position += 1;
            is_kept
        });
    }

    /// Removes the constraint at `position` in the working set.
    pub(super) fn remove(&mut self, position: usize) {
        self.schur.remove(position);
        self.schur_pivot.take();
        let member = self.members.remove(position);
        self.is_member[member.index] = false;
    }

    /// Projects `y_k` off the working set's columns into `rest`, with coefficients `r`; returns `|rest|²`, or `None`
    /// where the constraint depends on the others.
    pub(super) fn project(&mut self, k: usize) -> Option<f64> {
        let Self { columns, members, schur, rest, r, row, correction, .. } = self;
        let column = columns.get(k);
        let square = columns.square(k);
        rest.copy_from_slice(column);
        products(columns, members, column, row);
        schur.solve_lower(row);
        r.clear();
        r.extend_from_slice(row);
        schur.solve_upper(r);
        subtract_columns(|i| columns.get(members[i].index), r, rest);
        let mut left = dot(rest, rest);
        if left < REPEAT * square {
            products(columns, members, rest, correction);
            schur.solve(correction);
            subtract_columns(|i| columns.get(members[i].index), correction, rest);
            axpy(1.0, correction, r);
            left = dot(rest, rest);
        }
        (members.len() < rest.len() && left > DEPENDENT * square).then_some(left)
    }

    /// Solves `[P + D, A_Wᵀ; A_W, 0] (x, y) = (r₁, r₂)` from `t = L⁻¹r₁`: `t` becomes `x`, and `r₂` becomes `y`.
    pub(super) fn solve(&mut self, t: &mut [f64], r2: &mut [f64]) {
        let Self { products, members, columns, .. } = self;
        products.resize(r2.len(), 0.0);
        dots(|i| columns.get(members[i].index), t, products);
        r2.iter_mut().zip(products).for_each(|(r, p)| *r = *p - *r);
        self.schur.solve(r2);
        subtract_columns(|i| columns.get(members[i].index), r2, t);
        self.llt.solve_upper(t);
    }

    /// The same for `count` right-hand sides, one after another: `x` holds `r₁` (`count × n`) and `y` holds `r₂`
    /// (`count × members`), and both become the solutions.
    pub(super) fn solve_many(&mut self, count: usize, x: &mut [f64], y: &mut [f64]) {
        let Self { products, members, columns, schur, llt, .. } = self;
        let (n, size) = (llt.parts().1.len(), members.len());
        llt.solve_lower_many(x);
        if size > 0 {
            let columns = columns.gathered(members);
            products.resize(size * count, 0.0);
            transposed_product(columns, x, n, MatMut::from_column_major_slice_mut(products, size, count));
            y.iter_mut().zip(&*products).for_each(|(y, p)| *y = p - *y);
            y.chunks_exact_mut(size).for_each(|y| schur.solve(y));
            subtract_product(columns, y, n, x);
        }
        llt.solve_upper_many(x);
    }
}

/// `out = (y_kᵀv)` over the members.
fn products(columns: &Columns, members: &[Member], v: &[f64], out: &mut Vec<f64>) {
    out.resize(members.len(), 0.0);
    dots(|i| columns.get(members[i].index), v, out);
}

/// A proximal term for a linear program: small enough that a step spans the sides a thousand times over.
fn linear_curvature(data: &DenseData) -> f64 {
    let sides = data.lo.iter().chain(&data.hi).zip(data.norms.iter().cycle());
    let reach = sides.filter(|(s, a)| s.is_finite() && **a > 0.0).fold(1.0, |r: f64, (s, a)| r.max(s.abs() / a));
    let slope = data.q.iter().fold(0.0, |s: f64, q| s.max(q.abs()));
    if slope > 0.0 { 1e-3 * slope / reach } else { 1.0 }
}
