//! A factor model of risk: principal components of past returns, and what they leave to each stock.

use faer::{Mat, Side};

use crate::{Error, Result};

/// Components, as in the paper.
const COMPONENTS: usize = 10;
/// The least share of a stock's variance that is its own.
const OWN: f64 = 0.01;

/// `Σ = F Fᵀ + diag(d)`.
#[derive(Clone, Debug)]
pub(super) struct Risk {
    /// `F` (`n × k`), row by row.
    pub(super) loadings: Vec<f64>,
    /// `d` (`n`).
    pub(super) own: Vec<f64>,
}

impl Risk {
    /// From returns by day, then by stock; `scale` times their covariance.
    ///
    /// # Errors
    /// Where the eigenvalues do not converge.
    pub(super) fn of(returns: &[Vec<f64>], scale: f64) -> Result<Self> {
        let (days, n) = (returns.len(), returns[0].len());
        let mean: Vec<f64> = (0..n).map(|j| returns.iter().map(|r| r[j]).sum::<f64>() / days as f64).collect();
        let weight = (scale / (days as f64 - 1.0)).sqrt();
        let centered = Mat::from_fn(days, n, |t, j| weight * (returns[t][j] - mean[j]));
        let few_days = days < n;
        let gram = if few_days { &centered * centered.transpose() } else { centered.transpose() * &centered };
        let failed = |e| Error::from(bpqp_traits::Error::backend("the risk model", format!("no eigenvalues: {e:?}")));
        let eigen = gram.self_adjoint_eigen(Side::Lower).map_err(failed)?;
        let k = COMPONENTS.min(n).min(days);
        let (values, vectors) = (eigen.S().column_vector(), eigen.U());
        // Ascending: the last are the largest. F = V √λ, and of the Gram matrix of days F = Cᵀ U.
        let last = vectors.subcols(vectors.ncols() - k, k);
        let loadings = if few_days {
            centered.transpose() * last
        } else {
            Mat::from_fn(n, k, |j, c| last[(j, c)] * values[vectors.ncols() - k + c].max(0.0).sqrt())
        };
        let own = (0..n).map(|j| {
            let all: f64 = (0..days).map(|t| centered[(t, j)].powi(2)).sum();
            let common: f64 = (0..k).map(|c| loadings[(j, c)].powi(2)).sum();
            (all - common).max(OWN * all).max(f64::MIN_POSITIVE)
        });
        let own = own.collect();
        Ok(Self { loadings: (0..n).flat_map(|j| (0..k).map(move |c| (j, c))).map(|at| loadings[at]).collect(), own })
    }

    pub(super) fn components(&self) -> usize {
        self.loadings.len() / self.own.len()
    }

    /// The rows of `F`.
    pub(super) fn rows(&self) -> impl Iterator<Item = &[f64]> {
        self.loadings.chunks_exact(self.components())
    }

    /// `wᵀΣw`.
    pub(super) fn variance(&self, w: &[f64]) -> f64 {
        let k = self.components();
        let mut exposure = vec![0.0; k];
        for (row, w) in self.rows().zip(w) {
            exposure.iter_mut().zip(row).for_each(|(e, f)| *e += f * w);
        }
        exposure.iter().map(|e| e * e).sum::<f64>() + self.own.iter().zip(w).map(|(d, w)| d * w * w).sum::<f64>()
    }

    /// The variance of each stock, and its covariance with the portfolio of equal weights.
    pub(super) fn marginal(&self) -> (Vec<f64>, Vec<f64>) {
        let (n, k) = (self.own.len() as f64, self.components());
        let mut mean = vec![0.0; k];
        self.rows().for_each(|row| mean.iter_mut().zip(row).for_each(|(m, f)| *m += f / n));
        let of = |row: &[f64], other: &[f64]| row.iter().zip(other).map(|(a, b)| a * b).sum::<f64>();
        let variance = self.rows().zip(&self.own).map(|(row, own)| of(row, row) + own).collect();
        (variance, self.rows().zip(&self.own).map(|(row, own)| of(row, &mean) + own / n).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn returns(days: usize, n: usize) -> Vec<Vec<f64>> {
        let mut random = crate::generate::random::Random::new(3);
        (0..days)
            .map(|_| {
                let market = random.normal();
                (0..n).map(|j| market * (1.0 + j as f64 / n as f64) + 0.5 * random.normal()).collect()
            })
            .collect()
    }

    /// With as many components as stocks, or days, the model is the sample covariance, but for the floor of what is own.
    #[test]
    fn variances_are_those_of_the_sample() {
        for (days, n) in [(40, 6), (8, 12)] {
            let returns = returns(days, n);
            let risk = Risk::of(&returns, 2.0).unwrap();
            for j in 0..n {
                let w: Vec<f64> = (0..n).map(|i| f64::from(i == j)).collect();
                let mean = returns.iter().map(|r| r[j]).sum::<f64>() / days as f64;
                let sample = 2.0 * returns.iter().map(|r| (r[j] - mean).powi(2)).sum::<f64>() / (days as f64 - 1.0);
                let found = risk.variance(&w);
                assert!(found >= sample * (1.0 - 1e-12) && found <= sample * (1.0 + OWN + 1e-12), "{found} {sample}");
                assert!((risk.marginal().0[j] - found).abs() < 1e-12 * found);
            }
            let equal = vec![1.0 / n as f64; n];
            let with_equal: f64 = risk.marginal().1.iter().sum::<f64>() / n as f64;
            assert!((with_equal - risk.variance(&equal)).abs() < 1e-12 * with_equal);
        }
    }
}
