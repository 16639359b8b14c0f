//! The dual method of Goldfarb & Idnani (1983), for problems where exchanging all that is wrong at once leads nowhere.
//!
//! One violated constraint enters at a time and the dual objective ascends, so no set comes twice and none is singular. All
//! steps are taken with columns `K⁻¹(c, 0)` of one KKT matrix, that of the equalities alone: one solve for each constraint
//! that ever enters, kept until the matrices change.

use bpqp_traits::vector::{axpy, dot};
use bpqp_traits::{ActiveSet, CscMatrix, ProgramRef, Side};

use super::factor::Factor;

/// Constraints that may enter, for each that is violated at the start, and beyond.
const COLUMNS: (usize, usize) = (2, 20);
/// No start with more is tried: other methods need fewer factorizations than this takes solves …
const MAX_COLUMNS: usize = 300;
/// … nor one whose columns take more numbers.
const MAX_ENTRIES: usize = 1 << 24;
/// Steps for each column.
const STEPS: usize = 4;
/// A violation counts from here, as a distance relative to the point; what remains is for the exchanges that follow.
const FEASIBILITY: f64 = 1e-8;
/// A constraint with less than this share of its own curvature left depends on those that are held.
const DEPENDENT: f64 = 1e-10;

/// What is kept from one solve to the next.
#[derive(Default)]
pub(super) struct DualMethod {
    /// The equalities that the columns are of.
    base: ActiveSet,
    /// `x` of a column, and `A x`: `n + m` numbers each.
    columns: Vec<f64>,
    /// The column of every constraint, rows first, then bounds.
    place: Vec<Option<usize>>,
    /// The rows of `A` as columns.
    rows: Option<CscMatrix>,
    held: Vec<Held>,
    /// Cholesky's factor of the held constraints' curvatures, row by row, and the next row.
    lower: Vec<f64>,
    row: Vec<f64>,
    /// How fast the held multipliers fall.
    rates: Vec<f64>,
    /// `(x, Ax)` with nothing held, and at the multipliers.
    start: Vec<f64>,
    point: Vec<f64>,
}

/// A constraint that is held at a side: 1 the upper, −1 the lower.
#[derive(Clone, Copy)]
struct Held {
    constraint: usize,
    sign: f64,
    multiplier: f64,
}

impl DualMethod {
    /// Takes new matrices.
    pub(super) fn forget(&mut self) {
        *self = Self::default();
    }

    /// From the solution `(x, Ax)` on the equalities `base`, whose factor this is, to the optimal set, which
    /// [`hold`](Self::hold) then hands over; false where there is none or it is too far. `norms` are the rows' sizes.
    pub(super) fn run(
        &mut self,
        program: &ProgramRef<'_>,
        (base, factor): (&ActiveSet, &mut Factor),
        (x, ax): (&[f64], &[f64]),
        norms: &[f64],
    ) -> bool {
        let (n, m) = (x.len(), ax.len());
        if self.base != *base {
            self.forget();
            self.base.clone_from(base);
            self.place.resize(m + n, None);
        }
        self.start.clear();
        self.start.extend(x.iter().chain(ax));
        self.point.clone_from(&self.start);
        self.held.clear();
        self.lower.clear();
        let (violated, _) = self.worst(program, norms);
        let most = COLUMNS.0 * violated + COLUMNS.1;
        if most > MAX_COLUMNS || most * (n + m) > MAX_ENTRIES {
            return false;
        }
        let mut steps = 0;
        for _ in 0..most {
            let (_, Some((entering, violation))) = self.worst(program, norms) else { return true };
            if !self.enter(program, factor, (entering, violation), (&mut steps, STEPS * most)) {
                return false;
            }
            self.refresh(n + m);
        }
        false
    }

    /// Adds what is held to `active`.
    pub(super) fn hold(&self, active: &mut ActiveSet) {
        let m = active.rows.len();
        for h in &self.held {
            let side = if h.sign > 0.0 { Side::Upper } else { Side::Lower };
            if h.constraint < m { active.rows[h.constraint] = side } else { active.bounds[h.constraint - m] = side }
        }
    }

    /// The violated constraints' number, and the worst of them with its violation.
    fn worst(&self, program: &ProgramRef<'_>, norms: &[f64]) -> (usize, Option<(Held, f64)>) {
        let (x, ax) = self.point.split_at(program.num_vars());
        let tolerance = FEASIBILITY * (1.0 + bpqp_traits::vector::max_abs(x));
        let (mut count, mut worst, mut largest) = (0, None, tolerance);
        let mut see = |constraint: usize, value: f64, (l, u): (f64, f64), norm: f64| {
            let (sign, violation) = if l - value > value - u { (-1.0, l - value) } else { (1.0, value - u) };
            if violation > tolerance * norm {
                count += 1;
                if violation > largest * norm {
                    largest = violation / norm;
                    worst = Some((Held { constraint, sign, multiplier: 0.0 }, violation));
                }
            }
        };
        for (i, (value, side)) in ax.iter().zip(&self.base.rows).enumerate() {
            if !side.is_active() && norms[i] > 0.0 {
                see(i, *value, (program.l()[i], program.u()[i]), norms[i]);
            }
        }
        for (j, (value, side)) in x.iter().zip(&self.base.bounds).enumerate() {
            if !side.is_active() {
                see(ax.len() + j, *value, (program.lb()[j], program.ub()[j]), 1.0);
            }
        }
        (count, worst)
    }

    /// Raises the entering multiplier until its constraint holds, releasing those whose multipliers vanish on the way; false
    /// where it never does.
    fn enter(
        &mut self,
        program: &ProgramRef<'_>,
        factor: &mut Factor,
        (mut entering, mut violation): (Held, f64),
        (steps, most): (&mut usize, usize),
    ) -> bool {
        let shape = (program.num_vars(), program.num_rows());
        let column = self.column(program, factor, entering.constraint);
        let own = self.entry(column, entering.constraint, shape);
        loop {
            *steps += 1;
            if *steps > most || !own.is_finite() {
                return false;
            }
            self.fill_row((&entering, column), self.held.len(), shape);
            let curvature = own - dot(&self.row, &self.row);
            self.solve_upper();
            let candidates = self.held.iter().zip(&self.rates).enumerate().filter(|(_, (_, rate))| **rate > 0.0);
            let ratios = candidates.map(|(k, (h, rate))| (h.multiplier / rate, k));
            let blocking = ratios.min_by(|a, b| a.0.total_cmp(&b.0));
            let full = if curvature > DEPENDENT * own { violation / curvature } else { f64::INFINITY };
            let length = blocking.map_or(full, |(length, _)| length.min(full));
            if !length.is_finite() {
                return false;
            }
            self.held.iter_mut().zip(&self.rates).for_each(|(h, rate)| h.multiplier -= length * rate);
            entering.multiplier += length;
            match blocking {
                Some((shorter, k)) if shorter < full => {
                    violation -= length * curvature;
                    self.held.remove(k);
                    if !self.refactorize(shape) {
                        return false;
                    }
                }
                _ => {
                    self.held.push(entering);
                    self.lower.extend_from_slice(&self.row);
                    self.lower.push(curvature.sqrt());
                    return true;
                }
            }
        }
    }

    /// The column of a constraint, solved for where it is new.
    fn column(&mut self, program: &ProgramRef<'_>, factor: &mut Factor, constraint: usize) -> usize {
        let (n, m) = (program.num_vars(), program.num_rows());
        if let Some(place) = self.place[constraint] {
            return place;
        }
        let mut column = vec![0.0; n + m];
        if constraint >= m {
            column[constraint - m] = 1.0;
        } else {
            let rows = self.rows.get_or_insert_with(|| program.a().transpose());
            rows.as_ref().col(constraint).for_each(|(j, v)| column[j] = v);
        }
        factor.solve(&mut column);
        let (x, ax) = column.split_at_mut(n);
        ax.fill(0.0);
        program.a().mul_add(1.0, x, ax);
        let place = self.columns.len() / (n + m);
        self.columns.extend_from_slice(&column);
        self.place[constraint] = Some(place);
        place
    }

    /// `cᵀx` of a column for a constraint.
    fn entry(&self, column: usize, constraint: usize, (n, m): (usize, usize)) -> f64 {
        let at = if constraint < m { n + constraint } else { constraint - m };
        self.columns[column * (n + m) + at]
    }

    /// The row of the factor for a constraint after the first `len` held ones, without its last entry.
    fn fill_row(&mut self, (new, column): (&Held, usize), len: usize, shape: (usize, usize)) {
        let mut row = std::mem::take(&mut self.row);
        row.clear();
        row.extend(self.held[..len].iter().map(|h| new.sign * h.sign * self.entry(column, h.constraint, shape)));
        for k in 0..len {
            let lower = self.lower_row(k);
            row[k] = (row[k] - dot(&lower[..k], &row[..k])) / lower[k];
        }
        self.row = row;
    }

    fn refactorize(&mut self, shape: (usize, usize)) -> bool {
        self.lower.clear();
        for k in 0..self.held.len() {
            let new = self.held[k];
            let Some(column) = self.place[new.constraint] else { return false };
            self.fill_row((&new, column), k, shape);
            let curvature = self.entry(column, new.constraint, shape) - dot(&self.row, &self.row);
            if curvature.is_nan() || curvature <= 0.0 {
                return false;
            }
            self.lower.extend_from_slice(&self.row);
            self.lower.push(curvature.sqrt());
        }
        true
    }

    /// Row `k` of the factor, up to the diagonal.
    fn lower_row(&self, k: usize) -> &[f64] {
        let start = k * (k + 1) / 2;
        &self.lower[start..=start + k]
    }

    /// The rates that belong to the next row.
    fn solve_upper(&mut self) {
        let mut rates = std::mem::take(&mut self.rates);
        rates.clone_from(&self.row);
        for k in (0..rates.len()).rev() {
            let row = self.lower_row(k);
            let rate = rates[k] / row[k];
            rates[k] = rate;
            axpy(-rate, &row[..k], &mut rates[..k]);
        }
        self.rates = rates;
    }

    /// The point at the multipliers.
    fn refresh(&mut self, len: usize) {
        self.point.copy_from_slice(&self.start);
        for h in &self.held {
            if let Some(place) = self.place[h.constraint] {
                axpy(-h.sign * h.multiplier, &self.columns[place * len..(place + 1) * len], &mut self.point);
            }
        }
    }
}
