//! Products of a sparse matrix with several vectors at once, one in each lane of a register.

use pulp::{Arch, Simd};

use crate::{CscRef, LANES, Lane};

/// Entries of a column handled together.
const SUMS: usize = 4;

/// Calls a kernel with the registers that a lane's numbers fill, and the dense columns handled together: as many as leave their
/// sums and factors in registers, of which wide instructions come with 32, others with 16.
macro_rules! by_width {
    ($kernel:ident::<$simd:ident>($($argument:expr),+)) => {
        match LANES / $simd::F64_LANES {
            1 => $kernel::<$simd, 1, 4>($($argument),+),
            2 => $kernel::<$simd, 2, 2>($($argument),+),
            4 => $kernel::<$simd, 4, 1>($($argument),+),
            _ => $kernel::<$simd, 8, 1>($($argument),+),
        }
    };
}

impl CscRef<'_> {
    /// `ax += alpha · A x` and `aty += alpha · Aᵀy` in one pass over the entries, lane by lane.
    pub fn mul_both_add_lanes(&self, alpha: f64, (x, ax): (&[Lane], &mut [Lane]), (y, aty): (&[Lane], &mut [Lane])) {
        both(self, alpha, (x, ax), (y, aty));
    }

    /// `y += alpha · M x`, lane by lane, where this matrix is the upper triangle of the symmetric `M`.
    pub fn symmetric_mul_add_lanes(&self, alpha: f64, x: &[Lane], y: &mut [Lane]) {
        symmetric(self, alpha, x, y);
    }
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

#[pulp::with_simd(both = Arch::new())]
#[inline(always)]
fn both_with_simd<S: Simd>(simd: S, a: &CscRef<'_>, alpha: f64, x: (&[Lane], &mut [Lane]), y: (&[Lane], &mut [Lane])) {
    by_width!(both_in::<S>(simd, a, alpha, x, y));
}

#[inline(always)]
fn both_in<S: Simd, const R: usize, const K: usize>(
    simd: S,
    a: &CscRef<'_>,
    alpha: f64,
    (x, ax): (&[Lane], &mut [Lane]),
    (y, aty): (&[Lane], &mut [Lane]),
) {
    let (x, ax, y, aty) =
        (registers::<S, R>(x), registers_mut::<S, R>(ax), registers::<S, R>(y), registers_mut::<S, R>(aty));
    let zero = [simd.splat_f64s(0.0); R];
    let mut j = 0;
    while j < a.ncols() {
        if let Some((rows, values)) = a.dense_block::<K>(j) {
            let mut scaled = [zero; K];
            for c in 0..K {
                scaled[c] = add(simd, alpha, x[j + c], zero);
            }
            let sums = columns::<S, R, K>(simd, values, scaled, &mut ax[rows.clone()], &y[rows]);
            for (aty, sum) in aty[j..j + K].iter_mut().zip(sums) {
                *aty = add(simd, alpha, sum, *aty);
            }
            j += K;
            continue;
        }
        let scaled = add(simd, alpha, x[j], zero);
        let entries = a.range(j);
        let sum = column(simd, (&a.row_idx()[entries.clone()], &a.values()[entries]), scaled, ax, |i| y[i]);
        aty[j] = add(simd, alpha, sum, aty[j]);
        j += 1;
    }
}

/// `y += Σ v_c s_c` for `K` dense columns `v_c`, as long as `y` and `x`; returns all `v_cᵀx`.
#[inline(always)]
fn columns<S: Simd, const R: usize, const K: usize>(
    simd: S,
    values: [&[f64]; K],
    s: [[S::f64s; R]; K],
    y: &mut [[S::f64s; R]],
    x: &[[S::f64s; R]],
) -> [[S::f64s; R]; K] {
    let mut sums = [[simd.splat_f64s(0.0); R]; K];
    let mut cut = values;
    for c in 0..K {
        cut[c] = &values[c][..y.len()];
    }
    for (i, (y, x)) in y.iter_mut().zip(x).enumerate() {
        let mut new = *y;
        for c in 0..K {
            new = add(simd, cut[c][i], s[c], new);
            sums[c] = add(simd, cut[c][i], *x, sums[c]);
        }
        *y = new;
    }
    sums
}

/// `y += v s` for entries `v` of one column; returns `vᵀx`.
#[inline(always)]
fn column<S: Simd, const R: usize>(
    simd: S,
    (rows, values): (&[usize], &[f64]),
    s: [S::f64s; R],
    y: &mut [[S::f64s; R]],
    x: impl Fn(usize) -> [S::f64s; R],
) -> [S::f64s; R] {
    // Sums of their own, so that one does not wait for the other.
    let mut sums = [[simd.splat_f64s(0.0); R]; SUMS];
    let ((rows, rows_rest), (values, values_rest)) = (rows.as_chunks::<SUMS>(), values.as_chunks::<SUMS>());
    for (rows, values) in rows.iter().zip(values) {
        for k in 0..SUMS {
            sums[k] = add(simd, values[k], x(rows[k]), sums[k]);
            y[rows[k]] = add(simd, values[k], s, y[rows[k]]);
        }
    }
    for (&i, &v) in rows_rest.iter().zip(values_rest) {
        sums[0] = add(simd, v, x(i), sums[0]);
        y[i] = add(simd, v, s, y[i]);
    }
    let [a, b, c, d] = sums;
    add(simd, 1.0, add(simd, 1.0, a, b), add(simd, 1.0, c, d))
}

#[pulp::with_simd(symmetric = Arch::new())]
#[inline(always)]
fn symmetric_with_simd<S: Simd>(simd: S, m: &CscRef<'_>, alpha: f64, x: &[Lane], y: &mut [Lane]) {
    by_width!(symmetric_in::<S>(simd, m, alpha, x, y));
}

#[inline(always)]
fn symmetric_in<S: Simd, const R: usize, const K: usize>(
    simd: S,
    m: &CscRef<'_>,
    alpha: f64,
    x: &[Lane],
    y: &mut [Lane],
) {
    let (x, y) = (registers::<S, R>(x), registers_mut::<S, R>(y));
    let zero = [simd.splat_f64s(0.0); R];
    let mut j = 0;
    while j < m.ncols() {
        if let Some((rows, values)) = m.dense_triangle::<K>(j) {
            let mut scaled = [zero; K];
            for c in 0..K {
                scaled[c] = add(simd, alpha, x[j + c], zero);
            }
            let mut sums = columns::<S, R, K>(simd, values, scaled, &mut y[rows.clone()], &x[rows.clone()]);
            for c in 0..K {
                for (b, v) in values[c][rows.len()..].iter().enumerate() {
                    sums[c] = add(simd, *v, x[j + b], sums[c]);
                    if b < c {
                        sums[b] = add(simd, *v, x[j + c], sums[b]);
                    }
                }
            }
            for (y, sum) in y[j..j + K].iter_mut().zip(sums) {
                *y = add(simd, alpha, sum, *y);
            }
            j += K;
            continue;
        }
        let (scaled, mut entries) = (add(simd, alpha, x[j], zero), m.range(j));
        let mut sum = zero;
        if !entries.is_empty() && m.row_idx()[entries.end - 1] == j {
            entries.end -= 1;
            sum = add(simd, m.values()[entries.end], x[j], sum);
        }
        let above = column(simd, (&m.row_idx()[entries.clone()], &m.values()[entries]), scaled, y, |i| x[i]);
        y[j] = add(simd, alpha, add(simd, 1.0, above, sum), y[j]);
        j += 1;
    }
}

#[cfg(test)]
mod tests {
    use crate::{CscMatrix, LANES, Lane};

    fn lanes(len: usize, seed: usize) -> Vec<Lane> {
        let entry = |k: usize, lane: usize| ((k * 7 + lane * 3 + seed) % 11) as f64 - 5.0;
        (0..len).map(|k| std::array::from_fn(|lane| entry(k, lane))).collect()
    }

    fn lane(v: &[Lane], k: usize) -> Vec<f64> {
        v.iter().map(|v| v[k]).collect()
    }

    #[test]
    fn every_lane_is_the_product_with_one_vector() {
        let a = CscMatrix::new(3, 4, vec![0, 2, 2, 3, 5], vec![0, 2, 1, 0, 1], vec![1.0, -2.0, 3.0, 0.5, 4.0]).unwrap();
        let p = CscMatrix::new(4, 4, vec![0, 1, 2, 4, 6], vec![0, 1, 0, 2, 1, 3], vec![2.0, 3.0, -1.0, 4.0, 0.5, 5.0]);
        let p = p.unwrap();
        let (x, y) = (lanes(4, 0), lanes(3, 1));
        let (mut ax, mut aty, mut px) = (lanes(3, 2), lanes(4, 3), lanes(4, 4));
        let (ax0, aty0, px0) = (ax.clone(), aty.clone(), px.clone());
        a.as_ref().mul_both_add_lanes(-2.0, (&x, &mut ax), (&y, &mut aty));
        p.as_ref().symmetric_mul_add_lanes(-2.0, &x, &mut px);
        for k in 0..LANES {
            let (mut one_ax, mut one_aty, mut one_px) = (lane(&ax0, k), lane(&aty0, k), lane(&px0, k));
            a.as_ref().mul_both_add(-2.0, (&lane(&x, k), &mut one_ax), (&lane(&y, k), &mut one_aty));
            p.as_ref().symmetric_mul_add(-2.0, &lane(&x, k), &mut one_px);
            // Small integers and halves: every sum is exact.
            assert_eq!(lane(&ax, k), one_ax);
            assert_eq!(lane(&aty, k), one_aty);
            assert_eq!(lane(&px, k), one_px);
        }
    }

    /// Dense columns of every number, with gaps before some of them, against products with one vector.
    #[test]
    fn dense_columns_in_lanes() {
        for n in 1..14 {
            let m = n + 3;
            let entry = |i: usize, j: usize| ((i * 5 + j * 3 + 1) % 7) as f64 - 3.5;
            let first = |j: usize| if j < n / 2 { 0 } else { (j / 4).min(2) };
            let all = |rows: usize, upper: bool| -> Vec<_> {
                let end = move |j: usize| if upper { j + 1 } else { rows };
                let column = move |j: usize| (first(j).min(end(j) - 1)..end(j)).map(move |i| (i, j, entry(i, j)));
                (0..n).flat_map(column).collect()
            };
            let a = CscMatrix::from_triplets(m, n, &all(m, false)).unwrap();
            let p = CscMatrix::from_triplets(n, n, &all(n, true)).unwrap();
            let (x, y) = (lanes(n, 0), lanes(m, 1));
            let (mut ax, mut aty, mut px) = (lanes(m, 2), lanes(n, 3), lanes(n, 4));
            let (ax0, aty0, px0) = (ax.clone(), aty.clone(), px.clone());
            a.as_ref().mul_both_add_lanes(-2.0, (&x, &mut ax), (&y, &mut aty));
            p.as_ref().symmetric_mul_add_lanes(-2.0, &x, &mut px);
            for k in 0..LANES {
                let (mut one_ax, mut one_aty, mut one_px) = (lane(&ax0, k), lane(&aty0, k), lane(&px0, k));
                for (i, j, v) in a.as_ref().entries() {
                    one_ax[i] -= 2.0 * v * x[j][k];
                    one_aty[j] -= 2.0 * v * y[i][k];
                }
                for (i, j, v) in p.as_ref().entries() {
                    one_px[i] -= 2.0 * v * x[j][k];
                    one_px[j] -= if i == j { 0.0 } else { 2.0 * v * x[i][k] };
                }
                // Small integers and halves: every sum is exact.
                assert_eq!((lane(&ax, k), lane(&aty, k), lane(&px, k)), (one_ax, one_aty, one_px), "{n}");
            }
        }
    }
}
