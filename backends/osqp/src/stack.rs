//! Rows and bounds as OSQP's rows, in O(nnz).

use bpqp_traits::{CscMatrix, ProgramRef, Result, Solution};

/// Sides beyond this are passed as infinite: the rounding of a multiplier times such a side would drown the duality gap.
const FAR: f64 = 1e20;
/// OSQP's infinity.
const OSQP_INFTY: f64 = 1e30;

/// The unit rows that stand below `A`.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Stack {
    /// For each variable its row, if it has one.
    unit_row: Vec<Option<usize>>,
    /// Number of rows in all.
    len: usize,
}

/// Both sides of all rows.
pub(crate) struct Bounds {
    pub(crate) l: Vec<f64>,
    pub(crate) u: Vec<f64>,
}

impl Stack {
    /// Unit rows for the variables of `program` that are bounded.
    pub(crate) fn new(program: &ProgramRef<'_>) -> Self {
        let mut len = program.num_rows();
        let mut row = |bounded: bool| {
            bounded.then(|| {
                len += 1;
                len - 1
            })
        };
        let bounds = program.lb().iter().zip(program.ub());
        let unit_row = bounds.map(|(&lo, &hi)| row(lo > -FAR || hi < FAR)).collect();
        Self { unit_row, len }
    }

    /// Whether every bounded variable of `program` has a unit row.
    pub(crate) fn covers(&self, program: &ProgramRef<'_>) -> bool {
        let needed = Self::new(program).unit_row;
        needed.iter().zip(&self.unit_row).all(|(need, have)| need.is_none() || have.is_some())
    }

    /// `A` with the unit rows.
    pub(crate) fn matrix(&self, program: &ProgramRef<'_>) -> Result<CscMatrix> {
        let (mut col_ptr, mut row_idx) = (vec![0], Vec::new());
        for j in 0..program.num_vars() {
            row_idx.extend(program.a().col(j).map(|(i, _)| i).chain(self.unit_row[j]));
            col_ptr.push(row_idx.len());
        }
        CscMatrix::new(self.len, program.num_vars(), col_ptr, row_idx, self.values(program))
    }

    /// The values of [`matrix`](Self::matrix) alone.
    pub(crate) fn values(&self, program: &ProgramRef<'_>) -> Vec<f64> {
        let column = |j: usize| program.a().col(j).map(|(_, v)| v).chain(self.unit_row[j].map(|_| 1.0));
        (0..program.num_vars()).flat_map(column).collect()
    }

    /// Both sides of all rows, with OSQP's infinity.
    pub(crate) fn sides(&self, program: &ProgramRef<'_>) -> Bounds {
        let with_bounds = |rows: &[f64], bounds: &[f64], far: fn(f64) -> f64| {
            let units = self.unit_row.iter().zip(bounds).filter_map(|(row, &b)| row.map(|_| b));
            rows.iter().copied().chain(units).map(far).collect()
        };
        let lower = |v: f64| if v > -FAR { v } else { -OSQP_INFTY };
        let upper = |v: f64| if v < FAR { v } else { OSQP_INFTY };
        Bounds { l: with_bounds(program.l(), program.lb(), lower), u: with_bounds(program.u(), program.ub(), upper) }
    }

    /// Stacks `y` and the bounds' duals into OSQP's `y`.
    pub(crate) fn stack_duals(&self, y: &[f64], bound_duals: &[f64]) -> Vec<f64> {
        let units = self.unit_row.iter().zip(bound_duals).filter_map(|(row, &b)| row.map(|_| b));
        y.iter().copied().chain(units).collect()
    }

    /// Writes OSQP's `y` as row and bound duals, exactly zero on absent sides where OSQP leaves rounding.
    pub(crate) fn unstack_duals(&self, program: &ProgramRef<'_>, stacked: &[f64], out: &mut Solution) {
        let clean = |dual: f64, lo: f64, hi: f64| {
            let absent = (dual > 0.0 && hi >= FAR) || (dual < 0.0 && lo <= -FAR);
            if absent { 0.0 } else { dual }
        };
        for (i, y) in out.y.iter_mut().enumerate() {
            *y = clean(stacked[i], program.l()[i], program.u()[i]);
        }
        for (j, zeta) in out.bound_duals.iter_mut().enumerate() {
            *zeta = self.unit_row[j].map_or(0.0, |row| clean(stacked[row], program.lb()[j], program.ub()[j]));
        }
    }
}
