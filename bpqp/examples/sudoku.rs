//! Learns the rules of 4×4 Sudoku from solved puzzles, as in OptNet (Amos and Kolter, 2017), in about a minute:
//! `cargo run --release -p bpqp --features train --example sudoku -- [epochs] [plot.svg]`.
//!
//! A layer maps a puzzle, one-hot over 64 variables, to the solution of `min ½ε‖x‖² − pᵀx  s.t.  A x = A v,  x ≥ 0`. `A` and
//! `v` are all that is learned; nothing is said of rows, columns or boxes. `A v` for a learned `v > 0` keeps
//! every program feasible.

use std::io::Read;
use std::time::Instant;

use bpqp::Layer;
use bpqp::burn::{Qp, QpLayer};
use burn::module::{Module, Param};
use burn::optim::{AdamConfig, GradientsParams};
use burn::tensor::{Device, Distribution, Tensor, TensorData};
use plotters::prelude::*;

/// Cells, digits, and one variable for each pair of them.
const CELLS: usize = 16;
const DIGITS: usize = 4;
const VARIABLES: usize = CELLS * DIGITS;
/// As many equalities as OptNet learns.
const ROWS: usize = 40;
/// The curvature ε of the objective.
const CURVATURE: f64 = 0.1;
const TRAIN: usize = 9000;
const BATCH: usize = 150;
/// Origin and license: `sudoku4x4.md`.
const PUZZLES: &[u8] = include_bytes!("sudoku4x4.csv.gz");

type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

#[derive(Module, Debug)]
struct Rules {
    /// `ROWS × VARIABLES`.
    a: Param<Tensor<2>>,
    /// Logarithms of a point that meets the rules.
    log_v: Param<Tensor<1>>,
}

impl Rules {
    fn new(device: &Device) -> Self {
        let a = Tensor::random([ROWS, VARIABLES], Distribution::Uniform(0.0, 1.0), device);
        // Every digit as likely as any other.
        let log_v = Tensor::full([VARIABLES], -(DIGITS as f64).ln(), device);
        Self { a: Param::from_tensor(a), log_v: Param::from_tensor(log_v) }
    }

    fn solve(&self, layer: &QpLayer, puzzles: Tensor<2>) -> bpqp::burn::Result<Tensor<2>> {
        let device = puzzles.device();
        let a = self.a.val();
        let v = self.log_v.val().exp().reshape([VARIABLES, 1]);
        let b = a.clone().matmul(v).reshape([ROWS]);
        let p = Tensor::<2>::eye(VARIABLES, &device) * CURVATURE;
        let lb = Tensor::<1>::zeros([VARIABLES], &device);
        let ub = Tensor::<1>::full([VARIABLES], f64::INFINITY, &device);
        let qp = Qp::new(p, -puzzles).equalities(a, b).bounds(lb, ub);
        Ok(layer.forward(&qp)?.x())
    }
}

fn main() -> Result<()> {
    let mut args = std::env::args().skip(1);
    let epochs = args.next().map_or(Ok(20), |n| n.parse::<usize>())?;
    let plot = args.next();
    let (device, layer) = (Device::flex().autodiff(), QpLayer::new(Layer::new()?));
    device.seed(1);
    let (puzzles, solutions) = read()?;
    let batch = |all: &[f32], range: std::ops::Range<usize>| {
        let values = all[range.start * VARIABLES..range.end * VARIABLES].to_vec();
        Tensor::<2>::from_data(TensorData::new(values, [range.len(), VARIABLES]), &device)
    };
    let test = TRAIN..puzzles.len() / VARIABLES;
    let (mut rules, mut optimizer) = (Rules::new(&device), AdamConfig::new().init());
    let mut curve = Vec::new();
    println!("epoch   loss      solved   seconds");
    for epoch in 1..=epochs {
        let (start, mut sum) = (Instant::now(), 0.0);
        for first in (0..TRAIN).step_by(BATCH) {
            let range = first..(first + BATCH).min(TRAIN);
            let x = rules.solve(&layer, batch(&puzzles, range.clone()))?;
            let loss = (x - batch(&solutions, range)).powi_scalar(2).mean();
            sum += loss.clone().into_data().iter::<f64>().sum::<f64>();
            let gradients = GradientsParams::from_grads(loss.backward(), &rules);
            rules = optimizer.step(1e-2, rules, gradients);
        }
        let x: Vec<f32> = rules.solve(&layer, batch(&puzzles, test.clone()))?.into_data().iter().collect();
        let solved = solved(&x, &solutions[test.start * VARIABLES..]);
        let loss = sum / (TRAIN / BATCH) as f64;
        println!("{epoch:5}   {loss:.5}   {:5.1} %   {:.1}", 100.0 * solved, start.elapsed().as_secs_f64());
        curve.push((epoch as f64, 100.0 * solved));
    }
    if let Some(path) = plot {
        draw(&curve, &path)?;
    }
    Ok(())
}

/// Puzzles and solutions, one-hot.
fn read() -> Result<(Vec<f32>, Vec<f32>)> {
    let mut text = String::new();
    flate2::read::GzDecoder::new(PUZZLES).read_to_string(&mut text)?;
    let mut out = (Vec::new(), Vec::new());
    for line in text.lines().skip(1) {
        let (puzzle, solution) = line.split_once(',').ok_or("a line without a comma")?;
        for (digits, one_hot) in [(puzzle, &mut out.0), (solution, &mut out.1)] {
            let cell =
                |c: char| (1..=DIGITS as u32).map(move |digit| f32::from(u8::from(c.to_digit(10) == Some(digit))));
            one_hot.extend(digits.chars().flat_map(cell));
        }
    }
    Ok(out)
}

/// The share of puzzles with the right digit in every cell.
fn solved(x: &[f32], solutions: &[f32]) -> f64 {
    let largest = |cell: &[f32]| (0..DIGITS).max_by(|&i, &j| cell[i].total_cmp(&cell[j]));
    let right =
        |(x, s): &(&[f32], &[f32])| x.chunks(DIGITS).zip(s.chunks(DIGITS)).all(|(x, s)| largest(x) == largest(s));
    let puzzles = x.chunks(VARIABLES).zip(solutions.chunks(VARIABLES));
    puzzles.filter(right).count() as f64 / (x.len() / VARIABLES) as f64
}

fn draw(curve: &[(f64, f64)], path: &str) -> Result<()> {
    let area = SVGBackend::new(path, (640, 360)).into_drawing_area();
    area.fill(&WHITE)?;
    let last = curve.last().map_or(1.0, |p| p.0);
    let mut chart = ChartBuilder::on(&area)
        .margin(20)
        .x_label_area_size(40)
        .y_label_area_size(50)
        .build_cartesian_2d(0.0..last, 0.0..100.0)?;
    chart.configure_mesh().x_desc("epoch").y_desc("test puzzles solved, %").draw()?;
    chart.draw_series(LineSeries::new(curve.iter().copied(), BLUE.stroke_width(2)).point_size(3))?;
    area.present()?;
    Ok(())
}
