//! The QP of Newton's steps and derivatives: what has a barrier is lifted into variables of its own.

use std::ops::Range;

use bpqp_traits::vector::random_signs;
use bpqp_traits::{AdjointQpRef, BackwardQpSolver, CscMatrix, KktFactor, ProgramRef};

use super::cones::Cone;
use super::path::Iterate;
use crate::Result;
use crate::layer::probe::unit_scales;

/// Relative error of a known solution above which the system does not determine it.
const UNDETERMINED: f64 = 1e-4;

/// Which constraints are equalities and which have a barrier.
#[derive(Clone, Debug)]
pub(super) struct Layout {
    /// Rows with `l = u`, and variables with `lb = ub`.
    pub(super) equal_rows: Vec<usize>,
    pub(super) fixed: Vec<usize>,
    /// Rows and variables with a finite side.
    pub(super) rows: Vec<usize>,
    pub(super) bounded: Vec<usize>,
}

impl Layout {
    pub(super) fn new(program: &ProgramRef<'_>) -> Self {
        let (l, u, lb, ub) = (program.l(), program.u(), program.lb(), program.ub());
        let equal = |l: &[f64], u: &[f64]| (0..l.len()).filter(|&i| l[i] == u[i]).collect();
        let sided = |l: &[f64], u: &[f64]| {
            (0..l.len()).filter(|&i| l[i] < u[i] && (l[i].is_finite() || u[i].is_finite())).collect()
        };
        Self { equal_rows: equal(l, u), fixed: equal(lb, ub), rows: sided(l, u), bounded: sided(lb, ub) }
    }
}

/// The factorized QP in the program's variables `z`, `r = Az` of the inequality rows, `v = Sz + shift` of the cones, and
/// further ones of the cones. Its rows: equalities, fixed variables, the definitions of `r` and of `v`, further definitions.
pub(super) struct System {
    h: CscMatrix,
    c: CscMatrix,
    factor: Box<dyn KktFactor>,
    /// The variables `v`, and the rows that define them.
    cones: Range<usize>,
    cone_definitions: Range<usize>,
}

/// A solution of the QP.
pub(super) struct Response {
    /// `z` and `r`, then all other variables.
    pub(super) z: Vec<f64>,
    /// Multipliers of equalities and fixed variables, then of all definitions.
    pub(super) nu: Vec<f64>,
    /// `v = Sz + shift`, and `W v`.
    pub(super) cones: Range<usize>,
    pub(super) cone_forces: Range<usize>,
    /// Relative.
    pub(super) residual: f64,
}

impl Response {
    /// `v = Sz + shift` of the stacked cones.
    pub(super) fn cone_steps(&self) -> &[f64] {
        &self.z[self.cones.clone()]
    }

    /// `W v`: the definitions' multipliers, which the weights' sizes do not make inexact.
    pub(super) fn cone_forces(&self) -> &[f64] {
        &self.nu[self.cone_forces.clone()]
    }
}

/// Collects the entries of the QP.
struct Parts {
    h: Vec<(usize, usize, f64)>,
    c: Vec<(usize, usize, f64)>,
    variables: usize,
    rows: usize,
}

impl Parts {
    fn variable(&mut self, weight: f64) -> usize {
        self.variables += 1;
        self.h.push((self.variables - 1, self.variables - 1, weight));
        self.variables - 1
    }

    /// Adds `½vᵀWv` for the variables of one cone, which begin at `head`: both eigenvalues along the frame get a variable,
    /// since they may differ by more than the arithmetic resolves, and `‖v₁ − ûτ‖²`, least over `τ`, is sparse.
    fn weigh(&mut self, cone: &Cone, head: usize) {
        let (along, across) = cone.weights();
        if cone.unit().is_empty() {
            self.h.push((head, head, along[0]));
            return;
        }
        let tail = || cone.unit().iter().enumerate().map(move |(i, unit)| (head + 1 + i, *unit));
        for (sign, weight) in [1.0, -1.0].into_iter().zip(along) {
            let (row, variable) = (self.rows, self.variable(0.5 * weight));
            self.rows += 1;
            self.c.extend([(row, head, 1.0), (row, variable, -1.0)]);
            self.c.extend(tail().map(|(j, unit)| (row, j, sign * unit)));
        }
        if cone.unit().len() > 1 {
            let tau = self.variable(across);
            for (j, unit) in tail() {
                self.h.extend([(j, j, across), (j, tau, -across * unit)]);
            }
        }
    }
}

impl System {
    /// The QP with the weights of `at`.
    pub(super) fn new(
        program: &ProgramRef<'_>,
        layout: &Layout,
        at: &Iterate,
        backward: &dyn BackwardQpSolver,
    ) -> Result<Self> {
        let (n, k) = (program.num_vars(), layout.rows.len());
        let (equal, fixed) = (layout.equal_rows.len(), layout.fixed.len());
        let cones = n + k..n + k + program.num_cone_rows();
        let cone_definitions = equal + fixed + k..equal + fixed + k + cones.len();
        let (of_rows, of_bounds) = at.pairs.split_at(k);
        let lifted = of_rows.iter().enumerate().map(|(i, pair)| (n + i, n + i, pair.weight()));
        let bounds = layout.bounded.iter().zip(of_bounds).map(|(&j, pair)| (j, j, pair.weight()));
        let h = program.p().entries().chain(bounds).chain(lifted).collect();

        let mut place = vec![None; program.num_rows()];
        layout.equal_rows.iter().enumerate().for_each(|(at, &i)| place[i] = Some(at));
        layout.rows.iter().enumerate().for_each(|(at, &i)| place[i] = Some(equal + fixed + at));
        let rows = program.a().entries().filter_map(|(i, j, v)| place[i].map(|i| (i, j, v)));
        let fixed_rows = layout.fixed.iter().enumerate().map(|(at, &j)| (equal + at, j, 1.0));
        let definitions = (0..k + cones.len()).map(|i| (equal + fixed + i, n + i, -1.0));
        let c = rows.chain(fixed_rows).chain(definitions).collect();

        let mut parts = Parts { h, c, variables: cones.end, rows: cone_definitions.end };
        if let Some(stacked) = program.cones() {
            parts.c.extend(stacked.matrix().entries().map(|(i, j, v)| (cone_definitions.start + i, j, v)));
        }
        at.cones.iter().for_each(|cone| parts.weigh(cone, cones.start + cone.rows().start));
        let Parts { h, c, variables, rows } = parts;
        let h = CscMatrix::from_triplets(variables, variables, &h)?;
        let c = CscMatrix::from_triplets(rows, variables, &c)?;
        let factor = backward.factorize(&AdjointQpRef::new(h.as_ref(), c.as_ref())?)?;
        Ok(Self { h, c, factor, cones, cone_definitions })
    }

    /// Solves with the linear term `g` of `(z, r)`, the right-hand side `r` of equalities and fixed variables, and the
    /// cones' `shift`.
    pub(super) fn solve(&mut self, mut g: Vec<f64>, mut r: Vec<f64>, shift: &[f64]) -> Result<Response> {
        g.resize(self.h.ncols(), 0.0);
        r.resize(self.cone_definitions.start, 0.0);
        r.extend(shift.iter().map(|v| -v));
        r.resize(self.c.nrows(), 0.0);
        self.solve_all(&g, &r)
    }

    fn solve_all(&mut self, g: &[f64], r: &[f64]) -> Result<Response> {
        let (mut z, mut nu) = (vec![0.0; g.len()], vec![0.0; r.len()]);
        self.factor.solve(g, r, &mut z, &mut nu)?;
        let residual = AdjointQpRef::new(self.h.as_ref(), self.c.as_ref())?.residual(g, r, &z, &nu);
        Ok(Response { z, nu, residual, cones: self.cones.clone(), cone_forces: self.cone_definitions.clone() })
    }

    /// The first `n` variables and the rows that the system does not determine: it is asked for a solution that is known.
    pub(super) fn undetermined(&mut self, n: usize) -> Result<(Vec<usize>, Vec<usize>)> {
        let (d, k) = (self.h.ncols(), self.c.nrows());
        let rows = self.c.as_ref().entries().map(|(i, j, v)| (d + i, j, v));
        let scale = unit_scales(d + k, self.h.as_ref().entries().chain(rows));
        let known: Vec<f64> = random_signs(d + k, 0).zip(&scale).map(|(sign, scale)| sign * scale).collect();
        let (mut g, mut r) = (vec![0.0; d], vec![0.0; k]);
        self.h.as_ref().symmetric_mul_add(-1.0, &known[..d], &mut g);
        self.c.as_ref().transpose_mul_add(-1.0, &known[d..], &mut g);
        self.c.as_ref().mul_add(1.0, &known[..d], &mut r);
        let Response { z, nu, .. } = self.solve_all(&g, &r)?;
        let found = z.iter().chain(&nu).zip(known.iter().zip(&scale));
        let is_off = |(found, (known, scale)): (&f64, (&f64, &f64))| {
            // A NaN is not close to anything.
            !matches!((found - known).abs() / scale, off if off <= UNDETERMINED)
        };
        let off: Vec<usize> = found.enumerate().filter(|(_, entry)| is_off(*entry)).map(|(i, _)| i).collect();
        Ok((off.iter().copied().filter(|&i| i < n).collect(), off.iter().filter(|&&i| i >= d).map(|i| i - d).collect()))
    }
}
