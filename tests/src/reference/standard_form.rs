//! The program as `min ½xᵀPx + qᵀx  s.t.  A x = b,  h − G x ∈ cones`, dense and with rows of norm one.

use bpqp_traits::{ProgramRef, Solution};

use super::dense::multiply;

/// Where a row of the standard form comes from, and the factor that it was multiplied by.
#[derive(Clone, Copy)]
enum Source {
    Row(usize, f64),
    Bound(usize, f64),
    Cone(usize, f64),
}

/// Rows `coefficients · x` against `rhs`.
#[derive(Default)]
pub(crate) struct Rows {
    /// Coefficients, row by row.
    pub(crate) matrix: Vec<f64>,
    pub(crate) rhs: Vec<f64>,
    sources: Vec<Source>,
}

impl Rows {
    pub(crate) fn len(&self) -> usize {
        self.rhs.len()
    }

    fn push(&mut self, coefficients: &[f64], rhs: f64, source: impl Fn(f64) -> Source, factor: f64) {
        self.matrix.extend(coefficients.iter().map(|c| c * factor));
        self.rhs.push(rhs * factor);
        self.sources.push(source(factor));
    }
}

/// The standard form; the objective is divided by `cost`.
pub(crate) struct StandardForm {
    pub(crate) n: usize,
    pub(crate) p: Vec<f64>,
    pub(crate) q: Vec<f64>,
    pub(crate) eq: Rows,
    pub(crate) ineq: Rows,
    pub(crate) dims: Vec<usize>,
    cost: f64,
}

impl StandardForm {
    pub(crate) fn new(program: &ProgramRef<'_>) -> Self {
        let n = program.num_vars();
        let (mut eq, mut ineq) = (Rows::default(), Rows::default());
        let a = dense_rows(program.a());
        for i in 0..program.num_rows() {
            let row = &a[i * n..(i + 1) * n];
            add_sides(&mut eq, &mut ineq, row, program.l()[i], program.u()[i], |f| Source::Row(i, f));
        }
        for j in 0..n {
            let mut row = vec![0.0; n];
            row[j] = 1.0;
            add_sides(&mut eq, &mut ineq, &row, program.lb()[j], program.ub()[j], |f| Source::Bound(j, f));
        }
        let mut dims = vec![1; ineq.len()];
        if let Some(cones) = program.cones() {
            let s = dense_rows(cones.matrix());
            let mut start = 0;
            for &dim in cones.dims() {
                let block = &s[start * n..(start + dim) * n];
                let factor = reciprocal(norm(block));
                for k in start..start + dim {
                    let row: Vec<f64> = s[k * n..(k + 1) * n].iter().map(|v| -v).collect();
                    ineq.push(&row, cones.offset()[k], |f| Source::Cone(k, f), factor);
                }
                start += dim;
                dims.push(dim);
            }
        }
        let p = dense_symmetric(program.p());
        let largest = p.iter().chain(program.q()).fold(0.0, |m: f64, v| m.max(v.abs()));
        let cost = if largest > 0.0 { largest } else { 1.0 };
        let q = program.q().iter().map(|v| v / cost).collect();
        Self { n, p: p.iter().map(|v| v / cost).collect(), q, eq, ineq, dims, cost }
    }

    /// Writes `x` and the multipliers of both groups of rows as a solution of `program`.
    pub(crate) fn write(&self, program: &ProgramRef<'_>, x: &[f64], nu: &[f64], z: &[f64], out: &mut Solution) {
        out.resize(program.num_vars(), program.num_rows(), program.num_cone_rows());
        out.x.copy_from_slice(x);
        out.y.fill(0.0);
        out.bound_duals.fill(0.0);
        out.objective = program.objective(x);
        let sources = self.eq.sources.iter().chain(&self.ineq.sources);
        for (source, dual) in sources.zip(nu.iter().chain(z)) {
            match *source {
                Source::Row(i, factor) => out.y[i] += dual * factor * self.cost,
                Source::Bound(j, factor) => out.bound_duals[j] += dual * factor * self.cost,
                Source::Cone(k, factor) => out.cone_duals[k] = dual * factor * self.cost,
            }
        }
    }

    /// The multipliers of both groups that a solution's duals stand for.
    pub(crate) fn read(&self, y: &[f64], bound_duals: &[f64]) -> (Vec<f64>, Vec<f64>) {
        let dual = |source: &Source| match *source {
            Source::Row(i, factor) => y[i] / (factor * self.cost),
            Source::Bound(j, factor) => bound_duals[j] / (factor * self.cost),
            Source::Cone(..) => 0.0,
        };
        (self.eq.sources.iter().map(dual).collect(), self.ineq.sources.iter().map(|s| dual(s).max(0.0)).collect())
    }

    /// `P x + q`.
    pub(crate) fn gradient(&self, x: &[f64]) -> Vec<f64> {
        multiply(&self.p, x).iter().zip(&self.q).map(|(px, q)| px + q).collect()
    }
}

fn add_sides(eq: &mut Rows, ineq: &mut Rows, row: &[f64], l: f64, u: f64, source: impl Fn(f64) -> Source + Copy) {
    let factor = reciprocal(norm(row));
    if l == u {
        eq.push(row, u, source, factor);
        return;
    }
    if u.is_finite() {
        ineq.push(row, u, source, factor);
    }
    if l.is_finite() {
        ineq.push(row, l, source, -factor);
    }
}

/// `1 / size`, and 1 for zero.
fn reciprocal(size: f64) -> f64 {
    if size > 0.0 { 1.0 / size } else { 1.0 }
}

fn norm(v: &[f64]) -> f64 {
    v.iter().map(|v| v * v).sum::<f64>().sqrt()
}

/// A sparse matrix as dense rows.
pub(crate) fn dense_rows(matrix: bpqp_traits::CscRef<'_>) -> Vec<f64> {
    let mut out = vec![0.0; matrix.nrows() * matrix.ncols()];
    matrix.entries().for_each(|(i, j, v)| out[i * matrix.ncols() + j] = v);
    out
}

/// A sparse upper triangle as a dense symmetric matrix.
pub(crate) fn dense_symmetric(matrix: bpqp_traits::CscRef<'_>) -> Vec<f64> {
    let n = matrix.ncols();
    let mut out = vec![0.0; n * n];
    for (i, j, v) in matrix.entries() {
        out[i * n + j] = v;
        out[j * n + i] = v;
    }
    out
}
