//! Iterative refinement: Richardson steps while they gain digits, then restarted GMRES on the same preconditioner.

use bpqp_traits::vector::{axpy, dot, max_abs};

/// A linear system `K x = b` with an approximate inverse of `K`.
pub(crate) trait System {
    /// Writes `b − K x` into `out` and returns its size, the measure of convergence: infinite where it is not a number.
    fn residual(&mut self, x: &[f64], out: &mut [f64]) -> f64;
    /// Writes `K v` into `out`.
    fn apply(&mut self, v: &[f64], out: &mut [f64]);
    /// Replaces `v` by approximately `K⁻¹v`.
    fn precondition(&mut self, v: &mut [f64]);
}

/// When refinement stops.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Refinement {
    /// It is done at this residual.
    pub(crate) target: f64,
    /// Applications of the preconditioner at most.
    pub(crate) max_steps: u32,
}

/// A Richardson step that keeps more than this share of the residual hands over to GMRES.
const SLOW: f64 = 0.1;
/// GMRES basis size.
const BASIS: usize = 12;

/// Work vectors, allocated once.
pub(crate) struct Refiner {
    best: Vec<f64>,
    residual: Vec<f64>,
    direction: Vec<f64>,
    basis: Vec<Vec<f64>>,
}

impl Refiner {
    pub(crate) fn new(dim: usize) -> Self {
        Self { best: vec![0.0; dim], residual: vec![0.0; dim], direction: vec![0.0; dim], basis: Vec::new() }
    }

    /// Improves `x`, and leaves the best iterate there; returns its residual and the steps taken.
    pub(crate) fn run(&mut self, system: &mut dyn System, x: &mut [f64], limits: Refinement) -> (f64, u32) {
        let size = system.residual(x, &mut self.residual);
        self.run_from(size, system, x, limits)
    }

    /// Solves from zero, where `rhs` itself is the residual, into `x`.
    pub(crate) fn solve(
        &mut self,
        system: &mut dyn System,
        rhs: &[f64],
        x: &mut [f64],
        limits: Refinement,
    ) -> (f64, u32) {
        x.fill(0.0);
        self.residual.copy_from_slice(rhs);
        let size = max_abs(rhs);
        self.run_from(if size.is_nan() { f64::INFINITY } else { size }, system, x, limits)
    }

    fn run_from(&mut self, mut size: f64, system: &mut dyn System, x: &mut [f64], limits: Refinement) -> (f64, u32) {
        self.best.copy_from_slice(x);
        let (mut best, mut steps, mut slow) = (size, 0, false);
        while best > limits.target && steps < limits.max_steps {
            if slow {
                steps += self.gmres_cycle(system, x, (limits.max_steps - steps) as usize);
            } else {
                self.direction.copy_from_slice(&self.residual);
                system.precondition(&mut self.direction);
                axpy(1.0, &self.direction, x);
                steps += 1;
            }
            let new = system.residual(x, &mut self.residual);
            let stuck = new >= 0.5 * size;
            if new < best {
                best = new;
                self.best.copy_from_slice(x);
            } else {
                x.copy_from_slice(&self.best);
                size = system.residual(x, &mut self.residual);
            }
            if slow && stuck {
                break;
            }
            slow |= new >= SLOW * size;
            size = new.min(size);
        }
        x.copy_from_slice(&self.best);
        (best, steps)
    }

    /// One cycle of right-preconditioned GMRES from the current residual; returns the steps taken.
    fn gmres_cycle(&mut self, system: &mut dyn System, x: &mut [f64], max_steps: usize) -> u32 {
        let dim = x.len();
        while self.basis.len() <= BASIS {
            self.basis.push(vec![0.0; dim]);
        }
        let norm = dot(&self.residual, &self.residual).sqrt();
        if !(norm.is_finite() && norm > 0.0) {
            return 1;
        }
        let mut ls = LeastSquares::new(norm);
        set_scaled(&mut self.basis[0], 1.0 / norm, &self.residual);
        while ls.size < BASIS.min(max_steps) {
            let k = ls.size;
            self.direction.copy_from_slice(&self.basis[k]);
            system.precondition(&mut self.direction);
            let (old, new) = self.basis.split_at_mut(k + 1);
            system.apply(&self.direction, &mut new[0]);
            let mut column = [0.0; BASIS + 1];
            // Twice is enough: the second pass removes what rounding left of the first.
            for _ in 0..2 {
                for (h, v) in column.iter_mut().zip(old.iter()) {
                    let c = dot(v, &new[0]);
                    *h += c;
                    axpy(-c, v, &mut new[0]);
                }
            }
            let next = dot(&new[0], &new[0]).sqrt();
            if !next.is_finite() {
                break;
            }
            column[k + 1] = next;
            ls.push(column);
            if ls.residual <= 1e-15 * norm || next <= 1e-14 * column[..=k].iter().fold(0.0, |m: f64, c| m.max(c.abs()))
            {
                break;
            }
            new[0].iter_mut().for_each(|v| *v /= next);
        }
        let coefficients = ls.solve();
        self.direction.fill(0.0);
        for (c, v) in coefficients.iter().take(ls.size).zip(&self.basis) {
            axpy(*c, v, &mut self.direction);
        }
        system.precondition(&mut self.direction);
        axpy(1.0, &self.direction, x);
        ls.size as u32 + 1
    }
}

fn set_scaled(out: &mut [f64], alpha: f64, v: &[f64]) {
    out.iter_mut().zip(v).for_each(|(o, v)| *o = alpha * v);
}

/// The small Hessenberg least-squares problem of GMRES, triangularized by Givens rotations as it grows.
struct LeastSquares {
    size: usize,
    r: [[f64; BASIS + 1]; BASIS],
    rotations: [(f64, f64); BASIS],
    rhs: [f64; BASIS + 1],
    residual: f64,
}

impl LeastSquares {
    fn new(norm: f64) -> Self {
        let mut rhs = [0.0; BASIS + 1];
        rhs[0] = norm;
        Self { size: 0, r: [[0.0; BASIS + 1]; BASIS], rotations: [(1.0, 0.0); BASIS], rhs, residual: norm }
    }

    fn push(&mut self, mut column: [f64; BASIS + 1]) {
        let k = self.size;
        for (i, &(c, s)) in self.rotations[..k].iter().enumerate() {
            (column[i], column[i + 1]) = (c * column[i] + s * column[i + 1], c * column[i + 1] - s * column[i]);
        }
        let length = column[k].hypot(column[k + 1]);
        let (c, s) = if length > 0.0 { (column[k] / length, column[k + 1] / length) } else { (1.0, 0.0) };
        (column[k], column[k + 1]) = (length, 0.0);
        (self.rhs[k], self.rhs[k + 1]) = (c * self.rhs[k], -s * self.rhs[k]);
        self.rotations[k] = (c, s);
        self.r[k] = column;
        self.residual = self.rhs[k + 1].abs();
        self.size += 1;
    }

    fn solve(&self) -> [f64; BASIS] {
        let mut y = [0.0; BASIS];
        for i in (0..self.size).rev() {
            let sum: f64 = (i + 1..self.size).map(|j| self.r[j][i] * y[j]).sum();
            let pivot = self.r[i][i];
            y[i] = if pivot != 0.0 { (self.rhs[i] - sum) / pivot } else { 0.0 };
        }
        y
    }
}
