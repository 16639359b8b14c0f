//! Reproducible random numbers.

/// A generator whose numbers depend on the seed alone.
pub(crate) struct Random(oorandom::Rand64);

impl Random {
    pub(crate) fn new(seed: u64) -> Self {
        Self(oorandom::Rand64::new(u128::from(seed)))
    }

    /// Uniform in `[low, high)`.
    pub(crate) fn uniform(&mut self, low: f64, high: f64) -> f64 {
        low + (high - low) * self.0.rand_float()
    }

    /// `len` numbers uniform in `[0, 1)`.
    pub(crate) fn uniforms(&mut self, len: usize) -> Vec<f64> {
        (0..len).map(|_| self.0.rand_float()).collect()
    }

    /// Standard normal, by Box and Muller.
    pub(crate) fn normal(&mut self) -> f64 {
        // 1 − u lies in (0, 1], where the logarithm is finite.
        let radius = (-2.0 * (1.0 - self.0.rand_float()).ln()).sqrt();
        radius * (std::f64::consts::TAU * self.0.rand_float()).cos()
    }

    /// `len` standard normal numbers.
    pub(crate) fn normals(&mut self, len: usize) -> Vec<f64> {
        (0..len).map(|_| self.normal()).collect()
    }

    /// `count` different integers of `low..high`, ascending; all of them where there are fewer.
    pub(crate) fn choose(&mut self, low: usize, high: usize, count: usize) -> Vec<usize> {
        if high - low <= count {
            return (low..high).collect();
        }
        let mut chosen = Vec::with_capacity(count);
        while chosen.len() < count {
            let j = self.0.rand_range(low as u64..high as u64) as usize;
            if let Err(place) = chosen.binary_search(&j) {
                chosen.insert(place, j);
            }
        }
        chosen
    }
}
