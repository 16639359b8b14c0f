//! Random QPs against the dense oracle.

use super::{BackwardContext, Qp};
use crate::random::hessian;
use crate::verdict::at_most;
use crate::{CaseResult, SplitMix64};

/// A QP with `H = MᵀM/d + ½I` and `k` rows with entries of the given density; full rank with probability one.
pub(super) fn random_qp(d: usize, k: usize, density: f64, rng: &mut SplitMix64) -> Result<Qp, String> {
    let h = hessian(d, density, rng);
    let mut c: Vec<f64> = (0..k * d).map(|_| if rng.chance(density) { rng.normal() } else { 0.0 }).collect();
    // An entry of its own keeps every row away from the others' span.
    (0..k).for_each(|i| c[i * d + i % d] += 2.0);
    Qp::dense(&h, &c, d)
}

fn check_shapes(ctx: &BackwardContext<'_>, shapes: &[(usize, usize)], density: f64, seed: u64) -> CaseResult {
    for (i, &(d, k)) in shapes.iter().enumerate() {
        let mut rng = SplitMix64::new(seed + i as u64);
        let qp = random_qp(d, k, density, &mut rng)?;
        let (g, r) = (rng.normals(d), rng.normals(k));
        ctx.check_oracle(ctx.factorize(&qp)?.as_mut(), &qp, (&g, &r), 1.0)
            .map_err(|message| format!("d = {d}, k = {k}: {message}"))?;
    }
    Ok(())
}

/// Dense blocks, from no row to as many as variables.
pub(super) fn random_dense(ctx: &BackwardContext<'_>) -> CaseResult {
    check_shapes(ctx, &[(5, 0), (5, 2), (12, 5), (20, 10), (20, 19), (8, 8)], 1.0, 1000)
}

/// Sparse blocks.
pub(super) fn random_sparse(ctx: &BackwardContext<'_>) -> CaseResult {
    check_shapes(ctx, &[(30, 0), (30, 10), (40, 25), (25, 24)], 0.1, 2000)
}

/// `H` of half rank, positive definite on the null space of `C`: the diagonal of ones on the first half of the
/// variables, rows that fix the second half.
pub(super) fn random_semidefinite(ctx: &BackwardContext<'_>) -> CaseResult {
    let (d, half) = (12, 6);
    let mut rng = SplitMix64::new(3000);
    let mut h = vec![0.0; d * d];
    (0..half).for_each(|j| h[j * d + j] = rng.uniform(0.5, 2.0));
    let mut c: Vec<f64> = (0..half * d).map(|_| 0.3 * rng.normal()).collect();
    (0..half).for_each(|i| c[i * d + half + i] += 2.0);
    let qp = Qp::dense(&h, &c, d)?;
    let (g, r) = (rng.normals(d), rng.normals(half));
    ctx.check_oracle(ctx.factorize(&qp)?.as_mut(), &qp, (&g, &r), 1.0)
}

/// One factorization, many right-hand sides: several losses, or the columns of a Jacobian.
pub(super) fn many_right_hand_sides(ctx: &BackwardContext<'_>) -> CaseResult {
    let mut rng = SplitMix64::new(4000);
    let qp = random_qp(10, 4, 0.7, &mut rng)?;
    let mut factor = ctx.factorize(&qp)?;
    for column in 0..10 {
        let mut g = vec![0.0; 10];
        g[column] = 1.0;
        ctx.check_oracle(factor.as_mut(), &qp, (&g, &[0.0; 4]), 1.0)?;
        let (g, r) = (rng.normals(10), rng.normals(4));
        ctx.check_oracle(factor.as_mut(), &qp, (&g, &r), 1.0)?;
    }
    Ok(())
}

/// The dot-product test: `K` is symmetric, so `⟨(−g₁, r₁), w₂⟩ = ⟨(−g₂, r₂), w₁⟩`.
pub(super) fn symmetry(ctx: &BackwardContext<'_>) -> CaseResult {
    let mut rng = SplitMix64::new(5000);
    let qp = random_qp(15, 6, 0.6, &mut rng)?;
    let mut factor = ctx.factorize(&qp)?;
    let (g1, r1, g2, r2) = (rng.normals(15), rng.normals(6), rng.normals(15), rng.normals(6));
    let first = ctx.solve_well(factor.as_mut(), &qp, &g1, &r1)?;
    let second = ctx.solve_well(factor.as_mut(), &qp, &g2, &r2)?;
    let dot = |x: &[f64], y: &[f64]| -> f64 { x.iter().zip(y).map(|(a, b)| a * b).sum() };
    let forward = dot(&r1, &second.nu) - dot(&g1, &second.z);
    let backward = dot(&r2, &first.nu) - dot(&g2, &first.z);
    let relative = (forward - backward).abs() / forward.abs().max(backward.abs()).max(1.0);
    at_most("the relative difference of the dot products", relative, ctx.config.adjoint_accuracy)
}
