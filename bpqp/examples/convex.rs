//! Convex programs of up to 1000 variables, forward by two backends, each gradient beside differences.
//!
//! ```text
//! cargo run --release -p bpqp --example convex -- [--backends native,clarabel] [--log] [--json]
//! ```
//! For each program and backend: steps, iterations of the QPs' solver, the KKT residual, times, and the error of the gradient
//! of a random loss along three random changes of the parameters.

#[path = "../tests/common/mod.rs"]
mod common;
#[path = "../tests/convex/instances.rs"]
mod instances;

use std::time::Instant;

use bpqp::Layer;
use bpqp::convex::{ConvexLayer, ConvexProgress, PrimalDual};
use clap::Parser;
use common::Rng;
use instances::{Instance, geometric, kelly, log_utility, logistic, quadratic, softmax, transport};

/// Tolerance of the solves.
const TOLERANCE: f64 = 1e-9;
/// Step of the differences.
const STEP: f64 = 1e-6;
/// Directions in which gradients are compared.
const DIRECTIONS: usize = 3;

#[derive(Parser)]
struct Args {
    /// Forward backends.
    #[arg(long, value_delimiter = ',', default_value = "native,clarabel")]
    backends: Vec<String>,
    /// Backward backend.
    #[arg(long, default_value = "native")]
    backward: String,
    /// Only programs whose name contains this.
    #[arg(long, default_value = "")]
    only: String,
    /// Every iterate on standard error.
    #[arg(long)]
    log: bool,
    /// Lines of JSON instead of a table.
    #[arg(long)]
    json: bool,
}

fn programs() -> Vec<Instance> {
    let mut rng = Rng::new(1);
    vec![
        transport(&mut rng, 25, 40, 0.05),
        softmax(&mut rng, 1000),
        log_utility(&mut rng, 1000),
        kelly(&mut rng, 200, 1000),
        logistic(&mut rng, 1000, 100),
        geometric(&mut rng, 200, 20, 10),
        quadratic(&mut rng, 200, 6),
    ]
}

fn main() -> bpqp::Result<()> {
    let args = Args::parse();
    if !args.json {
        println!(
            "{:<12}{:>6}{:>7}{:>5}{:>8}  {:<10}{:>7}{:>6}{:>9}{:>10}{:>12}{:>12}{:>11}{:>11}",
            "program",
            "vars",
            "params",
            "eq",
            "ineq",
            "backend",
            "status",
            "steps",
            "QP iter.",
            "residual",
            "forward ms",
            "backward ms",
            "adjoint",
            "gradient"
        );
    }
    for instance in programs().iter().filter(|instance| instance.name.contains(&args.only)) {
        for backend in &args.backends {
            let layer = Layer::builder().forward(backend).backward(&*args.backward);
            let mut builder = ConvexLayer::builder(layer).tolerance(TOLERANCE);
            if args.log {
                builder = builder.progress(log);
            }
            report(instance, backend, &builder.build()?, args.json)?;
        }
    }
    Ok(())
}

fn log(at: &ConvexProgress) {
    let ConvexProgress { iteration, objective, residuals, length, proximal } = at;
    eprintln!(
        "{iteration:>4}  f {objective:>16.9e}  primal {:.1e}  dual {:.1e}  gap {:.1e}  step {length:.1e}  proximal {proximal:.0e}",
        residuals.primal, residuals.dual, residuals.gap
    );
}

fn report(instance: &Instance, backend: &str, layer: &ConvexLayer, json: bool) -> bpqp::Result<()> {
    let Instance { name, program, theta } = instance;
    let program = &**program;
    let mut rng = Rng::new(3);
    let mut solved = layer.forward(program, theta)?;
    let forward = solved.elapsed().as_secs_f64() * 1e3;
    if !solved.status().has_solution() {
        println!("{name}, {backend}: {} after {} steps {:?}", solved.status(), solved.iterations(), solved.message());
        return Ok(());
    }
    let x_bar = rng.normals(program.num_vars());
    let start = Instant::now();
    let gradient = solved.backward(&x_bar)?;
    let backward = start.elapsed().as_secs_f64() * 1e3;
    let at = solved.primal_dual();
    let mut error = 0.0_f64;
    for _ in 0..DIRECTIONS {
        let direction: Vec<f64> =
            rng.normals(theta.len()).iter().zip(theta).map(|(v, t)| v * t.abs().max(1e-2)).collect();
        let loss = |h: f64| {
            let theta: Vec<f64> = theta.iter().zip(&direction).map(|(t, v)| t + h * v).collect();
            layer.forward_from(program, &theta, PrimalDual { ..at }).map(|solved| dot(&x_bar, solved.x()))
        };
        let (found, expected) = (dot(gradient.theta(), &direction), (loss(STEP)? - loss(-STEP)?) / (2.0 * STEP));
        error = error.max((found - expected).abs() / expected.abs().max(1.0));
    }
    let (d, n, m) = (program.num_vars(), program.num_equalities(), program.num_inequalities());
    let (status, steps, qp, residual) =
        (solved.status(), solved.iterations(), solved.qp_iterations(), solved.residuals().max());
    let (kind, adjoint) = (gradient.certificate().kind, gradient.certificate().residual);
    if json {
        println!(
            r#"{{"program":"{name}","variables":{d},"parameters":{},"equalities":{n},"inequalities":{m},"backend":"{backend}","status":"{status}","steps":{steps},"qp_iterations":{qp},"kkt_residual":{residual:e},"forward_ms":{forward:.3},"backward_ms":{backward:.3},"certificate":"{kind}","adjoint_residual":{adjoint:e},"gradient_error":{error:e}}}"#,
            theta.len()
        );
    } else {
        println!(
            "{name:<12}{d:>6}{:>7}{n:>5}{m:>8}  {backend:<10}{status:>7}{steps:>6}{qp:>9}{residual:>10.0e}{forward:>12.1}{backward:>12.2}{adjoint:>11.0e}{error:>11.0e}  {kind}",
            theta.len()
        );
    }
    Ok(())
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}
