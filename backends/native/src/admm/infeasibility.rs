//! Certificates of infeasibility from differences of iterates, checked in the caller's units.

use bpqp_traits::{ProgramRef, Solution, Status, dual_ray_violation, primal_ray_violation};

use super::judge::Point;
use super::scaling::Scaled;

/// What `change`, a difference of iterates in scaled units, proves: `out` then holds the certificate and NaN elsewhere.
pub(crate) fn status(
    program: &ProgramRef<'_>,
    problem: &Scaled,
    change: Point<'_>,
    tolerance: f64,
    out: &mut Solution,
) -> Option<Status> {
    if primal(program, problem, change, tolerance, out) {
        out.x.fill(f64::NAN);
        return Some(Status::PrimalInfeasible);
    }
    if dual(program, problem, change, tolerance, out) {
        out.y.fill(f64::NAN);
        out.bound_duals.fill(f64::NAN);
        return Some(Status::DualInfeasible);
    }
    None
}

/// Whether a change of the duals proves that no point is feasible; the normalized certificate is left in `out`.
fn primal(program: &ProgramRef<'_>, problem: &Scaled, change: Point<'_>, tolerance: f64, out: &mut Solution) -> bool {
    problem.unscale(change.x, change.y, change.zeta, out);
    // Duals on absent sides are rounding; they would spoil an otherwise good certificate.
    clear_absent_sides(&mut out.y, program.l(), program.u());
    absorb_into_bounds(program, out);
    let size = largest(&[&out.y, &out.bound_duals]);
    if !normalize(&mut out.y, size) || !normalize(&mut out.bound_duals, size) {
        return false;
    }
    primal_ray_violation(program, &out.y, &out.bound_duals, &[]) <= tolerance
}

/// Whether a change of the point is a direction of unbounded descent; it is left, normalized, in `out`.
fn dual(program: &ProgramRef<'_>, problem: &Scaled, change: Point<'_>, tolerance: f64, out: &mut Solution) -> bool {
    problem.unscale(change.x, change.y, change.zeta, out);
    let size = largest(&[&out.x]);
    if !normalize(&mut out.x, size) {
        return false;
    }
    // A component that leaves a bound the wrong way by rounding alone does not belong to the ray.
    for (j, x) in out.x.iter_mut().enumerate() {
        let leaves = (*x > 0.0 && program.ub()[j].is_finite()) || (*x < 0.0 && program.lb()[j].is_finite());
        if leaves && x.abs() <= tolerance.sqrt() {
            *x = 0.0;
        }
    }
    dual_ray_violation(program, &out.x) <= tolerance
}

fn clear_absent_sides(duals: &mut [f64], lower: &[f64], upper: &[f64]) {
    for ((d, l), u) in duals.iter_mut().zip(lower).zip(upper) {
        if (*d > 0.0 && u.is_infinite()) || (*d < 0.0 && l.is_infinite()) {
            *d = 0.0;
        }
    }
}

/// Sets `ζ = −Aᵀy` wherever a bound can take it, which makes the certificate exact in those components.
fn absorb_into_bounds(program: &ProgramRef<'_>, out: &mut Solution) {
    out.bound_duals.fill(0.0);
    program.a().transpose_mul_add(-1.0, &out.y, &mut out.bound_duals);
    clear_absent_sides(&mut out.bound_duals, program.lb(), program.ub());
}

fn largest(vectors: &[&[f64]]) -> f64 {
    vectors.iter().flat_map(|v| v.iter()).fold(0.0, |m: f64, v| m.max(v.abs()))
}

fn normalize(v: &mut [f64], size: f64) -> bool {
    v.iter_mut().for_each(|v| *v /= size);
    size > 1e-300 && size.is_finite()
}
