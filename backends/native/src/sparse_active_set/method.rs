//! The primal–dual active-set method (Hintermüller, Ito & Kunisch 2002): solve on the held constraints, then exchange
//! all that is wrong at once.

use std::time::Instant;

use bpqp_traits::claims::{Claim, judge_residuals};
use bpqp_traits::vector::{axpy, max_abs, max_nan};
use bpqp_traits::{ActiveSet, CscMatrix, KktResiduals, Products, ProgramRef, Result, Side, Solution, Status};

use super::dual::DualMethod;
use super::factor::Factor;
use super::sides::{exchange, fit, held_at, of_point};

/// Exchanges at most …
const MAX_EXCHANGES: u32 = 25;
/// … and so many in a row that leave no fewer wrong.
const PATIENCE: u32 = 4;
/// Solves on one set at most.
const MAX_SOLVES: u32 = 8;
/// Corrections between exchanges end at this residual relative to the data …
const ROUGH: f64 = 1e-5;
/// … and the last at this one.
const EXACT: f64 = 1e-14;
/// A correction that keeps this share of the residual is the last.
const SLOW: f64 = 0.1;
/// A set whose residual stays above this is singular.
const SINGULAR: f64 = 1e-6;
/// A violation counts from here, as a distance relative to the point …
const FEASIBILITY: f64 = 1e-11;
/// … and a wrong sign from here, relative to the forces …
const FORCE: f64 = 1e-13;
/// … and both from so many residuals.
const RESIDUALS: f64 = 10.0;

/// The method with its factor.
pub(crate) struct SparseActiveSet {
    /// `P` and `A`; the vectors are the caller's.
    pub(super) p: CscMatrix,
    pub(super) a: CscMatrix,
    pub(super) factor: Factor,
    dual: DualMethod,
    pub(super) active: ActiveSet,
    /// Whether `active` is a solution's.
    pub(super) optimal: bool,
    /// `(x, y)`.
    point: Vec<f64>,
    pub(super) residual: Vec<f64>,
    /// The largest entry of every row.
    norms: Vec<f64>,
    /// `Px`, `Ax`, and `Aᵀy`.
    px: Vec<f64>,
    ax: Vec<f64>,
    aty: Vec<f64>,
    /// `−(Px + q + Aᵀy)`: the duals of the bounds where these are held.
    bound_duals: Vec<f64>,
    sizes: Sizes,
    pub(super) unknowns: (Vec<usize>, Vec<usize>),
    pub(super) adjoint: Vec<f64>,
    /// Many right-hand sides of the adjoint QP, one after another.
    pub(super) many: Vec<f64>,
}

/// Sizes of the data and the point, to which rounding is relative.
#[derive(Clone, Copy, Debug, Default)]
struct Sizes {
    q: f64,
    x: f64,
    ax: f64,
    y: f64,
}

impl Sizes {
    fn force(&self) -> f64 {
        1.0 + self.q.max(self.y)
    }
}

impl SparseActiveSet {
    /// Whether the method has a chance: its first sets are solvable where all variables have curvature.
    pub(crate) fn fits(program: &ProgramRef<'_>) -> bool {
        let p = program.p();
        (0..p.ncols()).all(|j| p.diagonal(j) > 0.0)
    }

    /// Orders; nothing is factored yet.
    pub(crate) fn new(program: &ProgramRef<'_>) -> Self {
        let (n, m) = (program.num_vars(), program.num_rows());
        Self {
            p: program.p().to_owned(),
            a: program.a().to_owned(),
            factor: Factor::new(program),
            dual: DualMethod::default(),
            active: ActiveSet::default(),
            optimal: false,
            point: vec![0.0; n + m],
            residual: vec![0.0; n + m],
            norms: row_maxima(program),
            px: vec![0.0; n],
            ax: vec![0.0; m],
            aty: vec![0.0; n],
            bound_duals: vec![0.0; n],
            sizes: Sizes::default(),
            unknowns: (Vec::new(), Vec::new()),
            adjoint: vec![0.0; n + m],
            many: Vec::new(),
        }
    }

    /// Takes another program of the same patterns.
    pub(crate) fn set_program(&mut self, program: &ProgramRef<'_>, matrices: bool) {
        self.optimal = false;
        if matrices {
            (self.p, self.a) = (program.p().to_owned(), program.a().to_owned());
            self.factor.set_matrices(program);
            self.dual.forget();
            self.norms = row_maxima(program);
        }
    }

    /// Whether the last solve ended on a solution's set.
    pub(crate) fn is_optimal(&self) -> bool {
        self.optimal
    }

    /// Starts from the constraints that hold a point.
    pub(crate) fn warm_start(&mut self, program: &ProgramRef<'_>, x: &[f64], y: &[f64], bound_duals: &[f64]) {
        self.active = of_point(program, x, y, bound_duals);
    }

    /// Solves `program`, of the matrices last set, from the last set; `None` is a way of giving up. `out.iterations`
    /// counts factorizations in any case.
    pub(crate) fn solve(
        &mut self,
        program: &ProgramRef<'_>,
        tolerance: f64,
        (factorizations, deadline): (u64, Option<Instant>),
        out: &mut Solution,
    ) -> Result<Option<Status>> {
        fit(&mut self.active.rows, program.l(), program.u());
        fit(&mut self.active.bounds, program.lb(), program.ub());
        self.factor.count = 0;
        self.optimal = false;
        self.sizes.q = max_abs(program.q());
        let mut found = self.search(program, (factorizations, deadline))?;
        let late = deadline.is_some_and(|d| Instant::now() >= d) || self.factor.count >= factorizations;
        // Who allows few factorizations has a guess to try, not a problem to solve.
        let whole = factorizations >= u64::from(MAX_EXCHANGES);
        if !found && whole && !late && self.enter_one_by_one(program)? {
            found = self.search(program, (factorizations, deadline))?;
        }
        out.iterations = self.factor.count;
        self.optimal = found && self.write(program, tolerance, out) == Status::Solved;
        if !self.optimal {
            // A set that led nowhere is no start for the next problem either.
            self.active.rows.clear();
            self.active.bounds.clear();
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
            let start = self.start_on_set(program);
            let Some(rough) = self.correct(program, start, ROUGH) else { return Ok(false) };
            let mut wrong = self.exchange(program, rough);
            if wrong == 0 {
                // What holds of a rough point must hold of the exact one.
                let Some(exact) = self.correct(program, rough, EXACT) else { return Ok(false) };
                wrong = self.exchange(program, exact);
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

    /// Finds the set by the dual method; false where that gives up.
    fn enter_one_by_one(&mut self, program: &ProgramRef<'_>) -> Result<bool> {
        self.active.rows.fill(Side::Free);
        self.active.bounds.fill(Side::Free);
        fit(&mut self.active.rows, program.l(), program.u());
        fit(&mut self.active.bounds, program.lb(), program.ub());
        if !self.factor.ensure(program, &self.active)? {
            return Ok(false);
        }
        let start = self.start_on_set(program);
        if self.correct(program, start, EXACT).is_none() {
            return Ok(false);
        }
        let (x, base) = (&self.point[..program.num_vars()], (&self.active, &mut self.factor));
        let found = self.dual.run(program, base, (x, &self.ax), &self.norms);
        if found {
            self.dual.hold(&mut self.active);
        }
        Ok(found)
    }

    /// Zero but for what is held at its bound, and the residual there, whose size is returned.
    fn start_on_set(&mut self, program: &ProgramRef<'_>) -> f64 {
        let n = program.num_vars();
        let mut origin = true;
        for (j, side) in self.active.bounds.iter().enumerate() {
            let x = held_at(*side, program.lb()[j], program.ub()[j]);
            origin &= x == 0.0;
            self.point[j] = x;
        }
        self.point[n..].fill(0.0);
        if origin {
            // No products to compute there.
            self.px.fill(0.0);
            self.ax.fill(0.0);
            self.aty.fill(0.0);
            self.read_residual(program)
        } else {
            self.measure(program)
        }
    }

    /// Corrects the point towards the solution of the KKT system of the held constraints until its residual, now `size`,
    /// is down to `target`, and returns the last; `None` where they are singular.
    fn correct(&mut self, program: &ProgramRef<'_>, mut size: f64, target: f64) -> Option<f64> {
        for step in 0..MAX_SOLVES {
            if size <= target {
                break;
            }
            self.factor.solve(&mut self.residual);
            axpy(1.0, &self.residual, &mut self.point);
            let new = self.measure(program);
            // Not a number fails, too.
            if !(new < SINGULAR || new <= size) {
                return None;
            }
            let slow = step > 0 && new > SLOW * size;
            size = new;
            if slow {
                break;
            }
        }
        (size < SINGULAR).then_some(size)
    }

    /// Computes products and residual at the point; returns the residual's size relative to the data.
    fn measure(&mut self, program: &ProgramRef<'_>) -> f64 {
        let (x, y) = self.point.split_at(program.num_vars());
        self.px.fill(0.0);
        self.ax.fill(0.0);
        self.aty.fill(0.0);
        program.p().symmetric_mul_add(1.0, x, &mut self.px);
        program.a().mul_both_add(1.0, (x, &mut self.ax), (y, &mut self.aty));
        self.read_residual(program)
    }

    /// The residual at the point whose products are there, and its size relative to the data.
    fn read_residual(&mut self, program: &ProgramRef<'_>) -> f64 {
        let n = program.num_vars();
        let (top, bottom) = self.residual.split_at_mut(n);
        let forces = self.px.iter().zip(program.q()).zip(&self.aty);
        let duals = self.bound_duals.iter_mut().zip(top.iter_mut()).zip(&self.active.bounds);
        for (((p, q), a), ((dual, r), side)) in forces.zip(duals) {
            *dual = -(p + q + a);
            *r = if side.is_active() { 0.0 } else { *dual };
        }
        let sides = self.active.rows.iter().zip(program.l()).zip(program.u());
        for (((side, l), u), (r, value)) in sides.zip(bottom.iter_mut().zip(&self.ax)) {
            *r = if side.is_active() { held_at(*side, *l, *u) - value } else { 0.0 };
        }
        let (top, bottom) = (max_abs(top), max_abs(bottom));
        let (x, y) = self.point.split_at(n);
        self.sizes = Sizes { x: max_abs(x), ax: max_abs(&self.ax), y: max_abs(y), ..self.sizes };
        max_nan(top / self.sizes.force(), bottom / (1.0 + self.sizes.x.max(self.sizes.ax)))
    }

    /// Exchanges what is wrong at the point, known to within `residual`; returns how many that were.
    fn exchange(&mut self, program: &ProgramRef<'_>, residual: f64) -> usize {
        let n = program.num_vars();
        let (x, y) = self.point.split_at(n);
        let (rounding, sizes) = (RESIDUALS * residual, self.sizes);
        let (length, force) = (FEASIBILITY.max(rounding) * (1.0 + sizes.x), FORCE.max(rounding) * sizes.force());
        let (norms, rows) = (&self.norms, (program.l(), program.u()));
        let wrong = exchange(&mut self.active.rows, (&self.ax, y), rows, (|i| length * norms[i], force));
        let bounds = (program.lb(), program.ub());
        wrong + exchange(&mut self.active.bounds, (x, &self.bound_duals), bounds, (|_| length, force))
    }

    /// Hands over the point, and tells what it is.
    fn write(&mut self, program: &ProgramRef<'_>, tolerance: f64, out: &mut Solution) -> Status {
        let (n, m) = (program.num_vars(), program.num_rows());
        out.resize(n, m, 0);
        out.x.copy_from_slice(&self.point[..n]);
        out.y.copy_from_slice(&self.point[n..]);
        for ((out, dual), side) in out.bound_duals.iter_mut().zip(&self.bound_duals).zip(&self.active.bounds) {
            *out = if side.is_active() { *dual } else { 0.0 };
        }
        axpy(1.0, &out.bound_duals, &mut self.aty);
        let products = Products { px: &self.px, ax: &self.ax, sx: &[], forces: &self.aty };
        let residuals = KktResiduals::from_products(program, out, products);
        judge_residuals(residuals, Claim { status: Status::Solved, limited: false }, tolerance, out)
    }
}

fn row_maxima(program: &ProgramRef<'_>) -> Vec<f64> {
    let (a, mut maxima) = (program.a(), vec![0.0; program.num_rows()]);
    for (&i, v) in a.row_idx().iter().zip(a.values()) {
        maxima[i] = v.abs().max(maxima[i]);
    }
    maxima
}
