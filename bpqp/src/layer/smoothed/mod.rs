//! The log-barrier program in place of the program itself: its solution has derivatives everywhere.
//!
//! ```text
//! minimize ½xᵀP x + qᵀx − μ Σ log(u − Ax) − μ Σ log(Ax − l)   over the inequalities, bounds among them,
//!                       − μ Σ log √((cᵀx + d)² − ‖Fx + g‖²)   over the cones,
//! subject to the equalities
//! ```
//! keeps the complementarity block of the KKT matrix in place of an active set (the paper's section 4.1): slacks and
//! multipliers have the product `μ`, in the Jordan algebra of its cone `s ∘ w = μ e`. Newton's steps towards the solution and
//! its derivatives are the same equality-constrained QP, `min ½zᵀ(P + AᵀDA + SᵀWS)z + gᵀz` over the equalities with
//! `D = diag(z/s)` and `W` its like for cones, kept sparse by variables `r = Az`, `v = Sz`.

mod cones;
mod derivatives;
mod pairs;
mod path;
mod search;
mod system;

use bpqp_traits::{BackwardQpSolver, Solution};

use self::path::Iterate;
use self::search::Search;
use self::system::{Layout, System};
use super::certificate::{ConstraintId, constraint_id};
use super::choices::AtDegeneracy;
use crate::program::Program;
use crate::{Error, Result};

/// The solution of the log-barrier program, with the factor that its derivatives need.
pub(super) struct Smoothed {
    mu: f64,
    layout: Layout,
    at: Iterate,
    residual: f64,
    system: System,
    /// Variables and equalities that the barrier program leaves undetermined.
    loose_variables: Vec<usize>,
    dependent: Vec<ConstraintId>,
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
        let (at, residual) = Search { program, layout: &layout, backward }.run(from, mu)?;
        let mut system = System::new(&stacked, &layout, &at, backward)?;
        let (loose_variables, equal) = system.undetermined(stacked.num_vars())?;
        let rows = layout.equal_rows.iter().copied();
        let places: Vec<usize> = rows.chain(layout.fixed.iter().map(|j| stacked.num_rows() + j)).collect();
        let named = |k: &usize| places.get(*k).map(|&place| constraint_id(&stacked, program.blocks(), place));
        let dependent = equal.iter().filter_map(named).collect();
        Ok(Self { mu, layout, at, residual, system, loose_variables, dependent })
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
        let Iterate { x, nu, pairs, cones } = &self.at;
        let places = equal_rows.iter().map(|&i| (i, true)).chain(fixed.iter().map(|&j| (j, false)));
        for ((place, is_row), nu) in places.zip(nu) {
            if is_row { y[place] = *nu } else { bound_duals[place] = *nu }
        }
        let (of_rows, of_bounds) = pairs.split_at(rows.len());
        rows.iter().zip(of_rows).for_each(|(&i, pair)| y[i] = pair.dual());
        bounded.iter().zip(of_bounds).for_each(|(&j, pair)| bound_duals[j] = pair.dual());
        let (mut slacks, mut cone_duals) = (Vec::new(), Vec::new());
        cones.iter().for_each(|cone| cone.write(&mut slacks, &mut cone_duals));
        let objective = stacked.objective(x);
        Solution { x: x.clone(), y, bound_duals, cone_duals, objective, ..Solution::default() }
    }
}
