//! Clarabel's data from ours, in O(nnz).

use bpqp_traits::{CscRef, ProgramRef};
use clarabel::algebra::CscMatrix;

use crate::layout::Layout;

/// `P`, upper triangle.
pub(crate) fn hessian(p: CscRef<'_>) -> CscMatrix<f64> {
    CscMatrix {
        m: p.nrows(),
        n: p.ncols(),
        colptr: p.col_ptr().to_vec(),
        rowval: p.row_idx().to_vec(),
        nzval: p.values().to_vec(),
    }
}

/// The stacked constraint matrix.
pub(crate) fn constraint_matrix(program: &ProgramRef<'_>, layout: &Layout) -> CscMatrix<f64> {
    let mut colptr = vec![0; program.num_vars() + 1];
    let (mut rowval, mut nzval) = (Vec::new(), Vec::new());
    for_each_entry(program, layout, |row, col, value| {
        rowval.push(row);
        nzval.push(value);
        colptr[col + 1] = rowval.len();
    });
    // Columns without entries end where the column before them ends.
    for j in 1..colptr.len() {
        colptr[j] = colptr[j].max(colptr[j - 1]);
    }
    CscMatrix { m: layout.len, n: program.num_vars(), colptr, rowval, nzval }
}

/// The values of [`constraint_matrix`] alone.
pub(crate) fn constraint_values(program: &ProgramRef<'_>, layout: &Layout) -> Vec<f64> {
    let mut values = Vec::new();
    for_each_entry(program, layout, |_, _, value| values.push(value));
    values
}

/// The stacked right-hand side.
pub(crate) fn right_hand_side(program: &ProgramRef<'_>, layout: &Layout) -> Vec<f64> {
    let mut b = vec![0.0; layout.len];
    layout.rows.right_hand_sides(program.l(), program.u(), &mut b);
    layout.vars.right_hand_sides(program.lb(), program.ub(), &mut b);
    if let Some(cones) = program.cones() {
        b[layout.cone_start..].copy_from_slice(cones.offset());
    }
    b
}

/// Visits the stacked matrix column by column, rows ascending: each section of the layout ascends with its constraints.
fn for_each_entry(program: &ProgramRef<'_>, layout: &Layout, mut visit: impl FnMut(usize, usize, f64)) {
    let (rows, vars) = (&layout.rows, &layout.vars);
    for j in 0..program.num_vars() {
        let mut side = |slot: Option<usize>, value: f64| {
            if let Some(row) = slot {
                visit(row, j, value);
            }
        };
        let column = || program.a().col(j);
        column().for_each(|(i, v)| side(rows.equal[i], v));
        side(vars.equal[j], 1.0);
        column().for_each(|(i, v)| side(rows.upper[i], v));
        column().for_each(|(i, v)| side(rows.lower[i], -v));
        side(vars.upper[j], 1.0);
        side(vars.lower[j], -1.0);
        if let Some(cones) = program.cones() {
            cones.matrix().col(j).for_each(|(i, v)| visit(layout.cone_start + i, j, -v));
        }
    }
}
