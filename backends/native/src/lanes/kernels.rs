//! Dense products and triangular solves with one vector per lane: every matrix entry is read once for all programs.

use bpqp_traits::{LANES, Lane};
use pulp::{Arch, Simd};

/// Calls a kernel with the registers that a lane's numbers fill, and the rows handled together, so that a vector's entry is
/// loaded once for all of them: as many as leave their sums in registers, of which wide instructions come with 32, others with
/// 16.
macro_rules! by_width {
    ($kernel:ident::<$simd:ident>($($argument:expr),+)) => {
        match LANES / $simd::F64_LANES {
            1 => $kernel::<$simd, 1, 8>($($argument),+),
            2 => $kernel::<$simd, 2, 4>($($argument),+),
            4 => $kernel::<$simd, 4, 2>($($argument),+),
            _ => $kernel::<$simd, 8, 1>($($argument),+),
        }
    };
}

/// `out_k += alpha · a_kᵀv` for the rows `a_k` of a matrix, each as long as `v`.
#[pulp::with_simd(add_products = Arch::new())]
#[inline(always)]
pub(super) fn add_products_with_simd<S: Simd>(simd: S, rows: &[f64], alpha: f64, v: &[Lane], out: &mut [Lane]) {
    by_width!(products_in::<S>(simd, rows, alpha, v, out))
}

/// `v ← L⁻¹v` for `L` (`n × n`) by rows.
#[pulp::with_simd(solve_lower = Arch::new())]
#[inline(always)]
pub(super) fn solve_lower_with_simd<S: Simd>(simd: S, l: &[f64], inverse_diagonal: &[f64], v: &mut [Lane]) {
    by_width!(lower_in::<S>(simd, l, inverse_diagonal, v))
}

/// `v ← L⁻ᵀv` for `L` (`n × n`) by columns.
#[pulp::with_simd(solve_upper = Arch::new())]
#[inline(always)]
pub(super) fn solve_upper_with_simd<S: Simd>(simd: S, l: &[f64], inverse_diagonal: &[f64], v: &mut [Lane]) {
    by_width!(upper_in::<S>(simd, l, inverse_diagonal, v))
}

/// A lane as registers of `F64_LANES` each.
#[inline(always)]
fn registers<S: Simd, const R: usize>(v: &[Lane]) -> &[[S::f64s; R]] {
    S::as_simd_f64s(v.as_flattened()).0.as_chunks().0
}

#[inline(always)]
fn registers_mut<S: Simd, const R: usize>(v: &mut [Lane]) -> &mut [[S::f64s; R]] {
    S::as_mut_simd_f64s(v.as_flattened_mut()).0.as_chunks_mut().0
}

/// `y + a x`.
#[inline(always)]
fn add<S: Simd, const R: usize>(simd: S, a: f64, x: [S::f64s; R], mut y: [S::f64s; R]) -> [S::f64s; R] {
    let a = simd.splat_f64s(a);
    for (y, x) in y.iter_mut().zip(x) {
        *y = simd.mul_add_e_f64s(a, x, *y);
    }
    y
}

/// `a_kᵀv` for `K` rows.
#[inline(always)]
fn dots<S: Simd, const R: usize, const K: usize>(simd: S, a: [&[f64]; K], v: &[[S::f64s; R]]) -> [[S::f64s; R]; K] {
    let mut sums = [[simd.splat_f64s(0.0); R]; K];
    let a = a.map(|row| &row[..v.len()]);
    for (j, v) in v.iter().enumerate() {
        for k in 0..K {
            sums[k] = add(simd, a[k][j], *v, sums[k]);
        }
    }
    sums
}

#[inline(always)]
fn products_in<S: Simd, const R: usize, const ROWS: usize>(
    simd: S,
    rows: &[f64],
    alpha: f64,
    v: &[Lane],
    out: &mut [Lane],
) {
    let n = v.len();
    if n == 0 {
        return;
    }
    let (v, out) = (registers::<S, R>(v), registers_mut::<S, R>(out));
    let (blocks, rest) = out.as_chunks_mut::<ROWS>();
    for (block, rows) in blocks.iter_mut().zip(rows.chunks_exact(ROWS * n)) {
        let sums = dots::<S, R, ROWS>(simd, std::array::from_fn(|k| &rows[k * n..(k + 1) * n]), v);
        for (out, sum) in block.iter_mut().zip(sums) {
            *out = add(simd, alpha, sum, *out);
        }
    }
    let done = blocks.len() * ROWS;
    for (out, row) in rest.iter_mut().zip(rows[done * n..].chunks_exact(n)) {
        let [sum] = dots::<S, R, 1>(simd, [row], v);
        *out = add(simd, alpha, sum, *out);
    }
}

#[inline(always)]
fn lower_in<S: Simd, const R: usize, const ROWS: usize>(simd: S, l: &[f64], inverse_diagonal: &[f64], v: &mut [Lane]) {
    let n = v.len();
    let v = registers_mut::<S, R>(v);
    let zero = [simd.splat_f64s(0.0); R];
    for first in (0..n).step_by(ROWS) {
        let count = ROWS.min(n - first);
        let (known, open) = v.split_at_mut(first);
        let row = |k: usize| &l[(first + k) * n..(first + k + 1) * n];
        let mut sums = [zero; ROWS];
        if count == ROWS {
            sums = dots::<S, R, ROWS>(simd, std::array::from_fn(row), known);
        } else {
            for (k, sum) in sums.iter_mut().enumerate().take(count) {
                [*sum] = dots::<S, R, 1>(simd, [row(k)], known);
            }
        }
        for k in 0..count {
            let mut sum = sums[k];
            for (i, v) in open[..k].iter().enumerate() {
                sum = add(simd, row(k)[first + i], *v, sum);
            }
            open[k] = add(simd, inverse_diagonal[first + k], add(simd, -1.0, sum, open[k]), zero);
        }
    }
}

#[inline(always)]
fn upper_in<S: Simd, const R: usize, const ROWS: usize>(simd: S, l: &[f64], inverse_diagonal: &[f64], v: &mut [Lane]) {
    let n = v.len();
    let v = registers_mut::<S, R>(v);
    let zero = [simd.splat_f64s(0.0); R];
    for first in (0..n).step_by(ROWS).rev() {
        let count = ROWS.min(n - first);
        let after = first + count;
        let (open, known) = v.split_at_mut(after);
        let column = |k: usize| &l[(first + k) * n..(first + k + 1) * n];
        let mut sums = [zero; ROWS];
        // Only the last block may be short, and nothing is known behind it.
        if count == ROWS {
            sums = dots::<S, R, ROWS>(simd, std::array::from_fn(|k| &column(k)[after..]), known);
        }
        for k in (0..count).rev() {
            let mut sum = sums[k];
            for (i, v) in open[first + k + 1..].iter().enumerate() {
                sum = add(simd, column(k)[first + k + 1 + i], *v, sum);
            }
            let v = &mut open[first + k];
            *v = add(simd, inverse_diagonal[first + k], add(simd, -1.0, sum, *v), zero);
        }
    }
}

#[cfg(test)]
mod tests {
    use bpqp_traits::{LANES, Lane};

    use super::{add_products, solve_lower, solve_upper};

    fn entry(i: usize, j: usize) -> f64 {
        ((i * 5 + j * 3) % 7) as f64 / 7.0 - 0.4 + if i == j { 3.0 } else { 0.0 }
    }

    #[test]
    fn every_size_of_block_gives_the_product_and_its_inverse() {
        for n in 1..40 {
            let lower = |i: usize, j: usize| if j <= i { entry(i, j) } else { f64::NAN };
            let rows: Vec<f64> = (0..n * n).map(|k| lower(k / n, k % n)).collect();
            let columns: Vec<f64> = (0..n * n).map(|k| lower(k % n, k / n)).collect();
            let full: Vec<f64> = (0..n * n).map(|k| entry(k / n, k % n)).collect();
            let inverse: Vec<f64> = (0..n).map(|i| 1.0 / entry(i, i)).collect();
            let v: Vec<Lane> = (0..n).map(|i| std::array::from_fn(|lane| ((i + 2 * lane) % 5) as f64)).collect();
            let (mut solved_lower, mut solved_upper, mut product) = (v.clone(), v.clone(), v.clone());
            solve_lower(&rows, &inverse, &mut solved_lower);
            solve_upper(&columns, &inverse, &mut solved_upper);
            add_products(&full, 2.0, &v, &mut product);
            for lane in 0..LANES {
                for i in 0..n {
                    let below: f64 = (0..=i).map(|j| entry(i, j) * solved_lower[j][lane]).sum();
                    let above: f64 = (i..n).map(|j| entry(j, i) * solved_upper[j][lane]).sum();
                    let all: f64 = (0..n).map(|j| entry(i, j) * v[j][lane]).sum();
                    let want = v[i][lane];
                    assert!((below - want).abs() < 1e-12 && (above - want).abs() < 1e-12, "{n} {i}");
                    assert!((product[i][lane] - (want + 2.0 * all)).abs() < 1e-12, "{n} {i}");
                }
            }
        }
    }
}
