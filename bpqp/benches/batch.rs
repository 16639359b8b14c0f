//! Batches of 64 members that differ in `q` (for control problems in the state), one after the other: by a layer that starts
//! afresh each time, and by a session that keeps its factorizations.
//!
//! ```text
//! cargo bench -p bpqp --bench batch
//! ```
#![allow(missing_docs)] // criterion's macros generate undocumented items

mod support;

use bpqp::Program;
use bpqp::generate::{Family, Recipe};
use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use support::{Change, backends, cotangent, in_time, layer};

const MEMBERS: usize = 64;

/// Ways to run a batch, by name: a batched pass of the layer joins them here.
const WAYS: [(&str, Run); 2] = [("layer loop", fresh), ("session loop", kept)];

type Run = fn(&bpqp::Layer, &Program, &[Change], &[f64]) -> bpqp::Result<()>;

fn fresh(layer: &bpqp::Layer, program: &Program, members: &[Change], x_bar: &[f64]) -> bpqp::Result<()> {
    for member in members {
        let mut program = program.clone();
        program.update(&member.values())?;
        layer.forward(&program)?.backward(x_bar)?;
    }
    Ok(())
}

fn kept(layer: &bpqp::Layer, program: &Program, members: &[Change], x_bar: &[f64]) -> bpqp::Result<()> {
    let mut session = layer.session(program.clone())?;
    for member in members {
        session.update(&member.values())?;
        session.forward()?.backward(x_bar)?;
    }
    Ok(())
}

fn batch(c: &mut Criterion) {
    let recipes = [
        Recipe::new(Family::Gaussian).n(50).m(10).p(10),
        Recipe::new(Family::Gaussian).n(100).m(20).p(20),
        Recipe::new(Family::Mpc),
        Recipe::new(Family::PortfolioFactor),
    ];
    let mut group = c.benchmark_group(format!("batch of {MEMBERS}"));
    group.throughput(Throughput::Elements(MEMBERS as u64));
    for recipe in recipes {
        let Ok(problem) = recipe.generate() else { continue };
        let members: Vec<Change> = (0..MEMBERS).map(|k| Change::new(&problem.program, k as u64)).collect();
        let x_bar = cotangent(problem.program.num_vars());
        for backend in backends() {
            let layer = layer(&backend);
            for (way, run) in WAYS {
                let outcome = in_time(|| run(&layer, &problem.program, &members, &x_bar));
                if let Err(reason) = outcome {
                    eprintln!("{}: {backend}, {way} left out: {reason}", problem.name);
                    continue;
                }
                group.bench_function(BenchmarkId::new(format!("{backend}, {way}"), &problem.name), |bencher| {
                    bencher.iter(|| run(&layer, &problem.program, &members, &x_bar));
                });
            }
        }
    }
    group.finish();
}

criterion_group! {
    name = benches;
    config = support::config();
    targets = batch
}
criterion_main!(benches);
