//! Certificates of infeasibility where the method gave up: each is a projection, an always feasible QP of its own whose
//! solution on an active set is exact.

use bpqp_traits::{CscMatrix, ProgramBuf, ProgramRef, Result, Solution, Status};

use super::run::End;
use super::session::{InteriorPoint, Limits};
use crate::certificates;

/// The projections are solved to this.
const TOLERANCE: f64 = 1e-11;
/// Ruiz passes for the projections.
const PASSES: u32 = 10;

/// What can be proved about `program`; `out` is touched only where something is.
pub(super) fn status(program: &ProgramRef<'_>, limits: Limits, out: &mut Solution) -> Result<Option<Status>> {
    let (n, m) = (program.num_vars(), program.num_rows());
    let mut found = Solution::default();
    found.resize(n, m, 0);
    if let Some(solution) = solve(&violation(program)?, limits)? {
        found.y.copy_from_slice(&solution.y);
        if certificates::primal(program, limits.ray_tolerance, &mut found) {
            found.x.fill(f64::NAN);
            *out = found;
            return Ok(Some(Status::PrimalInfeasible));
        }
    }
    if let Some(solution) = solve(&descent(program)?, limits)? {
        found.x.copy_from_slice(&solution.x);
        if certificates::dual(program, limits.ray_tolerance, &mut found) {
            found.y.fill(f64::NAN);
            found.bound_duals.fill(f64::NAN);
            *out = found;
            return Ok(Some(Status::DualInfeasible));
        }
    }
    Ok(None)
}

/// The best point of `program`, solved or not: the certificate is checked anyway.
fn solve(program: &ProgramBuf, limits: Limits) -> Result<Option<Solution>> {
    if limits.is_late() {
        return Ok(None);
    }
    let mut out = Solution::default();
    let limits = Limits { tolerance: TOLERANCE, verbose: false, ..limits };
    let (end, _) = InteriorPoint::new(&program.as_ref(), PASSES)?.optimize(limits, None, &mut out)?;
    Ok((end == End::GaveUp || end == End::Status(Status::Solved)).then_some(out))
}

/// `min ½|w|²` over `l ≤ Ax + Dw ≤ u` and the bounds: at the least violation, its multipliers are Farkas's.
fn violation(program: &ProgramRef<'_>) -> Result<ProgramBuf> {
    let (n, m) = (program.num_vars(), program.num_rows());
    let mut sizes = vec![0.0; m];
    let mut entries: Vec<(usize, usize, f64)> = program.a().entries().collect();
    for &(i, _, v) in &entries {
        sizes[i] = v.abs().max(sizes[i]);
    }
    entries.extend(sizes.iter().enumerate().map(|(i, &size)| (i, n + i, if size > 0.0 { size } else { 1.0 })));
    let a = CscMatrix::from_triplets(m, n + m, &entries)?;
    let weights: Vec<_> = (n..n + m).map(|k| (k, k, 1.0)).collect();
    let p = CscMatrix::from_triplets(n + m, n + m, &weights)?;
    let bounds = |v: &[f64], absent: f64| [v, &vec![absent; m]].concat();
    let (lb, ub) = (bounds(program.lb(), f64::NEG_INFINITY), bounds(program.ub(), f64::INFINITY));
    let (l, u) = (program.l().to_vec(), program.u().to_vec());
    ProgramBuf::new(p, vec![0.0; n + m], a, (l, u), (lb, ub))
}

/// `min ½|d|² + qᵀd` over `Pd = 0` and the directions that no side stops: the projection of `−q` onto the cone of
/// unbounded descent.
fn descent(program: &ProgramRef<'_>) -> Result<ProgramBuf> {
    let (n, m) = (program.num_vars(), program.num_rows());
    let unit: Vec<_> = (0..n).map(|k| (k, k, 1.0)).collect();
    let mut entries: Vec<(usize, usize, f64)> = program.a().entries().collect();
    for (i, j, v) in program.p().entries() {
        entries.push((m + i, j, v));
        if i != j {
            entries.push((m + j, i, v));
        }
    }
    let side = |v: &f64, absent: f64| if v.is_finite() { 0.0 } else { absent };
    let lower = |v: &[f64]| v.iter().map(|v| side(v, f64::NEG_INFINITY)).collect::<Vec<_>>();
    let upper = |v: &[f64]| v.iter().map(|v| side(v, f64::INFINITY)).collect::<Vec<_>>();
    let (mut l, mut u) = (lower(program.l()), upper(program.u()));
    l.resize(m + n, 0.0);
    u.resize(m + n, 0.0);
    let size = bpqp_traits::vector::max_abs(program.q());
    let q = program.q().iter().map(|q| if size > 0.0 { q / size } else { 0.0 }).collect();
    let (p, a) = (CscMatrix::from_triplets(n, n, &unit)?, CscMatrix::from_triplets(m + n, n, &entries)?);
    ProgramBuf::new(p, q, a, (l, u), (lower(program.lb()), upper(program.ub())))
}
