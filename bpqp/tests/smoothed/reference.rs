//! The solution of the log-barrier program found by the test itself: Newton's method on the primal barrier, dense.

use bpqp::traits::Solution;
use bpqp::{CscMatrix, Program};

use crate::common::dense;

/// A function's gradient and Hessian.
struct Quadratic {
    gradient: Vec<f64>,
    hessian: Vec<Vec<f64>>,
}

impl Quadratic {
    fn add(&mut self, row: &[f64], slope: f64) {
        self.gradient.iter_mut().zip(row).for_each(|(g, a)| *g += slope * a);
    }

    /// `weight a bᵀ`.
    fn square(&mut self, a: &[f64], b: &[f64], weight: f64) {
        for (hessian, a) in self.hessian.iter_mut().zip(a) {
            hessian.iter_mut().zip(b).for_each(|(h, b)| *h += weight * a * b);
        }
    }
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

/// The duals of everything with a barrier at `x`, and the Lagrangian's derivatives but for the equalities.
fn at(program: &Program, x: &[f64], mu: f64) -> (Solution, Quadratic) {
    let stacked = program.as_stacked();
    let n = x.len();
    let p = dense(&program.p().to_owned());
    let gradient = (0..n).map(|j| dot(&p[j], x) + stacked.q()[j]).collect();
    let mut of = Quadratic { gradient, hessian: p };
    let mut solution = Solution {
        x: x.to_vec(),
        y: vec![0.0; stacked.num_rows()],
        bound_duals: vec![0.0; n],
        cone_duals: vec![0.0; stacked.num_cone_rows()],
        ..Solution::default()
    };
    let side = |value: f64, l: f64, u: f64| {
        if l == u {
            return (0.0, 0.0);
        }
        let one = |slack: f64| if slack.is_finite() { (mu / slack, mu / (slack * slack)) } else { (0.0, 0.0) };
        let ((lower, bends), (upper, bends_up)) = (one(value - l), one(u - value));
        (upper - lower, bends + bends_up)
    };
    let a = dense(&stacked.a().to_owned());
    for (i, row) in a.iter().enumerate() {
        let (dual, weight) = side(dot(row, x), stacked.l()[i], stacked.u()[i]);
        solution.y[i] = dual;
        of.add(row, dual);
        of.square(row, row, weight);
    }
    for j in 0..n {
        let mut row = vec![0.0; n];
        row[j] = 1.0;
        let (dual, weight) = side(x[j], stacked.lb()[j], stacked.ub()[j]);
        solution.bound_duals[j] = dual;
        of.add(&row, dual);
        of.square(&row, &row, weight);
    }
    if let Some(cones) = stacked.cones() {
        let s = dense(&cones.matrix().to_owned());
        for rows in program.cone_rows() {
            // −½μ log(s₀² − ‖s₁‖²) has the gradient −μ Js/det in s and the Hessian μ(−J/det + 2 Js(Js)ᵀ/det²).
            let slack: Vec<f64> = rows.clone().map(|i| dot(&s[i], x) + cones.offset()[i]).collect();
            let det = slack[0] * slack[0] - dot(&slack[1..], &slack[1..]);
            let mut turned = vec![0.0; n];
            for (i, place) in rows.clone().enumerate() {
                let sign = if i == 0 { 1.0 } else { -1.0 };
                solution.cone_duals[place] = mu * sign * slack[i] / det;
                of.add(&s[place], -mu * sign * slack[i] / det);
                of.square(&s[place], &s[place], -mu * sign / det);
                turned.iter_mut().zip(&s[place]).for_each(|(t, v)| *t += sign * slack[i] * v / det);
            }
            of.square(&turned, &turned, 2.0 * mu);
        }
    }
    (solution, of)
}

/// The log-barrier solution of `program` by Newton's method from `start`, inside and near it.
pub(crate) fn barrier_solution(program: &Program, start: &Solution, mu: f64) -> Solution {
    let stacked = program.as_stacked();
    let n = program.num_vars();
    let a = dense(&stacked.a().to_owned());
    let equal: Vec<usize> = (0..a.len()).filter(|&i| stacked.l()[i] == stacked.u()[i]).collect();
    let fixed: Vec<usize> = (0..n).filter(|&j| stacked.lb()[j] == stacked.ub()[j]).collect();
    let mut x = start.x.clone();
    let mut nu: Vec<f64> =
        equal.iter().map(|&i| start.y[i]).chain(fixed.iter().map(|&j| start.bound_duals[j])).collect();
    for _ in 0..5 {
        let (_, of) = at(program, &x, mu);
        let size = n + nu.len();
        let mut system = vec![vec![0.0; size + 1]; size];
        for j in 0..n {
            system[j][..n].copy_from_slice(&of.hessian[j]);
            system[j][size] = -of.gradient[j];
        }
        for (k, nu) in nu.iter().enumerate() {
            let mut row = vec![0.0; n];
            let gap = match k.checked_sub(equal.len()) {
                None => {
                    row.copy_from_slice(&a[equal[k]]);
                    stacked.u()[equal[k]] - dot(&row, &x)
                }
                Some(k) => {
                    row[fixed[k]] = 1.0;
                    stacked.ub()[fixed[k]] - x[fixed[k]]
                }
            };
            for j in 0..n {
                system[j][n + k] = row[j];
                system[n + k][j] = row[j];
                system[j][size] -= nu * row[j];
            }
            system[n + k][size] = gap;
        }
        let step = solve(system);
        x.iter_mut().zip(&step).for_each(|(x, dx)| *x += dx);
        nu.iter_mut().zip(&step[n..]).for_each(|(nu, change)| *nu += change);
    }
    let (mut solution, _) = at(program, &x, mu);
    equal.iter().zip(&nu).for_each(|(&i, nu)| solution.y[i] = *nu);
    fixed.iter().zip(&nu[equal.len()..]).for_each(|(&j, nu)| solution.bound_duals[j] = *nu);
    solution
}

/// Gaussian elimination with row pivots on `[K | b]`.
fn solve(mut system: Vec<Vec<f64>>) -> Vec<f64> {
    let n = system.len();
    for k in 0..n {
        let pivot = (k..n).max_by(|&i, &j| system[i][k].abs().total_cmp(&system[j][k].abs())).unwrap();
        system.swap(k, pivot);
        for i in k + 1..n {
            let factor = system[i][k] / system[k][k];
            if factor != 0.0 {
                let (above, below) = system.split_at_mut(i);
                below[0][k..].iter_mut().zip(&above[k][k..]).for_each(|(v, w)| *v -= factor * w);
            }
        }
    }
    let mut x = vec![0.0; n];
    for k in (0..n).rev() {
        x[k] = (system[k][n] - dot(&system[k][k + 1..n], &x[k + 1..])) / system[k][k];
    }
    x
}

/// A matrix from dense rows, zeros left out.
pub(crate) fn sparse(rows: &[Vec<f64>], columns: usize) -> CscMatrix {
    let entries = rows.iter().enumerate().flat_map(|(i, row)| row.iter().enumerate().map(move |(j, v)| (i, j, *v)));
    let entries: Vec<_> = entries.filter(|(.., v)| *v != 0.0).collect();
    CscMatrix::from_triplets(rows.len(), columns, &entries).unwrap()
}
