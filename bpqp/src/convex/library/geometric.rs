//! Geometric programs in convex form.

use super::sizes;
use crate::convex::{ConvexProgram, Entries, PrimalDual, ResidualTangent, SymmetricEntries};
use crate::{AsCsc, CscMatrix, Result};

/// A geometric program, `minimize p₀(u) s.t. pᵢ(u) ≤ 1, u > 0` with posynomials `pᵢ(u) = Σₖ cₖ Πⱼ uⱼ^Aₖⱼ`, in the logarithms
/// `x = ln u`, `b = ln c`:
/// ```text
/// minimize ln Σₖ exp(aₖᵀx + bₖ)   s.t.  ln Σₖ exp(aₖᵀx + bₖ) ≤ 0  for each constraint
/// ```
/// The parameters are the log-coefficients `b` of all monomials, objective first, then each constraint's.
#[derive(Clone, Debug)]
pub struct GeometricProgram {
    d: usize,
    posynomials: Vec<Posynomial>,
}

#[derive(Clone, Debug)]
struct Posynomial {
    /// Exponents by columns of the transpose: column `k` is monomial `k` (`d × monomials`).
    exponents: CscMatrix,
    /// Where its coefficients begin among the parameters.
    start: usize,
    /// The variables that appear in it.
    variables: Vec<usize>,
}

/// A posynomial's logarithm at a point.
struct At {
    value: f64,
    /// Each monomial's share of the sum.
    shares: Vec<f64>,
    /// The mean exponents, `Σ shares aₖ` (`d`): the gradient.
    mean: Vec<f64>,
}

impl GeometricProgram {
    /// From the exponents of the objective and of each constraint (`monomials × d` each, at least one monomial).
    ///
    /// # Errors
    /// [`InvalidProblem`](bpqp_traits::Error::InvalidProblem) for a posynomial without monomials, with other numbers of
    /// variables, or with a value that is not finite.
    pub fn new<A: AsCsc + ?Sized>(objective: &A, constraints: &[&A]) -> Result<Self> {
        let (mut posynomials, mut start, mut d) = (Vec::new(), 0, 0);
        for (i, exponents) in std::iter::once(&objective).chain(constraints).enumerate() {
            let exponents = exponents.to_csc()?;
            sizes("monomials", exponents.nrows(), 1)?;
            d = if i == 0 { exponents.ncols() } else { d };
            sizes("variables", d, 1)?;
            if exponents.ncols() != d {
                let reason = format!("posynomial {i} has {} variables, expected {d}", exponents.ncols());
                return Err(bpqp_traits::Error::invalid_problem("exponents", reason).into());
            }
            let variables = (0..d).filter(|&j| exponents.as_ref().col(j).len() > 0).collect();
            posynomials.push(Posynomial { exponents: exponents.as_ref().transpose(), start, variables });
            start += exponents.nrows();
        }
        Ok(Self { d, posynomials })
    }

    fn at(&self, i: usize, x: &[f64], theta: &[f64]) -> At {
        let Posynomial { exponents, start, .. } = &self.posynomials[i];
        let mut shares = theta[*start..start + exponents.ncols()].to_vec();
        exponents.as_ref().transpose_mul_add(1.0, x, &mut shares);
        let largest = shares.iter().fold(f64::NEG_INFINITY, |m, v| m.max(*v));
        shares.iter_mut().for_each(|v| *v = (*v - largest).exp());
        let sum: f64 = shares.iter().sum();
        shares.iter_mut().for_each(|v| *v /= sum);
        let mut mean = vec![0.0; self.d];
        exponents.as_ref().mul_add(1.0, &shares, &mut mean);
        At { value: largest + sum.ln(), shares, mean }
    }

    /// The weight of posynomial `i` in the Lagrangian.
    fn weight(i: usize, lambda: &[f64]) -> f64 {
        if i == 0 { 1.0 } else { lambda[i - 1] }
    }
}

impl Posynomial {
    /// `aₖᵀz − meanᵀz` of every monomial.
    fn deviations(&self, mean: &[f64], z: &[f64]) -> Vec<f64> {
        let mut along = vec![-bpqp_traits::vector::dot(mean, z); self.exponents.ncols()];
        self.exponents.as_ref().transpose_mul_add(1.0, z, &mut along);
        along
    }
}

impl ConvexProgram for GeometricProgram {
    fn num_vars(&self) -> usize {
        self.d
    }

    fn num_params(&self) -> usize {
        self.posynomials.iter().map(|p| p.exponents.ncols()).sum()
    }

    fn num_inequalities(&self) -> usize {
        self.posynomials.len() - 1
    }

    fn objective(&self, x: &[f64], theta: &[f64]) -> f64 {
        self.at(0, x, theta).value
    }

    fn gradient(&self, x: &[f64], theta: &[f64], out: &mut [f64]) {
        out.copy_from_slice(&self.at(0, x, theta).mean);
    }

    /// Of each posynomial the covariance of its exponents under its shares.
    fn hessian(&self, x: &[f64], theta: &[f64], lambda: &[f64], out: &mut SymmetricEntries) {
        for (i, posynomial) in self.posynomials.iter().enumerate() {
            let (at, weight) = (self.at(i, x, theta), Self::weight(i, lambda));
            let variables = &posynomial.variables;
            let mut covariance = vec![0.0; variables.len() * variables.len()];
            let mut centered = vec![0.0; variables.len()];
            for (k, share) in at.shares.iter().enumerate() {
                centered.iter_mut().zip(variables).for_each(|(c, &j)| *c = -at.mean[j]);
                for (j, v) in posynomial.exponents.as_ref().col(k) {
                    let place = variables.partition_point(|&variable| variable < j);
                    centered[place] += v;
                }
                for (q, cq) in centered.iter().enumerate() {
                    let row = &mut covariance[q * variables.len()..][..=q];
                    row.iter_mut().zip(&centered).for_each(|(o, cp)| *o += weight * share * cp * cq);
                }
            }
            for (q, &j) in variables.iter().enumerate() {
                variables[..=q]
                    .iter()
                    .enumerate()
                    .for_each(|(p, &i)| out.add(i, j, covariance[q * variables.len() + p]));
            }
        }
    }

    fn inequalities(&self, x: &[f64], theta: &[f64], out: &mut [f64]) {
        out.iter_mut().enumerate().for_each(|(i, o)| *o = self.at(i + 1, x, theta).value);
    }

    fn jacobian(&self, x: &[f64], theta: &[f64], out: &mut Entries) {
        for (i, posynomial) in self.posynomials.iter().enumerate().skip(1) {
            let mean = self.at(i, x, theta).mean;
            posynomial.variables.iter().for_each(|&j| out.add(i - 1, j, mean[j]));
        }
    }

    fn objective_vjp(&self, x: &[f64], theta: &[f64], out: &mut [f64]) {
        let shares = self.at(0, x, theta).shares;
        out[..shares.len()].copy_from_slice(&shares);
    }

    fn residual_vjp(&self, at: PrimalDual<'_>, theta: &[f64], adjoint: PrimalDual<'_>, out: &mut [f64]) {
        for (i, posynomial) in self.posynomials.iter().enumerate() {
            let (here, weight) = (self.at(i, at.x, theta), Self::weight(i, at.lambda));
            let of_row = if i == 0 { 0.0 } else { adjoint.lambda[i - 1] };
            let along = posynomial.deviations(&here.mean, adjoint.x);
            for (k, (share, along)) in here.shares.iter().zip(along).enumerate() {
                out[posynomial.start + k] = share * (weight * along + of_row);
            }
        }
    }

    fn residual_jvp(&self, at: PrimalDual<'_>, theta: &[f64], theta_dot: &[f64], out: ResidualTangent<'_>) {
        for (i, posynomial) in self.posynomials.iter().enumerate() {
            let (here, weight) = (self.at(i, at.x, theta), Self::weight(i, at.lambda));
            let moves: Vec<f64> =
                here.shares.iter().zip(&theta_dot[posynomial.start..]).map(|(share, b)| share * b).collect();
            let total: f64 = moves.iter().sum();
            posynomial.exponents.as_ref().mul_add(weight, &moves, out.gradient);
            out.gradient.iter_mut().zip(&here.mean).for_each(|(o, mean)| *o -= weight * total * mean);
            if i > 0 {
                out.inequalities[i - 1] = total;
            }
        }
    }
}
