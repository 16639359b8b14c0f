//! A small Cholesky factor that grows.

use std::ops::Range;

use pulp::Simd;

use super::dual::REGULAR;

/// Entries that fit a register together.
const BLOCK: usize = 8;

/// A Cholesky factor that grows by rows. Its columns and rows are both kept, filled up with zeros to whole blocks: what is
/// read as a block was not just written number by number, which processors wait for.
#[derive(Clone, Default)]
pub(super) struct GrowingLlt {
    /// The columns below the diagonal, `stride` apart.
    columns: Vec<f64>,
    /// The rows before the diagonal, `stride` apart.
    rows: Vec<f64>,
    stride: usize,
    /// The reciprocals of the diagonal.
    inverse: Vec<f64>,
    /// What is left of the new rows, `stride` apart.
    rest: Vec<f64>,
}

impl GrowingLlt {
    /// Keeps the first `len` rows of at most `capacity`.
    #[inline(always)]
    pub(super) fn truncate(&mut self, len: usize, capacity: usize) {
        let stride = capacity.next_multiple_of(BLOCK);
        let len = if stride == self.stride { len } else { 0 };
        self.stride = stride;
        for column in self.columns.chunks_exact_mut(stride.max(1)).take(len) {
            column[len..].fill(0.0);
        }
        self.columns.truncate(len * stride);
        self.rows.truncate(len * stride);
        self.inverse.truncate(len);
    }

    /// Appends rows of the matrix up to `size`; false, and the factor of no use, where a pivot is no larger than
    /// [`REGULAR`] times its diagonal entry. `pivots` takes these shares.
    ///
    /// The first `known` entries of each new row of the factor are `leading`, and `entry` is what they leave of the matrix; so
    /// many rows are there already.
    #[inline(always)]
    pub(super) fn extend<'a, S: Simd>(
        &mut self,
        simd: S,
        size: usize,
        (known, leading): (usize, impl Fn(usize) -> &'a [f64]),
        entry: impl Fn(usize, usize) -> f64,
        diagonal: impl Fn(usize) -> f64,
        pivots: &mut Vec<f64>,
    ) -> bool {
        let Self { columns, rows, stride, inverse, rest } = self;
        let (stride, old) = (*stride, inverse.len());
        rest.clear();
        rest.resize((size - old) * stride, 0.0);
        columns.resize(size * stride, 0.0);
        rows.resize(size * stride, 0.0);
        for (i, rest) in (old..size).zip(rest.chunks_exact_mut(stride)) {
            rest[known..=i].iter_mut().zip(known..).for_each(|(r, j)| *r = entry(i, j));
            let leading = &leading(i)[..known];
            rows[i * stride..i * stride + known].copy_from_slice(leading);
            for (j, v) in leading.iter().enumerate() {
                columns[j * stride + i] = *v;
            }
        }
        for j in known..size {
            if j >= old {
                let (left, diagonal) = (rest[(j - old) * stride + j], diagonal(j));
                // Not a number fails, too.
                if !(left >= REGULAR * diagonal && left > 0.0) {
                    return false;
                }
                inverse.push(1.0 / left.sqrt());
                pivots.push(left / diagonal);
            }
            let first = old.max(j + 1);
            let column = &mut columns[j * stride..(j + 1) * stride];
            for i in first..size {
                let v = rest[(i - old) * stride + j] * inverse[j];
                column[i] = v;
                rows[i * stride + j] = v;
            }
            for i in first..size {
                let rest = &mut rest[(i - old) * stride..(i - old + 1) * stride];
                subtract(simd, column[i], column, rest, (j + 1) / BLOCK..i / BLOCK + 1);
            }
        }
        true
    }

    /// `y ← L⁻¹ y`; `work` is overwritten.
    #[inline(always)]
    pub(super) fn solve_lower<S: Simd>(&self, simd: S, y: &mut [f64], work: &mut Vec<f64>) {
        let (stride, size) = (self.stride, y.len());
        work.clear();
        work.extend_from_slice(y);
        work.resize(stride, 0.0);
        for j in 0..size {
            y[j] = work[j] * self.inverse[j];
            subtract(
                simd,
                y[j],
                &self.columns[j * stride..(j + 1) * stride],
                work,
                (j + 1) / BLOCK..size.div_ceil(BLOCK),
            );
        }
    }

    /// `y ← (LLᵀ)⁻¹ y`; `work` is overwritten.
    #[inline(always)]
    pub(super) fn solve<S: Simd>(&self, simd: S, y: &mut [f64], work: &mut Vec<f64>) {
        self.solve_lower(simd, y, work);
        let (stride, size) = (self.stride, y.len());
        work[..size].copy_from_slice(y);
        for i in (0..size).rev() {
            y[i] = work[i] * self.inverse[i];
            subtract(simd, y[i], &self.rows[i * stride..(i + 1) * stride], work, 0..i.div_ceil(BLOCK));
        }
    }
}

/// `y −= s v` over these blocks.
#[inline(always)]
fn subtract<S: Simd>(simd: S, s: f64, v: &[f64], y: &mut [f64], blocks: Range<usize>) {
    let entries = blocks.start * BLOCK..blocks.end * BLOCK;
    let factor = simd.splat_f64s(-s);
    let (v, y) = (S::as_simd_f64s(&v[entries.clone()]).0, S::as_mut_simd_f64s(&mut y[entries]).0);
    for (y, v) in y.iter_mut().zip(v) {
        *y = simd.mul_add_e_f64s(factor, *v, *y);
    }
}
