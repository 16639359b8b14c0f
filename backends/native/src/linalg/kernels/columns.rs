//! Products with columns that lie anywhere, and with a packed symmetric matrix.

use pulp::{Arch, Simd};

use super::blocks::{WIDTH, dot1, dot4, dot4x, subtract1, subtract4, subtract4_and_dot4};

/// Instructions on so many lanes come with 32 registers, others with 16: too few for four by four sums.
const MANY_REGISTERS: usize = 8;

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

/// `outᵢⱼ = cᵢᵀdⱼ` for `rows` columns `c` and as many `d` as `out` (by columns) has place for; where `lower`, blocks
/// above the diagonal are left out.
#[pulp::with_simd(gram_blocks = Arch::new())]
#[inline(always)]
fn gram_with_simd<'a, S: Simd, C: Fn(usize) -> &'a [f64], D: Fn(usize) -> &'a [f64]>(
    simd: S,
    column: C,
    other: D,
    rows: usize,
    lower: bool,
    out: &mut [f64],
) {
    let count = out.len() / rows.max(1);
    let mut j = 0;
    while j < count {
        let first = if lower { j - j % WIDTH } else { 0 };
        let out = &mut out[j * rows..];
        if j + WIDTH <= count && S::F64_LANES >= MANY_REGISTERS {
            gram_columns(simd, &column, four(&other, j), (first, rows), out);
            j += WIDTH;
        } else if j + 2 <= count {
            gram_columns(simd, &column, [other(j), other(j + 1)], (first, rows), out);
            j += 2;
        } else {
            gram_columns(simd, &column, [other(j)], (first, rows), out);
            j += 1;
        }
    }
}

/// Columns of [`gram`], from row `first` on.
#[inline(always)]
fn gram_columns<'a, S: Simd, const N: usize>(
    simd: S,
    column: &impl Fn(usize) -> &'a [f64],
    x: [&'a [f64]; N],
    (first, rows): (usize, usize),
    out: &mut [f64],
) {
    let mut i = first;
    while i + WIDTH <= rows {
        let sums = dot4x(simd, four(column, i), x);
        for (j, sums) in sums.iter().enumerate() {
            out[j * rows + i..j * rows + i + WIDTH].copy_from_slice(sums);
        }
        i += WIDTH;
    }
    for i in i..rows {
        for (j, x) in x.iter().enumerate() {
            out[j * rows + i] = dot1(simd, column(i), x);
        }
    }
}

/// `outᵢⱼ = cᵢᵀdⱼ` for `rows` columns `c` and as many `d` as `out` (by columns) has place for.
pub(crate) fn gram<'a>(
    column: impl Fn(usize) -> &'a [f64],
    other: impl Fn(usize) -> &'a [f64],
    rows: usize,
    out: &mut [f64],
) {
    gram_blocks(column, other, rows, false, out);
}

/// The lower triangle of `outᵢⱼ = cᵢᵀcⱼ` (`rows × rows`, by columns); what is above it is not used.
pub(crate) fn lower_gram<'a>(column: impl Fn(usize) -> &'a [f64], rows: usize, out: &mut [f64]) {
    gram_blocks(&column, &column, rows, true, out);
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
