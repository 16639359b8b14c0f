//! Several right-hand sides with their numbers side by side, so that a sparse factor's entries are read once for all.

use bpqp_traits::{LANES, Lane};

/// Calls `solve` on up to [`LANES`] of the vectors in `rhs` (`dim` each, one after another) at a time, entry `i` of each at
/// place `i` of `lanes`; what it leaves there goes back. Lanes without a vector hold zeros.
pub(crate) fn interleaved(rhs: &mut [f64], dim: usize, lanes: &mut Vec<Lane>, mut solve: impl FnMut(&mut [Lane])) {
    for group in rhs.chunks_mut((LANES * dim).max(1)) {
        lanes.clear();
        lanes.resize(dim, [0.0; LANES]);
        for (k, v) in group.chunks_exact(dim).enumerate() {
            lanes.iter_mut().zip(v).for_each(|(lane, v)| lane[k] = *v);
        }
        solve(lanes);
        for (k, v) in group.chunks_exact_mut(dim).enumerate() {
            lanes.iter().zip(v).for_each(|(lane, v)| *v = lane[k]);
        }
    }
}

/// `y −= s x` in every lane.
#[inline(always)]
pub(super) fn subtract(s: f64, x: &Lane, y: &mut Lane) {
    y.iter_mut().zip(x).for_each(|(y, x)| *y -= s * x);
}
