//! Nesterov and Todd's scaling `W` of the cones, with `λ = W z = W⁻¹ s`, and the algebra that goes with it.
//!
//! On the orthant `W = diag(√(s/z))`. On a second-order cone, with `J = diag(1, −1, …)` and a unit point `w`, `wᵀJw = 1`,
//! `W² = η²(2wwᵀ − J)` (Vandenberghe 2010, section 4).

use std::ops::Range;

use bpqp_traits::vector::dot;

use super::form::Layout;

/// The scaling at a pair `(s, z)`; rows of equalities are left alone.
#[derive(Clone, Debug)]
pub(super) struct NesterovTodd {
    zero: usize,
    orthant: Range<usize>,
    pub(super) cones: Vec<SecondOrderCone>,
    /// On the orthant the diagonal of `W`, on a cone its unit point.
    w: Vec<f64>,
    /// Of the cones alone.
    lambda: Vec<f64>,
}

/// One cone's share.
#[derive(Clone, Debug)]
pub(super) struct SecondOrderCone {
    pub(super) rows: Range<usize>,
    pub(super) eta: f64,
}

/// `W² = η²(D + uuᵀ − vvᵀ)` with `D = diag(d, 1, …)`, `u = (u₀, u₁w₁)`, `v = (0, v₁w₁)`, and `D − vvᵀ` positive definite:
/// what keeps a large cone sparse (Domahidi, Chu & Boyd 2013).
#[derive(Clone, Copy, Debug)]
pub(super) struct Expansion {
    pub(super) d: f64,
    pub(super) u: (f64, f64),
    pub(super) v: f64,
}

impl NesterovTodd {
    /// The identity.
    pub(super) fn new(layout: &Layout) -> Self {
        let cones: Vec<_> = layout.cones().map(|rows| SecondOrderCone { rows, eta: 1.0 }).collect();
        let (zero, orthant) = (layout.zero().end, layout.orthant());
        let len = cones.last().map_or(orthant.end, |cone| cone.rows.end);
        let mut w = vec![1.0; len];
        cones.iter().for_each(|cone| w[cone.rows.start + 1..cone.rows.end].fill(0.0));
        Self { zero, orthant, cones, w, lambda: vec![0.0; len] }
    }

    /// Inequalities and cones: what complementarity is the mean over.
    pub(super) fn degree(&self) -> usize {
        self.orthant.len() + self.cones.len()
    }

    /// Rows of equalities.
    pub(super) fn zero(&self) -> usize {
        self.zero
    }

    /// Scales for `(s, z)`; false where they are not inside of the cones.
    pub(super) fn update(&mut self, s: &[f64], z: &[f64]) -> bool {
        for i in self.orthant.clone() {
            if !(s[i] > 0.0 && z[i] > 0.0) {
                return false;
            }
            self.w[i] = (s[i] / z[i]).sqrt();
        }
        for cone in &mut self.cones {
            let (s, z) = (&s[cone.rows.clone()], &z[cone.rows.clone()]);
            let (s_size, z_size) = (determinant(s).sqrt(), determinant(z).sqrt());
            if !(s[0] > 0.0 && z[0] > 0.0 && s_size > 0.0 && z_size > 0.0) {
                return false;
            }
            cone.eta = (s_size / z_size).sqrt();
            let product = dot(s, z) / (s_size * z_size);
            let scale = (2.0 * (1.0 + product)).sqrt().recip();
            let w = &mut self.w[cone.rows.clone()];
            for ((w, s), z) in w.iter_mut().zip(s).zip(z).skip(1) {
                *w = scale * (s / s_size - z / z_size);
            }
            w[0] = (1.0 + dot(&w[1..], &w[1..])).sqrt();
        }
        let mut lambda = std::mem::take(&mut self.lambda);
        for cone in &self.cones {
            self.scale(cone, &z[cone.rows.clone()], &mut lambda[cone.rows.clone()]);
        }
        self.lambda = lambda;
        true
    }

    /// `W²` on the orthant, entry by entry.
    pub(super) fn weights(&self) -> impl Iterator<Item = (usize, f64)> + '_ {
        self.orthant.clone().map(|i| (i, self.w[i] * self.w[i]))
    }

    /// The unit point of a cone.
    pub(super) fn unit(&self, cone: &SecondOrderCone) -> &[f64] {
        &self.w[cone.rows.clone()]
    }

    /// An entry of a cone's `W² = η²(2wwᵀ − J)`.
    pub(super) fn square_entry(&self, cone: &SecondOrderCone, a: usize, b: usize) -> f64 {
        let w = self.unit(cone);
        let minus_j = match (a, b) {
            (0, 0) => -1.0,
            (a, b) if a == b => 1.0,
            _ => 0.0,
        };
        cone.eta * cone.eta * (2.0 * w[a] * w[b] + minus_j)
    }

    /// The parts of a cone's `W²`.
    pub(super) fn expansion(&self, cone: &SecondOrderCone) -> Expansion {
        let w0 = self.w[cone.rows.start];
        let square = 2.0 * w0 * w0 - 1.0;
        let d = 0.5 / square;
        let u0 = (square - d).sqrt();
        Expansion { d, u: (u0, 2.0 * w0 / u0), v: ((2.0 + 2.0 * d) / (square - d)).sqrt() }
    }

    /// Writes `W² v` into `out`; zeros for equalities.
    pub(super) fn square(&self, v: &[f64], out: &mut [f64]) {
        out[..self.zero].fill(0.0);
        for i in self.orthant.clone() {
            out[i] = self.w[i] * self.w[i] * v[i];
        }
        for cone in &self.cones {
            let (w, v, out) = (self.unit(cone), &v[cone.rows.clone()], &mut out[cone.rows.clone()]);
            let (square, along) = (cone.eta * cone.eta, 2.0 * dot(w, v));
            for ((out, w), v) in out.iter_mut().zip(w).zip(v) {
                *out = square * (along * w + v);
            }
            out[0] -= 2.0 * square * v[0];
        }
    }

    /// Writes `W v` of one cone.
    fn scale(&self, cone: &SecondOrderCone, v: &[f64], out: &mut [f64]) {
        let w = self.unit(cone);
        let along = dot(&w[1..], &v[1..]);
        let factor = v[0] + along / (1.0 + w[0]);
        out[0] = cone.eta * (w[0] * v[0] + along);
        for ((out, w), v) in out.iter_mut().zip(w).zip(v).skip(1) {
            *out = cone.eta * (v + factor * w);
        }
    }

    /// Writes `W⁻¹ v` of one cone.
    fn unscale(&self, cone: &SecondOrderCone, v: &[f64], out: &mut [f64]) {
        let w = self.unit(cone);
        let along = dot(&w[1..], &v[1..]);
        let factor = -v[0] + along / (1.0 + w[0]);
        out[0] = (w[0] * v[0] - along) / cone.eta;
        for ((out, w), v) in out.iter_mut().zip(w).zip(v).skip(1) {
            *out = (v + factor * w) / cone.eta;
        }
    }

    /// Adds `W(λ \ (W⁻¹ds ∘ W dz − center·e))` to `out`, the second-order term and the centering of a step;
    /// `work` has three vectors of the cones' length.
    pub(super) fn correct(
        &self,
        (z, ds, dz): (&[f64], &[f64], &[f64]),
        center: f64,
        work: &mut [Vec<f64>; 3],
        out: &mut [f64],
    ) {
        for i in self.orthant.clone() {
            out[i] += (ds[i] * dz[i] - center) / z[i];
        }
        let [a, b, c] = work;
        for cone in &self.cones {
            let rows = cone.rows.clone();
            let (a, b, c) = (&mut a[rows.clone()], &mut b[rows.clone()], &mut c[rows.clone()]);
            self.unscale(cone, &ds[rows.clone()], a);
            self.scale(cone, &dz[rows.clone()], b);
            c[0] = dot(a, b) - center;
            for ((c, a1), b1) in c[1..].iter_mut().zip(&a[1..]).zip(&b[1..]) {
                *c = a[0] * b1 + b[0] * a1;
            }
            divide(&self.lambda[rows.clone()], c);
            self.scale(cone, c, a);
            out[rows].iter_mut().zip(&*a).for_each(|(out, v)| *out += v);
        }
    }

    /// The longest step from `v` along `d` that stays in the cones.
    pub(super) fn longest_step(&self, v: &[f64], d: &[f64]) -> f64 {
        let mut step = f64::INFINITY;
        for i in self.orthant.clone() {
            if d[i] < 0.0 {
                step = step.min(-v[i] / d[i]);
            }
        }
        for cone in &self.cones {
            step = step.min(longest_step(&v[cone.rows.clone()], &d[cone.rows.clone()]));
        }
        step
    }

    /// Shifts `v` along the cones' centers until it is well inside of them.
    pub(super) fn shift_inside(&self, v: &mut [f64]) {
        let mut margin = f64::INFINITY;
        for &v in &v[self.orthant.clone()] {
            margin = margin.min(v);
        }
        for cone in &self.cones {
            let v = &v[cone.rows.clone()];
            margin = margin.min(v[0] - dot(&v[1..], &v[1..]).sqrt());
        }
        if margin < LEAST_MARGIN {
            let shift = 1.0 - margin;
            v[self.orthant.clone()].iter_mut().for_each(|v| *v += shift);
            self.cones.iter().for_each(|cone| v[cone.rows.start] += shift);
        }
    }
}

/// A start closer to the boundary is moved.
const LEAST_MARGIN: f64 = 1e-3;

/// What rounding may make of a discriminant, relative to its terms.
const ROUNDING: f64 = 1e-13;

/// `vᵀJv`; negative outside of the double cone.
fn determinant(v: &[f64]) -> f64 {
    let norm = dot(&v[1..], &v[1..]).sqrt();
    (v[0] - norm) * (v[0] + norm)
}

/// Replaces `v` by the solution `u` of `λ ∘ u = v`.
fn divide(lambda: &[f64], v: &mut [f64]) {
    let first = (lambda[0] * v[0] - dot(&lambda[1..], &v[1..])) / determinant(lambda);
    for (v, l) in v[1..].iter_mut().zip(&lambda[1..]) {
        *v = (*v - first * l) / lambda[0];
    }
    v[0] = first;
}

/// The longest step from `v`, inside of one second-order cone, along `d`: the first root of `(v + αd)ᵀJ(v + αd)`.
fn longest_step(v: &[f64], d: &[f64]) -> f64 {
    let a = determinant(d);
    let b = v[0] * d[0] - dot(&v[1..], &d[1..]);
    let c = determinant(v).max(0.0);
    let discriminant = b * b - a * c;
    // A double root, as always in one dimension, may come out as none.
    let has_roots = discriminant >= -ROUNDING * (b * b + (a * c).abs());
    if !has_roots || (a >= 0.0 && b >= 0.0) { f64::INFINITY } else { c / (discriminant.max(0.0).sqrt() - b) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cone(dim: usize) -> NesterovTodd {
        let cones = vec![SecondOrderCone { rows: 0..dim, eta: 1.0 }];
        NesterovTodd { zero: 0, orthant: 0..0, cones, w: vec![0.0; dim], lambda: vec![0.0; dim] }
    }

    #[test]
    fn both_ways_to_the_scaled_point_agree() {
        let (s, z) = ([3.0, 1.0, -2.0, 0.5], [2.0, -0.3, 1.0, 1.5]);
        let mut nt = cone(4);
        assert!(nt.update(&s, &z));
        let mut from_s = [0.0; 4];
        nt.unscale(&nt.cones[0].clone(), &s, &mut from_s);
        for (a, b) in from_s.iter().zip(&nt.lambda) {
            assert!((a - b).abs() < 1e-14, "{from_s:?} {:?}", nt.lambda);
        }
        let mut squared = [0.0; 4];
        nt.square(&z, &mut squared);
        for (a, b) in squared.iter().zip(&s) {
            assert!((a - b).abs() < 1e-14, "W²z = s");
        }
    }

    #[test]
    fn the_expansion_is_the_square() {
        let mut nt = cone(3);
        assert!(nt.update(&[2.0, 1.0, 0.5], &[1.0, 0.2, -0.7]));
        let (w, eta) = (nt.w.clone(), nt.cones[0].eta);
        let Expansion { d, u, v } = nt.expansion(&nt.cones[0].clone());
        let u = [u.0, u.1 * w[1], u.1 * w[2]];
        let v = [0.0, v * w[1], v * w[2]];
        for j in 0..3 {
            let (mut unit, mut column) = ([0.0; 3], [0.0; 3]);
            unit[j] = 1.0;
            nt.square(&unit, &mut column);
            for i in 0..3 {
                assert!((nt.square_entry(&nt.cones[0], i, j) - column[i]).abs() < 1e-14);
                let diagonal = if i != j {
                    0.0
                } else if i == 0 {
                    d
                } else {
                    1.0
                };
                let want = eta * eta * (diagonal + u[i] * u[j] - v[i] * v[j]);
                assert!((column[i] - want).abs() < 1e-14);
            }
        }
        assert!(v[1] * v[1] + v[2] * v[2] < 1.0, "D − vvᵀ is positive definite");
    }

    #[test]
    fn steps_end_on_the_boundary() {
        let v = [2.0, 0.5, 0.5];
        for d in [[-1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [1.0, 2.0, 1.0], [-1.0, -2.0, 3.0]] {
            let step = longest_step(&v, &d);
            let end: Vec<f64> = v.iter().zip(d).map(|(v, d)| v + step * d).collect();
            assert!(determinant(&end).abs() < 1e-12 && end[0] >= 0.0, "{d:?}: {end:?}");
        }
        assert_eq!(longest_step(&v, &[1.0, 0.5, 0.5]), f64::INFINITY);
        assert_eq!(longest_step(&[1.0], &[1.0]), f64::INFINITY);
        assert_eq!(longest_step(&[1.0], &[-2.0]), 0.5);
    }

    #[test]
    fn the_cones_quotient_undoes_the_product() {
        let lambda = [2.0, 0.5, -1.0];
        let u = [0.3, -0.7, 0.2];
        let mut v = [dot(&lambda, &u), 2.0 * u[1] + u[0] * 0.5, 2.0 * u[2] - u[0]];
        divide(&lambda, &mut v);
        assert!(v.iter().zip(u).all(|(v, u)| (v - u).abs() < 1e-15));
    }
}
