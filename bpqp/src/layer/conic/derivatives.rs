//! Derivatives of a cone program: those of its linearization, and what the cones' data add to them.

use bpqp_traits::vector::dot;
use bpqp_traits::{ActiveSet, ProgramUpdate};

use super::Conic;
use super::linearize::row_times;
use super::states::{ConePoint, State};
use crate::layer::Layer;
use crate::layer::certificate::{ALL_BLOCKS, Block, Certificate, CertificateKind, ConstraintId, blocks_of};
use crate::layer::cotangent::{Cotangent, StackedCotangent, Tangent};
use crate::layer::face::{jumping_blocks, of_indices};
use crate::layer::gradient::{Gradient, conic};
use crate::layer::reduced::KktSolution;
use crate::program::{Blocks, Program, Values};
use crate::{Error, Result};

impl Conic {
    /// The gradient from cotangents of `x`, the duals of rows and bounds, and the cones' duals.
    pub(in crate::layer) fn vjp(
        &mut self,
        program: &Program,
        layer: &Layer,
        cone_duals: &[f64],
        bar: &StackedCotangent,
    ) -> Result<Gradient> {
        let StackedCotangent { x: x_bar, y: y_bar, bounds, cones: w_bar } = bar;
        let (n, m) = (x_bar.len(), y_bar.len());
        let qp = &self.linearized.program;
        let (d, rows) = (qp.num_vars(), qp.as_stacked().num_rows());
        let (mut x, mut y) = (x_bar.clone(), y_bar.clone());
        x.resize(d, 0.0);
        y.resize(rows, 0.0);
        // The dual (λ, −λû) turns with û as x moves: −λ M w̄₁.
        let mut turned = vec![0.0; w_bar.len()];
        for (point, range) in self.points.iter().zip(&self.rows.of_cone) {
            let w_bar = &w_bar[point.rows.clone()];
            match point.state {
                State::Apex { .. } => y[range.clone()].iter_mut().zip(w_bar).for_each(|(y, w)| *y = -w),
                State::Smooth => {
                    y[range.start] = w_bar[0] - dot(&point.unit, &w_bar[1..]);
                    for (i, v) in point.tail().zip(point.curve(&w_bar[1..])) {
                        turned[i] = -v;
                        self.rows_of.as_ref().col(i).for_each(|(j, f)| x[j] -= f * v);
                    }
                }
            }
        }
        let mut bounds = bounds.clone();
        bounds.resize(d, 0.0);
        let cotangent = self.cotangent(&x, &y, &bounds);
        let adjoint = self.linearized.vjp(&cotangent)?;

        let (z_bar, row_adjoints) = (&adjoint.q()[..n], adjoint.row_adjoints());
        let mut w_adjoint = turned;
        for (point, range) in self.points.iter().zip(&self.rows.of_cone) {
            let multipliers = &row_adjoints[range.clone()];
            let out = &mut w_adjoint[point.rows.clone()];
            match point.state {
                State::Apex { .. } => out.iter_mut().zip(multipliers).for_each(|(out, y)| *out += y),
                State::Smooth => {
                    let step: Vec<f64> = point.tail().map(|i| row_times(self.rows_of.as_ref(), i, z_bar)).collect();
                    out[0] -= multipliers[0];
                    for ((out, unit), v) in out[1..].iter_mut().zip(&point.unit).zip(point.curve(&step)) {
                        *out += v + multipliers[0] * unit;
                    }
                }
            }
        }
        let certificate = self.certify(program, layer, adjoint.certificate())?;
        let duals = cone_duals.iter().map(|w| -w).collect();
        Ok(conic(program, adjoint, (m, duals, w_adjoint), certificate))
    }

    /// The derivative along a direction of the stacked data.
    pub(in crate::layer) fn jvp(
        &mut self,
        program: &Program,
        layer: &Layer,
        cone_duals: &[f64],
        direction: &ProgramUpdate<'_>,
    ) -> Result<Tangent> {
        let stacked = program.as_stacked();
        let (n, m) = (stacked.num_vars(), stacked.num_rows());
        let qp = self.linearized.program.clone();
        let (d, rows) = (qp.num_vars(), qp.as_stacked().num_rows());
        let point = &self.linearized.solution;
        let (x, held) = (&point.x[..n], self.linearized.held_rows());
        let y: Vec<f64> = point.y[..m].iter().zip(held).map(|(y, s)| if s.is_active() { *y } else { 0.0 }).collect();

        let (mut force, mut gap) = (vec![0.0; d], vec![0.0; rows]);
        if let Some(dq) = direction.q {
            force[..n].copy_from_slice(dq);
        }
        if let Some(dp) = direction.p {
            stacked.p().with_values(dp)?.symmetric_mul_add(1.0, x, &mut force[..n]);
        }
        if let Some(da) = direction.a {
            let da = stacked.a().with_values(da)?;
            da.transpose_mul_add(1.0, &y, &mut force[..n]);
            da.mul_add(-1.0, x, &mut gap[..m]);
        }
        // dS x + ds.
        let mut moved = direction.cone_offset.map_or_else(|| vec![0.0; cone_duals.len()], <[f64]>::to_vec);
        if let (Some(ds), Some(cones)) = (direction.cone_matrix, stacked.cones()) {
            let ds = cones.matrix().with_values(ds)?;
            ds.mul_add(1.0, x, &mut moved);
            ds.transpose_mul_add(-1.0, cone_duals, &mut force[..n]);
        }
        for (point, range) in self.points.iter().zip(&self.rows.of_cone) {
            let moved = &moved[point.rows.clone()];
            match point.state {
                State::Apex { .. } => gap[range.clone()].iter_mut().zip(moved).for_each(|(gap, v)| *gap = -v),
                State::Smooth => {
                    gap[range.start] = moved[0] - dot(&point.unit, &moved[1..]);
                    for (i, v) in point.tail().zip(point.curve(&moved[1..])) {
                        self.rows_of.as_ref().col(i).for_each(|(j, f)| force[j] += f * v);
                    }
                }
            }
        }
        let (mut l, mut u) = (gap.clone(), gap);
        for (side, change) in [(&mut l, direction.l), (&mut u, direction.u)] {
            side[..m].iter_mut().zip(change.unwrap_or_default()).for_each(|(side, v)| *side += v);
        }
        let padded = |side: Option<&[f64]>| {
            let mut side = side.map_or_else(Vec::new, <[f64]>::to_vec);
            side.resize(d, 0.0);
            side
        };
        let (lb, ub) = (padded(direction.lb), padded(direction.ub));
        let blocks = qp.blocks();
        let values = Values {
            q: Some(&force),
            b: Some(&u[blocks.equalities.clone()]),
            h: Some(&u[blocks.inequalities.clone()]),
            l: Some(&l[blocks.rows.clone()]),
            u: Some(&u[blocks.rows.clone()]),
            lb: Some(&lb),
            ub: Some(&ub),
            ..Values::default()
        };
        let mut tangent = self.linearized.jvp(&values)?;

        let own_rows = program.blocks().rows.len();
        let first = blocks.rows.start;
        let mut cones = vec![0.0; cone_duals.len()];
        for (point, range) in self.points.iter().zip(&self.rows.of_cone) {
            let multipliers = &tangent.rows[range.start - first..range.end - first];
            let out = &mut cones[point.rows.clone()];
            match point.state {
                State::Apex { .. } => out.iter_mut().zip(multipliers).for_each(|(w, y)| *w = -y),
                State::Smooth => {
                    let step: Vec<f64> =
                        point.tail().map(|i| row_times(self.rows_of.as_ref(), i, &tangent.x) + moved[i]).collect();
                    let along = point.dual(multipliers[0]);
                    let across = std::iter::once(0.0).chain(point.curve(&step));
                    out.iter_mut().zip(along.zip(across)).for_each(|(w, (along, across))| *w = along - across);
                }
            }
        }
        let certificate = self.certify(program, layer, &tangent.certificate)?;
        tangent.x.truncate(n);
        tangent.bounds.truncate(n);
        tangent.rows.truncate(own_rows);
        Ok(Tangent { cones, certificate, ..tangent })
    }

    /// What is true of the solution whatever the cotangent, and the sides at which the program's own constraints are held.
    pub(in crate::layer) fn facts(&self, program: &Program, layer: &Layer) -> Result<(Certificate, ActiveSet)> {
        let Some(prepared) = &self.linearized.prepared else {
            return Err(Error::NotSolved { status: self.linearized.status });
        };
        let inner = Certificate::new(&prepared.facts, &KktSolution::default(), self.kkt_residual);
        Ok((self.certify(program, layer, &inner)?, self.sides(program)))
    }

    /// The sides at which the program's own constraints are held.
    fn sides(&self, program: &Program) -> ActiveSet {
        let sides = self.linearized.prepared.as_ref().map(|prepared| prepared.sides.clone());
        let ActiveSet { mut rows, mut bounds } = sides.unwrap_or_default();
        rows.truncate(program.as_stacked().num_rows());
        bounds.truncate(program.num_vars());
        ActiveSet { rows, bounds }
    }

    /// Whether moving the variables `loose` moves a curved cone along its ray, which turns with the data, and the face of
    /// solutions with it: then a loss that is the same on all of the face is so no longer beside it.
    fn turns_along(&self, loose: &[usize]) -> bool {
        self.moves_along(loose, |_, point, value| point.curvature > 0.0 && value != 0.0)
    }

    /// Whether one of the cones has an entry at one of the variables `loose` that `which` says yes to.
    fn moves_along(&self, loose: &[usize], which: impl Fn(usize, &ConePoint, f64) -> bool) -> bool {
        let is_loose = of_indices(self.rows_of.nrows(), loose);
        let rows = self.points.iter().enumerate().flat_map(|(k, point)| point.rows.clone().map(move |i| (k, point, i)));
        let mut entries =
            rows.flat_map(|(k, point, i)| self.rows_of.as_ref().col(i).map(move |(j, v)| (k, point, j, v)));
        entries.any(|(k, point, j, v)| is_loose[j] && which(k, point, v))
    }

    /// A cotangent of the linearized program's solution by its blocks.
    fn cotangent<'a>(&self, x: &'a [f64], y: &'a [f64], bounds: &'a [f64]) -> Cotangent<'a> {
        let Blocks { equalities, inequalities, rows } = self.linearized.program.blocks().clone();
        Cotangent {
            x: Some(x),
            equalities: Some(&y[equalities]),
            inequalities: Some(&y[inequalities]),
            rows: Some(&y[rows]),
            bounds: Some(bounds),
            cones: None,
        }
    }

    /// The linearized program's certificate in the program's own terms.
    fn certify(&self, program: &Program, layer: &Layer, inner: &Certificate) -> Result<Certificate> {
        let stacked = program.as_stacked();
        let (n, m) = (stacked.num_vars(), stacked.num_rows());
        let qp = &self.linearized.program;
        let rows = qp.blocks();
        let own = |id: &ConstraintId| -> Option<ConstraintId> {
            if id.block == Block::Rows {
                let row = rows.rows.start + id.index;
                let cone = || self.rows.cone_of(row).map(|index| ConstraintId { block: Block::Cones, index });
                return if row < m { Some(*id) } else { cone() };
            }
            Some(*id)
        };
        let user = |ids: &[ConstraintId]| -> Vec<ConstraintId> {
            let mut ids: Vec<_> = ids.iter().filter_map(own).collect();
            ids.sort_unstable();
            ids.dedup();
            ids
        };
        let at_apex = |weak: bool| {
            let at = move |point: &ConePoint| matches!(point.state, State::Apex { weak: is } if is == weak || !weak);
            let cones = self.points.iter().enumerate().filter(move |(_, point)| at(point));
            cones.map(|(index, _)| ConstraintId { block: Block::Cones, index })
        };
        let merged = |ids: &[ConstraintId], more: &mut dyn Iterator<Item = ConstraintId>| {
            let mut ids = user(ids);
            ids.extend(more);
            ids.sort_unstable();
            ids.dedup();
            ids
        };
        let active = merged(&inner.active, &mut at_apex(false));
        let weakly_active = merged(&inner.weakly_active, &mut at_apex(true));
        let dependent = user(&inner.dependent);
        let loose_variables: Vec<usize> = inner.loose_variables.iter().copied().filter(|&j| j < n).collect();
        let is_degenerate = !dependent.is_empty() || !loose_variables.is_empty();
        let kind = if is_degenerate {
            CertificateKind::Degenerate
        } else if weakly_active.is_empty() {
            CertificateKind::Exact
        } else {
            CertificateKind::Kink
        };
        let in_doubt = inner.inexact_blocks == ALL_BLOCKS && is_degenerate;
        let inexact_blocks = if in_doubt || !weakly_active.is_empty() || self.turns_along(&loose_variables) {
            ALL_BLOCKS.to_vec()
        } else if loose_variables.is_empty() {
            let places: Vec<usize> = dependent.iter().map(|id| id.stacked(program)).collect();
            blocks_of(m..m + self.points.len(), program.blocks(), &places)
        } else {
            let mut jumping = jumping_blocks(&stacked, program.blocks(), &self.sides(program), &loose_variables);
            let is_held = |index| active.binary_search(&ConstraintId { block: Block::Cones, index }).is_ok();
            if self.moves_along(&loose_variables, |k, _, _| is_held(k)) {
                jumping.push("cones");
            }
            jumping
        };
        debug_assert!(active.iter().all(|id| id.block != Block::Bounds || id.index < n));
        let certificate = Certificate {
            kind,
            active,
            weakly_active,
            dependent,
            loose_variables,
            inexact_blocks,
            at_kink: layer.choices.at_kink,
            kkt_residual: self.kkt_residual,
            ..inner.clone()
        };
        certificate.refuse(&layer.choices)?;
        Ok(certificate)
    }
}
