//! The adjoint QP on the final working set, by the factors that the last solve ended with.

use bpqp_traits::vector::{axpy, max_abs, max_nan};
use bpqp_traits::{ActiveSet, AdjointReport, KktFactor, Result, check_adjoint, check_many, solve_each};

use super::engine::{Engine, gather_rows};
use crate::linalg::correct;

/// A residual this small is enough where the factors are far from singular, or after a correction …
const ENOUGH: f64 = 1e-13;
/// … and where they are not, for the first solve: it has lost digits to the Schur complement.
const TARGET: f64 = 1e-15;

/// Where the adjoint QP's unknowns are among the engine's.
#[derive(Default)]
pub(super) struct Unknowns {
    /// Whether they are those of the last solve.
    pub(super) known: bool,
    /// The free variables.
    free: Vec<usize>,
    /// The active rows' positions in the working set.
    rows: Vec<usize>,
    /// Many right-hand sides, which become their solutions: for the variables, and for the working set.
    many: (Vec<f64>, Vec<f64>),
}

impl Engine {
    /// The factor on `active`, if the last solve ended on that set.
    pub(crate) fn adjoint_factor(&mut self, active: &ActiveSet) -> Option<&mut dyn KktFactor> {
        let (n, m) = (self.data.n, self.data.m);
        if !self.optimal || active.rows.len() != m || active.bounds.len() != n {
            return None;
        }
        let wanted = active.rows.iter().chain(&active.bounds).map(|s| s.is_active());
        if wanted.enumerate().any(|(k, is_active)| is_active != self.factor.contains(k)) {
            return None;
        }
        if self.unknowns.known {
            return Some(self);
        }
        self.unknowns.known = true;
        self.unknowns.free.clear();
        self.unknowns.free.extend(active.free_variables());
        let members = &self.factor.members;
        self.unknowns.rows.clear();
        self.unknowns.rows.extend((0..members.len()).filter(|&p| members[p].index < m));
        self.unknowns.rows.sort_unstable_by_key(|&p| members[p].index);
        Some(self)
    }

    /// Writes the right-hand side into `dx` and `dy`, zero on what is eliminated.
    fn adjoint_right_hand_side(&mut self, g: &[f64], r: &[f64]) {
        let Self { factor, unknowns, dx, dy, .. } = self;
        dx.fill(0.0);
        for (&j, g) in unknowns.free.iter().zip(g) {
            dx[j] = -g;
        }
        dy.clear();
        dy.resize(factor.members.len(), 0.0);
        for (&position, r) in unknowns.rows.iter().zip(r) {
            dy[position] = *r;
        }
    }

    /// Writes the residual of `(self.adjoint_z, self.adjoint_nu)` into `dx` and `dy`, zero on what is eliminated, and
    /// returns its size.
    fn adjoint_residual(&mut self, g: &[f64], r: &[f64]) -> f64 {
        self.adjoint_right_hand_side(g, r);
        let Self { data, factor, adjoint_z: z, adjoint_nu: nu, dx, dy, rows, row_values, .. } = self;
        data.subtract_hessian(z, dx);
        gather_rows(&factor.members, nu, data.m, rows, row_values);
        data.subtract_rows(rows, row_values, dx);
        data.row_products(rows, z, row_values);
        let row_members = factor.members.iter().zip(dy.iter_mut()).filter(|(w, _)| w.index < data.m);
        for ((_, residual), product) in row_members.zip(row_values.iter()) {
            *residual -= product;
        }
        // On the variables at a bound stationarity only defines the bounds' own multipliers.
        factor.members.iter().filter(|w| w.index >= data.m).for_each(|w| dx[w.index - data.m] = 0.0);
        max_nan(max_abs(dx), max_abs(dy))
    }

    /// Adds the solution for the right-hand side in `dx` and `dy`.
    fn adjoint_step(&mut self) {
        let Self { data, factor, adjoint_z, adjoint_nu, dx, dy, .. } = self;
        factor.llt.solve_lower(dx);
        factor.solve(dx, dy);
        factor.members.iter().filter(|w| w.index >= data.m).for_each(|w| dx[w.index - data.m] = 0.0);
        axpy(1.0, dx, adjoint_z);
        axpy(1.0, dy, adjoint_nu);
    }
}

impl KktFactor for Engine {
    fn regularity(&mut self) -> Option<f64> {
        self.factor.smallest_pivot()
    }

    fn solve(&mut self, g: &[f64], r: &[f64], z: &mut [f64], nu: &mut [f64]) -> Result<AdjointReport> {
        check_adjoint((self.unknowns.free.len(), self.unknowns.rows.len()), (g, r), (z, nu))?;
        let scale = max_abs(g).max(max_abs(r));
        self.adjoint_z.fill(0.0);
        self.adjoint_nu.clear();
        self.adjoint_nu.resize(self.factor.members.len(), 0.0);
        self.adjoint_right_hand_side(g, r);
        let step = |engine: &mut Self| {
            engine.adjoint_step();
            engine.adjoint_residual(g, r)
        };
        let keep = |engine: &Self| {
            for (z, &j) in z.iter_mut().zip(&engine.unknowns.free) {
                *z = engine.adjoint_z[j];
            }
            for (nu, &position) in nu.iter_mut().zip(&engine.unknowns.rows) {
                *nu = engine.adjoint_nu[position];
            }
        };
        let first = if self.is_well_conditioned() { ENOUGH } else { TARGET };
        Ok(correct(self, scale, |steps| if steps == 0 { first } else { ENOUGH }, step, keep))
    }

    fn solve_many(&mut self, count: usize, (g, r): (&[f64], &[f64]), (z, nu): (&mut [f64], &mut [f64])) -> Result<()> {
        let (d, k) = (self.unknowns.free.len(), self.unknowns.rows.len());
        check_many((d, k), count, (g, r), (z, nu))?;
        if !self.is_well_conditioned() || d == 0 {
            return solve_each(self, count, (g, r), (z, nu));
        }
        if count == 1 {
            self.adjoint_right_hand_side(g, r);
            let Self { factor, unknowns, dx, dy, .. } = self;
            factor.llt.solve_lower(dx);
            factor.solve(dx, dy);
            z.iter_mut().zip(&unknowns.free).for_each(|(z, &j)| *z = dx[j]);
            nu.iter_mut().zip(&unknowns.rows).for_each(|(nu, &position)| *nu = dy[position]);
            return Ok(());
        }
        let Self { factor, data, unknowns: Unknowns { free, rows, many: (x, y), .. }, .. } = self;
        let (n, size) = (data.n, factor.members.len());
        for (v, len) in [(&mut *x, n), (&mut *y, size)] {
            v.clear();
            v.resize(count * len, 0.0);
        }
        for s in 0..count {
            free.iter().zip(&g[s * d..]).for_each(|(&j, g)| x[s * n + j] = -g);
            rows.iter().zip(&r[s * k..]).for_each(|(&position, r)| y[s * size + position] = *r);
        }
        factor.solve_many(count, x, y);
        for s in 0..count {
            z[s * d..].iter_mut().zip(&*free).for_each(|(z, &j)| *z = x[s * n + j]);
            nu[s * k..].iter_mut().zip(&*rows).for_each(|(nu, &position)| *nu = y[s * size + position]);
        }
        Ok(())
    }
}
