//! What this machine can do at most, and how near the dense path comes to that: `cargo run --release -p bpqp --example bounds`.
//! One thread; minima, which other programs on the machine disturb least.
#![allow(clippy::unwrap_used)]

use std::time::Instant;

use bpqp::generate::{Family, Recipe};
use bpqp::traits::{Settings, Solution};
use bpqp::{BatchGradient, Layer, Program, Values};
use pulp::{Arch, Simd};

/// The least time, in seconds.
fn least(repeats: usize, mut work: impl FnMut()) -> f64 {
    let time = |_| {
        let clock = Instant::now();
        work();
        clock.elapsed().as_secs_f64()
    };
    (0..repeats).map(time).fold(f64::INFINITY, f64::min)
}

/// Sums in registers, enough of them that none waits for itself.
#[pulp::with_simd(multiply_add = Arch::new())]
#[inline(always)]
fn multiply_add_with_simd<S: Simd>(simd: S, rounds: usize) -> f64 {
    let (factor, term) = (simd.splat_f64s(0.999), simd.splat_f64s(1e-9));
    let mut sums = [simd.splat_f64s(0.0); 12];
    for _ in 0..rounds {
        for sum in &mut sums {
            *sum = simd.mul_add_e_f64s(*sum, factor, term);
        }
    }
    let operations = (2 * rounds * sums.len() * S::F64_LANES) as f64;
    let mut total = 0.0;
    for sum in sums {
        total += simd.reduce_sum_f64s(sum);
    }
    std::hint::black_box(total);
    operations
}

#[pulp::with_simd(sum = Arch::new())]
#[inline(always)]
fn sum_with_simd<S: Simd>(simd: S, v: &[f64]) -> f64 {
    let mut sums = [simd.splat_f64s(0.0); 8];
    for chunk in S::as_simd_f64s(v).0.as_chunks::<8>().0 {
        for k in 0..8 {
            sums[k] = simd.add_f64s(sums[k], chunk[k]);
        }
    }
    let mut total = 0.0;
    for sum in sums {
        total += simd.reduce_sum_f64s(sum);
    }
    total
}

/// Set-up, and set-up with the first solve, in seconds.
fn cold(program: &Program, repeats: usize) -> (f64, f64) {
    let layer = Layer::new().unwrap();
    let setup = || layer.forward_solver().setup(&program.as_stacked(), &Settings::default()).unwrap();
    let alone = least(repeats, || drop(setup()));
    let mut out = Solution::default();
    let both = least(repeats, || {
        setup().solve(&mut out).unwrap();
    });
    (alone, both)
}

fn dense(n: usize, m: usize, repeats: usize) {
    let with = Recipe::new(Family::Gaussian).n(n).m(m).p(m.min(n - m)).generate().unwrap().program;
    let (setup, both) = cold(&with, repeats);
    let (n, rows) = (n as f64, with.as_stacked().num_rows() as f64);
    let (factor, columns) = (n * n * n / 3.0, n * n * rows);
    println!(
        "{n}×{rows}: set-up {:.3} ms, {:.1} Gflop/s if all of it is Cholesky's n³/3; first solve {:.3} ms, {:.1} if all of it is \
         the n²m of L⁻¹Aᵀ",
        setup * 1e3,
        factor / setup / 1e9,
        (both - setup) * 1e3,
        columns / (both - setup) / 1e9,
    );
}

fn step() {
    let program = Recipe::new(Family::Gaussian).n(100).m(20).p(20).generate().unwrap().program;
    let mut session = Layer::new().unwrap().session(program.clone()).unwrap();
    let q = program.as_stacked().q().to_vec();
    let mut moved = q.clone();
    let mut count = 0;
    let time = least(4000, || {
        count += 1;
        moved.iter_mut().zip(&q).for_each(|(m, q)| *m = q + 1e-5 * f64::from(count % 7));
        session.update(&Values { q: Some(&moved), ..Values::default() }).unwrap();
        let mut solved = session.forward().unwrap();
        solved.backward(&q).unwrap();
    });
    // Four triangles, the 30 columns and as many rows four and two times, and P and A for the residuals of both passes.
    let bytes = 8 * (4 * 5050 + 4 * 3000 + 4000 + 2 * (5050 + 4000));
    println!("training step at 100×20: {:.1} µs; it reads {} kB of matrices", time * 1e6, bytes / 1000);
}

fn batch() {
    let program = Recipe::new(Family::Gaussian).n(100).m(20).p(20).generate().unwrap().program;
    let (n, members) = (100, 512);
    for threads in [1, 2] {
        let mut batch = Layer::new().unwrap().batch(&program, members, threads).unwrap();
        let mut q: Vec<f64> = program.as_stacked().q().repeat(members);
        q.iter_mut().enumerate().for_each(|(k, q)| *q *= 1.0 + 0.1 * (k as f64).sin());
        let (mut x, mut q_bar) = (vec![0.0; members * n], vec![0.0; members * n]);
        let cotangent = |_: usize, x: &[f64], bar: &mut [f64]| bar.copy_from_slice(x);
        let time = least(100, || {
            let (values, out) = (Values { q: Some(&q), ..Values::default() }, Some(&mut q_bar[..]));
            let out = BatchGradient { q: out, ..BatchGradient::default() };
            batch.step(&values, &cotangent, &mut x, out).unwrap();
        });
        // Both passes: two triangular solves and two products with 40 columns, and the residuals' P and A, twice.
        let operations = 2 * 2 * (2 * n * n + 4 * 40 * n);
        println!(
            "batch of {members} on {threads} threads: {:.1} µs a member for {} kflop in products and triangular solves",
            time * 1e6 / members as f64,
            operations / 1000
        );
    }
}

fn main() {
    let mut operations = 0.0;
    let time = least(200, || operations = multiply_add(100_000));
    println!("multiply-add in registers: {:.1} Gflop/s", operations / time / 1e9);
    for kilobytes in [16, 256, 4096, 65_536] {
        let v = vec![1.0; 128 * kilobytes];
        let rounds = 65_536 / kilobytes;
        let time = least(50, || {
            for _ in 0..rounds {
                std::hint::black_box(sum(std::hint::black_box(&v)));
            }
        });
        println!("reading {kilobytes} kB again and again: {:.0} GB/s", 8.0 * (rounds * v.len()) as f64 / time / 1e9);
    }
    dense(100, 20, 300);
    dense(500, 100, 30);
    dense(1000, 500, 5);
    step();
    batch();
}
