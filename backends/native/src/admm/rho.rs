//! Step sizes: one base ρ, stiffer on equalities, soft on rows without sides.

use bpqp_traits::{Error, Result};

use crate::NAME;
use crate::kkt::{PivotLimits, QuasiDefinite};
use crate::scaling::Scaled;

const MIN: f64 = 1e-6;
const MAX: f64 = 1e6;
/// Equalities are this much stiffer.
const EQUALITY: f64 = 1e3;
/// A new base is worth a factorization when it differs by this factor.
const WORTHWHILE: f64 = 5.0;

/// The step size of every row and of every variable's bounds.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Rho {
    pub(crate) base: f64,
    /// Per row (`m`), positive.
    pub(crate) rows: Vec<f64>,
    /// Per variable (`n`), zero where it has no bounds.
    pub(crate) bounds: Vec<f64>,
}

impl Rho {
    pub(crate) fn new(problem: &Scaled, base: f64) -> Self {
        let base = base.clamp(MIN, MAX);
        let of = |l: &f64, u: &f64, free: f64| {
            if l == u {
                (EQUALITY * base).min(MAX)
            } else if l.is_infinite() && u.is_infinite() {
                free
            } else {
                base
            }
        };
        let rows = problem.l.iter().zip(&problem.u).map(|(l, u)| of(l, u, MIN)).collect();
        let bounds = problem.lb.iter().zip(&problem.ub).map(|(l, u)| of(l, u, 0.0)).collect();
        Self { base, rows, bounds }
    }

    /// A better base, if there is one, for relative residuals `primal` and `dual` out of balance.
    pub(crate) fn rebalanced(&self, primal: f64, dual: f64) -> Option<f64> {
        let base = (self.base * (primal.max(1e-16) / dual.max(1e-16)).sqrt()).clamp(MIN, MAX);
        let ratio = base / self.base;
        (ratio.is_finite() && !(1.0 / WORTHWHILE..=WORTHWHILE).contains(&ratio)).then_some(base)
    }

    /// Factors the matrix of the step, `[P + σI + diag(ρ_b)  Aᵀ; A  −diag(1/ρ)]`.
    ///
    /// # Errors
    /// [`Error::Backend`] where a pivot is not finite.
    pub(crate) fn factorize(&self, kkt: &mut QuasiDefinite, problem: &Scaled, sigma: f64) -> Result<()> {
        let n = self.bounds.len();
        kkt.matrix.set(problem.p.values(), problem.a.values());
        for (j, r) in self.bounds.iter().enumerate() {
            kkt.matrix.add_diagonal(j, sigma + r);
        }
        for (i, r) in self.rows.iter().enumerate() {
            kkt.matrix.add_diagonal(n + i, -1.0 / r);
        }
        if kkt.factorize(PivotLimits::USUAL) {
            return Ok(());
        }
        Err(Error::backend(NAME, "the factorization of the ADMM step broke down: the data are out of range"))
    }
}
