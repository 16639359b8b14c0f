//! LDLᵀ of a symmetric matrix on a fixed pattern: sparse or dense, whichever fits.

use bpqp_traits::Result;

use super::dense_ldl::DenseLdl;
use super::sparse_ldl::SparseLdl;

/// Up to this dimension dense loops beat sparse ones.
const SMALL: usize = 40;
/// A matrix fuller than this is factored densely …
const DENSE_FRACTION: f64 = 0.25;
/// … up to this dimension.
const DENSE_MAX: usize = 4000;

/// The pattern of a symmetric matrix's upper triangle, by columns, rows ascending.
#[derive(Clone, Debug, Default)]
pub(crate) struct UpperPattern {
    pub(crate) dim: usize,
    pub(crate) col_ptr: Vec<usize>,
    pub(crate) row_idx: Vec<usize>,
}

/// What to do with pivots that come out too small or with the wrong sign.
#[derive(Clone, Copy, Debug)]
pub(crate) struct PivotRule<'a> {
    /// The sign every pivot should have (`dim`); `None` accepts either.
    pub(crate) signs: Option<&'a [i8]>,
    /// Pivots below this are replaced …
    pub(crate) epsilon: f64,
    /// … by this, with the right sign.
    pub(crate) delta: f64,
}

impl PivotRule<'_> {
    /// Takes the pivots as they come.
    pub(crate) const NONE: PivotRule<'static> = PivotRule { signs: None, epsilon: 0.0, delta: 0.0 };
}

/// An LDLᵀ factorization that can be refreshed with new values on its pattern.
pub(crate) enum Ldl {
    Sparse(Box<SparseLdl>),
    Dense(DenseLdl),
}

impl Ldl {
    /// Orders and analyzes the pattern; no values yet.
    pub(crate) fn new(pattern: UpperPattern) -> Result<Self> {
        let (dim, nnz) = (pattern.dim, pattern.row_idx.len());
        let full = (2 * nnz).saturating_sub(dim) as f64;
        let dense = dim <= DENSE_MAX && full > DENSE_FRACTION * (dim * dim) as f64;
        if dim <= SMALL || dense {
            Ok(Self::Dense(DenseLdl::new(pattern)))
        } else {
            Ok(Self::Sparse(Box::new(SparseLdl::new(pattern)?)))
        }
    }

    /// Another factorization on the same pattern, sharing the analysis.
    pub(crate) fn sibling(&self) -> Self {
        match self {
            Self::Sparse(f) => Self::Sparse(Box::new(f.sibling())),
            Self::Dense(f) => Self::Dense(f.sibling()),
        }
    }

    /// About how many solves one factorization costs.
    pub(crate) fn cost_ratio(&self) -> f64 {
        match self {
            Self::Sparse(f) => f.cost_ratio(),
            Self::Dense(f) => f.cost_ratio(),
        }
    }

    /// Factors the matrix with `values` on the pattern; false where a pivot is zero or not finite.
    pub(crate) fn factorize(&mut self, values: &[f64], rule: PivotRule<'_>) -> bool {
        match self {
            Self::Sparse(f) => f.factorize(values, rule),
            Self::Dense(f) => f.factorize(values, rule),
        }
    }

    /// Solves in place for one right-hand side (`dim`).
    pub(crate) fn solve(&mut self, rhs: &mut [f64]) {
        match self {
            Self::Sparse(f) => f.solve(rhs),
            Self::Dense(f) => f.solve(rhs),
        }
    }

    /// Solves in place for right-hand sides one after another (`count × dim`).
    pub(crate) fn solve_many(&mut self, rhs: &mut [f64]) {
        match self {
            Self::Sparse(f) => f.solve_many(rhs),
            Self::Dense(f) => f.solve_many(rhs),
        }
    }

    /// The number of positive pivots, and the smallest magnitude of all.
    pub(crate) fn inertia(&self) -> (usize, f64) {
        let mut count = 0;
        let mut smallest = f64::INFINITY;
        let mut visit = |d: f64| {
            count += usize::from(d > 0.0);
            smallest = smallest.min(d.abs());
        };
        match self {
            Self::Sparse(f) => f.for_each_pivot(&mut visit),
            Self::Dense(f) => f.for_each_pivot(&mut visit),
        }
        (count, smallest)
    }
}
