//! The KKT system on an active set, with the variables at bounds eliminated.

use super::null_space::NullSpace;
use super::probe::is_regular;
use bpqp_traits::vector::{max_abs, max_nan};
use bpqp_traits::{
    ActiveSet, AdjointQpRef, BackwardQpSolver, CscMatrix, Error, KktFactor, ProgramRef, Result, Session,
};

/// Marks a variable or row that is not part of the reduced system.
const ABSENT: usize = usize::MAX;

/// A factor that is this far from singular by its own word is regular.
const REGULAR: f64 = 1e-6;

/// Relative residual up to which the least-norm solution is preferred to the one the solver found.
const LEAST_NORM_RESIDUAL: f64 = 1e-12;

/// The factorized KKT matrix on an active set:
/// ```text
/// ⎡ P   A₊ᵀ  E ⎤        A₊: the active rows
/// ⎢ A₊  0    0 ⎥        Eᵀ: picks the variables at a bound
/// ⎣ Eᵀ  0    0 ⎦
/// ```
/// Only the free variables and the active rows are factorized; the rest follows by substitution.
pub(crate) struct ReducedKkt {
    pub(super) active: ActiveSet,
    pub(super) free: Vec<usize>,
    pub(super) rows: Vec<usize>,
    /// Absent where the forward session lends its factor to each solve.
    pub(super) own: Option<OwnFactor>,
    /// Present once the Hessian is known to be singular on the null space of the active rows.
    pub(super) null_space: Option<NullSpace>,
}

/// A factorization of the backward solver, with its matrices.
pub(super) struct OwnFactor {
    h: CscMatrix,
    c: CscMatrix,
    pub(super) factor: Box<dyn KktFactor>,
}

impl OwnFactor {
    /// Takes the null part out of the solution `z`, unless that leaves more of the right-hand side; returns what is left.
    pub(super) fn of_least_norm(
        &self,
        null_space: Option<&mut NullSpace>,
        (g, r): (&[f64], &[f64]),
        (z, y): (&mut Vec<f64>, &[f64]),
    ) -> Result<f64> {
        let qp = AdjointQpRef::new(self.h.as_ref(), self.c.as_ref())?;
        let residual = qp.residual(g, r, z, y);
        let Some(null_space) = null_space else { return Ok(residual) };
        let mut least = z.clone();
        null_space.remove_from(&mut least)?;
        let after = qp.residual(g, r, &least, y);
        // Curvature near the shift is neither null nor not: what the system does determine comes first.
        if after <= residual.max(LEAST_NORM_RESIDUAL) {
            *z = least;
            return Ok(after);
        }
        Ok(residual)
    }
}

/// A residual this small is enough for a solution by triangular solves alone.
const ENOUGH: f64 = 1e-12;
/// A residual this small needs no comparison with rounding.
pub(super) const SMALL_RESIDUAL: f64 = 1e-10;

/// A solution of the whole system.
#[derive(Clone, Debug, Default)]
pub(crate) struct KktSolution {
    /// Primal part (`n`).
    pub(crate) z: Vec<f64>,
    /// Row part (`m`), zero at inactive rows.
    pub(crate) y: Vec<f64>,
    /// Bound part (`n`), zero at free variables.
    pub(crate) zeta: Vec<f64>,
    /// `‖K w + rhs₁‖∞ / ‖rhs‖∞` on the reduced system, for the part `rhs₁` of `rhs` that the system determines.
    pub(crate) residual: f64,
    /// The residual that rounding the exact solution to machine numbers would leave, `ε ‖|K||w| + |rhs|‖∞ / ‖rhs‖∞`; zero
    /// where the residual is small anyway.
    pub(crate) rounding: f64,
    /// `‖g₀‖₂ / ‖g‖₂` for the part `g₀` of `g` that it does not: the projection onto the null space.
    pub(crate) undetermined: f64,
    /// `g₀` itself (`n`), empty where it is zero; `None` where the face does not stand apart from directions of slight curvature.
    pub(crate) along_face: Option<Vec<f64>>,
}

impl ReducedKkt {
    /// Factorizes the system of `program` on `active` with `backward`.
    pub(crate) fn new(program: &ProgramRef<'_>, active: ActiveSet, backward: &dyn BackwardQpSolver) -> Result<Self> {
        let (free, rows): (Vec<_>, Vec<_>) = (active.free_variables().collect(), active.active_rows().collect());
        let (h, c) = matrices(program, &free, &rows)?;
        let factor = backward.factorize(&AdjointQpRef::new(h.as_ref(), c.as_ref())?)?;
        Ok(Self { active, free, rows, own: Some(OwnFactor { h, c, factor }), null_space: None })
    }

    /// The system of `program`, which may be another one, on `active`: by the same symbolic factorization where the active set
    /// and the patterns are the same and the backward solver can.
    pub(crate) fn renewed(
        self,
        program: &ProgramRef<'_>,
        active: ActiveSet,
        backward: &dyn BackwardQpSolver,
    ) -> Result<Self> {
        let Some(OwnFactor { mut factor, .. }) = self.own.filter(|_| self.active == active) else {
            return Self::new(program, active, backward);
        };
        let (h, c) = matrices(program, &self.free, &self.rows)?;
        match factor.refactorize(&AdjointQpRef::new(h.as_ref(), c.as_ref())?) {
            Ok(()) => Ok(Self { own: Some(OwnFactor { h, c, factor }), null_space: None, ..self }),
            Err(_) => Self::new(program, active, backward),
        }
    }

    /// The system on `active` by the factor that `session` holds; `None` where it holds none, or one that is close to
    /// singular by its own word, or by a probe where it has none.
    pub(crate) fn lent(
        program: &ProgramRef<'_>,
        active: ActiveSet,
        session: &mut (dyn Session + 'static),
    ) -> Option<Self> {
        let regularity = session.adjoint_factor(&active)?.regularity();
        let (free, rows) = (active.free_variables().collect(), active.active_rows().collect());
        let mut kkt = Self { active, free, rows, own: None, null_space: None };
        let regular = match regularity {
            Some(regularity) => regularity >= REGULAR,
            None => is_regular(&mut kkt, program, session).unwrap_or(false),
        };
        regular.then_some(kkt)
    }

    /// From now on solves for the part of each right-hand side that a singular system determines, with least norm.
    pub(crate) fn project(&mut self, backward: &dyn BackwardQpSolver) -> Result<()> {
        if let Some(OwnFactor { h, c, .. }) = &self.own {
            self.null_space = Some(NullSpace::new(h, c, backward)?);
        }
        Ok(())
    }

    /// The active set it was factorized on.
    pub(crate) fn active(&self) -> &ActiveSet {
        &self.active
    }

    /// The active rows, ascending.
    pub(crate) fn rows(&self) -> &[usize] {
        &self.rows
    }

    /// The free variables, ascending.
    pub(crate) fn free(&self) -> &[usize] {
        &self.free
    }

    /// Solves
    /// ```text
    /// P z + A₊ᵀy + E ζ = −g,    A₊ z = r,    Eᵀz = zb
    /// ```
    /// for `g` (`n`), `r` (`m`, read at active rows) and `fixed` = zb (`n`, read at variables at a bound), with the factor
    /// of `session` where there is none of its own.
    pub(crate) fn solve(
        &mut self,
        program: &ProgramRef<'_>,
        session: Option<&mut (dyn Session + 'static)>,
        g: &[f64],
        r: &[f64],
        fixed: &[f64],
    ) -> Result<KktSolution> {
        let (mut z, mut g_free, r_active) = self.reduce(program, (g, r), fixed);
        let whole = max_abs(&g_free).max(max_abs(&r_active));
        let (undetermined, along_face) = match &mut self.null_space {
            Some(null_space) => (null_space.remove_from(&mut g_free)?, None),
            None => (0.0, Some(Vec::new())),
        };
        // What is left may be rounding, to which no residual can be compared.
        let left = max_abs(&g_free).max(max_abs(&r_active));
        let share = if undetermined > 0.0 && left > 0.0 { left / whole } else { 1.0 };
        let (mut z_free, mut y_active) = (vec![0.0; self.free.len()], vec![0.0; self.rows.len()]);
        let Some(own) = &mut self.own else {
            let w = (&mut z_free[..], &mut y_active[..]);
            return self.solve_lent(program, session, (g, r), z, (&g_free, &r_active), w);
        };
        own.factor.solve(&g_free, &r_active, &mut z_free, &mut y_active)?;
        let residual = own.of_least_norm(self.null_space.as_mut(), (&g_free, &r_active), (&mut z_free, &y_active))?;
        let (y, zeta) = self.whole(program, (g, r), &mut z, (&z_free, &y_active));
        let rounding = self.rounding_beside(residual, program, (&g_free, &r_active), &z, &y);
        let (residual, rounding) = (residual * share, rounding * share);
        Ok(KktSolution { z, y, zeta, residual, rounding, undetermined, along_face })
    }

    /// `z` with the variables at a bound where `fixed` has them, and the right-hand side that this leaves for the free
    /// variables and the active rows.
    pub(super) fn reduce(
        &self,
        program: &ProgramRef<'_>,
        (g, r): (&[f64], &[f64]),
        fixed: &[f64],
    ) -> (Vec<f64>, Vec<f64>, Vec<f64>) {
        let mut z = vec![0.0; program.num_vars()];
        for j in self.active.active_bounds() {
            z[j] = fixed[j];
        }
        if max_abs(&z) == 0.0 {
            return (z, gather(g, &self.free), gather(r, &self.rows));
        }
        let (mut forces, mut rows_at_fixed) = (g.to_vec(), r.to_vec());
        program.p().symmetric_mul_add(1.0, &z, &mut forces);
        program.a().mul_add(-1.0, &z, &mut rows_at_fixed);
        let reduced = (gather(&forces, &self.free), gather(&rows_at_fixed, &self.rows));
        (z, reduced.0, reduced.1)
    }

    /// Solves by the factor that `session` lends: by one pass of triangular solves where that is accurate, as what it leaves
    /// tells; the free variables' and active rows' right-hand side is `(g_free, r_active)`.
    fn solve_lent(
        &mut self,
        program: &ProgramRef<'_>,
        mut session: Option<&mut (dyn Session + 'static)>,
        (g, r): (&[f64], &[f64]),
        mut z: Vec<f64>,
        (g_free, r_active): (&[f64], &[f64]),
        (z_free, y_active): (&mut [f64], &mut [f64]),
    ) -> Result<KktSolution> {
        let factor = self.factor(session.as_deref_mut())?;
        factor.solve_many(1, (g_free, r_active), (&mut *z_free, &mut *y_active))?;
        let (mut y, mut zeta, gaps) = self.expand(program, (g, r), &mut z, (&*z_free, &*y_active));
        let mut residual = self.residual((g_free, r_active), &zeta, &gaps);
        let is_enough = residual <= ENOUGH;
        if !is_enough {
            self.factor(session)?.solve(g_free, r_active, z_free, y_active)?;
            let (new_y, new_zeta, gaps) = self.expand(program, (g, r), &mut z, (&*z_free, &*y_active));
            residual = self.residual((g_free, r_active), &new_zeta, &gaps);
            (y, zeta) = (new_y, new_zeta);
        }
        for &j in &self.free {
            zeta[j] = 0.0;
        }
        let rounding = self.rounding_beside(residual, program, (g_free, r_active), &z, &y);
        let along_face = Some(Vec::new());
        Ok(KktSolution { z, y, zeta, residual, rounding, undetermined: 0.0, along_face })
    }

    /// Writes the free variables into `z`; returns `y` and `ζ` of the whole system.
    pub(super) fn whole(
        &self,
        program: &ProgramRef<'_>,
        (g, r): (&[f64], &[f64]),
        z: &mut [f64],
        reduced: (&[f64], &[f64]),
    ) -> (Vec<f64>, Vec<f64>) {
        let (y, mut zeta, _) = self.expand(program, (g, r), z, reduced);
        for &j in &self.free {
            zeta[j] = 0.0;
        }
        (y, zeta)
    }

    /// Writes the free variables into `z`; returns `y`, `−(g + P z + Aᵀy)` and `r − A z`.
    fn expand(
        &self,
        program: &ProgramRef<'_>,
        (g, r): (&[f64], &[f64]),
        z: &mut [f64],
        (z_free, y_active): (&[f64], &[f64]),
    ) -> (Vec<f64>, Vec<f64>, Vec<f64>) {
        for (&j, &v) in self.free.iter().zip(z_free) {
            z[j] = v;
        }
        let mut y = vec![0.0; r.len()];
        for (&i, &v) in self.rows.iter().zip(y_active) {
            y[i] = v;
        }
        let (mut zeta, mut gaps): (Vec<f64>, Vec<f64>) = (g.iter().map(|v| -v).collect(), r.to_vec());
        program.p().symmetric_mul_add(-1.0, z, &mut zeta);
        program.a().mul_both_add(-1.0, (z, &mut gaps), (&y, &mut zeta));
        (y, zeta, gaps)
    }

    /// `‖K w + rhs‖∞ / ‖rhs‖∞` over the free variables and active rows.
    fn residual(&self, (g, r): (&[f64], &[f64]), forces: &[f64], row_gaps: &[f64]) -> f64 {
        let forces = self.free.iter().map(|&j| forces[j].abs());
        let worst = forces.chain(self.rows.iter().map(|&i| row_gaps[i].abs())).fold(0.0, |worst, v| max_nan(v, worst));
        let size = max_abs(g).max(max_abs(r));
        if size > 0.0 { worst / size } else { worst }
    }

    /// The [`rounding`](KktSolution::rounding) of a solution with this residual.
    pub(super) fn rounding_beside(
        &self,
        residual: f64,
        program: &ProgramRef<'_>,
        right: (&[f64], &[f64]),
        z: &[f64],
        y: &[f64],
    ) -> f64 {
        if residual <= SMALL_RESIDUAL { 0.0 } else { self.rounding(program, right, z, y) }
    }

    /// `ε ‖|K||w| + |rhs|‖∞ / ‖rhs‖∞` over the free variables and active rows.
    pub(super) fn rounding(&self, program: &ProgramRef<'_>, (g, r): (&[f64], &[f64]), z: &[f64], y: &[f64]) -> f64 {
        let (mut top, mut bottom) = (vec![0.0; z.len()], vec![0.0; y.len()]);
        for (i, j, v) in program.p().entries() {
            top[i] += (v * z[j]).abs();
            if i != j {
                top[j] += (v * z[i]).abs();
            }
        }
        for (i, j, v) in program.a().entries() {
            top[j] += (v * y[i]).abs();
            bottom[i] += (v * z[j]).abs();
        }
        let free = self.free.iter().zip(g).map(|(&j, g)| top[j] + g.abs());
        let rows = self.rows.iter().zip(r).map(|(&i, r)| bottom[i] + r.abs());
        let size = max_abs(g).max(max_abs(r));
        let largest = free.chain(rows).fold(0.0, f64::max);
        if size > 0.0 { f64::EPSILON * largest / size } else { 0.0 }
    }

    /// The factor: its own, or the one that `session` lends.
    pub(super) fn factor<'a>(
        &'a mut self,
        session: Option<&'a mut (dyn Session + 'static)>,
    ) -> Result<&'a mut (dyn KktFactor + 'a)> {
        match (&mut self.own, session) {
            (Some(own), _) => Ok(&mut *own.factor),
            (None, Some(session)) => {
                let factor = session.adjoint_factor(&self.active);
                factor.ok_or_else(|| Error::backend("bpqp", "the session has lost its factor"))
            }
            (None, None) => Err(Error::backend("bpqp", "the session's factor is gone")),
        }
    }

    /// The reduced matrices and their factor, for the probe of [`super::probe`].
    pub(crate) fn parts(&mut self) -> Option<(&CscMatrix, &CscMatrix, &mut (dyn KktFactor + 'static))> {
        self.own.as_mut().map(|own| (&own.h, &own.c, &mut *own.factor))
    }
}

/// The Hessian of the `free` variables, and the active `rows` at them.
fn matrices(program: &ProgramRef<'_>, free: &[usize], rows: &[usize]) -> Result<(CscMatrix, CscMatrix)> {
    let (n, m) = (program.num_vars(), program.num_rows());
    let (var_place, row_place) = (places(free, n), places(rows, m));
    let all_free = free.len() == n;
    let h = if all_free {
        program.p().to_owned()
    } else {
        select(program.p().entries(), &var_place, &var_place, (free.len(), free.len()))?
    };
    let c = if all_free && rows.len() == m {
        program.a().to_owned()
    } else {
        select(program.a().entries(), &row_place, &var_place, (rows.len(), free.len()))?
    };
    Ok((h, c))
}

fn places(chosen: &[usize], len: usize) -> Vec<usize> {
    let mut places = vec![ABSENT; len];
    for (place, &i) in chosen.iter().enumerate() {
        places[i] = place;
    }
    places
}

fn select(
    entries: impl Iterator<Item = (usize, usize, f64)>,
    row_place: &[usize],
    col_place: &[usize],
    (nrows, ncols): (usize, usize),
) -> Result<CscMatrix> {
    let mut col_ptr = vec![0; ncols + 1];
    let (mut row_idx, mut values) = (Vec::new(), Vec::new());
    // Entries come column by column with rows ascending, and both maps keep the order.
    for (i, j, v) in entries {
        let (i, j) = (row_place[i], col_place[j]);
        if i != ABSENT && j != ABSENT {
            row_idx.push(i);
            values.push(v);
            col_ptr[j + 1] += 1;
        }
    }
    for j in 0..ncols {
        col_ptr[j + 1] += col_ptr[j];
    }
    CscMatrix::new(nrows, ncols, col_ptr, row_idx, values)
}

pub(super) fn gather(v: &[f64], chosen: &[usize]) -> Vec<f64> {
    chosen.iter().map(|&i| v[i]).collect()
}
