//! Whether `P` is positive semidefinite, by the signs of an LDLᵀ factorization's pivots.

use bpqp_traits::{CscMatrix, CscRef, Error, Result};

use crate::kkt::KktMatrix;
use crate::linalg::{Ldl, PivotRule};

/// Eigenvalues above minus this, relative to the diagonal, pass: rounded data are not misjudged.
const SHIFT: f64 = 1e-6;

/// The check, with its symbolic factorization, made where it was first needed, kept for new values.
#[derive(Default)]
pub(crate) struct Convexity {
    factor: Option<(KktMatrix, Ldl)>,
}

impl Convexity {
    /// Checks `p` (upper triangle), on the pattern that was checked before.
    ///
    /// # Errors
    /// [`Error::NotConvex`].
    pub(crate) fn check(&mut self, p: CscRef<'_>) -> Result<()> {
        let negative = |j: &usize| p.diagonal(*j) < 0.0;
        if let Some(j) = (0..p.ncols()).find(negative) {
            return Err(Error::NotConvex { reason: format!("P[{j}, {j}] = {} is negative", p.diagonal(j)) });
        }
        if is_dominated_by_diagonal(p) {
            return Ok(());
        }
        let n = p.ncols();
        let (matrix, ldl) = match self.factor.take() {
            Some(factor) => self.factor.insert(factor),
            None => {
                let matrix = KktMatrix::new(p, CscMatrix::zeros(0, n).as_ref());
                let ldl = Ldl::new(matrix.pattern.clone())?;
                self.factor.insert((matrix, ldl))
            }
        };
        matrix.set(p.values(), &[]);
        matrix.scale(&unit_diagonal(p));
        (0..n).for_each(|j| matrix.add_diagonal(j, SHIFT));
        let factored = ldl.factorize(&matrix.values, PivotRule::NONE);
        let (positive, _) = ldl.inertia();
        if factored && positive == n {
            return Ok(());
        }
        let reason = if factored {
            format!("P has {} negative eigenvalues", n - positive)
        } else {
            "the factorization of P met a pivot that is not positive".to_owned()
        };
        Err(Error::NotConvex { reason })
    }
}

/// Whether `p_ii ≥ Σ|p_ij|` in every row: by Gershgorin's circles no eigenvalue is negative then.
fn is_dominated_by_diagonal(p: CscRef<'_>) -> bool {
    if p.is_diagonal() {
        return p.values().iter().all(|&v| v >= 0.0);
    }
    let mut excess = vec![0.0; p.ncols()];
    for j in 0..p.ncols() {
        let column = p.col_ptr()[j]..p.col_ptr()[j + 1];
        for (&i, v) in p.row_idx()[column.clone()].iter().zip(&p.values()[column]) {
            if i == j {
                excess[j] += v;
            } else {
                excess[i] -= v.abs();
                excess[j] -= v.abs();
            }
        }
    }
    excess.iter().all(|&v| v >= 0.0)
}

/// Scales that give `p` a unit diagonal; where the diagonal is zero, a largest entry of one.
fn unit_diagonal(p: CscRef<'_>) -> Vec<f64> {
    let mut scale = vec![0.0; p.ncols()];
    for (i, _, v) in p.entries().filter(|&(i, j, _)| i == j) {
        scale[i] = if v > 0.0 { 1.0 / v.sqrt() } else { 0.0 };
    }
    let largest = p.values().iter().fold(0.0, |m: f64, v| m.max(v.abs()));
    // Entries of rounding size over a zero diagonal are not blown up to negative curvature.
    let smallest = (1e-14 * largest).sqrt();
    let mut row_max = vec![0.0; p.ncols()];
    for (i, j, v) in p.entries().filter(|&(i, j, _)| i != j) {
        row_max[i] = f64::max(row_max[i], v.abs() * scale[j]);
        row_max[j] = f64::max(row_max[j], v.abs() * scale[i]);
    }
    for (s, r) in scale.iter_mut().zip(&row_max) {
        if *s == 0.0 {
            *s = if *r > smallest { 1.0 / r } else { 1.0 };
        }
    }
    scale
}
