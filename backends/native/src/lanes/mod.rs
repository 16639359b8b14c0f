//! Several programs at once that share `P` and `A`: one pass over the factor of `P` for all of them, and each one's active
//! set in the space of the constraints, where it is small.

mod dual;
mod growing_llt;
mod kernels;
mod leading;

use bpqp_traits::{LANES, Lane, LanePoint, LaneVectors, ProgramRef};

use crate::active_set::Engine;
use crate::linalg::lower_square;
use dual::{Constraints, LaneDual, REGULAR};
use kernels::{add_products, solve_lower, solve_upper};
use leading::Leading;

/// Constraints at most: their products with one another are kept.
const MAX_CONSTRAINTS: usize = 1024;
/// Below this pivot a solve is corrected once.
const WELL_CONDITIONED: f64 = 1e-3;

/// `P = LLᵀ`, the columns `L⁻¹a_k` of the constraints that may be active, and their products.
pub(crate) struct LaneEngine {
    n: usize,
    m: usize,
    /// The bounded variables, whose bounds follow the rows among the constraints.
    bounded: Vec<usize>,
    l_by_rows: Vec<f64>,
    l_by_columns: Vec<f64>,
    inverse_diagonal: Vec<f64>,
    /// `L⁻¹a_k`, one after another (`c × n`), and its transpose.
    columns: Vec<f64>,
    columns_by_rows: Vec<f64>,
    gram: Vec<f64>,
    /// The roots of its diagonal.
    norms: Vec<f64>,
    leading: Leading,
    /// The smallest pivot of `P`, relative to its diagonal.
    pivot: f64,
    lanes: [LaneDual; LANES],
    /// The lanes whose sets mean something.
    solved: [bool; LANES],
    values: Vec<f64>,
    lo: Vec<f64>,
    hi: Vec<f64>,
    t: Vec<Lane>,
    /// `Yᵀt` of all constraints, and their multipliers.
    products: Vec<Lane>,
    multipliers: Vec<Lane>,
    row_values: Vec<Lane>,
}

/// What a linear system asks of the constraints that are held.
#[derive(Clone, Copy)]
enum Held<'a> {
    AtSides(&'a LaneVectors),
    AtZero,
}

impl LaneEngine {
    /// `None` where `engine` has not factored `P` alone, or not well, or there are too many constraints.
    pub(crate) fn new(program: &ProgramRef<'_>, engine: &mut Engine) -> Option<Self> {
        let (n, m) = (program.num_vars(), program.num_rows());
        let finite = |j: &usize| program.lb()[*j].is_finite() || program.ub()[*j].is_finite();
        let bounded: Vec<usize> = (0..n).filter(finite).collect();
        let c = m + bounded.len();
        let pivot = engine.hessian_pivot().filter(|pivot| *pivot >= REGULAR && c <= MAX_CONSTRAINTS)?;
        let columns = engine.columns((0..m).chain(bounded.iter().map(|j| m + j)));
        let columns_by_rows = transposed(&columns, n, c);
        let mut gram = vec![0.0; c * c];
        lower_square(&columns, n, &mut gram);
        for j in 0..c {
            for i in 0..j {
                gram[j * c + i] = gram[i * c + j];
            }
        }
        let (l, inverse_diagonal) = engine.hessian_factor();
        let (l_by_columns, inverse_diagonal) = (l.to_vec(), inverse_diagonal.to_vec());
        let l_by_rows = transposed(&l_by_columns, n, n);
        let zeros = |len| vec![[0.0; LANES]; len];
        Some(Self {
            n,
            m,
            bounded,
            l_by_rows,
            l_by_columns,
            inverse_diagonal,
            columns_by_rows,
            columns,
            norms: (0..c).map(|k| gram[k * (c + 1)].sqrt()).collect(),
            gram,
            leading: Leading::default(),
            pivot,
            lanes: Default::default(),
            solved: [false; LANES],
            values: vec![0.0; c],
            lo: vec![0.0; c],
            hi: vec![0.0; c],
            t: zeros(n),
            products: zeros(c),
            multipliers: zeros(c),
            row_values: zeros(m),
        })
    }

    /// As [`LaneSolver::solve`](bpqp_traits::LaneSolver::solve).
    pub(crate) fn solve(
        &mut self,
        program: &ProgramRef<'_>,
        vectors: &LaneVectors,
        point: &mut LanePoint,
    ) -> [bool; LANES] {
        self.project(&vectors.q);
        let Self { m, bounded, lanes, solved, values, lo, hi, products, gram, norms, leading, .. } = self;
        // Those of the first lane: most programs have the same.
        let equalities = vectors.l.iter().zip(&vectors.u).take_while(|(l, u)| l[0] == u[0]).count();
        leading.prepare(equalities.min(self.n), norms.len(), gram);
        let mut next = bounded.iter().copied().peekable();
        let mut stray = [false; LANES];
        for (j, (lb, ub)) in vectors.lb.iter().zip(&vectors.ub).enumerate() {
            if next.next_if_eq(&j).is_none() {
                stray.iter_mut().zip(lb.iter().zip(ub)).for_each(|(s, (l, u))| *s |= l.is_finite() || u.is_finite());
            }
        }
        for (lane, dual) in lanes.iter_mut().enumerate() {
            let rows = (0..*m).map(|i| (vectors.l[i][lane], vectors.u[i][lane], point.y[i][lane]));
            let bounds = bounded.iter().map(|&j| (&vectors.lb[j], &vectors.ub[j], &point.bound_duals[j]));
            let bounds = bounds.map(|(lb, ub, dual)| (lb[lane], ub[lane], dual[lane]));
            dual.held.clear();
            for (k, (l, u, y)) in rows.chain(bounds).enumerate() {
                (lo[k], hi[k], values[k]) = (l, u, products[k][lane]);
                dual.held.push(if y == 0.0 { None } else { Some(if y > 0.0 { 1 } else { -1 }) });
            }
            let constraints = Constraints { gram, norms, leading, values, lo, hi };
            solved[lane] = !stray[lane] && dual.solve(&constraints, self.n);
            if !solved[lane] {
                dual.clear();
            }
        }
        self.finish(program, &vectors.q, Held::AtSides(vectors), point);
        self.solved
    }

    /// As [`LaneSolver::adjoint`](bpqp_traits::LaneSolver::adjoint).
    pub(crate) fn adjoint(&mut self, program: &ProgramRef<'_>, g: &[Lane], out: &mut LanePoint) {
        self.project(g);
        for (lane, dual) in self.lanes.iter_mut().enumerate() {
            dual.y.clear();
            dual.y.extend(dual.members.iter().map(|&k| self.products[k][lane]));
            dual.solve_members();
        }
        self.finish(program, g, Held::AtZero, out);
    }

    /// `t = −L⁻¹g` and its products with all columns.
    fn project(&mut self, g: &[Lane]) {
        self.t.iter_mut().zip(g).for_each(|(t, g)| *t = g.map(|v| -v));
        self.products_with_columns();
    }

    /// `t ← L⁻¹t` and its products with all columns.
    fn products_with_columns(&mut self) {
        solve_lower(&self.l_by_rows, &self.inverse_diagonal, &mut self.t);
        self.products.fill([0.0; LANES]);
        add_products(&self.columns, 1.0, &self.t, &mut self.products);
    }

    /// The primal step from `t` and the members' multipliers.
    fn step(&mut self) {
        self.multipliers.fill([0.0; LANES]);
        for (lane, dual) in self.lanes.iter().enumerate() {
            dual.members.iter().zip(&dual.y).for_each(|(&k, y)| self.multipliers[k][lane] = *y);
        }
        add_products(&self.columns_by_rows, -1.0, &self.multipliers, &mut self.t);
        solve_upper(&self.l_by_columns, &self.inverse_diagonal, &mut self.t);
    }

    /// Writes the solution of the linear system with `g` on the members, corrected where that is called for.
    fn finish(&mut self, program: &ProgramRef<'_>, g: &[Lane], held: Held<'_>, out: &mut LanePoint) {
        self.step();
        out.x.copy_from_slice(&self.t);
        out.bound_duals.fill([0.0; LANES]);
        out.y.copy_from_slice(&self.multipliers[..self.m]);
        self.bounded.iter().zip(&self.multipliers[self.m..]).for_each(|(&j, y)| out.bound_duals[j] = *y);
        let pivots = self.lanes.iter().zip(self.solved).filter(|(_, solved)| *solved).map(|(dual, _)| dual.pivot());
        if pivots.fold(self.pivot, f64::min) < WELL_CONDITIONED {
            self.correct(program, g, held, out);
        }
        for (lane, dual) in self.lanes.iter().enumerate() {
            for k in dual.members.iter().filter_map(|k| k.checked_sub(self.m)) {
                let j = self.bounded[k];
                out.x[j][lane] = match held {
                    Held::AtZero => 0.0,
                    Held::AtSides(v) if dual.held[self.m + k] == Some(-1) => v.lb[j][lane],
                    Held::AtSides(v) => v.ub[j][lane],
                };
            }
        }
    }

    /// One step of iterative refinement.
    fn correct(&mut self, program: &ProgramRef<'_>, g: &[Lane], held: Held<'_>, out: &mut LanePoint) {
        for ((t, g), zeta) in self.t.iter_mut().zip(g).zip(&out.bound_duals) {
            *t = std::array::from_fn(|lane| -g[lane] - zeta[lane]);
        }
        self.row_values.fill([0.0; LANES]);
        program.p().symmetric_mul_add_lanes(-1.0, &out.x, &mut self.t);
        program.a().mul_both_add_lanes(-1.0, (&out.x, &mut self.row_values), (&out.y, &mut self.t));
        self.products_with_columns();
        for (lane, dual) in self.lanes.iter_mut().enumerate() {
            dual.y.clear();
            for &k in &dual.members {
                let lower = dual.held[k] == Some(-1);
                let (value, side) = match (k.checked_sub(self.m).map(|k| self.bounded[k]), held) {
                    (None, Held::AtZero) => (-self.row_values[k][lane], 0.0),
                    (Some(j), Held::AtZero) => (out.x[j][lane], 0.0),
                    (None, Held::AtSides(v)) => (-self.row_values[k][lane], if lower { v.l[k] } else { v.u[k] }[lane]),
                    (Some(j), Held::AtSides(v)) => (out.x[j][lane], if lower { v.lb[j] } else { v.ub[j] }[lane]),
                };
                dual.y.push(self.products[k][lane] - (side - value));
            }
            dual.solve_members();
        }
        self.step();
        let add = |sum: &mut Lane, v: &Lane| sum.iter_mut().zip(v).for_each(|(sum, v)| *sum += v);
        out.x.iter_mut().zip(&self.t).for_each(|(x, dx)| add(x, dx));
        out.y.iter_mut().zip(&self.multipliers).for_each(|(y, dy)| add(y, dy));
        self.bounded.iter().zip(&self.multipliers[self.m..]).for_each(|(&j, dy)| add(&mut out.bound_duals[j], dy));
    }
}

/// A matrix of `columns` columns of length `rows`, by rows.
fn transposed(matrix: &[f64], rows: usize, columns: usize) -> Vec<f64> {
    (0..rows).flat_map(|i| (0..columns).map(move |j| matrix[j * rows + i])).collect()
}
