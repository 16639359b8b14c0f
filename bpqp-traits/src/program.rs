//! The problem as solvers see it, borrowed.

use crate::vector::dot;
use crate::{ConesRef, CscRef, Error, Result};

/// A convex program `min ½ xᵀPx + qᵀx` over rows `l ≤ Ax ≤ u`, bounds `lb ≤ x ≤ ub` and second-order cones, borrowed.
///
/// A value of this type has been checked: shapes agree, nothing is NaN, `l ≤ u`, `lb ≤ ub`, `P` is an upper triangle
/// with a non-negative diagonal. That `P` is positive semidefinite is the caller's promise (the facade `bpqp` checks it).
#[derive(Clone, Copy, Debug)]
pub struct ProgramRef<'a> {
    p: CscRef<'a>,
    q: &'a [f64],
    a: CscRef<'a>,
    row_bounds: (&'a [f64], &'a [f64]),
    var_bounds: (&'a [f64], &'a [f64]),
    cones: Option<ConesRef<'a>>,
}

impl<'a> ProgramRef<'a> {
    /// A program without cones: `P` (`n × n`, upper triangle), `q` (`n`), `A` (`m × n`), `(l, u)` (`m` each) and
    /// `(lb, ub)` (`n` each). `P` may be empty (LP), `m` may be zero, bounds may be infinite.
    ///
    /// # Errors
    /// [`Error::InvalidProblem`] naming the block and the place; [`Error::NotConvex`] for a negative diagonal entry.
    pub fn new(
        p: CscRef<'a>,
        q: &'a [f64],
        a: CscRef<'a>,
        (l, u): (&'a [f64], &'a [f64]),
        (lb, ub): (&'a [f64], &'a [f64]),
    ) -> Result<Self> {
        let n = q.len();
        if n == 0 {
            return Err(Error::invalid_problem("q", "the program has no variables"));
        }
        if p.nrows() != n || p.ncols() != n {
            let reason = format!("is {} × {}, expected {n} × {n}", p.nrows(), p.ncols());
            return Err(Error::invalid_problem("P", reason));
        }
        if a.ncols() != n {
            let reason = format!("is {} × {}, expected {n} columns", a.nrows(), a.ncols());
            return Err(Error::invalid_problem("A", reason));
        }
        p.check_upper_triangle("P")?;
        p.check_values("P")?;
        a.check_values("A")?;
        check_diagonal(p)?;
        check_finite("q", q)?;
        check_bounds(("l", l), ("u", u), a.nrows())?;
        check_bounds(("lb", lb), ("ub", ub), n)?;
        Ok(Self { p, q, a, row_bounds: (l, u), var_bounds: (lb, ub), cones: None })
    }

    /// The same program with second-order cones.
    ///
    /// # Errors
    /// [`Error::InvalidProblem`] where the cones' matrix has another number of columns.
    pub fn with_cones(self, cones: ConesRef<'a>) -> Result<Self> {
        if cones.matrix().ncols() != self.num_vars() {
            let reason = format!("matrix has {} columns, expected {}", cones.matrix().ncols(), self.num_vars());
            return Err(Error::invalid_problem("cones", reason));
        }
        Ok(Self { cones: (!cones.is_empty()).then_some(cones), ..self })
    }

    /// Trusts parts that an owned, checked program holds.
    pub(crate) fn trusted(
        p: CscRef<'a>,
        q: &'a [f64],
        a: CscRef<'a>,
        row_bounds: (&'a [f64], &'a [f64]),
        var_bounds: (&'a [f64], &'a [f64]),
        cones: Option<ConesRef<'a>>,
    ) -> Self {
        Self { p, q, a, row_bounds, var_bounds, cones }
    }

    /// Number of variables `n`.
    pub fn num_vars(&self) -> usize {
        self.q.len()
    }

    /// Number of rows `m`.
    pub fn num_rows(&self) -> usize {
        self.a.nrows()
    }

    /// Number of stacked cone rows `k`.
    pub fn num_cone_rows(&self) -> usize {
        self.cones.map_or(0, |c| c.num_rows())
    }

    /// Hessian `P`, upper triangle (`n × n`).
    pub fn p(&self) -> CscRef<'a> {
        self.p
    }

    /// Linear term `q` (`n`).
    pub fn q(&self) -> &'a [f64] {
        self.q
    }

    /// Rows `A` (`m × n`).
    pub fn a(&self) -> CscRef<'a> {
        self.a
    }

    /// Lower sides of the rows (`m`), −∞ where absent.
    pub fn l(&self) -> &'a [f64] {
        self.row_bounds.0
    }

    /// Upper sides of the rows (`m`), +∞ where absent.
    pub fn u(&self) -> &'a [f64] {
        self.row_bounds.1
    }

    /// Lower bounds of the variables (`n`), −∞ where absent.
    pub fn lb(&self) -> &'a [f64] {
        self.var_bounds.0
    }

    /// Upper bounds of the variables (`n`), +∞ where absent.
    pub fn ub(&self) -> &'a [f64] {
        self.var_bounds.1
    }

    /// Second-order cones, if any.
    pub fn cones(&self) -> Option<ConesRef<'a>> {
        self.cones
    }

    /// Whether the objective is linear: no stored entry of `P` differs from zero.
    pub fn is_linear(&self) -> bool {
        self.p.values().iter().all(|&v| v == 0.0)
    }

    /// `½ xᵀPx + qᵀx`.
    pub fn objective(&self, x: &[f64]) -> f64 {
        0.5 * self.p.symmetric_quadratic_form(x) + dot(self.q, x)
    }
}

pub(crate) fn check_diagonal(p: CscRef<'_>) -> Result<()> {
    // The diagonal's entry is the last of its column's.
    let last_of = |j: usize| p.col_ptr()[j + 1].checked_sub(1).filter(|&k| k >= p.col_ptr()[j]);
    let diagonal = |j: usize| last_of(j).filter(|&k| p.row_idx()[k] == j).map(|k| p.values()[k]);
    match (0..p.ncols()).find_map(|j| diagonal(j).filter(|v| *v < 0.0).map(|v| (j, v))) {
        Some((i, v)) => Err(Error::NotConvex { reason: format!("P[{i}, {i}] = {v} is negative") }),
        None => Ok(()),
    }
}

pub(crate) fn check_finite(block: &str, v: &[f64]) -> Result<()> {
    match v.iter().position(|x| !x.is_finite()) {
        Some(i) => Err(Error::invalid_problem(block, format!("entry {i} is {}", v[i]))),
        None => Ok(()),
    }
}

pub(crate) fn check_bounds((lo_name, lo): (&str, &[f64]), (hi_name, hi): (&str, &[f64]), len: usize) -> Result<()> {
    for (name, v) in [(lo_name, lo), (hi_name, hi)] {
        if v.len() != len {
            return Err(Error::invalid_problem(name, format!("has length {}, expected {len}", v.len())));
        }
        if let Some(i) = v.iter().position(|x| x.is_nan()) {
            return Err(Error::invalid_problem(name, format!("entry {i} is NaN")));
        }
    }
    if let Some(i) = lo.iter().position(|&x| x == f64::INFINITY) {
        return Err(Error::invalid_problem(lo_name, format!("entry {i} is +∞; a lower side is finite or −∞")));
    }
    if let Some(i) = hi.iter().position(|&x| x == f64::NEG_INFINITY) {
        return Err(Error::invalid_problem(hi_name, format!("entry {i} is −∞; an upper side is finite or +∞")));
    }
    if let Some(i) = (0..len).find(|&i| lo[i] > hi[i]) {
        let reason = format!("entry {i}: {lo_name} = {} exceeds {hi_name} = {}", lo[i], hi[i]);
        return Err(Error::invalid_problem(lo_name, reason));
    }
    Ok(())
}
