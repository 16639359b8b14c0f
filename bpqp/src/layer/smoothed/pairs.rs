//! The two sides of each inequality, with slacks and multipliers inside the positive orthant.

/// Share of the way to the boundary that a step may go.
const TO_BOUNDARY: f64 = 0.99;

/// One side of an inequality: its slack `s > 0` and its multiplier `z > 0`. An infinite side has no multiplier.
#[derive(Clone, Copy, Debug)]
pub(super) struct Side {
    pub(super) at: f64,
    pub(super) slack: f64,
    pub(super) multiplier: f64,
}

impl Side {
    /// A side near its place on the central path of `mu`, from a slack and a dual that need not be positive.
    fn start(at: f64, slack: f64, dual: f64, mu: f64) -> Self {
        if !at.is_finite() {
            return Self { at, slack: f64::INFINITY, multiplier: 0.0 };
        }
        let inside = if dual > 0.0 { mu.sqrt().min(mu / dual) } else { mu.sqrt() };
        let slack = slack.max(inside);
        Self { at, slack, multiplier: dual.max(mu / slack) }
    }

    pub(super) fn is_there(&self) -> bool {
        self.at.is_finite()
    }

    /// `z/s`.
    pub(super) fn weight(&self) -> f64 {
        if self.is_there() { self.multiplier / self.slack } else { 0.0 }
    }

    /// What the multiplier becomes beside the change that `weight` times the step makes: `μ/s − z + (z/s) gap`.
    fn change(&self, mu: f64, gap: f64) -> f64 {
        if self.is_there() { mu / self.slack - self.multiplier + self.weight() * gap } else { 0.0 }
    }

    /// The largest step, at most 1, along these changes.
    fn limit(&self, (ds, dz): (f64, f64)) -> f64 {
        let one = |v: f64, dv: f64| if dv < 0.0 { -TO_BOUNDARY * v / dv } else { 1.0 };
        if self.is_there() { one(self.slack, ds).min(one(self.multiplier, dz)).min(1.0) } else { 1.0 }
    }

    fn go(&mut self, alpha: f64, (ds, dz): (f64, f64)) {
        if self.is_there() {
            self.slack += alpha * ds;
            self.multiplier += alpha * dz;
        }
    }
}

/// An inequality `lower ≤ v ≤ upper`.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pair {
    pub(super) lower: Side,
    pub(super) upper: Side,
}

/// Changes of slack and multiplier of both sides.
pub(super) struct PairStep {
    lower: (f64, f64),
    upper: (f64, f64),
}

impl Pair {
    /// The pair at the value `v` with the signed dual `y`.
    pub(super) fn start(v: f64, (l, u): (f64, f64), y: f64, mu: f64) -> Self {
        Self { lower: Side::start(l, v - l, -y, mu), upper: Side::start(u, u - v, y, mu) }
    }

    /// The signed dual `z_u − z_l`.
    pub(super) fn dual(&self) -> f64 {
        self.upper.multiplier - self.lower.multiplier
    }

    /// `z_u/s_u + z_l/s_l`: what the dual changes by as `v` does.
    pub(super) fn weight(&self) -> f64 {
        self.upper.weight() + self.lower.weight()
    }

    /// By how much `v` and the slacks disagree, at the lower and the upper side.
    fn gaps(&self, v: f64) -> (f64, f64) {
        let lower = if self.lower.is_there() { v - self.lower.slack - self.lower.at } else { 0.0 };
        let upper = if self.upper.is_there() { v + self.upper.slack - self.upper.at } else { 0.0 };
        (lower, upper)
    }

    /// The change of the dual that does not depend on that of `v`.
    pub(super) fn constant(&self, v: f64, mu: f64) -> f64 {
        let (lower, upper) = self.gaps(v);
        self.upper.change(mu, upper) - self.lower.change(mu, -lower)
    }

    /// The step of slacks and multipliers that goes with the change `dv`.
    pub(super) fn step(&self, v: f64, dv: f64, mu: f64) -> PairStep {
        let (lower, upper) = self.gaps(v);
        PairStep {
            lower: (dv + lower, self.lower.change(mu, -lower - dv)),
            upper: (-dv - upper, self.upper.change(mu, upper + dv)),
        }
    }

    pub(super) fn limit(&self, step: &PairStep) -> f64 {
        self.lower.limit(step.lower).min(self.upper.limit(step.upper))
    }

    pub(super) fn go(&mut self, alpha: f64, step: &PairStep) {
        self.lower.go(alpha, step.lower);
        self.upper.go(alpha, step.upper);
    }

    /// The larger disagreement of slacks with `v`, and the larger of `|s z − μ|/μ`.
    pub(super) fn residuals(&self, v: f64, mu: f64) -> (f64, f64) {
        let (lower, upper) = self.gaps(v);
        let off = |side: &Side| if side.is_there() { (side.slack * side.multiplier / mu - 1.0).abs() } else { 0.0 };
        (lower.abs().max(upper.abs()), off(&self.lower).max(off(&self.upper)))
    }
}
