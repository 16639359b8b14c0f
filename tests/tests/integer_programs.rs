//! Random programs of small integers, where kinks, dependent rows and loose solutions are common: what a certificate calls
//! the derivative agrees with differences to both sides.
//!
//! `FUZZ=n` in the environment makes it `n` thousand programs.
#![allow(clippy::unwrap_used, reason = "helpers of tests")]

use bpqp::{CertificateKind, Error, Layer, LayerSession, Program, Settings, Status, Values};
use bpqp_conformance::SplitMix64;

/// Programs without `FUZZ`.
const PROGRAMS: usize = 2000;
/// Step of the differences: far below the distance of integers from one another, far above rounding.
const STEP: f64 = 1e-4;
/// Largest difference, relative to the gradient's largest entry or one.
const TOLERANCE: f64 = 1e-5;

/// A program with a solution that is known, if not the only one.
struct Sample {
    program: Program,
    x: Vec<f64>,
    q: Vec<f64>,
    b: Vec<f64>,
    h: Vec<f64>,
    ub: Vec<f64>,
    x_bar: Vec<f64>,
}

fn integer(rng: &mut SplitMix64, lo: i64, hi: i64) -> f64 {
    (lo + (rng.next_u64() % (hi - lo + 1) as u64) as i64) as f64
}

fn integers(rng: &mut SplitMix64, len: usize, lo: i64, hi: i64) -> Vec<f64> {
    (0..len).map(|_| integer(rng, lo, hi)).collect()
}

/// `m` rows, some of which repeat one before, or twice it.
fn rows(rng: &mut SplitMix64, m: usize, n: usize) -> Vec<Vec<f64>> {
    let mut all: Vec<Vec<f64>> = Vec::new();
    for _ in 0..m {
        let row = match rng.next_u64() % 6 {
            0 if !all.is_empty() => {
                let factor = integer(rng, 1, 2);
                all[rng.next_u64() as usize % all.len()].iter().map(|v| factor * v).collect()
            }
            _ => integers(rng, n, -2, 2),
        };
        all.push(row);
    }
    all
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

fn sample(rng: &mut SplitMix64) -> Sample {
    let n = 1 + rng.next_u64() as usize % 4;
    let factor = rows(rng, n, n);
    let rank = rng.next_u64() as usize % (n + 1);
    let full = f64::from(u8::from(!rng.next_u64().is_multiple_of(3)));
    let entry = |i: usize, j: usize| {
        factor[..rank].iter().map(|row| row[i] * row[j]).sum::<f64>() + if i == j { full } else { 0.0 }
    };
    let p: Vec<Vec<f64>> = (0..n).map(|i| (0..n).map(|j| entry(i, j)).collect()).collect();
    let (num_a, num_g) = (rng.next_u64() as usize % 3, rng.next_u64() as usize % 5);
    let (a, g) = (rows(rng, num_a.min(n), n), rows(rng, num_g, n));
    let x = integers(rng, n, -2, 2);
    let b: Vec<f64> = a.iter().map(|row| dot(row, &x)).collect();
    // Each inequality is slack, or pushes, or neither.
    let slack: Vec<f64> = (0..num_g).map(|_| integer(rng, -1, 2).max(0.0)).collect();
    let h: Vec<f64> = g.iter().zip(&slack).map(|(row, s)| dot(row, &x) + s).collect();
    let bounded: Vec<bool> = (0..n).map(|_| rng.next_u64().is_multiple_of(3)).collect();
    let ub: Vec<f64> = x.iter().zip(&bounded).map(|(x, &b)| if b { *x } else { f64::INFINITY }).collect();
    let mut q: Vec<f64> = p.iter().map(|row| -dot(row, &x)).collect();
    let mut push = |row: &[f64], y: f64| q.iter_mut().zip(row).for_each(|(q, a)| *q -= y * a);
    for row in &a {
        push(row, integer(rng, -2, 2));
    }
    for (row, _) in g.iter().zip(&slack).filter(|(_, s)| **s == 0.0) {
        push(row, integer(rng, 0, 2));
    }
    for j in (0..n).filter(|&j| bounded[j]) {
        let unit: Vec<f64> = (0..n).map(|i| f64::from(u8::from(i == j))).collect();
        push(&unit, integer(rng, 0, 2));
    }
    let program = Program::builder(n)
        .objective(&p[..], &q)
        .equalities(&a[..], &b)
        .inequalities(&g[..], &h)
        .bounds(&vec![f64::NEG_INFINITY; n], &ub)
        .build()
        .unwrap();
    Sample { program, x, q, b, h, ub, x_bar: integers(rng, n, -2, 2) }
}

/// The loss after `values`, if there is a solution.
fn loss(session: &mut LayerSession, values: &Values<'_>, x_bar: &[f64]) -> Option<f64> {
    session.update(values).unwrap();
    let mut solved = session.forward().unwrap();
    // To the accuracy of the arithmetic, where that goes.
    let _ = solved.polish();
    (solved.status() == Status::Solved).then(|| dot(solved.x(), x_bar))
}

/// The entry of a block of data, its gradient and both one-sided differences, where they disagree.
fn disagreement(layer: &Layer, sample: &Sample, at: f64, exact: &[(&'static str, Vec<f64>)]) -> Option<String> {
    let mut session = layer.session(sample.program.clone()).unwrap();
    for (name, gradient) in exact {
        let data = match *name {
            "q" => &sample.q,
            "b" => &sample.b,
            "h" => &sample.h,
            _ => &sample.ub,
        };
        let size = gradient.iter().fold(1.0_f64, |m, v| m.max(v.abs()));
        for k in (0..data.len()).filter(|&k| data[k].is_finite()) {
            let mut side = |step: f64| {
                let mut moved = data.clone();
                moved[k] += step;
                let values = |v| match *name {
                    "q" => Values { q: Some(v), ..Values::default() },
                    "b" => Values { b: Some(v), ..Values::default() },
                    "h" => Values { h: Some(v), ..Values::default() },
                    _ => Values { ub: Some(v), ..Values::default() },
                };
                let slope = loss(&mut session, &values(&moved), &sample.x_bar).map(|l| (l - at) / step);
                session.update(&values(data)).unwrap();
                slope
            };
            let (above, below) = (side(STEP), side(-STEP));
            let agrees = |slope: Option<f64>| slope.is_some_and(|s| (s - gradient[k]).abs() <= TOLERANCE * size);
            if !agrees(above) || !agrees(below) {
                return Some(format!("∂L/∂{name}[{k}] = {}, differences {below:?} and {above:?}", gradient[k]));
            }
        }
    }
    None
}

#[test]
fn what_is_called_the_derivative_agrees_with_differences() {
    let programs = std::env::var("FUZZ").ok().and_then(|n| n.parse::<usize>().ok()).map_or(PROGRAMS, |n| 1000 * n);
    let layer = Layer::builder().settings(Settings::with_tolerance(1e-9)).lp_regularization(0.0).build().unwrap();
    let mut counts = std::collections::BTreeMap::<&str, usize>::new();
    let mut complaints = Vec::new();
    for seed in 0..programs as u64 {
        let sample = sample(&mut SplitMix64::new(seed));
        let mut solved = layer.forward(&sample.program).unwrap();
        let best = sample.program.objective(&sample.x);
        if solved.status() != Status::Solved || (solved.objective() - best).abs() > 1e-6 * (1.0 + best.abs()) {
            complaints.push(format!("{seed}: {}, objective {} and not {best}", solved.status(), solved.objective()));
            continue;
        }
        let gradient = match solved.backward(&sample.x_bar) {
            Ok(gradient) => gradient,
            Err(Error::Adjoint { .. } | Error::Inaccurate { .. }) => {
                *counts.entry("refused").or_default() += 1;
                continue;
            }
            Err(error) => {
                complaints.push(format!("{seed}: {error}"));
                continue;
            }
        };
        let certificate = gradient.certificate();
        *counts.entry(certificate.kind.as_str()).or_default() += 1;
        assert_eq!(
            certificate.kind == CertificateKind::Exact,
            certificate.inexact_blocks.is_empty() && { certificate.dependent.is_empty() }
        );
        let vectors = gradient.blocks().into_iter().filter(|(name, _)| ["q", "b", "h", "ub"].contains(name));
        let exact: Vec<(&str, Vec<f64>)> = vectors
            .filter(|(name, _)| !certificate.inexact_blocks.contains(name))
            .map(|(name, values)| (name, values.to_vec()))
            .collect();
        let at = dot(solved.x(), &sample.x_bar);
        if let Some(what) = disagreement(&layer, &sample, at, &exact) {
            complaints.push(format!("{seed}: {}: {what}", certificate.kind));
        }
    }
    println!("{programs} programs: {counts:?}");
    assert!(
        complaints.is_empty(),
        "{} complaints, such as\n{}",
        complaints.len(),
        complaints[..complaints.len().min(8)].join("\n")
    );
    for kind in ["exact", "kink", "degenerate"] {
        assert!(counts.get(kind).is_some_and(|&n| n > programs / 50), "{kind}: {counts:?}");
    }
}
