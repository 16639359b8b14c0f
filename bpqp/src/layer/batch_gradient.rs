//! Buffers for the gradients of a batch.

use bpqp_traits::Error as SolverError;

use super::Gradient;
use crate::Result;
use crate::program::Program;

pub(super) const NUM_BLOCKS: usize = 13;
/// Each block's length for one member.
pub(super) type Sizes = [usize; NUM_BLOCKS];

/// Buffers that take the members' gradients, one after another, by the data's blocks as in
/// [`Values`](crate::Values); what is `None` is not computed.
#[derive(Debug, Default)]
pub struct BatchGradient<'a> {
    /// With respect to the values of `P`, both triangles.
    pub p: Option<&'a mut [f64]>,
    /// With respect to the linear term.
    pub q: Option<&'a mut [f64]>,
    /// With respect to the values of the equalities' matrix.
    pub a: Option<&'a mut [f64]>,
    /// With respect to the right-hand side of the equalities.
    pub b: Option<&'a mut [f64]>,
    /// With respect to the values of the inequalities' matrix.
    pub g: Option<&'a mut [f64]>,
    /// With respect to the right-hand side of the inequalities.
    pub h: Option<&'a mut [f64]>,
    /// With respect to the values of the two-sided rows' matrix.
    pub rows: Option<&'a mut [f64]>,
    /// With respect to the lower sides of the two-sided rows.
    pub l: Option<&'a mut [f64]>,
    /// With respect to their upper sides.
    pub u: Option<&'a mut [f64]>,
    /// With respect to the lower bounds.
    pub lb: Option<&'a mut [f64]>,
    /// With respect to the upper bounds.
    pub ub: Option<&'a mut [f64]>,
    /// With respect to the values of the cones' stacked matrix.
    pub cones: Option<&'a mut [f64]>,
    /// With respect to the cones' stacked offsets.
    pub cone_offsets: Option<&'a mut [f64]>,
}

/// Where a gradient has a block.
pub(crate) type Of = fn(&Gradient) -> &[f64];

impl<'a> BatchGradient<'a> {
    /// Every block by its name, in the order of the fields.
    pub(crate) const OF: [(&'static str, Of); NUM_BLOCKS] = [
        ("p", |g| g.p().values()),
        ("q", |g| g.q()),
        ("a", |g| g.a().values()),
        ("b", |g| g.b()),
        ("g", |g| g.g().values()),
        ("h", |g| g.h()),
        ("rows", |g| g.rows().values()),
        ("l", |g| g.l()),
        ("u", |g| g.u()),
        ("lb", |g| g.lb()),
        ("ub", |g| g.ub()),
        ("cones", |g| g.cones().values()),
        ("cone_offsets", |g| g.cone_offsets()),
    ];

    fn blocks(&mut self) -> [&mut Option<&'a mut [f64]>; NUM_BLOCKS] {
        let Self { p, q, a, b, g, h, rows, l, u, lb, ub, cones, cone_offsets } = self;
        [p, q, a, b, g, h, rows, l, u, lb, ub, cones, cone_offsets]
    }

    /// Checks that every buffer has `members` parts of these sizes.
    pub(super) fn check(&mut self, sizes: &Sizes, members: usize) -> Result<()> {
        for ((block, size), (name, _)) in self.blocks().into_iter().zip(sizes).zip(Self::OF) {
            if let Some(block) = block {
                check_part(&format!("gradient of {name}"), block.len(), *size, members)?;
            }
        }
        Ok(())
    }

    /// The next `count` members' buffers.
    pub(super) fn split_off(&mut self, sizes: &Sizes, count: usize) -> Self {
        let mut head = Self::default();
        for ((block, mine), size) in self.blocks().into_iter().zip(head.blocks()).zip(sizes) {
            if let Some(all) = block.take() {
                let (first, rest) = all.split_at_mut(count * size);
                (*mine, *block) = (Some(first), Some(rest));
            }
        }
        head
    }

    /// Whether any matrix's gradient is wanted.
    pub(super) fn wants_matrices(&self) -> bool {
        self.p.is_some() || self.a.is_some() || self.g.is_some() || self.rows.is_some()
    }

    pub(super) fn fill(&mut self, sizes: &Sizes, k: usize, v: f64) {
        for (block, size) in self.blocks().into_iter().zip(sizes) {
            if let Some(block) = block {
                block[k * size..(k + 1) * size].fill(v);
            }
        }
    }

    /// Writes the gradient of member `k`; the matrices' is not computed where nobody wants it.
    pub(super) fn write(&mut self, sizes: &Sizes, k: usize, gradient: &Gradient) {
        for ((block, size), (_, of)) in self.blocks().into_iter().zip(sizes).zip(Self::OF) {
            if let Some(block) = block {
                block[k * size..(k + 1) * size].copy_from_slice(of(gradient));
            }
        }
    }
}

/// The lengths of `program`'s blocks.
pub(super) fn sizes(program: &Program) -> Sizes {
    let (n, blocks) = (program.num_vars(), program.blocks());
    let entries = |rows| program.row_block(rows).nnz();
    [
        program.p().nnz(),
        n,
        entries(&blocks.equalities),
        blocks.equalities.len(),
        entries(&blocks.inequalities),
        blocks.inequalities.len(),
        entries(&blocks.rows),
        blocks.rows.len(),
        blocks.rows.len(),
        n,
        n,
        program.as_stacked().cones().map_or(0, |cones| cones.matrix().nnz()),
        program.as_stacked().num_cone_rows(),
    ]
}

/// Checks the length of a block of all members.
pub(super) fn check_part(name: &str, len: usize, size: usize, members: usize) -> Result<()> {
    if len == members * size {
        return Ok(());
    }
    let reason = format!("expected length {members} × {size}, found {len}");
    Err(SolverError::invalid_argument(name, reason).into())
}
