//! A solved convex program and its derivatives.

use std::time::Duration;

use bpqp_traits::{KktResiduals, Status, check_vector};

use super::program::{ConvexProgram, PrimalDual, ResidualTangent};
use super::sqp::Outcome;
use crate::{Certificate, Cotangent, Error, Result, Solved, Tangent, Values};

/// A solved convex program. Its solution is that of the QP linearized there,
/// ```text
/// minimize ½ yᵀH y + (∇f − H x)ᵀy   s.t.  A y = b,  ∇g y ≤ ∇g x − g,  lb ≤ y ≤ ub,      H = ∇²f + Σ λᵢ∇²gᵢ
/// ```
/// and so are its derivatives with respect to the residual of the KKT conditions: [`Solved`] finds them, with kinks,
/// degeneracy and a [`Certificate`], and the program's own derivatives take them to the parameters.
pub struct ConvexSolved<'p> {
    program: &'p dyn ConvexProgram,
    theta: Vec<f64>,
    outcome: Outcome,
    /// The linearized QP, solved; where there is a solution.
    qp: Option<Solved<'static>>,
    elapsed: Duration,
}

/// The gradient of a loss with respect to the parameters, with the adjoint that it comes from.
#[derive(Clone, Debug, PartialEq)]
pub struct ConvexGradient {
    theta: Vec<f64>,
    z: Vec<f64>,
    nu: Vec<f64>,
    lambda: Vec<f64>,
    certificate: Certificate,
}

impl ConvexGradient {
    /// With respect to the parameters.
    pub fn theta(&self) -> &[f64] {
        &self.theta
    }

    /// The adjoint `(z̃, ν̃, λ̃)`, the solution of the backward QP; `λ̃` is zero at inactive constraints.
    pub fn adjoint(&self) -> PrimalDual<'_> {
        PrimalDual { x: &self.z, nu: &self.nu, lambda: &self.lambda }
    }

    /// What the gradient is worth. Its constraints are the program's: `A[i]` an equality, `G[i]` an inequality, `bounds[j]`.
    /// Where `inexact_blocks` names `A`, `b` or `G`, `h`, parameters of the equalities or inequalities have no unique
    /// derivative; others have.
    pub fn certificate(&self) -> &Certificate {
        &self.certificate
    }
}

impl<'p> ConvexSolved<'p> {
    pub(super) fn new(
        program: &'p dyn ConvexProgram,
        theta: Vec<f64>,
        outcome: Outcome,
        qp: Option<Solved<'static>>,
        elapsed: Duration,
    ) -> Self {
        Self { program, theta, outcome, qp, elapsed }
    }

    /// Why the solver stopped.
    pub fn status(&self) -> Status {
        self.outcome.status
    }

    /// Why it stopped without a solution, and where.
    pub fn message(&self) -> Option<&str> {
        self.outcome.message.as_deref()
    }

    /// The primal solution (`d`). Without a solution, the best iterate; of an unbounded program the ray along which the
    /// objective falls.
    pub fn x(&self) -> &[f64] {
        &self.outcome.point.at.x
    }

    /// The solution with its multipliers. Of an infeasible program `ν`, `λ` and [`bound_duals`](Self::bound_duals) prove that
    /// the constraints linearized at the last iterate have no point in common, and hence that the constraints have none.
    pub fn primal_dual(&self) -> PrimalDual<'_> {
        self.outcome.point.at.as_primal_dual()
    }

    /// Multipliers of the bounds (`d`), positive at the upper, negative at the lower.
    pub fn bound_duals(&self) -> &[f64] {
        &self.outcome.point.at.zeta
    }

    /// The parameters.
    pub fn theta(&self) -> &[f64] {
        &self.theta
    }

    /// `f(x, θ)` at the solution or the best iterate.
    pub fn objective(&self) -> f64 {
        self.outcome.point.lin.values.f
    }

    /// KKT residuals of the solution or the best iterate.
    pub fn residuals(&self) -> &KktResiduals {
        &self.outcome.point.residuals
    }

    /// Steps, each a QP or, with a second-order correction, two.
    pub fn iterations(&self) -> u32 {
        self.outcome.iterations
    }

    /// Iterations of the QPs' solver.
    pub fn qp_iterations(&self) -> u64 {
        self.outcome.qp_iterations
    }

    /// Time of the forward pass.
    pub fn elapsed(&self) -> Duration {
        self.elapsed
    }

    /// The gradient of a loss with respect to the parameters, from its gradient `x_bar` with respect to `x` (`d`).
    ///
    /// # Errors
    /// As [`vjp`](Self::vjp).
    pub fn backward(&mut self, x_bar: &[f64]) -> Result<ConvexGradient> {
        self.vjp(&Cotangent { x: Some(x_bar), ..Cotangent::default() })
    }

    /// The gradient of a loss with respect to the parameters, from its gradient with respect to `x` and the multipliers: one
    /// backward QP (the paper's Theorem 1).
    ///
    /// # Errors
    /// As [`Solved::vjp`]; [`Error::Evaluation`] where the program's own derivative is not finite.
    pub fn vjp(&mut self, cotangent: &Cotangent<'_>) -> Result<ConvexGradient> {
        let gradient = self.qp()?.vjp(cotangent)?;
        let minus = |v: &[f64]| v.iter().map(|v| -v).collect::<Vec<_>>();
        let (z, nu, lambda) = (gradient.q().to_vec(), minus(gradient.b()), minus(gradient.h()));
        let mut theta = vec![0.0; self.theta.len()];
        let adjoint = PrimalDual { x: &z, nu: &nu, lambda: &lambda };
        self.program.residual_vjp(self.primal_dual(), &self.theta, adjoint, &mut theta);
        finite("residual_vjp", &theta)?;
        Ok(ConvexGradient { theta, z, nu, lambda, certificate: gradient.certificate().clone() })
    }

    /// The derivative of the solution along a change `theta_dot` of the parameters.
    ///
    /// # Errors
    /// As [`vjp`](Self::vjp); [`InvalidArgument`](bpqp_traits::Error::InvalidArgument) for a wrong length or a value that is
    /// not finite.
    pub fn jvp(&mut self, theta_dot: &[f64]) -> Result<Tangent> {
        check_vector("theta_dot", theta_dot, self.theta.len())?;
        self.qp()?;
        let PrimalDual { x, nu, lambda } = self.primal_dual();
        let (mut q, mut b, mut h) = (vec![0.0; x.len()], vec![0.0; nu.len()], vec![0.0; lambda.len()]);
        let out = ResidualTangent { gradient: &mut q, equalities: &mut b, inequalities: &mut h };
        self.program.residual_jvp(self.primal_dual(), &self.theta, theta_dot, out);
        for v in [&q, &b, &h] {
            finite("residual_jvp", v)?;
        }
        // A row `a x − b` that rises is a right-hand side that falls.
        b.iter_mut().chain(&mut h).for_each(|v| *v = -*v);
        let direction = Values {
            q: Some(&q),
            b: (!b.is_empty()).then_some(&b),
            h: (!h.is_empty()).then_some(&h),
            ..Values::default()
        };
        self.qp()?.jvp(&direction)
    }

    /// The derivative of the optimal value with respect to the parameters, `∂f/∂θ + (∂h/∂θ)ᵀν + (∂g/∂θ)ᵀλ` (the envelope
    /// theorem): no solve.
    ///
    /// # Errors
    /// [`Error::NotSolved`]; [`Error::Evaluation`] where the program's own derivative is not finite.
    pub fn value_gradient(&self) -> Result<Vec<f64>> {
        if !self.status().has_solution() {
            return Err(Error::NotSolved { status: self.status() });
        }
        let at = self.primal_dual();
        let mut gradient = vec![0.0; self.theta.len()];
        self.program.objective_vjp(at.x, &self.theta, &mut gradient);
        finite("objective_vjp", &gradient)?;
        let mut of_constraints = vec![0.0; self.theta.len()];
        let zero = vec![0.0; at.x.len()];
        self.program.residual_vjp(at, &self.theta, PrimalDual { x: &zero, ..at }, &mut of_constraints);
        finite("residual_vjp", &of_constraints)?;
        gradient.iter_mut().zip(of_constraints).for_each(|(g, c)| *g += c);
        Ok(gradient)
    }

    fn qp(&mut self) -> Result<&mut Solved<'static>> {
        let status = self.outcome.status;
        self.qp.as_mut().ok_or(Error::NotSolved { status })
    }
}

fn finite(function: &str, v: &[f64]) -> Result<()> {
    match v.iter().position(|v| !v.is_finite()) {
        Some(i) => Err(Error::Evaluation {
            function: function.into(),
            reason: format!("entry {i} is {} at the solution", v[i]),
        }),
        None => Ok(()),
    }
}
