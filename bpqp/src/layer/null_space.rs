//! The directions that a singular KKT system leaves undetermined.

use bpqp_traits::vector::{axpy, max_abs};
use bpqp_traits::{AdjointQpRef, BackwardQpSolver, CscMatrix, KktFactor, Result};

/// Shift of the Hessian, relative to its largest entry.
const SHIFT: f64 = 1e-8;

/// Projections until what is removed is below this share of the whole …
const ENOUGH: f64 = 1e-14;
/// … or that many of them.
const MAX_PASSES: u32 = 4;

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
        // In units in which the Hessian has size one: the shift must not drown beside the rows.
        let (unit, delta) = if largest > 0.0 { (1.0 / largest, SHIFT) } else { (1.0, 1.0) };
        let shift = (0..h.ncols()).map(|j| (j, j, delta));
        let triplets: Vec<_> = h.as_ref().entries().map(|(i, j, v)| (i, j, unit * v)).chain(shift).collect();
        let shifted = CscMatrix::from_triplets(h.nrows(), h.ncols(), &triplets)?;
        let factor = backward.factorize(&AdjointQpRef::new(shifted.as_ref(), c.as_ref())?)?;
        Ok(Self { factor, delta, num_rows: c.nrows() })
    }

    /// Takes the projection `v₀` out of `v` and returns `‖v₀‖₂ / ‖v‖₂`, which is at most 1.
    pub(crate) fn remove_from(&mut self, v: &mut [f64]) -> Result<f64> {
        let size = max_abs(v);
        // Scaled, so that squares do not overflow.
        let length = |v: &[f64]| v.iter().map(|v| (v / size).powi(2)).sum::<f64>().sqrt();
        let whole = length(v);
        if size == 0.0 {
            return Ok(0.0);
        }
        let (zeros, mut nu) = (vec![0.0; self.num_rows], vec![0.0; self.num_rows]);
        let (mut part, mut w, mut removed) = (vec![0.0; v.len()], vec![0.0; v.len()], vec![0.0; v.len()]);
        for _ in 0..MAX_PASSES {
            part.copy_from_slice(v);
            for _ in 0..2 {
                self.factor.solve(&part, &zeros, &mut w, &mut nu)?;
                part.iter_mut().zip(&w).for_each(|(part, w)| *part = -self.delta * w);
            }
            axpy(-1.0, &part, v);
            axpy(1.0, &part, &mut removed);
            // A factor of nearly singular matrices is not exact, and leaves some.
            if max_abs(&part) <= ENOUGH * size {
                break;
            }
        }
        Ok(length(&removed) / whole)
    }
}
