//! Sums over a few columns at a time, with every sum in a register.

use pulp::Simd;

/// Columns taken at a time.
pub(super) const WIDTH: usize = 4;

/// The first `len` entries, as whole vectors and what is left.
#[inline(always)]
fn split<S: Simd>(v: &[f64], len: usize) -> (&[S::f64s], &[f64]) {
    S::as_simd_f64s(&v[..len])
}

/// `cᵀx` over the length of `x`.
#[inline(always)]
pub(super) fn dot1<S: Simd>(simd: S, c: &[f64], x: &[f64]) -> f64 {
    let ((cs, c_rest), (xs, x_rest)) = (split::<S>(c, x.len()), split::<S>(x, x.len()));
    let ((c2, c1), (x2, x1)) = (pulp::as_arrays::<2, _>(cs), pulp::as_arrays::<2, _>(xs));
    let mut sums = [simd.splat_f64s(0.0); 2];
    for (c, x) in c2.iter().zip(x2) {
        sums[0] = simd.mul_add_e_f64s(c[0], x[0], sums[0]);
        sums[1] = simd.mul_add_e_f64s(c[1], x[1], sums[1]);
    }
    for (c, x) in c1.iter().zip(x1) {
        sums[0] = simd.mul_add_e_f64s(*c, *x, sums[0]);
    }
    if !x_rest.is_empty() {
        let (c, x) = (simd.partial_load_f64s(c_rest), simd.partial_load_f64s(x_rest));
        sums[1] = simd.mul_add_e_f64s(c, x, sums[1]);
    }
    simd.reduce_sum_f64s(simd.add_f64s(sums[0], sums[1]))
}

/// `cᵢᵀx` for four columns, over the length of `x`.
#[inline(always)]
pub(super) fn dot4<S: Simd>(simd: S, c: [&[f64]; WIDTH], x: &[f64]) -> [f64; WIDTH] {
    let len = x.len();
    let (xs, x_rest) = split::<S>(x, len);
    let [(c0, r0), (c1, r1), (c2, r2), (c3, r3)] =
        [split::<S>(c[0], len), split::<S>(c[1], len), split::<S>(c[2], len), split::<S>(c[3], len)];
    let zero = simd.splat_f64s(0.0);
    let (mut s0, mut s1, mut s2, mut s3) = (zero, zero, zero, zero);
    for ((((x, c0), c1), c2), c3) in xs.iter().zip(c0).zip(c1).zip(c2).zip(c3) {
        s0 = simd.mul_add_e_f64s(*c0, *x, s0);
        s1 = simd.mul_add_e_f64s(*c1, *x, s1);
        s2 = simd.mul_add_e_f64s(*c2, *x, s2);
        s3 = simd.mul_add_e_f64s(*c3, *x, s3);
    }
    if !x_rest.is_empty() {
        let x = simd.partial_load_f64s(x_rest);
        s0 = simd.mul_add_e_f64s(simd.partial_load_f64s(r0), x, s0);
        s1 = simd.mul_add_e_f64s(simd.partial_load_f64s(r1), x, s1);
        s2 = simd.mul_add_e_f64s(simd.partial_load_f64s(r2), x, s2);
        s3 = simd.mul_add_e_f64s(simd.partial_load_f64s(r3), x, s3);
    }
    [simd.reduce_sum_f64s(s0), simd.reduce_sum_f64s(s1), simd.reduce_sum_f64s(s2), simd.reduce_sum_f64s(s3)]
}

/// `cᵢᵀxⱼ` for four columns and `N`, over the length of `x₀`: `out[j][i]`.
#[inline(always)]
pub(super) fn dot4x<S: Simd, const N: usize>(simd: S, c: [&[f64]; WIDTH], x: [&[f64]; N]) -> [[f64; WIDTH]; N] {
    let len = x[0].len();
    let whole = len - len % S::F64_LANES;
    let columns = [split::<S>(c[0], len).0, split::<S>(c[1], len).0, split::<S>(c[2], len).0, split::<S>(c[3], len).0];
    let vectors = x.map(|x| split::<S>(x, len).0);
    let mut sums = [[simd.splat_f64s(0.0); WIDTH]; N];
    for k in 0..columns[0].len() {
        let c = [columns[0][k], columns[1][k], columns[2][k], columns[3][k]];
        for j in 0..N {
            for i in 0..WIDTH {
                sums[j][i] = simd.mul_add_e_f64s(c[i], vectors[j][k], sums[j][i]);
            }
        }
    }
    if whole < len {
        let c = [&c[0][whole..len], &c[1][whole..len], &c[2][whole..len], &c[3][whole..len]];
        for j in 0..N {
            let x = simd.partial_load_f64s(&x[j][whole..len]);
            for i in 0..WIDTH {
                sums[j][i] = simd.mul_add_e_f64s(simd.partial_load_f64s(c[i]), x, sums[j][i]);
            }
        }
    }
    let mut out = [[0.0; WIDTH]; N];
    for j in 0..N {
        for i in 0..WIDTH {
            out[j][i] = simd.reduce_sum_f64s(sums[j][i]);
        }
    }
    out
}

/// `v −= s c`, over the length of `v`.
#[inline(always)]
pub(super) fn subtract1<S: Simd>(simd: S, c: &[f64], s: f64, v: &mut [f64]) {
    let (cs, c_rest) = split::<S>(c, v.len());
    let (vs, v_rest) = S::as_mut_simd_f64s(v);
    let s = simd.splat_f64s(-s);
    for (v, c) in vs.iter_mut().zip(cs) {
        *v = simd.mul_add_e_f64s(s, *c, *v);
    }
    if !v_rest.is_empty() {
        let sum = simd.mul_add_e_f64s(s, simd.partial_load_f64s(c_rest), simd.partial_load_f64s(v_rest));
        simd.partial_store_f64s(v_rest, sum);
    }
}

/// `v −= Σ sᵢ cᵢ` for four columns, over the length of `v`.
#[inline(always)]
pub(super) fn subtract4<S: Simd>(simd: S, c: [&[f64]; WIDTH], s: [f64; WIDTH], v: &mut [f64]) {
    let len = v.len();
    let columns = [split::<S>(c[0], len), split::<S>(c[1], len), split::<S>(c[2], len), split::<S>(c[3], len)];
    let [(c0, r0), (c1, r1), (c2, r2), (c3, r3)] = columns;
    let s = [simd.splat_f64s(-s[0]), simd.splat_f64s(-s[1]), simd.splat_f64s(-s[2]), simd.splat_f64s(-s[3])];
    let (vs, v_rest) = S::as_mut_simd_f64s(v);
    for ((((v, c0), c1), c2), c3) in vs.iter_mut().zip(c0).zip(c1).zip(c2).zip(c3) {
        let (a, b) = (simd.mul_add_e_f64s(s[0], *c0, *v), simd.mul_f64s(s[1], *c1));
        let (a, b) = (simd.mul_add_e_f64s(s[2], *c2, a), simd.mul_add_e_f64s(s[3], *c3, b));
        *v = simd.add_f64s(a, b);
    }
    if !v_rest.is_empty() {
        let rest = [r0, r1, r2, r3];
        let mut sum = simd.partial_load_f64s(v_rest);
        for i in 0..WIDTH {
            sum = simd.mul_add_e_f64s(s[i], simd.partial_load_f64s(rest[i]), sum);
        }
        simd.partial_store_f64s(v_rest, sum);
    }
}

/// Both at once: `v −= Σ sᵢ cᵢ`, and returns `cᵢᵀx`, over the length of `v`.
#[inline(always)]
pub(super) fn subtract4_and_dot4<S: Simd>(
    simd: S,
    c: [&[f64]; WIDTH],
    s: [f64; WIDTH],
    v: &mut [f64],
    x: &[f64],
) -> [f64; WIDTH] {
    let len = v.len();
    let columns = [split::<S>(c[0], len), split::<S>(c[1], len), split::<S>(c[2], len), split::<S>(c[3], len)];
    let [(c0, r0), (c1, r1), (c2, r2), (c3, r3)] = columns;
    let s = [simd.splat_f64s(-s[0]), simd.splat_f64s(-s[1]), simd.splat_f64s(-s[2]), simd.splat_f64s(-s[3])];
    let mut sums = [simd.splat_f64s(0.0); WIDTH];
    let ((xs, x_rest), (vs, v_rest)) = (split::<S>(x, len), S::as_mut_simd_f64s(v));
    for (((((v, x), c0), c1), c2), c3) in vs.iter_mut().zip(xs).zip(c0).zip(c1).zip(c2).zip(c3) {
        let c = [*c0, *c1, *c2, *c3];
        let (a, b) = (simd.mul_add_e_f64s(s[0], c[0], *v), simd.mul_f64s(s[1], c[1]));
        let (a, b) = (simd.mul_add_e_f64s(s[2], c[2], a), simd.mul_add_e_f64s(s[3], c[3], b));
        *v = simd.add_f64s(a, b);
        for i in 0..WIDTH {
            sums[i] = simd.mul_add_e_f64s(c[i], *x, sums[i]);
        }
    }
    if !v_rest.is_empty() {
        let rest = [r0, r1, r2, r3];
        let x = simd.partial_load_f64s(x_rest);
        let mut sum = simd.partial_load_f64s(v_rest);
        for i in 0..WIDTH {
            let c = simd.partial_load_f64s(rest[i]);
            sum = simd.mul_add_e_f64s(s[i], c, sum);
            sums[i] = simd.mul_add_e_f64s(c, x, sums[i]);
        }
        simd.partial_store_f64s(v_rest, sum);
    }
    let mut out = [0.0; WIDTH];
    for i in 0..WIDTH {
        out[i] = simd.reduce_sum_f64s(sums[i]);
    }
    out
}
