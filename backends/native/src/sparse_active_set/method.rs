//! The primal–dual active-set method (Hintermüller, Ito & Kunisch 2002): solve on the held constraints, then exchange
//! all that is wrong at once.

use std::time::Instant;

use bpqp_traits::claims::{Claim, judge};
use bpqp_traits::vector::{axpy, max_abs, max_nan};
use bpqp_traits::{ActiveSet, CscRef, ProgramBuf, ProgramRef, Result, Solution, Status};

use super::factor::Factor;
use super::sides::{exchange, fit, held_at, of_point};

/// Exchanges at most …
const MAX_EXCHANGES: u32 = 25;
/// … and so many in a row that leave no fewer wrong.
const PATIENCE: u32 = 4;
/// Solves on one set at most.
const MAX_SOLVES: u32 = 8;
/// Corrections between exchanges end at this residual relative to the data …
const ROUGH: f64 = 1e-10;
/// … and the last at this one.
const EXACT: f64 = 1e-15;
/// A correction that keeps this share of the residual is the last.
const SLOW: f64 = 0.1;
/// A set whose residual stays above this is singular.
const SINGULAR: f64 = 1e-6;
/// A violation counts from here, as a distance relative to the point …
const FEASIBILITY: f64 = 1e-11;
/// … and a wrong sign from here, relative to the forces.
const FORCE: f64 = 1e-13;

/// The method with its factor.
pub(crate) struct SparseActiveSet {
    pub(super) program: ProgramBuf,
    pub(super) factor: Factor,
    pub(super) active: ActiveSet,
    /// Whether `active` is a solution's.
    pub(super) optimal: bool,
    /// `(x, y)`.
    point: Vec<f64>,
    pub(super) residual: Vec<f64>,
    /// The largest entry of every row.
    norms: Vec<f64>,
    /// `Ax`.
    values: Vec<f64>,
    /// `Px + q + Aᵀy`.
    forces: Vec<f64>,
    pub(super) unknowns: (Vec<usize>, Vec<usize>),
    pub(super) adjoint: Vec<f64>,
}

impl SparseActiveSet {
    /// Whether the method has a chance: its first sets are solvable where all variables have curvature.
    pub(crate) fn fits(program: &ProgramRef<'_>) -> bool {
        let curved = program.p().entries().filter(|&(i, j, v)| i == j && v > 0.0).count();
        curved == program.num_vars()
    }

    /// Orders; nothing is factored yet.
    pub(crate) fn new(program: &ProgramRef<'_>) -> Self {
        let (n, m) = (program.num_vars(), program.num_rows());
        Self {
            program: ProgramBuf::from(program),
            factor: Factor::new(program),
            active: ActiveSet::default(),
            optimal: false,
            point: vec![0.0; n + m],
            residual: vec![0.0; n + m],
            norms: row_maxima(program),
            values: vec![0.0; m],
            forces: vec![0.0; n],
            unknowns: (Vec::new(), Vec::new()),
            adjoint: vec![0.0; n + m],
        }
    }

    /// Takes another program of the same patterns.
    pub(crate) fn set_program(&mut self, program: &ProgramRef<'_>, matrices: bool) {
        self.program = ProgramBuf::from(program);
        self.optimal = false;
        if matrices {
            self.factor.set_matrices(program);
            self.norms = row_maxima(program);
        }
    }

    /// Whether the last solve ended on a solution's set.
    pub(crate) fn is_optimal(&self) -> bool {
        self.optimal
    }

    /// Starts from the constraints that hold a point.
    pub(crate) fn warm_start(&mut self, x: &[f64], y: &[f64], bound_duals: &[f64]) {
        self.active = of_point(&self.program.as_ref(), x, y, bound_duals);
    }

    /// Solves, from the last set; `None` is a way of giving up. `out.iterations` counts factorizations in any case.
    pub(crate) fn solve(
        &mut self,
        tolerance: f64,
        (factorizations, deadline): (u64, Option<Instant>),
        out: &mut Solution,
    ) -> Result<Option<Status>> {
        let program = self.program.clone();
        let program = program.as_ref();
        fit(&mut self.active.rows, program.l(), program.u());
        fit(&mut self.active.bounds, program.lb(), program.ub());
        self.factor.count = 0;
        self.optimal = false;
        self.point.fill(0.0);
        let found = self.search(&program, (factorizations, deadline))?;
        out.iterations = self.factor.count;
        if found {
            self.write(&program, out);
            let claim = Claim { status: Status::Solved, limited: false };
            self.optimal = judge(&program, claim, tolerance, out) == Status::Solved;
        }
        if !self.optimal {
            // A set that led nowhere is no start for the next problem either.
            self.active = ActiveSet::default();
        }
        Ok(self.optimal.then_some(Status::Solved))
    }

    /// Exchanges until nothing is wrong.
    fn search(&mut self, program: &ProgramRef<'_>, (most, deadline): (u64, Option<Instant>)) -> Result<bool> {
        let (mut fewest, mut idle) = (usize::MAX, 0);
        for _ in 0..MAX_EXCHANGES {
            let late = deadline.is_some_and(|d| Instant::now() >= d);
            if late || self.factor.count >= most || !self.factor.ensure(program, &self.active)? {
                return Ok(false);
            }
            if !self.solve_on_set(program, ROUGH) {
                return Ok(false);
            }
            let mut wrong = self.exchange(program);
            if wrong == 0 {
                // What holds of a rough point must hold of the exact one.
                if !self.solve_on_set(program, EXACT) {
                    return Ok(false);
                }
                wrong = self.exchange(program);
            }
            if wrong == 0 {
                return Ok(true);
            }
            idle = if wrong < fewest { 0 } else { idle + 1 };
            fewest = wrong.min(fewest);
            if idle == PATIENCE {
                return Ok(false);
            }
        }
        Ok(false)
    }

    /// The point that solves the KKT system of the held constraints; false where they are singular.
    fn solve_on_set(&mut self, program: &ProgramRef<'_>, target: f64) -> bool {
        let n = program.num_vars();
        for (j, side) in self.active.bounds.iter().enumerate() {
            self.point[j] = held_at(*side, program.lb()[j], program.ub()[j]).unwrap_or(self.point[j]);
        }
        for (y, side) in self.point[n..].iter_mut().zip(&self.active.rows) {
            *y = if side.is_active() { *y } else { 0.0 };
        }
        let mut size = self.measure(program);
        for step in 0..MAX_SOLVES {
            if size <= target {
                break;
            }
            self.factor.solve(&mut self.residual);
            axpy(1.0, &self.residual, &mut self.point);
            let new = self.measure(program);
            // Not a number fails, too.
            if !(new < SINGULAR || new <= size) {
                return false;
            }
            let slow = step > 0 && new > SLOW * size;
            size = new;
            if slow {
                break;
            }
        }
        size < SINGULAR
    }

    /// Computes products and residual at the point; returns the residual's size relative to the data.
    fn measure(&mut self, program: &ProgramRef<'_>) -> f64 {
        let n = program.num_vars();
        let (x, y) = self.point.split_at(n);
        products(program, (x, y), &mut self.values, &mut self.forces);
        let (top, bottom) = self.residual.split_at_mut(n);
        for ((r, f), side) in top.iter_mut().zip(&self.forces).zip(&self.active.bounds) {
            *r = if side.is_active() { 0.0 } else { -f };
        }
        for (i, (r, side)) in bottom.iter_mut().zip(&self.active.rows).enumerate() {
            *r = held_at(*side, program.l()[i], program.u()[i]).map_or(0.0, |v| v - self.values[i]);
        }
        let (top, bottom) = (max_abs(top), max_abs(bottom));
        let (point, force) = self.sizes(program);
        max_nan(top / force, bottom / point)
    }

    /// The sizes of the point and of the forces on it, to which rounding is relative.
    fn sizes(&self, program: &ProgramRef<'_>) -> (f64, f64) {
        let n = program.num_vars();
        let x = max_abs(&self.point[..n]).max(max_abs(&self.values));
        (1.0 + x, 1.0 + max_abs(program.q()).max(max_abs(&self.point[n..])))
    }

    fn exchange(&mut self, program: &ProgramRef<'_>) -> usize {
        let n = program.num_vars();
        let (_, force) = self.sizes(program);
        let (x, y) = self.point.split_at(n);
        let (norms, length, force) = (&self.norms, FEASIBILITY * (1.0 + max_abs(x)), FORCE * force);
        let rows = (program.l(), program.u());
        let wrong = exchange(&mut self.active.rows, (&self.values, |i| y[i]), rows, (|i| length * norms[i], force));
        let (forces, bounds) = (&self.forces, (program.lb(), program.ub()));
        wrong + exchange(&mut self.active.bounds, (x, |j| -forces[j]), bounds, (|_| length, force))
    }

    fn write(&self, program: &ProgramRef<'_>, out: &mut Solution) {
        let (n, m) = (program.num_vars(), program.num_rows());
        out.resize(n, m, 0);
        out.x.copy_from_slice(&self.point[..n]);
        out.y.copy_from_slice(&self.point[n..]);
        for (j, side) in self.active.bounds.iter().enumerate() {
            out.bound_duals[j] = if side.is_active() { -self.forces[j] } else { 0.0 };
        }
    }
}

fn row_maxima(program: &ProgramRef<'_>) -> Vec<f64> {
    let mut maxima = vec![0.0; program.num_rows()];
    program.a().entries().for_each(|(i, _, v)| maxima[i] = v.abs().max(maxima[i]));
    maxima
}

/// `values = Ax` and `forces = Px + q + Aᵀy`, in one pass over each matrix.
fn products(program: &ProgramRef<'_>, (x, y): (&[f64], &[f64]), values: &mut [f64], forces: &mut [f64]) {
    let (p, a) = (program.p(), program.a());
    let column = |m: CscRef<'_>, j: usize| m.col_ptr()[j]..m.col_ptr()[j + 1];
    values.fill(0.0);
    forces.copy_from_slice(program.q());
    for j in 0..x.len() {
        let (xj, mut force) = (x[j], 0.0);
        let range = column(p, j);
        for (&i, v) in p.row_idx()[range.clone()].iter().zip(&p.values()[range]) {
            force += v * x[i];
            if i != j {
                forces[i] += v * xj;
            }
        }
        let range = column(a, j);
        for (&i, v) in a.row_idx()[range.clone()].iter().zip(&a.values()[range]) {
            force += v * y[i];
            values[i] += v * xj;
        }
        forces[j] += force;
    }
}
