//! What an answer is worth, recomputed from the problem's data.

use bpqp_traits::vector::max_abs;
use bpqp_traits::{KktResiduals, ProgramRef, Solution, Status, dual_ray_violation, primal_ray_violation};

/// A certificate with a larger violation is not believed. A violation of `v` rules out feasible points (for a ray:
/// improvement that is not paid for) up to size `1/v` only, and 1e8 is where the arithmetic of a tolerance of 1e-8 ends.
const MAX_RAY_VIOLATION: f64 = 1e-8;

/// What holds of the solver's `claim` about `out`. Certificates are scaled to size one, their complement becomes NaN.
///
/// A point within `tolerance` is solved, whatever the solver claims; one that has at least half the digits asked for is
/// usable. A limit is reported where the caller set it (`limited`), or where the point is of no use.
pub(crate) fn judge(
    program: &ProgramRef<'_>,
    claim: Status,
    tolerance: f64,
    limited: bool,
    out: &mut Solution,
) -> Status {
    let status = match claim {
        Status::PrimalInfeasible => primal_infeasible(program, out),
        Status::DualInfeasible => dual_infeasible(program, out),
        _ => point(program, claim, tolerance, limited, out),
    };
    out.objective = program.objective(&out.x);
    status
}

fn point(program: &ProgramRef<'_>, claim: Status, tolerance: f64, limited: bool, out: &Solution) -> Status {
    let residual = KktResiduals::compute(program, out).max();
    let is_limit = matches!(claim, Status::IterationLimit | Status::TimeLimit);
    if residual <= tolerance {
        Status::Solved
    } else if is_limit && limited {
        claim
    } else if residual <= tolerance.sqrt() {
        Status::SolvedInaccurate
    } else if is_limit {
        claim
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
