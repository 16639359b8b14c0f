//! Products of dense columns with vectors, by vector instructions.

use pulp::Simd;

/// Columns handled together.
pub(crate) const WIDTH: usize = 4;

/// `y += s v`.
#[inline(always)]
pub(crate) fn axpy<S: Simd>(simd: S, s: f64, v: &[f64], y: &mut [f64]) {
    let ((vs, v_rest), (ys, y_rest)) = (S::as_simd_f64s(v), S::as_mut_simd_f64s(y));
    let factor = simd.splat_f64s(s);
    for (y, v) in ys.iter_mut().zip(vs) {
        *y = simd.mul_add_e_f64s(factor, *v, *y);
    }
    if !v_rest.is_empty() {
        let sum = simd.mul_add_e_f64s(factor, simd.partial_load_f64s(v_rest), simd.partial_load_f64s(y_rest));
        simd.partial_store_f64s(y_rest, sum);
    }
}

/// `vᵀx`.
#[inline(always)]
pub(crate) fn dot<S: Simd>(simd: S, v: &[f64], x: &[f64]) -> f64 {
    let ((vs, v_rest), (xs, x_rest)) = (S::as_simd_f64s(v), S::as_simd_f64s(x));
    let mut sums = [simd.splat_f64s(0.0); 2];
    for (k, (v, x)) in vs.iter().zip(xs).enumerate() {
        sums[k % 2] = simd.mul_add_e_f64s(*v, *x, sums[k % 2]);
    }
    if !v_rest.is_empty() {
        sums[1] = simd.mul_add_e_f64s(simd.partial_load_f64s(v_rest), simd.partial_load_f64s(x_rest), sums[1]);
    }
    simd.reduce_sum_f64s(simd.add_f64s(sums[0], sums[1]))
}

/// `y += s v`; returns `vᵀx`.
#[inline(always)]
pub(crate) fn axpy_dot<S: Simd>(simd: S, v: &[f64], (s, y): (f64, &mut [f64]), x: &[f64]) -> f64 {
    let ((vs, v_rest), (xs, x_rest)) = (S::as_simd_f64s(v), S::as_simd_f64s(x));
    let (ys, y_rest) = S::as_mut_simd_f64s(y);
    let (factor, mut sum) = (simd.splat_f64s(s), simd.splat_f64s(0.0));
    for ((y, v), x) in ys.iter_mut().zip(vs).zip(xs) {
        *y = simd.mul_add_e_f64s(factor, *v, *y);
        sum = simd.mul_add_e_f64s(*v, *x, sum);
    }
    if !v_rest.is_empty() {
        let v = simd.partial_load_f64s(v_rest);
        let y = simd.mul_add_e_f64s(factor, v, simd.partial_load_f64s(y_rest));
        simd.partial_store_f64s(y_rest, y);
        sum = simd.mul_add_e_f64s(v, simd.partial_load_f64s(x_rest), sum);
    }
    simd.reduce_sum_f64s(sum)
}

/// `y += Σ s_c v_c` for columns `v_c` as long as `y` and `x`; returns all `v_cᵀx`.
#[inline(always)]
pub(crate) fn axpy_dot_columns<S: Simd>(
    simd: S,
    values: [&[f64]; WIDTH],
    (s, y): ([f64; WIDTH], &mut [f64]),
    x: &[f64],
) -> [f64; WIDTH] {
    let (mut heads, mut tails): ([&[S::f64s]; WIDTH], [&[f64]; WIDTH]) = ([&[]; WIDTH], [&[]; WIDTH]);
    for c in 0..WIDTH {
        (heads[c], tails[c]) = S::as_simd_f64s(&values[c][..y.len()]);
    }
    let ((ys, y_rest), (xs, x_rest)) = (S::as_mut_simd_f64s(y), S::as_simd_f64s(x));
    let mut factors = [simd.splat_f64s(0.0); WIDTH];
    for c in 0..WIDTH {
        factors[c] = simd.splat_f64s(s[c]);
        heads[c] = &heads[c][..ys.len()];
    }
    let mut sums = [simd.splat_f64s(0.0); WIDTH];
    for (k, (y, x)) in ys.iter_mut().zip(xs).enumerate() {
        let mut new = *y;
        for c in 0..WIDTH {
            new = simd.mul_add_e_f64s(factors[c], heads[c][k], new);
            sums[c] = simd.mul_add_e_f64s(heads[c][k], *x, sums[c]);
        }
        *y = new;
    }
    if !y_rest.is_empty() {
        let (mut new, x) = (simd.partial_load_f64s(y_rest), simd.partial_load_f64s(x_rest));
        for c in 0..WIDTH {
            let v = simd.partial_load_f64s(tails[c]);
            new = simd.mul_add_e_f64s(factors[c], v, new);
            sums[c] = simd.mul_add_e_f64s(v, x, sums[c]);
        }
        simd.partial_store_f64s(y_rest, new);
    }
    let mut totals = [0.0; WIDTH];
    for c in 0..WIDTH {
        totals[c] = simd.reduce_sum_f64s(sums[c]);
    }
    totals
}
