//! Sparse programs through the public layer: set-up, forward and backward pass together (`cold`), and a new `q` (of a
//! control problem: a new state) in a session that is kept (`warm`).
//!
//! ```text
//! cargo bench -p bpqp --bench sparse                       # up to 10,000 variables
//! BPQP_BENCH_LARGE=1 cargo bench -p bpqp --bench sparse    # also 100,000
//! ```
#![allow(missing_docs)] // criterion's macros generate undocumented items

mod support;

use bpqp::generate::{Family, Recipe};
use criterion::{Criterion, criterion_group, criterion_main};
use support::{Bench, large};

const SIZES: [(Family, usize); 7] = [
    (Family::RandomSparse, 1000),
    (Family::Local, 10_000),
    (Family::Simplex, 10_000),
    (Family::Chain, 10_000),
    (Family::Mpc, 30),
    (Family::Portfolio, 500),
    (Family::PortfolioFactor, 500),
];
const LARGE: [(Family, usize); 4] =
    [(Family::RandomSparse, 3000), (Family::Local, 100_000), (Family::Simplex, 100_000), (Family::Chain, 100_000)];

fn sparse(c: &mut Criterion) {
    let large = if large() { &LARGE[..] } else { &[] };
    for &(family, n) in SIZES.iter().chain(large) {
        let bench = Bench::new(&Recipe::new(family).n(n), n.to_string());
        bench.cold(c, family.name());
        bench.warm(c, family.name());
    }
}

criterion_group! {
    name = benches;
    config = support::config();
    targets = sparse
}
criterion_main!(benches);
