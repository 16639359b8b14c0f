//! What predictions and portfolios came to.

use serde::{Deserialize, Serialize};

/// One day of decision in a test window.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Day {
    /// Index among the samples.
    pub(super) sample: usize,
    /// Mean squared error of predicted returns, percent².
    pub(super) mse: f64,
    /// Correlation of predicted returns with those that came, over the day's stocks.
    pub(super) ic: f64,
    /// Percent.
    pub(super) regret: f64,
    /// Return of the portfolio until the next decision, in percent, before costs.
    pub(super) gain: f64,
    /// The portfolio.
    pub(super) weights: Vec<f32>,
}

/// Averages over days.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub(super) struct Metrics {
    pub(super) mse: f64,
    pub(super) ic: f64,
    /// Mean of the daily correlation over its standard deviation.
    pub(super) icir: f64,
    /// Compound, percent a year.
    pub(super) annual_return: f64,
    /// Mean over standard deviation of returns, a year, without a riskless rate.
    pub(super) sharpe: f64,
    /// Percent a period.
    pub(super) regret: f64,
    /// Share of the portfolio that changes from one decision to the next.
    pub(super) turnover: f64,
}

/// Trading days of a year.
const YEAR: f64 = 252.0;

impl Metrics {
    pub(super) fn of(days: &[Day], horizon: u32) -> Self {
        let column = |of: fn(&Day) -> f64| days.iter().map(of).collect::<Vec<_>>();
        let (ic, gains) = (column(|d| d.ic), column(|d| d.gain));
        let periods = YEAR / f64::from(horizon);
        let growth: f64 = gains.iter().map(|g| (1.0 + g / 100.0).ln()).sum::<f64>() / gains.len() as f64;
        let moved = days.windows(2).map(|pair| {
            0.5 * pair[0].weights.iter().zip(&pair[1].weights).map(|(a, b)| f64::from((a - b).abs())).sum::<f64>()
        });
        Self {
            mse: mean(&column(|d| d.mse)),
            ic: mean(&ic),
            icir: mean(&ic) / deviation(&ic),
            annual_return: 100.0 * ((growth * periods).exp() - 1.0),
            sharpe: mean(&gains) / deviation(&gains) * periods.sqrt(),
            regret: mean(&column(|d| d.regret)),
            turnover: mean(&moved.collect::<Vec<_>>()),
        }
    }

    /// Names, units and values.
    pub(super) fn columns(&self) -> [(&'static str, f64); 7] {
        let Self { mse, ic, icir, annual_return, sharpe, regret, turnover } = *self;
        [
            ("MSE", mse),
            ("IC", ic),
            ("ICIR", icir),
            ("annual return %", annual_return),
            ("Sharpe", sharpe),
            ("regret %", regret),
            ("turnover", turnover),
        ]
    }
}

pub(super) fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

/// Sample standard deviation.
pub(super) fn deviation(values: &[f64]) -> f64 {
    let center = mean(values);
    (values.iter().map(|v| (v - center).powi(2)).sum::<f64>() / (values.len() as f64 - 1.0)).sqrt()
}

/// Pearson's correlation; zero where either side does not vary.
pub(super) fn correlation(a: &[f64], b: &[f64]) -> f64 {
    let (mean_a, mean_b) = (mean(a), mean(b));
    let product =
        |x: &[f64], x0: f64, y: &[f64], y0: f64| -> f64 { x.iter().zip(y).map(|(x, y)| (x - x0) * (y - y0)).sum() };
    let size = (product(a, mean_a, a, mean_a) * product(b, mean_b, b, mean_b)).sqrt();
    if size > 0.0 { product(a, mean_a, b, mean_b) / size } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn metrics_by_hand() {
        let day = |gain: f64, ic: f64, weights: [f32; 2]| Day {
            sample: 0,
            mse: 4.0,
            ic,
            regret: 1.0,
            gain,
            weights: weights.to_vec(),
        };
        // Two periods of half a year each.
        let metrics = Metrics::of(&[day(10.0, 0.2, [1.0, 0.0]), day(-10.0, 0.0, [0.5, 0.5])], 126);
        assert!((metrics.annual_return + 1.0).abs() < 1e-12, "1.1 · 0.9 = 0.99");
        assert_eq!((metrics.sharpe, metrics.mse, metrics.regret, metrics.turnover), (0.0, 4.0, 1.0, 0.5));
        assert!((metrics.icir - 0.1 / (0.02_f64).sqrt()).abs() < 1e-12);
        assert!((correlation(&[1.0, 2.0, 3.0], &[6.0, 4.0, 2.0]) + 1.0).abs() < 1e-12);
        assert_eq!(correlation(&[1.0, 1.0], &[1.0, 2.0]), 0.0);
    }
}
