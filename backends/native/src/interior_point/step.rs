//! One iteration: Mehrotra's predictor and corrector, with corrections of centrality.

use super::iterate::Iterate;
use super::newton::Newton;
use super::run::{Run, STALLED};
use super::session::InteriorPoint;
use crate::progress::print;
use crate::scaling::Scaled;

/// Share of the way to the boundary that a step keeps.
const SHARE: f64 = 0.995;
/// A step below this is tried again without the second-order term.
const SHORT: f64 = 0.2;
/// Products are never aimed at less.
const CENTER_MIN: f64 = 1e-14;
/// Centrality is corrected where steps are shorter than this …
const LONG: f64 = 0.9;
/// … as long as the sum of both lengths grows by so much …
const LEAST_GAIN: f64 = 0.02;
/// … and each keeps this share.
const KEPT: f64 = 0.9;

impl Run<'_> {
    /// A predictor, a corrector, and corrections of its centrality; false where the linear algebra ends.
    pub(super) fn step(&mut self) -> bool {
        let Self { s, it, .. } = self;
        let InteriorPoint { problem, newton, .. } = &mut **s;
        let linear = problem.p.nnz() == 0;
        let mu = it.barriers.mu();
        it.barriers.aim(0.0, false);
        if !newton.predict(problem, it) {
            return false;
        }
        let quality = newton.quality();
        let affine = lengths(it, 1.0, linear);
        let sigma = if mu > 0.0 { (it.barriers.mu_after(affine) / mu).powi(3).clamp(0.0, 1.0) } else { 0.0 };
        let center = (sigma * mu).max(CENTER_MIN);
        it.barriers.aim(center, true);
        let mut finite = newton.solve(problem, it);
        let mut taken = lengths(it, SHARE, linear);
        if !finite || taken.0.min(taken.1) < SHORT {
            it.barriers.aim(center.max(SHORT * mu), false);
            finite = newton.solve(problem, it);
            taken = lengths(it, SHARE, linear);
        }
        if !finite {
            return false;
        }
        taken = recenter(newton, problem, it, taken, center);
        if self.limits.verbose {
            let (delta, unit, left) = quality;
            print(format_args!(
                "         delta {delta:.0e} unit {unit:.0e} left {left:.0e} affine {affine:.2?} sigma {sigma:.1e} steps {taken:.2?}"
            ));
        }
        it.barriers.advance(taken);
        self.move_by(taken);
        self.short = if taken.0.min(taken.1) < STALLED { self.short + 1 } else { 0 };
        true
    }
}

/// Gondzio's centrality corrections (1996): as long as they lengthen the steps, the products that a longer step would leave
/// far from `center` are aimed at it. Returns the step lengths.
fn recenter(newton: &mut Newton, problem: &Scaled, it: &mut Iterate, mut taken: (f64, f64), center: f64) -> (f64, f64) {
    let linear = problem.p.nnz() == 0;
    let longer = |v: f64| (1.08 * v + 0.08).min(1.0);
    for _ in 0..newton.corrections() {
        if taken.0.min(taken.1) >= LONG {
            break;
        }
        newton.save();
        it.barriers.save();
        it.barriers.recenter((longer(taken.0), longer(taken.1)), center);
        let finite = newton.solve(problem, it);
        let new = lengths(it, SHARE, linear);
        let gains = new.0 + new.1 >= taken.0 + taken.1 + LEAST_GAIN;
        if !(finite && gains && new.0 >= KEPT * taken.0 && new.1 >= KEPT * taken.1) {
            newton.restore();
            it.barriers.restore();
            break;
        }
        taken = new;
    }
    taken
}

/// The longest steps: of one length for both sides unless the problem is linear.
fn lengths(it: &Iterate, share: f64, linear: bool) -> (f64, f64) {
    let (primal, dual) = it.barriers.step_lengths(share);
    if linear { (primal, dual) } else { (primal.min(dual), primal.min(dual)) }
}
