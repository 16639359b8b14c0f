//! The QP that has the derivatives of a cone program: linearized cones, and the Lagrangian's Hessian.
//!
//! At a solution `(x*, y*, w*)` with `u = Fx* + g ≠ 0`, `t = ‖u‖` and `λ = w₀`, a cone is the row `(Fᵀu/t − c)ᵀx ≤ d − uᵀg/t`
//! with the multiplier `λ`, and it adds `λ Fᵀ(I/t − uuᵀ/t³)F` to the Hessian. Of a large cone that is a sparse matrix minus
//! one of rank one. It is kept so by a variable `τ` of its own:
//! ```text
//! zᵀFᵀ(I − ûûᵀ)F z = min over τ of ‖F z − û τ‖²,        û = u/t
//! ```
//! is convex and sparse in `(z, τ)`. A row of `F` with many entries would fill in `FᵀF`, and gets a variable `v = Fᵢz`.

use std::ops::Range;

use bpqp_traits::vector::dot;
use bpqp_traits::{CscMatrix, CscRef, ProgramBuf, Solution};

use super::states::{ConePoint, State};
use crate::Result;
use crate::program::{Blocks, Program};

/// Rows of `F` with more entries get a variable.
const LONG: usize = 8;
/// Cones over no more variables have their Hessian formed.
const SMALL: usize = 8;

/// The linearized program at a point, in variables of which the first are the program's own.
pub(super) struct Linearization {
    /// Rows: the program's, then those of the cones, then those that define variables.
    pub(super) program: Program,
    /// The point in these variables, with its duals.
    pub(super) point: Solution,
    pub(super) rows: ConeRows,
}

/// Which rows of the linearized program belong to which cone.
#[derive(Clone, Debug, Default)]
pub(super) struct ConeRows {
    /// The rows of each cone: one, or at the apex all.
    pub(super) of_cone: Vec<Range<usize>>,
}

impl ConeRows {
    /// The cone that `row` belongs to.
    pub(super) fn cone_of(&self, row: usize) -> Option<usize> {
        let k = self.of_cone.partition_point(|rows| rows.end <= row);
        self.of_cone.get(k).is_some_and(|rows| rows.contains(&row)).then_some(k)
    }
}

/// Collects the parts of the linearized program.
struct Parts {
    hessian: Vec<(usize, usize, f64)>,
    rows: Vec<(usize, usize, f64)>,
    x: Vec<f64>,
    y: Vec<f64>,
    l: Vec<f64>,
    u: Vec<f64>,
    /// Rows that define variables: the row of `F`, the variable.
    defined: Vec<(usize, usize)>,
}

impl Parts {
    fn variable(&mut self, at: f64) -> usize {
        self.x.push(at);
        self.x.len() - 1
    }

    fn row(&mut self, entries: impl Iterator<Item = (usize, f64)>, (l, u): (f64, f64), dual: f64) {
        let i = self.y.len();
        self.rows.extend(entries.map(|(j, v)| (i, j, v)));
        self.l.push(l);
        self.u.push(u);
        self.y.push(dual);
    }

    fn square(&mut self, i: usize, j: usize, v: f64) {
        self.hessian.push((i.min(j), i.max(j), v));
    }
}

/// Linearizes `program` at `solution`, where its cones stand as `points` say; `rows_of` is the transpose of their matrix.
pub(super) fn linearize(
    program: &Program,
    rows_of: &CscMatrix,
    solution: &Solution,
    points: &[ConePoint],
) -> Result<Linearization> {
    let stacked = program.as_stacked();
    let (n, m) = (stacked.num_vars(), stacked.num_rows());
    let offset = stacked.cones().map_or(&[][..], |cones| cones.offset());
    let mut parts = Parts {
        hessian: stacked.p().entries().collect(),
        rows: stacked.a().entries().collect(),
        x: solution.x.clone(),
        y: solution.y.clone(),
        l: stacked.l().to_vec(),
        u: stacked.u().to_vec(),
        defined: Vec::new(),
    };
    let mut sum = SparseSum::new(n);
    let mut of_cone = Vec::with_capacity(points.len());
    for point in points {
        let first = parts.y.len();
        match point.state {
            State::Apex { .. } => {
                for i in point.rows.clone() {
                    let at = -offset[i];
                    parts.row(rows_of.as_ref().col(i), (at, at), -solution.cone_duals[i]);
                }
            }
            State::Smooth => {
                sum.add(-1.0, rows_of.as_ref().col(point.rows.start));
                for (i, unit) in point.tail().zip(&point.unit) {
                    sum.add(*unit, rows_of.as_ref().col(i));
                }
                let at = offset[point.rows.start] - dot(&point.unit, &offset[point.tail()]);
                parts.row(sum.take(), (f64::NEG_INFINITY, at), point.multiplier);
            }
        }
        of_cone.push(first..parts.y.len());
    }
    for point in points.iter().filter(|point| point.curvature > 0.0) {
        add_curvature(&mut parts, rows_of, solution, point, &mut sum);
    }
    for (i, v) in std::mem::take(&mut parts.defined) {
        parts.row(rows_of.as_ref().col(i).chain(std::iter::once((v, -1.0))), (0.0, 0.0), 0.0);
    }

    let Parts { hessian, rows, x, y, l, u, .. } = parts;
    let (d, total) = (x.len(), y.len());
    let p = CscMatrix::from_triplets(d, d, &hessian)?;
    // (q + Px, 0) less what the new Hessian makes of the point.
    let mut q = stacked.q().to_vec();
    stacked.p().symmetric_mul_add(1.0, &solution.x, &mut q);
    q.resize(d, 0.0);
    p.as_ref().symmetric_mul_add(-1.0, &x, &mut q);
    let padded = |bounds: &[f64], with: f64| {
        let mut bounds = bounds.to_vec();
        bounds.resize(d, with);
        bounds
    };
    let bounds = (padded(stacked.lb(), f64::NEG_INFINITY), padded(stacked.ub(), f64::INFINITY));
    let bound_duals = padded(&solution.bound_duals, 0.0);
    let stacked = ProgramBuf::new(p.clone(), q, CscMatrix::from_triplets(total, d, &rows)?, (l, u), bounds)?;
    let own = program.blocks();
    let blocks = Blocks {
        equalities: own.equalities.clone(),
        inequalities: own.inequalities.clone(),
        rows: m - own.rows.len()..total,
    };
    let point = Solution { x, y, bound_duals, ..Solution::default() };
    // Nothing asks the linearized program for the gradient of its Hessian, so one triangle will do.
    Ok(Linearization { program: Program::from_parts(stacked, blocks, p, 0.0), point, rows: ConeRows { of_cone } })
}

/// Adds `λ Fᵀ(I/t − uuᵀ/t³)F` for one cone.
fn add_curvature(parts: &mut Parts, rows_of: &CscMatrix, solution: &Solution, point: &ConePoint, sum: &mut SparseSum) {
    let (rows_of, kappa) = (rows_of.as_ref(), point.curvature);
    let lengths = || point.tail().map(|i| rows_of.col(i).len());
    let long = |len: usize| len > LONG;
    let lifted: usize = lengths().map(|len| if long(len) { len + 2 } else { len * (len + 1) / 2 }).sum();
    for i in point.tail() {
        sum.add(1.0, rows_of.col(i));
    }
    let support = sum.columns();
    if support.len() <= SMALL || support.len() * (support.len() + 1) / 2 <= lifted + support.len() + 1 {
        add_formed(parts, rows_of, point, &support);
        return;
    }
    let place = |i: usize| row_times(rows_of, i, &solution.x);
    let tau_at = point.tail().zip(&point.unit).map(|(i, unit)| unit * place(i)).sum();
    let tau = parts.variable(tau_at);
    for (i, &unit) in point.tail().zip(&point.unit) {
        if long(rows_of.col(i).len()) {
            let v = parts.variable(place(i));
            parts.defined.push((i, v));
            parts.square(v, v, kappa);
            parts.square(v, tau, -kappa * unit);
        } else {
            for (k, (j, a)) in rows_of.col(i).enumerate() {
                rows_of.col(i).skip(k).for_each(|(l, b)| parts.square(j, l, kappa * a * b));
                sum.add(-kappa * unit, std::iter::once((j, a)));
            }
        }
    }
    for (j, v) in sum.take() {
        parts.square(j, tau, v);
    }
    parts.square(tau, tau, kappa);
}

/// `Sᵢx` over the first variables of `x`.
pub(super) fn row_times(rows_of: CscRef<'_>, i: usize, x: &[f64]) -> f64 {
    rows_of.col(i).map(|(j, v)| v * x[j]).sum()
}

/// The Hessian of a cone over few variables: products of the columns of `F` with `u` projected out.
fn add_formed(parts: &mut Parts, rows_of: CscRef<'_>, point: &ConePoint, support: &[usize]) {
    let k = point.unit.len();
    let mut columns = vec![vec![0.0; k]; support.len()];
    for (r, i) in point.tail().enumerate() {
        for (j, v) in rows_of.col(i) {
            if let Ok(place) = support.binary_search(&j) {
                columns[place][r] += v;
            }
        }
    }
    for column in &mut columns {
        let along = dot(&point.unit, column);
        column.iter_mut().zip(&point.unit).for_each(|(v, unit)| *v -= along * unit);
    }
    for (b, &j) in support.iter().enumerate() {
        for (a, &i) in support[..=b].iter().enumerate() {
            parts.square(i, j, point.curvature * dot(&columns[a], &columns[b]));
        }
    }
}

/// Adds up sparse vectors.
struct SparseSum {
    values: Vec<f64>,
    touched: Vec<usize>,
    is_touched: Vec<bool>,
}

impl SparseSum {
    fn new(len: usize) -> Self {
        Self { values: vec![0.0; len], touched: Vec::new(), is_touched: vec![false; len] }
    }

    fn add(&mut self, factor: f64, entries: impl Iterator<Item = (usize, f64)>) {
        for (j, v) in entries {
            if !std::mem::replace(&mut self.is_touched[j], true) {
                self.touched.push(j);
            }
            self.values[j] += factor * v;
        }
    }

    /// The columns with entries, ascending, and clears.
    fn columns(&mut self) -> Vec<usize> {
        self.take().map(|(j, _)| j).collect()
    }

    /// The entries, ascending, and clears.
    fn take(&mut self) -> impl Iterator<Item = (usize, f64)> + '_ {
        self.touched.sort_unstable();
        let (values, is_touched) = (&mut self.values, &mut self.is_touched);
        self.touched.drain(..).map(move |j| {
            is_touched[j] = false;
            (j, std::mem::take(&mut values[j]))
        })
    }
}
