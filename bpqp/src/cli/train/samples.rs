//! What is known on each day of decision, and what became of it.

use bpqp_traits::CscMatrix;

use super::args::Experiment;
use super::prices::Prices;
use super::risk::Risk;
use crate::{Layer, Program, Result, Values};

/// Trading days that features and risk look back.
const WINDOW: usize = 240;
/// Days of the past returns among the features …
const RETURNS: [usize; 7] = [1, 5, 10, 20, 60, 120, 240];
/// … and of the volatilities.
const VOLATILITIES: [usize; 2] = [20, 60];
/// Features of one stock.
pub(super) const FEATURES: usize = RETURNS.len() + VOLATILITIES.len();
/// Standard deviations at which a feature is cut off.
const CUT: f64 = 3.0;
/// Share of the dates before a test window that decide when to stop.
const VALIDATION: f64 = 0.15;

/// One day of decision.
#[derive(Clone, Debug)]
pub(super) struct Sample {
    /// Index among the days of the prices.
    pub(super) day: usize,
    /// `n × FEATURES`, row by row, from prices up to this day alone.
    pub(super) features: Vec<f32>,
    /// Returns until the next decision, in percent (`n`).
    pub(super) target: Vec<f64>,
    /// Of returns over the horizon, in percent², `γ/100` included, so that `½wᵀΣw − rᵀw` is the objective in percent.
    pub(super) risk: Risk,
    /// `min ½wᵀΣw + qᵀw` over `1ᵀw = 1`, `w ≥ 0`, with `q = 0`.
    pub(super) program: Program,
    /// The least objective, of whoever knows the target.
    pub(super) best: f64,
}

/// All days of decision.
pub(super) struct Dataset {
    pub(super) stocks: usize,
    pub(super) samples: Vec<Sample>,
    pub(super) folds: Vec<Fold>,
}

/// Indices of samples, each part after the one before.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Fold {
    pub(super) train: std::ops::Range<usize>,
    pub(super) validation: std::ops::Range<usize>,
    pub(super) test: std::ops::Range<usize>,
}

impl Dataset {
    /// # Errors
    /// Where there are too few days; errors of the layer.
    pub(super) fn new(
        prices: &Prices,
        experiment: &Experiment,
        layer: &Layer,
        mut progress: impl FnMut(),
    ) -> Result<Self> {
        let days = days(prices.dates.len(), experiment.horizon as usize);
        let folds = folds(days.len(), experiment.folds as usize);
        if folds.iter().any(|f| f.train.is_empty() || f.validation.is_empty() || f.test.is_empty()) {
            let reason = format!("{} days are too few for {} test windows", prices.dates.len(), experiment.folds);
            return Err(bpqp_traits::Error::invalid_argument("prices", reason).into());
        }
        let mut samples = Vec::with_capacity(days.len());
        for day in days {
            samples.push(Sample::new(prices, day, experiment, layer)?);
            progress();
        }
        Ok(Self { stocks: prices.stocks(), samples, folds })
    }

    /// Days of decision among as many days of prices.
    pub(super) fn count(prices: &Prices, experiment: &Experiment) -> usize {
        days(prices.dates.len(), experiment.horizon as usize).len()
    }
}

/// Days with a window before and a horizon after them; a horizon ends where the next one starts.
fn days(all: usize, horizon: usize) -> Vec<usize> {
    (WINDOW..all.saturating_sub(horizon)).step_by(horizon).collect()
}

/// The second half in windows to test on; all before a window is to learn from, the last of it to decide when to stop.
fn folds(samples: usize, count: usize) -> Vec<Fold> {
    let start = samples / 2;
    let bound = |k: usize| start + (samples - start) * k / count;
    (0..count)
        .map(|k| {
            let test = bound(k)..bound(k + 1);
            let split = ((1.0 - VALIDATION) * test.start as f64) as usize;
            Fold { train: 0..split, validation: split..test.start, test }
        })
        .collect()
}

impl Sample {
    fn new(prices: &Prices, day: usize, experiment: &Experiment, layer: &Layer) -> Result<Self> {
        let horizon = experiment.horizon as usize;
        let past: Vec<Vec<f64>> = (day - WINDOW..day).map(|t| prices.returns(t, t + 1)).collect();
        let risk = Risk::of(&past, horizon as f64 * experiment.risk_aversion / 100.0)?;
        let target = prices.returns(day, day + horizon);
        let program = program(&risk)?;
        let mut sample = Self { day, features: features(prices, day, &past), target, risk, program, best: f64::NAN };
        let ideal = sample.portfolio(&sample.target, layer)?;
        sample.best = sample.objective(&ideal);
        Ok(sample)
    }

    /// The best portfolio for these returns.
    ///
    /// # Errors
    /// Errors of the layer; where it does not solve the program.
    pub(super) fn portfolio(&self, returns: &[f64], layer: &Layer) -> Result<Vec<f64>> {
        let mut program = self.program.clone();
        let mut q: Vec<f64> = returns.iter().map(|r| -r).collect();
        q.resize(program.num_vars(), 0.0);
        program.update(&Values { q: Some(&q), ..Values::default() })?;
        let solved = layer.forward(&program)?;
        if !solved.status().is_solved() {
            return Err(crate::Error::NotSolved { status: solved.status() });
        }
        Ok(solved.x()[..returns.len()].to_vec())
    }

    /// `½wᵀΣw − rᵀw` for the returns that came.
    pub(super) fn objective(&self, w: &[f64]) -> f64 {
        0.5 * self.risk.variance(w) - self.gain(w)
    }

    /// `rᵀw`.
    pub(super) fn gain(&self, w: &[f64]) -> f64 {
        self.target.iter().zip(w).map(|(r, w)| r * w).sum()
    }
}

fn program(risk: &Risk) -> Result<Program> {
    let (n, k) = (risk.own.len(), risk.components());
    let (ones, zeros, none) = (vec![1.0; n], vec![0.0; n], vec![f64::INFINITY; n]);
    let loadings = CscMatrix::from_dense_rows(n, k, &risk.loadings)?;
    let budget = CscMatrix::from_dense_rows(1, n, &ones)?;
    Program::builder(n)
        .factor_objective(&risk.own, &loadings, &zeros)
        .equalities(&budget, &[1.0])
        .bounds(&zeros, &none)
        .build()
}

/// Past returns and volatilities, each by its distance from the mean of the day's stocks, in standard deviations.
fn features(prices: &Prices, day: usize, past: &[Vec<f64>]) -> Vec<f32> {
    let n = prices.stocks();
    let mut columns: Vec<Vec<f64>> = RETURNS.iter().map(|&back| prices.returns(day - back, day)).collect();
    for back in VOLATILITIES {
        let recent = &past[past.len() - back..];
        columns.push((0..n).map(|j| (recent.iter().map(|r| r[j] * r[j]).sum::<f64>() / back as f64).sqrt()).collect());
    }
    columns.iter_mut().for_each(|column| standardize(column));
    (0..n).flat_map(|j| columns.iter().map(move |column| column[j] as f32)).collect()
}

/// Mean zero, variance one, cut off; all zero where the values are the same.
fn standardize(values: &mut [f64]) {
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    let deviation = (values.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / n).sqrt();
    let scale = if deviation > 0.0 { 1.0 / deviation } else { 0.0 };
    values.iter_mut().for_each(|v| *v = ((*v - mean) * scale).clamp(-CUT, CUT));
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Defaults {
        #[command(flatten)]
        experiment: Experiment,
    }

    fn experiment() -> Experiment {
        Defaults::parse_from(["test"]).experiment
    }

    fn prices(days: usize, n: usize) -> Prices {
        let mut random = crate::generate::random::Random::new(1);
        let mut last = vec![10.0; n];
        let values = (0..days).map(|_| {
            last.iter_mut().for_each(|p| *p *= 1.0 + 0.01 * random.normal());
            last.clone()
        });
        let values = values.collect();
        let names = (0..n).map(|j| format!("S{j}")).collect();
        Prices { source: "a random walk".into(), dates: (0..days).map(|t| t.to_string()).collect(), names, values }
    }

    #[test]
    fn parts_follow_each_other_and_windows_cover_the_second_half() {
        let folds = folds(100, 4);
        assert_eq!(folds[0].test.start, 50);
        assert_eq!(folds[3].test.end, 100);
        for (k, fold) in folds.iter().enumerate() {
            assert_eq!(fold.train.end, fold.validation.start);
            assert_eq!(fold.validation.end, fold.test.start);
            assert!(k == 0 || folds[k - 1].test.end == fold.test.start);
        }
        // A horizon ends at the next decision, so no label reaches into the next part.
        assert_eq!(days(256, 5), [240, 245, 250]);
    }

    /// Other prices after a day change nothing that is known on it.
    #[test]
    fn nothing_looks_ahead() {
        let (before, layer) = (prices(300, 4), Layer::new().unwrap());
        let mut after = before.clone();
        after.values[261..]
            .iter_mut()
            .for_each(|day| day.iter_mut().enumerate().for_each(|(j, p)| *p *= 2.0 + j as f64));
        let at = |prices: &Prices, day: usize| Sample::new(prices, day, &experiment(), &layer).unwrap();
        let (a, b) = (at(&before, 260), at(&after, 260));
        assert_eq!((a.features, a.risk.loadings, a.risk.own), (b.features, b.risk.loadings, b.risk.own));
        assert_eq!(a.program, b.program);
        assert_ne!(a.target, b.target, "the label is the future");
        assert_eq!(at(&before, 255).target, at(&after, 255).target, "but not beyond the horizon");
        assert_ne!(at(&before, 265).features, at(&after, 265).features);
    }

    #[test]
    fn whoever_knows_the_future_has_the_least_objective() {
        let (prices, layer) = (prices(300, 5), Layer::new().unwrap());
        let sample = Sample::new(&prices, 260, &experiment(), &layer).unwrap();
        for returns in [vec![0.0; 5], vec![1.0, -1.0, 0.5, 0.0, 2.0]] {
            let w = sample.portfolio(&returns, &layer).unwrap();
            assert!((w.iter().sum::<f64>() - 1.0).abs() < 1e-9 && w.iter().all(|w| *w >= -1e-9));
            assert!(sample.objective(&w) > sample.best);
        }
    }
}
