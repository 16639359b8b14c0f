//! Corrections by a factor that is nearly exact.

use bpqp_traits::AdjointReport;

/// Corrections go on below this share of the last residual …
const GAIN: f64 = 0.5;
/// … for so many at most.
const MAX_STEPS: u32 = 40;

/// Repeats `step`, which corrects `state` and returns the residual that it leaves, while that gains and is above `enough`
/// of `scale`, for the given number of steps done before; `keep` is called on each state that is the best yet.
pub(crate) fn correct<T>(
    state: &mut T,
    scale: f64,
    enough: impl Fn(u32) -> f64,
    mut step: impl FnMut(&mut T) -> f64,
    mut keep: impl FnMut(&T),
) -> AdjointReport {
    let (mut best, mut report) = (f64::INFINITY, AdjointReport::default());
    for steps in 0..MAX_STEPS {
        let size = step(state);
        if size < best || steps == 0 {
            keep(state);
            report.refinements = steps;
        }
        let gained = size < GAIN * best;
        best = size.min(best);
        if best <= enough(steps) * scale || !gained {
            break;
        }
    }
    report.residual = if scale > 0.0 { best / scale } else { best };
    report
}
