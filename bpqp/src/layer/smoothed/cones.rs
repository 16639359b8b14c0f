//! Second-order cones with slacks and multipliers on the central path.
//!
//! A slack `s = Sx + s₀` and a multiplier `w` inside the cone with `s ∘ w = μ e` have one Jordan frame `½(1, ±û)`, and
//! eigenvalues in it whose products are `μ`. So `w = μ s⁻¹` is the gradient of `−½μ log(s₀² − ‖s₁‖²)`, negative, and
//! follows the slack by `dw = −W ds`, where with the eigenvalues `s₊, s₋` of `s`
//! ```text
//! W = μ/(2s₊²) (1, û)(1, û)ᵀ + μ/(2s₋²) (1, −û)(1, −û)ᵀ + μ/(s₊s₋) (0 ⊕ (I − ûûᵀ)).
//! ```
//! A cone of one row has one eigenvalue: it is the inequality `cᵀx + d ≥ 0` with `W = w/s`.

use std::ops::Range;

use bpqp_traits::vector::dot;

/// The slack and the multiplier of one cone. Eigenvalues are kept, since entries do not tell the small ones.
#[derive(Clone, Debug)]
pub(super) struct Cone {
    /// Its rows among the stacked ones.
    rows: Range<usize>,
    /// `s − τw`. Every vector is that of one pair on the central path, so a step has no boundary to stop at.
    difference: Vec<f64>,
    /// In units of slack over multiplier.
    tau: f64,
    /// `û`.
    unit: Vec<f64>,
    /// Eigenvalues of `s` and of `w` along `(1, û)` and `(1, −û)`, positive.
    slack: [f64; 2],
    multiplier: [f64; 2],
}

impl Cone {
    /// The pair on the central path of `mu` that is next to a slack and a dual, in the cone or not.
    pub(super) fn near(rows: Range<usize>, slack: &[f64], dual: &[f64], tau: f64, mu: f64) -> Self {
        let difference = slack.iter().zip(dual).map(|(s, w)| s - tau * w).collect();
        let mut cone = Self { rows, difference, tau, unit: Vec::new(), slack: [0.0; 2], multiplier: [0.0; 2] };
        cone.place(mu);
        cone
    }

    /// The pair from its difference: eigenvalues with `s − τw = ρ` and `s w = μ`.
    pub(super) fn place(&mut self, mu: f64) {
        let tail = &self.difference[1..];
        let length = dot(tail, tail).sqrt();
        self.unit = tail.iter().map(|v| v / length).collect();
        if length == 0.0 {
            // Any frame will do.
            self.unit.iter_mut().enumerate().for_each(|(i, v)| *v = if i == 0 { 1.0 } else { 0.0 });
        }
        for (side, sign) in [1.0, -1.0].into_iter().enumerate() {
            let rho = self.difference[0] + sign * length;
            let half = 0.5 * (rho.abs() + rho.hypot(2.0 * (mu * self.tau).sqrt()));
            let (s, w) = if rho < 0.0 { (mu * self.tau / half, half / self.tau) } else { (half, mu / half) };
            (self.slack[side], self.multiplier[side]) = (s, w);
        }
    }

    pub(super) fn rows(&self) -> Range<usize> {
        self.rows.clone()
    }

    pub(super) fn unit(&self) -> &[f64] {
        &self.unit
    }

    pub(super) fn smallest_slack(&self) -> f64 {
        self.slack[0].min(self.slack[1])
    }

    /// `w/s` along `(1, û)` and `(1, −û)`, and across them.
    pub(super) fn weights(&self) -> ([f64; 2], f64) {
        let Self { slack: [s, s_back], multiplier: [w, w_back], .. } = self;
        ([w / s, w_back / s_back], w / s_back)
    }

    /// Appends `s` to `slacks`, `w` to `duals`.
    pub(super) fn write(&self, slacks: &mut Vec<f64>, duals: &mut Vec<f64>) {
        for ([ahead, back], out) in [(self.slack, slacks), (self.multiplier, duals)] {
            out.push(0.5 * (ahead + back));
            out.extend(self.unit.iter().map(|unit| 0.5 * (ahead - back) * unit));
        }
    }

    /// Follows changes of `s` and `w`, given as those of all cones.
    pub(super) fn go(&mut self, alpha: f64, ds: &[f64], dw: &[f64], mu: f64) {
        let changes = ds[self.rows.clone()].iter().zip(&dw[self.rows.clone()]);
        self.difference.iter_mut().zip(changes).for_each(|(v, (ds, dw))| *v += alpha * (ds - self.tau * dw));
        self.place(mu);
    }
}
