//! Differentiates every file with every pair of a forward and a backward backend and compares the gradients.
//!
//! ```text
//! cargo run --release --features osqp --example pairs -- [--max-size N] [--time-limit S] [--tol T] [--check ENTRIES] FILE…
//! ```
//! One line a file: what the certificate says, how many pairs gave a gradient, the largest adjoint residual among them,
//! and the largest difference between any two, block by block, relative to the block's largest entry. With `--check` the
//! last column has the largest error against central differences and how many entries were moved.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use bpqp::io::read_file;
use bpqp::{CertificateKind, CheckOptions, Gradient, Layer, Program, Registry, Settings, check_gradient};
use clap::Parser;

#[derive(Parser)]
struct Args {
    /// Problem files.
    files: Vec<PathBuf>,
    /// Largest number of variables plus rows.
    #[arg(long, default_value_t = 5000)]
    max_size: usize,
    /// Seconds for one forward solve.
    #[arg(long, default_value_t = 60.0)]
    time_limit: f64,
    /// Tolerance of the forward solves.
    #[arg(long, default_value_t = 1e-6)]
    tol: f64,
    /// Central differences of so many entries of each block, for programs of up to 500 variables with an exact gradient.
    #[arg(long, default_value_t = 0)]
    check: usize,
}

fn main() -> bpqp::Result<()> {
    let args = Args::parse();
    let settings =
        Settings { time_limit: Some(Duration::from_secs_f64(args.time_limit)), ..Settings::with_tolerance(args.tol) };
    println!(
        "{:<12}{:>7}{:>7}  {:<11}{:>6}{:>10}{:>12}{:>9}{:>14}",
        "file", "n", "m", "kind", "pairs", "adjoint", "difference", "seconds", "differences"
    );
    for path in &args.files {
        let file = read_file(path)?;
        let (n, m) = (file.program.num_vars(), file.program.as_stacked().num_rows());
        if n + m > args.max_size {
            continue;
        }
        let name = path.file_name().map(|f| f.to_string_lossy().into_owned()).unwrap_or_default();
        let name = name.split('.').next().unwrap_or_default();
        let start = Instant::now();
        let pairs = gradients(&file.program, &settings)?;
        print!("{name:<12}{n:>7}{m:>7}  ");
        report(&pairs);
        println!("{:>9.1}{:>14}", start.elapsed().as_secs_f64(), check(&args, &file.program, &pairs)?);
        for (pair, outcome) in &pairs {
            match outcome {
                Err(error) => println!("    {pair}: {error}"),
                Ok(gradient) if pairs.iter().any(|(_, o)| kind(o) != Some(gradient.certificate().kind)) => {
                    let certificate = gradient.certificate();
                    let (kind, active) = (certificate.kind, certificate.active.len());
                    println!("    {pair}: {kind}, {active} active, KKT residual {:.1e}", certificate.kkt_residual);
                }
                Ok(_) => {}
            }
        }
    }
    Ok(())
}

type Outcome = Result<Gradient, String>;

fn kind(outcome: &Outcome) -> Option<CertificateKind> {
    outcome.as_ref().ok().map(|g| g.certificate().kind)
}

/// The gradient of the sum of `x` by every pair, or why there is none. The forward solve is shared by its pairs.
fn gradients(program: &Program, settings: &Settings) -> bpqp::Result<Vec<(String, Outcome)>> {
    let registry = Registry::compiled().usable().quadratic();
    let ones = vec![1.0; program.num_vars()];
    let mut outcomes = Vec::new();
    for forward in registry.names() {
        for backward in registry.names() {
            let layer = Layer::builder().forward(&forward).backward(&backward).settings(settings.clone()).build()?;
            let outcome = layer.forward(program).and_then(|mut solved| solved.backward(&ones));
            let refused = matches!(&outcome, Err(bpqp::Error::NotSolved { .. }));
            outcomes.push((format!("{forward}/{backward}"), outcome.map_err(|e| e.to_string())));
            if refused {
                break;
            }
        }
    }
    Ok(outcomes)
}

/// The largest error of the first gradient against central differences, where it is exact and small enough to check.
fn check(args: &Args, program: &Program, pairs: &[(String, Outcome)]) -> bpqp::Result<String> {
    let exact = pairs.iter().find(|(_, outcome)| kind(outcome) == Some(CertificateKind::Exact));
    let Some((pair, Ok(gradient))) = exact else { return Ok("-".into()) };
    if args.check == 0 || program.num_vars() > 500 {
        return Ok("-".into());
    }
    let (forward, backward) = pair.split_once('/').unwrap_or((pair, pair));
    let layer =
        Layer::builder().forward(forward).backward(backward).settings(Settings::with_tolerance(1e-9)).build()?;
    let options = CheckOptions { entries: args.check, ..CheckOptions::default() };
    let ones = vec![1.0; program.num_vars()];
    let blocks = check_gradient(&layer, program, &ones, gradient, &options, |_, _| {})?;
    let worst = blocks.iter().fold(0.0, |m: f64, block| m.max(block.error));
    Ok(format!("{worst:.1e} ({})", blocks.iter().map(|block| block.checked).sum::<usize>()))
}

fn report(pairs: &[(String, Outcome)]) {
    let found: Vec<&Gradient> = pairs.iter().filter_map(|(_, g)| g.as_ref().ok()).collect();
    let kinds: Vec<&str> = [CertificateKind::Exact, CertificateKind::Kink, CertificateKind::Degenerate]
        .into_iter()
        .filter(|kind| found.iter().any(|g| g.certificate().kind == *kind))
        .map(CertificateKind::as_str)
        .collect();
    let adjoint = found.iter().fold(0.0, |m: f64, g| m.max(g.certificate().residual));
    let difference =
        found.first().map_or(f64::NAN, |first| found.iter().fold(0.0, |m: f64, g| m.max(g.difference(first))));
    print!("{:<11}{:>6}{adjoint:>10.1e}{difference:>12.1e}", kinds.join("+"), found.len());
}
