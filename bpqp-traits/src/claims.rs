//! What a solver's claim is worth, judged from the problem's data: for backends whose solver has stopping rules of its own.

use crate::vector::max_abs;
use crate::{KktResiduals, ProgramRef, Solution, Status, dual_ray_violation, primal_ray_violation};

/// A certificate with a larger violation is not believed. A violation of `v` rules out feasible points (for a ray:
/// improvement that is not paid for) up to size `1/v` only, and 1e8 is where the arithmetic of a tolerance of 1e-8 ends.
pub const MAX_RAY_VIOLATION: f64 = 1e-8;

/// How a solver says that it ended, before anyone looked at the answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Claim {
    /// The solver's own word, translated.
    pub status: Status,
    /// Whether the caller set the limit that `status` names, rather than the backend: it is then reported wherever the
    /// tolerance was not reached.
    pub limited: bool,
}

/// What holds of `claim` about `out`, whose buffers have the problem's lengths and hold the point with its duals, or the
/// certificate.
///
/// | claim | holds | otherwise |
/// |---|---|---|
/// | infeasible either way | the certificate's violation is at most [`MAX_RAY_VIOLATION`] | `NumericalError` |
/// | anything else | residuals ≤ `tolerance`: `Solved`, whatever the solver says | below |
/// | … a limit the caller set | | that limit |
/// | … anything else | residuals ≤ `√tolerance`, half the digits asked for: `SolvedInaccurate` | below |
/// | … a limit of the backend | | that limit |
/// | … anything else | | `NumericalError` |
///
/// Residuals are [`KktResiduals::max`]. A certificate is scaled to size one and its complement becomes NaN, as
/// [`Solution`] asks; the objective is recomputed in any case.
pub fn judge(program: &ProgramRef<'_>, claim: Claim, tolerance: f64, out: &mut Solution) -> Status {
    let status = match claim.status {
        Status::PrimalInfeasible => primal_infeasible(program, out),
        Status::DualInfeasible => dual_infeasible(program, out),
        _ => return point(program, claim, tolerance, out),
    };
    out.objective = program.objective(&out.x);
    status
}

fn point(program: &ProgramRef<'_>, claim: Claim, tolerance: f64, out: &mut Solution) -> Status {
    judge_residuals(KktResiduals::compute(program, out), claim, tolerance, out)
}

/// What [`judge`] finds of a point whose residuals are known.
pub fn judge_residuals(residuals: KktResiduals, claim: Claim, tolerance: f64, out: &mut Solution) -> Status {
    out.objective = residuals.primal_objective;
    let residual = residuals.max();
    let is_limit = matches!(claim.status, Status::IterationLimit | Status::TimeLimit);
    if residual <= tolerance {
        Status::Solved
    } else if is_limit && claim.limited {
        claim.status
    } else if residual <= tolerance.sqrt() {
        Status::SolvedInaccurate
    } else if is_limit {
        claim.status
    } else {
        Status::NumericalError
    }
}

fn primal_infeasible(program: &ProgramRef<'_>, out: &mut Solution) -> Status {
    out.x.fill(f64::NAN);
    let size = max_abs(&out.y).max(max_abs(&out.bound_duals)).max(max_abs(&out.cone_duals));
    for v in [&mut out.y, &mut out.bound_duals, &mut out.cone_duals] {
        v.iter_mut().for_each(|v| *v /= size);
    }
    let violation = primal_ray_violation(program, &out.y, &out.bound_duals, &out.cone_duals);
    if violation <= MAX_RAY_VIOLATION { Status::PrimalInfeasible } else { Status::NumericalError }
}

fn dual_infeasible(program: &ProgramRef<'_>, out: &mut Solution) -> Status {
    for v in [&mut out.y, &mut out.bound_duals, &mut out.cone_duals] {
        v.fill(f64::NAN);
    }
    let size = max_abs(&out.x);
    out.x.iter_mut().for_each(|v| *v /= size);
    let violation = dual_ray_violation(program, &out.x);
    if violation <= MAX_RAY_VIOLATION { Status::DualInfeasible } else { Status::NumericalError }
}
