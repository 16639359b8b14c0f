//! Clarabel's data from the standard form.

use bpqp_traits::CscRef;
use bpqp_traits::standard_form::Layout;
use clarabel::algebra::CscMatrix;
use clarabel::solver::SupportedConeT;

/// Sides beyond a reach are left out of Clarabel's problem.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Reach {
    /// Finite sides beyond 1e20 are treated as absent, as Clarabel itself does: no interior-point method survives them.
    Full,
    /// Sides beyond 1e8 too: an inactive one leaves a rounding error of 1e-16 times its size in the answer.
    Near,
}

impl Reach {
    pub(crate) fn limit(self) -> f64 {
        match self {
            Self::Full => 1e20,
            Self::Near => 1e8,
        }
    }
}

/// Clarabel's copy of a matrix.
pub(crate) fn matrix(of: CscRef<'_>) -> CscMatrix<f64> {
    CscMatrix {
        m: of.nrows(),
        n: of.ncols(),
        colptr: of.col_ptr().to_vec(),
        rowval: of.row_idx().to_vec(),
        nzval: of.values().to_vec(),
    }
}

/// Clarabel's cones, in order; empty ones are left out.
pub(crate) fn cones(layout: &Layout) -> Vec<SupportedConeT<f64>> {
    let (zero, orthant) = (layout.zero().len(), layout.orthant().len());
    let zero = (zero > 0).then_some(SupportedConeT::ZeroConeT(zero));
    let orthant = (orthant > 0).then_some(SupportedConeT::NonnegativeConeT(orthant));
    // Clarabel asserts at least two dimensions for a second-order cone; the one-dimensional one is a half-line.
    let second_order = layout.cones().map(|rows| match rows.len() {
        1 => SupportedConeT::NonnegativeConeT(1),
        dim => SupportedConeT::SecondOrderConeT(dim),
    });
    zero.into_iter().chain(orthant).chain(second_order).collect()
}
