//! Dense programs of the literature's sizes through the public layer: set-up, forward and backward pass together (`cold`),
//! and a new `q` in a session that is kept (`warm`).
//!
//! ```text
//! cargo bench -p bpqp --bench dense                       # 10x5 … 500x100
//! BPQP_BENCH_LARGE=1 cargo bench -p bpqp --bench dense    # also 1000x500
//! ```
#![allow(missing_docs)] // criterion's macros generate undocumented items

mod support;

use bpqp::generate::{Family, Recipe};
use criterion::{Criterion, criterion_group, criterion_main};
use support::{Bench, large};

/// Variables, and inequalities (and as many equalities).
const SIZES: [(usize, usize); 4] = [(10, 5), (50, 10), (100, 20), (500, 100)];
const LARGE: (usize, usize) = (1000, 500);

fn dense(c: &mut Criterion) {
    for family in [Family::PaperQp, Family::Gaussian, Family::PaperLp] {
        let sizes = SIZES.into_iter().chain(large().then_some(LARGE));
        for (n, m) in sizes {
            // Half of m active inequalities and as many equalities as m must fit into n.
            let recipe = Recipe::new(family).n(n).m(m).p(m.min(n - m));
            let bench = Bench::new(&recipe, format!("{n}x{m}"));
            bench.cold(c, family.name());
            bench.warm(c, family.name());
        }
    }
}

criterion_group! {
    name = benches;
    config = support::config();
    targets = dense
}
criterion_main!(benches);
