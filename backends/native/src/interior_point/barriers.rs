//! The inequalities, one by one, each with its distance and its multiplier.

use bpqp_traits::vector::max_abs;

use crate::scaling::Scaled;

/// Inequalities `t = sign · (side − v_k) ≥ 0` with multipliers `z ≥ 0`, where `v = (x, s)` and `s` stands for `Ax`.
///
/// A newton step moves `v` by `dv` and wants `t z` to become `target`; eliminating `dt` and `dz` leaves the multiplier of
/// `v_k` with `dζ_k = θ_k dv_k + h_k`.
#[derive(Clone, Debug, Default)]
pub(super) struct Barriers {
    /// `k` in `0..n + m`.
    pub(super) index: Vec<usize>,
    /// 1 for upper sides, −1 for lower ones.
    pub(super) sign: Vec<f64>,
    side: Vec<f64>,
    /// Typical distance and multiplier.
    sizes: (f64, f64),
    pub(super) t: Vec<f64>,
    pub(super) z: Vec<f64>,
    pub(super) dt: Vec<f64>,
    pub(super) dz: Vec<f64>,
    /// `sign · (side − v) − t`.
    residual: Vec<f64>,
    /// What `t z` should become in the step at hand.
    target: Vec<f64>,
    /// `dt`, `dz` and `target` as saved.
    saved: [Vec<f64>; 3],
}

impl Barriers {
    /// The finite sides of what is not an equality; distances and multipliers of the sizes that the sides and the linear
    /// term have, so that neither is far too large to come down.
    pub(super) fn new(problem: &Scaled) -> Self {
        let n = problem.num_vars();
        let vars = problem.lb.iter().zip(&problem.ub).enumerate();
        let rows = problem.l.iter().zip(&problem.u).enumerate().map(|(i, sides)| (n + i, sides));
        let mut new = Self::default();
        for (k, (&lower, &upper)) in vars.chain(rows).filter(|(_, (l, u))| l != u) {
            for (side, sign) in [(lower, -1.0), (upper, 1.0)] {
                if side.is_finite() {
                    new.index.push(k);
                    new.sign.push(sign);
                    new.side.push(side);
                }
            }
        }
        let len = new.index.len();
        let sides = [&problem.lb, &problem.ub, &problem.l, &problem.u].into_iter().flatten();
        let largest = sides.filter(|v| v.is_finite()).fold(0.0, |m: f64, v| m.max(v.abs()));
        let largest = largest.clamp(MIN_SIZE, MAX_SIZE);
        let curvature = max_abs(problem.p.values()) * largest;
        new.sizes = (largest, problem.q_size().max(curvature).clamp(MIN_SIZE, MAX_SIZE));
        (new.t, new.z) = (vec![new.sizes.0; len], vec![new.sizes.1; len]);
        for v in [&mut new.dt, &mut new.dz, &mut new.residual, &mut new.target] {
            v.resize(len, 0.0);
        }
        new
    }

    pub(super) fn len(&self) -> usize {
        self.index.len()
    }

    /// The mean of `t z`; zero without inequalities.
    pub(super) fn mu(&self) -> f64 {
        let sum: f64 = self.t.iter().zip(&self.z).map(|(t, z)| t * z).sum();
        sum / self.len().max(1) as f64
    }

    /// The mean distance and multiplier of the bounds of the `n` variables; zero without bounds.
    pub(super) fn means_of_bounds(&self, n: usize) -> (f64, f64) {
        let (mut sums, mut count) = ((0.0, 0.0), 0u32);
        for (i, _) in self.index.iter().enumerate().filter(|(_, k)| **k < n) {
            sums = (sums.0 + self.t[i], sums.1 + self.z[i]);
            count += 1;
        }
        let count = f64::from(count.max(1));
        (sums.0 / count, sums.1 / count)
    }

    /// The same after a step of `(primal, dual)` lengths.
    pub(super) fn mu_after(&self, (primal, dual): (f64, f64)) -> f64 {
        let new = |i: usize| (self.t[i] + primal * self.dt[i]) * (self.z[i] + dual * self.dz[i]);
        (0..self.len()).map(new).sum::<f64>() / self.len().max(1) as f64
    }

    /// Measures the distances of `v = (x, s)`.
    pub(super) fn set_residual(&mut self, x: &[f64], s: &[f64]) {
        let n = x.len();
        for (i, &k) in self.index.iter().enumerate() {
            let v = if k < n { x[k] } else { s[k - n] };
            self.residual[i] = self.sign[i] * (self.side[i] - v) - self.t[i];
        }
    }

    /// Aims at `t z = center`; `second_order` takes off what the products of the last step's `dt` and `dz` will add.
    pub(super) fn aim(&mut self, center: f64, second_order: bool) {
        for i in 0..self.len() {
            let product = if second_order { self.dt[i] * self.dz[i] } else { 0.0 };
            // A product much larger than the center says that the linear model is wrong there, not by how much.
            self.target[i] = center - product.clamp(-100.0 * center, 100.0 * center);
        }
    }

    /// Gondzio's correction: shifts the targets of products that a step of `lengths` leaves outside of a neighborhood.
    pub(super) fn recenter(&mut self, (primal, dual): (f64, f64), center: f64) {
        for i in 0..self.len() {
            let product = (self.t[i] + primal * self.dt[i]) * (self.z[i] + dual * self.dz[i]);
            let change = product.clamp(center / NEAR, NEAR * center) - product;
            self.target[i] += change.max(-NEAR * center);
        }
    }

    /// Keeps the step …
    pub(super) fn save(&mut self) {
        let [a, b, c] = &mut self.saved;
        a.clone_from(&self.dt);
        b.clone_from(&self.dz);
        c.clone_from(&self.target);
    }

    /// … and takes it back.
    pub(super) fn restore(&mut self) {
        let [a, b, c] = &mut self.saved;
        std::mem::swap(a, &mut self.dt);
        std::mem::swap(b, &mut self.dz);
        std::mem::swap(c, &mut self.target);
    }

    /// `θ_k`, summed over the sides of every `k`.
    pub(super) fn weights(&self, theta: &mut [f64]) {
        theta.fill(0.0);
        for (i, &k) in self.index.iter().enumerate() {
            theta[k] += self.z[i] / self.t[i];
        }
    }

    /// `ζ_k`, the multiplier of every `v_k`.
    pub(super) fn multipliers(&self, zeta: &mut [f64]) {
        zeta.fill(0.0);
        for (i, &k) in self.index.iter().enumerate() {
            zeta[k] += self.sign[i] * self.z[i];
        }
    }

    /// `h_k` for the targets.
    pub(super) fn constants(&self, h: &mut [f64]) {
        h.fill(0.0);
        for (i, &k) in self.index.iter().enumerate() {
            let t = self.t[i];
            h[k] += self.sign[i] * (self.target[i] - t * self.z[i] - self.z[i] * self.residual[i]) / t;
        }
    }

    /// `dt` and `dz` that belong to the step `dv`.
    pub(super) fn set_step(&mut self, dv: &[f64]) {
        for (i, &k) in self.index.iter().enumerate() {
            let (t, z) = (self.t[i], self.z[i]);
            self.dt[i] = self.residual[i] - self.sign[i] * dv[k];
            self.dz[i] = (self.target[i] - t * z - z * self.dt[i]) / t;
        }
    }

    /// The longest steps at most one that keep `share` of the way to the boundary.
    pub(super) fn step_lengths(&self, share: f64) -> (f64, f64) {
        let longest = |v: &[f64], d: &[f64]| {
            let ratios = v.iter().zip(d).filter(|(_, d)| **d < 0.0).map(|(v, d)| -v / d);
            (share * ratios.fold(f64::INFINITY, f64::min)).min(1.0)
        };
        (longest(&self.t, &self.dt), longest(&self.z, &self.dz))
    }

    pub(super) fn advance(&mut self, (primal, dual): (f64, f64)) {
        for i in 0..self.len() {
            self.t[i] += primal * self.dt[i];
            self.z[i] += dual * self.dz[i];
        }
    }

    /// Mehrotra's start: takes the whole step, then shifts distances and multipliers to be positive and of like size, at
    /// least `scale` times the typical one.
    pub(super) fn center(&mut self, scale: f64) {
        for (v, d) in [(&mut self.t, &self.dt), (&mut self.z, &self.dz)] {
            v.iter_mut().zip(d).for_each(|(v, d)| *v += d);
            let least = v.iter().copied().fold(f64::INFINITY, f64::min);
            let shift = (-1.5 * least).max(0.0);
            v.iter_mut().for_each(|v| *v += shift);
        }
        let product: f64 = self.t.iter().zip(&self.z).map(|(t, z)| t * z).sum();
        let (sum_t, sum_z): (f64, f64) = (self.t.iter().sum(), self.z.iter().sum());
        for (v, other, size) in [(&mut self.t, sum_z, self.sizes.0), (&mut self.z, sum_t, self.sizes.1)] {
            let shift = (0.5 * product / other.max(1e-300)).max(scale * START * size);
            v.iter_mut().for_each(|v| *v += shift);
        }
    }

    /// Whether every multiplier exceeds its distance, as at a strictly complementary solution's active inequalities.
    pub(super) fn predict_active(&self, active: &mut Vec<bool>) {
        active.clear();
        active.extend(self.t.iter().zip(&self.z).map(|(t, z)| z > t));
    }
}

/// The least distance and multiplier at the start, in their typical sizes.
const START: f64 = 1.0;
/// Products within this factor of the center are in its neighborhood.
const NEAR: f64 = 10.0;
/// Limits of the typical sizes.
const MIN_SIZE: f64 = 1e-3;
const MAX_SIZE: f64 = 1e8;
