//! Times of a training step of a batch, against its members and against threads.

use std::time::Instant;

use super::super::bench::median;
use super::super::input::ms;
use super::{Axis, Point, Series, exponent};
use crate::generate::{Family, Recipe};
use crate::{BatchGradient, Layer, Program, Result, Status, Values};

/// Members of the batch that grows …
const MEMBERS: [usize; 4] = [16, 64, 256, 1024];
/// … and of the one on more and more threads.
const ON_THREADS: usize = 512;
/// Variables, equalities and inequalities of a member.
const SIZE: (usize, usize) = (100, 20);

/// How many batches [`measure`] makes.
pub(super) fn count() -> usize {
    MEMBERS.len() + threads().count()
}

/// One thread, then twice as many as long as there are processors for them, then all.
fn threads() -> impl Iterator<Item = usize> {
    let all = std::thread::available_parallelism().map_or(1, usize::from);
    let powers = std::iter::successors(Some(1), |k| Some(2 * k)).take_while(move |k| *k < all);
    powers.chain(std::iter::once(all))
}

/// Both series; `progress` is told what comes next, and after every step.
pub(super) fn measure(
    layer: &Layer,
    (forward, backward): (&str, &str),
    repeat: u32,
    mut progress: impl FnMut(Option<String>),
) -> Result<[Series; 2]> {
    let recipe = Recipe::new(Family::Gaussian).n(SIZE.0).m(SIZE.1).p(SIZE.1);
    let program = recipe.generate()?.program;
    let mut series = |axis, name: &'static str, sizes: Vec<(usize, usize)>| {
        let mut points = Vec::new();
        for (members, threads) in sizes {
            let n = if axis == Axis::Threads { threads } else { members };
            progress(Some(format!("{name} {n}")));
            let times = steps(layer, &program, (members, threads), repeat, || progress(None));
            points.push(Point::of_step(n, times));
        }
        let mut series =
            Series { family: name, axis, forward: forward.into(), backward: backward.into(), exponent: None, points };
        series.exponent = exponent(&series.totals());
        series
    };
    let members = MEMBERS.into_iter().map(|members| (members, 1)).collect();
    let on_threads = threads().map(|threads| (ON_THREADS, threads)).collect();
    Ok([series(Axis::Members, "gaussian-batch", members), series(Axis::Threads, "gaussian-batch", on_threads)])
}

/// Milliseconds to set up the batch, and the median of steps in which the linear terms move a little, after one that does not
/// count.
fn steps(
    layer: &Layer,
    program: &Program,
    (members, threads): (usize, usize),
    repeat: u32,
    mut done: impl FnMut(),
) -> Result<(Status, f64, f64)> {
    let n = program.num_vars();
    let start = Instant::now();
    let mut batch = layer.batch(program, members, threads)?;
    let setup = ms(start.elapsed());
    let (mut x, mut q_bar) = (vec![0.0; members * n], vec![0.0; members * n]);
    let base = program.as_stacked().q();
    let (mut times, mut status) = (Vec::new(), Status::Solved);
    for step in 0..=repeat {
        let moved = |k: usize| base[k % n] * (1.0 + 0.1 * (k as f64).sin()) + 1e-4 * (k as f64 + f64::from(step)).cos();
        let q: Vec<f64> = (0..members * n).map(moved).collect();
        let values = Values { q: Some(&q), ..Values::default() };
        let out = BatchGradient { q: Some(&mut q_bar), ..BatchGradient::default() };
        let start = Instant::now();
        let certificates = batch.step(&values, &|_, x, bar| bar.copy_from_slice(x), &mut x, out)?;
        times.push(ms(start.elapsed()));
        if certificates.iter().any(std::result::Result::is_err) {
            status = Status::NumericalError;
        }
        done();
    }
    Ok((status, setup, median(times.split_off(1))))
}
