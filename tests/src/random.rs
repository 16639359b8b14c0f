//! Random problems built around a known solution: choose the point, the active set and the multipliers, then derive the
//! data that make them optimal.

use bpqp_traits::{ActiveSet, Side};

use crate::{Problem, SplitMix64};

/// How many constraints of which kind a random problem has. Active rows cycle through one-sided upper, one-sided lower,
/// two-sided at the upper and two-sided at the lower side; so do inactive ones.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RandomShape {
    /// Number of variables.
    pub n: usize,
    /// Equality rows.
    pub equalities: usize,
    /// Active inequality rows; together with equalities and active bounds at most `n`.
    pub active_rows: usize,
    /// Inactive inequality rows.
    pub inactive_rows: usize,
    /// Variables held at a bound.
    pub active_bounds: usize,
    /// Variables with finite bounds on both sides, away from them.
    pub inactive_bounds: usize,
    /// Share of nonzero entries in the rows and off the diagonal of `P`.
    pub density: f64,
    /// Whether the objective is linear; the solution is a vertex only where `n` constraints are active.
    pub linear: bool,
}

/// A problem and its one solution, strictly complementary: active multipliers and inactive slacks are at least 0.4.
#[derive(Clone, Debug, PartialEq)]
pub struct KnownProblem {
    /// The data.
    pub problem: Problem,
    /// The primal solution (`n`).
    pub x: Vec<f64>,
    /// Duals of the rows (`m`).
    pub y: Vec<f64>,
    /// Duals of the bounds (`n`).
    pub bound_duals: Vec<f64>,
    /// The active set.
    pub active: ActiveSet,
}

impl KnownProblem {
    /// The problem of the given shape and seed.
    pub fn random(shape: RandomShape, seed: u64) -> Self {
        let mut rng = SplitMix64::new(seed);
        let n = shape.n;
        let x: Vec<f64> = (0..n).map(|_| rng.uniform(-2.0, 2.0)).collect();
        let mut known = Self {
            problem: Problem::new(&vec![0.0; n]),
            x,
            y: Vec::new(),
            bound_duals: vec![0.0; n],
            active: ActiveSet { rows: Vec::new(), bounds: vec![Side::Free; n] },
        };
        if !shape.linear {
            known.problem.p = hessian(n, shape.density, &mut rng);
        }
        for _ in 0..shape.equalities {
            let dual = signed(&mut rng);
            known.add_row(shape.density, Side::Equal, dual, false, &mut rng);
        }
        for k in 0..shape.active_rows {
            let side = if k % 2 == 0 { Side::Upper } else { Side::Lower };
            let dual = rng.uniform(0.4, 3.0);
            known.add_row(shape.density, side, if k % 2 == 0 { dual } else { -dual }, k % 4 >= 2, &mut rng);
        }
        for k in 0..shape.inactive_rows {
            known.add_inactive_row(shape.density, k % 4, &mut rng);
        }
        known.add_bounds(shape, &mut rng);
        known.problem.q = known.linear_term();
        known
    }

    fn add_row(&mut self, density: f64, side: Side, dual: f64, two_sided: bool, rng: &mut SplitMix64) {
        let row = sparse_row(self.x.len(), density, rng);
        let value: f64 = row.iter().zip(&self.x).map(|(a, x)| a * x).sum();
        let far = rng.uniform(1.0, 3.0);
        let (l, u) = match side {
            Side::Upper => (if two_sided { value - far } else { f64::NEG_INFINITY }, value),
            Side::Lower => (value, if two_sided { value + far } else { f64::INFINITY }),
            _ => (value, value),
        };
        self.push(row, (l, u), side, dual);
    }

    fn add_inactive_row(&mut self, density: f64, kind: usize, rng: &mut SplitMix64) {
        let row = sparse_row(self.x.len(), density, rng);
        let value: f64 = row.iter().zip(&self.x).map(|(a, x)| a * x).sum();
        let (below, above) = (value - rng.uniform(0.4, 2.0), value + rng.uniform(0.4, 2.0));
        let l = if kind == 0 { f64::NEG_INFINITY } else { below };
        let u = if kind == 1 { f64::INFINITY } else { above };
        self.push(row, (l, u), Side::Free, 0.0);
    }

    fn push(&mut self, row: Vec<f64>, (l, u): (f64, f64), side: Side, dual: f64) {
        self.problem.a.push(row);
        self.problem.l.push(l);
        self.problem.u.push(u);
        self.y.push(dual);
        self.active.rows.push(side);
    }

    fn add_bounds(&mut self, shape: RandomShape, rng: &mut SplitMix64) {
        for j in 0..shape.active_bounds + shape.inactive_bounds {
            let (x, far) = (self.x[j], rng.uniform(0.5, 2.0));
            let (side, dual) = match j {
                _ if j >= shape.active_bounds => (Side::Free, 0.0),
                _ if j % 2 == 0 => (Side::Lower, -rng.uniform(0.4, 3.0)),
                _ => (Side::Upper, rng.uniform(0.4, 3.0)),
            };
            self.problem.lb[j] = if side == Side::Lower { x } else { x - far };
            self.problem.ub[j] = if side == Side::Upper { x } else { x + far };
            self.bound_duals[j] = dual;
            self.active.bounds[j] = side;
        }
    }

    /// The `q` that makes the known point stationary: `−(P x + Aᵀy + ζ)`.
    fn linear_term(&self) -> Vec<f64> {
        let n = self.x.len();
        let entry = |j: usize| {
            let px: f64 = (0..n).map(|i| self.problem.p[j * n + i] * self.x[i]).sum();
            let forces: f64 = self.problem.a.iter().zip(&self.y).map(|(row, y)| row[j] * y).sum();
            -(px + forces + self.bound_duals[j])
        };
        (0..n).map(entry).collect()
    }
}

/// A multiplier of either sign, at least 0.4 in size.
fn signed(rng: &mut SplitMix64) -> f64 {
    let size = rng.uniform(0.4, 3.0);
    if rng.chance(0.5) { size } else { -size }
}

/// A row with at least one entry.
fn sparse_row(n: usize, density: f64, rng: &mut SplitMix64) -> Vec<f64> {
    let mut row: Vec<f64> = (0..n).map(|_| if rng.chance(density) { rng.normal() } else { 0.0 }).collect();
    let place = (rng.next_u64() % n as u64) as usize;
    row[place] += 1.5;
    row
}

/// A positive definite matrix `MᵀM/n + ½I` (`n × n`, row by row).
pub(crate) fn hessian(n: usize, density: f64, rng: &mut SplitMix64) -> Vec<f64> {
    let m: Vec<f64> = (0..n * n).map(|_| if rng.chance(density) { rng.normal() } else { 0.0 }).collect();
    let mut p = vec![0.0; n * n];
    for i in 0..n {
        for j in 0..n {
            let sum: f64 = (0..n).map(|k| m[k * n + i] * m[k * n + j]).sum();
            p[i * n + j] = sum / n as f64 + if i == j { 0.5 } else { 0.0 };
        }
    }
    p
}
