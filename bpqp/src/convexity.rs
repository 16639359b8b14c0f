//! Is `P` positive semidefinite?

use bpqp_traits::{CscMatrix, CscRef, Error, Result, csc_to_faer};
use faer::dyn_stack::{MemBuffer, MemStack};
use faer::linalg::cholesky::llt::factor::LltRegularization;
use faer::sparse::linalg::cholesky::{CholeskySymbolicParams, SymmetricOrdering, factorize_symbolic_cholesky};
use faer::{Par, Side};

/// Shift of the scaled matrix: eigenvalues down to minus this count as rounding.
const SHIFT: f64 = 1e-9;

/// Checks that the symmetric matrix with upper triangle `p` is positive semidefinite, by a sparse Cholesky factorization
/// of `D⁻¹ P D⁻¹ + 1e-9 I` with `D² = diag(P)`.
///
/// # Errors
/// [`Error::NotConvex`] naming a variable with negative curvature.
pub fn check_convexity(p: CscRef<'_>) -> Result<()> {
    if p.entries().all(|(i, j, v)| i == j && v >= 0.0) {
        return Ok(());
    }
    let n = p.ncols();
    let mut diagonal = vec![0.0; n];
    for (i, j, v) in p.entries() {
        if i == j {
            diagonal[i] = v;
        }
    }
    if let Some((j, v)) = diagonal.iter().enumerate().find(|&(_, &v)| v < 0.0) {
        return Err(Error::NotConvex { reason: format!("P[{j}, {j}] = {v} is negative") });
    }
    let off_diagonal = p.entries().filter(|&(i, j, v)| i != j && v != 0.0);
    if let Some((i, j, v)) = off_diagonal.clone().find(|&(i, j, _)| diagonal[i] == 0.0 || diagonal[j] == 0.0) {
        let reason = format!("P[{i}, {j}] = {v} stands beside a zero on the diagonal");
        return Err(Error::NotConvex { reason });
    }
    let scaled = off_diagonal.map(|(i, j, v)| (i, j, v / diagonal[i].sqrt() / diagonal[j].sqrt()));
    let shifted = (0..n).map(|j| (j, j, if diagonal[j] > 0.0 { 1.0 + SHIFT } else { 1.0 }));
    let triplets: Vec<_> = scaled.chain(shifted).collect();
    let matrix = CscMatrix::from_triplets(n, n, &triplets)?;
    cholesky(&matrix)
}

/// Succeeds where the upper triangle `matrix` is positive definite.
fn cholesky(matrix: &CscMatrix) -> Result<()> {
    let a = csc_to_faer(matrix.as_ref());
    let out_of_memory = |_| Error::backend("convexity check", "the factor of P does not fit in memory");
    let params = CholeskySymbolicParams::default();
    let symbolic = factorize_symbolic_cholesky(a.symbolic(), Side::Upper, SymmetricOrdering::Amd, params)
        .map_err(out_of_memory)?;
    let mut values = vec![0.0; symbolic.len_val()];
    let scratch = symbolic.factorize_numeric_llt_scratch::<f64>(Par::Seq, Default::default());
    let mut memory = MemBuffer::new(scratch);
    let stack = MemStack::new(&mut memory);
    let regularization = LltRegularization::default();
    match symbolic.factorize_numeric_llt(
        &mut values,
        a,
        Side::Upper,
        regularization,
        Par::Seq,
        stack,
        Default::default(),
    ) {
        Ok(_) => Ok(()),
        Err(_) => Err(Error::NotConvex { reason: "P has a negative eigenvalue".into() }),
    }
}
