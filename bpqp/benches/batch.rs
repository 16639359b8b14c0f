//! Batches of 64 members that differ in `q` (for control problems in the state), one after the other: by a layer that starts
//! afresh each time, by a session that keeps its factorizations, and together, on one thread and on two.
//!
//! ```text
//! cargo bench -p bpqp --bench batch
//! ```
#![allow(missing_docs)] // criterion's macros generate undocumented items

mod support;

use bpqp::generate::{Family, Recipe};
use bpqp::{BatchGradient, Program, Values};
use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use support::{Change, backends, cotangent, in_time, layer};

const MEMBERS: usize = 64;

/// Ways to run a batch, by name.
const WAYS: [(&str, Run); 4] =
    [("layer loop", fresh), ("session loop", kept), ("batch", batched::<1>), ("batch, two threads", batched::<2>)];

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

fn batched<const THREADS: usize>(
    layer: &bpqp::Layer,
    program: &Program,
    members: &[Change],
    x_bar: &[f64],
) -> bpqp::Result<()> {
    let values: Vec<Values<'_>> = members.iter().map(Change::values).collect();
    let joined = |block: fn(&Values<'_>) -> Option<Vec<f64>>| -> Vec<f64> {
        values.iter().filter_map(block).flatten().collect()
    };
    let q = joined(|v| v.q.map(<[f64]>::to_vec));
    let b = joined(|v| v.b.map(<[f64]>::to_vec));
    let given = |block: &Vec<f64>| !block.is_empty();
    let values =
        Values { q: Some(&q[..]).filter(|_| given(&q)), b: Some(&b[..]).filter(|_| given(&b)), ..Values::default() };
    let mut x = vec![0.0; members.len() * x_bar.len()];
    let mut q_bar = x.clone();
    let mut batch = layer.batch(program, members.len(), THREADS)?;
    let cotangent = |_: usize, _: &[f64], bar: &mut [f64]| bar.copy_from_slice(x_bar);
    let out = BatchGradient { q: Some(&mut q_bar), ..BatchGradient::default() };
    batch.step(&values, &cotangent, &mut x, out)?.into_iter().try_for_each(|c| c.map(drop))
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
