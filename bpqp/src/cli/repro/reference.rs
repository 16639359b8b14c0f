//! Solution and backward pass to the last digit: KKT systems on the active set, refined with residuals in twice the precision.

use bpqp_traits::vector::dot;
use faer::Mat;
use faer::linalg::solvers::{PartialPivLu, Solve};

use crate::{Program, traits::Solution};

/// Steps of refinement; each gains as many digits as the condition of the matrix leaves, so that three are plenty.
const STEPS: usize = 8;

/// What the passes of a program should come to.
#[derive(Clone, Debug)]
pub(super) struct Reference {
    /// The solution (`n`).
    pub(super) x: Vec<f64>,
    /// Multipliers of the inequalities (`m`).
    pub(super) lambda: Vec<f64>,
    pub(super) gradient: Vectors,
}

/// Gradients of the loss with respect to the vectors of `min ½xᵀPx + qᵀx, Ax = b, Gx ≤ h`.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Vectors {
    pub(super) q: Vec<f64>,
    pub(super) b: Vec<f64>,
    pub(super) h: Vec<f64>,
}

/// `‖u − v‖₂`.
pub(super) fn distance(u: &[f64], v: &[f64]) -> f64 {
    let difference: Vec<f64> = u.iter().zip(v).map(|(u, v)| u - v).collect();
    dot(&difference, &difference).sqrt()
}

/// Both passes on the active set of `guess`, which they prove to be the solution's.
///
/// # Errors
/// The inequality that says otherwise.
pub(super) fn reference(program: &Program, guess: &Solution, x_bar: &[f64]) -> Result<Reference, String> {
    let (n, stacked, blocks) = (program.num_vars(), program.as_stacked(), program.blocks());
    let mut ax = vec![0.0; stacked.num_rows()];
    stacked.a().mul_add(1.0, &guess.x, &mut ax);
    let active = |i: &usize| guess.y[*i] > stacked.u()[*i] - ax[*i];
    let held: Vec<usize> = blocks.equalities.clone().chain(blocks.inequalities.clone().filter(active)).collect();
    let mut place = vec![None; stacked.num_rows()];
    held.iter().enumerate().for_each(|(k, &i)| place[i] = Some(n + k));

    let mut matrix = Mat::zeros(n + held.len(), n + held.len());
    for (i, j, v) in stacked.p().entries() {
        (matrix[(i, j)], matrix[(j, i)]) = (v, v);
    }
    for (i, j, v) in stacked.a().entries() {
        if let Some(k) = place[i] {
            (matrix[(k, j)], matrix[(j, k)]) = (v, v);
        }
    }
    let system = System::new(matrix);
    let minus = |v: &[f64]| v.iter().map(|v| -v).collect::<Vec<_>>();
    let sides = held.iter().map(|&i| stacked.u()[i]);
    let point = system.solve(&minus(stacked.q()).into_iter().chain(sides).collect::<Vec<_>>());
    let zeros = std::iter::repeat_n(0.0, held.len());
    let adjoint = system.solve(&minus(x_bar).into_iter().chain(zeros).collect::<Vec<_>>());

    let of = |all: &[f64], i: usize| place[i].map_or(0.0, |k| all[k]);
    let lambda: Vec<f64> = blocks.inequalities.clone().map(|i| of(&point, i)).collect();
    ax.fill(0.0);
    stacked.a().mul_add(1.0, &point[..n], &mut ax);
    for i in blocks.inequalities.clone() {
        let (multiplier, slack) = (of(&point, i), stacked.u()[i] - ax[i]);
        if !(if place[i].is_some() { multiplier > 0.0 } else { slack > 0.0 }) {
            return Err(format!(
                "inequality {}: multiplier {multiplier:e}, slack {slack:e}",
                i - blocks.inequalities.start
            ));
        }
    }
    let side = |i: usize| -of(&adjoint, i);
    let gradient = Vectors {
        q: adjoint[..n].to_vec(),
        b: blocks.equalities.clone().map(side).collect(),
        h: blocks.inequalities.clone().map(side).collect(),
    };
    Ok(Reference { x: point[..n].to_vec(), lambda, gradient })
}

/// A matrix and its factors.
struct System {
    matrix: Mat<f64>,
    lu: PartialPivLu<f64>,
}

impl System {
    fn new(matrix: Mat<f64>) -> Self {
        Self { lu: matrix.partial_piv_lu(), matrix }
    }

    /// The solution, correct to about the last digit as long as the factors have any correct digit.
    fn solve(&self, rhs: &[f64]) -> Vec<f64> {
        let column = |v: &[f64]| Mat::from_fn(v.len(), 1, |i, _| v[i]);
        let step = |v: &[f64]| -> Vec<f64> { self.lu.solve(column(v)).col(0).iter().copied().collect() };
        let mut w = step(rhs);
        for _ in 0..STEPS {
            let residual: Vec<f64> = (0..rhs.len()).map(|i| self.residual(i, rhs[i], &w)).collect();
            for (w, change) in w.iter_mut().zip(step(&residual)) {
                *w += change;
            }
        }
        w
    }

    /// `rhs − (K w)ᵢ`, with products and sums in twice the precision; `K` is symmetric.
    fn residual(&self, i: usize, rhs: f64, w: &[f64]) -> f64 {
        let (mut high, mut low) = (rhs, 0.0);
        for (k, w) in self.matrix.col(i).iter().zip(w) {
            let product = -k * w;
            low += (-k).mul_add(*w, -product);
            // Knuth's exact sum.
            let sum = high + product;
            let part = sum - high;
            low += (high - (sum - part)) + (product - part);
            high = sum;
        }
        high + low
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A Hilbert matrix has the inverse of integers, and loses ten digits without refinement.
    #[test]
    fn refinement_recovers_what_conditioning_loses() {
        let n = 8;
        // Scaled by the least common multiple of 1 … 15, so that all entries are integers.
        let hilbert = Mat::from_fn(n, n, |i, j| 360_360.0 / (i + j + 1) as f64);
        let exact: Vec<f64> = (0..n).map(|i| i as f64 - 3.0).collect();
        let rhs: Vec<f64> = (0..n).map(|i| (0..n).map(|j| hilbert[(i, j)] * exact[j]).sum()).collect();
        let system = System::new(hilbert);
        let error = |w: &[f64]| w.iter().zip(&exact).map(|(w, e)| (w - e).abs()).fold(0.0, f64::max);
        let plain: Vec<f64> = {
            let column = Mat::from_fn(n, 1, |i, _| rhs[i]);
            system.lu.solve(column).col(0).iter().copied().collect()
        };
        assert!(error(&plain) > 1e-10, "{:e}", error(&plain));
        assert!(error(&system.solve(&rhs)) < 1e-14, "{:e}", error(&system.solve(&rhs)));
    }

    /// min ½‖x‖² − x₀ − 2x₁ s.t. x₀ + x₁ ≤ 1: x = (0, 1), λ = 1, and of x₀ + x₁ the derivative by h is 1.
    #[test]
    fn a_projection_by_hand() {
        let program = Program::builder(2)
            .objective(&[[1.0, 0.0], [0.0, 1.0]], &[-1.0, -2.0])
            .inequalities(&[[1.0, 1.0], [1.0, 0.0]], &[1.0, 5.0])
            .build()
            .unwrap();
        let guess =
            Solution { x: vec![0.01, 0.98], y: vec![0.9, 0.0], bound_duals: vec![0.0; 2], ..Solution::default() };
        let found = reference(&program, &guess, &[1.0, 1.0]).unwrap();
        assert_eq!((found.x, found.lambda), (vec![0.0, 1.0], vec![1.0, 0.0]));
        assert_eq!(found.gradient, Vectors { q: vec![0.0, 0.0], b: vec![], h: vec![1.0, 0.0] });
        let wrong = Solution { y: vec![0.0, 9.0], ..guess };
        assert!(reference(&program, &wrong, &[1.0, 1.0]).is_err(), "the other active set is not the solution's");
    }
}
