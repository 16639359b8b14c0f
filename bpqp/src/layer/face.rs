//! Which blocks of a gradient are the derivative though the solution is not unique.
//!
//! The solutions are `x + v` for `v` in the null space of the KKT matrix, `P v = 0`, `A₊ v = 0`, with the same multipliers, and
//! a loss that is the same at all of them has `x̄ᵀv = 0`. A change of the data with `vᵀ(dP x + dq + dA₊ᵀy) = 0` moves them all by
//! the same `dx`, but for another `v`: the derivative is there, and `z̃`, `ỹ` are unique where it needs them. Any other change
//! makes one end of the face better than the rest, and the solution jumps there.

use bpqp_traits::{ActiveSet, ProgramRef};

use crate::program::Blocks;

/// Share of a cotangent along the face of solutions that is rounding.
pub(super) const DETERMINED: f64 = 1e-10;

/// The blocks that are not the derivative of a loss that is the same on all of the face, which moves the variables `loose`:
/// `q`, and the matrices with an entry there, inactive rows aside.
pub(super) fn jumping_blocks(
    program: &ProgramRef<'_>,
    blocks: &Blocks,
    active: &ActiveSet,
    loose: &[usize],
) -> Vec<&'static str> {
    let is_loose = of_indices(program.num_vars(), loose);
    let is_bent = program.p().entries().any(|(i, j, _)| is_loose[i] || is_loose[j]);
    let mut names = if is_bent { vec!["P", "q"] } else { vec!["q"] };
    let mut is_moved = vec![false; program.num_rows()];
    for (i, j, _) in program.a().entries() {
        is_moved[i] |= is_loose[j] && active.rows[i].is_active();
    }
    let matrices = [("A", &blocks.equalities), ("G", &blocks.inequalities), ("rows", &blocks.rows)];
    names.extend(
        matrices.into_iter().filter(|(_, rows)| is_moved[(*rows).clone()].contains(&true)).map(|(name, _)| name),
    );
    names
}

/// Marks `indices` among `len`.
pub(super) fn of_indices(len: usize, indices: &[usize]) -> Vec<bool> {
    let mut marked = vec![false; len];
    indices.iter().for_each(|&j| marked[j] = true);
    marked
}
