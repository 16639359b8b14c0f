//! The search for a point of the central path.

use bpqp_traits::vector::max_abs;
use bpqp_traits::{BackwardQpSolver, Solution};

use super::path::Iterate;
use super::system::{Layout, System};
use crate::program::Program;
use crate::{Error, Result};

/// Newton steps towards the point before the attempt is given up.
const MAX_STEPS: usize = 100;
/// A point this good ends the search …
const TARGET: f64 = 1e-13;
/// … and one this good, relative to the forces, the point's length and `μ`, has derivatives.
const ACCEPTABLE: f64 = 1e-9;
/// Steps in a row without improvement.
const MAX_IDLE: usize = 8;
/// Along the path from a large `μ`, so much of it is kept from one point to the next …
const REDUCTION: f64 = 0.1;
/// … which need not be better than this …
const CENTERED: f64 = 0.1;
/// … after so many steps.
const MAX_CENTERING: usize = 30;

/// Newton's method on the barrier program's KKT equations.
pub(super) struct Search<'a> {
    pub(super) program: &'a Program,
    pub(super) layout: &'a Layout,
    pub(super) backward: &'a dyn BackwardQpSolver,
}

impl Search<'_> {
    /// The point of the central path at `mu`, with its residual: from `from` at once, or where that leads nowhere, along the
    /// path from the origin and a large `μ`.
    pub(super) fn run(&self, from: &Solution, mu: f64) -> Result<(Iterate, f64)> {
        let start = Iterate::start(self.program, self.layout, from, mu);
        match self.approach(start, mu, MAX_STEPS, TARGET) {
            Ok((at, size)) if size <= ACCEPTABLE => return Ok((at, size)),
            _ => {}
        }
        let mut large = self.large(from).max(mu);
        let mut at = Iterate::start(self.program, self.layout, &zeros(from), large);
        while large > mu {
            (at, _) = self.approach(at, large, MAX_CENTERING, CENTERED)?;
            large = mu.max(REDUCTION * large);
            at.cones.iter_mut().for_each(|cone| cone.place(large));
        }
        let (at, size) = self.approach(at, mu, MAX_STEPS, TARGET)?;
        if size <= ACCEPTABLE { Ok((at, size)) } else { Err(Error::Inaccurate { residual: size }) }
    }

    /// Newton's steps from `at`, to the best point seen and its residual.
    fn approach(&self, mut at: Iterate, mu: f64, max_steps: usize, target: f64) -> Result<(Iterate, f64)> {
        let stacked = self.program.as_stacked();
        let mut residuals = at.measure(&stacked, self.layout, mu);
        let (mut best, mut best_size, mut idle) = (at.clone(), residuals.size, 0);
        for _ in 0..max_steps {
            if best_size <= target || idle > MAX_IDLE || residuals.size.is_nan() {
                break;
            }
            let mut system = System::new(&stacked, self.layout, &at, self.backward)?;
            at.step(&mut system, &residuals, self.layout, mu)?;
            residuals = at.measure(&stacked, self.layout, mu);
            idle += 1;
            if residuals.size < best_size {
                // Rounding moves the point about at the end.
                idle = if residuals.size < 0.5 * best_size { 0 } else { idle };
                (best, best_size) = (at.clone(), residuals.size);
            }
        }
        Ok((best, best_size))
    }

    /// A `μ` that outweighs the objective at the origin.
    fn large(&self, from: &Solution) -> f64 {
        (10.0 * max_abs(self.program.as_stacked().q()) * max_abs(&from.x).max(1.0)).min(f64::MAX)
    }
}

fn zeros(like: &Solution) -> Solution {
    let zeros = |v: &[f64]| vec![0.0; v.len()];
    let Solution { x, y, bound_duals, cone_duals, .. } = like;
    Solution {
        x: zeros(x),
        y: zeros(y),
        bound_duals: zeros(bound_duals),
        cone_duals: zeros(cone_duals),
        ..Solution::default()
    }
}
