//! Dense copies of sparse matrices, and the packed upper triangle: column `j` from `j (j + 1) / 2` on.

use bpqp_traits::{CscMatrix, CscRef};

/// Columns moved together, so that what is written is contiguous.
const BLOCK: usize = 8;

/// The upper triangle of a symmetric matrix, packed by columns.
pub(crate) enum PackedUpper {
    /// The arrays of a matrix that stores the whole triangle.
    Shared(CscMatrix),
    /// A copy with the zeros.
    Copied(Vec<f64>),
}

impl PackedUpper {
    pub(crate) fn new(matrix: CscRef<'_>) -> Self {
        if matrix.is_full_triangle() {
            return Self::Shared(matrix.to_owned());
        }
        let n = matrix.ncols();
        let mut packed = vec![0.0; n * (n + 1) / 2];
        for (i, j, v) in matrix.entries() {
            packed[j * (j + 1) / 2 + i] = v;
        }
        Self::Copied(packed)
    }

    pub(crate) fn values(&self) -> &[f64] {
        match self {
            Self::Shared(matrix) => matrix.values(),
            Self::Copied(values) => values,
        }
    }

    /// The diagonal's entry `j`.
    pub(crate) fn diagonal(&self, j: usize) -> f64 {
        self.values()[j * (j + 3) / 2]
    }
}

/// Writes the lower triangle of the symmetric matrix whose upper one is packed (`n × n`, by columns).
pub(super) fn unpack_lower(packed: &[f64], n: usize, lower: &mut [f64]) {
    let column = |j: usize| &packed[j * (j + 1) / 2..][..j + 1];
    let mut j = 0;
    while j + BLOCK <= n {
        let columns: [&[f64]; BLOCK] = std::array::from_fn(|c| column(j + c));
        transpose_block(columns, j, n, &mut lower[j..]);
        for (c, column) in columns.iter().enumerate() {
            for i in j..=j + c {
                lower[i * n + j + c] = column[i];
            }
        }
        j += BLOCK;
    }
    for j in j..n {
        for (i, v) in column(j).iter().enumerate() {
            lower[i * n + j] = *v;
        }
    }
}

/// Writes the rows of `matrix` one after another, zeros included.
pub(crate) fn write_rows(matrix: CscRef<'_>, rows: &mut [f64]) {
    let (m, n) = (matrix.nrows(), matrix.ncols());
    if m * n != matrix.nnz() {
        rows.fill(0.0);
        for (i, j, v) in matrix.entries() {
            rows[i * n + j] = v;
        }
        return;
    }
    let values = matrix.values();
    let column = |j: usize| &values[j * m..(j + 1) * m];
    let mut j = 0;
    while m > 0 && j + BLOCK <= n {
        transpose_block(std::array::from_fn(|c| column(j + c)), m, n, &mut rows[j..]);
        j += BLOCK;
    }
    for j in j..n {
        for (i, v) in column(j).iter().enumerate() {
            rows[i * n + j] = *v;
        }
    }
}

/// Entry `i < len` of every column goes to the contiguous place `i · stride` of `out`.
fn transpose_block(columns: [&[f64]; BLOCK], len: usize, stride: usize, out: &mut [f64]) {
    let columns = columns.map(|c| &c[..len]);
    for i in 0..len {
        let to = &mut out[i * stride..i * stride + BLOCK];
        for c in 0..BLOCK {
            to[c] = columns[c][i];
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{PackedUpper, unpack_lower, write_rows};
    use bpqp_traits::CscMatrix;

    #[test]
    fn triangles_and_rows_of_every_size() {
        for n in 1..20 {
            for full in [true, false] {
                let keep = |i: usize, j: usize| full || (i + j).is_multiple_of(3);
                let upper = |i: usize, j: usize| if i <= j && keep(i, j) { (1 + i * n + j) as f64 } else { 0.0 };
                let triplets: Vec<_> =
                    (0..n).flat_map(|i| (i..n).map(move |j| (i, j))).filter(|&(i, j)| keep(i, j)).collect();
                let triplets: Vec<_> = triplets.into_iter().map(|(i, j)| (i, j, upper(i, j))).collect();
                let matrix = CscMatrix::from_triplets(n, n, &triplets).unwrap();
                let packed = PackedUpper::new(matrix.as_ref());
                assert_eq!(matches!(packed, PackedUpper::Shared(_)), full || n == 1);
                let mut lower = vec![f64::NAN; n * n];
                unpack_lower(packed.values(), n, &mut lower);
                for j in 0..n {
                    assert_eq!(packed.diagonal(j), upper(j, j));
                    assert!((j..n).all(|i| lower[j * n + i] == upper(j, i)));
                }
                let m = n / 2 + 1;
                let rows: Vec<f64> =
                    (0..m * n).map(|k| if keep(k / n, k % n) { k as f64 + 1.0 } else { 0.0 }).collect();
                let mut written = vec![f64::NAN; m * n];
                write_rows(CscMatrix::from_dense_rows(m, n, &rows).unwrap().as_ref(), &mut written);
                assert_eq!(written, rows);
            }
        }
    }
}
