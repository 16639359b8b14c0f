//! The blocks of a batch of programs, as tensors and as numbers.

use burn::backend::DispatchTensor;
use burn::tensor::{DType, Device, Tensor};

use bpqp_traits::{CscMatrix, Error as SolverError};

use super::Result;
use crate::Program;

/// A matrix of each program.
#[derive(Clone, Debug)]
pub enum Matrix {
    /// The same for all members (`rows × columns`).
    Shared(Tensor<2>),
    /// One for each (`members × rows × columns`).
    Batched(Tensor<3>),
}

/// A vector of each program.
#[derive(Clone, Debug)]
pub enum Vector {
    /// The same for all members (`length`).
    Shared(Tensor<1>),
    /// One for each (`members × length`).
    Batched(Tensor<2>),
}

impl From<Tensor<2>> for Matrix {
    fn from(tensor: Tensor<2>) -> Self {
        Self::Shared(tensor)
    }
}

impl From<Tensor<3>> for Matrix {
    fn from(tensor: Tensor<3>) -> Self {
        Self::Batched(tensor)
    }
}

impl From<Tensor<1>> for Vector {
    fn from(tensor: Tensor<1>) -> Self {
        Self::Shared(tensor)
    }
}

impl From<Tensor<2>> for Vector {
    fn from(tensor: Tensor<2>) -> Self {
        Self::Batched(tensor)
    }
}

/// A batch of quadratic programs. Blocks with a leading batch dimension have one value for each member, the others are
/// shared; where all are shared the batch has one member.
#[derive(Clone, Debug)]
pub struct Qp {
    pub(super) p: Matrix,
    pub(super) q: Vector,
    pub(super) equalities: Option<(Matrix, Vector)>,
    pub(super) inequalities: Option<(Matrix, Vector)>,
    pub(super) bounds: Option<(Vector, Vector)>,
}

impl Qp {
    /// The objective `½xᵀPx + qᵀx`. `P` (`d × d`) counts as `½(P + Pᵀ)`, which must be positive semidefinite.
    pub fn new(p: impl Into<Matrix>, q: impl Into<Vector>) -> Self {
        Self { p: p.into(), q: q.into(), equalities: None, inequalities: None, bounds: None }
    }

    /// `A x = b`.
    pub fn equalities(mut self, a: impl Into<Matrix>, b: impl Into<Vector>) -> Self {
        self.equalities = Some((a.into(), b.into()));
        self
    }

    /// `G x ≤ h`; an `h` of infinity is no constraint.
    pub fn inequalities(mut self, g: impl Into<Matrix>, h: impl Into<Vector>) -> Self {
        self.inequalities = Some((g.into(), h.into()));
        self
    }

    /// `lb ≤ x ≤ ub`, infinite where absent.
    pub fn bounds(mut self, lb: impl Into<Vector>, ub: impl Into<Vector>) -> Self {
        self.bounds = Some((lb.into(), ub.into()));
        self
    }

    /// All blocks in the order of [`NAMES`].
    pub(super) fn blocks(&self) -> [Option<BlockTensor>; NUM_BLOCKS] {
        let matrix = |m: &Matrix| match m {
            Matrix::Shared(t) => BlockTensor::Matrix(t.clone()),
            Matrix::Batched(t) => BlockTensor::Matrices(t.clone()),
        };
        let vector = |v: &Vector| match v {
            Vector::Shared(t) => BlockTensor::Vector(t.clone()),
            Vector::Batched(t) => BlockTensor::Vectors(t.clone()),
        };
        let (a, b) = self.equalities.as_ref().map(|(a, b)| (matrix(a), vector(b))).unzip();
        let (g, h) = self.inequalities.as_ref().map(|(g, h)| (matrix(g), vector(h))).unzip();
        let (lb, ub) = self.bounds.as_ref().map(|(lb, ub)| (vector(lb), vector(ub))).unzip();
        [Some(matrix(&self.p)), Some(vector(&self.q)), a, b, g, h, lb, ub]
    }
}

pub(super) const NUM_BLOCKS: usize = 8;
/// The blocks' names, and their places.
pub(super) const NAMES: [&str; NUM_BLOCKS] = ["P", "q", "A", "b", "G", "h", "lb", "ub"];
/// Where [`BatchGradient::OF`](crate::BatchGradient) has them.
pub(super) const OF: [usize; NUM_BLOCKS] = [0, 1, 2, 3, 4, 5, 9, 10];
pub(super) const P: usize = 0;
pub(super) const Q: usize = 1;
pub(super) const A: usize = 2;
pub(super) const B: usize = 3;
pub(super) const G: usize = 4;
pub(super) const H: usize = 5;
pub(super) const LB: usize = 6;
pub(super) const UB: usize = 7;

/// A block's tensor of whatever rank.
#[derive(Clone, Debug)]
pub(super) enum BlockTensor {
    Vector(Tensor<1>),
    Vectors(Tensor<2>),
    Matrix(Tensor<2>),
    Matrices(Tensor<3>),
}

impl BlockTensor {
    pub(super) fn device(&self) -> Device {
        match self {
            Self::Vector(t) => t.device(),
            Self::Vectors(t) | Self::Matrix(t) => t.device(),
            Self::Matrices(t) => t.device(),
        }
    }

    pub(super) fn into_dispatch(self) -> DispatchTensor {
        match self {
            Self::Vector(t) => t.into_dispatch(),
            Self::Vectors(t) | Self::Matrix(t) => t.into_dispatch(),
            Self::Matrices(t) => t.into_dispatch(),
        }
    }

    /// Its numbers.
    pub(super) fn read(&self) -> Block {
        let (data, shape, batched) = match self {
            Self::Vector(t) => (t.clone().into_data(), t.dims().to_vec(), false),
            Self::Vectors(t) => (t.clone().into_data(), t.dims().to_vec(), true),
            Self::Matrix(t) => (t.clone().into_data(), t.dims().to_vec(), false),
            Self::Matrices(t) => (t.clone().into_data(), t.dims().to_vec(), true),
        };
        let own = &shape[usize::from(batched)..];
        let (rows, columns) = (own[0], own.get(1).copied());
        let dtype = data.dtype();
        Block { values: data.iter::<f64>().collect(), members: batched.then_some(shape[0]), rows, columns, dtype }
    }
}

/// A block's numbers, row by row, member by member.
#[derive(Clone, Debug)]
pub(super) struct Block {
    pub(super) values: Vec<f64>,
    /// `None` where it is shared.
    pub(super) members: Option<usize>,
    pub(super) rows: usize,
    /// `None` of a vector.
    pub(super) columns: Option<usize>,
    pub(super) dtype: DType,
}

impl Block {
    /// Numbers of one member.
    pub(super) fn len(&self) -> usize {
        self.rows * self.columns.unwrap_or(1)
    }

    pub(super) fn is_batched(&self) -> bool {
        self.members.is_some()
    }

    /// The numbers of member `k`.
    pub(super) fn member(&self, k: usize) -> &[f64] {
        let len = self.len();
        let k = if self.is_batched() { k } else { 0 };
        &self.values[k * len..(k + 1) * len]
    }

    /// The shape of its tensor.
    pub(super) fn shape(&self) -> Vec<usize> {
        self.members.into_iter().chain([self.rows]).chain(self.columns).collect()
    }
}

/// Row by row to column by column; it is its own inverse with the numbers of rows and columns exchanged.
pub(super) fn by_columns(rows: usize, columns: usize, values: &[f64]) -> Vec<f64> {
    (0..columns).flat_map(|j| (0..rows).map(move |i| values[i * columns + j])).collect()
}

/// `½(P + Pᵀ)`.
pub(super) fn symmetric(d: usize, values: &[f64]) -> Vec<f64> {
    (0..d * d).map(|k| 0.5 * (values[k] + values[k % d * d + k / d])).collect()
}

/// A batch's numbers, checked to fit together.
#[derive(Debug)]
pub(super) struct Numbers {
    pub(super) blocks: [Option<Block>; NUM_BLOCKS],
    pub(super) members: usize,
    /// Variables.
    pub(super) d: usize,
}

impl Numbers {
    pub(super) fn new(blocks: [Option<Block>; NUM_BLOCKS]) -> Result<Self> {
        let d = blocks[Q].as_ref().map_or(0, |q| q.rows);
        let rows = |matrix: usize| blocks[matrix].as_ref().map_or(0, |m| m.rows);
        let expected = [
            (d, Some(d)),
            (d, None),
            (rows(A), Some(d)),
            (rows(A), None),
            (rows(G), Some(d)),
            (rows(G), None),
            (d, None),
            (d, None),
        ];
        let mut members = None;
        for ((block, expected), name) in blocks.iter().zip(expected).zip(NAMES) {
            let Some(block) = block else { continue };
            if (block.rows, block.columns) != expected {
                let shape = |(rows, columns): (usize, Option<usize>)| match columns {
                    Some(columns) => format!("{rows} × {columns}"),
                    None => format!("{rows}"),
                };
                let found = shape((block.rows, block.columns));
                let reason = format!("has shape {found} for each member, expected {}", shape(expected));
                return Err(SolverError::invalid_problem(name, reason).into());
            }
            if let Some(own) = block.members {
                let all = *members.get_or_insert(own);
                if own != all {
                    let reason = format!("has {own} members, other blocks have {all}");
                    return Err(SolverError::invalid_problem(name, reason).into());
                }
            }
        }
        let members = members.unwrap_or(1);
        if members == 0 || d == 0 {
            return Err(SolverError::invalid_problem("q", "the batch is empty").into());
        }
        Ok(Self { blocks, members, d })
    }

    /// The program of member `k`, every matrix with a full pattern.
    pub(super) fn program(&self, k: usize) -> crate::Result<Program> {
        let d = self.d;
        let of = |block: usize| self.blocks[block].as_ref().map(|b| (b.rows, b.member(k)));
        let p = of(P).map_or_else(Vec::new, |(_, p)| symmetric(d, p));
        let q = of(Q).map_or(&[][..], |(_, q)| q);
        let mut program = Program::builder(d).objective(&full(d, d, p)?, q);
        if let (Some((rows, a)), Some((_, b))) = (of(A), of(B)) {
            program = program.equalities(&full(rows, d, by_columns(rows, d, a))?, b);
        }
        if let (Some((rows, g)), Some((_, h))) = (of(G), of(H)) {
            program = program.inequalities(&full(rows, d, by_columns(rows, d, g))?, h);
        }
        if let (Some((_, lb)), Some((_, ub))) = (of(LB), of(UB)) {
            program = program.bounds(lb, ub);
        }
        program.build()
    }

    /// Whether the members differ in vectors alone.
    pub(super) fn share_matrices(&self) -> bool {
        [P, A, G].iter().all(|&k| self.blocks[k].as_ref().is_none_or(|b| !b.is_batched()))
    }
}

/// A matrix with every entry in its pattern, column by column.
fn full(nrows: usize, ncols: usize, values: Vec<f64>) -> crate::Result<CscMatrix> {
    let col_ptr = (0..=ncols).map(|j| j * nrows).collect();
    let row_idx = (0..ncols).flat_map(|_| 0..nrows).collect();
    Ok(CscMatrix::new(nrows, ncols, col_ptr, row_idx, values)?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::BatchGradient;

    #[test]
    fn the_blocks_are_where_a_gradient_has_them() {
        let found = OF.map(|place| BatchGradient::OF[place].0);
        assert!(found.iter().zip(NAMES).all(|(found, name)| found.eq_ignore_ascii_case(name)), "{found:?}");
    }
}
