//! The networks, and portfolios as tensors.

use burn::module::Module;
use burn::nn::{Linear, LinearConfig};
use burn::tensor::activation::relu;
use burn::tensor::{Device, Tensor, TensorData};

use super::args::Method;
use super::samples::{FEATURES, Sample};

/// Units of the hidden layers.
const HIDDEN: [usize; 2] = [32, 16];
/// Inputs of the learned optimizer for each stock: predicted return, logarithms of variance and own variance, covariance
/// with the portfolio of equal weights.
const ALLOCATOR_INPUTS: usize = 4;
/// Steps of the learned optimizer towards `w ≥ 0`.
const CORRECTIONS: usize = 10;

/// A perceptron.
#[derive(Module, Debug)]
pub(super) struct Mlp {
    layers: Vec<Linear>,
}

impl Mlp {
    fn new(inputs: usize, device: &Device) -> Self {
        let sizes: Vec<usize> = [inputs].into_iter().chain(HIDDEN).chain([1]).collect();
        Self { layers: sizes.windows(2).map(|w| LinearConfig::new(w[0], w[1]).init(device)).collect() }
    }

    /// `batch × n × inputs` to `batch × n`: the same for every stock.
    fn forward(&self, inputs: Tensor<3>) -> Tensor<2> {
        let mut x = inputs;
        for (k, layer) in self.layers.iter().enumerate() {
            x = layer.forward(x);
            if k + 1 < self.layers.len() {
                x = relu(x);
            }
        }
        x.squeeze_dim(2)
    }
}

/// A predictor of returns, and what takes the optimizer's place where that is learned.
#[derive(Module, Debug)]
pub(super) struct Network {
    predictor: Mlp,
    allocator: Option<Mlp>,
}

impl Network {
    pub(super) fn new(method: Method, device: &Device) -> Self {
        let allocator = (method == Method::Learned).then(|| Mlp::new(ALLOCATOR_INPUTS, device));
        Self { predictor: Mlp::new(FEATURES, device), allocator }
    }

    /// Predicted returns in percent (`batch × n`).
    pub(super) fn predict(&self, batch: &Batch) -> Tensor<2> {
        self.predictor.forward(batch.features.clone())
    }

    /// Portfolios of the learned optimizer (`batch × n`), `1ᵀw = 1` to rounding and `w ≥ 0` nearly; `None` where there
    /// is none.
    ///
    /// As in DC3 (Donti, Rolnick and Kolter, 2021): the network's outputs are completed to meet the equality, then
    /// corrected by gradient steps on the inequalities' violation that stay within it.
    pub(super) fn allocate(&self, predicted: &Tensor<2>, batch: &Batch) -> Option<Tensor<2>> {
        let [members, n] = predicted.dims();
        let inputs = Tensor::cat(vec![predicted.clone().reshape([members, n, 1]), batch.risks.clone()], 2);
        let scores = self.allocator.as_ref()?.forward(inputs);
        let centered = |t: Tensor<2>| t.clone() - t.mean_dim(1);
        let mut w = centered(scores) / n as f64 + 1.0 / n as f64;
        for _ in 0..CORRECTIONS {
            w = w.clone() - centered(negative_part(w));
        }
        Some(w)
    }
}

/// `min(w, 0)`.
pub(super) fn negative_part(w: Tensor<2>) -> Tensor<2> {
    -relu(-w)
}

/// Several samples as tensors.
pub(super) struct Batch {
    /// `batch × n × FEATURES`.
    features: Tensor<3>,
    /// Returns that came (`batch × n`).
    pub(super) target: Tensor<2>,
    /// `batch × n × k`.
    loadings: Tensor<3>,
    /// `batch × n`.
    own: Tensor<2>,
    /// `batch × n × (ALLOCATOR_INPUTS − 1)`.
    risks: Tensor<3>,
    /// `batch`.
    best: Tensor<1>,
}

impl Batch {
    pub(super) fn new<'a>(samples: impl Iterator<Item = &'a Sample> + Clone, device: &Device) -> Self {
        let members = samples.clone().count();
        let (n, k) = samples.clone().next().map_or((0, 0), |s| (s.target.len(), s.risk.components()));
        let numbers = |of: fn(&Sample) -> &[f64]| -> Vec<f32> {
            samples.clone().flat_map(|s| of(s).iter().map(|v| *v as f32)).collect()
        };
        let matrix = |values: Vec<f32>| Tensor::<2>::from_data(TensorData::new(values, [members, n]), device);
        let stack =
            |values: Vec<f32>, k: usize| Tensor::<3>::from_data(TensorData::new(values, [members, n, k]), device);
        let risks = samples.clone().flat_map(|s| {
            let (variance, with_equal) = s.risk.marginal();
            let mean = with_equal.iter().sum::<f64>() / n as f64;
            let row = move |((variance, own), with_equal): ((f64, f64), f64)| {
                [variance.ln() as f32, own.ln() as f32, (with_equal / mean) as f32]
            };
            variance.into_iter().zip(s.risk.own.clone()).zip(with_equal).flat_map(row)
        });
        Self {
            features: stack(samples.clone().flat_map(|s| s.features.iter().copied()).collect(), FEATURES),
            target: matrix(numbers(|s| &s.target)),
            loadings: stack(numbers(|s| &s.risk.loadings), k),
            own: matrix(numbers(|s| &s.risk.own)),
            risks: stack(risks.collect(), ALLOCATOR_INPUTS - 1),
            best: Tensor::<1>::from_data(
                TensorData::new(samples.map(|s| s.best as f32).collect::<Vec<_>>(), [members]),
                device,
            ),
        }
    }

    /// The mean regret of portfolios (`batch × n`): `½wᵀΣw − rᵀw` beyond the least that it could have been.
    pub(super) fn regret(&self, w: Tensor<2>) -> Tensor<1> {
        let [members, n] = w.dims();
        let exposure = w.clone().reshape([members, 1, n]).matmul(self.loadings.clone());
        let common = exposure.powi_scalar(2).sum_dim(2).reshape([members]);
        let own = (w.clone().powi_scalar(2) * self.own.clone()).sum_dim(1).reshape([members]);
        let gain = (w * self.target.clone()).sum_dim(1).reshape([members]);
        ((common + own) * 0.5 - gain - self.best.clone()).mean()
    }

    /// The mean squared error of predicted returns.
    pub(super) fn error(&self, predicted: Tensor<2>) -> Tensor<1> {
        (predicted - self.target.clone()).powi_scalar(2).mean()
    }
}
