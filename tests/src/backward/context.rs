//! What a backward case works with.

use bpqp_traits::{AdjointQpRef, AdjointReport, BackwardQpSolver, CscMatrix, KktFactor};

use crate::reference::solve_adjoint;
use crate::verdict::{accepted, at_most, close, ensure};
use crate::{CaseResult, Config};

/// What a backward case works with.
pub struct BackwardContext<'a> {
    /// The solver under test.
    pub solver: &'a dyn BackwardQpSolver,
    /// What is asked of it.
    pub config: &'a Config,
}

/// An adjoint QP, owned.
#[derive(Clone)]
pub(crate) struct Qp {
    pub(crate) h: CscMatrix,
    pub(crate) c: CscMatrix,
}

impl Qp {
    /// From a symmetric `H` (`d × d`) and `C` (`k × d`), row by row; zeros are not stored.
    pub(crate) fn dense(h: &[f64], c: &[f64], d: usize) -> Result<Self, String> {
        let upper: Vec<f64> = (0..d * d).map(|k| if k / d <= k % d { h[k] } else { 0.0 }).collect();
        let h = accepted("the suite's own H", CscMatrix::from_dense_rows(d, d, &upper))?;
        let k = c.len().checked_div(d).unwrap_or(0);
        Ok(Self { h, c: accepted("the suite's own C", CscMatrix::from_dense_rows(k, d, c))? })
    }

    pub(crate) fn view(&self) -> Result<AdjointQpRef<'_>, String> {
        accepted("the suite's own QP", AdjointQpRef::new(self.h.as_ref(), self.c.as_ref()))
    }
}

/// A solution and its report.
pub(crate) struct Solved {
    pub(crate) z: Vec<f64>,
    pub(crate) nu: Vec<f64>,
    pub(crate) report: AdjointReport,
}

impl BackwardContext<'_> {
    pub(crate) fn factorize(&self, qp: &Qp) -> Result<Box<dyn KktFactor>, String> {
        accepted("factorize", self.solver.factorize(&qp.view()?))
    }

    /// Solves, and checks that the result is finite and the reported residual the true one.
    pub(crate) fn solve_with(
        &self,
        factor: &mut dyn KktFactor,
        qp: &Qp,
        g: &[f64],
        r: &[f64],
    ) -> Result<Solved, String> {
        let (mut z, mut nu) = (vec![f64::NAN; g.len()], vec![f64::NAN; r.len()]);
        let report = accepted("solve", factor.solve(g, r, &mut z, &mut nu))?;
        let finite = z.iter().chain(&nu).all(|v| v.is_finite());
        ensure(finite, || format!("the result is not finite: z = {z:?}, nu = {nu:?}"))?;
        let actual = qp.view()?.residual(g, r, &z, &nu);
        let honest = (report.residual - actual).abs() <= 1e-12 + 0.1 * actual;
        ensure(honest, || format!("reports the residual {:.3e}, it is {actual:.3e}", report.residual))?;
        Ok(Solved { z, nu, report })
    }

    pub(crate) fn solve(&self, qp: &Qp, g: &[f64], r: &[f64]) -> Result<Solved, String> {
        self.solve_with(self.factorize(qp)?.as_mut(), qp, g, r)
    }

    /// Solves a regular QP: a small residual.
    pub(crate) fn solve_well(
        &self,
        factor: &mut dyn KktFactor,
        qp: &Qp,
        g: &[f64],
        r: &[f64],
    ) -> Result<Solved, String> {
        let solved = self.solve_with(factor, qp, g, r)?;
        at_most("the residual", solved.report.residual, self.config.adjoint_accuracy)?;
        Ok(solved)
    }

    /// Solves and compares with values derived by hand.
    pub(crate) fn check(&self, qp: &Qp, g: &[f64], r: &[f64], (z, nu): (&[f64], &[f64])) -> CaseResult {
        let solved = self.solve_well(self.factorize(qp)?.as_mut(), qp, g, r)?;
        close("z", &solved.z, z, self.config.adjoint_accuracy)?;
        close("nu", &solved.nu, nu, self.config.adjoint_accuracy)
    }

    /// Solves and compares with the oracle; `stretch` is the condition number that the comparison allows for.
    pub(crate) fn check_oracle(
        &self,
        factor: &mut dyn KktFactor,
        qp: &Qp,
        (g, r): (&[f64], &[f64]),
        stretch: f64,
    ) -> CaseResult {
        let solved = self.solve_well(factor, qp, g, r)?;
        let (z, nu) = solve_adjoint(&qp.view()?, g, r);
        close("z", &solved.z, &z, stretch * self.config.adjoint_accuracy)?;
        close("nu", &solved.nu, &nu, stretch * self.config.adjoint_accuracy)
    }
}
