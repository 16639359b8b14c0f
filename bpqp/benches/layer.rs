//! Set-up, forward and backward pass of one dense random program, by every backend both ways.
//!
//! ```text
//! cargo bench -p bpqp --features osqp
//! ```
#![allow(missing_docs)] // criterion's macros generate undocumented items

#[path = "../tests/common/mod.rs"]
mod common;

use bpqp::Registry;
use common::{Sizes, layer, random_program};
use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};

/// Variables and inequalities, as the literature has them; about a quarter of the variables' count is active.
const SIZES: [(usize, usize); 3] = [(10, 5), (50, 10), (100, 20)];

fn solve_and_differentiate(c: &mut Criterion) {
    let mut group = c.benchmark_group("setup+forward+backward");
    for (vars, inequalities) in SIZES {
        let program = random_program(1, Sizes { vars, equalities: inequalities, inequalities, rows: 0 });
        let x_bar = vec![1.0; vars];
        for name in Registry::compiled().usable().quadratic().names() {
            let layer = layer(&name, &name);
            group.bench_function(BenchmarkId::new(&name, format!("{vars}x{inequalities}")), |bencher| {
                bencher.iter(|| layer.forward(&program).and_then(|mut solved| solved.backward(&x_bar)).map(drop));
            });
        }
    }
    group.finish();
}

criterion_group! {
    name = benches;
    config = Criterion::default().sample_size(20).measurement_time(std::time::Duration::from_secs(2));
    targets = solve_and_differentiate
}
criterion_main!(benches);
