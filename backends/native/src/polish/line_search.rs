//! Exact minimization of the augmented Lagrangian along a direction: a convex piecewise quadratic.

/// The derivative along the direction, piecewise linear and increasing, by its breakpoints.
#[derive(Default)]
pub(crate) struct LineSearch {
    slope: f64,
    curvature: f64,
    rho: f64,
    /// Where the curvature changes, and by how much.
    breakpoints: Vec<(f64, f64)>,
}

impl LineSearch {
    /// Starts with the derivative `slope < 0` at zero and the `curvature` of the smooth part.
    pub(crate) fn begin(&mut self, slope: f64, curvature: f64, rho: f64) {
        (self.slope, self.curvature, self.rho) = (slope, curvature, rho);
        self.breakpoints.clear();
    }

    /// Adds the penalties of `lower ≤ value ≤ upper` with the multipliers `center`; `rate` is how `value` moves.
    pub(crate) fn add(&mut self, value: &[f64], center: &[f64], rate: &[f64], (lower, upper): (&[f64], &[f64])) {
        for i in 0..value.len() {
            let (r, v) = (rate[i], value[i] + center[i] / self.rho);
            if r == 0.0 {
                continue;
            }
            let weight = self.rho * r * r;
            if v > upper[i] || v < lower[i] || lower[i] == upper[i] {
                self.curvature += weight;
            }
            if lower[i] == upper[i] {
                continue;
            }
            for (side, enters) in [(lower[i], r > 0.0), (upper[i], r < 0.0)] {
                let t = (side - v) / r;
                if t > 0.0 && t.is_finite() {
                    self.breakpoints.push((t, if enters { -weight } else { weight }));
                } else if t == 0.0 && !enters {
                    self.curvature += weight;
                }
            }
        }
    }

    /// The step where the derivative is zero.
    pub(crate) fn minimize(&mut self) -> f64 {
        self.breakpoints.sort_unstable_by(|a, b| a.0.total_cmp(&b.0).then(a.1.total_cmp(&b.1)));
        let (mut at, mut slope, mut curvature) = (0.0, self.slope, self.curvature);
        for &(t, change) in &self.breakpoints {
            let there = slope + curvature * (t - at);
            if there >= 0.0 {
                break;
            }
            (at, slope) = (t, there);
            curvature += change;
        }
        // Cancellation can leave a curvature of rounding size; the step stays finite.
        if curvature > 0.0 { at - slope / curvature } else { at.max(1.0) }
    }
}
