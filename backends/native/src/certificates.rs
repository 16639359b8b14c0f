//! Certificates of infeasibility, cleaned of rounding and checked in the caller's units.

use bpqp_traits::{ProgramRef, Solution, dual_ray_violation, primal_ray_violation};

/// Whether the duals in `out` prove that no point is feasible; the normalized certificate is left there. The bounds'
/// share is recomputed from the rows'.
pub(crate) fn primal(program: &ProgramRef<'_>, tolerance: f64, out: &mut Solution) -> bool {
    // Duals on absent sides are rounding; they would spoil an otherwise good certificate.
    clear_absent_sides(&mut out.y, program.l(), program.u());
    absorb_into_bounds(program, out);
    let size = largest(&[&out.y, &out.bound_duals]);
    if !normalize(&mut out.y, size) || !normalize(&mut out.bound_duals, size) {
        return false;
    }
    primal_ray_violation(program, &out.y, &out.bound_duals, &[]) <= tolerance
}

/// Whether `out.x` is a direction of unbounded descent; it is left there, normalized.
pub(crate) fn dual(program: &ProgramRef<'_>, tolerance: f64, out: &mut Solution) -> bool {
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
