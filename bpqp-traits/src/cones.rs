//! Second-order cones as part of the problem form.

use std::ops::Range;

use crate::{CscRef, Error, Result};

/// Second-order cone constraints `S x + s ∈ Q₁ × … × Q_K`, stacked.
///
/// Cone `k` takes the next `dims[k]` rows of `(S, s)`: the first is `c_kᵀx + d_k`, the others are `F_k x + g_k`, and the
/// constraint reads `‖F_k x + g_k‖₂ ≤ c_kᵀx + d_k`.
#[derive(Clone, Copy, Debug)]
pub struct ConesRef<'a> {
    matrix: CscRef<'a>,
    offset: &'a [f64],
    dims: &'a [usize],
}

impl<'a> ConesRef<'a> {
    /// Cones of the given dimensions over the rows of `(matrix, offset)`.
    ///
    /// # Errors
    /// [`Error::InvalidProblem`] where the dimensions do not add up to the rows, a dimension is zero, or an offset
    /// or an entry is not finite.
    pub fn new(matrix: CscRef<'a>, offset: &'a [f64], dims: &'a [usize]) -> Result<Self> {
        if let Some(k) = dims.iter().position(|&d| d == 0) {
            return Err(Error::invalid_problem("cones", format!("cone {k} has dimension 0")));
        }
        let total = dims.iter().try_fold(0usize, |sum, &d| sum.checked_add(d));
        if total != Some(matrix.nrows()) || offset.len() != matrix.nrows() {
            let (rows, offsets) = (matrix.nrows(), offset.len());
            let reason = format!("dimensions {dims:?} do not match {rows} rows and {offsets} offsets");
            return Err(Error::invalid_problem("cones", reason));
        }
        matrix.check_values("cones")?;
        if let Some(i) = offset.iter().position(|v| !v.is_finite()) {
            return Err(Error::invalid_problem("cones", format!("offset {i} is {}", offset[i])));
        }
        Ok(Self { matrix, offset, dims })
    }

    /// Trusts parts that an owned, checked program holds.
    pub(crate) fn trusted(matrix: CscRef<'a>, offset: &'a [f64], dims: &'a [usize]) -> Self {
        Self { matrix, offset, dims }
    }

    /// Stacked rows `S` (`k × n`).
    pub fn matrix(&self) -> CscRef<'a> {
        self.matrix
    }

    /// Stacked offsets `s` (`k`).
    pub fn offset(&self) -> &'a [f64] {
        self.offset
    }

    /// Dimension of each cone, at least 1.
    pub fn dims(&self) -> &'a [usize] {
        self.dims
    }

    /// The stacked rows of each cone.
    pub fn blocks(&self) -> impl Iterator<Item = Range<usize>> + use<'a> {
        consecutive(0, self.dims)
    }

    /// `S x + s` (`k`) at `x` (`n`).
    pub fn slacks(&self, x: &[f64]) -> Vec<f64> {
        let mut slacks = self.offset.to_vec();
        self.matrix.mul_add(1.0, x, &mut slacks);
        slacks
    }

    /// Number of stacked rows `k`.
    pub fn num_rows(&self) -> usize {
        self.matrix.nrows()
    }

    /// Whether there is no cone.
    pub fn is_empty(&self) -> bool {
        self.dims.is_empty()
    }
}

/// Consecutive ranges of these lengths from `start` on.
pub fn consecutive(start: usize, lengths: &[usize]) -> impl Iterator<Item = Range<usize>> {
    lengths.iter().scan(start, |end, length| {
        let begin = std::mem::replace(end, *end + length);
        Some(begin..*end)
    })
}

/// How far each block of the vector of `entry` lies outside its cone: the largest of `‖v₁‖ − t` over the cones, at least 0.
pub(crate) fn cone_violation(dims: &[usize], entry: impl Fn(usize) -> f64) -> f64 {
    let mut worst = 0.0;
    for block in consecutive(0, dims) {
        let norm = (block.start + 1..block.end).map(|i| entry(i) * entry(i)).sum::<f64>().sqrt();
        worst = crate::vector::max_nan(norm - entry(block.start), worst);
    }
    worst
}
