//! The user's program, built from the paper's blocks.

use std::ops::Range;
use std::sync::{Arc, OnceLock};

use bpqp_traits::{CscMatrix, CscRef, ProgramBuf, ProgramRef, ProgramUpdate};

use crate::builder::ProgramBuilder;
use crate::factors::Factors;
use crate::{Error, Result};

/// Where the user's blocks stand among the stacked rows `l ≤ Ax ≤ u`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Blocks {
    /// Rows of `A x = b`.
    pub equalities: Range<usize>,
    /// Rows of `G x ≤ h`.
    pub inequalities: Range<usize>,
    /// Rows of `l ≤ C x ≤ u`.
    pub rows: Range<usize>,
}

/// A convex program in the user's blocks:
/// ```text
/// minimise   ½ xᵀP x + qᵀx + constant
/// subject to A x = b,  G x ≤ h,  l ≤ C x ≤ u,  lb ≤ x ≤ ub,  ‖F_k x + g_k‖₂ ≤ c_kᵀx + d_k
/// ```
/// It has been checked: shapes, NaN, crossed bounds, convexity. Clones share their data until one of them changes.
#[derive(Clone, Debug)]
pub struct Program {
    pub(crate) stacked: Arc<ProgramBuf>,
    pub(crate) blocks: Blocks,
    /// `P` with both triangles, as the user's gradient has it.
    pub(crate) p: Arc<CscMatrix>,
    pub(crate) constant: f64,
    /// Of an objective that is a factor model.
    pub(crate) factors: Option<Arc<Factors>>,
    /// Norms of the stacked rows, once asked for.
    row_norms: OnceLock<Arc<Vec<f64>>>,
}

/// Equal where blocks, constant and all values are.
impl PartialEq for Program {
    fn eq(&self, other: &Self) -> bool {
        let same = self.blocks == other.blocks && self.constant == other.constant;
        same && self.stacked == other.stacked && self.p == other.p
    }
}

impl Program {
    /// From parts that are checked and agree.
    pub(crate) fn from_parts(stacked: ProgramBuf, blocks: Blocks, p: CscMatrix, constant: f64) -> Self {
        Self { stacked: Arc::new(stacked), blocks, p: Arc::new(p), constant, factors: None, row_norms: OnceLock::new() }
    }

    /// Euclidean norms of the stacked rows.
    pub(crate) fn row_norms(&self) -> &[f64] {
        self.row_norms.get_or_init(|| Arc::new(self.as_stacked().a().row_norms()))
    }

    /// A builder for a program in `num_vars` variables.
    pub fn builder(num_vars: usize) -> ProgramBuilder {
        ProgramBuilder::new(num_vars)
    }

    /// Number of variables.
    pub fn num_vars(&self) -> usize {
        self.p.ncols()
    }

    /// The program as solvers see it: rows stacked as equalities, inequalities, two-sided rows.
    pub fn as_stacked(&self) -> ProgramRef<'_> {
        ProgramBuf::as_ref(&self.stacked)
    }

    /// Where the blocks stand among the stacked rows.
    pub fn blocks(&self) -> &Blocks {
        &self.blocks
    }

    /// `P` with both triangles.
    pub fn p(&self) -> CscRef<'_> {
        CscMatrix::as_ref(&self.p)
    }

    /// Constant of the objective.
    pub fn constant(&self) -> f64 {
        self.constant
    }

    /// `½ xᵀP x + qᵀx + constant`.
    pub fn objective(&self, x: &[f64]) -> f64 {
        self.as_stacked().objective(x) + self.constant
    }

    /// The block `rows` of the stacked matrix (`|rows| × num_vars`).
    pub fn row_block(&self, rows: &Range<usize>) -> CscMatrix {
        slice_rows(self.as_stacked().a(), rows)
    }

    /// The rows of each cone among the stacked cone rows: that of `c`, then those of `F`.
    pub fn cone_rows(&self) -> impl Iterator<Item = Range<usize>> + '_ {
        self.as_stacked().cones().into_iter().flat_map(|cones| cones.blocks())
    }

    /// Takes new values on the same sparsity patterns, all or nothing; see [`Values`].
    ///
    /// # Errors
    /// As on construction, with the program left as it was.
    pub fn update(&mut self, new: &Values<'_>) -> Result<()> {
        let update = OwnedUpdate::new(self, new)?;
        update.check_convexity(self)?;
        self.apply(&update, new)
    }

    /// [`update`](Self::update) with `new` already stacked as `update` and known to be convex.
    pub(crate) fn apply(&mut self, update: &OwnedUpdate, new: &Values<'_>) -> Result<()> {
        Arc::make_mut(&mut self.stacked).apply(&update.as_ref())?;
        if update.a.is_some() {
            self.row_norms.take();
        }
        if let Some(p) = new.p {
            Arc::make_mut(&mut self.p).values_mut().copy_from_slice(p);
        }
        Ok(())
    }
}

/// New values for a [`Program`], by its blocks; `None` keeps what is there. Matrices are given by their values in the
/// order of their pattern, sparse columns first to last; `P` with both triangles.
#[derive(Clone, Copy, Debug, Default)]
pub struct Values<'a> {
    /// Values of `P`, both triangles.
    pub p: Option<&'a [f64]>,
    /// Linear term.
    pub q: Option<&'a [f64]>,
    /// Values of the equalities' matrix.
    pub a: Option<&'a [f64]>,
    /// Right-hand side of the equalities.
    pub b: Option<&'a [f64]>,
    /// Values of the inequalities' matrix.
    pub g: Option<&'a [f64]>,
    /// Right-hand side of the inequalities.
    pub h: Option<&'a [f64]>,
    /// Values of the two-sided rows' matrix.
    pub rows: Option<&'a [f64]>,
    /// Lower sides of the two-sided rows.
    pub l: Option<&'a [f64]>,
    /// Upper sides of the two-sided rows.
    pub u: Option<&'a [f64]>,
    /// Lower bounds.
    pub lb: Option<&'a [f64]>,
    /// Upper bounds.
    pub ub: Option<&'a [f64]>,
    /// Values of the cones' stacked matrix, for each cone `cᵀ` over `F`.
    pub cones: Option<&'a [f64]>,
    /// Stacked offsets of the cones, for each cone `d` before `g`.
    pub cone_offsets: Option<&'a [f64]>,
}

/// [`Values`] in the stacked form.
#[derive(Debug, Default)]
pub(crate) struct OwnedUpdate {
    p: Option<Vec<f64>>,
    q: Option<Vec<f64>>,
    a: Option<Vec<f64>>,
    l: Option<Vec<f64>>,
    u: Option<Vec<f64>>,
    lb: Option<Vec<f64>>,
    ub: Option<Vec<f64>>,
    cones: Option<Vec<f64>>,
    cone_offsets: Option<Vec<f64>>,
}

impl OwnedUpdate {
    /// New values; what a block leaves out stays as it is.
    pub(crate) fn new(program: &Program, new: &Values<'_>) -> Result<Self> {
        let old = program.as_stacked();
        Self::stack(program, new, (old.a().values(), old.l(), old.u()))
    }

    /// A direction in the space of the data; what a block leaves out stays put. Checked to be finite.
    pub(crate) fn direction(program: &Program, direction: &Values<'_>) -> Result<Self> {
        let (m, nnz) = (program.as_stacked().num_rows(), program.as_stacked().a().nnz());
        let (matrix, sides) = (vec![0.0; nnz], vec![0.0; m]);
        let cones = program.as_stacked().cones();
        let stacked = Self::stack(program, direction, (&matrix, &sides, &sides))?;
        for (name, v, len) in [
            ("q", &stacked.q, program.num_vars()),
            ("lb", &stacked.lb, program.num_vars()),
            ("ub", &stacked.ub, program.num_vars()),
            ("l", &stacked.l, m),
            ("u", &stacked.u, m),
            ("cones", &stacked.cones, cones.map_or(0, |cones| cones.matrix().nnz())),
            ("cone_offsets", &stacked.cone_offsets, cones.map_or(0, |cones| cones.num_rows())),
        ] {
            let Some(v) = v else { continue };
            check_len(name, v.len(), len)?;
            if let Some(i) = v.iter().position(|x| !x.is_finite()) {
                let reason = format!("entry {i} is {}", v[i]);
                return Err(bpqp_traits::Error::invalid_argument(name, reason).into());
            }
        }
        Ok(stacked)
    }

    /// Stacks the blocks of `new` over the values `(A, l, u)` of the stacked rows.
    fn stack(program: &Program, new: &Values<'_>, (old_a, old_l, old_u): (&[f64], &[f64], &[f64])) -> Result<Self> {
        let pattern = program.as_stacked().a();
        let blocks = &program.blocks;
        let mut update = Self {
            q: new.q.map(<[f64]>::to_vec),
            lb: new.lb.map(<[f64]>::to_vec),
            ub: new.ub.map(<[f64]>::to_vec),
            cones: new.cones.map(<[f64]>::to_vec),
            cone_offsets: new.cone_offsets.map(<[f64]>::to_vec),
            ..Self::default()
        };
        if let Some(p) = new.p {
            check_len("P", p.len(), program.p.nnz())?;
            let full = program.p().with_values(p)?;
            update.p = Some(crate::builder::upper_triangle(full)?.values().to_vec());
        }
        let matrices =
            [(new.a, &blocks.equalities, "A"), (new.g, &blocks.inequalities, "G"), (new.rows, &blocks.rows, "rows")];
        for (values, rows, name) in matrices {
            if let Some(values) = values {
                scatter_rows(pattern, rows, values, name, update.a.get_or_insert_with(|| old_a.to_vec()))?;
            }
        }
        let sides = [
            (new.b, &blocks.equalities, "b", true, true),
            (new.h, &blocks.inequalities, "h", false, true),
            (new.l, &blocks.rows, "l", true, false),
            (new.u, &blocks.rows, "u", false, true),
        ];
        for (values, rows, name, lower, upper) in sides {
            let Some(values) = values else { continue };
            check_len(name, values.len(), rows.len())?;
            if lower {
                update.l.get_or_insert_with(|| old_l.to_vec())[rows.clone()].copy_from_slice(values);
            }
            if upper {
                update.u.get_or_insert_with(|| old_u.to_vec())[rows.clone()].copy_from_slice(values);
            }
        }
        Ok(update)
    }

    pub(crate) fn as_ref(&self) -> ProgramUpdate<'_> {
        ProgramUpdate {
            p: self.p.as_deref(),
            q: self.q.as_deref(),
            a: self.a.as_deref(),
            l: self.l.as_deref(),
            u: self.u.as_deref(),
            lb: self.lb.as_deref(),
            ub: self.ub.as_deref(),
            cone_matrix: self.cones.as_deref(),
            cone_offset: self.cone_offsets.as_deref(),
        }
    }

    pub(crate) fn check_convexity(&self, program: &Program) -> Result<()> {
        if let Some(values) = &self.p {
            crate::convexity::check_convexity(program.as_stacked().p().with_values(values)?)?;
        }
        Ok(())
    }
}

/// Writes `values`, a row block's own column-major order, to their places among the stacked values.
fn scatter_rows(a: CscRef<'_>, rows: &Range<usize>, values: &[f64], name: &str, stacked: &mut [f64]) -> Result<()> {
    let places: Vec<usize> = row_block_positions(a, rows).collect();
    check_len(name, values.len(), places.len())?;
    for (&place, &value) in places.iter().zip(values) {
        stacked[place] = value;
    }
    Ok(())
}

/// Positions, among the stacked values, of the entries in `rows`, column by column.
pub(crate) fn row_block_positions<'a>(a: CscRef<'a>, rows: &'a Range<usize>) -> impl Iterator<Item = usize> + 'a {
    a.row_idx().iter().enumerate().filter(|(_, i)| rows.contains(i)).map(|(place, _)| place)
}

/// The rows `rows` of `a` as a matrix of their own.
pub(crate) fn slice_rows(a: CscRef<'_>, rows: &Range<usize>) -> CscMatrix {
    let triplets: Vec<_> =
        a.entries().filter(|(i, ..)| rows.contains(i)).map(|(i, j, v)| (i - rows.start, j, v)).collect();
    // Entries of a checked matrix stay in range and finite; an empty matrix is the honest fallback.
    CscMatrix::from_triplets(rows.len(), a.ncols(), &triplets)
        .unwrap_or_else(|_| CscMatrix::zeros(rows.len(), a.ncols()))
}

pub(crate) fn check_len(name: &str, found: usize, expected: usize) -> Result<()> {
    if found == expected {
        return Ok(());
    }
    Err(Error::Solver(bpqp_traits::Error::invalid_problem(name, format!("has length {found}, expected {expected}"))))
}
