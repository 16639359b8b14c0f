//! The log-barrier program in place of the program itself: its solution has derivatives everywhere.
//!
//! ```text
//! minimize ½xᵀP x + qᵀx − μ Σ log(u − Ax) − μ Σ log(Ax − l)   over the inequalities, bounds among them,
//! subject to the equalities
//! ```
//! keeps the complementarity block of the KKT matrix in place of an active set (the paper's section 4.1): slacks and
//! multipliers have the product `μ`. Newton's steps towards the solution and its derivatives are the same equality-constrained
//! QP, `min ½zᵀ(P + AᵀDA)z + gᵀz` over the equalities with `D = diag(z/s)`, kept sparse by variables `r = Az`.

mod derivatives;
mod pairs;

use bpqp_traits::vector::{max_abs, max_nan, random_signs};
use bpqp_traits::{AdjointQpRef, BackwardQpSolver, CscMatrix, KktFactor, ProgramRef, Solution};

use self::pairs::Pair;
use super::certificate::{ConstraintId, constraint_id};
use super::choices::AtDegeneracy;
use super::probe::unit_scales;
use crate::program::Program;
use crate::{Error, Result};

/// Newton steps towards the central path before the attempt is given up.
const MAX_STEPS: usize = 100;
/// A point this good ends the search …
const TARGET: f64 = 1e-13;
/// … and one this good, relative to the forces, the point's length and `μ`, has derivatives.
const ACCEPTABLE: f64 = 1e-9;
/// Relative error of a known solution above which the system does not determine it.
const UNDETERMINED: f64 = 1e-4;
/// Steps in a row without improvement.
const MAX_IDLE: usize = 8;

/// The solution of the log-barrier program, with the factor that its derivatives need.
pub(super) struct Smoothed {
    mu: f64,
    layout: Layout,
    x: Vec<f64>,
    /// Of the equalities, then of the fixed variables.
    nu: Vec<f64>,
    /// Of the inequality rows, then of the bounded variables.
    pairs: Vec<Pair>,
    residual: f64,
    system: System,
    /// Variables and equalities that the barrier program leaves undetermined.
    loose_variables: Vec<usize>,
    dependent: Vec<ConstraintId>,
}

/// Which constraints are equalities and which have a barrier.
#[derive(Clone, Debug)]
struct Layout {
    /// Rows with `l = u`, and variables with `lb = ub`.
    equal_rows: Vec<usize>,
    fixed: Vec<usize>,
    /// Rows and variables with a finite side.
    rows: Vec<usize>,
    bounded: Vec<usize>,
}

impl Layout {
    fn new(program: &ProgramRef<'_>) -> Self {
        let (l, u, lb, ub) = (program.l(), program.u(), program.lb(), program.ub());
        let equal = |l: &[f64], u: &[f64]| (0..l.len()).filter(|&i| l[i] == u[i]).collect();
        let sided = |l: &[f64], u: &[f64]| {
            (0..l.len()).filter(|&i| l[i] < u[i] && (l[i].is_finite() || u[i].is_finite())).collect()
        };
        Self { equal_rows: equal(l, u), fixed: equal(lb, ub), rows: sided(l, u), bounded: sided(lb, ub) }
    }
}

/// The factorized QP in `(z, r)`.
struct System {
    h: CscMatrix,
    c: CscMatrix,
    factor: Box<dyn KktFactor>,
}

impl System {
    /// The QP with the weights of `pairs`.
    fn new(program: &ProgramRef<'_>, layout: &Layout, pairs: &[Pair], backward: &dyn BackwardQpSolver) -> Result<Self> {
        let (n, k) = (program.num_vars(), layout.rows.len());
        let (of_rows, of_bounds) = pairs.split_at(k);
        let lifted = of_rows.iter().enumerate().map(|(i, pair)| (n + i, n + i, pair.weight()));
        let bounds = layout.bounded.iter().zip(of_bounds).map(|(&j, pair)| (j, j, pair.weight()));
        let h: Vec<_> = program.p().entries().chain(bounds).chain(lifted).collect();
        let mut place = vec![None; program.num_rows()];
        let (equal, fixed) = (layout.equal_rows.len(), layout.fixed.len());
        layout.equal_rows.iter().enumerate().for_each(|(at, &i)| place[i] = Some(at));
        layout.rows.iter().enumerate().for_each(|(at, &i)| place[i] = Some(equal + fixed + at));
        let rows = program.a().entries().filter_map(|(i, j, v)| place[i].map(|i| (i, j, v)));
        let fixed_rows = layout.fixed.iter().enumerate().map(|(at, &j)| (equal + at, j, 1.0));
        let definitions = (0..k).map(|i| (equal + fixed + i, n + i, -1.0));
        let c: Vec<_> = rows.chain(fixed_rows).chain(definitions).collect();
        let h = CscMatrix::from_triplets(n + k, n + k, &h)?;
        let c = CscMatrix::from_triplets(equal + fixed + k, n + k, &c)?;
        let factor = backward.factorize(&AdjointQpRef::new(h.as_ref(), c.as_ref())?)?;
        Ok(Self { h, c, factor })
    }

    /// Solves for `g` and `r`; with the relative residual.
    fn solve(&mut self, g: &[f64], r: &[f64]) -> Result<(Vec<f64>, Vec<f64>, f64)> {
        let (mut z, mut nu) = (vec![0.0; g.len()], vec![0.0; r.len()]);
        self.factor.solve(g, r, &mut z, &mut nu)?;
        let residual = AdjointQpRef::new(self.h.as_ref(), self.c.as_ref())?.residual(g, r, &z, &nu);
        Ok((z, nu, residual))
    }
}

impl System {
    /// The first `n` variables and the rows that the system does not determine: it is asked for a solution that is known.
    fn undetermined(&mut self, n: usize) -> Result<(Vec<usize>, Vec<usize>)> {
        let (d, k) = (self.h.ncols(), self.c.nrows());
        let rows = self.c.as_ref().entries().map(|(i, j, v)| (d + i, j, v));
        let scale = unit_scales(d + k, self.h.as_ref().entries().chain(rows));
        let known: Vec<f64> = random_signs(d + k, 0).zip(&scale).map(|(sign, scale)| sign * scale).collect();
        let (mut g, mut r) = (vec![0.0; d], vec![0.0; k]);
        self.h.as_ref().symmetric_mul_add(-1.0, &known[..d], &mut g);
        self.c.as_ref().transpose_mul_add(-1.0, &known[d..], &mut g);
        self.c.as_ref().mul_add(1.0, &known[..d], &mut r);
        let (z, nu, _) = self.solve(&g, &r)?;
        let found = z.iter().chain(&nu).zip(known.iter().zip(&scale));
        let is_off = |(found, (known, scale)): (&f64, (&f64, &f64))| {
            // A NaN is not close to anything.
            !matches!((found - known).abs() / scale, off if off <= UNDETERMINED)
        };
        let off: Vec<usize> = found.enumerate().filter(|(_, entry)| is_off(*entry)).map(|(i, _)| i).collect();
        Ok((off.iter().copied().filter(|&i| i < n).collect(), off.iter().filter(|&&i| i >= d).map(|i| i - d).collect()))
    }
}

/// A point on the way to the central path.
#[derive(Clone)]
struct Iterate {
    x: Vec<f64>,
    nu: Vec<f64>,
    pairs: Vec<Pair>,
}

/// What the barrier's KKT equations leave at an iterate.
struct Residuals {
    /// Values of the inequalities.
    values: Vec<f64>,
    /// `Px + q + Aᵀy + ζ`.
    force: Vec<f64>,
    /// Of the equalities and fixed variables: side less value.
    gaps: Vec<f64>,
    /// The largest, relative.
    size: f64,
}

impl Smoothed {
    /// Solves the barrier program from `from`, which need not be feasible or optimal.
    ///
    /// # Errors
    /// [`Error::Inaccurate`] where the central path is not reached: the program has no strictly feasible point, say, or an
    /// unbounded set of solutions; errors of the backward solver.
    pub(super) fn new(program: &Program, from: &Solution, mu: f64, backward: &dyn BackwardQpSolver) -> Result<Self> {
        let stacked = program.as_stacked();
        let layout = Layout::new(&stacked);
        let mut at = start(&stacked, &layout, from, mu);
        let mut residuals = measure(&stacked, &layout, &at, mu);
        let (mut best, mut best_size, mut idle) = (at.clone(), residuals.size, 0);
        for _ in 0..MAX_STEPS {
            let mut system = System::new(&stacked, &layout, &at.pairs, backward)?;
            take_step(&mut at, &mut system, &residuals, &layout, mu)?;
            residuals = measure(&stacked, &layout, &at, mu);
            idle += 1;
            if residuals.size < best_size {
                // Rounding moves the point about at the end.
                idle = if residuals.size < 0.5 * best_size { 0 } else { idle };
                (best, best_size) = (at.clone(), residuals.size);
            }
            if best_size <= TARGET || idle > MAX_IDLE || residuals.size.is_nan() {
                break;
            }
        }
        if best_size > ACCEPTABLE || best_size.is_nan() {
            return Err(Error::Inaccurate { residual: best_size });
        }
        let mut system = System::new(&stacked, &layout, &best.pairs, backward)?;
        let (loose_variables, equal) = system.undetermined(stacked.num_vars())?;
        let rows = layout.equal_rows.iter().copied();
        let places: Vec<usize> = rows.chain(layout.fixed.iter().map(|j| stacked.num_rows() + j)).collect();
        let named = |k: &usize| places.get(*k).map(|&place| constraint_id(&stacked, program.blocks(), place));
        let dependent = equal.iter().filter_map(named).collect();
        let Iterate { x, nu, pairs } = best;
        Ok(Self { mu, layout, x, nu, pairs, residual: best_size, system, loose_variables, dependent })
    }

    /// Refuses a solution that is not unique, where the layer does.
    pub(super) fn refuse(&self, at_degeneracy: AtDegeneracy) -> Result<()> {
        let Self { loose_variables, dependent, .. } = self;
        let is_unique = loose_variables.is_empty() && dependent.is_empty();
        if is_unique || at_degeneracy != AtDegeneracy::Refuse {
            return Ok(());
        }
        Err(Error::Degenerate { dependent: dependent.clone(), loose_variables: loose_variables.clone() })
    }

    /// The point, with its duals.
    pub(super) fn solution(&self, program: &Program) -> Solution {
        let stacked = program.as_stacked();
        let (mut y, mut bound_duals) = (vec![0.0; stacked.num_rows()], vec![0.0; stacked.num_vars()]);
        let Layout { equal_rows, fixed, rows, bounded } = &self.layout;
        let places = equal_rows.iter().map(|&i| (i, true)).chain(fixed.iter().map(|&j| (j, false)));
        for ((place, is_row), nu) in places.zip(&self.nu) {
            if is_row { y[place] = *nu } else { bound_duals[place] = *nu }
        }
        let (of_rows, of_bounds) = self.pairs.split_at(rows.len());
        rows.iter().zip(of_rows).for_each(|(&i, pair)| y[i] = pair.dual());
        bounded.iter().zip(of_bounds).for_each(|(&j, pair)| bound_duals[j] = pair.dual());
        let objective = stacked.objective(&self.x);
        Solution { x: self.x.clone(), y, bound_duals, objective, ..Solution::default() }
    }
}

fn start(program: &ProgramRef<'_>, layout: &Layout, from: &Solution, mu: f64) -> Iterate {
    let values = values(program, layout, &from.x);
    let rows = layout.rows.iter().map(|&i| ((program.l()[i], program.u()[i]), from.y[i]));
    let bounds = layout.bounded.iter().map(|&j| ((program.lb()[j], program.ub()[j]), from.bound_duals[j]));
    let pairs = rows.chain(bounds).zip(&values).map(|((sides, dual), v)| Pair::start(*v, sides, dual, mu)).collect();
    let equal = layout.equal_rows.iter().map(|&i| from.y[i]);
    let nu = equal.chain(layout.fixed.iter().map(|&j| from.bound_duals[j])).collect();
    Iterate { x: from.x.clone(), nu, pairs }
}

/// The values of the inequalities: rows, then bounded variables.
fn values(program: &ProgramRef<'_>, layout: &Layout, x: &[f64]) -> Vec<f64> {
    let mut ax = vec![0.0; program.num_rows()];
    program.a().mul_add(1.0, x, &mut ax);
    layout.rows.iter().map(|&i| ax[i]).chain(layout.bounded.iter().map(|&j| x[j])).collect()
}

fn measure(program: &ProgramRef<'_>, layout: &Layout, at: &Iterate, mu: f64) -> Residuals {
    let Iterate { x, nu, pairs } = at;
    let (n, m) = (program.num_vars(), program.num_rows());
    let (mut y, mut zeta, mut ax) = (vec![0.0; m], vec![0.0; n], vec![0.0; m]);
    layout.equal_rows.iter().zip(nu).for_each(|(&i, nu)| y[i] = *nu);
    layout.fixed.iter().zip(&nu[layout.equal_rows.len()..]).for_each(|(&j, nu)| zeta[j] = *nu);
    let (of_rows, of_bounds) = pairs.split_at(layout.rows.len());
    layout.rows.iter().zip(of_rows).for_each(|(&i, pair)| y[i] = pair.dual());
    layout.bounded.iter().zip(of_bounds).for_each(|(&j, pair)| zeta[j] = pair.dual());
    let (mut px, mut forces) = (vec![0.0; n], zeta);
    program.p().symmetric_mul_add(1.0, x, &mut px);
    program.a().mul_both_add(1.0, (x, &mut ax), (&y, &mut forces));
    let scale = 1.0 + max_abs(&px).max(max_abs(program.q())).max(max_abs(&forces));
    let force: Vec<f64> = (0..n).map(|j| px[j] + program.q()[j] + forces[j]).collect();
    let equal = layout.equal_rows.iter().map(|&i| program.u()[i] - ax[i]);
    let gaps: Vec<f64> = equal.chain(layout.fixed.iter().map(|&j| program.ub()[j] - x[j])).collect();
    let values: Vec<f64> = layout.rows.iter().map(|&i| ax[i]).chain(layout.bounded.iter().map(|&j| x[j])).collect();
    let length = 1.0 + max_abs(x).max(max_abs(&ax));
    let mut size = max_nan(max_abs(&force) / scale, max_abs(&gaps) / length);
    for (pair, v) in pairs.iter().zip(&values) {
        let (gap, off) = pair.residuals(*v, mu);
        size = max_nan(max_nan(gap / length, off), size);
    }
    Residuals { values, force, gaps, size }
}

/// One step of Newton's method, as far as slacks and multipliers stay positive.
fn take_step(at: &mut Iterate, system: &mut System, left: &Residuals, layout: &Layout, mu: f64) -> Result<()> {
    let (n, k) = (at.x.len(), layout.rows.len());
    let constants: Vec<f64> = at.pairs.iter().zip(&left.values).map(|(pair, v)| pair.constant(*v, mu)).collect();
    let mut g = left.force.clone();
    layout.bounded.iter().zip(&constants[k..]).for_each(|(&j, c)| g[j] += c);
    g.extend(&constants[..k]);
    let mut r = left.gaps.clone();
    r.resize(r.len() + k, 0.0);
    let (z, nu, _) = system.solve(&g, &r)?;
    let changes: Vec<f64> = z[n..].iter().copied().chain(layout.bounded.iter().map(|&j| z[j])).collect();
    let steps: Vec<_> =
        at.pairs.iter().zip(&left.values).zip(&changes).map(|((pair, v), dv)| pair.step(*v, *dv, mu)).collect();
    let alpha = at.pairs.iter().zip(&steps).fold(1.0, |alpha: f64, (pair, step)| alpha.min(pair.limit(step)));
    at.x.iter_mut().zip(&z).for_each(|(x, dx)| *x += alpha * dx);
    at.nu.iter_mut().zip(&nu).for_each(|(nu, change)| *nu += alpha * change);
    at.pairs.iter_mut().zip(&steps).for_each(|(pair, step)| pair.go(alpha, step));
    Ok(())
}
