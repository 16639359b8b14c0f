//! The method's state, and the point that a working set determines.

use bpqp_traits::vector::axpy;
use bpqp_traits::{ProgramRef, Solution};

use super::adjoint::Unknowns;
use super::data::DenseData;
use super::factor::{Factor, Member};
use crate::linalg::norm;

/// Rounding allowed in a constraint's value, relative to its terms.
const ROUNDING: f64 = 1e-12;
/// A working set's rows hold to this, relative to their terms, or the point is refined: where the factors are close to
/// singular …
const TARGET: f64 = 1e-14;
/// … and where they are far from it, so that a residual is nearly as good as an error: to this at most …
const RELAXED_TARGET: f64 = 1e-13;
/// … and to a share of this, since the gap adds up what is left on every row …
const RELAXED_SUM: f64 = 1e-11;
/// … by their smallest pivots.
const WELL_CONDITIONED: f64 = 1e-3;
/// The same while the working set is still far from the last one.
const ROUGH: f64 = 1e-9;
const MAX_REFINEMENTS: u32 = 6;

/// One problem with its factorization, working set and point.
pub(crate) struct Engine {
    pub(super) data: DenseData,
    pub(super) factor: Factor,
    /// Which constraints were equalities when the working set was made.
    pub(super) equalities: Vec<bool>,
    /// Constraints to put into the next solve's working set.
    pub(super) guess: Option<Vec<Member>>,
    /// Whether the last solve ended solved, with this factor, on this working set.
    pub(super) optimal: bool,
    /// The center of the proximal term.
    pub(super) center: Vec<f64>,
    pub(super) next_center: Vec<f64>,
    /// The size of the forces that balance: `1 + ‖q‖∞`.
    pub(super) force: f64,
    /// `L⁻¹(D center − q)`.
    pub(super) t0: Vec<f64>,
    pub(super) x: Vec<f64>,
    /// Multipliers of the working set's members.
    pub(super) y: Vec<f64>,
    /// `a_kᵀx`.
    pub(super) values: Vec<f64>,
    /// A certificate of infeasibility: one multiplier per constraint.
    pub(super) ray: Vec<f64>,
    /// Constraints left violated because they contradict others by rounding alone.
    pub(super) ignored: Vec<bool>,
    pub(super) violated: Vec<Member>,
    pub(super) removed: Vec<Member>,
    /// Where the removed ones were in the working set.
    pub(super) positions: Vec<usize>,
    pub(super) dx: Vec<f64>,
    pub(super) dy: Vec<f64>,
    pub(super) saved_x: Vec<f64>,
    pub(super) saved_y: Vec<f64>,
    /// The rows among the members, and what goes with them.
    pub(super) rows: Vec<usize>,
    pub(super) row_values: Vec<f64>,
    /// `Aᵀy + ζ` of the point that is judged.
    pub(super) forces: Vec<f64>,
    pub(super) unknowns: Unknowns,
    pub(super) adjoint_z: Vec<f64>,
    pub(super) adjoint_nu: Vec<f64>,
}

impl Engine {
    /// Factors; `None` where `P` has negative curvature.
    pub(crate) fn new(program: &ProgramRef<'_>) -> Option<Self> {
        let data = DenseData::new(program);
        let (n, k) = (data.n, data.len());
        let mut engine = Self {
            factor: Factor::new(&data),
            data,
            equalities: vec![false; k],
            guess: Some(Vec::new()),
            optimal: false,
            center: vec![0.0; n],
            next_center: Vec::new(),
            force: 1.0,
            t0: vec![0.0; n],
            x: vec![0.0; n],
            y: Vec::with_capacity(n),
            values: vec![0.0; k],
            ray: Vec::new(),
            ignored: vec![false; k],
            violated: Vec::new(),
            removed: Vec::new(),
            positions: Vec::new(),
            dx: vec![0.0; n],
            dy: Vec::with_capacity(n),
            saved_x: vec![0.0; n],
            saved_y: Vec::with_capacity(n),
            rows: Vec::with_capacity(n),
            row_values: Vec::with_capacity(n),
            forces: vec![0.0; n],
            unknowns: Unknowns::default(),
            adjoint_z: vec![0.0; n],
            adjoint_nu: Vec::with_capacity(n),
        };
        engine.factor.factorize(&engine.data).then_some(engine)
    }

    /// Takes new matrices; false where `P` has negative curvature, which leaves the engine unusable.
    pub(crate) fn set_matrices(&mut self, program: &ProgramRef<'_>) -> bool {
        self.optimal = false;
        if self.guess.is_none() {
            self.guess = Some(self.factor.members.clone());
        }
        self.data.set_matrices(program);
        self.data.set_vectors(program);
        self.factor.factorize(&self.data)
    }

    /// Takes new vectors.
    pub(crate) fn set_vectors(&mut self, program: &ProgramRef<'_>) {
        self.optimal = false;
        self.data.set_vectors(program);
    }

    /// Whether `P` alone was not factorized, so that its convexity is not proved.
    pub(crate) fn is_proximal(&self) -> bool {
        self.factor.is_proximal()
    }

    /// The smallest pivot of `P`, relative to its diagonal; `None` where not `P` alone was factored.
    pub(crate) fn hessian_pivot(&self) -> Option<f64> {
        self.factor.hessian_pivot()
    }

    /// `L` by columns, where `P = LLᵀ`, and the reciprocals of its diagonal.
    pub(crate) fn hessian_factor(&self) -> (&[f64], &[f64]) {
        self.factor.llt.parts()
    }

    /// `L⁻¹a_k` of these constraints, one after another.
    pub(crate) fn columns(&mut self, constraints: impl Iterator<Item = usize> + Clone) -> Vec<f64> {
        let Self { factor: Factor { columns, llt, .. }, data, .. } = self;
        columns.ensure(data, llt, constraints.clone());
        constraints.flat_map(|k| columns.get(k)).copied().collect()
    }

    /// The side at which a member is held.
    pub(super) fn side(&self, member: Member) -> f64 {
        if member.sign < 0.0 { self.data.lo[member.index] } else { self.data.hi[member.index] }
    }

    /// The point and multipliers that make the working set's rows hold with equality, refined until they do.
    pub(super) fn recover(&mut self) {
        self.recover_roughly();
        self.refine_rows(self.target());
    }

    /// What the rows of a final working set hold to.
    pub(super) fn target(&self) -> f64 {
        if self.is_well_conditioned() {
            (RELAXED_SUM / self.factor.members.len().max(1) as f64).clamp(TARGET, RELAXED_TARGET)
        } else {
            TARGET
        }
    }

    /// Whether both factors are far from singular.
    pub(super) fn is_well_conditioned(&self) -> bool {
        self.factor.smallest_pivot().is_some_and(|pivot| pivot >= WELL_CONDITIONED)
    }

    /// The same, good enough to tell which constraints to exchange.
    pub(super) fn recover_roughly(&mut self) {
        self.x.copy_from_slice(&self.t0);
        let mut y = std::mem::take(&mut self.y);
        y.clear();
        y.extend(self.factor.members.iter().map(|w| self.side(*w)));
        self.factor.solve(&mut self.x, &mut y);
        self.y = y;
        self.data.values(&self.x, &mut self.values);
        self.refine_rows(ROUGH);
    }

    /// Refines until the working set's rows hold to `target`, as far as that goes; returns whether the point changed.
    pub(super) fn refine_rows(&mut self, target: f64) -> bool {
        let mut error = self.working_error();
        let start = error;
        for _ in 0..MAX_REFINEMENTS {
            if error <= target {
                break;
            }
            self.saved_x.copy_from_slice(&self.x);
            self.saved_y.clone_from(&self.y);
            self.correct(true);
            let new = self.working_error();
            if new >= 0.5 * error {
                if new >= error {
                    self.restore_saved();
                } else {
                    error = new;
                }
                break;
            }
            error = new;
        }
        error < start
    }

    pub(super) fn restore_saved(&mut self) {
        self.x.copy_from_slice(&self.saved_x);
        self.y.clone_from(&self.saved_y);
        self.data.values(&self.x, &mut self.values);
    }

    /// One step of refinement against the KKT matrix on the working set: of the proximal problem, or of the true one.
    pub(super) fn correct(&mut self, proximal: bool) {
        self.stationarity(proximal);
        let Self { factor, data, dx, dy, values, x, y, .. } = self;
        factor.llt.solve_lower(dx);
        dy.clear();
        for w in &factor.members {
            let side = if w.sign < 0.0 { data.lo[w.index] } else { data.hi[w.index] };
            dy.push(side - values[w.index]);
        }
        factor.solve(dx, dy);
        axpy(1.0, dx, x);
        axpy(1.0, dy, y);
        data.values(x, values);
    }

    /// `dx = −(Px + q + A_Wᵀy) − D(x − center)`, the last term where asked for.
    pub(super) fn stationarity(&mut self, proximal: bool) {
        let Self { factor, data, dx, x, y, center, rows, row_values, .. } = self;
        for (d, q) in dx.iter_mut().zip(&data.q) {
            *d = -q;
        }
        data.subtract_hessian(x, dx);
        gather_rows(&factor.members, y, data.m, rows, row_values);
        data.subtract_rows(rows, row_values, dx);
        for (w, y) in factor.members.iter().zip(y.iter()).filter(|(w, _)| w.index >= data.m) {
            dx[w.index - data.m] -= y;
        }
        if proximal {
            for j in 0..data.n {
                dx[j] -= factor.shift[j] * (x[j] - center[j]);
            }
        }
    }

    /// How far the working set's rows are from equality, relative to the terms of their values.
    pub(super) fn working_error(&self) -> f64 {
        let size = norm(&self.x);
        let mut worst = 0.0;
        for w in &self.factor.members {
            let side = self.side(*w);
            let scale = if w.index < self.data.m {
                self.data.norms[w.index] * size
            } else {
                self.x[w.index - self.data.m].abs()
            };
            let error = (self.values[w.index] - side).abs() / (scale + side.abs() + f64::MIN_POSITIVE);
            worst = if error > worst || error.is_nan() { error } else { worst };
        }
        if worst.is_nan() { f64::INFINITY } else { worst }
    }

    /// By how much constraint `k` is violated, and on which side; `None` within rounding.
    pub(super) fn violation(&self, k: usize) -> Option<(f64, f64)> {
        let value = self.values[k];
        let (above, below) = (value - self.data.hi[k], self.data.lo[k] - value);
        let (by, sign, side) =
            if above > below { (above, 1.0, self.data.hi[k]) } else { (below, -1.0, self.data.lo[k]) };
        if by <= ROUNDING * (value.abs() + side.abs()) || self.ignored[k] {
            return None;
        }
        (by > ROUNDING * (self.data.magnitude(k, &self.x) + side.abs())).then_some((by, sign))
    }

    /// Lists the violated constraints outside the working set.
    pub(super) fn find_violated(&mut self) {
        let mut violated = std::mem::take(&mut self.violated);
        violated.clear();
        for index in 0..self.data.len() {
            if !self.factor.contains(index)
                && let Some((_, sign)) = self.violation(index)
            {
                violated.push(Member { index, sign });
            }
        }
        self.violated = violated;
    }

    /// The number of multipliers of the wrong sign.
    pub(super) fn count_wrong(&self) -> usize {
        self.factor.members.iter().zip(&self.y).filter(|(w, y)| w.sign * **y < 0.0).count()
    }

    /// Whether the point is that of a working set without wrong signs or violated constraints.
    pub(super) fn is_consistent(&mut self) -> bool {
        self.find_violated();
        self.violated.is_empty() && self.count_wrong() == 0
    }

    /// Writes the point and its multipliers.
    pub(super) fn write(&self, out: &mut Solution) {
        let m = self.data.m;
        out.resize(self.data.n, m, 0);
        out.x.copy_from_slice(&self.x);
        out.y.fill(0.0);
        out.bound_duals.fill(0.0);
        for (w, y) in self.factor.members.iter().zip(&self.y) {
            if w.index < m {
                out.y[w.index] = *y;
            } else {
                out.bound_duals[w.index - m] = *y;
                out.x[w.index - m] = self.side(*w);
            }
        }
    }
}

/// Lists the rows among the members with their values `v`, in the members' order.
pub(super) fn gather_rows(members: &[Member], v: &[f64], m: usize, rows: &mut Vec<usize>, values: &mut Vec<f64>) {
    rows.clear();
    values.clear();
    for (w, v) in members.iter().zip(v).filter(|(w, _)| w.index < m) {
        rows.push(w.index);
        values.push(*v);
    }
}
