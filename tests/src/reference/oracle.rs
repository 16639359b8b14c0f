//! The backward oracle: the adjoint QP and the gradients of a QP's data, dense, straight from the formulas.

use bpqp_traits::{
    ActiveSet, AdjointQpRef, AdjointReport, BackendInfo, BackwardQpSolver, CscMatrix, Error, KktFactor, ProgramRef,
    Result, Side,
};

use super::dense::solve_symmetric;
use super::standard_form::{dense_rows, dense_symmetric};

/// The KKT matrix `[H Cᵀ; C 0]`, row by row.
fn kkt_matrix(qp: &AdjointQpRef<'_>) -> Vec<f64> {
    let (d, k) = (qp.num_vars(), qp.num_rows());
    let size = d + k;
    let (h, c) = (dense_symmetric(qp.h()), dense_rows(qp.c()));
    let mut kkt = vec![0.0; size * size];
    for i in 0..d {
        kkt[i * size..i * size + d].copy_from_slice(&h[i * d..(i + 1) * d]);
    }
    for i in 0..k {
        for j in 0..d {
            kkt[(d + i) * size + j] = c[i * d + j];
            kkt[j * size + d + i] = c[i * d + j];
        }
    }
    kkt
}

/// The `(z̃, ν̃)` with `H z̃ + Cᵀν̃ = −g`, `C z̃ = r`; the least-norm least-squares one where the matrix is singular.
pub fn solve_adjoint(qp: &AdjointQpRef<'_>, g: &[f64], r: &[f64]) -> (Vec<f64>, Vec<f64>) {
    let rhs: Vec<f64> = g.iter().map(|v| -v).chain(r.iter().copied()).collect();
    let mut z = solve_symmetric(rhs.len(), &kkt_matrix(qp), &rhs);
    let nu = z.split_off(g.len());
    (z, nu)
}

/// Gradients of a loss with respect to the data of a QP.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Gradients {
    /// With respect to the stored upper triangle of `P` (`n × n`, row by row, zero below the diagonal).
    pub p: Vec<f64>,
    /// With respect to `q` (`n`).
    pub q: Vec<f64>,
    /// With respect to `A` (`m × n`, row by row).
    pub a: Vec<f64>,
    /// With respect to `l` (`m`); for an equality the gradient of `b` stands in `u` and this entry is zero.
    pub l: Vec<f64>,
    /// With respect to `u` (`m`).
    pub u: Vec<f64>,
    /// With respect to `lb` (`n`).
    pub lb: Vec<f64>,
    /// With respect to `ub` (`n`); for a fixed variable as with `u`.
    pub ub: Vec<f64>,
}

/// Gradients of a loss with `∂L/∂x* = x_bar` at the solution `(x, y)` with the given active set, each active bound taken
/// as a row of its own.
///
/// # Errors
/// A message of the contract where `active` does not fit the program.
pub fn gradients(
    program: &ProgramRef<'_>,
    (x, y): (&[f64], &[f64]),
    active: &ActiveSet,
    x_bar: &[f64],
) -> Result<Gradients> {
    let (n, m) = (program.num_vars(), program.num_rows());
    let a = dense_rows(program.a());
    let (rows, bounds): (Vec<usize>, Vec<usize>) = (active.active_rows().collect(), active.active_bounds().collect());
    let mut c: Vec<f64> = rows.iter().flat_map(|&i| a[i * n..(i + 1) * n].iter().copied()).collect();
    for &j in &bounds {
        c.extend((0..n).map(|k| if k == j { 1.0 } else { 0.0 }));
    }
    let k = rows.len() + bounds.len();
    let c = CscMatrix::from_dense_rows(k, n, &c)?;
    let qp = AdjointQpRef::new(program.p(), c.as_ref())?;
    let (z, nu) = solve_adjoint(&qp, x_bar, &vec![0.0; k]);

    let mut out = Gradients { p: vec![0.0; n * n], q: z.clone(), a: vec![0.0; m * n], ..Gradients::default() };
    for i in 0..n {
        out.p[i * n + i] = z[i] * x[i];
        (i + 1..n).for_each(|j| out.p[i * n + j] = z[i] * x[j] + x[i] * z[j]);
    }
    (out.l, out.u, out.lb, out.ub) = (vec![0.0; m], vec![0.0; m], vec![0.0; n], vec![0.0; n]);
    for (&i, &dual) in rows.iter().zip(&nu) {
        (0..n).for_each(|j| out.a[i * n + j] = y[i] * z[j] + dual * x[j]);
        if active.rows[i] == Side::Lower { out.l[i] = -dual } else { out.u[i] = -dual }
    }
    for (&j, &dual) in bounds.iter().zip(&nu[rows.len()..]) {
        if active.bounds[j] == Side::Lower { out.lb[j] = -dual } else { out.ub[j] = -dual }
    }
    Ok(out)
}

/// The oracle as a backend, for tests only.
#[derive(Clone, Copy, Debug, Default)]
pub struct ReferenceBackward;

struct ReferenceFactor {
    h: CscMatrix,
    c: CscMatrix,
}

impl BackwardQpSolver for ReferenceBackward {
    fn info(&self) -> BackendInfo {
        BackendInfo::new("reference-backward", env!("CARGO_PKG_VERSION"))
    }

    fn factorize(&self, qp: &AdjointQpRef<'_>) -> Result<Box<dyn KktFactor>> {
        Ok(Box::new(ReferenceFactor { h: qp.h().to_owned(), c: qp.c().to_owned() }))
    }
}

impl KktFactor for ReferenceFactor {
    fn solve(&mut self, g: &[f64], r: &[f64], z: &mut [f64], nu: &mut [f64]) -> Result<AdjointReport> {
        let qp = AdjointQpRef::new(self.h.as_ref(), self.c.as_ref())?;
        qp.check_rhs(g, r, z, nu)?;
        let (found_z, found_nu) = solve_adjoint(&qp, g, r);
        z.copy_from_slice(&found_z);
        nu.copy_from_slice(&found_nu);
        Ok(AdjointReport { residual: qp.residual(g, r, z, nu), refinements: 2 })
    }

    fn refactorize(&mut self, qp: &AdjointQpRef<'_>) -> Result<()> {
        if !qp.h().same_pattern(&self.h.as_ref()) || !qp.c().same_pattern(&self.c.as_ref()) {
            return Err(Error::invalid_argument("qp", "has another sparsity pattern"));
        }
        self.h.values_mut().copy_from_slice(qp.h().values());
        self.c.values_mut().copy_from_slice(qp.c().values());
        Ok(())
    }
}
