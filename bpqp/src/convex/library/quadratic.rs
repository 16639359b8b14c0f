//! Quadratic programs with quadratic constraints.

use super::sizes;
use crate::convex::{ConvexProgram, Entries, PrimalDual, ResidualTangent, SymmetricEntries};
use crate::{AsCsc, CscMatrix, Result};

/// A quadratically constrained quadratic program,
/// ```text
/// minimize ½ xᵀP₀x + q₀ᵀx   s.t.  ½ xᵀPᵢx + qᵢᵀx ≤ rᵢ
/// ```
/// with fixed positive semidefinite `Pᵢ` and the parameters `(q₀, q₁, …, qₘ, r)`, `(m + 1) d + m` numbers.
#[derive(Clone, Debug)]
pub struct QuadraticConstraints {
    d: usize,
    /// Both triangles, the objective's first.
    p: Vec<CscMatrix>,
}

impl QuadraticConstraints {
    /// From the symmetric matrices of the objective and of each constraint (`d × d`, both triangles).
    ///
    /// # Errors
    /// [`InvalidProblem`](bpqp_traits::Error::InvalidProblem) for other shapes or a matrix that is not symmetric,
    /// [`NotConvex`](bpqp_traits::Error::NotConvex).
    pub fn new<P: AsCsc + ?Sized>(objective: &P, constraints: &[&P]) -> Result<Self> {
        let (mut p, mut d) = (Vec::new(), 0);
        for (i, matrix) in std::iter::once(&objective).chain(constraints).enumerate() {
            let matrix = matrix.to_csc()?;
            d = if i == 0 { matrix.nrows() } else { d };
            sizes("d", d, 1)?;
            if (matrix.nrows(), matrix.ncols()) != (d, d) {
                let reason = format!("is {} × {}, expected {d} × {d}", matrix.nrows(), matrix.ncols());
                return Err(bpqp_traits::Error::invalid_problem(format!("P{i}"), reason).into());
            }
            crate::check_convexity(crate::builder::upper_triangle(matrix.as_ref())?.as_ref())?;
            p.push(matrix);
        }
        Ok(Self { d, p })
    }

    fn q<'t>(&self, i: usize, theta: &'t [f64]) -> &'t [f64] {
        &theta[i * self.d..][..self.d]
    }

    /// `½ xᵀPᵢx + qᵢᵀx`.
    fn value(&self, i: usize, x: &[f64], theta: &[f64]) -> f64 {
        let mut half = vec![0.0; self.d];
        self.p[i].as_ref().mul_add(0.5, x, &mut half);
        half.iter().zip(self.q(i, theta)).zip(x).map(|((p, q), x)| (p + q) * x).sum()
    }

    /// `Pᵢx + qᵢ`.
    fn slope(&self, i: usize, x: &[f64], theta: &[f64]) -> Vec<f64> {
        let mut slope = self.q(i, theta).to_vec();
        self.p[i].as_ref().mul_add(1.0, x, &mut slope);
        slope
    }

    /// Where the right-hand sides begin.
    fn sides(&self) -> usize {
        self.p.len() * self.d
    }
}

impl ConvexProgram for QuadraticConstraints {
    fn num_vars(&self) -> usize {
        self.d
    }

    fn num_params(&self) -> usize {
        self.sides() + self.num_inequalities()
    }

    fn num_inequalities(&self) -> usize {
        self.p.len() - 1
    }

    fn objective(&self, x: &[f64], theta: &[f64]) -> f64 {
        self.value(0, x, theta)
    }

    fn gradient(&self, x: &[f64], theta: &[f64], out: &mut [f64]) {
        out.copy_from_slice(&self.slope(0, x, theta));
    }

    fn hessian(&self, _x: &[f64], _theta: &[f64], lambda: &[f64], out: &mut SymmetricEntries) {
        for (p, weight) in self.p.iter().zip(std::iter::once(&1.0).chain(lambda)) {
            p.as_ref().entries().filter(|(i, j, _)| i <= j).for_each(|(i, j, v)| out.add(i, j, weight * v));
        }
    }

    fn inequalities(&self, x: &[f64], theta: &[f64], out: &mut [f64]) {
        let r = &theta[self.sides()..];
        out.iter_mut().enumerate().for_each(|(i, o)| *o = self.value(i + 1, x, theta) - r[i]);
    }

    fn jacobian(&self, x: &[f64], theta: &[f64], out: &mut Entries) {
        for i in 0..self.num_inequalities() {
            self.slope(i + 1, x, theta).into_iter().enumerate().for_each(|(j, v)| out.add(i, j, v));
        }
    }

    fn objective_vjp(&self, x: &[f64], _theta: &[f64], out: &mut [f64]) {
        out[..self.d].copy_from_slice(x);
    }

    fn residual_vjp(&self, at: PrimalDual<'_>, _theta: &[f64], adjoint: PrimalDual<'_>, out: &mut [f64]) {
        out[..self.d].copy_from_slice(adjoint.x);
        let (q, r) = out[self.d..].split_at_mut(self.num_inequalities() * self.d);
        for (i, q) in q.chunks_mut(self.d).enumerate() {
            let (lambda, bar) = (at.lambda[i], adjoint.lambda[i]);
            q.iter_mut().zip(adjoint.x).zip(at.x).for_each(|((o, z), x)| *o = lambda * z + bar * x);
            r[i] = -bar;
        }
    }

    fn residual_jvp(&self, at: PrimalDual<'_>, _theta: &[f64], theta_dot: &[f64], out: ResidualTangent<'_>) {
        out.gradient.copy_from_slice(self.q(0, theta_dot));
        for i in 0..self.num_inequalities() {
            let q = self.q(i + 1, theta_dot);
            out.gradient.iter_mut().zip(q).for_each(|(o, q)| *o += at.lambda[i] * q);
            out.inequalities[i] = bpqp_traits::vector::dot(q, at.x) - theta_dot[self.sides() + i];
        }
    }
}
