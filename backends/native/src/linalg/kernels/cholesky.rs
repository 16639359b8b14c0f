//! Cholesky factorization of a few columns, or of a matrix that fits in the first cache: left-looking, with tiles of four columns by up to three
//! vectors in registers.

use pulp::{Arch, Simd};

use super::blocks::WIDTH;

/// Overwrites the first `width` columns of the lower triangle of `a` (`n` rows, by columns `stride` apart) with those of `L`,
/// `A = LLᵀ`; false where a pivot is not positive. What is above the diagonal is not used.
#[pulp::with_simd(cholesky = Arch::new())]
#[inline(always)]
pub(crate) fn cholesky_with_simd<S: Simd>(simd: S, a: &mut [f64], stride: usize, n: usize, width: usize) -> bool {
    let lanes = S::F64_LANES;
    let mut j = 0;
    while j + WIDTH <= width {
        let (done, rest) = a.split_at_mut(j * stride);
        let mut row = j;
        while row + 3 * lanes <= n {
            update::<S, 3>(simd, done, rest, stride, (row, j));
            row += 3 * lanes;
        }
        while row + lanes <= n {
            update::<S, 1>(simd, done, rest, stride, (row, j));
            row += lanes;
        }
        update_end(simd, done, rest, stride, (row, j, n));
        if !factor_panel(&mut rest[j..], stride, n - j) {
            return false;
        }
        j += WIDTH;
    }
    (j..width).all(|j| factor_column(a, stride, n, j))
}

/// Subtracts from `V` vectors of rows, in four columns from `j` on, what the columns before them take.
#[inline(always)]
fn update<S: Simd, const V: usize>(simd: S, done: &[f64], panel: &mut [f64], stride: usize, (row, j): (usize, usize)) {
    let len = V * S::F64_LANES;
    let mut sums = [[simd.splat_f64s(0.0); V]; WIDTH];
    for column in done.chunks_exact(stride) {
        let (v, _) = S::as_simd_f64s(&column[row..row + len]);
        let factors = &column[j..j + WIDTH];
        for c in 0..WIDTH {
            let factor = simd.splat_f64s(factors[c]);
            for i in 0..V {
                sums[c][i] = simd.mul_add_e_f64s(factor, v[i], sums[c][i]);
            }
        }
    }
    for (c, sums) in sums.iter().enumerate() {
        let (v, _) = S::as_mut_simd_f64s(&mut panel[c * stride + row..c * stride + row + len]);
        for i in 0..V {
            v[i] = simd.sub_f64s(v[i], sums[i]);
        }
    }
}

/// [`update`] of the last rows, fewer than a vector has places for.
#[inline(always)]
fn update_end<S: Simd>(simd: S, done: &[f64], panel: &mut [f64], stride: usize, (row, j, end): (usize, usize, usize)) {
    if row == end {
        return;
    }
    let mut sums = [simd.splat_f64s(0.0); WIDTH];
    for column in done.chunks_exact(stride) {
        let v = simd.partial_load_f64s(&column[row..end]);
        let factors = &column[j..j + WIDTH];
        for c in 0..WIDTH {
            sums[c] = simd.mul_add_e_f64s(simd.splat_f64s(factors[c]), v, sums[c]);
        }
    }
    for (c, sum) in sums.iter().enumerate() {
        let rows = &mut panel[c * stride + row..c * stride + end];
        let difference = simd.sub_f64s(simd.partial_load_f64s(rows), *sum);
        simd.partial_store_f64s(rows, difference);
    }
}

/// Factors four columns of `n` rows, which begin with their diagonal block; false where a pivot is not positive.
#[inline(always)]
fn factor_panel(panel: &mut [f64], stride: usize, n: usize) -> bool {
    let (c0, rest) = panel.split_at_mut(stride);
    let (c1, rest) = rest.split_at_mut(stride);
    let (c2, c3) = rest.split_at_mut(stride);
    let columns = [&mut c0[..n], &mut c1[..n], &mut c2[..n], &mut c3[..n]];
    let mut inverse = [0.0; WIDTH];
    for c in 0..WIDTH {
        let pivot = columns[c][c];
        if !is_positive(pivot) {
            return false;
        }
        columns[c][c] = pivot.sqrt();
        inverse[c] = 1.0 / columns[c][c];
        for i in c + 1..WIDTH {
            columns[c][i] *= inverse[c];
        }
        for b in c + 1..WIDTH {
            for i in b..WIDTH {
                columns[b][i] -= columns[c][i] * columns[c][b];
            }
        }
    }
    let [c0, c1, c2, c3] = columns.map(|c| c.split_at_mut(WIDTH));
    let (l0, l1, l2) = (c0.0, c1.0, c2.0);
    for (((a, b), c), d) in c0.1.iter_mut().zip(c1.1).zip(c2.1).zip(c3.1) {
        *a *= inverse[0];
        *b = (*b - *a * l0[1]) * inverse[1];
        *c = (*c - *a * l0[2] - *b * l1[2]) * inverse[2];
        *d = (*d - *a * l0[3] - *b * l1[3] - *c * l2[3]) * inverse[3];
    }
    true
}

/// Factors column `j`, one of the last.
#[inline(always)]
fn factor_column(a: &mut [f64], stride: usize, n: usize, j: usize) -> bool {
    let (done, rest) = a.split_at_mut(j * stride);
    let column = &mut rest[j..n];
    for other in done.chunks_exact(stride) {
        let factor = other[j];
        column.iter_mut().zip(&other[j..n]).for_each(|(v, l)| *v -= factor * l);
    }
    if !is_positive(column[0]) {
        return false;
    }
    let root = column[0].sqrt();
    column.iter_mut().for_each(|v| *v /= root);
    column[0] = root;
    true
}

/// Neither NaN nor infinity is.
#[inline(always)]
fn is_positive(pivot: f64) -> bool {
    pivot > 0.0 && pivot.is_finite()
}
