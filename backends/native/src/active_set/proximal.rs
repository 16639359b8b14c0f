//! The outer loop where `P` is singular: the proximal point method, whose last working set is solved without the
//! proximal term.

use bpqp_traits::claims::{Claim, judge};
use bpqp_traits::vector::{dot, max_abs, max_nan};
use bpqp_traits::{ProgramRef, Solution, Status};

use super::budget::{Budget, Stop};
use super::engine::Engine;
use crate::certificates;

/// Outer steps at most.
const OUTER: u32 = 50;
/// Corrections of a working set's point at most …
const CORRECTIONS: u32 = 20;
/// … and no more where one keeps this share of the error.
const SLOW: f64 = 0.5;

/// A ray's curvature relative to its slope is far below this.
const RAY: f64 = 0.1;

impl Engine {
    /// Moves the center until the true problem is solved, or is proved unbounded.
    pub(super) fn outer_loop(
        &mut self,
        program: &ProgramRef<'_>,
        (tolerance, ray_tolerance): (f64, f64),
        mut warm: bool,
        budget: &mut Budget,
        out: &mut Solution,
    ) -> Result<Status, Stop> {
        for _ in 0..OUTER {
            self.set_linear_term();
            self.inner_loop(warm, budget)?;
            warm = true;
            self.next_center.clone_from(&self.x);
            self.refine();
            if self.is_consistent() {
                self.write(out);
                if self.judge(program, tolerance, out) == Status::Solved {
                    return Ok(Status::Solved);
                }
            }
            out.resize(self.data.n, self.data.m, 0);
            for ((o, x), c) in out.x.iter_mut().zip(&self.next_center).zip(&self.center) {
                *o = x - c;
            }
            if self.may_be_ray(&out.x) && certificates::dual(program, ray_tolerance, out) {
                return Ok(judge(program, Claim { status: Status::DualInfeasible, limited: false }, tolerance, out));
            }
            std::mem::swap(&mut self.center, &mut self.next_center);
        }
        Err(Stop::GaveUp)
    }

    /// Whether `d` descends along less curvature than a ray could be mistaken for: a look before the whole check.
    fn may_be_ray(&mut self, d: &[f64]) -> bool {
        self.dx.fill(0.0);
        self.data.subtract_hessian(d, &mut self.dx);
        max_abs(&self.dx) <= -RAY * dot(&self.data.q, d)
    }

    /// Refines the point against the true KKT matrix on the working set, as far as that goes.
    pub(super) fn refine(&mut self) {
        let mut error = f64::INFINITY;
        for _ in 0..CORRECTIONS {
            self.stationarity(false);
            let new = max_nan(max_abs(&self.dx) / self.force, self.working_error());
            if new.is_nan() || new >= error {
                self.restore_saved();
                return;
            }
            let slow = new > SLOW * error;
            error = new;
            if error <= f64::EPSILON || slow {
                return;
            }
            self.saved_x.copy_from_slice(&self.x);
            self.saved_y.clone_from(&self.y);
            self.correct(false);
        }
    }
}
