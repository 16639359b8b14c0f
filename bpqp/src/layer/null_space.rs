//! The directions that a singular KKT system leaves undetermined.

use bpqp_traits::vector::{axpy, dot, max_abs};
use bpqp_traits::{AdjointQpRef, AdjointReport, BackwardQpSolver, CscMatrix, KktFactor, Result};
use faer::{Mat, Side};

/// Shift of the Hessian, relative to its largest entry.
const SHIFT: f64 = 1e-8;

/// Projections until what the next one would remove is below this share of the whole …
const ENOUGH: f64 = 1e-14;
/// … or that many of them, or until one takes out more than this share of what the last one did.
const MAX_PASSES: u32 = 4;
const MIN_PROGRESS: f64 = 0.5;

/// Directions of less curvature than this, relative to the Hessian's largest entry, are flat; of less than the shift, none.
const FLAT: f64 = 1e-6;
/// The dimension of the space in which they are looked for …
const BASIS: usize = 50;
/// … each so many steps …
const CHECKED: usize = 10;
/// … until they are known to this …
const CONVERGED: f64 = 1e-10;
/// … which few steps do where they stand apart from what is curved …
const SHARP: usize = CHECKED - 1;
/// … or less than this is left of what else there may be. Solves with a larger residual than the last tell nothing.
const EXHAUSTED: f64 = 1e-13;
const TRUSTED: f64 = 5e-2;

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
        let mut last = f64::INFINITY;
        for _ in 0..MAX_PASSES {
            part.copy_from_slice(v);
            for _ in 0..2 {
                let report = self.factor.solve(&part, &zeros, &mut w, &mut nu)?;
                if !is_trusted(report) {
                    // Nothing is known of the null space then, and what is left in shows as a residual.
                    return Ok(length(&removed) / whole);
                }
                part.iter_mut().zip(&w).for_each(|(part, w)| *part = -self.delta * w);
            }
            axpy(-1.0, &part, v);
            axpy(1.0, &part, &mut removed);
            // A factor of nearly singular matrices is not exact, and leaves some; what comes out undiminished time and again
            // is curved after all.
            let left = max_abs(&part);
            // The next part is to this one as this one is to the last.
            let ends = left <= ENOUGH * size || (last.is_finite() && left / last * left <= ENOUGH * size);
            if ends || left > MIN_PROGRESS * last {
                break;
            }
            last = left;
        }
        Ok(length(&removed) / whole)
    }

    /// The directions of little curvature that `v` has a part along, orthonormal, with their [`Curvature`]: of a face of
    /// solutions one, and one for each curvature beside it. `None` where they are too many to be told apart, or the solver too
    /// inaccurate.
    ///
    /// The map `S: v ↦ −δw` of above is symmetric and has the eigenvalues `δ/(δ + curvature)` on the rows' null space;
    /// Lanczos' method finds the largest ones within few steps, and sharply, where powers of `S` take some of the rest along.
    pub(crate) fn flat_directions(&mut self, v: &[f64]) -> Result<Option<Flat>> {
        let (zeros, mut nu) = (vec![0.0; self.num_rows], vec![0.0; self.num_rows]);
        let mut next = vec![0.0; v.len()];
        if !is_trusted(self.factor.solve(v, &zeros, &mut next, &mut nu)?) {
            return Ok(None);
        }
        let (mut basis, mut diagonal, mut beside): (Vec<Vec<f64>>, Vec<f64>, Vec<f64>) = Default::default();
        let mut unit = dot(v, v).sqrt();
        loop {
            let size = dot(&next, &next).sqrt();
            let is_exhausted = !(size.is_finite() && size > EXHAUSTED * unit);
            if is_exhausted && basis.is_empty() {
                return Ok(Some(Flat { directions: Vec::new(), is_sharp: true }));
            }
            if is_exhausted || basis.len() % CHECKED == CHECKED - 1 {
                let rest = if is_exhausted { 0.0 } else { size };
                let found = flat_combinations(&basis, (&diagonal, &beside, rest), self.delta);
                if found.is_some() || is_exhausted || basis.len() >= BASIS {
                    let is_sharp = basis.len() <= SHARP;
                    return Ok(found.map(|directions| Flat { directions, is_sharp }));
                }
            }
            if !basis.is_empty() {
                beside.push(size);
            }
            unit = 1.0;
            next.iter_mut().for_each(|v| *v /= size);
            basis.push(next.clone());
            let last = &basis[basis.len() - 1];
            if !is_trusted(self.factor.solve(last, &zeros, &mut next, &mut nu)?) {
                return Ok(None);
            }
            next.iter_mut().for_each(|v| *v *= -self.delta);
            diagonal.push(dot(&next, last));
            // Against all of them, twice: as many copies of the largest eigenvalue would come out otherwise.
            for _ in 0..2 {
                for q in &basis {
                    axpy(-dot(q, &next), q, &mut next);
                }
            }
        }
    }
}

/// Whether a solve tells anything.
fn is_trusted(report: AdjointReport) -> bool {
    report.residual <= TRUSTED
}

/// What is flat beside a vector.
pub(crate) struct Flat {
    /// Orthonormal, with what bends along them.
    pub(crate) directions: Vec<(Curvature, Vec<f64>)>,
    /// Whether they stand apart from what is curved: then few steps find them.
    pub(crate) is_sharp: bool,
}

/// What bends along a direction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Curvature {
    /// Nothing.
    None,
    /// Next to nothing: the solution is much longer than its right-hand side.
    Slight,
}

/// The combinations of `basis` that are eigenvectors of the symmetric tridiagonal matrix with this diagonal and these entries
/// beside it, the last of which leads out of the basis, to the eigenvalues of flat directions; once they have converged.
fn flat_combinations(
    basis: &[Vec<f64>],
    (diagonal, beside, rest): (&[f64], &[f64], f64),
    delta: f64,
) -> Option<Vec<(Curvature, Vec<f64>)>> {
    let k = basis.len();
    let tridiagonal = Mat::from_fn(k, k, |i, j| match i.abs_diff(j) {
        0 => diagonal[i],
        1 => beside[i.min(j)],
        _ => 0.0,
    });
    let eigen = tridiagonal.self_adjoint_eigen(Side::Lower).ok()?;
    let (values, vectors) = (eigen.S(), eigen.U());
    let eigenvalue = |curvature: f64| delta / (delta + curvature);
    let flat: Vec<usize> = (0..k).filter(|&i| values[i] > eigenvalue(FLAT)).collect();
    let has_converged = flat.iter().all(|&i| rest * vectors[(k - 1, i)].abs() <= CONVERGED);
    has_converged.then(|| {
        let combine = |&i: &usize| {
            let mut direction = vec![0.0; basis[0].len()];
            basis.iter().enumerate().for_each(|(r, q)| axpy(vectors[(r, i)], q, &mut direction));
            let curvature = if values[i] > eigenvalue(SHIFT) { Curvature::None } else { Curvature::Slight };
            (curvature, direction)
        };
        flat.iter().map(combine).collect()
    })
}
