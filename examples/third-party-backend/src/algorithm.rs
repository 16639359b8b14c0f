//! The solver: a dense dual active-set method (Goldfarb and Idnani, 1983) inside a proximal-point iteration.
//!
//! Each proximal step minimizes `½xᵀPx + qᵀx + ½‖x − c‖²_D` over `l ≤ Ax ≤ u` from the last point `c`. That is strictly
//! convex, so the active-set method applies also where `P` is singular or zero; and its solution has the dual residual
//! `D(x − c)` for the problem itself, which the steps drive to zero. On an unbounded problem the steps become a ray.

use bpqp_traits::vector::{axpy, dot, max_abs};
use bpqp_traits::{Error, ProgramRef, Result, Status};

use crate::linalg::{Cholesky, Qr};

/// The proximal term `D`, relative to the diagonal of `P`.
const PROXIMAL: f64 = 1e-7;
/// Violations of a row of length one below this, relative to the size of `x`, are rounding.
const FEASIBLE: f64 = 1e-11;
/// A row is dependent on others where so little of it is left beside them.
const DEPENDENT: f64 = 1e-10;
/// A direction is a ray where it violates so little, relative to its slope.
const RAY: f64 = 1e-9;

/// `min ½xᵀPx + qᵀx  s.t.  l ≤ Ax ≤ u`, dense; bounds are rows like any other.
struct Qp {
    /// Rows of the symmetric `P`.
    p: Vec<Vec<f64>>,
    q: Vec<f64>,
    /// Rows of `A`.
    a: Vec<Vec<f64>>,
    l: Vec<f64>,
    u: Vec<f64>,
}

impl From<&ProgramRef<'_>> for Qp {
    /// Dense matrices from sparse ones, with the bounds as rows below the others.
    fn from(program: &ProgramRef<'_>) -> Self {
        let (n, m) = (program.num_vars(), program.num_rows());
        let (mut p, mut a) = (vec![vec![0.0; n]; n], vec![vec![0.0; n]; m + n]);
        program.p().entries().for_each(|(i, j, v)| (p[i][j], p[j][i]) = (v, v));
        program.a().entries().for_each(|(i, j, v)| a[i][j] = v);
        (0..n).for_each(|j| a[m + j][j] = 1.0);
        let (l, u) = ([program.l(), program.lb()].concat(), [program.u(), program.ub()].concat());
        Self { p, q: program.q().into(), a, l, u }
    }
}

/// What a run leaves: `y` is positive at upper sides and negative at lower ones. Where the problem is infeasible it is the
/// proof, `Aᵀy = 0` with a negative support value; where it is unbounded `x` is a ray.
pub struct Answer {
    pub end: Status,
    pub x: Vec<f64>,
    pub y: Vec<f64>,
    pub steps: u32,
}

/// A problem, scaled and factorized.
pub struct DualActiveSet {
    /// With rows of length one.
    qp: Qp,
    norms: Vec<f64>,
    proximal: Vec<f64>,
    /// Of `P + D`.
    factor: Cholesky,
}

/// A row in the working set, as `side · aᵀx ≤ side · bound`.
#[derive(Clone, Copy)]
struct Held {
    row: usize,
    side: f64,
}

/// A run's state: `x` minimizes the proximal objective over the working set, with multipliers `u`.
struct Run<'a> {
    solver: &'a DualActiveSet,
    center: Vec<f64>,
    x: Vec<f64>,
    held: Vec<Held>,
    u: Vec<f64>,
    /// Of `L⁻¹N`, with the oriented normals of the working set as columns of `N`.
    qr: Qr,
}

impl DualActiveSet {
    /// Scales and factorizes; an error where `P` is not positive semidefinite.
    pub fn new(program: &ProgramRef<'_>) -> Result<Self> {
        let mut qp = Qp::from(program);
        let linear = 1e-6 * if max_abs(&qp.q) > 0.0 { max_abs(&qp.q) } else { 1.0 };
        let diagonal = qp.p.iter().enumerate().map(|(j, row)| row[j]);
        let proximal: Vec<f64> = diagonal.map(|p| if p > 0.0 { PROXIMAL * p } else { linear }).collect();
        let mut h = qp.p.clone();
        (0..h.len()).for_each(|j| h[j][j] += proximal[j]);
        let norm = |a: &Vec<f64>| Some(dot(a, a).sqrt()).filter(|norm| *norm > 0.0).unwrap_or(1.0);
        let norms: Vec<f64> = qp.a.iter().map(norm).collect();
        for (i, norm) in norms.iter().enumerate() {
            qp.a[i].iter_mut().chain([&mut qp.l[i], &mut qp.u[i]]).for_each(|v| *v /= norm);
        }
        let negative = || Error::NotConvex { reason: "P has a negative eigenvalue".into() };
        let factor = Cholesky::new(&h).ok_or_else(negative)?;
        Ok(Self { factor, qp, norms, proximal })
    }

    /// Proximal steps from zero until the dual residual, and what it is worth at `x`, is below `tolerance`.
    pub fn solve(&self, tolerance: f64, max_steps: u32) -> Answer {
        let x = vec![0.0; self.proximal.len()];
        let mut run = Run { solver: self, center: x.clone(), x, held: Vec::new(), u: Vec::new(), qr: Qr::default() };
        let mut steps = 0;
        let end = loop {
            run.settle();
            while let Some(k) = run.pulling() {
                run.remove(k);
                run.settle();
            }
            while let Some(held) = run.most_violated().filter(|_| steps < max_steps) {
                steps += 1;
                if let Err(proof) = run.enter(held) {
                    return Answer { end: Status::PrimalInfeasible, x: run.x, y: proof, steps };
                }
                run.settle();
            }
            let moved: Vec<f64> = run.x.iter().zip(&run.center).map(|(x, c)| x - c).collect();
            if steps >= max_steps {
                break Status::IterationLimit;
            } else if run.residual(&moved) <= 0.1 * tolerance {
                break Status::Solved;
            } else if self.is_ray(&moved) {
                return Answer { end: Status::DualInfeasible, x: moved, y: run.multipliers(), steps };
            }
            run.center.copy_from_slice(&run.x);
            steps += 1;
        };
        Answer { end, y: run.multipliers(), x: run.x, steps }
    }

    fn is_ray(&self, d: &[f64]) -> bool {
        let Qp { p, q, a, l, u } = &self.qp;
        let bound = -RAY * dot(q, d);
        let within = |i: usize| {
            let change = dot(&a[i], d);
            (u[i].is_infinite() || change <= bound) && (l[i].is_infinite() || -change <= bound)
        };
        bound > 0.0 && p.iter().all(|row| dot(row, d).abs() <= bound) && (0..a.len()).all(within)
    }
}

impl Run<'_> {
    fn normal(&self, held: Held) -> Vec<f64> {
        self.solver.qp.a[held.row].iter().map(|v| held.side * v).collect()
    }

    /// How far `x` is beyond the side.
    fn violation(&self, Held { row, side }: Held) -> f64 {
        let Qp { a, l, u, .. } = &self.solver.qp;
        side * (dot(&a[row], &self.x) - if side > 0.0 { u[row] } else { l[row] })
    }

    fn is_equality(&self, held: Held) -> bool {
        self.solver.qp.l[held.row] == self.solver.qp.u[held.row]
    }

    /// Moves to the minimizer over the working set, taken as equalities; twice, to refine the first.
    fn settle(&mut self) {
        let DualActiveSet { qp, proximal, factor, .. } = self.solver;
        for _ in 0..2 {
            let gradient = |j: usize| dot(&qp.p[j], &self.x) + qp.q[j] + proximal[j] * (self.x[j] - self.center[j]);
            let mut step: Vec<f64> = (0..self.x.len()).map(|j| -gradient(j)).collect();
            self.held.iter().zip(&self.u).for_each(|(h, u)| axpy(-u * h.side, &qp.a[h.row], &mut step));
            factor.solve(&mut step);
            let mut along: Vec<f64> = self.held.iter().map(|h| -self.violation(*h)).collect();
            self.qr.solve_transpose(&mut along);
            let mut change = self.qr.project(&mut step);
            self.qr.add_range(&along, &mut step);
            factor.solve_transpose(&mut step);
            axpy(1.0, &step, &mut self.x);
            axpy(-1.0, &along, &mut change);
            self.qr.solve(&mut change);
            axpy(1.0, &change, &mut self.u);
        }
    }

    /// The place in the working set of the inequality whose multiplier is most negative.
    fn pulling(&self) -> Option<usize> {
        let wrong = (0..self.u.len()).filter(|&k| self.u[k] < 0.0 && !self.is_equality(self.held[k]));
        wrong.min_by(|&a, &b| self.u[a].total_cmp(&self.u[b]))
    }

    /// The side outside the working set that is violated most.
    fn most_violated(&self) -> Option<Held> {
        let rows = (0..self.solver.qp.a.len()).filter(|i| self.held.iter().all(|h| h.row != *i));
        let sides = rows.flat_map(|row| [Held { row, side: 1.0 }, Held { row, side: -1.0 }]);
        let worst = sides.map(|h| (self.violation(h), h)).max_by(|a, b| a.0.total_cmp(&b.0));
        worst.filter(|(violation, _)| *violation > FEASIBLE * (1.0 + max_abs(&self.x))).map(|(_, held)| held)
    }

    /// Brings a violated side into the working set, dropping those whose multipliers it would turn negative; or returns
    /// the proof that no point satisfies all of them.
    fn enter(&mut self, new: Held) -> std::result::Result<(), Vec<f64>> {
        let mut column = self.normal(new);
        self.solver.factor.solve(&mut column);
        let mut multiplier = 0.0;
        loop {
            let mut rest = column.clone();
            let mut share = self.qr.project(&mut rest);
            self.qr.solve(&mut share);
            let square = dot(&rest, &rest);
            let independent = square.sqrt() > DEPENDENT * dot(&column, &column).sqrt();
            let full = if independent { self.violation(new) / square } else { f64::INFINITY };
            let shrinking = (0..share.len()).filter(|&k| share[k] > 0.0 && !self.is_equality(self.held[k]));
            let blocking = shrinking.map(|k| ((self.u[k] / share[k]).max(0.0), k)).min_by(|a, b| a.0.total_cmp(&b.0));
            let (partial, leaving) = blocking.unwrap_or((f64::INFINITY, 0));
            let step = full.min(partial);
            if step.is_infinite() {
                return Err(self.proof(new, &share));
            }
            if independent {
                self.solver.factor.solve_transpose(&mut rest);
                axpy(-step, &rest, &mut self.x);
            }
            axpy(-step, &share, &mut self.u);
            multiplier += step;
            if full <= partial {
                self.qr.push(column);
                self.held.push(new);
                self.u.push(multiplier);
                return Ok(());
            }
            self.remove(leaving);
        }
    }

    fn remove(&mut self, k: usize) {
        self.held.remove(k);
        self.u.remove(k);
        self.qr.remove(k);
    }

    /// `new` is `share` of the rows held, with a right-hand side below theirs.
    fn proof(&self, new: Held, share: &[f64]) -> Vec<f64> {
        let mut y = vec![0.0; self.solver.norms.len()];
        y[new.row] = new.side / self.solver.norms[new.row];
        self.held.iter().zip(share).for_each(|(h, s)| y[h.row] = -s * h.side / self.solver.norms[h.row]);
        y
    }

    /// The multipliers of all rows, signed.
    fn multipliers(&self) -> Vec<f64> {
        let mut y = vec![0.0; self.solver.norms.len()];
        self.held.iter().zip(&self.u).for_each(|(h, u)| y[h.row] = u * h.side / self.solver.norms[h.row]);
        y
    }

    /// The dual residual `D·moved`, with what it is worth at `x`, relative to the objective.
    fn residual(&self, moved: &[f64]) -> f64 {
        let Qp { p, q, .. } = &self.solver.qp;
        let residual = |j: usize| (self.solver.proximal[j] * moved[j]).abs() * (1.0 + self.x[j].abs());
        let objective = |j: usize| (0.5 * dot(&p[j], &self.x) + q[j]) * self.x[j];
        let n = self.x.len();
        (0..n).map(residual).sum::<f64>() / (1.0 + (0..n).map(objective).sum::<f64>().abs())
    }
}
