//! Logistic regression with its hyperparameters as parameters.

use super::sizes;
use crate::convex::{ConvexProgram, PrimalDual, ResidualTangent, SymmetricEntries};
use crate::{AsCsc, CscMatrix, Result};

/// Logistic regression with a ridge penalty on coefficients within bounds:
/// ```text
/// minimize (1/N) Σᵢ sᵢ ln(1 + exp(−yᵢ aᵢᵀx)) + ½ ρ ‖x‖²   s.t.  lb ≤ x ≤ ub
/// ```
/// for samples `aᵢ` (`N × d`) with labels `yᵢ = ±1`. The parameters are `(ρ, s)`: the ridge weight, to be tuned by the gradient
/// of a validation loss, and the samples' weights, whose gradient says which samples a prediction rests on.
#[derive(Clone, Debug)]
pub struct LogisticRegression {
    /// Row `i` times the label `yᵢ`, by columns of the transpose: column `i` is sample `i`.
    margins: CscMatrix,
    lb: Vec<f64>,
    ub: Vec<f64>,
}

impl LogisticRegression {
    /// Of `samples` (`N × d`) with `labels` (`N`, 1 or −1).
    ///
    /// # Errors
    /// [`InvalidProblem`](bpqp_traits::Error::InvalidProblem) for other labels or another number of them, no samples, or a
    /// value that is not finite.
    pub fn new<A: AsCsc + ?Sized>(samples: &A, labels: &[f64]) -> Result<Self> {
        let samples = samples.to_csc()?;
        let (n, d) = (samples.nrows(), samples.ncols());
        sizes("samples", n, 1)?;
        sizes("features", d, 1)?;
        if labels.len() != n {
            let reason = format!("has length {}, expected {n}", labels.len());
            return Err(bpqp_traits::Error::invalid_problem("labels", reason).into());
        }
        if let Some(i) = labels.iter().position(|y| y.abs() != 1.0) {
            let reason = format!("entry {i} is {}, expected 1 or -1", labels[i]);
            return Err(bpqp_traits::Error::invalid_problem("labels", reason).into());
        }
        let triplets: Vec<_> = samples.as_ref().entries().map(|(i, j, v)| (j, i, v * labels[i])).collect();
        let margins = CscMatrix::from_triplets(d, n, &triplets)?;
        Ok(Self { margins, lb: vec![f64::NEG_INFINITY; d], ub: vec![f64::INFINITY; d] })
    }

    /// The same with coefficients within `lb` and `ub` (`d` each); crossed bounds are told by the solve.
    ///
    /// # Errors
    /// [`InvalidArgument`](bpqp_traits::Error::InvalidArgument) for another length.
    pub fn with_bounds(mut self, lb: &[f64], ub: &[f64]) -> Result<Self> {
        bpqp_traits::check_length("lb", lb, self.lb.len())?;
        bpqp_traits::check_length("ub", ub, self.ub.len())?;
        (self.lb, self.ub) = (lb.to_vec(), ub.to_vec());
        Ok(self)
    }

    fn num_samples(&self) -> usize {
        self.margins.ncols()
    }

    /// `yᵢ aᵢᵀx` (`N`).
    fn margins(&self, x: &[f64]) -> Vec<f64> {
        let mut margins = vec![0.0; self.num_samples()];
        self.margins.as_ref().transpose_mul_add(1.0, x, &mut margins);
        margins
    }
}

/// `ln(1 + e⁻ᵗ)`.
fn loss(t: f64) -> f64 {
    (-t).max(0.0) + (-t.abs()).exp().ln_1p()
}

/// `1/(1 + eᵗ)`: minus the derivative of the loss.
fn force(t: f64) -> f64 {
    let tail = (-t.abs()).exp();
    if t >= 0.0 { tail / (1.0 + tail) } else { 1.0 / (1.0 + tail) }
}

impl ConvexProgram for LogisticRegression {
    fn num_vars(&self) -> usize {
        self.margins.nrows()
    }

    fn num_params(&self) -> usize {
        1 + self.num_samples()
    }

    fn objective(&self, x: &[f64], theta: &[f64]) -> f64 {
        let sum: f64 = self.margins(x).iter().zip(&theta[1..]).map(|(t, s)| s * loss(*t)).sum();
        sum / self.num_samples() as f64 + 0.5 * theta[0] * x.iter().map(|x| x * x).sum::<f64>()
    }

    fn gradient(&self, x: &[f64], theta: &[f64], out: &mut [f64]) {
        out.iter_mut().zip(x).for_each(|(g, x)| *g = theta[0] * x);
        let forces: Vec<f64> = self.margins(x).iter().zip(&theta[1..]).map(|(t, s)| s * force(*t)).collect();
        self.margins.as_ref().mul_add(-1.0 / self.num_samples() as f64, &forces, out);
    }

    fn hessian(&self, x: &[f64], theta: &[f64], _lambda: &[f64], out: &mut SymmetricEntries) {
        let (d, n) = (self.num_vars(), self.num_samples() as f64);
        let mut packed = vec![0.0; d * d];
        for (i, (t, s)) in self.margins(x).iter().zip(&theta[1..]).enumerate() {
            let weight = s * force(*t) * force(-t) / n;
            let sample = self.margins.as_ref().col(i);
            for (k, (j, v)) in sample.clone().enumerate() {
                sample.clone().take(k + 1).for_each(|(i, u)| packed[j * d + i] += weight * u * v);
            }
        }
        for j in 0..d {
            packed[j * d + j] += theta[0];
            (0..=j).for_each(|i| out.add(i, j, packed[j * d + i]));
        }
    }

    fn bounds(&self, lb: &mut [f64], ub: &mut [f64]) {
        lb.copy_from_slice(&self.lb);
        ub.copy_from_slice(&self.ub);
    }

    fn objective_vjp(&self, x: &[f64], _theta: &[f64], out: &mut [f64]) {
        out[0] = 0.5 * x.iter().map(|x| x * x).sum::<f64>();
        let n = self.num_samples() as f64;
        out[1..].iter_mut().zip(self.margins(x)).for_each(|(o, t)| *o = loss(t) / n);
    }

    fn residual_vjp(&self, at: PrimalDual<'_>, _theta: &[f64], adjoint: PrimalDual<'_>, out: &mut [f64]) {
        out[0] = bpqp_traits::vector::dot(at.x, adjoint.x);
        let n = self.num_samples() as f64;
        let pairs = self.margins(at.x).into_iter().zip(self.margins(adjoint.x));
        out[1..].iter_mut().zip(pairs).for_each(|(o, (t, along))| *o = -force(t) * along / n);
    }

    fn residual_jvp(&self, at: PrimalDual<'_>, _theta: &[f64], theta_dot: &[f64], out: ResidualTangent<'_>) {
        out.gradient.iter_mut().zip(at.x).for_each(|(o, x)| *o = theta_dot[0] * x);
        let forces: Vec<f64> = self.margins(at.x).iter().zip(&theta_dot[1..]).map(|(t, s)| s * force(*t)).collect();
        self.margins.as_ref().mul_add(-1.0 / self.num_samples() as f64, &forces, out.gradient);
    }
}
