//! Newton's steps towards the central path.

use bpqp_traits::vector::{max_abs, max_nan};
use bpqp_traits::{ProgramRef, Solution};

use super::cones::Cone;
use super::pairs::Pair;
use super::system::{Layout, System};
use crate::Result;
use crate::program::Program;

/// A slack that is all gap, however small, is that of a cone without a point inside: so much counts a gap relative to the slack
/// as the residual of a cone …
const HOLLOW: f64 = 1e-8;
/// … unless it is no more than this of the point's length.
const ROUNDING: f64 = 1e-14;

/// A point on the way to the central path.
#[derive(Clone)]
pub(super) struct Iterate {
    pub(super) x: Vec<f64>,
    /// Of the equalities, then of the fixed variables.
    pub(super) nu: Vec<f64>,
    /// Of the inequality rows, then of the bounded variables.
    pub(super) pairs: Vec<Pair>,
    pub(super) cones: Vec<Cone>,
}

/// What the barrier's KKT equations leave at an iterate.
pub(super) struct Residuals {
    /// Values of the inequalities: rows, then bounded variables.
    values: Vec<f64>,
    /// `Px + q + Aᵀy + ζ − Sᵀw`.
    force: Vec<f64>,
    /// Of the equalities and fixed variables: side less value.
    gaps: Vec<f64>,
    /// Of the cones: `Sx + s₀` less the slack.
    cone_gaps: Vec<f64>,
    /// The largest, relative.
    pub(super) size: f64,
}

impl Iterate {
    /// Slacks and multipliers next to those of `from`, which need not be feasible or optimal.
    pub(super) fn start(of: &Program, layout: &Layout, from: &Solution, mu: f64) -> Self {
        let program = of.as_stacked();
        let mut ax = vec![0.0; program.num_rows()];
        program.a().mul_add(1.0, &from.x, &mut ax);
        let values = values(layout, &ax, &from.x);
        let rows = layout.rows.iter().map(|&i| ((program.l()[i], program.u()[i]), from.y[i]));
        let bounds = layout.bounded.iter().map(|&j| ((program.lb()[j], program.ub()[j]), from.bound_duals[j]));
        let pairs =
            rows.chain(bounds).zip(&values).map(|((sides, dual), v)| Pair::start(*v, sides, dual, mu)).collect();
        let equal = layout.equal_rows.iter().map(|&i| from.y[i]);
        let nu = equal.chain(layout.fixed.iter().map(|&j| from.bound_duals[j])).collect();
        Self { x: from.x.clone(), nu, pairs, cones: start_cones(of, from, mu) }
    }

    pub(super) fn measure(&self, program: &ProgramRef<'_>, layout: &Layout, mu: f64) -> Residuals {
        let Self { x, nu, pairs, cones } = self;
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
        let (mut slacks, mut duals) = (Vec::new(), Vec::new());
        cones.iter().for_each(|cone| cone.write(&mut slacks, &mut duals));
        let mut sx = vec![0.0; slacks.len()];
        let mut cone_gaps = Vec::new();
        if let Some(stacked) = program.cones() {
            stacked.matrix().mul_add(1.0, x, &mut sx);
            stacked.matrix().transpose_mul_add(-1.0, &duals, &mut forces);
            cone_gaps = (0..sx.len()).map(|i| sx[i] + stacked.offset()[i] - slacks[i]).collect();
        }
        let scale = 1.0 + max_abs(&px).max(max_abs(program.q())).max(max_abs(&forces));
        let force: Vec<f64> = (0..n).map(|j| px[j] + program.q()[j] + forces[j]).collect();
        let equal = layout.equal_rows.iter().map(|&i| program.u()[i] - ax[i]);
        let gaps: Vec<f64> = equal.chain(layout.fixed.iter().map(|&j| program.ub()[j] - x[j])).collect();
        let values = values(layout, &ax, x);
        let length = 1.0 + max_abs(x).max(max_abs(&ax)).max(max_abs(&sx));
        let mut size = max_nan(max_abs(&force) / scale, max_nan(max_abs(&gaps), max_abs(&cone_gaps)) / length);
        for cone in cones {
            let gap = (max_abs(&cone_gaps[cone.rows()]) - ROUNDING * length).max(0.0);
            size = max_nan(HOLLOW * gap / cone.smallest_slack(), size);
        }
        for (pair, v) in pairs.iter().zip(&values) {
            let (gap, off) = pair.residuals(*v, mu);
            size = max_nan(max_nan(gap / length, off), size);
        }
        Residuals { values, force, gaps, cone_gaps, size }
    }

    /// One step of Newton's method, as far as slacks and multipliers of rows and bounds stay positive.
    pub(super) fn step(&mut self, system: &mut System, left: &Residuals, layout: &Layout, mu: f64) -> Result<()> {
        let (n, k) = (self.x.len(), layout.rows.len());
        let constants: Vec<f64> = self.pairs.iter().zip(&left.values).map(|(pair, v)| pair.constant(*v, mu)).collect();
        let mut g = left.force.clone();
        layout.bounded.iter().zip(&constants[k..]).for_each(|(&j, c)| g[j] += c);
        g.extend(&constants[..k]);
        let change = system.solve(g, left.gaps.clone(), &left.cone_gaps)?;
        let z = &change.z;
        let changes = z[n..n + k].iter().copied().chain(layout.bounded.iter().map(|&j| z[j]));
        let steps: Vec<_> =
            self.pairs.iter().zip(&left.values).zip(changes).map(|((pair, v), dv)| pair.step(*v, dv, mu)).collect();
        let alpha = self.pairs.iter().zip(&steps).fold(1.0, |alpha: f64, (pair, step)| alpha.min(pair.limit(step)));
        self.x.iter_mut().zip(z).for_each(|(x, dx)| *x += alpha * dx);
        self.nu.iter_mut().zip(&change.nu).for_each(|(nu, change)| *nu += alpha * change);
        self.pairs.iter_mut().zip(&steps).for_each(|(pair, step)| pair.go(alpha, step));
        let dw: Vec<f64> = change.cone_forces().iter().map(|v| -v).collect();
        self.cones.iter_mut().for_each(|cone| cone.go(alpha, change.cone_steps(), &dw, mu));
        Ok(())
    }
}

/// The cones at `from`, each in units in which its slack and its dual compare.
fn start_cones(of: &Program, from: &Solution, mu: f64) -> Vec<Cone> {
    let program = of.as_stacked();
    let Some(cones) = program.cones() else { return Vec::new() };
    let Solution { x, cone_duals, .. } = from;
    let slack = cones.slacks(x);
    let mut px = vec![0.0; x.len()];
    program.p().symmetric_mul_add(1.0, x, &mut px);
    let norms = cones.matrix().row_norms();
    let forces = cone_duals.iter().zip(&norms).fold(0.0, |force: f64, (w, norm)| force.max((w * norm).abs()));
    let or_one = |v: f64| if v > 0.0 { v } else { 1.0 };
    let force = or_one(max_abs(program.q()).max(max_abs(&px)).max(forces));
    let length = max_abs(x).max(1.0);
    let cone = |rows: std::ops::Range<usize>| {
        let norm = or_one(max_abs(&norms[rows.clone()]));
        let (slack, dual) = (&slack[rows.clone()], &cone_duals[rows.clone()]);
        Cone::near(rows, slack, dual, norm * norm * length / force, mu)
    };
    of.cone_rows().map(cone).collect()
}

/// The values of the inequalities: rows, then bounded variables.
fn values(layout: &Layout, ax: &[f64], x: &[f64]) -> Vec<f64> {
    layout.rows.iter().map(|&i| ax[i]).chain(layout.bounded.iter().map(|&j| x[j])).collect()
}
