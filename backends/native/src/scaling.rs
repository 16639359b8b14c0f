//! The equilibrated problem that the iterations work on.

use bpqp_traits::vector::max_abs;
use bpqp_traits::{CscMatrix, ProgramRef, Solution};

/// Sides beyond this are as good as absent.
const INFINITE: f64 = 1e20;
/// One pass of Ruiz's iteration scales by no more than this either way.
const MAX_SCALE: f64 = 1e4;

/// The problem in scaled units: `x = D x̄`, rows times `E`, objective times `c`, so that
/// `P̄ = c D P D`, `q̄ = c D q`, `Ā = E A D`, `l̄ = E l`, `lb̄ = D⁻¹ lb`; duals `y = E ȳ / c`, `ζ = D⁻¹ ζ̄ / c`.
#[derive(Clone, Debug)]
pub(crate) struct Scaled {
    pub(crate) p: CscMatrix,
    pub(crate) q: Vec<f64>,
    pub(crate) a: CscMatrix,
    pub(crate) l: Vec<f64>,
    pub(crate) u: Vec<f64>,
    pub(crate) lb: Vec<f64>,
    pub(crate) ub: Vec<f64>,
    d: Vec<f64>,
    e: Vec<f64>,
    c: f64,
}

impl Scaled {
    /// Equilibrates with `passes` of Ruiz's iteration, then scales the cost.
    pub(crate) fn new(program: &ProgramRef<'_>, passes: u32) -> Self {
        let (n, m) = (program.num_vars(), program.num_rows());
        let mut scaled = Self {
            p: program.p().to_owned(),
            q: vec![0.0; n],
            a: program.a().to_owned(),
            l: vec![0.0; m],
            u: vec![0.0; m],
            lb: vec![0.0; n],
            ub: vec![0.0; n],
            d: vec![1.0; n],
            e: vec![1.0; m],
            c: 1.0,
        };
        for _ in 0..passes {
            scaled.ruiz_pass();
        }
        if passes > 0 {
            scaled.scale_cost(program);
        }
        scaled.set_vectors(program);
        scaled
    }

    pub(crate) fn num_vars(&self) -> usize {
        self.q.len()
    }

    pub(crate) fn num_rows(&self) -> usize {
        self.l.len()
    }

    /// Takes `program`'s vectors, keeping the scaling.
    pub(crate) fn set_vectors(&mut self, program: &ProgramRef<'_>) {
        let lower = |v: f64, s: f64| if v <= -INFINITE { f64::NEG_INFINITY } else { v * s };
        let upper = |v: f64, s: f64| if v >= INFINITE { f64::INFINITY } else { v * s };
        for j in 0..self.d.len() {
            self.q[j] = self.c * self.d[j] * program.q()[j];
            self.lb[j] = lower(program.lb()[j], 1.0 / self.d[j]);
            self.ub[j] = upper(program.ub()[j], 1.0 / self.d[j]);
        }
        for i in 0..self.e.len() {
            self.l[i] = lower(program.l()[i], self.e[i]);
            self.u[i] = upper(program.u()[i], self.e[i]);
        }
    }

    fn ruiz_pass(&mut self) {
        let (mut cols, mut rows) = (column_maxima(&self.p, self.d.len()), vec![0.0; self.e.len()]);
        for (i, j, v) in self.a.as_ref().entries() {
            cols[j] = v.abs().max(cols[j]);
            rows[i] = v.abs().max(rows[i]);
        }
        let factor = |v: &mut f64| *v = if *v > 0.0 { (1.0 / v.sqrt()).clamp(1.0 / MAX_SCALE, MAX_SCALE) } else { 1.0 };
        cols.iter_mut().for_each(factor);
        rows.iter_mut().for_each(factor);
        scale_entries(&mut self.p, &cols, &cols);
        scale_entries(&mut self.a, &rows, &cols);
        self.d.iter_mut().zip(&cols).for_each(|(d, s)| *d *= s);
        self.e.iter_mut().zip(&rows).for_each(|(e, s)| *e *= s);
    }

    /// Makes the mean column of `P` or the largest entry of `q`, whichever is larger, about one.
    fn scale_cost(&mut self, program: &ProgramRef<'_>) {
        let n = self.d.len();
        let mean = column_maxima(&self.p, n).iter().sum::<f64>() / n as f64;
        let q = self.d.iter().zip(program.q()).fold(0.0, |m: f64, (d, q)| m.max((d * q).abs()));
        let size = mean.max(q);
        if size > 0.0 && size.is_finite() {
            self.c = (1.0 / size).clamp(1e-8, 1e8);
            self.p.values_mut().iter_mut().for_each(|v| *v *= self.c);
        }
    }

    /// Writes the point in the caller's units.
    pub(crate) fn unscale(&self, x: &[f64], y: &[f64], bound_duals: &[f64], out: &mut Solution) {
        out.resize(x.len(), y.len(), 0);
        for j in 0..x.len() {
            out.x[j] = self.d[j] * x[j];
            out.bound_duals[j] = bound_duals[j] / (self.c * self.d[j]);
        }
        for (i, y) in y.iter().enumerate() {
            out.y[i] = self.e[i] * y / self.c;
        }
    }

    /// Overwrites a point in the caller's units by the same in scaled units.
    pub(crate) fn scale_point(&self, x: &mut [f64], y: &mut [f64], bound_duals: &mut [f64]) {
        for j in 0..x.len() {
            x[j] /= self.d[j];
            bound_duals[j] *= self.c * self.d[j];
        }
        for (y, e) in y.iter_mut().zip(&self.e) {
            *y *= self.c / e;
        }
    }

    /// The largest scaled entry of the linear term.
    pub(crate) fn q_size(&self) -> f64 {
        max_abs(&self.q)
    }
}

/// The largest entry of every column of the symmetric matrix whose upper triangle is `p`.
fn column_maxima(p: &CscMatrix, n: usize) -> Vec<f64> {
    let mut maxima = vec![0.0; n];
    for (i, j, v) in p.as_ref().entries() {
        maxima[i] = v.abs().max(maxima[i]);
        maxima[j] = v.abs().max(maxima[j]);
    }
    maxima
}

fn scale_entries(matrix: &mut CscMatrix, rows: &[f64], cols: &[f64]) {
    let factors: Vec<f64> = matrix.as_ref().entries().map(|(i, j, _)| rows[i] * cols[j]).collect();
    matrix.values_mut().iter_mut().zip(factors).for_each(|(v, f)| *v *= f);
}
