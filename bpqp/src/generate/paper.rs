//! The problems of the BPQP paper, as its experiments make them.

use bpqp_traits::{CscMatrix, Solution};
use faer::linalg::triangular_solve::{solve_lower_triangular_in_place, solve_upper_triangular_in_place};
use faer::{Mat, Par};

use super::random::Random;
use super::{Known, Sizes, full, gram, invalid, times};
use crate::{Program, Result};

/// What the paper adds to `FᵀF`.
const SHIFT: f64 = 1e-3;

pub(super) fn qp(Sizes { n, m, p }: Sizes, random: &mut Random) -> Result<Program> {
    let hessian = gram(n, n, &random.uniforms(n * n), 1.0, SHIFT)?;
    let q = random.uniforms(n);
    let a = full(p, n, random.uniforms(p * n))?;
    let g = full(m, n, random.uniforms(m * n))?;
    let b = random.uniforms(p);
    let h = times(&g, &random.uniforms(n));
    builder(n, &hessian, &q, (&a, &b), (&g, &h)).assume_convex().build()
}

fn builder(
    n: usize,
    hessian: &CscMatrix,
    q: &[f64],
    (a, b): (&CscMatrix, &[f64]),
    (g, h): (&CscMatrix, &[f64]),
) -> crate::ProgramBuilder {
    Program::builder(n).objective(hessian, q).equalities(a, b).inequalities(g, h)
}

/// The dual of the linear program has the one solution `λ₀ > 0`, so all rows hold with equality, and `ε‖x‖²` picks the
/// shortest such point.
pub(super) fn lp(Sizes { n, m, p }: Sizes, epsilon: f64, random: &mut Random) -> Result<Known> {
    if !(epsilon > 0.0 && epsilon.is_finite()) {
        return Err(invalid("epsilon", format!("must be positive, is {epsilon}")));
    }
    let a = full(p, n, random.uniforms(p * n))?;
    let g = full(m, n, random.uniforms(m * n))?;
    let b = random.uniforms(p);
    let h = times(&g, &random.uniforms(n));
    let multipliers = random.uniforms(m);
    let mut q = vec![0.0; n];
    g.as_ref().transpose_mul_add(-1.0, &multipliers, &mut q);
    let solution = shortest(&a, &b, &g, &h, &multipliers, epsilon);
    let hessian = CscMatrix::from_diagonal(&vec![2.0 * epsilon; n])?;
    let program = builder(n, &hessian, &q, (&a, &b), (&g, &h)).build()?;
    Ok((program, solution))
}

/// `x = Bᵀw` with `BBᵀw = r` for `B = [A; G]`, `r = [b; h]`; the multipliers are `(0, λ₀) − 2εw`.
fn shortest(a: &CscMatrix, b: &[f64], g: &CscMatrix, h: &[f64], multipliers: &[f64], epsilon: f64) -> Solution {
    let (n, p, m) = (a.ncols(), a.nrows(), g.nrows());
    let mut rows = Mat::zeros(p + m, n);
    a.as_ref().entries().for_each(|(i, j, v)| rows[(i, j)] = v);
    g.as_ref().entries().for_each(|(i, j, v)| rows[(p + i, j)] = v);
    let mut w = Mat::from_fn(p + m, 1, |i, _| if i < p { b[i] } else { h[i - p] });
    // QR of Bᵀ rather than a factor of BBᵀ: uniform rows are nearly parallel.
    let qr = rows.transpose().qr();
    let r = qr.thin_R();
    solve_lower_triangular_in_place(r.transpose(), w.as_mut(), Par::Seq);
    let x = qr.compute_thin_Q() * &w;
    solve_upper_triangular_in_place(r, w.as_mut(), Par::Seq);
    let y = (0..p + m).map(|i| if i < p { 0.0 } else { multipliers[i - p] } - 2.0 * epsilon * w[(i, 0)]);
    Solution {
        x: (0..n).map(|j| x[(j, 0)]).collect(),
        y: y.collect(),
        bound_duals: vec![0.0; n],
        ..Solution::default()
    }
}

/// `min qᵀx` over `‖x‖ ≤ c`: the solution is `−c q/‖q‖`.
pub(super) fn socp(n: usize, random: &mut Random) -> Result<Known> {
    let q = random.uniforms(n);
    let norm = |v: &[f64]| bpqp_traits::vector::dot(v, v).sqrt();
    let radius = norm(&random.uniforms(n));
    let ball = CscMatrix::from_triplets(n + 1, n, &(0..n).map(|j| (j + 1, j, 1.0)).collect::<Vec<_>>())?;
    let offset: Vec<f64> = std::iter::once(radius).chain(std::iter::repeat_n(0.0, n)).collect();
    let program = Program::builder(n).linear_objective(&q).second_order_cones(&ball, &offset, &[n + 1]).build()?;
    let length = norm(&q);
    let solution = Solution {
        x: q.iter().map(|v| -radius * v / length).collect(),
        bound_duals: vec![0.0; n],
        cone_duals: std::iter::once(length).chain(q).collect(),
        ..Solution::default()
    };
    Ok((program, solution))
}
