//! From a point within a solver's tolerance to the accuracy of the arithmetic, on its active set.

use std::rc::Rc;

use bpqp_traits::vector::{axpy, max_abs};
use bpqp_traits::{ActiveSet, BackwardQpSolver, KktResiduals, OwnedProducts, ProgramRef, Result, Side, Solution};

use super::active::Reading;
use super::reduced::ReducedKkt;

/// Wrong signs and violations below this, in common units, are rounding.
pub(super) const SIGN_TOLERANCE: f64 = 1e-10;
/// Duals below this, in common units, are rounding however slight the curvature is.
const ROUNDING: f64 = 1e-14;
/// A step of Newton's method from a point this good would follow the rounding of its residuals.
const ROUNDED: f64 = 16.0 * f64::EPSILON;
/// A polished point this good ends the search.
pub(crate) const GOOD: f64 = 1e-11;

/// A point with what the data make of it, its active set, and the factor of the KKT matrix on it: the backward pass needs
/// nothing else.
pub(crate) struct Polished {
    pub(crate) solution: Solution,
    pub(crate) residuals: KktResiduals,
    pub(crate) products: OwnedProducts,
    pub(crate) reading: Reading,
    pub(crate) kkt: ReducedKkt,
    /// Whether no dual has the wrong sign and no row is violated.
    pub(crate) settled: bool,
    /// Whether it is another point than the one handed in.
    pub(crate) moved: bool,
}

/// What duals are compared with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Resolution {
    /// The forces that balance at the solution.
    Forces,
    /// The same, for a step of Newton's method: where few exchanges do not end it, the program it belongs to is another.
    Step,
    /// The force `‖Px‖∞` of a Hessian that is a small multiple of the identity.
    Regularization,
}

impl Resolution {
    /// Exchanges of active rows tried before the best point so far is taken, and after how many of them rows are
    /// exchanged one at a time. The active set of a linear program may be far from that of the regularized one.
    fn rounds(self) -> (usize, usize) {
        match self {
            Self::Forces => (30, 10),
            Self::Step => (6, 6),
            Self::Regularization => (100, 30),
        }
    }

    /// The smallest dual that matters, relative to the `force` read at `point`; at most 1.
    pub(crate) fn relative(self, program: &ProgramRef<'_>, point: &Solution, force: f64) -> f64 {
        match self {
            Self::Forces | Self::Step => 1.0,
            Self::Regularization => (regularizing_force(program, point) / force).min(1.0),
        }
    }
}

/// `‖P‖∞ max(1, ‖x‖∞)`: what a Hessian that is a multiple of the identity pulls with, at the origin too.
pub(crate) fn regularizing_force(program: &ProgramRef<'_>, point: &Solution) -> f64 {
    max_abs(program.p().values()) * max_abs(&point.x).max(1.0)
}

/// A point with what the data make of it.
#[derive(Clone)]
struct Point {
    solution: Solution,
    products: OwnedProducts,
    residuals: KktResiduals,
    reading: Reading,
}

impl Point {
    fn new(program: &ProgramRef<'_>, solution: Solution, row_norms: &[f64]) -> Self {
        let products = OwnedProducts::new(program, &solution);
        let residuals = KktResiduals::from_products(program, &solution, products.as_ref());
        let reading = Reading::of_products(program, &solution, (&products.px, &products.ax), row_norms);
        let solution = Solution { objective: residuals.primal_objective, ..solution };
        Self { solution, products, residuals, reading }
    }

    fn polished(self, kkt: ReducedKkt, (settled, moved): (bool, bool)) -> Polished {
        let Self { solution, products, residuals, reading } = self;
        Polished { solution, residuals, products, reading, kkt, settled, moved }
    }

    fn is_finite(&self) -> bool {
        self.solution.x.iter().chain(&self.solution.y).all(|v| v.is_finite())
    }
}

/// Solves the KKT system on the active set as a correction to `solution`, exchanging rows of wrong sign for violated
/// ones; keeps whichever point has the smallest residuals, the one handed in included. The factor of a system like it, as
/// `before` may be, is renewed.
pub(crate) fn polish(
    program: &ProgramRef<'_>,
    solution: &Solution,
    backward: &dyn BackwardQpSolver,
    (resolution, before): (Resolution, Option<ReducedKkt>),
) -> Result<Polished> {
    let row_norms = program.a().row_norms();
    let mut current = Rc::new(Point::new(program, solution.clone(), &row_norms));
    let active = current.reading.identify();
    let mut kkt = match before {
        Some(before) => before.renewed(program, active, backward)?,
        None => ReducedKkt::new(program, active, backward)?,
    };
    let is_rounded = resolution == Resolution::Step && current.residuals.max() <= ROUNDED;
    if is_rounded && exchange(program, &current, kkt.active(), (true, resolution)) == *kkt.active() {
        return Ok(Rc::unwrap_or_clone(current).polished(kkt, (true, false)));
    }
    let start = Rc::clone(&current);
    let mut tried = vec![kkt.active().clone()];
    let (mut best, mut best_active) = (Rc::clone(&current), kkt.active().clone());
    let (mut in_bulk, mut first) = (true, None);
    let (rounds, bulk_rounds) = resolution.rounds();
    for round in 0..rounds {
        let candidate = Rc::new(Point::new(program, correct(program, &current, &mut kkt)?, &row_norms));
        // Residuals do not see all of an error: among good points one that solves the equations is preferred.
        let residual = candidate.residuals.max();
        let improved = residual < best.residuals.max() || (round == 0 && residual <= GOOD);
        if improved {
            (best, best_active) = (Rc::clone(&candidate), kkt.active().clone());
        }
        let mut next = exchange(program, &candidate, kkt.active(), (in_bulk, resolution));
        let first = first.get_or_insert_with(|| Rc::clone(&candidate));
        let cycles = next != *kkt.active() && tried.contains(&next);
        // Exchanges in bulk are fast but may cycle or pile up; single ones begin anew from the first set.
        if in_bulk && (cycles || count(&next) > program.num_vars() || round + 1 == bulk_rounds) {
            in_bulk = false;
            next = exchange(program, first, &tried[0], (in_bulk, resolution));
        }
        if next == *kkt.active() {
            // The set is right and only rounding is left: correct again while that helps.
            if !improved || best.residuals.max() <= GOOD {
                break;
            }
        } else if tried.contains(&next) {
            break;
        } else {
            kkt = ReducedKkt::new(program, next.clone(), backward)?;
            tried.push(next);
        }
        if candidate.is_finite() {
            current = candidate;
        }
    }
    if *kkt.active() != best_active {
        kkt = ReducedKkt::new(program, best_active, backward)?;
    }
    let settled = exchange(program, &best, kkt.active(), (true, resolution)) == *kkt.active();
    let moved = !Rc::ptr_eq(&best, &start);
    drop((start, current));
    Ok(Rc::unwrap_or_clone(best).polished(kkt, (settled, moved)))
}

/// The point that satisfies the KKT equations on the active set, reached from `from` by one linear solve.
fn correct(program: &ProgramRef<'_>, from: &Point, kkt: &mut ReducedKkt) -> Result<Solution> {
    let Point { solution: from, products, .. } = from;
    let n = program.num_vars();
    let active = kkt.active();
    let mut x = from.x.clone();
    for j in active.active_bounds() {
        x[j] = side_value(active.bounds[j], program.lb()[j], program.ub()[j]);
    }
    let mut y: Vec<f64> = from.y.clone();
    for (y, side) in y.iter_mut().zip(&active.rows) {
        if !side.is_active() {
            *y = 0.0;
        }
    }
    let mut gradient = program.q().to_vec();
    let mut gap = vec![0.0; program.num_rows()];
    if x == from.x {
        axpy(1.0, &products.px, &mut gradient);
        axpy(-1.0, &products.ax, &mut gap);
    } else {
        program.p().symmetric_mul_add(1.0, &x, &mut gradient);
        program.a().mul_add(-1.0, &x, &mut gap);
    }
    program.a().transpose_mul_add(1.0, &y, &mut gradient);
    for &i in kkt.rows() {
        gap[i] += side_value(active.rows[i], program.l()[i], program.u()[i]);
    }
    let step = kkt.solve(program, None, &gradient, &gap, &vec![0.0; n])?;
    for &j in kkt.free() {
        x[j] += step.z[j];
    }
    for &i in kkt.rows() {
        y[i] += step.y[i];
    }
    let iterations = from.iterations;
    Ok(Solution { x, y, bound_duals: step.zeta, iterations, ..Solution::default() })
}

/// Where an active row or bound is held.
pub(super) fn side_value(side: Side, lower: f64, upper: f64) -> f64 {
    if side == Side::Lower { lower } else { upper }
}

fn count(active: &ActiveSet) -> usize {
    active.active_rows().count() + active.active_bounds().count()
}

/// Drops active rows whose dual has the wrong sign and adds rows that are violated: all of them `in_bulk`, else only the
/// one that is furthest off, and a row to drop before one to add.
fn exchange(
    program: &ProgramRef<'_>,
    Point { solution, reading, .. }: &Point,
    active: &ActiveSet,
    (in_bulk, resolution): (bool, Resolution),
) -> ActiveSet {
    let sign_tolerance = (SIGN_TOLERANCE * resolution.relative(program, solution, reading.force)).max(ROUNDING);
    let mut wrong: Vec<(usize, f64, Side)> = wrong_sides(reading, active, sign_tolerance).collect();
    let mut sides: Vec<Side> = active.rows.iter().chain(&active.bounds).copied().collect();
    if !in_bulk {
        wrong.sort_by(|a, b| a.2.is_active().cmp(&b.2.is_active()).then(b.1.total_cmp(&a.1)));
        wrong.truncate(1);
    }
    for (k, _, next) in wrong {
        sides[k] = next;
    }
    let bounds = sides.split_off(program.num_rows());
    ActiveSet { rows: sides, bounds }
}

/// Whether no active row has a dual of the wrong sign and no other is violated, at a point read to full accuracy.
pub(crate) fn is_settled(reading: &Reading, active: &ActiveSet) -> bool {
    wrong_sides(reading, active, SIGN_TOLERANCE).next().is_none()
}

/// The constraints on the wrong side, each with the amount and the side where it belongs.
fn wrong_sides<'a>(
    reading: &'a Reading,
    active: &'a ActiveSet,
    sign_tolerance: f64,
) -> impl Iterator<Item = (usize, f64, Side)> + 'a {
    let sides = active.rows.iter().chain(&active.bounds);
    reading.constraints.iter().zip(sides).enumerate().filter_map(move |(k, (c, side))| {
        let (amount, tolerance, next) = match side {
            Side::Equal => return None,
            Side::Upper => (-c.dual, sign_tolerance, Side::Free),
            Side::Lower => (c.dual, sign_tolerance, Side::Free),
            Side::Free => (-c.slack(), SIGN_TOLERANCE, c.nearer_side()),
        };
        (amount > tolerance).then_some((k, amount, next))
    })
}
