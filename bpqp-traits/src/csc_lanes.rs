//! Products of a sparse matrix with several vectors at once, one in each lane of a register.

use pulp::{Arch, Simd};

use crate::{CscRef, LANES, Lane};

/// Entries of a column handled together.
const SUMS: usize = 4;

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
    match LANES / S::F64_LANES {
        1 => both_in::<S, 1>(simd, a, alpha, x, y),
        2 => both_in::<S, 2>(simd, a, alpha, x, y),
        4 => both_in::<S, 4>(simd, a, alpha, x, y),
        _ => both_in::<S, 8>(simd, a, alpha, x, y),
    }
}

#[inline(always)]
fn both_in<S: Simd, const R: usize>(
    simd: S,
    a: &CscRef<'_>,
    alpha: f64,
    (x, ax): (&[Lane], &mut [Lane]),
    (y, aty): (&[Lane], &mut [Lane]),
) {
    let (x, ax, y, aty) =
        (registers::<S, R>(x), registers_mut::<S, R>(ax), registers::<S, R>(y), registers_mut::<S, R>(aty));
    let zero = [simd.splat_f64s(0.0); R];
    for j in 0..a.ncols() {
        let scaled = add(simd, alpha, x[j], zero);
        let entries = a.range(j);
        let sum = column(simd, (&a.row_idx()[entries.clone()], &a.values()[entries]), scaled, ax, |i| y[i]);
        aty[j] = add(simd, alpha, sum, aty[j]);
    }
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
    match LANES / S::F64_LANES {
        1 => symmetric_in::<S, 1>(simd, m, alpha, x, y),
        2 => symmetric_in::<S, 2>(simd, m, alpha, x, y),
        4 => symmetric_in::<S, 4>(simd, m, alpha, x, y),
        _ => symmetric_in::<S, 8>(simd, m, alpha, x, y),
    }
}

#[inline(always)]
fn symmetric_in<S: Simd, const R: usize>(simd: S, m: &CscRef<'_>, alpha: f64, x: &[Lane], y: &mut [Lane]) {
    let (x, y) = (registers::<S, R>(x), registers_mut::<S, R>(y));
    let zero = [simd.splat_f64s(0.0); R];
    for j in 0..m.ncols() {
        let (scaled, mut entries) = (add(simd, alpha, x[j], zero), m.range(j));
        let mut sum = zero;
        if !entries.is_empty() && m.row_idx()[entries.end - 1] == j {
            entries.end -= 1;
            sum = add(simd, m.values()[entries.end], x[j], sum);
        }
        let above = column(simd, (&m.row_idx()[entries.clone()], &m.values()[entries]), scaled, y, |i| x[i]);
        y[j] = add(simd, alpha, add(simd, 1.0, above, sum), y[j]);
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
}
