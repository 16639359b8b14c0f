//! Building a program from the paper's blocks.

use std::sync::Arc;

use bpqp_traits::{ConesRef, CscMatrix, CscRef, Error as SolverError, ProgramBuf};

use crate::Result;
use crate::convexity::check_convexity;
use crate::factors::{Factors, lifted_equalities, widened};
use crate::matrix::AsCsc;
use crate::program::{Blocks, Program};

/// Relative difference of `P[i, j]` and `P[j, i]` that still counts as rounding.
const SYMMETRY_TOLERANCE: f64 = 1e-10;

type Checked<T> = std::result::Result<T, SolverError>;

/// One stacked block of rows: matrix, lower and upper sides.
struct RowBlock {
    matrix: CscMatrix,
    lower: Vec<f64>,
    upper: Vec<f64>,
}

/// Stacked cones.
struct ConeBlock {
    matrix: CscMatrix,
    offset: Vec<f64>,
    dims: Vec<usize>,
}

/// Collects the blocks of a [`Program`]; every check happens in [`build`](Self::build), and the first error is told.
/// A block may be given once.
pub struct ProgramBuilder {
    num_vars: usize,
    objective: Option<(CscMatrix, Vec<f64>)>,
    /// `F` of a factor model.
    factors: Option<CscMatrix>,
    constant: f64,
    equalities: Option<RowBlock>,
    inequalities: Option<RowBlock>,
    rows: Option<RowBlock>,
    bounds: Option<(Vec<f64>, Vec<f64>)>,
    cones: Vec<ConeBlock>,
    assume_convex: bool,
    error: Option<SolverError>,
}

impl ProgramBuilder {
    pub(crate) fn new(num_vars: usize) -> Self {
        Self {
            num_vars,
            objective: None,
            factors: None,
            constant: 0.0,
            equalities: None,
            inequalities: None,
            rows: None,
            bounds: None,
            cones: Vec::new(),
            assume_convex: false,
            error: None,
        }
    }

    /// Objective `½ xᵀP x + qᵀx`: `p` symmetric with both triangles (`d × d`), `q` (`d`).
    pub fn objective<P: AsCsc + ?Sized>(mut self, p: &P, q: &[f64]) -> Self {
        let given_before = self.objective.is_some();
        match named("P", p.to_csc()) {
            Ok(p) => self.objective = Some((p, q.to_vec())),
            Err(error) => self.fail(error),
        }
        self.once("objective", given_before)
    }

    /// Objective `qᵀx` (`d`).
    pub fn linear_objective(self, q: &[f64]) -> Self {
        let d = self.num_vars;
        self.objective(&CscMatrix::zeros(d, d), q)
    }

    /// Objective `½ xᵀ(F Fᵀ + diag(d)) x + qᵀx`, a factor model: `diagonal` (`d ≥ 0`), `f` (`d × k`), `q` (`d`).
    ///
    /// `F Fᵀ` would be dense, and is not formed: the program gets `k` variables `f = Fᵀx` behind yours, free, with the
    /// objective `½‖f‖²`, and `k` equalities `Fᵀx − f = 0` behind yours. Cones see `x` alone. Other blocks are given in `x`;
    /// all sizes and patterns of the finished program, and of gradients, are those of `(x, f)`. See
    /// [`Program::num_factors`], [`Gradient::factors`](crate::Gradient::factors),
    /// [`Gradient::diagonal`](crate::Gradient::diagonal).
    pub fn factor_objective<F: AsCsc + ?Sized>(mut self, diagonal: &[f64], f: &F, q: &[f64]) -> Self {
        let given_before = self.objective.is_some();
        match (named("diagonal", CscMatrix::from_diagonal(diagonal)), named("F", f.to_csc())) {
            (Ok(p), Ok(f)) => (self.objective, self.factors) = (Some((p, q.to_vec())), Some(f)),
            (Err(error), _) | (_, Err(error)) => self.fail(error),
        }
        self.once("objective", given_before)
    }

    /// A constant added to the objective.
    pub fn constant(mut self, constant: f64) -> Self {
        self.constant = constant;
        self
    }

    /// Equalities `A x = b`: `a` (`n × d`), `b` (`n`).
    pub fn equalities<A: AsCsc + ?Sized>(mut self, a: &A, b: &[f64]) -> Self {
        let given_before = self.equalities.is_some();
        match row_block(("A", a), ("b", b), ("b", b)) {
            Ok(block) => self.equalities = Some(block),
            Err(error) => self.fail(error),
        }
        self.once("equalities", given_before)
    }

    /// Inequalities `G x ≤ h`: `g` (`m × d`), `h` (`m`, +∞ where absent).
    pub fn inequalities<G: AsCsc + ?Sized>(mut self, g: &G, h: &[f64]) -> Self {
        let given_before = self.inequalities.is_some();
        let no_lower = vec![f64::NEG_INFINITY; h.len()];
        match row_block(("G", g), ("h", &no_lower), ("h", h)) {
            Ok(block) => self.inequalities = Some(block),
            Err(error) => self.fail(error),
        }
        self.once("inequalities", given_before)
    }

    /// Two-sided rows `l ≤ C x ≤ u`: `c` (`k × d`), `l` and `u` (`k`, infinite where absent).
    pub fn rows<C: AsCsc + ?Sized>(mut self, l: &[f64], c: &C, u: &[f64]) -> Self {
        let given_before = self.rows.is_some();
        match row_block(("rows", c), ("l", l), ("u", u)) {
            Ok(block) => self.rows = Some(block),
            Err(error) => self.fail(error),
        }
        self.once("rows", given_before)
    }

    /// Bounds `lb ≤ x ≤ ub` (`d` each, infinite where absent).
    pub fn bounds(mut self, lb: &[f64], ub: &[f64]) -> Self {
        let given_before = self.bounds.replace((lb.to_vec(), ub.to_vec())).is_some();
        self.once("bounds", given_before)
    }

    /// A cone `‖F x + g‖₂ ≤ cᵀx + d`: `f` (`k × d`), `g` (`k`), `c` (`d`, each entry part of the pattern). May be given many
    /// times. For sparse `c` see [`second_order_cones`](Self::second_order_cones).
    pub fn second_order_cone<F: AsCsc + ?Sized>(mut self, f: &F, g: &[f64], c: &[f64], d: f64) -> Self {
        match cone_block(f, g, c, d) {
            Ok(cone) => self.cones.push(cone),
            Err(error) => self.fail(error),
        }
        self
    }

    /// Cones in stacked form: for each `k` of the dimensions `dims` the next `dims[k]` rows of `matrix` (`Σ dims × d`) and
    /// `offset` are `c_kᵀx + d_k` and `F_k x + g_k`. May be given many times, beside [single
    /// cones](Self::second_order_cone).
    pub fn second_order_cones<S: AsCsc + ?Sized>(mut self, matrix: &S, offset: &[f64], dims: &[usize]) -> Self {
        match named("cones", matrix.to_csc()).and_then(|matrix| {
            ConesRef::new(matrix.as_ref(), offset, dims)?;
            Ok(matrix)
        }) {
            Ok(matrix) => self.cones.push(ConeBlock { matrix, offset: offset.to_vec(), dims: dims.to_vec() }),
            Err(error) => self.fail(error),
        }
        self
    }

    /// Skips the convexity check of `P`, a sparse Cholesky factorization: the caller knows it to be semidefinite.
    pub fn assume_convex(mut self) -> Self {
        self.assume_convex = true;
        self
    }

    /// Checks everything and builds the program.
    ///
    /// # Errors
    /// [`InvalidProblem`](SolverError::InvalidProblem) naming the block and the place,
    /// [`NotConvex`](SolverError::NotConvex).
    pub fn build(self) -> Result<Program> {
        if let Some(error) = self.error {
            return Err(error.into());
        }
        let d = self.num_vars;
        let Some((p, q)) = self.objective else {
            return Err(SolverError::invalid_problem("objective", "missing; give objective(P, q)").into());
        };
        if q.len() != d {
            return Err(SolverError::invalid_problem("q", format!("has length {}, expected {d}", q.len())).into());
        }
        if (p.nrows(), p.ncols()) != (d, d) {
            let reason = format!("is {} × {}, expected {d} × {d}", p.nrows(), p.ncols());
            return Err(SolverError::invalid_problem("P", reason).into());
        }
        if !self.constant.is_finite() {
            return Err(SolverError::invalid_problem("constant", format!("is {}", self.constant)).into());
        }
        let given = Given { p, q, rows: [self.equalities, self.inequalities, self.rows], bounds: self.bounds };
        let (given, factors) = match self.factors {
            Some(factors) => {
                let (given, factors) = given.lift(d, factors)?;
                (given, Some(Arc::new(factors)))
            }
            None => (given, None),
        };
        let Given { p, q, rows, bounds } = given;
        let n = q.len();
        let upper = upper_triangle(p.as_ref())?;
        let (a, l, u, blocks) = stack(n, rows)?;
        let bounds = bounds.unwrap_or_else(|| (vec![f64::NEG_INFINITY; n], vec![f64::INFINITY; n]));
        let mut stacked = ProgramBuf::new(upper, q, a, (l, u), bounds)?;
        if !self.cones.is_empty() {
            let (matrix, offset, dims) = stack_cones(d, self.cones)?;
            stacked = stacked.with_cones(widened(&matrix, n - d)?, offset, dims)?;
        }
        if !self.assume_convex {
            check_convexity(stacked.as_ref().p())?;
        }
        let mut program = Program::from_parts(stacked, blocks, p, self.constant);
        program.factors = factors;
        Ok(program)
    }

    fn fail(&mut self, error: SolverError) {
        self.error.get_or_insert(error);
    }

    fn once(mut self, block: &str, given_before: bool) -> Self {
        if given_before {
            self.fail(SolverError::invalid_problem(block, "given twice"));
        }
        self
    }
}

/// The blocks of one set of variables.
struct Given {
    p: CscMatrix,
    q: Vec<f64>,
    rows: [Option<RowBlock>; 3],
    bounds: Option<(Vec<f64>, Vec<f64>)>,
}

impl Given {
    /// The same in `(x, f)`, with `f = Fᵀx` as the last equalities and `½‖f‖²` in the objective.
    fn lift(self, d: usize, factors: CscMatrix) -> Checked<(Self, Factors)> {
        let k = factors.ncols();
        if factors.nrows() != d {
            let reason = format!("has {} rows, expected {d}", factors.nrows());
            return Err(SolverError::invalid_problem("F", reason));
        }
        let Self { p, mut q, rows: [equalities, inequalities, rows], bounds } = self;
        q.resize(d + k, 0.0);
        let diagonal: Vec<f64> = p.values().iter().copied().chain(std::iter::repeat_n(1.0, k)).collect();
        let matrix = equalities.as_ref().map(|block| &block.matrix);
        if let Some(a) = matrix.filter(|a| a.nrows() > 0 && a.ncols() != d) {
            return Err(SolverError::invalid_problem("A", format!("has {} columns, expected {d}", a.ncols())));
        }
        let matrix = lifted_equalities(matrix, &factors)?;
        let factors = Factors::new(factors, &matrix);
        let b = equalities.map_or_else(Vec::new, |block| block.lower);
        let b = [b, vec![0.0; k]].concat();
        let widen = |block: Option<RowBlock>| -> Checked<Option<RowBlock>> {
            let Some(block) = block else { return Ok(None) };
            Ok(Some(RowBlock { matrix: widened(&block.matrix, k)?, ..block }))
        };
        let bounds = bounds.map(|(mut lb, mut ub)| {
            lb.extend(std::iter::repeat_n(f64::NEG_INFINITY, k));
            ub.extend(std::iter::repeat_n(f64::INFINITY, k));
            (lb, ub)
        });
        let equalities = Some(RowBlock { matrix, lower: b.clone(), upper: b });
        let rows = [equalities, widen(inequalities)?, widen(rows)?];
        Ok((Self { p: CscMatrix::from_diagonal(&diagonal)?, q, rows, bounds }, factors))
    }
}

/// The upper triangle of the symmetric `p`; the mean where the triangles differ by rounding.
pub(crate) fn upper_triangle(p: CscRef<'_>) -> Checked<CscMatrix> {
    let mirror = p.transpose();
    if !p.same_pattern(&mirror.as_ref()) {
        let reason = "the pattern is not symmetric; give both triangles";
        return Err(SolverError::invalid_problem("P", reason));
    }
    let mut upper = Vec::with_capacity(p.nnz() / 2 + p.ncols());
    for ((i, j, v), (_, _, w)) in p.entries().zip(mirror.as_ref().entries()) {
        if (v - w).abs() > SYMMETRY_TOLERANCE * v.abs().max(w.abs()) {
            let reason = format!("not symmetric: P[{i}, {j}] = {v} but P[{j}, {i}] = {w}");
            return Err(SolverError::invalid_problem("P", reason));
        }
        if i <= j {
            upper.push((i, j, 0.5 * (v + w)));
        }
    }
    CscMatrix::from_triplets(p.nrows(), p.ncols(), &upper)
}

/// Renames the block of a matrix error.
fn named<T>(block: &str, result: Checked<T>) -> Checked<T> {
    result.map_err(|error| match error {
        SolverError::InvalidProblem { reason, .. } => SolverError::invalid_problem(block, reason),
        other => other,
    })
}

fn row_block<M: AsCsc + ?Sized>(
    (name, matrix): (&str, &M),
    (lower_name, lower): (&str, &[f64]),
    (upper_name, upper): (&str, &[f64]),
) -> Checked<RowBlock> {
    let matrix = named(name, matrix.to_csc())?;
    for (name, side) in [(lower_name, lower), (upper_name, upper)] {
        if side.len() != matrix.nrows() {
            let reason = format!("has length {}, expected {}", side.len(), matrix.nrows());
            return Err(SolverError::invalid_problem(name, reason));
        }
        if let Some(i) = side.iter().position(|v| v.is_nan()) {
            return Err(SolverError::invalid_problem(name, format!("entry {i} is NaN")));
        }
        if name == "b"
            && let Some(i) = side.iter().position(|v| v.is_infinite())
        {
            return Err(SolverError::invalid_problem(name, format!("entry {i} is {}", side[i])));
        }
    }
    if let Some(i) = (0..matrix.nrows()).find(|&i| lower[i] > upper[i] || upper[i] == f64::NEG_INFINITY) {
        let reason = format!("entry {i}: no number lies between {} and {}", lower[i], upper[i]);
        return Err(SolverError::invalid_problem(upper_name, reason));
    }
    Ok(RowBlock { matrix, lower: lower.to_vec(), upper: upper.to_vec() })
}

type Stacked = (CscMatrix, Vec<f64>, Vec<f64>, Blocks);

fn stack(d: usize, blocks: [Option<RowBlock>; 3]) -> Checked<Stacked> {
    let (mut triplets, mut l, mut u) = (Vec::new(), Vec::new(), Vec::new());
    let mut ranges = [0..0, 0..0, 0..0];
    for ((block, range), name) in blocks.into_iter().zip(&mut ranges).zip(["A", "G", "rows"]) {
        let start = l.len();
        if let Some(block) = block {
            // A matrix without rows may not know its number of columns.
            if block.matrix.nrows() > 0 && block.matrix.ncols() != d {
                let reason = format!("has {} columns, expected {d}", block.matrix.ncols());
                return Err(SolverError::invalid_problem(name, reason));
            }
            triplets.extend(block.matrix.as_ref().entries().map(|(i, j, v)| (start + i, j, v)));
            l.extend(block.lower);
            u.extend(block.upper);
        }
        *range = start..l.len();
    }
    let matrix = CscMatrix::from_triplets(l.len(), d, &triplets)?;
    let [equalities, inequalities, rows] = ranges;
    Ok((matrix, l, u, Blocks { equalities, inequalities, rows }))
}

fn cone_block<F: AsCsc + ?Sized>(f: &F, g: &[f64], c: &[f64], d: f64) -> Checked<ConeBlock> {
    let f = named("F", f.to_csc())?;
    if f.nrows() != g.len() {
        return Err(SolverError::invalid_problem("g", format!("has length {}, expected {}", g.len(), f.nrows())));
    }
    if f.nrows() > 0 && f.ncols() != c.len() {
        return Err(SolverError::invalid_problem("c", format!("has length {}, expected {}", c.len(), f.ncols())));
    }
    let head = c.iter().enumerate().map(|(j, v)| (0, j, *v));
    let tail = f.as_ref().entries().map(|(i, j, v)| (i + 1, j, v)).collect::<Vec<_>>();
    let triplets: Vec<_> = head.chain(tail).collect();
    let matrix = named("cone", CscMatrix::from_triplets(g.len() + 1, c.len(), &triplets))?;
    let offset = std::iter::once(d).chain(g.iter().copied()).collect();
    Ok(ConeBlock { matrix, offset, dims: vec![g.len() + 1] })
}

fn stack_cones(d: usize, cones: Vec<ConeBlock>) -> Checked<(CscMatrix, Vec<f64>, Vec<usize>)> {
    let (mut triplets, mut offset, mut dims) = (Vec::new(), Vec::new(), Vec::new());
    for ConeBlock { matrix, offset: s, dims: more } in cones {
        if matrix.ncols() != d {
            let reason = format!("cone {} has {} columns, expected {d}", dims.len(), matrix.ncols());
            return Err(SolverError::invalid_problem("cones", reason));
        }
        triplets.extend(matrix.as_ref().entries().map(|(i, j, v)| (offset.len() + i, j, v)));
        dims.extend(more);
        offset.extend(s);
    }
    Ok((CscMatrix::from_triplets(offset.len(), d, &triplets)?, offset, dims))
}
