//! What the runs of each method come to together.

use serde::Serialize;

use super::args::Method;
use super::checkpoint::{Epoch, State};
use super::evaluate::{Day, Metrics, deviation, mean};
use super::samples::Dataset;
use crate::Layer;
use crate::generate::random::Random;

/// Resamples of the bootstrap.
const RESAMPLES: usize = 2000;
/// Decisions in one block of it: neighbors are not independent.
const BLOCK: usize = 12;

/// One row of the table.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Row {
    pub(super) name: String,
    /// One for each seed, over all test windows; one of what does not learn.
    pub(super) seeds: Vec<Metrics>,
    /// Means over the epochs of all runs.
    pub(super) times: Option<EpochTimes>,
}

/// Milliseconds of one epoch.
#[derive(Clone, Copy, Debug, Serialize)]
pub(super) struct EpochTimes {
    /// All but the layer.
    pub(super) network: f64,
    pub(super) forward: f64,
    pub(super) backward: f64,
}

/// The mean regret of one method over that of another, with the range that holds 95 % of its bootstrap.
#[derive(Clone, Copy, Debug, Serialize)]
pub(super) struct Ratio {
    pub(super) ratio: f64,
    pub(super) low: f64,
    pub(super) high: f64,
}

impl Row {
    /// Mean over the seeds and, where there are several, their standard deviation, by the metric's place.
    pub(super) fn cell(&self, column: usize) -> (f64, Option<f64>) {
        let values: Vec<f64> = self.seeds.iter().map(|m| m.columns()[column].1).collect();
        (mean(&values), (values.len() > 1).then(|| deviation(&values)))
    }
}

/// The rows of all methods with a run, then of portfolios that do not learn.
///
/// # Errors
/// Errors of the layer.
pub(super) fn rows(states: &[State], data: &Dataset, layer: &Layer, horizon: u32) -> crate::Result<Vec<Row>> {
    let mut rows: Vec<Row> = methods(states)
        .into_iter()
        .map(|method| {
            let seeds = seeds(states, method).into_iter().map(|days| Metrics::of(&days, horizon)).collect();
            Row { name: method.as_str().into(), seeds, times: times(states, method) }
        })
        .collect();
    let (equal, least) = without_learning(data, layer)?;
    for (name, days) in [("equal weights", equal), ("least variance", least)] {
        rows.push(Row { name: name.into(), seeds: vec![Metrics::of(&days, horizon)], times: None });
    }
    Ok(rows)
}

/// The methods in the order of their first run.
pub(super) fn methods(states: &[State]) -> Vec<Method> {
    let mut methods = Vec::new();
    for state in states {
        if !methods.contains(&state.run.method) {
            methods.push(state.run.method);
        }
    }
    methods
}

/// The test days of all windows, one after another, for each seed.
pub(super) fn seeds(states: &[State], method: Method) -> Vec<Vec<Day>> {
    let mut seeds: Vec<u64> = states.iter().map(|s| s.run.seed).collect();
    seeds.sort_unstable();
    seeds.dedup();
    let days = |seed: u64| {
        let mut own: Vec<&State> = states.iter().filter(|s| s.run.method == method && s.run.seed == seed).collect();
        own.sort_by_key(|s| s.run.fold);
        own.into_iter().filter_map(|s| s.result.clone()).flatten().collect()
    };
    seeds.into_iter().map(days).filter(|days: &Vec<Day>| !days.is_empty()).collect()
}

fn times(states: &[State], method: Method) -> Option<EpochTimes> {
    let epochs: Vec<&Epoch> = states.iter().filter(|s| s.run.method == method).flat_map(|s| &s.epochs).collect();
    let of = |f: fn(&Epoch) -> f64| mean(&epochs.iter().map(|e| f(e)).collect::<Vec<_>>());
    (!epochs.is_empty()).then(|| EpochTimes {
        network: of(|e| e.total_ms - e.forward_ms - e.backward_ms),
        forward: of(|e| e.forward_ms),
        backward: of(|e| e.backward_ms),
    })
}

/// Equal weights and the portfolio of least variance in all test windows, with predictions of zero.
pub(super) fn without_learning(data: &Dataset, layer: &Layer) -> crate::Result<(Vec<Day>, Vec<Day>)> {
    let (n, mut equal, mut least) = (data.stocks, Vec::new(), Vec::new());
    let zeros = vec![0.0; n];
    for index in data.folds.iter().flat_map(|fold| fold.test.clone()) {
        let sample = &data.samples[index];
        equal.push(super::fit::day(sample, index, &zeros, &vec![1.0 / n as f64; n]));
        least.push(super::fit::day(sample, index, &zeros, &sample.portfolio(&zeros, layer)?));
    }
    Ok((equal, least))
}

/// The regret of `a` over that of `b`, both by seed and day of the same days: days are resampled in blocks, seeds one by
/// one, for both methods alike.
pub(super) fn ratio(a: &[Vec<Day>], b: &[Vec<Day>]) -> Option<Ratio> {
    let (seeds, days) = (a.len().min(b.len()), a.first()?.len());
    let same = |s: &Vec<Day>| s.len() == days;
    if seeds == 0 || days == 0 || !a.iter().chain(b).all(same) {
        return None;
    }
    let sums = |seed: usize, day: usize| (a[seed][day].regret, b[seed][day].regret);
    let all = (0..seeds).flat_map(|s| (0..days).map(move |d| (s, d)));
    let total = all.fold((0.0, 0.0), |sum, (s, d)| (sum.0 + sums(s, d).0, sum.1 + sums(s, d).1));
    let mut random = Random::new(1);
    let mut below = |n: usize| ((random.uniform(0.0, 1.0) * n as f64) as usize).min(n - 1);
    let block = BLOCK.min(days);
    let mut ratios: Vec<f64> = (0..RESAMPLES)
        .map(|_| {
            let chosen: Vec<usize> = (0..seeds).map(|_| below(seeds)).collect();
            let mut sum = (0.0, 0.0);
            for _ in 0..days.div_ceil(block) {
                let start = below(days - block + 1);
                for (&s, d) in chosen.iter().flat_map(|s| (start..start + block).map(move |d| (s, d))) {
                    let (x, y) = sums(s, d);
                    sum = (sum.0 + x, sum.1 + y);
                }
            }
            sum.0 / sum.1
        })
        .collect();
    ratios.sort_by(f64::total_cmp);
    let at = |share: f64| ratios[(share * (RESAMPLES - 1) as f64).round() as usize];
    Some(Ratio { ratio: total.0 / total.1, low: at(0.025), high: at(0.975) })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn days(regrets: &[f64]) -> Vec<Day> {
        let day = |(k, regret): (usize, &f64)| Day {
            sample: k,
            mse: 0.0,
            ic: 0.0,
            regret: *regret,
            gain: 0.0,
            weights: vec![],
        };
        regrets.iter().enumerate().map(day).collect()
    }

    #[test]
    fn ratios_have_an_interval_that_holds_them() {
        let noisy: Vec<f64> = (0..200).map(|k| 2.0 + (f64::from(k) * 1.7).sin()).collect();
        let half: Vec<f64> = noisy.iter().map(|r| 0.5 * r).collect();
        let exact = ratio(&[days(&half), days(&half)], &[days(&noisy), days(&noisy)]).unwrap();
        assert!([exact.ratio, exact.low, exact.high].iter().all(|r| (r - 0.5).abs() < 1e-12), "{exact:?}");
        let other: Vec<f64> = (0..200).map(|k| 2.0 + (f64::from(k) * 2.9).cos()).collect();
        let apart = ratio(&[days(&other)], &[days(&noisy)]).unwrap();
        assert!(apart.low < apart.ratio && apart.ratio < apart.high && apart.high - apart.low > 0.01, "{apart:?}");
        assert!(ratio(&[], &[]).is_none());
        assert!(ratio(&[days(&[1.0])], &[days(&[1.0, 2.0])]).is_none(), "other days");
    }
}
