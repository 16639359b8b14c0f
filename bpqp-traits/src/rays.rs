//! Certificates of infeasibility for solvers that return none: each is the solution of an auxiliary LP, so any solver
//! with linear duals can find its own.
//!
//! Both LPs are feasible and bounded whatever the program is, so they ask nothing of a solver but to solve. What comes
//! out is judged like every other claim ([`claims::judge`](crate::claims::judge)).

use crate::claims::{Claim, judge};
use crate::vector::max_abs;
use crate::{CscMatrix, Error, ProgramBuf, ProgramRef, Result, Solution, Status};

/// Solves an auxiliary LP; the status is not asked for, since the result is checked.
pub type SolveLp<'a> = dyn FnMut(&ProgramRef<'_>) -> Result<Solution> + 'a;

/// Looks for a Farkas certificate with one LP: `min Σ(s⁺ + s⁻)` over `l ≤ Ax + D(s⁺ − s⁻) ≤ u`, `lb ≤ x ≤ ub`, `s ≥ 0`,
/// with `D` the rows' largest entries. Its row duals are the certificate where its value is positive.
///
/// Leaves the certificate in `out` and returns [`Status::PrimalInfeasible`], or [`Status::NumericalError`] where there is
/// none that holds.
///
/// # Errors
/// [`Error::Unsupported`] for programs with cones; what `solve` fails with.
pub fn prove_infeasible(program: &ProgramRef<'_>, solve: &mut SolveLp<'_>, out: &mut Solution) -> Result<Status> {
    let auxiliary = phase_one(program)?;
    let found = solve(&auxiliary.as_ref())?;
    let (n, m) = (program.num_vars(), program.num_rows());
    out.resize(n, m, 0);
    if found.y.len() != m {
        return Ok(Status::NumericalError);
    }
    for (i, y) in out.y.iter_mut().enumerate() {
        *y = on_finite_side(found.y[i], program.l()[i], program.u()[i]);
    }
    // Stationarity gives the bounds' share, free of the LP's tolerance.
    out.bound_duals.fill(0.0);
    program.a().transpose_mul_add(-1.0, &out.y, &mut out.bound_duals);
    for (j, dual) in out.bound_duals.iter_mut().enumerate() {
        *dual = on_finite_side(*dual, program.lb()[j], program.ub()[j]);
    }
    Ok(judge(program, Claim { status: Status::PrimalInfeasible, limited: false }, 1.0, out))
}

/// Looks for a ray of unbounded descent with one LP: `min qᵀd` over `P d = 0`, the recession cone of rows and bounds, and
/// `−1 ≤ d ≤ 1`.
///
/// Leaves the ray in `out` and returns [`Status::DualInfeasible`], or [`Status::NumericalError`] where there is none that
/// holds. Whether the program has a feasible point, and so is unbounded, is another question.
///
/// # Errors
/// As [`prove_infeasible`].
pub fn prove_unbounded(program: &ProgramRef<'_>, solve: &mut SolveLp<'_>, out: &mut Solution) -> Result<Status> {
    let auxiliary = recession(program)?;
    let found = solve(&auxiliary.as_ref())?;
    let n = program.num_vars();
    out.resize(n, program.num_rows(), 0);
    if found.x.len() != n {
        return Ok(Status::NumericalError);
    }
    for (j, d) in out.x.iter_mut().enumerate() {
        let (lo, hi) = recession_side(program.lb()[j], program.ub()[j], 1.0);
        *d = found.x[j].max(lo).min(hi);
    }
    Ok(judge(program, Claim { status: Status::DualInfeasible, limited: false }, 1.0, out))
}

/// A dual where its sign belongs to a finite side, else 0.
fn on_finite_side(dual: f64, lower: f64, upper: f64) -> f64 {
    let side = if dual > 0.0 { upper } else { lower };
    if side.is_finite() { dual } else { 0.0 }
}

/// What directions of recession keep of two sides: 0 for a finite one, `reach` for an infinite one.
fn recession_side(lower: f64, upper: f64, reach: f64) -> (f64, f64) {
    (if lower.is_finite() { 0.0 } else { -reach }, if upper.is_finite() { 0.0 } else { reach })
}

fn phase_one(program: &ProgramRef<'_>) -> Result<ProgramBuf> {
    refuse_cones(program)?;
    let (n, m) = (program.num_vars(), program.num_rows());
    let mut scale = program.a().row_norms();
    scale.iter_mut().filter(|s| **s == 0.0).for_each(|s| *s = 1.0);
    let slacks = scale.iter().enumerate().flat_map(|(i, s)| [(i, n + i, *s), (i, n + m + i, -s)]);
    let entries: Vec<_> = program.a().entries().chain(slacks).collect();
    let total = n + 2 * m;
    let mut q = vec![1.0; total];
    q[..n].fill(0.0);
    let (mut lb, mut ub) = (vec![0.0; total], vec![f64::INFINITY; total]);
    lb[..n].copy_from_slice(program.lb());
    ub[..n].copy_from_slice(program.ub());
    let a = CscMatrix::from_triplets(m, total, &entries)?;
    ProgramBuf::new(CscMatrix::zeros(total, total), q, a, (program.l().to_vec(), program.u().to_vec()), (lb, ub))
}

fn recession(program: &ProgramRef<'_>) -> Result<ProgramBuf> {
    refuse_cones(program)?;
    let (n, m) = (program.num_vars(), program.num_rows());
    let mirrored = program.p().entries().filter(|(i, j, _)| i != j).map(|(i, j, v)| (j, i, v));
    let hessian = program.p().entries().chain(mirrored).map(|(i, j, v)| (m + i, j, v));
    let entries: Vec<_> = program.a().entries().chain(hessian).collect();
    let rows = if program.p().values().is_empty() { m } else { m + n };
    let infinity = f64::INFINITY;
    let (mut l, mut u) = (vec![0.0; rows], vec![0.0; rows]);
    for i in 0..m {
        (l[i], u[i]) = recession_side(program.l()[i], program.u()[i], infinity);
    }
    let bounds = (0..n).map(|j| recession_side(program.lb()[j], program.ub()[j], 1.0)).unzip();
    let size = max_abs(program.q()).max(f64::MIN_POSITIVE);
    let q = program.q().iter().map(|v| v / size).collect();
    ProgramBuf::new(CscMatrix::zeros(n, n), q, CscMatrix::from_triplets(rows, n, &entries)?, (l, u), bounds)
}

fn refuse_cones(program: &ProgramRef<'_>) -> Result<()> {
    match program.cones() {
        None => Ok(()),
        Some(_) => Err(Error::unsupported("the search for certificates", "second-order cones")),
    }
}
