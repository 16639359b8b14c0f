//! Programs of small integers, built around their solutions.

use bpqp::Program;
use proptest::collection::vec;
use proptest::prelude::*;

/// Largest number of variables.
const MAX_N: usize = 5;
const INF: f64 = f64::INFINITY;

/// A program's data as its builder takes them, and its solution.
#[derive(Clone, Debug)]
pub(crate) struct Planted {
    pub(crate) p: Vec<Vec<f64>>,
    pub(crate) q: Vec<f64>,
    pub(crate) a: Vec<Vec<f64>>,
    pub(crate) b: Vec<f64>,
    pub(crate) g: Vec<Vec<f64>>,
    pub(crate) h: Vec<f64>,
    pub(crate) lb: Vec<f64>,
    pub(crate) ub: Vec<f64>,
    pub(crate) x: Vec<f64>,
    pub(crate) x_bar: Vec<f64>,
    /// The inequalities that push.
    pub(crate) active: Vec<usize>,
}

impl Planted {
    pub(crate) fn program(&self) -> Program {
        Program::builder(self.q.len())
            .objective(&self.p[..], &self.q)
            .equalities(&self.a[..], &self.b)
            .inequalities(&self.g[..], &self.h)
            .bounds(&self.lb, &self.ub)
            .build()
            .expect("a program")
    }

    /// The normals of all that is active.
    pub(crate) fn normals(&self) -> Vec<Vec<f64>> {
        let n = self.q.len();
        let held = (0..n).filter(|&j| self.x[j] == self.lb[j] || self.x[j] == self.ub[j]);
        let bounds = held.map(|j| unit(n, j));
        self.a.iter().cloned().chain(self.active.iter().map(|&i| self.g[i].clone())).chain(bounds).collect()
    }

    /// Another inequality, with this much slack at the solution.
    pub(crate) fn push_inequality(&mut self, row: Vec<f64>, slack: f64) {
        self.h.push(dot(&row, &self.x) + slack);
        self.g.push(row);
    }

    /// Another variable, in no constraint but its bounds, with curvature `p` and cost `q`.
    pub(crate) fn push_variable(&mut self, (p, q): (f64, f64), (lb, ub): (f64, f64)) {
        let n = self.q.len();
        self.p.iter_mut().chain(&mut self.a).chain(&mut self.g).for_each(|row| row.push(0.0));
        let mut row = vec![0.0; n + 1];
        row[n] = p;
        self.p.push(row);
        self.q.push(q);
        self.lb.push(lb);
        self.ub.push(ub);
        self.x.push(0.0);
        self.x_bar.push(1.0);
    }
}

/// What an inequality or bound is at the solution.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum At {
    Slack(u8),
    Pushing(u8),
}

fn at() -> impl Strategy<Value = At> {
    prop_oneof![(1_u8..4).prop_map(At::Slack), (1_u8..4).prop_map(At::Pushing)]
}

fn integers(len: usize) -> impl Strategy<Value = Vec<f64>> {
    vec((-2_i8..=2).prop_map(f64::from), len)
}

/// A strictly convex program with independent active constraints, all of which push: its derivative exists.
pub(crate) fn regular() -> impl Strategy<Value = Planted> {
    let rows = vec((integers(MAX_N), at()), 0..5);
    let equalities = vec((integers(MAX_N), (-2_i8..=2).prop_map(f64::from)), 0..3);
    let bounds = vec(prop_oneof![2 => Just(None), 1 => at().prop_map(Some)], MAX_N);
    let curvature = vec(integers(MAX_N), 0..3);
    let points = (integers(MAX_N), integers(MAX_N));
    (1..=MAX_N, curvature, equalities, rows, bounds, points).prop_map(plant)
}

/// What [`regular`] draws: the number of variables, rows of the Hessian's factor, equalities with their forces, inequalities
/// and bounds with their states, `x` and `x̄`.
type Drawn = (usize, Vec<Vec<f64>>, Vec<(Vec<f64>, f64)>, Vec<(Vec<f64>, At)>, Vec<Option<At>>, (Vec<f64>, Vec<f64>));

fn plant((n, factor, equalities, rows, bounds, (mut x, mut x_bar)): Drawn) -> Planted {
    x.truncate(n);
    x_bar.truncate(n);
    let entry = |i: usize, j: usize| factor.iter().map(|f| f[i] * f[j]).sum::<f64>() + f64::from(u8::from(i == j));
    let p: Vec<Vec<f64>> = (0..n).map(|i| (0..n).map(|j| entry(i, j)).collect()).collect();
    let q = p.iter().map(|row| -dot(row, &x)).collect();
    let (lb, ub) = (vec![-INF; n], vec![INF; n]);
    let empty = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    let mut planted =
        Planted { p, q, a: empty.0, b: empty.1, g: empty.2, h: empty.3, lb, ub, x, x_bar, active: Vec::new() };
    let mut held: Vec<Vec<f64>> = Vec::new();
    // Only what is independent of the others may push.
    let mut joins = |row: &[f64]| {
        held.push(row.to_vec());
        let independent = rank(&held) == held.len();
        if !independent {
            held.pop();
        }
        independent
    };
    for (mut row, y) in equalities {
        row.truncate(n);
        if joins(&row) {
            push(&mut planted.q, &row, y);
            planted.b.push(dot(&row, &planted.x));
            planted.a.push(row);
        }
    }
    for (mut row, at) in rows {
        row.truncate(n);
        match at {
            At::Pushing(y) if joins(&row) => {
                push(&mut planted.q, &row, f64::from(y));
                planted.active.push(planted.g.len());
                planted.push_inequality(row, 0.0);
            }
            At::Pushing(s) | At::Slack(s) => planted.push_inequality(row, f64::from(s)),
        }
    }
    for (j, bound) in bounds.into_iter().take(n).enumerate() {
        match bound {
            Some(At::Pushing(y)) if joins(&unit(n, j)) => {
                // Odd forces at the lower bound, even ones at the upper.
                let sign = if y % 2 == 0 { 1.0 } else { -1.0 };
                planted.q[j] -= sign * f64::from(y);
                let side = if sign > 0.0 { &mut planted.ub } else { &mut planted.lb };
                side[j] = planted.x[j];
            }
            Some(At::Pushing(s) | At::Slack(s)) => planted.ub[j] = planted.x[j] + f64::from(s),
            None => {}
        }
    }
    planted
}

fn push(q: &mut [f64], row: &[f64], y: f64) {
    q.iter_mut().zip(row).for_each(|(q, a)| *q -= y * a);
}

fn unit(n: usize, j: usize) -> Vec<f64> {
    (0..n).map(|i| f64::from(u8::from(i == j))).collect()
}

pub(crate) fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

/// The rank of a few rows of small integers, by elimination with the largest pivot.
pub(crate) fn rank(rows: &[Vec<f64>]) -> usize {
    let mut rows = rows.to_vec();
    let mut rank = 0;
    while rank < rows.len() {
        let places = (rank..rows.len()).flat_map(|i| (0..rows[i].len()).map(move |j| (i, j)));
        let size = |&(i, j): &(usize, usize)| rows[i][j].abs();
        let Some((i, j)) = places.max_by(|a, b| size(a).total_cmp(&size(b))) else { break };
        if rows[i][j].abs() < 1e-9 {
            break;
        }
        rows.swap(rank, i);
        let pivot = rows[rank].clone();
        for row in &mut rows[rank + 1..] {
            let factor = row[j] / pivot[j];
            row.iter_mut().zip(&pivot).for_each(|(v, p)| *v -= factor * p);
        }
        rank += 1;
    }
    rank
}
