//! Predict, then optimize: a linear predictor of five assets' returns, trained for its error and for the decision:
//! `cargo run --release -p bpqp --features train --example predict_then_optimize`.
//!
//! The returns have a part that no linear predictor can see, so the best predictor and the best decisions differ.

use bpqp::burn::{Qp, QpLayer, Solution};
use bpqp::{CertificateKind, Layer};
use burn::nn::{Linear, LinearConfig};
use burn::optim::{AdamConfig, GradientsParams};
use burn::tensor::{Device, Distribution, Tensor};

const ASSETS: usize = 5;
const FEATURES: usize = 3;
const DAYS: usize = 256;

fn main() -> bpqp::burn::Result<()> {
    let device = Device::flex().autodiff();
    device.seed(7);
    let features = Tensor::<2>::random([DAYS, FEATURES], Distribution::Normal(0.0, 1.0), &device);
    let returns = world(&features);
    // ANCHOR: layer
    let layer = QpLayer::new(Layer::new()?).threads(2)?;
    // ANCHOR_END: layer
    let best = layer.forward(&program(returns.clone()))?.x();

    for (name, end_to_end) in [("two stages", false), ("end to end", true)] {
        device.seed(1);
        let (mut model, mut optimizer) = (LinearConfig::new(FEATURES, ASSETS).init(&device), AdamConfig::new().init());
        for _ in 0..400 {
            let loss = if end_to_end {
                decision_loss(&layer, &model, &features, &returns, &best)?
            } else {
                (model.forward(features.clone()) - returns.clone()).powi_scalar(2).mean()
            };
            let gradients = GradientsParams::from_grads(loss.backward(), &model);
            model = optimizer.step(3e-2, model, gradients);
        }
        let error = (model.forward(features.clone()) - returns.clone()).powi_scalar(2).mean();
        let x = solve_what_can_be(&layer, &program(model.forward(features.clone())))?;
        let regret = objective(x, &returns) - objective(best.clone(), &returns);
        println!("{name}: mean squared error {:.4}, regret {:.4}", number(error), number(regret));
    }
    let solution = layer.forward(&program(returns.clone().detach().require_grad()))?;
    objective(solution.x(), &returns).backward();
    println!("exact, kinks, degenerate at the best portfolios: {:?}", count(&solution));
    Ok(())
}

/// Returns that depend on the features, and not linearly.
fn world(features: &Tensor<2>) -> Tensor<2> {
    let device = features.device();
    let weights = Tensor::<2>::random([FEATURES, ASSETS], Distribution::Normal(0.0, 1.0), &device);
    let linear = features.clone().matmul(weights);
    (linear.clone() + linear.powi_scalar(3)) * 0.1
}

// ANCHOR: program
/// `min ½wᵀw − rᵀw` over `1ᵀw = 1`, `w ≥ 0`, for each row of predicted returns.
fn program(predicted: Tensor<2>) -> Qp {
    let device = predicted.device();
    let ones = Tensor::<2>::ones([1, ASSETS], &device);
    let lb = Tensor::<1>::zeros([ASSETS], &device);
    let ub = Tensor::<1>::full([ASSETS], f64::INFINITY, &device);
    // P, A and b are shared, and each day has a q of its own.
    Qp::new(Tensor::<2>::eye(ASSETS, &device), -predicted)
        .equalities(ones, Tensor::<1>::ones([1], &device))
        .bounds(lb, ub)
}
// ANCHOR_END: program

/// `½wᵀw − rᵀw`, averaged over the days.
fn objective(w: Tensor<2>, returns: &Tensor<2>) -> Tensor<1> {
    let risk = w.clone().powi_scalar(2).sum_dim(1) * 0.5;
    (risk - (w * returns.clone()).sum_dim(1)).mean()
}

// ANCHOR: loss
/// Regret, the objective beyond the best that was possible, and a little of the prediction's error.
fn decision_loss(
    layer: &QpLayer,
    model: &Linear,
    features: &Tensor<2>,
    returns: &Tensor<2>,
    best: &Tensor<2>,
) -> bpqp::burn::Result<Tensor<1>> {
    let predicted = model.forward(features.clone());
    let chosen = layer.forward(&program(predicted.clone()))?;
    let regret = objective(chosen.x(), returns) - objective(best.clone(), returns);
    let error = (predicted - returns.clone()).powi_scalar(2).mean();
    Ok(regret + error * 0.01)
}
// ANCHOR_END: loss

// ANCHOR: certificates
/// How many members' last gradient is the derivative, one side of a kink, or one choice among many.
fn count(solution: &Solution) -> [usize; 3] {
    let mut counts = [0; 3];
    for certificate in solution.certificates().into_iter().flatten().flatten() {
        match certificate.kind {
            CertificateKind::Exact => counts[0] += 1,
            CertificateKind::Kink => counts[1] += 1,
            CertificateKind::Degenerate => counts[2] += 1,
        }
    }
    counts
}
// ANCHOR_END: certificates

// ANCHOR: failures
/// One infeasible member must not end an epoch: its row of `x` is zero, and it is named.
fn solve_what_can_be(layer: &QpLayer, qp: &Qp) -> bpqp::burn::Result<Tensor<2>> {
    let solution = layer.forward_each(qp)?;
    for (member, why) in solution.failed() {
        eprintln!("member {member} is left out: {why}");
    }
    Ok(solution.x())
}
// ANCHOR_END: failures

fn number(tensor: Tensor<1>) -> f64 {
    tensor.into_data().iter::<f64>().sum()
}
