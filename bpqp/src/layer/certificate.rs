//! What a gradient is worth.

use std::fmt;
use std::ops::Range;

use bpqp_traits::{ActiveSet, KktResiduals, ProgramRef, Side};

use super::active::{Constraint, Reading};
use super::choices::{AtDegeneracy, AtKink, Choices};
use super::face::{DETERMINED, jumping_blocks};
use super::probe::Rank;
use super::reduced::KktSolution;
use crate::program::{Blocks, Program};
use crate::{Error, Result};

/// Duals and slacks below this, in common units, count as zero: the row is weakly active.
pub(crate) const WEAK: f64 = 1e-8;

/// What a gradient is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum CertificateKind {
    /// The derivative: strict complementarity, independent active rows, curvature on their null space.
    Exact,
    /// Some rows are weakly active (dual and slack both zero): the solution has a kink, and this is the one-sided
    /// derivative that drops them, or keeps them: see [`AtKink`].
    Kink,
    /// The active rows are dependent, or the solution is not unique: this is the least-norm element.
    Degenerate,
}

impl CertificateKind {
    /// The kind in `snake_case`, as programs read it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Exact => "exact",
            Self::Kink => "kink",
            Self::Degenerate => "degenerate",
        }
    }
}

impl fmt::Display for CertificateKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// A block of the user's program.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Block {
    /// `A x = b`.
    Equalities,
    /// `G x ≤ h`.
    Inequalities,
    /// `l ≤ C x ≤ u`.
    Rows,
    /// `lb ≤ x ≤ ub`.
    Bounds,
    /// `‖F_k x + g_k‖ ≤ c_kᵀx + d_k`.
    Cones,
}

impl Block {
    /// The block's name in files and tables: `A`, `G`, `rows`, `bounds`, `soc`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Equalities => "A",
            Self::Inequalities => "G",
            Self::Rows => "rows",
            Self::Bounds => "bounds",
            Self::Cones => "soc",
        }
    }
}

/// One constraint by its place in the user's program.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ConstraintId {
    /// The block.
    pub block: Block,
    /// Row within the block, or the index of the variable or the cone.
    pub index: usize,
}

impl ConstraintId {
    /// Its place among all constraints of `program`: stacked rows, then cones, then bounds.
    pub(crate) fn stacked(&self, program: &Program) -> usize {
        let (m, blocks) = (program.as_stacked().num_rows(), program.blocks());
        let start = match self.block {
            Block::Equalities => blocks.equalities.start,
            Block::Inequalities => blocks.inequalities.start,
            Block::Rows => blocks.rows.start,
            Block::Cones => m,
            Block::Bounds => m + program.cone_rows().count(),
        };
        start + self.index
    }
}

impl fmt::Display for ConstraintId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}[{}]", self.block.as_str(), self.index)
    }
}

/// What a gradient is worth; every gradient carries one.
#[derive(Clone, Debug, PartialEq)]
pub struct Certificate {
    /// What the gradient is.
    pub kind: CertificateKind,
    /// `‖K w + rhs‖∞ / ‖rhs‖∞` of the adjoint system, measured with the unregularized matrix.
    pub residual: f64,
    /// Share of the cotangent, by Euclidean length, that falls where the solution is not unique, and so has no derivative; the
    /// gradient is that of the rest. Where a residual of 1e-9 is out of reach otherwise, directions count among these whose
    /// curvature is below 1e-6 of the Hessian's largest entry. Zero unless `loose_variables` has entries.
    pub undetermined: f64,
    /// Largest relative KKT residual of the point the gradient was taken at.
    pub kkt_residual: f64,
    /// An estimate of [`Gradient::difference`](super::Gradient::difference) to the gradient without rounding: what
    /// residuals and roundings of the adjoint solution and of the point come to when the inverse of the KKT matrix
    /// is applied to them. `None` unless
    /// [`estimate_errors`](super::LayerBuilder::estimate_errors) asks for it. Where the solution is not unique, of the
    /// least-norm element, and `None` if the solutions do not stand apart from directions of slight curvature.
    pub error_estimate: Option<f64>,
    /// An estimate of how far the derivative holds: if all data change by less than this share of themselves, the active set
    /// stays. Close to rounding it is no derivative to speak of, whatever `kind` says. `None` as for `error_estimate`.
    pub radius: Option<f64>,
    /// Inequality rows, bounds and cones that were held as equalities (equalities are not listed).
    pub active: Vec<ConstraintId>,
    /// Rows, bounds and cones with neither dual nor slack; the gradient treats them as `at_kink` says. Also cones at their
    /// apex whose dual lies on the boundary: these are held at the apex.
    pub weakly_active: Vec<ConstraintId>,
    /// Active constraints, equalities included, whose duals are not unique: they depend on one another.
    pub dependent: Vec<ConstraintId>,
    /// Variables at which the solution is not unique.
    pub loose_variables: Vec<usize>,
    /// The blocks of the gradient that are not the derivative, named as by [`Gradient::blocks`](super::Gradient::blocks);
    /// the others are, whatever `kind` says. At a kink these are all blocks; where active constraints depend on one another,
    /// those of their own data and of the bounds that they push against; where the solution is not unique, all blocks of a
    /// loss that differs among the solutions, and of another `q` and the matrices with entries at variables that are loose.
    /// Where both happens, all blocks.
    pub inexact_blocks: Vec<&'static str>,
    /// What was done with the weakly active constraints, where there are any.
    pub at_kink: AtKink,
    /// The `ε` of the objective `qᵀx + ε‖x‖²` that was differentiated in place of a linear one; 0 for the program itself.
    pub regularization: f64,
    /// Largest amount by which a row was moved to make an infeasible program feasible; 0 for the program itself. See
    /// [`AtInfeasibility::Closest`](super::AtInfeasibility::Closest).
    pub relaxation: f64,
    /// The `μ` of the log-barrier program that was differentiated in place of the program; 0 for the program itself. See
    /// [`smoothing`](super::LayerBuilder::smoothing).
    pub smoothing: f64,
}

impl Certificate {
    /// That of the derivative where nothing is in doubt.
    pub(crate) fn exact(active: Vec<ConstraintId>, residual: f64, kkt_residual: f64) -> Self {
        Self {
            kind: CertificateKind::Exact,
            residual,
            undetermined: 0.0,
            kkt_residual,
            error_estimate: None,
            radius: None,
            active,
            weakly_active: Vec::new(),
            dependent: Vec::new(),
            loose_variables: Vec::new(),
            inexact_blocks: Vec::new(),
            at_kink: AtKink::Drop,
            regularization: 0.0,
            relaxation: 0.0,
            smoothing: 0.0,
        }
    }

    pub(crate) fn new(facts: &Facts, adjoint: &KktSolution, kkt_residual: f64) -> Self {
        Self {
            kind: facts.kind(),
            residual: adjoint.residual,
            undetermined: adjoint.undetermined,
            kkt_residual,
            error_estimate: None,
            radius: None,
            active: facts.active.clone(),
            weakly_active: facts.weakly_active.clone(),
            dependent: facts.dependent.clone(),
            loose_variables: facts.loose_variables.clone(),
            inexact_blocks: if adjoint.undetermined <= DETERMINED {
                facts.inexact_blocks.clone()
            } else {
                ALL_BLOCKS.to_vec()
            },
            at_kink: facts.at_kink,
            regularization: facts.regularization,
            relaxation: 0.0,
            smoothing: 0.0,
        }
    }

    /// That of a derivative of the solution itself: where it is not unique, no block is vouched for.
    pub(crate) fn of_solution(mut self) -> Self {
        if !self.loose_variables.is_empty() {
            self.inexact_blocks = ALL_BLOCKS.to_vec();
        }
        self
    }

    /// Refuses what `choices` do.
    pub(super) fn refuse(&self, choices: &Choices) -> Result<()> {
        let Self { kind, weakly_active, dependent, loose_variables, .. } = self;
        refuse(*kind, weakly_active, (dependent, loose_variables), choices)
    }
}

fn refuse(
    kind: CertificateKind,
    weakly_active: &[ConstraintId],
    (dependent, loose_variables): (&[ConstraintId], &[usize]),
    choices: &Choices,
) -> Result<()> {
    if choices.at_degeneracy == AtDegeneracy::Refuse && kind == CertificateKind::Degenerate {
        return Err(Error::Degenerate { dependent: dependent.to_vec(), loose_variables: loose_variables.to_vec() });
    }
    if choices.at_kink == AtKink::Refuse && !weakly_active.is_empty() {
        return Err(Error::Kink { weakly_active: weakly_active.to_vec() });
    }
    Ok(())
}

/// What is true of a solution whatever the cotangent.
#[derive(Clone, Debug, Default)]
pub(crate) struct Facts {
    active: Vec<ConstraintId>,
    weakly_active: Vec<ConstraintId>,
    dependent: Vec<ConstraintId>,
    loose_variables: Vec<usize>,
    /// For a loss that is the same at all solutions.
    inexact_blocks: Vec<&'static str>,
    at_kink: AtKink,
    regularization: f64,
}

impl Facts {
    pub(crate) fn new(
        program: &ProgramRef<'_>,
        blocks: &Blocks,
        active: &ActiveSet,
        (weak, at_kink): (&[usize], AtKink),
        rank: Rank,
        regularization: f64,
    ) -> Self {
        let name = |k: usize| constraint_id(program, blocks, k);
        let sides = active.rows.iter().chain(&active.bounds).enumerate();
        let held = sides.filter(|(_, s)| matches!(s, Side::Lower | Side::Upper)).map(|(k, _)| name(k)).collect();
        let inexact_blocks = match (rank.loose_variables.is_empty(), rank.dependent.is_empty()) {
            _ if !weak.is_empty() => ALL_BLOCKS.to_vec(),
            (true, _) => blocks_of(program.num_rows()..program.num_rows(), blocks, &rank.dependent),
            (false, true) => jumping_blocks(program, blocks, active, &rank.loose_variables),
            // Both at once may be units that the solver could not bridge.
            (false, false) => ALL_BLOCKS.to_vec(),
        };
        Self {
            inexact_blocks,
            at_kink,
            active: held,
            weakly_active: weak.iter().map(|&k| name(k)).collect(),
            dependent: rank.dependent.iter().map(|&i| name(i)).collect(),
            loose_variables: rank.loose_variables,
            regularization,
        }
    }

    /// Refuses what `choices` do.
    pub(super) fn refuse(&self, choices: &Choices) -> Result<()> {
        let Self { weakly_active, dependent, loose_variables, .. } = self;
        refuse(self.kind(), weakly_active, (dependent, loose_variables), choices)
    }

    pub(crate) fn kind(&self) -> CertificateKind {
        if !self.dependent.is_empty() || !self.loose_variables.is_empty() {
            CertificateKind::Degenerate
        } else if !self.weakly_active.is_empty() {
            CertificateKind::Kink
        } else {
            CertificateKind::Exact
        }
    }
}

/// The blocks of a gradient.
pub(crate) const ALL_BLOCKS: [&str; 13] =
    ["P", "q", "A", "b", "G", "h", "rows", "l", "u", "lb", "ub", "cones", "cone_offsets"];

/// The blocks in which the adjoint multipliers of `dependent` constraints appear: rows first, then those of cones, then
/// bounds.
pub(crate) fn blocks_of(cones: Range<usize>, blocks: &Blocks, dependent: &[usize]) -> Vec<&'static str> {
    let within = |rows: &Range<usize>| dependent.iter().any(|i| rows.contains(i));
    let parts: [(bool, &[&str]); 5] = [
        (within(&blocks.equalities), &["A", "b"]),
        (within(&blocks.inequalities), &["G", "h"]),
        (within(&blocks.rows), &["rows", "l", "u"]),
        (dependent.iter().any(|&k| k >= cones.end), &["lb", "ub"]),
        (within(&cones), &["cones", "cone_offsets"]),
    ];
    parts.into_iter().filter(|(is_inexact, _)| *is_inexact).flat_map(|(_, names)| names).copied().collect()
}

/// The user's name for stacked constraint `k`: rows first, then bounds.
pub(crate) fn constraint_id(program: &ProgramRef<'_>, blocks: &Blocks, k: usize) -> ConstraintId {
    let m = program.num_rows();
    let (block, start) = if k >= m {
        (Block::Bounds, m)
    } else if blocks.equalities.contains(&k) {
        (Block::Equalities, blocks.equalities.start)
    } else if blocks.inequalities.contains(&k) {
        (Block::Inequalities, blocks.inequalities.start)
    } else {
        (Block::Rows, blocks.rows.start)
    };
    ConstraintId { block, index: k - start }
}

/// Indices, rows first, then bounds, of the inequalities with neither dual nor slack at a solution known to within these
/// residuals; duals as small as `relative` times the forces still matter.
pub(crate) fn weakly_active(reading: &Reading, residuals: &KktResiduals, relative: f64) -> Vec<usize> {
    let accuracy = 10.0 * residuals.max();
    let slack_tolerance = WEAK.max(accuracy);
    // A force that is small in the program's units is known to fewer digits of its own.
    let dual_tolerance = (WEAK * relative).max(accuracy).max(10.0 * residuals.dual_absolute / reading.force);
    let weak = |c: &Constraint| !c.equality && c.dual.abs() <= dual_tolerance && c.slack() <= slack_tolerance;
    reading.constraints.iter().enumerate().filter(|(_, c)| weak(c)).map(|(k, _)| k).collect()
}

/// `active` with the constraints in `weak` at the sides that they are at.
pub(crate) fn with(active: &ActiveSet, weak: &[usize], reading: &Reading) -> ActiveSet {
    let mut active = active.clone();
    let m = active.rows.len();
    for &k in weak {
        let side = reading.constraints[k].nearer_side();
        if k < m { active.rows[k] = side } else { active.bounds[k - m] = side }
    }
    active
}

/// `active` without the constraints in `weak`.
pub(crate) fn without(active: &ActiveSet, weak: &[usize]) -> ActiveSet {
    let mut active = active.clone();
    let m = active.rows.len();
    for &k in weak {
        if k < m { active.rows[k] = Side::Free } else { active.bounds[k - m] = Side::Free }
    }
    active
}
