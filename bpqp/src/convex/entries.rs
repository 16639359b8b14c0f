//! Sparse matrices as programs write them: entry by entry, on a pattern that finds itself.

use bpqp_traits::CscMatrix;

use crate::Result;

/// The entries of a sparse matrix, in any order; entries at the same place are summed.
///
/// Write the same places each time, zeros included: then solvers keep their symbolic factorizations. A new place widens
/// the pattern, and costs a fresh set-up.
#[derive(Clone, Debug, Default)]
pub struct Entries {
    nrows: usize,
    ncols: usize,
    places: Vec<(usize, usize)>,
    values: Vec<f64>,
    outside: Option<(usize, usize)>,
}

impl Entries {
    /// No entries of an `nrows × ncols` matrix.
    pub fn new(nrows: usize, ncols: usize) -> Self {
        Self { nrows, ncols, ..Self::default() }
    }

    /// Adds `value` at `(row, col)`. A place outside the matrix is told when the matrix is made.
    pub fn add(&mut self, row: usize, col: usize, value: f64) {
        if row < self.nrows && col < self.ncols {
            self.places.push((row, col));
            self.values.push(value);
        } else {
            self.outside.get_or_insert((row, col));
        }
    }

    /// The matrix.
    ///
    /// # Errors
    /// [`InvalidProblem`](bpqp_traits::Error::InvalidProblem) for a place outside it or a value that is not finite.
    pub fn to_csc(&self) -> Result<CscMatrix> {
        self.check().map_err(|reason| bpqp_traits::Error::invalid_problem("matrix", reason))?;
        let entries = self.places.iter().zip(&self.values);
        let triplets: Vec<_> = entries.map(|(&(i, j), &v)| (i, j, v)).collect();
        Ok(CscMatrix::from_triplets(self.nrows, self.ncols, &triplets)?)
    }

    fn check(&self) -> std::result::Result<(), String> {
        if let Some((i, j)) = self.outside {
            return Err(format!("entry ({i}, {j}) lies outside {} × {}", self.nrows, self.ncols));
        }
        match self.values.iter().position(|v| !v.is_finite()) {
            Some(k) => Err(format!("entry {:?} is {}", self.places[k], self.values[k])),
            None => Ok(()),
        }
    }

    fn clear(&mut self) {
        self.places.clear();
        self.values.clear();
        self.outside = None;
    }
}

/// The entries of a symmetric matrix, each pair `(i, j)`, `(j, i)` once; see [`Entries`].
#[derive(Clone, Debug, Default)]
pub struct SymmetricEntries(Entries);

impl SymmetricEntries {
    /// No entries of an `n × n` matrix.
    pub fn new(n: usize) -> Self {
        Self(Entries::new(n, n))
    }

    /// Adds `value` at `(i, j)` and, off the diagonal, at `(j, i)`.
    pub fn add(&mut self, i: usize, j: usize, value: f64) {
        self.0.add(i, j, value);
        if i != j {
            self.0.add(j, i, value);
        }
    }

    /// Adds `scale · v vᵀ`, dense.
    pub fn add_outer(&mut self, scale: f64, v: &[f64]) {
        for (j, vj) in v.iter().enumerate() {
            for (i, vi) in v.iter().enumerate().take(j + 1) {
                self.add(i, j, scale * vi * vj);
            }
        }
    }

    /// The matrix with both triangles.
    ///
    /// # Errors
    /// As [`Entries::to_csc`].
    pub fn to_csc(&self) -> Result<CscMatrix> {
        self.0.to_csc()
    }
}

/// A matrix that takes its values from entries, again and again.
#[derive(Clone, Debug)]
pub(super) struct Assembled {
    buffer: Entries,
    /// The places in the order in which they were last written, and where each is in the matrix.
    places: Vec<(usize, usize)>,
    positions: Vec<usize>,
    matrix: CscMatrix,
}

impl Assembled {
    pub(super) fn new(nrows: usize, ncols: usize) -> Self {
        Self {
            buffer: Entries::new(nrows, ncols),
            places: Vec::new(),
            positions: Vec::new(),
            matrix: CscMatrix::zeros(nrows, ncols),
        }
    }

    pub(super) fn matrix(&self) -> &CscMatrix {
        &self.matrix
    }

    /// Takes the entries that `write` writes. What is wrong with them, otherwise.
    pub(super) fn fill(&mut self, write: impl FnOnce(&mut Entries)) -> std::result::Result<(), String> {
        self.buffer.clear();
        write(&mut self.buffer);
        self.buffer.check()?;
        if self.buffer.places != self.places {
            self.places.clone_from(&self.buffer.places);
            self.locate()?;
        }
        let values = self.matrix.values_mut();
        values.fill(0.0);
        for (&position, v) in self.positions.iter().zip(&self.buffer.values) {
            values[position] += v;
        }
        // Finite entries may have an infinite sum.
        match values.iter().position(|v| !v.is_finite()) {
            Some(k) => Err(format!("a sum of entries is {}", values[k])),
            None => Ok(()),
        }
    }

    /// As [`fill`](Self::fill) for a symmetric matrix, whose diagonal is always in the pattern.
    pub(super) fn fill_symmetric(
        &mut self,
        write: impl FnOnce(&mut SymmetricEntries),
    ) -> std::result::Result<(), String> {
        self.fill(|entries| {
            let n = entries.ncols;
            let mut symmetric = SymmetricEntries(std::mem::take(entries));
            (0..n).for_each(|j| symmetric.add(j, j, 0.0));
            write(&mut symmetric);
            *entries = symmetric.0;
        })
    }

    /// Finds the places in the pattern, which it widens where need be.
    fn locate(&mut self) -> std::result::Result<(), String> {
        let position = |matrix: &CscMatrix, (i, j): (usize, usize)| {
            let (start, end) = (matrix.as_ref().col_ptr()[j], matrix.as_ref().col_ptr()[j + 1]);
            matrix.as_ref().row_idx()[start..end].binary_search(&i).ok().map(|k| start + k)
        };
        if self.places.iter().any(|&place| position(&self.matrix, place).is_none()) {
            let old = self.matrix.as_ref().entries().map(|(i, j, _)| (i, j, 0.0));
            let all: Vec<_> = old.chain(self.places.iter().map(|&(i, j)| (i, j, 0.0))).collect();
            let (nrows, ncols) = (self.matrix.nrows(), self.matrix.ncols());
            self.matrix = CscMatrix::from_triplets(nrows, ncols, &all).map_err(|error| error.to_string())?;
        }
        self.positions = self.places.iter().filter_map(|&place| position(&self.matrix, place)).collect();
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_widens_and_keeps_its_places() {
        let mut assembled = Assembled::new(2, 2);
        assembled.fill(|e| e.add(1, 0, 2.0)).unwrap();
        assembled
            .fill(|e| [(0, 1, 3.0), (1, 0, 4.0), (0, 1, 1.0)].iter().for_each(|&(i, j, v)| e.add(i, j, v)))
            .unwrap();
        let entries: Vec<_> = assembled.matrix().as_ref().entries().collect();
        assert_eq!(entries, [(1, 0, 4.0), (0, 1, 4.0)]);
        assembled.fill(|e| e.add(1, 0, 5.0)).unwrap();
        let entries: Vec<_> = assembled.matrix().as_ref().entries().collect();
        assert_eq!(entries, [(1, 0, 5.0), (0, 1, 0.0)]);
    }

    #[test]
    fn what_is_wrong_is_said_with_its_place() {
        let mut assembled = Assembled::new(2, 3);
        assert_eq!(assembled.fill(|e| e.add(2, 0, 1.0)).unwrap_err(), "entry (2, 0) lies outside 2 × 3");
        assert_eq!(assembled.fill(|e| e.add(1, 2, f64::NAN)).unwrap_err(), "entry (1, 2) is NaN");
        assert!(assembled.fill(|e| (0..2).for_each(|_| e.add(0, 0, f64::MAX))).is_err());
        assembled.fill(|e| e.add(0, 0, 1.0)).unwrap();
    }

    #[test]
    fn a_symmetric_matrix_has_both_triangles_and_its_diagonal() {
        let mut assembled = Assembled::new(2, 2);
        assembled.fill_symmetric(|h| h.add(1, 0, 2.0)).unwrap();
        let entries: Vec<_> = assembled.matrix().as_ref().entries().collect();
        assert_eq!(entries, [(0, 0, 0.0), (1, 0, 2.0), (0, 1, 2.0), (1, 1, 0.0)]);
        let mut outer = SymmetricEntries::new(2);
        outer.add_outer(2.0, &[1.0, 3.0]);
        assert_eq!(outer.to_csc().unwrap().values(), [2.0, 6.0, 6.0, 18.0]);
    }
}
