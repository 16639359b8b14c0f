//! The data of a batch's members.

use super::batch_gradient::{BatchGradient, NUM_BLOCKS, Sizes, check_part};
use crate::Result;
use crate::program::{Program, Values};

/// Which blocks are given, in the order of [`BatchGradient::OF`].
pub(super) type Given = [bool; NUM_BLOCKS];

fn blocks<'a>(values: &Values<'a>) -> [Option<&'a [f64]>; NUM_BLOCKS] {
    let Values { p, q, a, b, g, h, rows, l, u, lb, ub, cones, cone_offsets } = *values;
    [p, q, a, b, g, h, rows, l, u, lb, ub, cones, cone_offsets]
}

fn from_blocks(
    [p, q, a, b, g, h, rows, l, u, lb, ub, cones, cone_offsets]: [Option<&[f64]>; NUM_BLOCKS],
) -> Values<'_> {
    Values { p, q, a, b, g, h, rows, l, u, lb, ub, cones, cone_offsets }
}

/// Which blocks `values` gives.
pub(super) fn given(values: &Values<'_>) -> Given {
    blocks(values).map(|block| block.is_some())
}

/// Whether the members differ in vectors alone.
pub(super) fn share_matrices(values: &Values<'_>) -> bool {
    [values.p, values.a, values.g, values.rows, values.cones].iter().all(Option::is_none)
}

/// Checks that every block of `values` has `members` parts of these sizes.
pub(super) fn check_values(values: &Values<'_>, sizes: &Sizes, members: usize) -> Result<()> {
    for ((block, size), (name, _)) in blocks(values).into_iter().zip(sizes).zip(BatchGradient::OF) {
        if let Some(block) = block {
            check_part(name, block.len(), *size, members)?;
        }
    }
    Ok(())
}

/// The part of member `k`.
pub(super) fn member<'a>(values: &Values<'a>, sizes: &Sizes, k: usize) -> Values<'a> {
    let all = blocks(values);
    from_blocks(std::array::from_fn(|at| all[at].map(|v| &v[k * sizes[at]..(k + 1) * sizes[at]])))
}

/// What the members have in common.
pub(super) struct Template {
    blocks: [Vec<f64>; NUM_BLOCKS],
}

impl Template {
    pub(super) fn new(program: &Program) -> Self {
        let (stacked, rows) = (program.as_stacked(), program.blocks());
        let matrix = |block| program.row_block(block).values().to_vec();
        Self {
            blocks: [
                program.p().values().to_vec(),
                stacked.q().to_vec(),
                matrix(&rows.equalities),
                stacked.u()[rows.equalities.clone()].to_vec(),
                matrix(&rows.inequalities),
                stacked.u()[rows.inequalities.clone()].to_vec(),
                matrix(&rows.rows),
                stacked.l()[rows.rows.clone()].to_vec(),
                stacked.u()[rows.rows.clone()].to_vec(),
                stacked.lb().to_vec(),
                stacked.ub().to_vec(),
                stacked.cones().map_or_else(Vec::new, |cones| cones.matrix().values().to_vec()),
                stacked.cones().map_or_else(Vec::new, |cones| cones.offset().to_vec()),
            ],
        }
    }

    /// The blocks that are wanted.
    pub(super) fn values(&self, wanted: &Given) -> Values<'_> {
        from_blocks(std::array::from_fn(|at| wanted[at].then_some(self.blocks[at].as_slice())))
    }
}
