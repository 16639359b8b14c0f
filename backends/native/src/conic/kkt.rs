//! The linear system of a step, `[P  Gᵀ; G  −W²] (x, z) = rhs`, kept sparse: `W²` of a large cone is a diagonal and two
//! terms of rank one, for each of which the matrix has a row more.

use bpqp_traits::{CscMatrix, Result};

use super::form::Form;
use super::nesterov_todd::NesterovTodd;
use crate::linalg::{Ldl, PivotRule, Refinement, Refiner, System, UpperPattern};

/// Cones up to this dimension have their block of `W²` formed.
const SMALL: usize = 4;
/// Regularization of both diagonal blocks; the refinement takes it out again.
const REGULARIZATION: f64 = 1e-8;
/// Pivots below this are replaced …
const LEAST_PIVOT: f64 = 1e-13;
/// … by this.
const REPLACEMENT: f64 = 1e-7;
/// A solve is done at this share of its right-hand side …
const TARGET: f64 = 1e-13;
/// … or after so many applications of the factor.
const MAX_STEPS: u32 = 8;

/// The matrix, its factor, and work space.
pub(super) struct Kkt {
    /// Upper triangle; every column ends with its diagonal.
    matrix: CscMatrix,
    /// The same with regularization.
    regularized: Vec<f64>,
    signs: Vec<i8>,
    /// First of the two rows more of each large cone.
    expanded: Vec<Option<usize>>,
    n: usize,
    factor: Ldl,
    refiner: Refiner,
    rhs: Vec<f64>,
    solution: Vec<f64>,
}

impl Kkt {
    pub(super) fn new(form: &Form) -> Result<Self> {
        let (n, k) = (form.q.len(), form.h.len());
        let mut dim = n + k;
        let expanded: Vec<Option<usize>> = form
            .layout
            .cones()
            .map(|rows| {
                let first = dim;
                dim += if rows.len() > SMALL { 2 } else { 0 };
                (rows.len() > SMALL).then_some(first)
            })
            .collect();
        let pattern = pattern(form, &expanded, dim);
        let signs = (0..dim).map(|i| if i < n || (i >= n + k && (i - n - k) % 2 == 0) { 1 } else { -1 }).collect();
        let values = vec![0.0; pattern.row_idx.len()];
        let factor = Ldl::new(pattern.clone())?;
        let matrix = CscMatrix::new(dim, dim, pattern.col_ptr, pattern.row_idx, values.clone())?;
        let mut new = Self {
            matrix,
            regularized: values,
            signs,
            expanded,
            n,
            factor,
            refiner: Refiner::new(dim),
            rhs: vec![0.0; dim],
            solution: vec![0.0; dim],
        };
        new.set_data(form);
        Ok(new)
    }

    /// Takes over the numbers of `form`, of the pattern analyzed.
    pub(super) fn set_data(&mut self, form: &Form) {
        let (n, k) = (self.n, form.h.len());
        let ends: Vec<usize> = self.matrix.as_ref().col_ptr().to_vec();
        let values = self.matrix.values_mut();
        for j in 0..n {
            let column = &mut values[ends[j]..ends[j + 1]];
            column.fill(0.0);
            for (place, (i, v)) in form.p.as_ref().col(j).enumerate() {
                let place = if i == j { column.len() - 1 } else { place };
                column[place] = v;
            }
        }
        // The rows of G, by columns.
        let mut next: Vec<usize> = ends[n..n + k].to_vec();
        for (i, _, v) in form.g.as_ref().entries() {
            values[next[i]] = v;
            next[i] += 1;
        }
    }

    /// Sets the block `−W²` and factors; false where that breaks down.
    pub(super) fn factorize(&mut self, scaling: &NesterovTodd) -> bool {
        let n = self.n;
        let pattern = self.matrix.as_ref();
        let end = |column: usize| pattern.col_ptr()[column + 1];
        let start = |column: usize| pattern.col_ptr()[column];
        let mut set: Vec<(usize, f64)> = Vec::new();
        let diagonal = |row: usize| end(n + row) - 1;
        set.extend(scaling.weights().map(|(i, weight)| (diagonal(i), -weight)));
        for (cone, expanded) in scaling.cones.iter().zip(&self.expanded) {
            let (w, square) = (scaling.unit(cone), cone.eta * cone.eta);
            match *expanded {
                None => {
                    for (b, column) in cone.rows.clone().enumerate() {
                        for a in 0..=b {
                            let identity = if a != b {
                                0.0
                            } else if a == 0 {
                                -1.0
                            } else {
                                1.0
                            };
                            set.push((diagonal(column) - (b - a), -square * (2.0 * w[a] * w[b] + identity)));
                        }
                    }
                }
                Some(first) => {
                    let parts = scaling.expansion(cone);
                    set.push((diagonal(cone.rows.start), -square * parts.d));
                    set.extend(cone.rows.clone().skip(1).map(|i| (diagonal(i), -square)));
                    set.push((start(first), cone.eta * parts.u.0));
                    for (a, w) in w.iter().enumerate().skip(1) {
                        set.push((start(first) + a, cone.eta * parts.u.1 * w));
                        set.push((start(first + 1) + a - 1, cone.eta * parts.v * w));
                    }
                    set.push((end(first) - 1, 1.0));
                    set.push((end(first + 1) - 1, -1.0));
                }
            }
        }
        let values = self.matrix.values_mut();
        set.into_iter().for_each(|(place, v)| values[place] = v);
        self.regularized.copy_from_slice(self.matrix.values());
        for (end, sign) in self.matrix.as_ref().col_ptr()[1..].iter().zip(&self.signs) {
            self.regularized[end - 1] += f64::from(*sign) * REGULARIZATION;
        }
        let rule = PivotRule { signs: Some(&self.signs), epsilon: LEAST_PIVOT, delta: REPLACEMENT };
        self.factor.factorize(&self.regularized, rule)
    }

    /// Solves for `(top, bottom)`, refined against the matrix without regularization; the solution is left in
    /// [`x`](Self::x) and [`z`](Self::z). Returns what is left of the right-hand side, relative to it.
    pub(super) fn solve(&mut self, top: &[f64], bottom: &[f64]) -> f64 {
        let (n, k) = (top.len(), bottom.len());
        self.rhs[..n].copy_from_slice(top);
        self.rhs[n..n + k].copy_from_slice(bottom);
        self.rhs[n + k..].fill(0.0);
        let size = bpqp_traits::vector::max_abs(&self.rhs);
        let Self { matrix, factor, refiner, rhs, solution, .. } = self;
        solution.copy_from_slice(rhs);
        factor.solve(solution);
        let mut system = Extended { matrix, factor, rhs };
        let limits = Refinement { target: TARGET * size, max_steps: MAX_STEPS };
        let (left, _) = refiner.run(&mut system, solution, limits);
        if size > 0.0 { left / size } else { 0.0 }
    }

    pub(super) fn x(&self) -> &[f64] {
        &self.solution[..self.n]
    }

    pub(super) fn z(&self, len: usize) -> &[f64] {
        &self.solution[self.n..self.n + len]
    }
}

/// The pattern of the upper triangle.
fn pattern(form: &Form, expanded: &[Option<usize>], dim: usize) -> UpperPattern {
    let (n, k) = (form.q.len(), form.h.len());
    let (mut col_ptr, mut row_idx) = (Vec::with_capacity(dim + 1), Vec::new());
    col_ptr.push(0);
    for j in 0..n {
        row_idx.extend(form.p.as_ref().col(j).map(|(i, _)| i).filter(|i| *i < j).chain([j]));
        col_ptr.push(row_idx.len());
    }
    let rows = form.g.as_ref().transpose();
    let rows = rows.as_ref();
    let mut cones = form.layout.cones().zip(expanded).peekable();
    for i in 0..k {
        while cones.next_if(|(cone, _)| cone.end <= i).is_some() {}
        let first =
            cones.peek().filter(|(cone, place)| cone.contains(&i) && place.is_none()).map(|(cone, _)| cone.start);
        row_idx.extend(rows.col(i).map(|(j, _)| j));
        row_idx.extend((first.unwrap_or(i)..=i).map(|a| n + a));
        col_ptr.push(row_idx.len());
    }
    for (cone, first) in form.layout.cones().zip(expanded).filter_map(|(cone, first)| Some((cone, (*first)?))) {
        row_idx.extend(cone.clone().map(|i| n + i).chain([first]));
        col_ptr.push(row_idx.len());
        row_idx.extend(cone.skip(1).map(|i| n + i).chain([first + 1]));
        col_ptr.push(row_idx.len());
    }
    UpperPattern { dim, col_ptr, row_idx }
}

/// The system as its refinement sees it.
struct Extended<'a> {
    matrix: &'a CscMatrix,
    factor: &'a mut Ldl,
    rhs: &'a [f64],
}

impl System for Extended<'_> {
    fn residual(&mut self, v: &[f64], out: &mut [f64]) -> f64 {
        out.copy_from_slice(self.rhs);
        self.matrix.as_ref().symmetric_mul_add(-1.0, v, out);
        out.iter().fold(0.0, |m: f64, r| if r.is_nan() { f64::INFINITY } else { m.max(r.abs()) })
    }

    fn apply(&mut self, v: &[f64], out: &mut [f64]) {
        out.fill(0.0);
        self.matrix.as_ref().symmetric_mul_add(1.0, v, out);
    }

    fn precondition(&mut self, v: &mut [f64]) {
        self.factor.solve(v);
    }
}
