//! Certificates of infeasibility from differences of iterates, checked in the caller's units.

use bpqp_traits::{ProgramRef, Solution, Status};

use crate::certificates;
use crate::polish::Point;
use crate::scaling::Scaled;

/// What `change`, a difference of iterates in scaled units, proves: `out` then holds the certificate and NaN elsewhere.
pub(crate) fn status(
    program: &ProgramRef<'_>,
    problem: &Scaled,
    change: Point<'_>,
    tolerance: f64,
    out: &mut Solution,
) -> Option<Status> {
    problem.unscale(change.x, change.y, change.zeta, out);
    if certificates::primal(program, tolerance, out) {
        out.x.fill(f64::NAN);
        return Some(Status::PrimalInfeasible);
    }
    problem.unscale(change.x, change.y, change.zeta, out);
    if certificates::dual(program, tolerance, out) {
        out.y.fill(f64::NAN);
        out.bound_duals.fill(f64::NAN);
        return Some(Status::DualInfeasible);
    }
    None
}
