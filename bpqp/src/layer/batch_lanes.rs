//! Members of a batch that share their matrices, several at a time: one in each lane of a solver that can do that, and all
//! checked at once.

use std::ops::Range;

use bpqp_traits::vector::max_nan;
use bpqp_traits::{
    ActiveSet, KktResiduals, LANES, Lane, LanePoint, LaneProducts, LaneVectors, ProgramRef, Side, Solution,
};
use pulp::Arch;

use super::active::largest_curvature;
use super::batch::CotangentOf;
use super::batch_gradient::{BatchGradient, Sizes};
use super::batch_load::{fill, is_valid, load};
use super::certificate::{Certificate, constraint_id};
use super::derivatives::ADJOINT_TOLERANCE;
use super::gradient::assemble;
use super::lane_check::{FREE, LOWER, UPPER, Units, pushing_side, sides};
use super::polish::GOOD;
use super::reduced::KktSolution;
use super::session::LayerSession;
use crate::program::{Blocks, Values};

/// Fewer members than this are solved one by one.
pub(super) const FEWEST: usize = 3;

/// The buffers of one thread.
#[derive(Default)]
pub(super) struct LaneBuffers {
    pub(super) vectors: LaneVectors,
    point: LanePoint,
    adjoint: LanePoint,
    cotangents: Vec<Lane>,
    px: Vec<Lane>,
    ax: Vec<Lane>,
    forces: Vec<Lane>,
    /// The sides of all constraints, in the code of [`super::lane_check`].
    sides: Vec<Lane>,
    /// One member's cotangent.
    bar: Vec<f64>,
    curvature: f64,
}

/// Members in lanes, and where their results go.
pub(super) struct LaneMembers<'a, 'b> {
    pub(super) values: &'a [Values<'a>],
    /// Where they were, and where they come to be.
    pub(super) starts: &'a mut [Option<Solution>],
    /// The first member's index in the batch, with the function that gives cotangents.
    pub(super) cotangent: Option<(usize, &'a CotangentOf<'a>)>,
    /// The first member's index among those that `out` has place for.
    pub(super) place: usize,
    pub(super) sizes: &'a Sizes,
    pub(super) out: &'a mut BatchGradient<'b>,
}

/// What a member comes to: solved, with the certificate of its gradient where that was asked for.
pub(super) type Outcome = Option<Certificate>;

impl LaneBuffers {
    /// `P x`, `A x` and `Aᵀy + ζ` of a point in all lanes.
    fn multiply(&mut self, program: &ProgramRef<'_>, is_adjoint: bool) {
        let point = if is_adjoint { &self.adjoint } else { &self.point };
        self.px.fill([0.0; LANES]);
        self.ax.fill([0.0; LANES]);
        self.forces.copy_from_slice(&point.bound_duals);
        program.p().symmetric_mul_add_lanes(1.0, &point.x, &mut self.px);
        program.a().mul_both_add_lanes(1.0, (&point.x, &mut self.ax), (&point.y, &mut self.forces));
    }

    /// What stationarity says of the adjoint's bounds, into `forces`, and the residual on the active set, as
    /// [`ReducedKkt`](super::reduced::ReducedKkt) has it.
    #[inline(always)]
    fn adjoint_residuals(&mut self) -> Lane {
        let Self { adjoint, cotangents, px, ax, forces, sides, .. } = self;
        let (rows, bounds) = sides.split_at(ax.len());
        let (mut worst, mut size) = ([0.0; LANES], [0.0; LANES]);
        for (j, side) in bounds.iter().enumerate() {
            for k in 0..LANES {
                let g = cotangents[j][k];
                // Without the solver's ζ̃, which the stationarity condition replaces.
                let force = px[j][k] + forces[j][k] - adjoint.bound_duals[j][k] + g;
                let is_free = side[k] == FREE;
                worst[k] = max_nan(if is_free { force.abs() } else { adjoint.x[j][k].abs() }, worst[k]);
                size[k] = max_nan(if is_free { g.abs() } else { 0.0 }, size[k]);
                forces[j][k] = if is_free { 0.0 } else { -force };
                // Where it is not finite nothing is small.
                worst[k] += 0.0 * force;
            }
        }
        for (i, side) in rows.iter().enumerate() {
            for k in 0..LANES {
                let gap = if side[k] == FREE { adjoint.y[i][k] } else { ax[i][k] };
                worst[k] = max_nan(gap.abs(), worst[k]);
            }
        }
        std::array::from_fn(|k| if size[k] > 0.0 { worst[k] / size[k] } else { worst[k] })
    }
}

impl LayerSession {
    /// Whether members that share the session's matrices can be solved several at a time; prepares the buffers for that.
    pub(super) fn has_lanes(&mut self, buffers: &mut LaneBuffers) -> bool {
        let regular = self.program.row_norms().iter().all(|norm| *norm > 0.0);
        let super::Choices { reuse, estimate_errors, smoothing, .. } = self.layer.choices;
        if !reuse || estimate_errors || smoothing > 0.0 || !regular || self.session.lanes().is_none() {
            return false;
        }
        let program = self.program.as_stacked();
        let (n, m) = (program.num_vars(), program.num_rows());
        if buffers.sides.len() != n + m || buffers.px.len() != n {
            buffers.vectors = LaneVectors::new(n, m);
            (buffers.point, buffers.adjoint) = (LanePoint::new(n, m), LanePoint::new(n, m));
            let zeros = |len| vec![[0.0; LANES]; len];
            (buffers.cotangents, buffers.px, buffers.forces) = (zeros(n), zeros(n), zeros(n));
            (buffers.ax, buffers.sides, buffers.bar) = (zeros(m), zeros(n + m), vec![0.0; n]);
        }
        buffers.curvature = largest_curvature(&program);
        fill(&mut buffers.vectors, &program);
        true
    }

    /// Solves and, where there is a cotangent, differentiates up to [`LANES`] members from where they were. What is not beyond
    /// doubt (a member that is infeasible, or at a kink, or degenerate, or with values that are not valid) stays `None`, to
    /// be looked at by itself.
    pub(super) fn solve_lanes(
        &mut self,
        buffers: &mut LaneBuffers,
        members: &mut LaneMembers<'_, '_>,
    ) -> [Option<Outcome>; LANES] {
        let mut is_left: [bool; LANES] = std::array::from_fn(|lane| lane < members.values.len());
        for lane in 0..LANES {
            // Lanes without a member repeat the first.
            let values = members.values.get(lane).unwrap_or(&members.values[0]);
            load(&mut buffers.vectors, self.program.blocks(), lane, values);
            start(&mut buffers.point, lane, members.starts.get(lane).and_then(Option::as_ref));
        }
        let valid = is_valid(&buffers.vectors);
        let Some(solver) = self.session.lanes() else { return Default::default() };
        let solved = solver.solve(&buffers.vectors, &mut buffers.point);
        let program = self.program.as_stacked();
        buffers.multiply(&program, false);
        let LaneBuffers { vectors, point, px, ax, forces, curvature, sides: codes, .. } = &mut *buffers;
        let residuals = KktResiduals::from_lanes(vectors, point, LaneProducts { px, ax, forces });
        let units = Units { row_norms: self.program.row_norms(), curvature: *curvature };
        let doubts = sides(&units, vectors, point, (px, ax), &residuals, codes);
        let tolerance = GOOD.min(self.layer.choices.settings.tolerance);
        for (lane, left) in is_left.iter_mut().enumerate() {
            // Not a number is not accurate.
            let is_accurate = residuals[lane].max() <= tolerance;
            let has_point = *left && valid[lane] && solved[lane];
            *left = has_point && is_accurate && !doubts[lane];
            if has_point && residuals[lane].primal_objective.is_finite() {
                let solution = members.starts[lane].get_or_insert_default();
                buffers.point(lane, &residuals[lane], solution);
            }
        }
        match members.cotangent {
            Some(_) => self.differentiate(buffers, members, is_left, &residuals),
            None => is_left.map(|left| left.then_some(None)),
        }
    }

    /// The gradients at the solutions in the lanes, where their adjoint residuals are small enough.
    fn differentiate(
        &mut self,
        buffers: &mut LaneBuffers,
        members: &mut LaneMembers<'_, '_>,
        mut is_left: [bool; LANES],
        residuals: &[KktResiduals; LANES],
    ) -> [Option<Outcome>; LANES] {
        for (lane, left) in is_left.iter_mut().enumerate() {
            let LaneBuffers { bar, cotangents, .. } = &mut *buffers;
            bar.fill(0.0);
            let solution = members.starts.get(lane).and_then(Option::as_ref).filter(|_| *left);
            if let (Some(solution), Some((first, cotangent))) = (solution, members.cotangent) {
                cotangent(first + lane, &solution.x, bar);
                *left = bar.iter().all(|v| v.is_finite());
            }
            cotangents.iter_mut().zip(&*bar).for_each(|(lanes, v)| lanes[lane] = if *left { *v } else { 0.0 });
        }
        if let Some(solver) = self.session.lanes() {
            solver.adjoint(&buffers.cotangents, &mut buffers.adjoint);
        }
        let program = self.program.as_stacked();
        buffers.multiply(&program, true);
        let adjoint_residuals = Arch::new().dispatch(|| buffers.adjoint_residuals());
        std::array::from_fn(|lane| {
            let residual = adjoint_residuals[lane];
            // Not a number is not small.
            let is_small = residual <= ADJOINT_TOLERANCE;
            let solution = members.starts.get(lane).and_then(Option::as_ref);
            let solution = solution.filter(|_| is_left[lane] && is_small)?;
            let blocks = self.program.blocks();
            let held = buffers.sides.iter().enumerate().filter(|(_, side)| matches!(side[lane], LOWER | UPPER));
            let active = held.map(|(k, _)| constraint_id(&program, blocks, k)).collect();
            let certificate = Certificate::exact(active, residual, residuals[lane].max());
            let place = members.place + lane;
            if members.out.wants_matrices() {
                let (sides, adjoint) = buffers.adjoint(lane, residual);
                let gradient = assemble(&self.program, solution, &sides, adjoint, certificate.clone());
                members.out.write(members.sizes, place, &gradient);
            } else {
                buffers.write(lane, (blocks, members.sizes), place, members.out);
            }
            Some(Some(certificate))
        })
    }
}

impl LaneBuffers {
    /// The point in one lane.
    fn point(&self, lane: usize, residuals: &KktResiduals, solution: &mut Solution) {
        read(&self.point.x, lane, &mut solution.x);
        read(&self.point.y, lane, &mut solution.y);
        read(&self.point.bound_duals, lane, &mut solution.bound_duals);
        solution.cone_duals.clear();
        solution.iterations = 1;
        solution.objective = residuals.primal_objective;
    }

    /// The adjoint solution in one lane, with the sides that the gradient belongs to.
    fn adjoint(&self, lane: usize, residual: f64) -> (ActiveSet, KktSolution) {
        let mut solution = KktSolution { residual, ..KktSolution::default() };
        read(&self.adjoint.x, lane, &mut solution.z);
        read(&self.adjoint.y, lane, &mut solution.y);
        read(&self.forces, lane, &mut solution.zeta);
        let mut sides = self.sides.iter().map(|side| pushing_side(side[lane]));
        let rows = sides.by_ref().take(self.ax.len()).collect();
        (ActiveSet { rows, bounds: sides.collect() }, solution)
    }

    /// Writes the gradients of the vectors in one lane.
    fn write(&self, lane: usize, (blocks, sizes): (&Blocks, &Sizes), place: usize, out: &mut BatchGradient<'_>) {
        let [_, q, _, b, _, h, _, l, u, lb, ub, _, _] = sizes.map(|size| place * size..(place + 1) * size);
        let (y, zeta, (rows, bounds)) = (&self.adjoint.y, &self.forces, self.sides.split_at(self.ax.len()));
        put(&mut out.q, q, |j| self.adjoint.x[j][lane]);
        put(&mut out.b, b, |i| -y[blocks.equalities.start + i][lane]);
        let at = |v: &Lane, side: &Lane, wanted| if pushing_side(side[lane]) == wanted { -v[lane] } else { 0.0 };
        let row = |i: usize, wanted| at(&y[i], &rows[i], wanted);
        put(&mut out.h, h, |i| row(blocks.inequalities.start + i, Side::Upper));
        put(&mut out.l, l, |i| row(blocks.rows.start + i, Side::Lower));
        put(&mut out.u, u, |i| row(blocks.rows.start + i, Side::Upper));
        put(&mut out.lb, lb, |j| at(&zeta[j], &bounds[j], Side::Lower));
        put(&mut out.ub, ub, |j| at(&zeta[j], &bounds[j], Side::Upper));
    }
}

/// Writes a member's part of a block that is wanted.
fn put(block: &mut Option<&mut [f64]>, part: Range<usize>, value: impl Fn(usize) -> f64) {
    if let Some(block) = block {
        block[part].iter_mut().enumerate().for_each(|(i, out)| *out = value(i));
    }
}

/// Puts a start's duals into a lane.
fn start(point: &mut LanePoint, lane: usize, start: Option<&Solution>) {
    let write = |lanes: &mut [Lane], values: Option<&[f64]>| match values {
        Some(values) if values.len() == lanes.len() => {
            lanes.iter_mut().zip(values).for_each(|(lanes, v)| lanes[lane] = *v);
        }
        _ => lanes.iter_mut().for_each(|lanes| lanes[lane] = 0.0),
    };
    write(&mut point.y, start.map(|s| &s.y[..]));
    write(&mut point.bound_duals, start.map(|s| &s.bound_duals[..]));
}

fn read(lanes: &[Lane], lane: usize, out: &mut Vec<f64>) {
    out.clear();
    out.extend(lanes.iter().map(|v| v[lane]));
}
