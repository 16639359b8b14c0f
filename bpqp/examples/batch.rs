//! Time of a training step for each member of a batch that shares P, A and G, on one thread and on all:
//! `cargo run --release -p bpqp --example batch [family] [members]`.

use std::time::Instant;

use bpqp::generate::{Family, Recipe};
use bpqp::{BatchGradient, Layer, Values};

const STEPS: usize = 31;

fn main() -> bpqp::Result<()> {
    let mut args = std::env::args().skip(1);
    let family = args.next().unwrap_or_else(|| "gaussian".to_owned());
    let members = args.next().and_then(|m| m.parse().ok()).unwrap_or(512);
    let recipe = match family.as_str() {
        "portfolio" => Recipe::new(Family::PortfolioFactor).n(500),
        "mpc" => Recipe::new(Family::Mpc).n(30),
        _ => Recipe::new(Family::Gaussian).n(100).m(20).p(20),
    };
    let problem = recipe.generate()?;
    let program = problem.program;
    let n = program.num_vars();
    for threads in [1, 0] {
        let mut batch = Layer::new()?.batch(&program, members, threads)?;
        let (mut x, mut q_bar) = (vec![0.0; members * n], vec![0.0; members * n]);
        let base = program.as_stacked().q().to_vec();
        let mut times = Vec::with_capacity(STEPS);
        for step in 0..STEPS {
            // As in training, the linear terms move a little from step to step.
            let q: Vec<f64> = (0..members * n)
                .map(|k| base[k % n] * (1.0 + 0.1 * (k as f64).sin()) + 1e-4 * ((k + 7 * step) as f64).cos())
                .collect();
            let values = Values { q: Some(&q), ..Values::default() };
            let cotangent = |_: usize, x: &[f64], bar: &mut [f64]| bar.copy_from_slice(x);
            let out = BatchGradient { q: Some(&mut q_bar), ..BatchGradient::default() };
            let start = Instant::now();
            let certificates = batch.step(&values, &cotangent, &mut x, out)?;
            times.push(start.elapsed().as_secs_f64() * 1e6 / members as f64);
            let refused = certificates.iter().filter(|c| c.is_err()).count();
            if refused > 0 {
                println!("step {step}: {refused} of {members} gradients refused");
            }
        }
        let cold = times[0];
        times.sort_by(f64::total_cmp);
        let warm = times[STEPS / 2];
        println!(
            "{family}, {members} members, {} threads: first step {cold:.1} µs, later {warm:.1} µs a member",
            batch.threads()
        );
    }
    Ok(())
}
