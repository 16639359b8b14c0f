//! Arithmetic of second-order cones, block by block; the half line is the cone of dimension 1.
//!
//! Products, division and the Nesterov–Todd scaling follow Vandenberghe's notes on CVXOPT's cone solver.

/// A block's product `u ∘ v = (uᵀv, u₀v₁ + v₀u₁)`.
fn product(u: &[f64], v: &[f64]) -> Vec<f64> {
    let mut out: Vec<f64> = u.iter().zip(v).map(|(a, b)| u[0] * b + v[0] * a).collect();
    out[0] = u.iter().zip(v).map(|(a, b)| a * b).sum();
    out
}

/// The `x` with `u ∘ x = v`, for `u` inside its cone.
fn divide(u: &[f64], v: &[f64]) -> Vec<f64> {
    let tail: f64 = u[1..].iter().zip(&v[1..]).map(|(a, b)| a * b).sum();
    let x0 = (u[0] * v[0] - tail) / determinant(u);
    let mut out: Vec<f64> = u.iter().zip(v).map(|(a, b)| (b - x0 * a) / u[0]).collect();
    out[0] = x0;
    out
}

/// `u₀² − ‖u₁‖²`, as a product of two factors for accuracy near the boundary.
fn determinant(u: &[f64]) -> f64 {
    let norm = u[1..].iter().map(|v| v * v).sum::<f64>().sqrt();
    (u[0] - norm) * (u[0] + norm)
}

/// A product of second-order cones, by dimensions.
pub(crate) struct Cones<'a>(pub(crate) &'a [usize]);

impl Cones<'_> {
    fn ranges(&self) -> impl Iterator<Item = std::ops::Range<usize>> + '_ {
        self.0.iter().scan(0, |start, &dim| {
            let range = *start..*start + dim;
            *start += dim;
            Some(range)
        })
    }

    fn zip_with(&self, u: &[f64], v: &[f64], f: impl Fn(&[f64], &[f64]) -> Vec<f64>) -> Vec<f64> {
        self.ranges().flat_map(|r| f(&u[r.clone()], &v[r])).collect()
    }

    pub(crate) fn product(&self, u: &[f64], v: &[f64]) -> Vec<f64> {
        self.zip_with(u, v, product)
    }

    pub(crate) fn divide(&self, u: &[f64], v: &[f64]) -> Vec<f64> {
        self.zip_with(u, v, divide)
    }

    /// The identity `e` of the product.
    pub(crate) fn identity(&self) -> Vec<f64> {
        let len = self.0.iter().sum();
        let mut e = vec![0.0; len];
        self.ranges().for_each(|r| e[r.start] = 1.0);
        e
    }

    /// The smallest `u₀ − ‖u₁‖`: positive inside.
    pub(crate) fn depth(&self, u: &[f64]) -> f64 {
        self.ranges().fold(f64::INFINITY, |depth, r| {
            let norm = u[r.start + 1..r.end].iter().map(|v| v * v).sum::<f64>().sqrt();
            depth.min(u[r.start] - norm)
        })
    }

    /// The largest step in `[0, 1]` that stays inside, by bisection.
    pub(crate) fn max_step(&self, u: &[f64], du: &[f64]) -> f64 {
        let inside = |t: f64| {
            let moved: Vec<f64> = u.iter().zip(du).map(|(u, d)| u + t * d).collect();
            self.depth(&moved) > 0.0
        };
        let (mut lo, mut hi) = (0.0, 1.0);
        if inside(hi) {
            return hi;
        }
        for _ in 0..60 {
            let mid = 0.5 * (lo + hi);
            if inside(mid) { lo = mid } else { hi = mid }
        }
        lo
    }

    /// The Nesterov–Todd scaling of `s` and `z`, both inside.
    pub(crate) fn scaling(&self, s: &[f64], z: &[f64]) -> Scaling {
        let block = |r: std::ops::Range<usize>| {
            let (s, z) = (&s[r.clone()], &z[r.clone()]);
            let (ds, dz) = (determinant(s).sqrt(), determinant(z).sqrt());
            let inner: f64 = s.iter().zip(z).map(|(a, b)| a * b).sum::<f64>() / (ds * dz);
            let gamma = (0.5 * (1.0 + inner)).sqrt();
            let mut w: Vec<f64> = s.iter().zip(z).map(|(s, z)| (s / ds - z / dz) / (2.0 * gamma)).collect();
            w[0] = (s[0] / ds + z[0] / dz) / (2.0 * gamma);
            (r, (ds / dz).sqrt(), w)
        };
        Scaling { blocks: self.ranges().map(block).collect() }
    }
}

/// The symmetric matrix `W` with `W z = W⁻¹ s`, block by block as `(range, factor, hyperbolic vector)`.
pub(crate) struct Scaling {
    blocks: Vec<(std::ops::Range<usize>, f64, Vec<f64>)>,
}

impl Scaling {
    pub(crate) fn apply(&self, v: &[f64]) -> Vec<f64> {
        self.map(v, |factor| factor, 1.0)
    }

    pub(crate) fn apply_inverse(&self, v: &[f64]) -> Vec<f64> {
        self.map(v, |factor| 1.0 / factor, -1.0)
    }

    fn map(&self, v: &[f64], factor: impl Fn(f64) -> f64, sign: f64) -> Vec<f64> {
        let mut out = Vec::with_capacity(v.len());
        for (range, eta, w) in &self.blocks {
            let v = &v[range.clone()];
            let tail: f64 = w[1..].iter().zip(&v[1..]).map(|(w, v)| sign * w * v).sum();
            let along = v[0] + tail / (1.0 + w[0]);
            out.push(factor(*eta) * (w[0] * v[0] + tail));
            out.extend(w[1..].iter().zip(&v[1..]).map(|(w, v)| factor(*eta) * (v + sign * along * w)));
        }
        out
    }
}
