//! The directions that a singular KKT system leaves undetermined.

use bpqp_traits::vector::max_abs;
use bpqp_traits::{AdjointQpRef, BackwardQpSolver, CscMatrix, KktFactor, Result};

/// Shift of the Hessian, relative to its largest entry.
const SHIFT: f64 = 1e-8;

/// Projects onto the null space `{v: H v = 0, C v = 0}` with one factorization, of the system with `H + δI`.
///
/// The solution `w` of `min ½wᵀ(H + δI)w + vᵀw  s.t.  C w = 0` is `−v₀/δ` along the null space and bounded across it, so
/// the map `v ↦ −δw` keeps `v₀` and shrinks the rest to `δ` over the curvature; twice, it leaves `v₀` alone.
pub(crate) struct NullSpace {
    factor: Box<dyn KktFactor>,
    delta: f64,
    num_rows: usize,
}

impl NullSpace {
    pub(crate) fn new(h: &CscMatrix, c: &CscMatrix, backward: &dyn BackwardQpSolver) -> Result<Self> {
        let largest = max_abs(h.values());
        let delta = if largest > 0.0 { SHIFT * largest } else { 1.0 };
        let shift = (0..h.ncols()).map(|j| (j, j, delta));
        let triplets: Vec<_> = h.as_ref().entries().chain(shift).collect();
        let shifted = CscMatrix::from_triplets(h.nrows(), h.ncols(), &triplets)?;
        let factor = backward.factorize(&AdjointQpRef::new(shifted.as_ref(), c.as_ref())?)?;
        Ok(Self { factor, delta, num_rows: c.nrows() })
    }

    /// Takes the projection `v₀` out of `v` and returns `‖v₀‖∞ / ‖v‖∞`.
    pub(crate) fn remove_from(&mut self, v: &mut [f64]) -> Result<f64> {
        let size = max_abs(v);
        if size == 0.0 {
            return Ok(0.0);
        }
        let (zeros, mut nu) = (vec![0.0; self.num_rows], vec![0.0; self.num_rows]);
        let (mut part, mut w) = (v.to_vec(), vec![0.0; v.len()]);
        for _ in 0..2 {
            self.factor.solve(&part, &zeros, &mut w, &mut nu)?;
            part.iter_mut().zip(&w).for_each(|(part, w)| *part = -self.delta * w);
        }
        v.iter_mut().zip(&part).for_each(|(v, part)| *v -= part);
        Ok(max_abs(&part) / size)
    }
}
