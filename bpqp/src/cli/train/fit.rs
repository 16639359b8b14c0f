//! One run: from the first epoch, or from its checkpoint, to its test window.

use std::ops::Range;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use burn::module::Module;
use burn::optim::{AdamConfig, GradientsParams, ModuleOptimizer};
use burn::store::ModuleRecord;
use burn::tensor::{Bytes, Device, Tensor};

use super::args::{Experiment, Method};
use super::checkpoint::{Epoch, Packed, RunId, State, load, save};
use super::evaluate::{Day, correlation};
use super::network::{Batch, Network, negative_part};
use super::samples::{Dataset, Sample};
use crate::burn::QpLayer;
use crate::cli::input::ms;
use crate::generate::random::Random;
use crate::{Error, Layer, Result};

/// Weight of the learned optimizer's squared violation of `w ≥ 0`.
const VIOLATION: f64 = 10.0;

/// What all runs share.
pub(super) struct Setting<'a> {
    pub(super) data: &'a Dataset,
    pub(super) experiment: &'a Experiment,
    pub(super) prices: &'a str,
    pub(super) layer: Layer,
    pub(super) folder: &'a Path,
    /// Set where the run should end after the step at hand.
    pub(super) stop: &'a AtomicBool,
}

/// A run in memory.
struct Run<'a> {
    setting: &'a Setting<'a>,
    layer: QpLayer,
    device: Device,
    state: State,
    network: Network,
    best: Network,
    optimizer: ModuleOptimizer,
}

/// Time in the layer.
#[derive(Default)]
struct Passes {
    forward: Duration,
    backward: Duration,
}

/// Runs to the end, and returns what came of it; `None` where it was told to stop before, with all of its epochs in the
/// checkpoint. `progress` is told after every epoch, and how many are left out in the end.
///
/// # Errors
/// Errors of the layer, and of checkpoints: a damaged one, or one of another experiment.
pub(super) fn fit(setting: &Setting<'_>, id: RunId, mut progress: impl FnMut(u64)) -> Result<Option<State>> {
    let path = id.path(setting.folder);
    let found = load(&path)?;
    if let Some((state, _)) = &found {
        check_same(&path, state, id, setting)?;
        if state.result.is_some() {
            progress(u64::from(setting.experiment.epochs));
            return Ok(Some(state.clone()));
        }
    }
    let mut run = Run::new(setting, id, found)?;
    progress(run.state.epochs.len() as u64);
    while !run.is_over() {
        if setting.stop.load(Ordering::Relaxed) || !run.epoch()? {
            return Ok(None);
        }
        save(&path, &run.state, &run.pack()?)?;
        progress(1);
    }
    progress(u64::from(setting.experiment.epochs).saturating_sub(run.state.epochs.len() as u64));
    run.state.result = Some(run.test()?);
    save(&path, &run.state, &run.pack()?)?;
    Ok(Some(run.state))
}

fn check_same(path: &Path, state: &State, id: RunId, setting: &Setting<'_>) -> Result<()> {
    if state.run == id && state.experiment == *setting.experiment && state.prices == setting.prices {
        return Ok(());
    }
    let message = "the checkpoint is of another experiment; choose another folder with --out, or --fresh".into();
    Err(Error::Parse { name: path.display().to_string(), line: 1, message })
}

fn failed(error: impl std::fmt::Display) -> Error {
    bpqp_traits::Error::backend("burn", error.to_string()).into()
}

impl<'a> Run<'a> {
    fn new(setting: &'a Setting<'a>, id: RunId, found: Option<(State, Packed)>) -> Result<Self> {
        let device = Device::flex().autodiff();
        device.seed(id.seed);
        let network = Network::new(id.method, &device);
        let optimizer = AdamConfig::new().init();
        let layer = QpLayer::new(setting.layer.clone());
        let Some((state, packed)) = found else {
            let (experiment, prices) = (setting.experiment.clone(), setting.prices.to_owned());
            let state = State { run: id, experiment, prices, epochs: Vec::new(), best: 0, result: None };
            return Ok(Self { setting, layer, device, state, best: network.clone(), network, optimizer });
        };
        let unpack = |network: Network, bytes: Vec<u8>| -> Result<Network> {
            let record = ModuleRecord::from_bytes(Bytes::from_bytes_vec(bytes)).map_err(failed)?;
            network.try_load_record(record).map_err(failed)
        };
        let best = unpack(network.clone(), packed.best)?;
        let network = unpack(network, packed.network)?;
        let optimizer = optimizer.from_bytes(Bytes::from_bytes_vec(packed.optimizer)).map_err(failed)?;
        Ok(Self { setting, layer, device, state, network, best, optimizer })
    }

    fn pack(&self) -> Result<Packed> {
        let network = |n: &Network| n.clone().into_record().into_bytes().map(|b| b.to_vec()).map_err(failed);
        Ok(Packed {
            network: network(&self.network)?,
            best: network(&self.best)?,
            optimizer: self.optimizer.into_bytes().map_err(failed)?.to_vec(),
        })
    }

    fn is_over(&self) -> bool {
        let done = self.state.epochs.len();
        let Experiment { epochs, patience, .. } = *self.setting.experiment;
        done >= epochs as usize || done > self.state.best + patience as usize
    }

    /// The loss of a batch.
    fn loss(&self, samples: &[&Sample], passes: &mut Passes) -> Result<(Tensor<1>, Option<crate::burn::Solution>)> {
        let batch = Batch::new(samples.iter().copied(), &self.device);
        let predicted = self.network.predict(&batch);
        let error = batch.error(predicted.clone());
        let beta = self.setting.experiment.beta;
        Ok(match self.state.run.method {
            Method::TwoStage => (error, None),
            Method::EndToEnd => {
                let programs: Vec<_> = samples.iter().map(|s| s.program.clone()).collect();
                let solution = self.layer.forward_programs(&programs, &-predicted).map_err(failed)?;
                passes.forward += solution.forward_time();
                (batch.regret(solution.x()) + error * beta, Some(solution))
            }
            Method::Learned => {
                let w = self.network.allocate(&predicted, &batch).ok_or_else(|| failed("no learned optimizer"))?;
                let violation = negative_part(w.clone()).powi_scalar(2).sum_dim(1).mean();
                (batch.regret(w) + violation * VIOLATION + error * beta, None)
            }
        })
    }

    /// One pass over the training dates and a look at the validation dates; false where it was told to stop in between,
    /// and nothing changed.
    fn epoch(&mut self) -> Result<bool> {
        let RunId { fold, seed, .. } = self.state.run;
        let (data, experiment) = (self.setting.data, self.setting.experiment);
        let before = (self.network.clone(), self.optimizer.clone());
        let order = shuffled(data.folds[fold].train.clone(), seed, self.state.epochs.len());
        let (started, mut passes, mut losses) = (Instant::now(), Passes::default(), Vec::new());
        for indices in order.chunks(experiment.batch as usize) {
            if self.setting.stop.load(Ordering::Relaxed) {
                (self.network, self.optimizer) = before;
                return Ok(false);
            }
            let samples: Vec<&Sample> = indices.iter().map(|&k| &data.samples[k]).collect();
            let (loss, solution) = self.loss(&samples, &mut passes)?;
            losses.push(number(&loss) * samples.len() as f64);
            let gradients = loss.backward();
            passes.backward += solution.map_or(Duration::ZERO, |s| s.backward_time());
            let gradients = GradientsParams::from_grads(gradients, &self.network);
            self.network = self.optimizer.step(experiment.learning_rate, self.network.clone(), gradients);
        }
        let total = started.elapsed();
        let validation = self.validate(data.folds[fold].validation.clone())?;
        self.state.epochs.push(Epoch {
            loss: losses.iter().sum::<f64>() / order.len() as f64,
            validation,
            total_ms: ms(total),
            forward_ms: ms(passes.forward),
            backward_ms: ms(passes.backward),
        });
        let last = self.state.epochs.len() - 1;
        // A NaN is no progress, but the first epoch has to do if there is none better.
        if last == 0 || validation < self.state.epochs[self.state.best].validation {
            (self.state.best, self.best) = (last, self.network.clone());
        }
        Ok(true)
    }

    /// The method's loss on these samples.
    fn validate(&self, samples: Range<usize>) -> Result<f64> {
        let (count, mut sum) = (samples.len() as f64, 0.0);
        for chunk in self.setting.data.samples[samples].chunks(self.setting.experiment.batch as usize) {
            let samples: Vec<&Sample> = chunk.iter().collect();
            sum += number(&self.loss(&samples, &mut Passes::default())?.0) * chunk.len() as f64;
        }
        Ok(sum / count)
    }

    /// The test window with the best network.
    fn test(&self) -> Result<Vec<Day>> {
        let (data, mut days) = (self.setting.data, Vec::new());
        for index in data.folds[self.state.run.fold].test.clone() {
            let sample = &data.samples[index];
            let batch = Batch::new(std::iter::once(sample), &self.device);
            let predicted = self.best.predict(&batch);
            let returns: Vec<f64> = predicted.clone().into_data().iter::<f64>().collect();
            let weights = match self.best.allocate(&predicted, &batch) {
                Some(w) => feasible(w.into_data().iter::<f64>().collect()),
                None => sample.portfolio(&returns, &self.setting.layer)?,
            };
            days.push(day(sample, index, &returns, &weights));
        }
        Ok(days)
    }
}

/// What one day's prediction and portfolio came to.
pub(super) fn day(sample: &Sample, index: usize, returns: &[f64], weights: &[f64]) -> Day {
    let errors = returns.iter().zip(&sample.target).map(|(a, b)| (a - b).powi(2));
    Day {
        sample: index,
        mse: errors.sum::<f64>() / returns.len() as f64,
        ic: correlation(returns, &sample.target),
        regret: sample.objective(weights) - sample.best,
        gain: sample.gain(weights),
        weights: weights.iter().map(|w| *w as f32).collect(),
    }
}

/// What corrections left of negative holdings is cut off.
fn feasible(mut weights: Vec<f64>) -> Vec<f64> {
    weights.iter_mut().for_each(|w| *w = w.max(0.0));
    let sum: f64 = weights.iter().sum();
    weights.iter_mut().for_each(|w| *w /= sum);
    weights
}

/// The one number of a tensor.
fn number(tensor: &Tensor<1>) -> f64 {
    tensor.clone().into_data().iter::<f64>().next().unwrap_or(f64::NAN)
}

/// Another order in every epoch, the same whenever that epoch is run.
fn shuffled(samples: Range<usize>, seed: u64, epoch: usize) -> Vec<usize> {
    let mut random = Random::new(seed.wrapping_mul(1_000_003).wrapping_add(epoch as u64));
    let mut order: Vec<usize> = samples.collect();
    for k in (1..order.len()).rev() {
        order.swap(k, (random.uniform(0.0, 1.0) * (k + 1) as f64) as usize);
    }
    order
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn orders_are_permutations_that_repeat() {
        let order = shuffled(3..40, 1, 0);
        assert_eq!(order, shuffled(3..40, 1, 0));
        assert_ne!(order, shuffled(3..40, 1, 1));
        let mut sorted = order;
        sorted.sort_unstable();
        assert_eq!(sorted, (3..40).collect::<Vec<_>>());
    }

    #[test]
    fn cut_off_weights_sum_to_one() {
        assert_eq!(feasible(vec![0.75, -0.5, 0.75]), [0.5, 0.0, 0.5]);
    }
}
