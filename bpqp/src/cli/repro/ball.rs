//! `min qᵀx` over `‖x‖ ≤ c`: the one kind of problem with a cone, by hand.

use bpqp_traits::CscMatrix;
use bpqp_traits::vector::dot;
use faer::Mat;
use faer::linalg::solvers::DenseSolveCore;

use super::reference::{Reference, Vectors};
use crate::Program;

/// The closed form: `x = −c q/‖q‖`, `λ = ‖q‖`. What stands for `h` is the radius.
pub(super) fn reference(program: &Program, x_bar: &[f64]) -> Reference {
    let stacked = program.as_stacked();
    let (q, radius) = (stacked.q(), stacked.cones().map_or(0.0, |cones| cones.offset()[0]));
    let length = dot(q, q).sqrt();
    let slope = dot(q, x_bar) / length;
    Reference {
        x: q.iter().map(|q| -radius * q / length).collect(),
        lambda: vec![length],
        gradient: Vectors {
            q: q.iter().zip(x_bar).map(|(q, bar)| -radius / length * (bar - slope * q / length)).collect(),
            b: vec![],
            h: vec![-slope],
        },
    }
}

/// The constraint `‖x‖ − c ≤ 0` at a point.
pub(super) struct Constraint {
    /// Its gradient, `x/‖x‖`.
    pub(super) normal: Vec<f64>,
    /// Its Hessian times the multiplier, `λ(I/t − xxᵀ/t³)`, column by column.
    hessian: Vec<f64>,
    multiplier: f64,
    value: f64,
}

impl Constraint {
    pub(super) fn at(program: &Program, x: &[f64], multiplier: f64) -> Self {
        let radius = program.as_stacked().cones().map_or(0.0, |cones| cones.offset()[0]);
        let (n, t) = (x.len(), dot(x, x).sqrt());
        let normal: Vec<f64> = x.iter().map(|x| x / t).collect();
        let entry = |i: usize, j: usize| multiplier / t * (f64::from(u8::from(i == j)) - normal[i] * normal[j]);
        let hessian = (0..n).flat_map(|j| (0..n).map(move |i| (i, j))).map(|(i, j)| entry(i, j)).collect();
        Self { normal, hessian, multiplier, value: t - radius }
    }

    /// The upper triangle of the Hessian.
    pub(super) fn upper(&self) -> bpqp_traits::Result<CscMatrix> {
        let n = self.normal.len();
        let entries = (0..n).flat_map(|j| (0..=j).map(move |i| (i, j)));
        CscMatrix::from_triplets(n, n, &entries.map(|(i, j)| (i, j, self.hessian[j * n + i])).collect::<Vec<_>>())
    }

    /// The backward pass by the inverse of the whole KKT matrix, as for the rows of a QP.
    pub(super) fn backward(&self, x_bar: &[f64]) -> Vectors {
        let n = self.normal.len();
        let kkt = Mat::from_fn(n + 1, n + 1, |i, j| match (i < n, j < n) {
            (true, true) => self.hessian[j * n + i],
            (true, false) => self.normal[i] * self.multiplier,
            (false, true) => self.normal[j],
            (false, false) => self.value,
        });
        let inverse = kkt.partial_piv_lu().inverse();
        let adjoint: Vec<f64> = (0..=n).map(|i| -(0..n).map(|j| inverse[(i, j)] * x_bar[j]).sum::<f64>()).collect();
        Vectors { h: vec![-self.multiplier * adjoint[n]], b: vec![], q: adjoint[..n].to_vec() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::generate::{Family, Recipe};

    #[test]
    fn the_closed_form_is_what_differences_and_the_inverse_say() {
        let program = Recipe::new(Family::PaperSocp).n(6).seed(3).generate().unwrap().program;
        let x_bar: Vec<f64> = (0..6).map(|i| (i as f64).cos()).collect();
        let found = reference(&program, &x_bar);
        let loss = |q: &[f64], radius: f64| -radius * dot(q, &x_bar) / dot(q, q).sqrt();
        let (q, radius) = (program.as_stacked().q().to_vec(), dot(&found.x, &found.x).sqrt());
        for i in 0..6 {
            let moved = |by: f64| {
                let mut q = q.clone();
                q[i] += by;
                loss(&q, radius)
            };
            let difference = (moved(1e-6) - moved(-1e-6)) / 2e-6;
            assert!((difference - found.gradient.q[i]).abs() < 1e-8, "{difference} {}", found.gradient.q[i]);
        }
        let slope = loss(&q, radius + 0.5) - loss(&q, radius - 0.5);
        assert!((slope - found.gradient.h[0]).abs() < 1e-12);
        let inverse = Constraint::at(&program, &found.x, found.lambda[0]).backward(&x_bar);
        let error = inverse.q.iter().zip(&found.gradient.q).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
        assert!(error < 1e-12 && (inverse.h[0] - found.gradient.h[0]).abs() < 1e-12);
    }
}
