//! Benchmark problems, reproducible from a seed, with their exact solutions where these are known.
//!
//! ```
//! # fn main() -> bpqp::Result<()> {
//! use bpqp::generate::{Family, Recipe};
//! let problem = Recipe::new(Family::Gaussian).n(50).m(10).p(5).seed(7).generate()?;
//! let known = problem.solution.as_ref().map(|s| s.x[0]);
//! let solved = bpqp::Layer::new()?.forward(&problem.program)?;
//! assert!((solved.x()[0] - known.unwrap_or(f64::NAN)).abs() < 1e-6);
//! # Ok(())
//! # }
//! ```
//!
//! One seed gives one problem on one machine; on another kind of processor the last bits may differ.

mod family;
mod mpc;
mod paper;
mod planted;
mod portfolio;
mod projection;
pub(crate) mod random;

use bpqp_traits::{CscMatrix, Error as SolverError, Solution};

pub use family::Family;
pub use mpc::ModelPredictiveControl;

use self::random::Random;
use crate::{Program, Result};

/// The most entries that the matrices of one problem may have.
const MAX_ENTRIES: usize = 1 << 28;

/// What to generate; sizes that are left out are the family's own.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Recipe {
    family: Family,
    n: Option<usize>,
    m: Option<usize>,
    p: Option<usize>,
    epsilon: f64,
    seed: u64,
}

/// A problem and what is known of it.
#[derive(Clone, Debug)]
pub struct Generated {
    /// Family, sizes and seed, such as `gaussian-n50-m10-p5-seed7`.
    pub name: String,
    /// The problem.
    pub program: Program,
    /// Its solution and multipliers, exact to rounding, where the construction gives them.
    pub solution: Option<Solution>,
}

/// Sizes of a problem, as its [`Family`] reads them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sizes {
    /// Variables, assets or stages.
    pub n: usize,
    /// Inequalities, factors or inputs.
    pub m: usize,
    /// Equalities or states.
    pub p: usize,
}

impl Recipe {
    /// The family's default sizes, seed 1.
    pub fn new(family: Family) -> Self {
        Self { family, n: None, m: None, p: None, epsilon: 1e-6, seed: 1 }
    }

    /// Variables, assets or stages: see [`Family`].
    pub fn n(mut self, n: usize) -> Self {
        self.n = Some(n);
        self
    }

    /// Inequalities, factors or inputs: see [`Family`].
    pub fn m(mut self, m: usize) -> Self {
        self.m = Some(m);
        self
    }

    /// Equalities or states: see [`Family`].
    pub fn p(mut self, p: usize) -> Self {
        self.p = Some(p);
        self
    }

    /// The `ε` of [`Family::PaperLp`]'s objective `qᵀx + ε‖x‖²`; default 1e-6.
    pub fn epsilon(mut self, epsilon: f64) -> Self {
        self.epsilon = epsilon;
        self
    }

    /// The seed of the random numbers.
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }

    /// The sizes of the problem.
    ///
    /// # Errors
    /// [`InvalidArgument`](SolverError::InvalidArgument) for sizes that the family does not allow or does not have.
    pub fn sizes(&self) -> Result<Sizes> {
        self.family.sizes(self.n, self.m, self.p)
    }

    /// Makes the problem.
    ///
    /// # Errors
    /// As [`sizes`](Self::sizes), and for an `ε` that is not positive.
    pub fn generate(&self) -> Result<Generated> {
        let sizes = self.sizes()?;
        let random = &mut Random::new(self.seed);
        let (program, solution) = match self.family {
            Family::PaperQp => (paper::qp(sizes, random)?, None),
            Family::PaperLp => {
                // Where the rows are so nearly parallel that the shortest point is far away, not all of them are active.
                let (program, solution) = known(paper::lp(sizes, self.epsilon, random)?);
                let multipliers = |s: &Solution| s.y[program.blocks().inequalities.clone()].iter().all(|y| *y > 0.0);
                let solution = solution.filter(multipliers);
                (program, solution)
            }
            Family::PaperSocp => known(paper::socp(sizes.n, random)?),
            Family::Gaussian => known(planted::gaussian(sizes, random)?),
            Family::RandomSparse => known(planted::random_sparse(sizes, random)?),
            Family::Local => known(planted::local(sizes, random)?),
            Family::Portfolio => (portfolio::dense(sizes, random)?, None),
            Family::PortfolioFactor => (portfolio::factor(sizes, random)?, None),
            Family::Mpc => (ModelPredictiveControl::random(sizes, random).program()?, None),
            Family::Simplex => known(projection::simplex(sizes.n, random)?),
            Family::Chain => known(projection::chain(sizes.n, random)?),
        };
        let Sizes { n, m, p } = sizes;
        let name = format!("{}-n{n}-m{m}-p{p}-seed{}", self.family.name(), self.seed);
        Ok(Generated { name, program, solution })
    }
}

/// A program whose solution is known.
type Known = (Program, Solution);

fn known((program, mut solution): Known) -> (Program, Option<Solution>) {
    solution.objective = program.as_stacked().objective(&solution.x);
    (program, Some(solution))
}

fn invalid(name: &str, reason: impl Into<String>) -> crate::Error {
    SolverError::invalid_argument(name, reason).into()
}

/// A matrix with every entry in its pattern, column by column.
fn full(nrows: usize, ncols: usize, values: Vec<f64>) -> Result<CscMatrix> {
    let col_ptr = (0..=ncols).map(|j| j * nrows).collect();
    let row_idx = (0..ncols).flat_map(|_| 0..nrows).collect();
    Ok(CscMatrix::new(nrows, ncols, col_ptr, row_idx, values)?)
}

/// `scale · FᵀF + shift · I` (`n × n`, all entries) for `F` (`k × n`, column by column), symmetric to the last bit.
fn gram(n: usize, k: usize, factor: &[f64], scale: f64, shift: f64) -> Result<CscMatrix> {
    let factor = faer::MatRef::from_column_major_slice(factor, k, n);
    let product = factor.transpose() * factor;
    let entry = |i: usize, j: usize| scale * product[(i.min(j), i.max(j))] + if i == j { shift } else { 0.0 };
    full(n, n, (0..n).flat_map(|j| (0..n).map(move |i| (i, j))).map(|(i, j)| entry(i, j)).collect())
}

/// `M x`.
fn times(matrix: &CscMatrix, x: &[f64]) -> Vec<f64> {
    let mut product = vec![0.0; matrix.nrows()];
    matrix.as_ref().mul_add(1.0, x, &mut product);
    product
}
