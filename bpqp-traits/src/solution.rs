//! What a solve leaves behind.

/// What a solve leaves in the caller's buffers. What each field means depends on the [`Status`](crate::Status):
///
/// | status | `x` | `y`, `bound_duals`, `cone_duals` |
/// |---|---|---|
/// | `Solved`, `SolvedInaccurate`, limits | the point | its duals |
/// | `PrimalInfeasible` | NaN | Farkas certificate: `Aᵀy + ζ − Sᵀw = 0` with negative support value, see [`primal_ray_violation`](crate::primal_ray_violation) |
/// | `DualInfeasible` | ray: `P x = 0, qᵀx < 0`, within the recession cone, see [`dual_ray_violation`](crate::dual_ray_violation) | NaN |
/// | `NumericalError` | unspecified, possibly NaN | unspecified, possibly NaN |
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Solution {
    /// Primal point (`n`).
    pub x: Vec<f64>,
    /// Duals of the rows (`m`), signed: positive at the upper side, negative at the lower.
    pub y: Vec<f64>,
    /// Duals of the variable bounds (`n`), signed the same way.
    pub bound_duals: Vec<f64>,
    /// Duals of the cone rows (stacked), each block inside its second-order cone.
    pub cone_duals: Vec<f64>,
    /// Objective value `½ xᵀPx + qᵀx` at `x`.
    pub objective: f64,
    /// Iterations of the solver's own kind.
    pub iterations: u64,
}

impl Solution {
    /// Sizes the buffers for `n` variables, `m` rows and `k` cone rows, keeping their allocation.
    pub fn resize(&mut self, n: usize, m: usize, k: usize) {
        self.x.resize(n, 0.0);
        self.y.resize(m, 0.0);
        self.bound_duals.resize(n, 0.0);
        self.cone_duals.resize(k, 0.0);
    }
}
