//! Solves of one right-hand side with a triangular factor, by columns or by packed rows.

use pulp::{Arch, Simd};

use super::blocks::{WIDTH, dot1, dot4, dot4x, subtract1, subtract4};

/// The entries of four columns from the diagonal block at `j` on down, without it.
#[inline(always)]
fn below(l: &[f64], n: usize, j: usize) -> [&[f64]; WIDTH] {
    let column = |c: usize| &l[(j + c) * n + j + WIDTH..(j + c + 1) * n];
    [column(0), column(1), column(2), column(3)]
}

/// `v ← L⁻¹v`, with `L` (`n × n`) by columns, the inverses of its diagonal, and the entries of `v` before `start` zero.
#[pulp::with_simd(solve_lower = Arch::new())]
#[inline(always)]
pub(crate) fn solve_lower_with_simd<S: Simd>(simd: S, l: &[f64], inverse: &[f64], start: usize, v: &mut [f64]) {
    let n = inverse.len();
    let mut j = start;
    while j + WIDTH <= n {
        let (head, tail) = v.split_at_mut(j + WIDTH);
        let x = &mut head[j..];
        for c in 0..WIDTH {
            x[c] *= inverse[j + c];
            for i in c + 1..WIDTH {
                x[i] -= l[(j + c) * n + j + i] * x[c];
            }
        }
        subtract4(simd, below(l, n, j), [x[0], x[1], x[2], x[3]], tail);
        j += WIDTH;
    }
    for j in j..n {
        v[j] *= inverse[j];
        let x = v[j];
        subtract1(simd, &l[j * n + j + 1..(j + 1) * n], x, &mut v[j + 1..]);
    }
}

/// `v ← L⁻ᵀv`, with `L` as in [`solve_lower`].
#[pulp::with_simd(solve_upper = Arch::new())]
#[inline(always)]
pub(crate) fn solve_upper_with_simd<S: Simd>(simd: S, l: &[f64], inverse: &[f64], v: &mut [f64]) {
    let n = inverse.len();
    let mut end = n;
    while end >= WIDTH {
        let j = end - WIDTH;
        let (head, tail) = v.split_at_mut(end);
        let sums = dot4(simd, below(l, n, j), tail);
        let x = &mut head[j..];
        for c in (0..WIDTH).rev() {
            x[c] -= sums[c];
            for i in c + 1..WIDTH {
                x[c] -= l[(j + c) * n + j + i] * x[i];
            }
            x[c] *= inverse[j + c];
        }
        end = j;
    }
    for j in (0..end).rev() {
        v[j] = (v[j] - dot1(simd, &l[j * n + j + 1..(j + 1) * n], &v[j + 1..])) * inverse[j];
    }
}

/// The start of row `i` of a packed lower triangle.
#[inline(always)]
fn start(i: usize) -> usize {
    i * (i + 1) / 2
}

/// Four rows from `i` on of a packed lower triangle, whole.
#[inline(always)]
fn rows(t: &[f64], i: usize) -> [&[f64]; WIDTH] {
    let row = |i: usize| &t[start(i)..start(i + 1)];
    [row(i), row(i + 1), row(i + 2), row(i + 3)]
}

/// `v ← T⁻¹v`, with the lower triangle `T` packed by rows.
#[pulp::with_simd(solve_rows_lower = Arch::new())]
#[inline(always)]
pub(crate) fn solve_rows_lower_with_simd<S: Simd>(simd: S, t: &[f64], v: &mut [f64]) {
    forward_rows(simd, t, v);
}

#[inline(always)]
fn forward_rows<S: Simd>(simd: S, t: &[f64], v: &mut [f64]) {
    let n = v.len();
    let mut i = 0;
    while i + WIDTH <= n {
        let t = rows(t, i);
        let (known, x) = v.split_at_mut(i);
        let sums = dot4(simd, t, known);
        for c in 0..WIDTH {
            x[c] -= sums[c];
            for b in 0..c {
                x[c] -= t[c][i + b] * x[b];
            }
            x[c] /= t[c][i + c];
        }
        i += WIDTH;
    }
    for i in i..n {
        let row = &t[start(i)..start(i + 1)];
        v[i] = (v[i] - dot1(simd, row, &v[..i])) / row[i];
    }
}

/// Each column of `b` (`n × k`) becomes `T⁻¹` times itself, with `T` as in [`solve_rows_lower`].
#[pulp::with_simd(solve_rows_lower_many = Arch::new())]
#[inline(always)]
pub(crate) fn solve_rows_lower_many_with_simd<S: Simd>(simd: S, t: &[f64], n: usize, b: &mut [f64]) {
    let whole = b.len() - b.len() % (n * WIDTH);
    let (blocks, rest) = b.split_at_mut(whole);
    for block in blocks.chunks_exact_mut(n * WIDTH) {
        let (b0, b1) = block.split_at_mut(n);
        let (b1, b2) = b1.split_at_mut(n);
        let (b2, b3) = b2.split_at_mut(n);
        let mut i = 0;
        while i < n {
            let width = WIDTH.min(n - i);
            let sums = if width == WIDTH {
                dot4x(simd, rows(t, i), [&b0[..i], &b1[..i], &b2[..i], &b3[..i]])
            } else {
                let row = |c: usize| &t[start(i + c)..start(i + c + 1)];
                [&*b0, b1, b2, b3]
                    .map(|b| std::array::from_fn(|c| if c < width { dot1(simd, row(c), &b[..i]) } else { 0.0 }))
            };
            for (b, sums) in [&mut *b0, b1, b2, b3].into_iter().zip(sums) {
                for c in 0..width {
                    let row = &t[start(i + c)..start(i + c + 1)];
                    let known: f64 = (i..i + c).map(|k| row[k] * b[k]).sum();
                    b[i + c] = (b[i + c] - sums[c] - known) / row[i + c];
                }
            }
            i += width;
        }
    }
    for column in rest.chunks_exact_mut(n) {
        forward_rows(simd, t, column);
    }
}

/// `v ← T⁻ᵀv`, with `T` as in [`solve_rows_lower`].
#[pulp::with_simd(solve_rows_upper = Arch::new())]
#[inline(always)]
pub(crate) fn solve_rows_upper_with_simd<S: Simd>(simd: S, t: &[f64], v: &mut [f64]) {
    let mut end = v.len();
    while end >= WIDTH {
        let i = end - WIDTH;
        let t = rows(t, i);
        let (rest, x) = v.split_at_mut(i);
        for c in (0..WIDTH).rev() {
            x[c] /= t[c][i + c];
            for b in 0..c {
                x[b] -= t[c][i + b] * x[c];
            }
        }
        subtract4(simd, t, [x[0], x[1], x[2], x[3]], rest);
        end = i;
    }
    for i in (0..end).rev() {
        let row = &t[start(i)..start(i + 1)];
        v[i] /= row[i];
        let x = v[i];
        subtract1(simd, row, x, &mut v[..i]);
    }
}
