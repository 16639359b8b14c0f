//! The paper's baseline "Exact": the inverse of the whole KKT matrix.

use faer::Mat;
use faer::linalg::solvers::DenseSolveCore;

use super::reference::Vectors;
use crate::Program;

/// The backward pass at `x` and the multipliers `λ` of the inequalities, by the inverse of the transposed KKT matrix of all rows,
/// ```text
/// ⎡ P   GᵀD(λ)     Aᵀ ⎤
/// ⎢ G   D(Gx − h)  0  ⎥
/// ⎣ A   0          0  ⎦
/// ```
/// whose products with `(x̄, 0, 0)` are `∂q`, and with `D(λ)` those of `h`.
pub(super) fn backward(program: &Program, x: &[f64], lambda: &[f64], x_bar: &[f64]) -> Vectors {
    let (n, stacked, blocks) = (program.num_vars(), program.as_stacked(), program.blocks());
    let (p, m) = (blocks.equalities.len(), blocks.inequalities.len());
    let mut ax = vec![0.0; stacked.num_rows()];
    stacked.a().mul_add(1.0, x, &mut ax);
    let mut kkt = Mat::<f64>::zeros(n + m + p, n + m + p);
    for (i, j, v) in stacked.p().entries() {
        (kkt[(i, j)], kkt[(j, i)]) = (v, v);
    }
    for (i, j, v) in stacked.a().entries() {
        if blocks.equalities.contains(&i) {
            let k = n + m + i - blocks.equalities.start;
            (kkt[(k, j)], kkt[(j, k)]) = (v, v);
        } else {
            let k = i - blocks.inequalities.start;
            (kkt[(n + k, j)], kkt[(j, n + k)]) = (v, v * lambda[k]);
        }
    }
    for (k, i) in blocks.inequalities.clone().enumerate() {
        kkt[(n + k, n + k)] = ax[i] - stacked.u()[i];
    }
    let inverse = kkt.partial_piv_lu().inverse();
    let adjoint: Vec<f64> = (0..n + m + p).map(|i| -(0..n).map(|j| inverse[(i, j)] * x_bar[j]).sum::<f64>()).collect();
    let scaled = adjoint[n..n + m].iter().zip(lambda);
    Vectors {
        q: adjoint[..n].to_vec(),
        b: adjoint[n + m..].iter().map(|v| -v).collect(),
        h: scaled.map(|(v, lambda)| -v * lambda).collect(),
    }
}
