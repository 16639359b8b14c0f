//! The equalities that come first among the constraints, eliminated once for all programs that have them.

use pulp::{Arch, Simd};

use super::growing_llt::GrowingLlt;

/// The first `count` constraints, all held; none where they depend on one another.
#[derive(Default)]
pub(super) struct Leading {
    pub(super) count: usize,
    /// What was asked for.
    wanted: usize,
    /// `H_EE = TTᵀ`, and its relative pivots.
    pub(super) factor: GrowingLlt,
    pub(super) pivots: Vec<f64>,
    /// `T⁻¹H_Ek` of all constraints, one after another (`c × count`).
    solved: Vec<f64>,
    /// `H − H_E·ᵀ H_EE⁻¹ H_E·` (`c × c`).
    pub(super) gram: Vec<f64>,
}

impl Leading {
    /// `T⁻¹H_Ek`.
    pub(super) fn solved(&self, k: usize) -> &[f64] {
        &self.solved[k * self.count..(k + 1) * self.count]
    }

    /// Prepares the first `count` of `c` constraints with the products `gram` (`c × c`), unless they are there.
    pub(super) fn prepare(&mut self, count: usize, c: usize, gram: &[f64]) {
        if count != self.wanted {
            eliminate(self, count, c, gram);
        }
    }
}

#[pulp::with_simd(eliminate = Arch::new())]
#[inline(always)]
fn eliminate_with_simd<S: Simd>(simd: S, leading: &mut Leading, count: usize, c: usize, gram: &[f64]) {
    let Leading { factor, pivots, solved, gram: left, .. } = leading;
    pivots.clear();
    factor.truncate(0, c);
    let entry = |i: usize, j: usize| gram[i * c + j];
    let is_regular = factor.extend(simd, count, (0, |_| &[][..]), entry, |i| entry(i, i), pivots);
    (leading.count, leading.wanted) = (if is_regular { count } else { 0 }, count);
    solved.clear();
    left.clear();
    if leading.count == 0 {
        return;
    }
    let mut work = Vec::new();
    for k in 0..c {
        solved.extend_from_slice(&gram[k * c..k * c + count]);
        factor.solve_lower(simd, &mut solved[k * count..], &mut work);
    }
    left.extend_from_slice(gram);
    let row = |k: usize| &solved[k * count..(k + 1) * count];
    for i in 0..c {
        for j in 0..c {
            left[i * c + j] -= row(i).iter().zip(row(j)).map(|(a, b)| a * b).sum::<f64>();
        }
    }
}
