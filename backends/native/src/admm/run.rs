//! One solve: iterate, check, polish, adapt.

use std::time::Instant;

use bpqp_traits::{Result, Solution, Status};

use super::rho::Rho;
use super::session::AdmmSession;
use crate::best::Best;
use crate::infeasibility;
use crate::polish::{Budget, Point};
use crate::progress::print;

/// Factorizations of one run of the polish at most …
const POLISH_MAX: u64 = 60;
/// … and of one that only sharpens a point within tolerance.
const SHARPEN_MAX: u64 = 8;
/// Steps of the polish for each factorization allowed.
const POLISH_STEPS: u64 = 4;
/// After a run of the polish the iterations go on for its work divided by this.
const POLISH_SHARE: f64 = 2.0;
/// The polish keeps its own point until the iterate's residual is this much smaller.
const RESTART: f64 = 0.01;

/// The state of one solve.
pub(crate) struct Run<'a> {
    s: &'a mut AdmmSession,
    started: Instant,
    best: Best,
    iterations: u64,
    /// Work of the polish so far, in iterations.
    polish_work: f64,
    next_polish: u64,
    /// About how many iterations one factorization costs.
    factor_cost: f64,
}

impl<'a> Run<'a> {
    pub(crate) fn new(session: &'a mut AdmmSession) -> Self {
        let factor_cost = session.kkt.ldl.cost_ratio();
        let next_polish = session.options.check_interval.max(factor_cost as u64);
        Self {
            s: session,
            started: Instant::now(),
            best: Best::default(),
            iterations: 0,
            polish_work: 0.0,
            next_polish,
            factor_cost,
        }
    }

    /// Runs to a status; `warm` says that the iterate is a guess worth polishing at once.
    pub(crate) fn solve(mut self, warm: bool, out: &mut Solution) -> Result<Status> {
        let status = self.run(warm, out)?;
        if !matches!(status, Status::PrimalInfeasible | Status::DualInfeasible) {
            std::mem::swap(out, &mut self.best.solution);
        }
        out.objective = self.s.program.as_ref().objective(&out.x);
        out.iterations = self.iterations;
        Ok(status)
    }

    fn run(&mut self, warm: bool, out: &mut Solution) -> Result<Status> {
        if warm {
            self.offer_iterate();
            if let Some(status) = self.polish(POLISH_MAX, out) {
                return Ok(status);
            }
        }
        loop {
            if self.iterations >= self.s.options.max_iterations {
                return Ok(self.final_status(Status::IterationLimit));
            }
            self.iterations += 1;
            let AdmmSession { it, problem, kkt, rho, options, .. } = &mut *self.s;
            it.step(problem, kkt, rho, options.sigma, options.alpha);
            let last = self.iterations >= options.max_iterations;
            if !last && !self.iterations.is_multiple_of(options.check_interval) {
                continue;
            }
            if let Some(status) = self.check(out)? {
                return Ok(status);
            }
        }
    }

    fn final_status(&self, limit: Status) -> Status {
        if self.best.residual <= self.s.options.tolerance { Status::Solved } else { limit }
    }

    fn out_of_time(&self) -> bool {
        self.s.options.time_limit.is_some_and(|limit| self.started.elapsed() >= limit)
    }

    fn offer_iterate(&mut self) -> f64 {
        let AdmmSession { it, problem, program, .. } = &*self.s;
        self.best.offer((&program.as_ref(), problem), Point { x: &it.x, y: &it.y, zeta: &it.zeta })
    }

    /// Everything that is done every few iterations; a status ends the solve.
    fn check(&mut self, out: &mut Solution) -> Result<Option<Status>> {
        // Offered even when it is not finite, so that there is always a point of the right shape to return.
        self.offer_iterate();
        if !self.s.it.is_finite() {
            return Ok(Some(Status::NumericalError));
        }
        if self.best.residual <= self.s.options.tolerance {
            self.polish(SHARPEN_MAX, out);
            return Ok(Some(Status::Solved));
        }
        if let Some(status) = self.infeasible(out) {
            return Ok(Some(status));
        }
        if self.iterations >= self.next_polish {
            let before = self.polish_work;
            if let Some(status) = self.polish(POLISH_MAX, out) {
                return Ok(Some(status));
            }
            let pause = (self.polish_work - before) / POLISH_SHARE;
            self.next_polish = self.iterations + (pause as u64).max(self.s.options.check_interval);
        }
        if self.out_of_time() {
            return Ok(Some(self.final_status(Status::TimeLimit)));
        }
        self.adapt_rho()?;
        Ok(None)
    }

    fn infeasible(&mut self, out: &mut Solution) -> Option<Status> {
        let AdmmSession { it, problem, program, options, .. } = &*self.s;
        let change = Point { x: &it.dx, y: &it.dy, zeta: &it.dzeta };
        infeasibility::status(&program.as_ref(), problem, change, options.infeasibility_tolerance, out)
    }

    /// Polishes, going on from the last run's point or from an iterate that is much better; a status ends the
    /// solve.
    fn polish(&mut self, factorizations: u64, out: &mut Solution) -> Option<Status> {
        let left = self.s.options.max_iterations.saturating_sub(self.iterations);
        if left == 0 {
            return None;
        }
        let deadline = self.s.options.time_limit.and_then(|limit| self.started.checked_add(limit));
        let best = &mut self.best;
        let AdmmSession { polish, problem, it, program, options, .. } = &mut *self.s;
        let Some(polish) = polish else { return None };
        let program = program.as_ref();
        let iterate = Point { x: &it.x, y: &it.y, zeta: &it.zeta };
        let current = best.residual_of((&program, problem), iterate);
        if polish.is_new() || current < RESTART * polish.residual && polish.residual.is_finite() {
            polish.restart(Point { x: &it.w, ..iterate });
        }
        let budget = Budget { factorizations, steps: (POLISH_STEPS * factorizations).min(left), deadline };
        let tolerances = (options.tolerance, options.infeasibility_tolerance);
        let (spent, certified) = best.polish(polish, (&program, problem), tolerances, budget, out);
        if options.verbose {
            print(format_args!(
                "{:>8} polish: iterate {current:.1e}, polished {:.1e}, best {:.1e}, {spent:?}",
                self.iterations, polish.residual, best.residual
            ));
        }
        if polish.residual < current {
            let point = polish.point();
            it.set(problem, point.x, point.y, point.zeta);
        }
        self.polish_work += spent.factorizations as f64 * self.factor_cost + spent.steps as f64;
        self.iterations += spent.steps;
        if self.best.residual <= self.s.options.tolerance { Some(Status::Solved) } else { certified }
    }

    fn adapt_rho(&mut self) -> Result<()> {
        let AdmmSession { it, problem, kkt, rho, options, .. } = &mut *self.s;
        let interval = options.adaptive_rho_interval.max(self.factor_cost as u64);
        let interval = interval.next_multiple_of(options.check_interval);
        if !options.adaptive_rho || !self.iterations.is_multiple_of(interval) {
            return Ok(());
        }
        let (primal, dual) = it.balance(problem);
        if options.verbose {
            print(format_args!("{:>8} primal {primal:.1e} dual {dual:.1e} rho {:.1e}", self.iterations, rho.base));
        }
        if let Some(base) = rho.rebalanced(primal, dual) {
            *rho = Rho::new(problem, base);
            rho.factorize(kkt, problem, options.sigma)?;
        }
        Ok(())
    }
}
