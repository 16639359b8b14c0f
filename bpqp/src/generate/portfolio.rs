//! Long-only portfolios: maximize `μᵀx − ½ xᵀ(FFᵀ + D)x` over `Σx = 1, x ≥ 0`.

use bpqp_traits::CscMatrix;

use super::random::Random;
use super::{Sizes, full, gram};
use crate::{Program, Result};

/// A factor model of returns; the two forms of one seed have the same one.
struct Market {
    /// Exposures `Fᵀ` (`m × n`, column by column).
    exposures: Vec<f64>,
    /// Variance of each asset by itself.
    specific: Vec<f64>,
    minus_returns: Vec<f64>,
}

impl Market {
    fn random(n: usize, m: usize, random: &mut Random) -> Self {
        let scale = 1.0 / (m.max(1) as f64).sqrt();
        Self {
            exposures: random.normals(m * n).into_iter().map(|v| scale * v).collect(),
            specific: (0..n).map(|_| random.uniform(0.1, 1.0)).collect(),
            minus_returns: (0..n).map(|_| -0.1 * random.normal()).collect(),
        }
    }
}

pub(super) fn dense(Sizes { n, m, .. }: Sizes, random: &mut Random) -> Result<Program> {
    let market = Market::random(n, m, random);
    let mut covariance = gram(n, m, &market.exposures, 1.0, 0.0)?;
    let values = covariance.values_mut();
    market.specific.iter().enumerate().for_each(|(j, v)| values[j * n + j] += v);
    Program::builder(n)
        .objective(&covariance, &market.minus_returns)
        .equalities(&full(1, n, vec![1.0; n])?, &[1.0])
        .bounds(&vec![0.0; n], &vec![f64::INFINITY; n])
        .assume_convex()
        .build()
}

/// Variables `(x, f)` with `f = Fᵀx`: the first `m` equalities.
pub(super) fn factor(Sizes { n, m, .. }: Sizes, random: &mut Random) -> Result<Program> {
    let mut market = Market::random(n, m, random);
    market.specific.resize(n + m, 1.0);
    market.minus_returns.resize(n + m, 0.0);
    let entry = |(place, v): (usize, &f64)| (place % m, place / m, *v);
    let mut rows: Vec<_> = market.exposures.iter().enumerate().map(entry).collect();
    rows.extend((0..m).map(|k| (k, n + k, -1.0)));
    rows.extend((0..n).map(|j| (m, j, 1.0)));
    let equalities = CscMatrix::from_triplets(m + 1, n + m, &rows)?;
    let mut b = vec![0.0; m + 1];
    b[m] = 1.0;
    let lb: Vec<f64> = (0..n + m).map(|j| if j < n { 0.0 } else { f64::NEG_INFINITY }).collect();
    Program::builder(n + m)
        .objective(&CscMatrix::from_diagonal(&market.specific)?, &market.minus_returns)
        .equalities(&equalities, &b)
        .bounds(&lb, &vec![f64::INFINITY; n + m])
        .build()
}
