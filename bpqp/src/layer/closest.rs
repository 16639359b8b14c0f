//! Infeasible programs: the program whose rows are moved least instead, and its derivatives.
//!
//! Two programs, one after the other:
//! ```text
//! least     minimize ½‖s‖²          subject to  l ≤ A x + s ≤ u,          lb ≤ x ≤ ub
//! relaxed   minimize ½xᵀP x + qᵀx   subject to  l − s ≤ A x ≤ u − s,      lb ≤ x ≤ ub
//! ```
//! `s` is unique, though `x` in the first need not be. Rows with `s ≠ 0` hold with equality wherever the violation is least.
//! The derivative is that of the second, and through `s` that of the first.

use std::borrow::Cow;

use bpqp_traits::vector::max_abs;
use bpqp_traits::{CscMatrix, Error as SolverError, KktResiduals, ProgramBuf, ProgramUpdate, Side, Solution, Status};

use super::certificate::{ALL_BLOCKS, Certificate, CertificateKind, ConstraintId, constraint_id};
use super::choices::{AtKink, Choices};
use super::cotangent::{Cotangent, StackedCotangent, Tangent};
use super::gradient::{Gradient, chain};
use super::{Layer, Solved};
use crate::Result;
use crate::program::{Blocks, Program, Values};

/// What stands in for an infeasible program.
pub(super) struct Closest {
    least: Box<Solved<'static>>,
    relaxed: Box<Solved<'static>>,
    /// `s` (`m`).
    shift: Vec<f64>,
    /// The sides at which the first program holds the rows.
    held: Vec<Side>,
}

impl Solved<'_> {
    /// Replaces the solution, which there is none of, by the closest feasible one.
    pub(super) fn relax(&mut self) -> Result<()> {
        if self.program.as_stacked().cones().is_some() {
            return Err(SolverError::unsupported("bpqp", "the closest feasible point where there are cones").into());
        }
        let closest = Closest::new(&self.layer, &self.program)?;
        let relaxed = &closest.relaxed;
        self.status = if relaxed.status.has_solution() { Status::ClosestFeasible } else { relaxed.status };
        (self.solution, self.residuals) = (relaxed.solution.clone(), relaxed.residuals);
        self.closest = relaxed.status.has_solution().then_some(closest);
        // Of the relaxed program, which has its own.
        (self.session, self.regularized) = (None, None);
        Ok(())
    }
}

impl Closest {
    fn new(layer: &Layer, program: &Program) -> Result<Self> {
        let choices = layer.choices.of_substitute();
        let dropping = layer.with(Choices { at_kink: AtKink::Drop, ..choices.clone() });
        let mut least = dropping.run(Cow::Owned(least_violation(program)?))?;
        least.polish()?;
        let n = program.num_vars();
        let held = least.held_rows().to_vec();
        let violations = least.x()[n..].iter().zip(&held);
        let shift: Vec<f64> = violations.map(|(s, side)| if side.is_active() { *s } else { 0.0 }).collect();
        let relaxed = layer.with(choices).run(Cow::Owned(relaxed(program, &shift, &held)?))?;
        Ok(Self { least: Box::new(least), relaxed: Box::new(relaxed), shift, held })
    }

    pub(super) fn shift(&self) -> &[f64] {
        &self.shift
    }

    /// Polishes, and takes what came of it.
    pub(super) fn polish(&mut self, solution: &mut Solution, residuals: &mut KktResiduals) -> Result<()> {
        self.relaxed.polish()?;
        solution.clone_from(&self.relaxed.solution);
        *residuals = self.relaxed.residuals;
        Ok(())
    }

    /// The gradient from cotangents of `x`, the stacked rows' duals and the bounds' duals.
    pub(super) fn vjp(&mut self, program: &Program, layer: &Layer, bar: &StackedCotangent) -> Result<Gradient> {
        let StackedCotangent { x: x_bar, y: y_bar, bounds: bound_bar, .. } = bar;
        let n = program.num_vars();
        let cotangent = Cotangent { x: Some(x_bar), rows: Some(y_bar), bounds: Some(bound_bar), ..Default::default() };
        let relaxed = self.relaxed.vjp(&cotangent)?;
        let mut bar = vec![0.0; n];
        bar.extend(relaxed.l().iter().zip(relaxed.u()).map(|(l, u)| -(l + u)));
        let least = self.least.backward(&bar)?;
        let (mut l, mut u) = (least.l().to_vec(), least.u().to_vec());
        for i in 0..l.len() {
            let (lower, upper) = (relaxed.l()[i], relaxed.u()[i]);
            // A row that was moved stands on the side it was violated at.
            let (lower, upper) = match self.moved(i) {
                Some(Side::Lower) => (lower + upper, 0.0),
                Some(Side::Upper) => (0.0, lower + upper),
                _ => (lower, upper),
            };
            (l[i], u[i]) = (l[i] + lower, u[i] + upper);
        }
        let duals = max_abs(y_bar).max(max_abs(bound_bar)) > 0.0;
        let certificate = self.certify(program, layer, (relaxed.certificate(), least.certificate()), duals)?;
        Ok(chain(program, (relaxed, least), (&l, &u), certificate))
    }

    /// The derivative along a direction: of `P`, with both triangles, and of the stacked rest.
    pub(super) fn jvp(
        &mut self,
        program: &Program,
        layer: &Layer,
        (p, direction): (Option<&[f64]>, &ProgramUpdate<'_>),
    ) -> Result<Tangent> {
        let (n, m) = (program.num_vars(), self.shift.len());
        let or_zero = |part: Option<&[f64]>, len: usize| part.map_or_else(|| vec![0.0; len], <[f64]>::to_vec);
        let nnz = program.as_stacked().a().nnz();
        let padded = |part: Option<&[f64]>, len: usize| [or_zero(part, len), vec![0.0; m]].concat();
        let (a, lb, ub) = (padded(direction.a, nnz), padded(direction.lb, n), padded(direction.ub, n));
        let (mut l, mut u) = (or_zero(direction.l, m), or_zero(direction.u, m));
        let values =
            Values { rows: Some(&a), l: Some(&l), u: Some(&u), lb: Some(&lb), ub: Some(&ub), ..Values::default() };
        let least = self.least.jvp(&values)?;
        for (i, shift) in least.x[n..].iter().enumerate() {
            match self.moved(i) {
                Some(Side::Lower) => u[i] = l[i],
                Some(Side::Upper) => l[i] = u[i],
                _ => {}
            }
            (l[i], u[i]) = (l[i] - shift, u[i] - shift);
        }
        let values = Values {
            p,
            q: direction.q,
            rows: Some(&a[..nnz]),
            l: Some(&l),
            u: Some(&u),
            lb: Some(&lb[..n]),
            ub: Some(&ub[..n]),
            ..Values::default()
        };
        let relaxed = self.relaxed.jvp(&values)?;
        let certificate = self.certify(program, layer, (&relaxed.certificate, &least.certificate), false)?;
        let blocks = program.blocks();
        Ok(Tangent {
            equalities: relaxed.rows[blocks.equalities.clone()].to_vec(),
            inequalities: relaxed.rows[blocks.inequalities.clone()].to_vec(),
            rows: relaxed.rows[blocks.rows.clone()].to_vec(),
            certificate,
            ..relaxed
        })
    }

    /// The side at which row `i` of the program, an inequality, is violated.
    fn moved(&self, i: usize) -> Option<Side> {
        matches!(self.held[i], Side::Lower | Side::Upper).then_some(self.held[i])
    }

    /// What the two derivatives come to; `duals` where the relaxed program's duals are differentiated.
    ///
    /// Rows that were moved depend on one another, as they must, or some point would satisfy them. Moving their sides moves
    /// `s` along, and which multipliers were chosen cancels. Moving their entries may make them independent, and the program
    /// feasible: there is no derivative with respect to those, unless the least violation leaves no freedom to `x`.
    fn certify(
        &self,
        program: &Program,
        layer: &Layer,
        (relaxed, least): (&Certificate, &Certificate),
        duals: bool,
    ) -> Result<Certificate> {
        let stacked = program.as_stacked();
        let (n, m) = (stacked.num_vars(), stacked.num_rows());
        let place = |id: &ConstraintId| id.index + if id.block == super::Block::Bounds { m } else { 0 };
        let user = |ids: &[ConstraintId]| -> Vec<ConstraintId> {
            ids.iter().map(|id| constraint_id(&stacked, program.blocks(), place(id))).collect()
        };
        let merged = |mut ids: Vec<ConstraintId>, more: Vec<ConstraintId>| {
            ids.extend(more);
            ids.sort_unstable();
            ids.dedup();
            ids
        };
        let rows = |ids: &[ConstraintId]| ids.iter().filter(|id| place(id) < m).copied().collect::<Vec<_>>();
        let met = |id: &&ConstraintId| {
            [&relaxed.active, &relaxed.weakly_active, &relaxed.dependent].iter().any(|ids| ids.contains(id))
        };
        // What the first program's point happens to touch, and the second's does not, does not hold the violation back.
        let doubtful: Vec<ConstraintId> = least.weakly_active.iter().filter(met).copied().collect();
        let weakly_active = merged(user(&relaxed.weakly_active), user(&doubtful));
        let holds = |id: &ConstraintId| match place(id).checked_sub(m) {
            None => self.held[place(id)].is_active(),
            Some(_) => least.active.contains(id),
        };
        let cancels = relaxed.dependent.iter().all(holds) && !duals;
        let inexact_blocks = if !weakly_active.is_empty()
            || !relaxed.loose_variables.is_empty()
            || !(cancels || relaxed.dependent.is_empty())
        {
            ALL_BLOCKS.to_vec()
        } else if least.loose_variables.iter().any(|&j| j < n) {
            let blocks = program.blocks();
            let touched = |rows: &std::ops::Range<usize>| rows.clone().any(|i| self.shift[i] != 0.0);
            let matrices = [("A", &blocks.equalities), ("G", &blocks.inequalities), ("rows", &blocks.rows)];
            matrices.into_iter().filter(|(_, rows)| touched(rows)).map(|(name, _)| name).collect()
        } else {
            Vec::new()
        };
        let kind = match (inexact_blocks.is_empty(), weakly_active.is_empty()) {
            (true, _) => CertificateKind::Exact,
            (false, false) if cancels || relaxed.dependent.is_empty() => CertificateKind::Kink,
            _ => CertificateKind::Degenerate,
        };
        let certificate = Certificate {
            kind,
            residual: relaxed.residual.max(least.residual),
            undetermined: relaxed.undetermined.max(least.undetermined),
            kkt_residual: relaxed.kkt_residual.max(least.kkt_residual),
            error_estimate: relaxed.error_estimate.zip(least.error_estimate).map(|(relaxed, least)| relaxed + least),
            radius: relaxed.radius.zip(least.radius).map(|(relaxed, least)| relaxed.min(least)),
            active: merged(user(&relaxed.active), user(&rows(&least.active))),
            weakly_active,
            dependent: if kind == CertificateKind::Degenerate { user(&relaxed.dependent) } else { Vec::new() },
            loose_variables: relaxed.loose_variables.clone(),
            inexact_blocks,
            at_kink: layer.choices.at_kink,
            regularization: relaxed.regularization,
            relaxation: max_abs(&self.shift),
            smoothing: 0.0,
        };
        certificate.refuse(&layer.choices)?;
        Ok(certificate)
    }
}

/// `min ½‖s‖²  s.t.  l ≤ A x + s ≤ u,  lb ≤ x ≤ ub` in `(x, s)`.
fn least_violation(program: &Program) -> Result<Program> {
    let stacked = program.as_stacked();
    let (n, m) = (stacked.num_vars(), stacked.num_rows());
    let ones: Vec<_> = (0..m).map(|i| (n + i, n + i, 1.0)).collect();
    let p = CscMatrix::from_triplets(n + m, n + m, &ones)?;
    let identity = (0..m).map(|i| (i, n + i, 1.0));
    let a: Vec<_> = stacked.a().entries().chain(identity).collect();
    let a = CscMatrix::from_triplets(m, n + m, &a)?;
    let padded = |bounds: &[f64], with: f64| [bounds, &vec![with; m]].concat();
    let bounds = (padded(stacked.lb(), f64::NEG_INFINITY), padded(stacked.ub(), f64::INFINITY));
    let sides = (stacked.l().to_vec(), stacked.u().to_vec());
    let stacked = ProgramBuf::new(p.clone(), vec![0.0; n + m], a, sides, bounds)?;
    Ok(Program::from_parts(stacked, in_one_block(m), p, 0.0))
}

/// The program with its rows moved by `shift`; those that are held at a side hold with equality.
fn relaxed(program: &Program, shift: &[f64], held: &[Side]) -> Result<Program> {
    let stacked = program.as_stacked();
    let moved = |i: usize| (stacked.l()[i] - shift[i], stacked.u()[i] - shift[i]);
    let sides = held.iter().enumerate().map(|(i, side)| match (side, moved(i)) {
        (Side::Lower, (l, _)) => (l, l),
        (Side::Upper, (_, u)) => (u, u),
        (_, sides) => sides,
    });
    let bounds = (stacked.lb().to_vec(), stacked.ub().to_vec());
    let (p, q, a) = (stacked.p().to_owned(), stacked.q().to_vec(), stacked.a().to_owned());
    let stacked = ProgramBuf::new(p, q, a, sides.unzip(), bounds)?;
    let p = program.p().to_owned();
    Ok(Program::from_parts(stacked, in_one_block(shift.len()), p, program.constant()))
}

fn in_one_block(m: usize) -> Blocks {
    Blocks { rows: 0..m, ..Blocks::default() }
}
