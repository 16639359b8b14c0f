//! Cholesky factorization of small matrices: left-looking, with a tile of four columns by two vectors in registers.

use pulp::{Arch, Simd};

use super::blocks::{WIDTH, subtract1};

/// Overwrites the lower triangle of `a` (`n × n`, by columns) with `L`, `A = LLᵀ`; false where a pivot is not positive.
/// What is above the diagonal is not used.
#[pulp::with_simd(cholesky = Arch::new())]
#[inline(always)]
pub(crate) fn cholesky_with_simd<S: Simd>(simd: S, a: &mut [f64], n: usize) -> bool {
    let mut j = 0;
    while j < n {
        let width = WIDTH.min(n - j);
        let (done, rest) = a.split_at_mut(j * n);
        let panel = &mut rest[..width * n];
        if width == WIDTH {
            update::<S, WIDTH>(simd, done, panel, n, j);
        } else {
            for c in 0..width {
                for column in done.chunks_exact(n) {
                    subtract1(simd, &column[j..], column[j + c], &mut panel[c * n + j..(c + 1) * n]);
                }
            }
        }
        if !factor_panel(simd, panel, n, j) {
            return false;
        }
        j += width;
    }
    true
}

/// Subtracts from rows `j` and below of the panel what the columns before it take.
#[inline(always)]
fn update<S: Simd, const W: usize>(simd: S, done: &[f64], panel: &mut [f64], n: usize, j: usize) {
    let lanes = S::F64_LANES;
    let mut row = j;
    while row + 2 * lanes <= n {
        let mut sums = [[simd.splat_f64s(0.0); 2]; W];
        for (c, sum) in sums.iter_mut().enumerate() {
            let (v, _) = S::as_simd_f64s(&panel[c * n + row..c * n + row + 2 * lanes]);
            *sum = [v[0], v[1]];
        }
        for column in done.chunks_exact(n) {
            let (v, _) = S::as_simd_f64s(&column[row..row + 2 * lanes]);
            let factors = &column[j..j + W];
            for c in 0..W {
                let factor = simd.splat_f64s(-factors[c]);
                sums[c] = [simd.mul_add_e_f64s(factor, v[0], sums[c][0]), simd.mul_add_e_f64s(factor, v[1], sums[c][1])];
            }
        }
        for (c, sum) in sums.iter().enumerate() {
            let (v, _) = S::as_mut_simd_f64s(&mut panel[c * n + row..c * n + row + 2 * lanes]);
            v.copy_from_slice(sum);
        }
        row += 2 * lanes;
    }
    while row < n {
        let end = n.min(row + lanes);
        let mut sums = [simd.splat_f64s(0.0); W];
        for (c, sum) in sums.iter_mut().enumerate() {
            *sum = simd.partial_load_f64s(&panel[c * n + row..c * n + end]);
        }
        for column in done.chunks_exact(n) {
            let v = simd.partial_load_f64s(&column[row..end]);
            let factors = &column[j..j + W];
            for c in 0..W {
                sums[c] = simd.mul_add_e_f64s(simd.splat_f64s(-factors[c]), v, sums[c]);
            }
        }
        for (c, sum) in sums.iter().enumerate() {
            simd.partial_store_f64s(&mut panel[c * n + row..c * n + end], *sum);
        }
        row = end;
    }
}

/// Factors the panel whose first row is `j`; false where a pivot is not positive.
#[inline(always)]
fn factor_panel<S: Simd>(simd: S, panel: &mut [f64], n: usize, j: usize) -> bool {
    for c in 0..panel.len() / n {
        let (left, right) = panel.split_at_mut((c + 1) * n);
        let column = &mut left[c * n..];
        let pivot = column[j + c];
        // NaN is not positive either.
        if !(pivot > 0.0 && pivot.is_finite()) {
            return false;
        }
        let root = pivot.sqrt();
        let inverse = 1.0 / root;
        column[j + c] = root;
        column[j + c + 1..].iter_mut().for_each(|v| *v *= inverse);
        for (b, other) in right.chunks_exact_mut(n).enumerate() {
            let row = j + c + 1 + b;
            let factor = column[row];
            subtract1(simd, &column[row..], factor, &mut other[row..]);
        }
    }
    true
}
