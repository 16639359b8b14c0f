//! One solve: to a consistent working set, and to a judged result.

use bpqp_traits::claims::{Claim, judge, judge_residuals};
use bpqp_traits::vector::max_abs;
use bpqp_traits::{KktResiduals, Products, ProgramRef, Solution, Status};

use super::budget::{Budget, Stop};
use super::engine::{Engine, gather_rows};
use crate::certificates;

/// Rounds of dual steps, each judged by a refined point.
const ROUNDS: u32 = 20;

/// How a solve ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    /// With a status that holds.
    Done(Status),
    /// Without: `out` holds the last point.
    GaveUp,
}

impl Engine {
    /// Solves from the last working set, or from the guess. Unless the result is to be `judged`, a consistent point of factors
    /// that are far from singular is claimed to solve the problem.
    pub(crate) fn solve(
        &mut self,
        program: &ProgramRef<'_>,
        (tolerance, ray_tolerance): (f64, f64),
        judged: bool,
        budget: &mut Budget,
        out: &mut Solution,
    ) -> End {
        self.optimal = false;
        self.unknowns.known = false;
        self.force = 1.0 + max_abs(&self.data.q);
        self.ignored.fill(false);
        for k in 0..self.data.m {
            // A row of zeros holds or not by its sides alone, in their own units.
            let (lo, hi) = (self.data.lo[k], self.data.hi[k]);
            self.ignored[k] = self.data.norms[k] == 0.0 && lo <= tolerance && hi >= -tolerance;
        }
        let mut warm = self.prepare();
        loop {
            let stop = if self.is_proximal() {
                match self.outer_loop(program, (tolerance, ray_tolerance), warm, budget, out) {
                    Ok(status) => return self.finish(status, budget, out),
                    Err(stop) => stop,
                }
            } else {
                self.set_linear_term();
                match self.inner_loop(warm, budget) {
                    Ok(()) => {
                        self.write(out);
                        if !judged && self.is_well_conditioned() {
                            return self.finish(Status::Solved, budget, out);
                        }
                        let mut status = self.judge(program, tolerance, out);
                        if status != Status::Solved {
                            self.refine();
                            self.write(out);
                            status = self.judge(program, tolerance, out);
                        }
                        return self.finish(status, budget, out);
                    }
                    Err(stop) => stop,
                }
            };
            warm = true;
            let status = match stop {
                Stop::Limit(status) => {
                    self.write(out);
                    judge(program, Claim { status, limited: true }, tolerance, out)
                }
                Stop::Infeasible(k) => {
                    if self.excess_of(k) <= 0.1 * tolerance * (1.0 + self.data.magnitude(k, &self.x)) {
                        self.ignored[k] = true;
                        continue;
                    }
                    self.write_certificate(out);
                    if certificates::primal(program, ray_tolerance, out) {
                        judge(program, Claim { status: Status::PrimalInfeasible, limited: false }, tolerance, out)
                    } else {
                        self.write(out);
                        Status::NumericalError
                    }
                }
                Stop::GaveUp => {
                    self.write(out);
                    judge(program, CLAIM, tolerance, out)
                }
            };
            return self.finish(status, budget, out);
        }
    }

    fn finish(&mut self, status: Status, budget: &Budget, out: &mut Solution) -> End {
        out.iterations = budget.spent;
        self.optimal = status == Status::Solved;
        match status {
            Status::SolvedInaccurate | Status::NumericalError => End::GaveUp,
            status => End::Done(status),
        }
    }

    /// What holds of the point that was written, by the engine's own copy of the matrices.
    pub(super) fn judge(&mut self, program: &ProgramRef<'_>, tolerance: f64, out: &mut Solution) -> Status {
        let Self { factor, data, y, values, dx, forces, rows, row_values, .. } = self;
        data.values(&out.x, values);
        dx.fill(0.0);
        data.subtract_hessian(&out.x, dx);
        dx.iter_mut().for_each(|v| *v = -*v);
        gather_rows(&factor.members, y, data.m, rows, row_values);
        row_values.iter_mut().for_each(|y| *y = -*y);
        forces.copy_from_slice(&out.bound_duals);
        data.subtract_rows(rows, row_values, forces);
        let products = Products { px: dx, ax: &values[..data.m], sx: &[], forces };
        judge_residuals(KktResiduals::from_products(program, out, products), CLAIM, tolerance, out)
    }

    /// To a working set whose refined point has no wrong signs and violates nothing.
    pub(super) fn inner_loop(&mut self, warm: bool, budget: &mut Budget) -> Result<(), Stop> {
        self.recover_roughly();
        if self.block_pivot(warm, budget)? {
            return Ok(());
        }
        let mut suspected = false;
        for _ in 0..ROUNDS {
            self.make_dual_feasible(budget)?;
            match self.dual_steps(budget) {
                // A contradiction is believed of a refined point only: rounding alone can look like one.
                Err(Stop::Infeasible(_)) if !suspected => suspected = true,
                result => result?,
            }
            self.recover();
            if self.is_consistent() {
                return Ok(());
            }
        }
        Err(Stop::GaveUp)
    }

    /// `t0 = L⁻¹(D center − q)`.
    pub(super) fn set_linear_term(&mut self) {
        let Self { factor, data, t0, center, .. } = self;
        for j in 0..data.n {
            t0[j] = factor.shift[j] * center[j] - data.q[j];
        }
        factor.llt.solve_lower(t0);
    }

    fn excess_of(&self, k: usize) -> f64 {
        (self.values[k] - self.data.hi[k]).max(self.data.lo[k] - self.values[k])
    }

    fn write_certificate(&self, out: &mut Solution) {
        let (n, m) = (self.data.n, self.data.m);
        out.resize(n, m, 0);
        out.x.fill(f64::NAN);
        out.y.copy_from_slice(&self.ray[..m]);
        out.bound_duals.copy_from_slice(&self.ray[m..]);
    }
}

/// What the method says of a consistent working set.
pub(super) const CLAIM: Claim = Claim { status: Status::Solved, limited: false };
