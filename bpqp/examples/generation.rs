//! Schedules generation for the next day: a network forecasts 24 hourly loads, and the schedule follows the forecast as far as
//! ramp limits allow. After Donti, Amos and Kolter (2017), on real loads, in half a minute:
//! `cargo run --release -p bpqp --features train --example generation -- [epochs] [plot.svg]`.
//!
//! The program is the projection `min ½‖z − ŷ‖²  s.t.  |zᵢ − zᵢ₋₁| ≤ c`. Its forecast `ŷ` is learned for its error; for what a
//! schedule costs, as if the forecast itself could be run; and for what the schedule costs, through the layer.

use std::io::Read;

use bpqp::Layer;
use bpqp::burn::{Qp, QpLayer};
use burn::module::Module;
use burn::nn::{Linear, LinearConfig};
use burn::optim::{AdamConfig, GradientsParams};
use burn::tensor::activation::relu;
use burn::tensor::{Device, Tensor, TensorData};
use plotters::prelude::*;

const HOURS: usize = 24;
/// The day before and the same day a week before, the day of the week, the time of the year.
const FEATURES: usize = 2 * HOURS + 7 + 2;
const HIDDEN: usize = 64;
/// How much generation may change within an hour, in the loads' units. Loads themselves change by more in two hours of five.
const RAMP: f64 = 0.05;
/// Costs of the square of what is short, and of what is too much.
const SHORT: f64 = 20.0;
const EXCESS: f64 = 1.0;
/// Of 1726 days the first 1200 are learned from.
const TRAIN: usize = 1200;
const BATCH: usize = 50;
const SEEDS: u64 = 3;
/// Origin and license: `pjm_loads.md`.
const LOADS: &[u8] = include_bytes!("pjm_loads.csv.gz");

type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

/// What a forecast is trained for.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Loss {
    /// Its squared error.
    Error,
    /// The cost of running the forecast, whether or not that is possible.
    CostOfForecast,
    /// The cost of the schedule.
    CostOfSchedule,
}

/// A perceptron with one hidden layer, beside a linear part.
#[derive(Module, Debug)]
struct Forecaster {
    linear: Linear,
    hidden: Linear,
    out: Linear,
}

impl Forecaster {
    fn new(device: &Device) -> Self {
        let layer = |inputs, outputs| LinearConfig::new(inputs, outputs).init(device);
        Self { linear: layer(FEATURES, HOURS), hidden: layer(FEATURES, HIDDEN), out: layer(HIDDEN, HOURS) }
    }

    fn forward(&self, features: Tensor<2>) -> Tensor<2> {
        self.linear.forward(features.clone()) + self.out.forward(relu(self.hidden.forward(features)))
    }
}

/// Features (`days × FEATURES`) and loads (`days × HOURS`).
struct Days {
    features: Vec<f32>,
    loads: Vec<f32>,
}

impl Days {
    fn tensors(&self, range: std::ops::Range<usize>, device: &Device) -> (Tensor<2>, Tensor<2>) {
        let part = |all: &[f32], width: usize| {
            let values = all[range.start * width..range.end * width].to_vec();
            Tensor::from_data(TensorData::new(values, [range.len(), width]), device)
        };
        (part(&self.features, FEATURES), part(&self.loads, HOURS))
    }

    fn len(&self) -> usize {
        self.loads.len() / HOURS
    }
}

/// `zᵢ − zᵢ₋₁ ≤ c` and `zᵢ₋₁ − zᵢ ≤ c`, over `width` variables of which the schedule is the first `HOURS`.
fn ramps(width: usize) -> Vec<f64> {
    let mut g = vec![0.0; 2 * (HOURS - 1) * width];
    for (row, line) in g.chunks_mut(width).enumerate() {
        let (hour, sign) = (row / 2 + 1, if row % 2 == 0 { 1.0 } else { -1.0 });
        (line[hour], line[hour - 1]) = (sign, -sign);
    }
    g
}

fn matrix(values: Vec<f64>, width: usize, device: &Device) -> Tensor<2> {
    let rows = values.len() / width;
    Tensor::from_data(TensorData::new(values, [rows, width]), device)
}

/// The schedules that follow `forecasts`.
fn schedule(layer: &QpLayer, forecasts: Tensor<2>) -> bpqp::burn::Result<Tensor<2>> {
    let device = forecasts.device();
    let g = matrix(ramps(HOURS), HOURS, &device);
    let c = Tensor::<1>::full([2 * (HOURS - 1)], RAMP, &device);
    // P, G and h are shared, and each day has a q of its own.
    let qp = Qp::new(Tensor::<2>::eye(HOURS, &device), -forecasts).inequalities(g, c);
    Ok(layer.forward(&qp)?.x())
}

/// The mean cost of a day's hour.
fn cost(generation: Tensor<2>, loads: &Tensor<2>) -> Tensor<1> {
    let short = relu(loads.clone() - generation.clone()).powi_scalar(2) * (0.5 * SHORT);
    let excess = relu(generation - loads.clone()).powi_scalar(2) * (0.5 * EXCESS);
    (short + excess).mean()
}

/// The cost of whoever knows the loads: `min ½SHORT‖s‖² + ½EXCESS‖e‖²` over schedules, `s ≥ y − z`, `e ≥ z − y`.
fn least_cost(layer: &QpLayer, loads: &Tensor<2>) -> bpqp::burn::Result<f64> {
    let (device, width, days) = (loads.device(), 3 * HOURS, loads.dims()[0]);
    let curvature = |k: usize| [0.0, SHORT, EXCESS][k / HOURS];
    let p = (0..width * width).map(|k| if k / width == k % width { curvature(k % width) } else { 0.0 }).collect();
    let mut g = ramps(width);
    for (slack, sign) in [(HOURS, -1.0), (2 * HOURS, 1.0)] {
        for hour in 0..HOURS {
            let mut line = vec![0.0; width];
            (line[hour], line[slack + hour]) = (sign, -1.0);
            g.extend(line);
        }
    }
    let c = Tensor::<2>::full([days, 2 * (HOURS - 1)], RAMP, &device);
    let h = Tensor::cat(vec![c, -loads.clone(), loads.clone()], 1);
    let q = Tensor::<1>::zeros([width], &device);
    let qp = Qp::new(matrix(p, width, &device), q).inequalities(matrix(g, width, &device), h);
    let generation = layer.forward(&qp)?.x().slice([0..days, 0..HOURS]);
    Ok(number(cost(generation, loads)))
}

fn main() -> Result<()> {
    let mut args = std::env::args().skip(1);
    let epochs = args.next().map_or(Ok(100), |n| n.parse::<usize>())?;
    let plot = args.next();
    let (device, layer) = (Device::flex().autodiff(), QpLayer::new(Layer::new()?).threads(2)?);
    let days = read()?;
    let (features, loads) = days.tensors(TRAIN..days.len(), &device);
    println!("{} days to learn from, {} to test on; costs and errors are means over the hours", TRAIN, loads.dims()[0]);
    println!("known loads: cost of the best schedule {:.5}", least_cost(&layer, &loads)?);
    let mut shown = Vec::new();
    for loss in [Loss::Error, Loss::CostOfForecast, Loss::CostOfSchedule] {
        let (mut error, mut costs) = (0.0, Vec::new());
        for seed in 1..=SEEDS {
            let model = train(loss, &days, epochs, seed, &layer, &device)?;
            let forecast = model.forward(features.clone());
            let generation = schedule(&layer, forecast.clone())?;
            error += number((forecast - loads.clone()).powi_scalar(2).mean()) / SEEDS as f64;
            costs.push(number(cost(generation.clone(), &loads)));
            if seed == 1 {
                shown.push((loss, generation.into_data().iter::<f64>().collect::<Vec<_>>()));
            }
        }
        let (mean, spread) = statistics(&costs);
        println!("{loss:?}: cost {mean:.5} ± {spread:.5}, mean squared error {error:.5}");
    }
    if let Some(path) = plot {
        draw(&days.loads[TRAIN * HOURS..], &shown, &path)?;
    }
    Ok(())
}

fn train(
    loss: Loss,
    days: &Days,
    epochs: usize,
    seed: u64,
    layer: &QpLayer,
    device: &Device,
) -> bpqp::burn::Result<Forecaster> {
    device.seed(seed);
    let (mut model, mut optimizer) = (Forecaster::new(device), AdamConfig::new().init());
    for epoch in 0..epochs {
        // Large steps first, and small ones in the last third.
        let rate = if 3 * epoch < 2 * epochs { 5e-3 } else { 5e-4 };
        for first in (0..TRAIN).step_by(BATCH) {
            let (features, loads) = days.tensors(first..first + BATCH, device);
            let forecast = model.forward(features);
            let loss = match loss {
                Loss::Error => (forecast - loads).powi_scalar(2).mean(),
                Loss::CostOfForecast => cost(forecast, &loads),
                Loss::CostOfSchedule => cost(schedule(layer, forecast)?, &loads),
            };
            let gradients = GradientsParams::from_grads(loss.backward(), &model);
            model = optimizer.step(rate, model, gradients);
        }
    }
    Ok(model)
}

/// Days with a week before them; loads as features relative to the mean of those that are learned from.
fn read() -> Result<Days> {
    let mut text = String::new();
    flate2::read::GzDecoder::new(LOADS).read_to_string(&mut text)?;
    let mut all = Vec::new();
    for line in text.lines().skip(1) {
        let numbers: std::result::Result<Vec<f32>, _> = line.split(',').skip(1).map(str::parse).collect();
        all.push(numbers?);
    }
    let known = &all[..TRAIN + 7];
    let mean = known.iter().flatten().sum::<f32>() / (known.len() * HOURS) as f32;
    let mut days = Days { features: Vec::new(), loads: Vec::new() };
    for (day, loads) in all.iter().enumerate().skip(7) {
        days.features.extend([&all[day - 1], &all[day - 7]].into_iter().flatten().map(|load| load - mean));
        days.features.extend((0..7).map(|weekday| f32::from(u8::from(day % 7 == weekday))));
        let year = (day as f32 / 365.25 * std::f32::consts::TAU).sin_cos();
        days.features.extend([year.0, year.1]);
        days.loads.extend(loads);
    }
    Ok(days)
}

/// Mean and standard deviation.
fn statistics(values: &[f64]) -> (f64, f64) {
    let mean = values.iter().sum::<f64>() / values.len() as f64;
    (mean, (values.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / values.len() as f64).sqrt())
}

fn number(tensor: Tensor<1>) -> f64 {
    tensor.into_data().iter::<f64>().sum()
}

/// The test day with the steepest load, and what was scheduled for it.
fn draw(loads: &[f32], schedules: &[(Loss, Vec<f64>)], path: &str) -> Result<()> {
    let steepest = |day: &&[f32]| day.windows(2).map(|w| (w[1] - w[0]).abs()).fold(0.0, f32::max);
    let days: Vec<&[f32]> = loads.chunks(HOURS).collect();
    let day = (0..days.len()).max_by(|&i, &j| steepest(&days[i]).total_cmp(&steepest(&days[j]))).unwrap_or(0);
    let of = |all: &[f64]| all[day * HOURS..(day + 1) * HOURS].to_vec();
    let mut lines = vec![("load".to_string(), days[day].iter().map(|&v| f64::from(v)).collect::<Vec<_>>())];
    lines.extend(schedules.iter().map(|(loss, all)| (format!("{loss:?}"), of(all))));
    let values = || lines.iter().flat_map(|(_, line)| line.iter().copied());
    let (low, high) = (values().fold(f64::INFINITY, f64::min), values().fold(0.0, f64::max));
    let area = SVGBackend::new(path, (720, 400)).into_drawing_area();
    area.fill(&WHITE)?;
    let mut chart = ChartBuilder::on(&area)
        .margin(20)
        .x_label_area_size(40)
        .y_label_area_size(50)
        .build_cartesian_2d(0.0..(HOURS - 1) as f64, 0.98 * low..1.02 * high)?;
    chart.configure_mesh().x_desc("hour").y_desc("load and generation").draw()?;
    for ((name, line), color) in lines.iter().zip([BLACK, BLUE, GREEN, RED]) {
        let points = line.iter().enumerate().map(|(hour, v)| (hour as f64, *v));
        let drawn = chart.draw_series(LineSeries::new(points, color.stroke_width(2)))?;
        drawn.label(name).legend(move |(x, y)| PathElement::new([(x, y), (x + 16, y)], color));
    }
    chart.configure_series_labels().background_style(WHITE).border_style(BLACK).draw()?;
    area.present()?;
    Ok(())
}
