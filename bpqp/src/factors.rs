//! Factor models: `P = F Fᵀ + diag(d)`, kept as it is by `k` variables more.

use std::ops::Range;

use bpqp_traits::{CscMatrix, Error as SolverError, Result as Checked};

use crate::program::{Program, check_len, row_block_positions};
use crate::{Gradient, Result};

/// The `F` (`d × k`) of a program in `(x, f)`, whose last `k` equalities are `Fᵀx − f = 0`.
#[derive(Clone, Debug)]
pub(crate) struct Factors {
    /// `F`, for its pattern.
    pub(crate) matrix: CscMatrix,
    /// Where each entry of `F` stands among the equalities' values.
    places: Vec<usize>,
}

/// The equalities `(A 0; Fᵀ −I)` of the lifted program, from `A` (`n × d`) and `F` (`d × k`).
pub(crate) fn lifted_equalities(a: Option<&CscMatrix>, f: &CscMatrix) -> Checked<CscMatrix> {
    let n = a.map_or(0, CscMatrix::nrows);
    let (d, k) = (f.nrows(), f.ncols());
    let own = a.into_iter().flat_map(|a| a.as_ref().entries().collect::<Vec<_>>());
    let exposures = f.as_ref().entries().map(|(j, t, v)| (n + t, j, v)).collect::<Vec<_>>();
    let triplets: Vec<_> = own.chain(exposures).chain((0..k).map(|t| (n + t, d + t, -1.0))).collect();
    CscMatrix::from_triplets(n + k, d + k, &triplets)
}

/// `matrix` with `k` empty columns more.
pub(crate) fn widened(matrix: &CscMatrix, k: usize) -> Checked<CscMatrix> {
    let matrix = matrix.as_ref();
    let end = matrix.nnz();
    let col_ptr = matrix.col_ptr().iter().copied().chain(std::iter::repeat_n(end, k)).collect();
    let (rows, values) = (matrix.row_idx().to_vec(), matrix.values().to_vec());
    CscMatrix::new(matrix.nrows(), matrix.ncols() + k, col_ptr, rows, values)
}

impl Factors {
    /// The `F` whose entries are those of `lifted` in its last rows and first `d` columns.
    pub(crate) fn new(matrix: CscMatrix, lifted: &CscMatrix) -> Self {
        let (d, k) = (matrix.nrows(), matrix.ncols());
        let first = lifted.nrows() - k;
        // Entries of `lifted` come by the rows of F; those of F by its columns.
        let mut by_factor: Vec<Vec<usize>> = vec![Vec::new(); k];
        for (place, (i, j, _)) in lifted.as_ref().entries().enumerate() {
            if i >= first && j < d {
                by_factor[i - first].push(place);
            }
        }
        Self { matrix, places: by_factor.concat() }
    }
}

/// The builder's factor models.
impl Program {
    /// Number `k` of factors of an objective given by
    /// [`factor_objective`](crate::ProgramBuilder::factor_objective), else 0: so many of the last variables and equalities
    /// are the program's own.
    pub fn num_factors(&self) -> usize {
        self.factors.as_ref().map_or(0, |factors| factors.matrix.ncols())
    }

    /// Values of the equalities' matrix, for [`Values::a`](crate::Values::a), with new values of `F` in the order of its
    /// pattern. The values of `P`, for [`Values::p`](crate::Values::p), are `d` and `k` ones.
    ///
    /// # Errors
    /// [`InvalidProblem`](SolverError::InvalidProblem) for another number of values;
    /// [`Unsupported`](SolverError::Unsupported) where the objective has no factors.
    pub fn factor_values(&self, factors: &[f64]) -> Result<Vec<f64>> {
        let Some(own) = &self.factors else {
            return Err(SolverError::unsupported("bpqp", "new factors of an objective without any").into());
        };
        check_len("F", factors.len(), own.places.len())?;
        let mut values = equality_values(self, &self.blocks().equalities);
        own.places.iter().zip(factors).for_each(|(&place, v)| values[place] = *v);
        Ok(values)
    }
}

fn equality_values(program: &Program, rows: &Range<usize>) -> Vec<f64> {
    let a = program.as_stacked().a();
    row_block_positions(a, rows).map(|place| a.values()[place]).collect()
}

/// Gradients of a factor model.
impl Gradient {
    /// With respect to the factors `F` (`d × k`), on its pattern; `None` where the objective was not given by
    /// [`factor_objective`](crate::ProgramBuilder::factor_objective).
    pub fn factors(&self) -> Option<CscMatrix> {
        let factors = self.program().factors.as_ref()?;
        let mut matrix = factors.matrix.clone();
        let values = self.a().values();
        matrix.values_mut().iter_mut().zip(&factors.places).for_each(|(v, &place)| *v = values[place]);
        Some(matrix)
    }

    /// With respect to the diagonal part `d` of a factor model; `None` as for [`factors`](Self::factors).
    pub fn diagonal(&self) -> Option<&[f64]> {
        let d = self.program().factors.as_ref()?.matrix.nrows();
        Some(&self.p().values()[..d])
    }
}
