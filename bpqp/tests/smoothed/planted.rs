//! Programs with cones, rows of every kind and bounds, from a chosen solution.

use bpqp::Program;
use bpqp::traits::Solution;

use crate::common::Rng;
use crate::reference::sparse;

/// What a cone does at the solution.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Plan {
    Inactive,
    Boundary,
    Apex,
}

/// What to plant.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Shape<'a> {
    pub(crate) n: usize,
    /// Rows of `F` and what the cone does.
    pub(crate) cones: &'a [(usize, Plan)],
    /// Share of entries of `F` and `c`.
    pub(crate) density: f64,
    pub(crate) quadratic: bool,
}

pub(crate) const MIX: [(usize, Plan); 6] = [
    (3, Plan::Boundary),
    (2, Plan::Inactive),
    (1, Plan::Boundary),
    (2, Plan::Apex),
    (0, Plan::Boundary),
    (4, Plan::Inactive),
];

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

/// The program with its solution, strictly complementary.
pub(crate) fn planted(seed: u64, shape: Shape<'_>) -> (Program, Solution) {
    let mut rng = Rng::new(seed);
    let Shape { n, cones, density, quadratic } = shape;
    let x = rng.normals(n);
    let mut pull = vec![0.0; n];
    let push = |pull: &mut Vec<f64>, row: &[f64], y: f64| pull.iter_mut().zip(row).for_each(|(f, a)| *f += y * a);
    let mut p = vec![vec![0.0; n]; n];
    if quadratic {
        let factor = rng.matrix(n / 2, n);
        for (i, row) in p.iter_mut().enumerate() {
            for (j, v) in row.iter_mut().enumerate() {
                *v = factor.iter().map(|f| f[i] * f[j]).sum::<f64>() + if i == j { 0.5 } else { 0.0 };
            }
        }
        p.iter().zip(&x).for_each(|(row, x)| push(&mut pull, row, *x));
    }
    let mut y = Vec::new();
    let a = rng.matrix(2, n);
    let b: Vec<f64> = a.iter().map(|row| dot(row, &x)).collect();
    y.extend(rng.normals(2));
    let g = rng.matrix(3, n);
    let h: Vec<f64> = g.iter().enumerate().map(|(i, row)| dot(row, &x) + if i == 0 { 0.0 } else { 1.0 }).collect();
    y.extend([0.5 + rng.uniform(), 0.0, 0.0]);
    let c = rng.matrix(2, n);
    let value = |i: usize| dot(&c[i], &x);
    let (l, u) = ([value(0), value(1) - 1.0], [value(0) + 2.0, value(1) + 1.0]);
    y.extend([-0.5 - rng.uniform(), 0.0]);
    a.iter().chain(&g).chain(&c).zip(&y).for_each(|(row, y)| push(&mut pull, row, *y));
    let (mut lb, mut ub, mut bound_duals) = (vec![f64::NEG_INFINITY; n], vec![f64::INFINITY; n], vec![0.0; n]);
    (lb[0], bound_duals[0]) = (x[0], -0.7);
    (lb[1], ub[1]) = (x[1] - 1.0, x[1] + 1.0);
    pull.iter_mut().zip(&bound_duals).for_each(|(f, z)| *f += z);

    let mut builder = Program::builder(n).equalities(&a, &b).inequalities(&g, &h).rows(&l, &c, &u).bounds(&lb, &ub);
    let mut cone_duals = Vec::new();
    for &(k, plan) in cones {
        let mut rows = rng.matrix(k + 1, n);
        for (i, row) in rows.iter_mut().enumerate() {
            row.iter_mut().for_each(|v| {
                let kept = rng.uniform() < density;
                *v = if kept { *v } else { 0.0 };
            });
            // No row is empty.
            row[(3 * i + k) % n] += 1.0;
        }
        rows[0].iter_mut().for_each(|v| *v *= 0.3);
        let tail = if plan == Plan::Apex { vec![0.0; k] } else { rng.normals(k) };
        let t = dot(&tail, &tail).sqrt();
        let head = t + if plan == Plan::Inactive { 0.7 } else { 0.0 };
        let multiplier = 0.4 + 2.0 * rng.uniform();
        let w: Vec<f64> = match plan {
            Plan::Inactive => vec![0.0; k + 1],
            Plan::Boundary => std::iter::once(multiplier).chain(tail.iter().map(|u| -multiplier * u / t)).collect(),
            Plan::Apex => {
                let tail = rng.normals(k);
                let length = dot(&tail, &tail).sqrt();
                std::iter::once(multiplier).chain(tail.iter().map(|v| 0.6 * multiplier * v / length)).collect()
            }
        };
        rows.iter().zip(&w).for_each(|(row, w)| push(&mut pull, row, -w));
        let offset: Vec<f64> =
            rows.iter().zip(std::iter::once(&head).chain(&tail)).map(|(row, s)| s - dot(row, &x)).collect();
        builder = builder.second_order_cones(&sparse(&rows, n), &offset, &[k + 1]);
        cone_duals.extend(w);
    }
    let q: Vec<f64> = pull.iter().map(|f| -f).collect();
    let builder = if quadratic { builder.objective(&p, &q) } else { builder.linear_objective(&q) };
    let solution = Solution { x, y, bound_duals, cone_duals, ..Solution::default() };
    (builder.build().unwrap(), solution)
}
