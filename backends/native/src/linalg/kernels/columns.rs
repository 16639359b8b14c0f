//! Products with columns that lie anywhere, and with a packed symmetric matrix.

use pulp::{Arch, Simd};

use super::blocks::{WIDTH, dot1, dot4, dot4x2, subtract1, subtract4, subtract4_and_dot4};

/// Four columns from `i` on.
#[inline(always)]
fn four<'a>(column: &impl Fn(usize) -> &'a [f64], i: usize) -> [&'a [f64]; WIDTH] {
    [column(i), column(i + 1), column(i + 2), column(i + 3)]
}

/// `outᵢ = cᵢᵀx`.
#[pulp::with_simd(dots = Arch::new())]
#[inline(always)]
pub(crate) fn dots_with_simd<'a, S: Simd, C: Fn(usize) -> &'a [f64]>(simd: S, column: C, x: &[f64], out: &mut [f64]) {
    let (blocks, rest) = out.as_chunks_mut::<WIDTH>();
    let done = WIDTH * blocks.len();
    for (b, out) in blocks.iter_mut().enumerate() {
        *out = dot4(simd, four(&column, WIDTH * b), x);
    }
    for (i, out) in rest.iter_mut().enumerate() {
        *out = dot1(simd, column(done + i), x);
    }
}

/// `v −= Σ sᵢ cᵢ`.
#[pulp::with_simd(subtract_columns = Arch::new())]
#[inline(always)]
pub(crate) fn subtract_columns_with_simd<'a, S: Simd, C: Fn(usize) -> &'a [f64]>(
    simd: S,
    column: C,
    s: &[f64],
    v: &mut [f64],
) {
    let (blocks, rest) = s.as_chunks::<WIDTH>();
    let done = WIDTH * blocks.len();
    for (b, s) in blocks.iter().enumerate() {
        subtract4(simd, four(&column, WIDTH * b), *s, v);
    }
    for (i, s) in rest.iter().enumerate() {
        subtract1(simd, column(done + i), *s, v);
    }
}

/// `outᵢⱼ = cᵢᵀdⱼ` for `rows` columns `c` and as many `d` as `out` (by columns) has place for.
#[pulp::with_simd(gram = Arch::new())]
#[inline(always)]
pub(crate) fn gram_with_simd<'a, S: Simd, C: Fn(usize) -> &'a [f64], D: Fn(usize) -> &'a [f64]>(
    simd: S,
    column: C,
    other: D,
    rows: usize,
    out: &mut [f64],
) {
    if rows == 0 {
        return;
    }
    for (j, out) in out.chunks_mut(2 * rows).enumerate() {
        let (first, second) = out.split_at_mut(rows);
        let x = other(2 * j);
        // A last column without a partner is its own.
        let y = if second.is_empty() { x } else { other(2 * j + 1) };
        let mut i = 0;
        while i + WIDTH <= rows {
            let [a, b] = dot4x2(simd, four(&column, i), x, y);
            first[i..i + WIDTH].copy_from_slice(&a);
            if !second.is_empty() {
                second[i..i + WIDTH].copy_from_slice(&b);
            }
            i += WIDTH;
        }
        for i in i..rows {
            first[i] = dot1(simd, column(i), x);
            if !second.is_empty() {
                second[i] = dot1(simd, column(i), y);
            }
        }
    }
}

/// `out −= M x` where `packed` holds the upper triangle of the symmetric `M`, column `j` from `j (j + 1) / 2` on.
#[pulp::with_simd(subtract_symmetric = Arch::new())]
#[inline(always)]
pub(crate) fn subtract_symmetric_with_simd<S: Simd>(simd: S, packed: &[f64], x: &[f64], out: &mut [f64]) {
    let n = x.len();
    let column = |j: usize| &packed[j * (j + 1) / 2..][..j + 1];
    let mut j = 0;
    while j + WIDTH <= n {
        let c = [column(j), column(j + 1), column(j + 2), column(j + 3)];
        let s = [x[j], x[j + 1], x[j + 2], x[j + 3]];
        let mut sums = subtract4_and_dot4(simd, c, s, &mut out[..j], &x[..j]);
        for b in 0..WIDTH {
            for a in 0..b {
                sums[b] += c[b][j + a] * s[a];
                sums[a] += c[b][j + a] * s[b];
            }
            sums[b] += c[b][j + b] * s[b];
        }
        for (out, sum) in out[j..j + WIDTH].iter_mut().zip(sums) {
            *out -= sum;
        }
        j += WIDTH;
    }
    for j in j..n {
        let c = column(j);
        let sum = dot1(simd, c, &x[..j + 1]);
        subtract1(simd, c, x[j], &mut out[..j]);
        out[j] -= sum;
    }
}
