//! A primal-dual interior point with Nesterov–Todd scaling and Mehrotra's corrector, on dense matrices.

use std::time::{Duration, Instant};

use super::dense::{Lu, multiply};
use super::second_order::{Cones, Scaling};
use super::standard_form::StandardForm;

/// Regularization of the factored matrix; refinement works against the matrix without it.
const DELTA: f64 = 1e-11;
/// An iterate this large diverges: the problem is infeasible or unbounded.
const DIVERGED: f64 = 1e11;

/// Primal point, multipliers, and the slacks `s = h − G x`.
#[derive(Clone)]
pub(crate) struct Iterate {
    pub(crate) x: Vec<f64>,
    pub(crate) nu: Vec<f64>,
    pub(crate) s: Vec<f64>,
    pub(crate) z: Vec<f64>,
}

/// Why the method stopped.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stop {
    Converged,
    Stalled,
    IterationLimit,
    TimeLimit,
}

/// When to stop early.
#[derive(Clone, Copy)]
pub(crate) struct Limits {
    pub(crate) iterations: u32,
    pub(crate) time: Option<Duration>,
}

/// Runs until `converged` or a limit; returns the last iterate and the iterations taken.
pub(crate) fn run(form: &StandardForm, limits: Limits, converged: impl Fn(&Iterate) -> bool) -> (Iterate, Stop, u32) {
    let begin = Instant::now();
    let cones = Cones(&form.dims);
    let mut at = start(form, &cones);
    for iteration in 0..=limits.iterations {
        if converged(&at) {
            return (at, Stop::Converged, iteration);
        }
        if limits.time.is_some_and(|limit| begin.elapsed() >= limit) {
            return (at, Stop::TimeLimit, iteration);
        }
        if iteration == limits.iterations {
            break;
        }
        let Some(next) = step(form, &cones, &at) else { return (at, Stop::Stalled, iteration) };
        at = next;
    }
    (at, Stop::IterationLimit, limits.iterations)
}

/// Least-squares start, pushed into the cones.
fn start(form: &StandardForm, cones: &Cones<'_>) -> Iterate {
    let e = cones.identity();
    let kkt = Kkt::new(form, cones.scaling(&e, &e));
    let minus_q: Vec<f64> = form.q.iter().map(|q| -q).collect();
    let w = kkt.solve(&minus_q, &form.eq.rhs, &form.ineq.rhs);
    let (x, nu, mut z) = kkt.split(&w);
    let mut s: Vec<f64> = z.iter().map(|v| -v).collect();
    for v in [&mut s, &mut z] {
        let depth = cones.depth(v);
        if depth <= 1e-3 {
            v.iter_mut().zip(&e).for_each(|(v, e)| *v += (1.0 - depth) * e);
        }
    }
    Iterate { x, nu, s, z }
}

/// One predictor-corrector step, or `None` where it makes no progress.
fn step(form: &StandardForm, cones: &Cones<'_>, at: &Iterate) -> Option<Iterate> {
    let scaling = cones.scaling(&at.s, &at.z);
    let lambda = scaling.apply(&at.z);
    let kkt = Kkt::new(form, scaling);
    let residuals = kkt.residuals(at);
    let lambda_squared = cones.product(&lambda, &lambda);

    let target: Vec<f64> = lambda_squared.iter().map(|v| -v).collect();
    let affine = kkt.direction(cones, &lambda, &target, &residuals, 1.0);
    let alpha = cones.max_step(&at.s, &affine.s).min(cones.max_step(&at.z, &affine.z));
    let sigma = (1.0 - alpha).powi(3);
    let mu = at.s.iter().zip(&at.z).map(|(s, z)| s * z).sum::<f64>() / form.dims.len().max(1) as f64;

    let second = cones.product(&kkt.scaling.apply_inverse(&affine.s), &kkt.scaling.apply(&affine.z));
    let e = cones.identity();
    let target: Vec<f64> = (0..e.len()).map(|k| -lambda_squared[k] - second[k] + sigma * mu * e[k]).collect();
    let go = kkt.direction(cones, &lambda, &target, &residuals, 1.0 - sigma);
    let reach = cones.max_step(&at.s, &go.s).min(cones.max_step(&at.z, &go.z));
    let alpha = if reach < 1.0 { 0.99 * reach } else { 1.0 };
    let moved = |v: &[f64], d: &[f64]| -> Vec<f64> { v.iter().zip(d).map(|(v, d)| v + alpha * d).collect() };
    let next =
        Iterate { x: moved(&at.x, &go.x), nu: moved(&at.nu, &go.nu), s: moved(&at.s, &go.s), z: moved(&at.z, &go.z) };
    let sane = [&next.x, &next.nu, &next.s, &next.z].into_iter().flatten().all(|v| v.abs() < DIVERGED);
    (sane && alpha > 1e-9).then_some(next)
}

/// The KKT matrix `[P Aᵀ Gᵀ; A 0 0; G 0 −W²]` at one scaling, factored.
struct Kkt<'a> {
    form: &'a StandardForm,
    scaling: Scaling,
    matrix: Vec<f64>,
    lu: Lu,
}

impl<'a> Kkt<'a> {
    fn new(form: &'a StandardForm, scaling: Scaling) -> Self {
        let (n, p, k) = (form.n, form.eq.len(), form.ineq.len());
        let size = n + p + k;
        let mut matrix = vec![0.0; size * size];
        for i in 0..n {
            matrix[i * size..i * size + n].copy_from_slice(&form.p[i * n..(i + 1) * n]);
        }
        for (i, row) in form.eq.matrix.chunks(n).chain(form.ineq.matrix.chunks(n)).enumerate() {
            for (j, v) in row.iter().enumerate() {
                matrix[(n + i) * size + j] = *v;
                matrix[j * size + n + i] = *v;
            }
        }
        for j in 0..k {
            let mut unit = vec![0.0; k];
            unit[j] = 1.0;
            let column = scaling.apply(&scaling.apply(&unit));
            (0..k).for_each(|i| matrix[(n + p + i) * size + n + p + j] = -column[i]);
        }
        let mut regularized = matrix.clone();
        (0..size).for_each(|i| regularized[i * size + i] += if i < n { DELTA } else { -DELTA });
        Self { form, scaling, lu: Lu::new(size, regularized), matrix }
    }

    fn solve(&self, x: &[f64], nu: &[f64], z: &[f64]) -> Vec<f64> {
        let rhs = [x, nu, z].concat();
        let mut w = self.lu.solve(&rhs);
        for _ in 0..3 {
            let left: Vec<f64> = multiply(&self.matrix, &w).iter().zip(&rhs).map(|(kw, r)| r - kw).collect();
            let correction = self.lu.solve(&left);
            w.iter_mut().zip(correction).for_each(|(w, c)| *w += c);
        }
        w
    }

    fn split(&self, w: &[f64]) -> (Vec<f64>, Vec<f64>, Vec<f64>) {
        let (n, p) = (self.form.n, self.form.eq.len());
        (w[..n].to_vec(), w[n..n + p].to_vec(), w[n + p..].to_vec())
    }

    /// Minus the residuals of stationarity, of the equalities and of `G x + s = h`.
    fn residuals(&self, at: &Iterate) -> (Vec<f64>, Vec<f64>, Vec<f64>) {
        let form = self.form;
        let mut rx: Vec<f64> = form.gradient(&at.x).iter().map(|v| -v).collect();
        let rows = form.eq.matrix.chunks(form.n).chain(form.ineq.matrix.chunks(form.n));
        for (row, dual) in rows.zip(at.nu.iter().chain(&at.z)) {
            rx.iter_mut().zip(row).for_each(|(r, a)| *r -= dual * a);
        }
        let ax = multiply(&form.eq.matrix, &at.x);
        let gx = multiply(&form.ineq.matrix, &at.x);
        let ry = form.eq.rhs.iter().zip(ax).map(|(b, ax)| b - ax).collect();
        let rz = (0..at.s.len()).map(|k| form.ineq.rhs[k] - gx[k] - at.s[k]).collect();
        (rx, ry, rz)
    }

    /// The direction that moves `λ ∘ λ` by `target` and shrinks the residuals by `share`.
    fn direction(
        &self,
        cones: &Cones<'_>,
        lambda: &[f64],
        target: &[f64],
        (rx, ry, rz): &(Vec<f64>, Vec<f64>, Vec<f64>),
        share: f64,
    ) -> Iterate {
        let scaled = |v: &[f64]| -> Vec<f64> { v.iter().map(|v| share * v).collect() };
        let quotient = cones.divide(lambda, target);
        let shift = self.scaling.apply(&quotient);
        let rhs_z: Vec<f64> = rz.iter().zip(&shift).map(|(r, s)| share * r - s).collect();
        let (x, nu, z) = self.split(&self.solve(&scaled(rx), &scaled(ry), &rhs_z));
        let wz = self.scaling.apply(&z);
        let inner: Vec<f64> = quotient.iter().zip(&wz).map(|(q, w)| q - w).collect();
        Iterate { x, nu, s: self.scaling.apply(&inner), z }
    }
}
