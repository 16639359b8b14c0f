//! Weakly active constraints that others imply: no kink comes from them.

use bpqp_traits::ProgramRef;
use bpqp_traits::vector::max_abs;

use super::reduced::ReducedKkt;

/// Part of a constraint's normal that may be left outside of the span of the active ones.
const SPANNED: f64 = 1e-7;
/// Largest residual of a solve that tells anything.
const TRUSTED: f64 = 1e-9;
/// Constraints looked at: each costs a solve.
const MAX_SOLVES: usize = 500;

/// The constraints among `weak`, rows first, then bounds, whose normals are combinations of those that `kkt` holds, and the
/// ones that they are combinations of.
///
/// The solution of `min ½zᵀP z − aᵀz` over the null space of the active normals has `a − A₊ᵀν = P z`, which is zero where
/// `a` is in their span: a constraint that is then met, is met wherever the active ones are, and moves nothing.
pub(crate) fn redundant(kkt: &mut ReducedKkt, program: &ProgramRef<'_>, weak: &[usize]) -> (Vec<usize>, Vec<usize>) {
    let (n, m) = (program.num_vars(), program.num_rows());
    let (mut found, mut implied_by) = (Vec::new(), Vec::new());
    if weak.is_empty() {
        return (found, implied_by);
    }
    let (r, fixed, rows) = (vec![0.0; m], vec![0.0; n], program.a().row_norms());
    for &k in weak.iter().take(MAX_SOLVES) {
        let mut g = vec![0.0; n];
        match k.checked_sub(m) {
            Some(j) => g[j] = -1.0,
            None => program.a().entries().filter(|e| e.0 == k).for_each(|(_, j, v)| g[j] = -v),
        }
        let normal = max_abs(&g);
        // A singular system may not be solved: then nothing is known.
        let solution = match kkt.solve(program, None, &g, &r, &fixed) {
            Ok(solution) if solution.residual <= TRUSTED => solution,
            _ => continue,
        };
        let mut rest = g;
        program.a().transpose_mul_add(1.0, &solution.y, &mut rest);
        let outside = kkt.free().iter().map(|&j| rest[j].abs()).fold(0.0, f64::max);
        if outside <= SPANNED * normal {
            found.push(k);
            let matters = |share: f64| share.abs() > SPANNED * normal;
            implied_by.extend((0..m).filter(|&i| matters(solution.y[i] * rows[i])));
            implied_by.extend((0..n).filter(|&j| matters(solution.zeta[j])).map(|j| m + j));
        }
    }
    (found, implied_by)
}
