//! Batches of 64 members that differ in `q` (for control problems in the state), one after the other: by a layer that starts
//! afresh each time, and by a session that keeps its factorizations.
//!
//! ```text
//! cargo bench -p bpqp --bench batch
//! ```
#![allow(missing_docs)] // criterion's macros generate undocumented items

mod support;

use bpqp::generate::{Family, Recipe};
use bpqp::{Program, Values};
use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use support::{backends, cotangent, layer, moved};

const MEMBERS: usize = 64;

/// Ways to run a batch, by name: a batched pass of the layer joins them here.
const WAYS: [(&str, Run); 2] = [("layer loop", fresh), ("session loop", kept)];

type Run = fn(&bpqp::Layer, &Program, &[Member], &[f64]) -> bpqp::Result<()>;

/// What is different in one member; empty where nothing is.
struct Member {
    q: Option<Vec<f64>>,
    b: Option<Vec<f64>>,
}

impl Member {
    fn values(&self) -> Values<'_> {
        Values { q: self.q.as_deref(), b: self.b.as_deref(), ..Values::default() }
    }
}

fn fresh(layer: &bpqp::Layer, program: &Program, members: &[Member], x_bar: &[f64]) -> bpqp::Result<()> {
    for member in members {
        let mut program = program.clone();
        program.update(&member.values())?;
        layer.forward(&program)?.backward(x_bar)?;
    }
    Ok(())
}

fn kept(layer: &bpqp::Layer, program: &Program, members: &[Member], x_bar: &[f64]) -> bpqp::Result<()> {
    let mut session = layer.session(program.clone())?;
    for member in members {
        session.update(&member.values())?;
        session.forward()?.backward(x_bar)?;
    }
    Ok(())
}

/// Every program of the batch, by a change of its `q`, or of its start where it is a control problem.
fn members(family: Family, program: &Program) -> Vec<Member> {
    let stacked = program.as_stacked();
    (0..MEMBERS)
        .map(|k| match family {
            // A control problem's q is zero: the state is what changes.
            Family::Mpc => {
                let b = &stacked.l()[program.blocks().equalities.clone()];
                Member { q: None, b: Some(b.iter().map(|v| v * (1.0 - k as f64 / MEMBERS as f64)).collect()) }
            }
            _ => Member { q: Some(moved(stacked.q(), k as u64)), b: None },
        })
        .collect()
}

fn batch(c: &mut Criterion) {
    let recipes = [
        Recipe::new(Family::Gaussian).n(50).m(10).p(10),
        Recipe::new(Family::Gaussian).n(100).m(20).p(20),
        Recipe::new(Family::Mpc),
        Recipe::new(Family::PortfolioFactor),
    ];
    let families = [Family::Gaussian, Family::Gaussian, Family::Mpc, Family::PortfolioFactor];
    let mut group = c.benchmark_group(format!("batch of {MEMBERS}"));
    group.throughput(Throughput::Elements(MEMBERS as u64));
    for (recipe, family) in recipes.iter().zip(families) {
        let Ok(problem) = recipe.generate() else { continue };
        let (members, x_bar) = (members(family, &problem.program), cotangent(problem.program.num_vars()));
        for backend in backends() {
            let layer = layer(&backend);
            for (way, run) in WAYS {
                if let Err(error) = run(&layer, &problem.program, &members, &x_bar) {
                    eprintln!("{}, {backend}, {way}: {error}", problem.name);
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
