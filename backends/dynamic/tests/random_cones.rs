//! Random programs with cones, through every library that takes cones and is here: how each ends, at three tolerances.
//! `cargo test -p bpqp-dynamic --test random_cones -- --nocapture` prints the counts.
#![allow(clippy::unwrap_used, reason = "helpers of tests")]

use std::collections::BTreeMap;

use bpqp_dynamic::{DynamicSolver, Vendor};
use bpqp_traits::vector::dot;
use bpqp_traits::{CscMatrix, ForwardSolver, KktResiduals, ProgramBuf, Settings, Solution, Status};

const COUNT: usize = 150;
const INF: f64 = f64::INFINITY;

/// Numbers in `[−1, 1)` from a linear congruential generator.
struct Numbers(u64);

impl Numbers {
    fn next(&mut self) -> f64 {
        self.0 = self.0.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        (self.0 >> 11) as f64 / (1_u64 << 52) as f64 - 1.0
    }

    fn vector(&mut self, len: usize, size: f64) -> Vec<f64> {
        (0..len).map(|_| size * self.next()).collect()
    }
}

/// `matrix · x`, by rows.
fn product(matrix: &[f64], x: &[f64]) -> Vec<f64> {
    matrix.chunks(x.len()).map(|row| dot(row, x)).collect()
}

/// Feasible, around a random point, and bounded, by a ball: up to 12 variables, an equality and up to two inequalities, a
/// cone of dimension 1 or 2 and one of 3. `P` is zero, singular or regular, by turns.
fn program(seed: usize) -> ProgramBuf {
    let mut numbers = Numbers((seed as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1);
    let (n, m, small) = (3 + seed % 10, seed % 4, 1 + seed % 2);
    let rank = [0, n / 2, n][seed % 3];
    let factor = numbers.vector(n * rank, 1.0);
    let row = |i: usize| &factor[i * rank..(i + 1) * rank];
    let upper = (0..n).flat_map(|j| (0..=j).map(move |i| (i, j)));
    let p: Vec<_> = upper.map(|(i, j)| (i, j, dot(row(i), row(j)))).collect();
    let p = CscMatrix::from_triplets(n, n, &p).unwrap();

    let inside = numbers.vector(n, 1.0);
    let a = numbers.vector(m * n, 1.0);
    let values = product(&a, &inside);
    let l = values.iter().enumerate().map(|(i, v)| if i == 0 { *v } else { -INF }).collect();
    let u =
        values.iter().enumerate().map(|(i, v)| if i == 0 { *v } else { v + 0.1 * (1.0 + numbers.next()) }).collect();

    let mut s = numbers.vector((small + 3) * n, 1.0);
    let image = product(&s, &inside);
    let mut offset = vec![0.0; small + 3];
    for (head, end) in [(0, small), (small, small + 3)] {
        let norm = dot(&image[head + 1..end], &image[head + 1..end]).sqrt();
        offset[head] = norm - image[head] + 0.2 * (1.0 + numbers.next());
    }
    // The ball: its radius, and all variables.
    offset.extend([vec![3.0 + numbers.next()], vec![0.0; n]].concat());
    s.extend(vec![0.0; n]);
    s.extend((0..n * n).map(|k| f64::from(u8::from(k % (n + 1) == 0))));
    let (q, free) = (numbers.vector(n, 2.0), (vec![-INF; n], vec![INF; n]));
    let (a, s) =
        (CscMatrix::from_dense_rows(m, n, &a).unwrap(), CscMatrix::from_dense_rows(small + 4 + n, n, &s).unwrap());
    ProgramBuf::new(p, q, a, (l, u), free).unwrap().with_cones(s, offset, vec![small, 3, n + 1]).unwrap()
}

#[test]
fn nine_of_ten_are_solved() {
    for vendor in Vendor::ALL {
        let solver = DynamicSolver::new(vendor);
        let usable = solver.installation().is_ok_and(|found| found.license_refused.is_none());
        if !usable || !solver.capabilities().second_order_cones {
            println!("SKIPPED {vendor:?}");
            continue;
        }
        for tolerance in [1e-8, 1e-9, 1e-10] {
            let mut counts = [(); 3].map(|()| BTreeMap::<&str, usize>::new());
            for seed in 0..COUNT {
                let (program, mut out) = (program(seed), Solution::default());
                let mut session = solver.setup(&program.as_ref(), &Settings::with_tolerance(tolerance)).unwrap();
                let status = session.solve(&mut out).unwrap();
                *counts[seed % 3].entry(status.as_str()).or_default() += 1;
                let residual = KktResiduals::compute(&program.as_ref(), &out).max();
                assert!(status != Status::Solved || residual <= tolerance, "{vendor:?}, {seed}: {residual:e}");
            }
            println!(
                "{vendor:?} at {tolerance:e}: P = 0 {:?}, singular {:?}, regular {:?}",
                counts[0], counts[1], counts[2]
            );
            let solved: usize = counts.iter().filter_map(|counts| counts.get(Status::Solved.as_str())).sum();
            assert!(10 * solved >= 9 * COUNT, "{vendor:?} at {tolerance:e}: {solved} of {COUNT}");
        }
    }
}
