//! The active-set finish: solve the equality-constrained problem on the rows that look active.

use super::dense::{multiply, solve_symmetric};
use super::standard_form::StandardForm;

/// Corrects `(x, ν, z)` to satisfy the KKT conditions with exactly the `active` rows; the other multipliers become zero.
pub(crate) fn polish(form: &StandardForm, x: &mut [f64], nu: &mut [f64], z: &mut [f64], active: &[bool]) {
    let n = form.n;
    let active: Vec<usize> = (0..z.len()).filter(|&k| active[k]).collect();
    let rows: Vec<&[f64]> =
        form.eq.matrix.chunks(n).chain(active.iter().map(|&k| &form.ineq.matrix[k * n..(k + 1) * n])).collect();
    let rhs: Vec<f64> = form.eq.rhs.iter().copied().chain(active.iter().map(|&k| form.ineq.rhs[k])).collect();
    let mut duals: Vec<f64> = nu.iter().copied().chain(active.iter().map(|&k| z[k])).collect();
    let size = n + rows.len();
    let mut kkt = vec![0.0; size * size];
    for i in 0..n {
        kkt[i * size..i * size + n].copy_from_slice(&form.p[i * n..(i + 1) * n]);
    }
    for (i, row) in rows.iter().enumerate() {
        for (j, v) in row.iter().enumerate() {
            kkt[(n + i) * size + j] = *v;
            kkt[j * size + n + i] = *v;
        }
    }
    for _ in 0..2 {
        let mut residual: Vec<f64> = form.gradient(x).iter().map(|v| -v).collect();
        for (row, dual) in rows.iter().zip(&duals) {
            residual.iter_mut().zip(row.iter()).for_each(|(r, a)| *r -= dual * a);
        }
        residual.extend(rows.iter().zip(&rhs).map(|(row, b)| b - multiply(row, x)[0]));
        let correction = solve_symmetric(size, &kkt, &residual);
        x.iter_mut().zip(&correction).for_each(|(x, c)| *x += c);
        duals.iter_mut().zip(&correction[n..]).for_each(|(y, c)| *y += c);
    }
    let (equalities, inequalities) = duals.split_at(nu.len());
    nu.copy_from_slice(equalities);
    z.fill(0.0);
    active.iter().zip(inequalities).for_each(|(&k, dual)| z[k] = *dual);
}
