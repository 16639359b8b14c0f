//! What a convex program is: the trait that users implement.

use super::entries::{Entries, SymmetricEntries};

/// A point with the multipliers of its constraints, or an adjoint of one.
#[derive(Clone, Copy, Debug)]
pub struct PrimalDual<'a> {
    /// Variables (`d`); of an adjoint, `z̃`.
    pub x: &'a [f64],
    /// Multipliers `ν` of the equalities (`n`), of any sign; of an adjoint, `ν̃`.
    pub nu: &'a [f64],
    /// Multipliers `λ ≥ 0` of the inequalities (`m`); of an adjoint, `λ̃`.
    pub lambda: &'a [f64],
}

/// How the KKT residual moves along a change of the parameters, at a fixed point and multipliers.
#[derive(Debug)]
pub struct ResidualTangent<'a> {
    /// Of the Lagrangian's gradient `∇ₓf + A(θ)ᵀν + Σ λᵢ∇ₓgᵢ` (`d`).
    pub gradient: &'a mut [f64],
    /// Of `A(θ)x − b(θ)` (`n`).
    pub equalities: &'a mut [f64],
    /// Of `g(x, θ)` (`m`).
    pub inequalities: &'a mut [f64],
}

/// A convex program that depends on parameters `θ`:
/// ```text
/// minimize   f(x, θ)
/// subject to A(θ) x = b(θ)          multipliers ν
///            gᵢ(x, θ) ≤ 0           multipliers λ ≥ 0
///            lb ≤ x ≤ ub            multipliers ζ, signed
/// ```
/// `f` and `gᵢ` are convex and twice differentiable in `x` on their domain, and `∇f`, `g`, `∇g`, `A`, `b` differentiable in
/// `θ`. Bounds that depend on `θ` are inequalities. All slices of the methods have the program's sizes; outputs come filled
/// with zeros. A small program may implement [`Model`](super::Model), which differentiates itself, and be wrapped in
/// [`Auto`](super::Auto).
///
/// [`check_derivatives`](super::check_derivatives) compares all that is implemented with differences.
pub trait ConvexProgram {
    /// Number of variables `d`, at least 1.
    fn num_vars(&self) -> usize;

    /// Number of parameters.
    fn num_params(&self) -> usize;

    /// Number of equalities `n`.
    fn num_equalities(&self) -> usize {
        0
    }

    /// Number of inequalities `m`.
    fn num_inequalities(&self) -> usize {
        0
    }

    /// `f(x, θ)`; a value that is not finite says that `x` lies outside the domain, from which the line search backs off.
    fn objective(&self, x: &[f64], theta: &[f64]) -> f64;

    /// `∇ₓf` (`d`).
    fn gradient(&self, x: &[f64], theta: &[f64], out: &mut [f64]);

    /// The Hessian of the Lagrangian, `∇²ₓf + Σ λᵢ∇²ₓgᵢ` (`d × d`), positive semidefinite for every `λ ≥ 0` (`m`).
    fn hessian(&self, x: &[f64], theta: &[f64], lambda: &[f64], out: &mut SymmetricEntries);

    /// `A(θ)` (`n × d`) and `b(θ)` (`n`).
    fn equalities(&self, _theta: &[f64], _a: &mut Entries, _b: &mut [f64]) {}

    /// `g(x, θ)` (`m`); values that are not finite mean what they mean in [`objective`](Self::objective).
    fn inequalities(&self, _x: &[f64], _theta: &[f64], _out: &mut [f64]) {}

    /// `∇ₓg` (`m × d`).
    fn jacobian(&self, _x: &[f64], _theta: &[f64], _out: &mut Entries) {}

    /// Bounds `lb`, `ub` (`d` each), which come filled with `∓∞`.
    fn bounds(&self, _lb: &mut [f64], _ub: &mut [f64]) {}

    /// Open intervals that the domain lies in, variable by variable (`d` each), filled with `∓∞`: `(0, ∞)` for a variable
    /// whose logarithm is taken. Steps keep a fiftieth of the distance. What is not an interval is said by
    /// [`objective`](Self::objective).
    fn domain(&self, _lower: &mut [f64], _upper: &mut [f64]) {}

    /// A point of the domain to start from (`d`). It comes filled with one: within bounds and domain, zero where these allow.
    fn start(&self, _theta: &[f64], _x: &mut [f64]) {}

    /// `∂f/∂θ` at a fixed `x` (`|θ|`).
    fn objective_vjp(&self, x: &[f64], theta: &[f64], out: &mut [f64]);

    /// The transposed derivative of the KKT residual with respect to `θ`, applied to `adjoint` (`|θ|`):
    /// ```text
    /// (∂/∂θ)[∇ₓf + A(θ)ᵀν + Σ λᵢ∇ₓgᵢ]ᵀ z̃ + (∂/∂θ)[A(θ)x − b(θ)]ᵀ ν̃ + (∂g/∂θ)ᵀ λ̃
    /// ```
    /// at the point and multipliers `at`.
    fn residual_vjp(&self, at: PrimalDual<'_>, theta: &[f64], adjoint: PrimalDual<'_>, out: &mut [f64]);

    /// The derivative of the KKT residual along `theta_dot`: the transpose of [`residual_vjp`](Self::residual_vjp), from
    /// which it comes by default, one call for each variable and constraint.
    fn residual_jvp(&self, at: PrimalDual<'_>, theta: &[f64], theta_dot: &[f64], out: ResidualTangent<'_>) {
        let (mut z, mut nu, mut lambda) =
            (vec![0.0; out.gradient.len()], vec![0.0; out.equalities.len()], vec![0.0; out.inequalities.len()]);
        let mut row = vec![0.0; theta.len()];
        let mut along = |z: &[f64], nu: &[f64], lambda: &[f64]| {
            row.fill(0.0);
            self.residual_vjp(at, theta, PrimalDual { x: z, nu, lambda }, &mut row);
            bpqp_traits::vector::dot(&row, theta_dot)
        };
        for (j, out) in out.gradient.iter_mut().enumerate() {
            z[j] = 1.0;
            *out = along(&z, &nu, &lambda);
            z[j] = 0.0;
        }
        for (i, out) in out.equalities.iter_mut().enumerate() {
            nu[i] = 1.0;
            *out = along(&z, &nu, &lambda);
            nu[i] = 0.0;
        }
        for (i, out) in out.inequalities.iter_mut().enumerate() {
            lambda[i] = 1.0;
            *out = along(&z, &nu, &lambda);
            lambda[i] = 0.0;
        }
    }
}
