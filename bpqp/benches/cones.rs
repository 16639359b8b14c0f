//! The paper's cone programs through the public layer: set-up, forward and backward pass together.
//!
//! `cargo bench -p bpqp --bench cones`
#![allow(missing_docs)] // criterion's macros generate undocumented items

mod support;

use std::hint::black_box;

use bpqp::generate::{Family, Recipe};
use bpqp::{Layer, Settings};
use criterion::{Criterion, criterion_group, criterion_main};

const SIZES: [usize; 4] = [10, 50, 100, 500];

fn cones(c: &mut Criterion) {
    let settings = Settings::with_tolerance(1e-9);
    for (forward, n) in ["native", "clarabel"].into_iter().flat_map(|name| SIZES.map(|n| (name, n))) {
        // Whatever was compiled in.
        let layer = Layer::builder().forward(forward).settings(settings.clone()).build();
        let Ok(layer) = layer else { continue };
        let Ok(generated) = Recipe::new(Family::PaperSocp).n(n).generate() else { continue };
        let x_bar = support::cotangent(n);
        c.bench_function(&format!("paper-socp/{forward}/cold/{n}"), |bench| {
            bench.iter(|| {
                let mut solved = layer.forward(black_box(&generated.program))?;
                solved.backward(&x_bar).map(|gradient| gradient.q()[0])
            });
        });
    }
}

criterion_group! {
    name = benches;
    config = support::config();
    targets = cones
}
criterion_main!(benches);
