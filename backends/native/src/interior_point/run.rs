//! One solve: Mehrotra's predictor and corrector, until an active set finishes it.

use bpqp_traits::{Result, Solution, Status};

use super::iterate::Iterate;
use super::session::{InteriorPoint, Limits};
use crate::best::Best;
use crate::infeasibility;
use crate::polish::{Budget, Point};
use crate::progress::print;
use crate::sparse_active_set::SparseActiveSet;

/// Complementarity below this has nothing more to gain from the method.
const MU_MIN: f64 = 1e-12;
/// Iterations without progress.
const PATIENCE: u32 = 15;
/// Progress is a merit below this share of the best.
const PROGRESS: f64 = 0.9;
/// Factorizations of an early try to finish …
const EARLY: u64 = 3;
/// … and of the last.
const LAST: u64 = 60;
/// A residual as good as exact.
const EXACT: f64 = 1e-11;
/// Iterations within tolerance that look for an active set that gives it.
const EXTRA: u32 = 10;
/// Steps of the polish for each factorization allowed.
const POLISH_STEPS: u64 = 4;
/// So many steps in a row …
const STALL: u32 = 8;
/// … below this …
pub(super) const STALLED: f64 = 0.1;
/// … ask for a start at so many times the typical distances and multipliers.
const FAR: f64 = 1e4;
/// Iterations that polish residuals once complementarity has vanished.
const LAST_IDLE: u32 = 3;

/// How a solve ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// With a status that holds.
    Status(Status),
    /// Without.
    GaveUp,
}

/// The state of one solve.
pub(super) struct Run<'a> {
    pub(super) s: &'a mut InteriorPoint,
    finisher: Option<&'a mut SparseActiveSet>,
    /// What the finisher made, in the caller's units.
    finished: Option<Solution>,
    pub(super) limits: Limits,
    pub(super) it: Iterate,
    best: Best,
    /// The active inequalities as predicted now, before, and when the polish last looked at them.
    predicted: [Vec<bool>; 3],
    /// Factorizations of the polish.
    polished: u64,
    merit: f64,
    idle: u32,
    /// Short steps in a row.
    pub(super) short: u32,
    /// Of the start's distances and multipliers.
    scale: f64,
    /// Iterations that began within tolerance.
    extra: u32,
}

impl<'a> Run<'a> {
    pub(super) fn new(
        session: &'a mut InteriorPoint,
        limits: Limits,
        finisher: Option<&'a mut SparseActiveSet>,
    ) -> Self {
        let it = Iterate::new(&session.problem);
        let predicted = std::array::from_fn(|_| Vec::new());
        Self {
            s: session,
            finisher,
            finished: None,
            limits,
            it,
            best: Best::default(),
            predicted,
            polished: 0,
            merit: f64::INFINITY,
            idle: 0,
            short: 0,
            scale: 1.0,
            extra: 0,
        }
    }

    /// Runs to an end; also returns the factorizations spent.
    pub(super) fn solve(mut self, out: &mut Solution) -> Result<(End, u64)> {
        let end = self.run(out)?;
        if let Some(solution) = self.finished.take() {
            *out = solution;
        } else if !matches!(end, End::Status(Status::PrimalInfeasible | Status::DualInfeasible)) {
            std::mem::swap(out, &mut self.best.solution);
        }
        out.objective = self.s.program.as_ref().objective(&out.x);
        Ok((end, self.spent()))
    }

    fn spent(&self) -> u64 {
        self.s.newton.count + self.polished
    }

    fn run(&mut self, out: &mut Solution) -> Result<End> {
        if !self.start() {
            self.offer();
            return Ok(End::GaveUp);
        }
        loop {
            self.it.measure(&self.s.problem);
            let residual = self.offer();
            if self.limits.verbose {
                let ((primal, dual), mu) = (self.it.residuals(), self.it.barriers.mu());
                let count = self.s.newton.count;
                print(format_args!(
                    "{count:>8} primal {primal:.1e} dual {dual:.1e} mu {mu:.1e} residual {residual:.1e}"
                ));
            }
            if self.best.residual <= self.limits.tolerance {
                self.extra += 1;
                if self.best.residual <= EXACT || self.extra > EXTRA {
                    return Ok(End::Status(Status::Solved));
                }
            }
            if let Some(status) = self.infeasible(out).or_else(|| self.limit()) {
                return Ok(End::Status(status));
            }
            let settled = self.is_settled();
            if settled && self.finish()? {
                return Ok(End::Status(Status::Solved));
            }
            if settled
                && self.finisher.is_none()
                && let Some(status) = self.polish(EARLY, out)
                && (status != Status::Solved || self.best.residual <= EXACT)
            {
                return Ok(End::Status(status));
            }
            if self.is_stalled() && self.restart() {
                continue;
            }
            if !self.is_gaining() || !self.step() {
                break;
            }
        }
        Ok(self.polish(LAST, out).or_else(|| self.limit()).map_or(End::GaveUp, End::Status))
    }

    /// What ends the solve at a limit: a point within tolerance is a solution even then.
    fn limit(&self) -> Option<Status> {
        let limit = if self.limits.is_late() {
            Some(Status::TimeLimit)
        } else {
            (self.spent() >= self.limits.factorizations).then_some(Status::IterationLimit)
        };
        limit.map(|limit| if self.best.residual <= self.limits.tolerance { Status::Solved } else { limit })
    }

    fn offer(&mut self) -> f64 {
        let InteriorPoint { program, problem, .. } = &*self.s;
        self.best.offer((&program.as_ref(), problem), point(&self.it))
    }

    fn infeasible(&self, out: &mut Solution) -> Option<Status> {
        let InteriorPoint { program, problem, .. } = &*self.s;
        infeasibility::status(&program.as_ref(), problem, point(&self.it), self.limits.ray_tolerance, out)
    }

    /// Whether the steps have been short for some time, and the start was the usual one.
    fn is_stalled(&self) -> bool {
        self.short >= STALL && self.scale == 1.0
    }

    /// Starts again, far from the boundary: multipliers that have to grow a lot cannot do so in short steps.
    fn restart(&mut self) -> bool {
        self.it = Iterate::new(&self.s.problem);
        (self.scale, self.short, self.idle, self.merit) = (FAR, 0, 0, f64::INFINITY);
        self.start()
    }

    /// Mehrotra's start; false where nothing can be factored.
    fn start(&mut self) -> bool {
        let Self { s, it, .. } = self;
        it.measure(&s.problem);
        it.barriers.aim(0.0, false);
        if !s.newton.predict(&s.problem, it) {
            return false;
        }
        self.move_by((1.0, 1.0));
        self.it.barriers.center(self.scale);
        true
    }

    /// Moves `(x, s)` and `y`; the barriers move by themselves.
    pub(super) fn move_by(&mut self, (primal, dual): (f64, f64)) {
        let Self { s, it, .. } = self;
        for (v, dv, length) in
            [(&mut it.x, s.newton.dx(), primal), (&mut it.s, s.newton.ds(), primal), (&mut it.y, s.newton.dy(), dual)]
        {
            v.iter_mut().zip(dv).for_each(|(v, d)| *v += length * d);
        }
    }

    /// Whether the predicted set is that of the iteration before, and new to the polish; always where complementarity
    /// has nothing more to say.
    fn is_settled(&mut self) -> bool {
        let [now, before, polished] = &mut self.predicted;
        std::mem::swap(now, before);
        self.it.barriers.predict_active(now);
        let settled = now == before && now != polished && self.it.barriers.mu() < 1.0;
        if settled {
            polished.clone_from(now);
        }
        settled
    }

    fn is_gaining(&mut self) -> bool {
        let ((primal, dual), mu) = (self.it.residuals(), self.it.barriers.mu());
        let merit = primal.max(dual).max(mu);
        self.idle += 1;
        if merit < PROGRESS * self.merit {
            (self.merit, self.idle) = (merit, 0);
        }
        self.idle < PATIENCE && (mu >= MU_MIN || self.idle < LAST_IDLE)
    }

    /// Has the finisher try the active set that the iterate predicts.
    fn finish(&mut self) -> Result<bool> {
        let Some(finisher) = &mut self.finisher else { return Ok(false) };
        let (mut guess, mut out) = (Solution::default(), Solution::default());
        let it = point(&self.it);
        self.s.problem.unscale(it.x, it.y, it.zeta, &mut guess);
        let program = self.s.program.as_ref();
        finisher.warm_start(&program, &guess.x, &guess.y, &guess.bound_duals);
        let status = finisher.solve(&program, self.limits.tolerance, (EARLY, self.limits.deadline), &mut out)?;
        self.polished += out.iterations;
        if status == Some(Status::Solved) {
            self.finished = Some(out);
        }
        Ok(self.finished.is_some())
    }

    /// Polishes from the iterate; a status ends the solve.
    fn polish(&mut self, factorizations: u64, out: &mut Solution) -> Option<Status> {
        let left = self.limits.factorizations.saturating_sub(self.spent());
        let InteriorPoint { program, problem, polish, .. } = &mut *self.s;
        let program = program.as_ref();
        let budget = Budget {
            factorizations: factorizations.min(left),
            steps: POLISH_STEPS * factorizations,
            deadline: self.limits.deadline,
        };
        polish.restart(point(&self.it));
        let tolerances = (self.limits.tolerance.min(EXACT), self.limits.ray_tolerance);
        let (spent, certified) = self.best.polish(polish, (&program, problem), tolerances, budget, out);
        if self.limits.verbose {
            print(format_args!("         polish: {:.1e}, best {:.1e}, {spent:?}", polish.residual, self.best.residual));
        }
        self.polished += spent.factorizations;
        if self.best.residual <= self.limits.tolerance { Some(Status::Solved) } else { certified }
    }
}

fn point(it: &Iterate) -> Point<'_> {
    Point { x: &it.x, y: &it.y, zeta: &it.zeta[..it.x.len()] }
}
