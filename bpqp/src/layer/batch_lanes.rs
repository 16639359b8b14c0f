//! Members of a batch that share their matrices, several at a time: one in each lane of a solver that can do that.

use bpqp_traits::vector::{max_abs, max_nan};
use bpqp_traits::{ActiveSet, KktResiduals, LANES, Lane, LanePoint, LaneVectors, Products, Side, Solution};

use super::active::Reading;
use super::batch::CotangentOf;
use super::certificate::{Certificate, Facts, weakly_active};
use super::choices::AtKink;
use super::derivatives::ADJOINT_TOLERANCE;
use super::gradient::{Gradient, assemble};
use super::polish::{GOOD, is_settled};
use super::probe::Rank;
use super::reduced::KktSolution;
use super::session::LayerSession;
use crate::program::{OwnedUpdate, Values};

/// Fewer members than this are solved one by one.
pub(super) const FEWEST: usize = 3;

/// The buffers of one thread.
#[derive(Default)]
pub(super) struct LaneBuffers {
    vectors: LaneVectors,
    point: LanePoint,
    adjoint: LanePoint,
    cotangents: Vec<Lane>,
    px: Vec<Lane>,
    ax: Vec<Lane>,
    forces: Vec<Lane>,
    one: OneLane,
    lanes: [Option<Solved>; LANES],
}

/// One lane's products.
#[derive(Default)]
struct OneLane {
    px: Vec<f64>,
    ax: Vec<f64>,
    forces: Vec<f64>,
}

/// A member that was solved, to its tolerance and without any doubt about its active set.
struct Solved {
    solution: Solution,
    checked: Checked,
}

/// What such a member's derivatives need.
struct Checked {
    active: ActiveSet,
    /// The active set with each equality at the side that its dual pushes against.
    sides: ActiveSet,
    facts: Facts,
    kkt_residual: f64,
}

/// What a member comes to.
pub(super) struct Outcome {
    pub(super) solution: Solution,
    pub(super) gradient: Option<Gradient>,
}

impl LaneBuffers {
    fn resize(&mut self, n: usize, m: usize) {
        if self.vectors.q.len() != n || self.vectors.l.len() != m {
            self.vectors = LaneVectors::new(n, m);
            (self.point, self.adjoint) = (LanePoint::new(n, m), LanePoint::new(n, m));
            let zeros = |len| vec![[0.0; LANES]; len];
            (self.cotangents, self.px, self.ax, self.forces) = (zeros(n), zeros(n), zeros(m), zeros(n));
        }
    }

    /// `P x`, `A x` and `Aᵀy + ζ` of a point in all lanes.
    fn multiply(&mut self, session: &LayerSession, is_adjoint: bool) {
        let point = if is_adjoint { &self.adjoint } else { &self.point };
        let program = session.program().as_stacked();
        self.px.fill([0.0; LANES]);
        self.ax.fill([0.0; LANES]);
        self.forces.copy_from_slice(&point.bound_duals);
        program.p().symmetric_mul_add_lanes(1.0, &point.x, &mut self.px);
        program.a().mul_both_add_lanes(1.0, (&point.x, &mut self.ax), (&point.y, &mut self.forces));
    }
}

impl LayerSession {
    /// Whether members that share the session's matrices can be solved several at a time.
    pub(super) fn has_lanes(&mut self) -> bool {
        self.layer.reuse && !self.layer.estimate_errors && self.session.lanes().is_some()
    }

    /// Solves and, where there is a cotangent, differentiates up to [`LANES`] members with these values, from these starts.
    /// What is not beyond doubt (a member that is infeasible, or at a kink, or degenerate, or with values that are not
    /// valid) stays `None`, to be looked at by itself.
    pub(super) fn solve_lanes(
        &mut self,
        buffers: &mut LaneBuffers,
        members: &[Values<'_>],
        starts: &mut [Option<Solution>],
        cotangent: Option<(usize, &CotangentOf<'_>)>,
    ) -> [Option<Outcome>; LANES] {
        let stacked = self.program.as_stacked();
        buffers.resize(stacked.num_vars(), stacked.num_rows());
        let mut changes: [Option<OwnedUpdate>; LANES] = Default::default();
        for (lane, change) in changes.iter_mut().enumerate() {
            // Lanes without a member repeat the first.
            let values = members.get(lane).unwrap_or(&members[0]);
            *change = OwnedUpdate::new(&self.program, values).ok();
            if change.as_ref().is_none_or(|change| self.program.apply(change, values).is_err()) {
                *change = None;
            }
            self.load(&mut buffers.vectors, lane);
            start(&mut buffers.point, lane, starts.get(lane).and_then(Option::as_ref));
        }
        let Some(solver) = self.session.lanes() else { return Default::default() };
        let solved = solver.solve(&buffers.vectors, &mut buffers.point);
        buffers.multiply(self, false);
        buffers.lanes = Default::default();
        for (lane, values) in members.iter().enumerate() {
            let Some(change) = changes[lane].as_ref().filter(|_| solved[lane]) else { continue };
            let mut solution = starts[lane].take().unwrap_or_default();
            if self.program.apply(change, values).is_ok() {
                match self.check(buffers, lane, &mut solution) {
                    Some(checked) => buffers.lanes[lane] = Some(Solved { solution, checked }),
                    None if solution.objective.is_finite() => starts[lane] = Some(solution),
                    None => {}
                }
            }
        }
        match cotangent {
            Some((first, cotangent)) => self.differentiate(buffers, first, cotangent),
            None => std::array::from_fn(|lane| {
                buffers.lanes[lane].take().map(|Solved { solution, .. }| Outcome { solution, gradient: None })
            }),
        }
    }

    /// Puts the program's vectors into a lane.
    fn load(&self, vectors: &mut LaneVectors, lane: usize) {
        let program = self.program.as_stacked();
        let LaneVectors { q, l, u, lb, ub } = vectors;
        let blocks = [(q, program.q()), (l, program.l()), (u, program.u()), (lb, program.lb()), (ub, program.ub())];
        for (lanes, values) in blocks {
            lanes.iter_mut().zip(values).for_each(|(lanes, v)| lanes[lane] = *v);
        }
    }

    /// The member in `lane`, the program's values being its own, if nothing is wrong with it and its derivative exists.
    fn check(&self, buffers: &mut LaneBuffers, lane: usize, solution: &mut Solution) -> Option<Checked> {
        let program = self.program.as_stacked();
        let LaneBuffers { point, px, ax, forces, one, .. } = buffers;
        read(&point.x, lane, &mut solution.x);
        read(&point.y, lane, &mut solution.y);
        read(&point.bound_duals, lane, &mut solution.bound_duals);
        read(px, lane, &mut one.px);
        read(ax, lane, &mut one.ax);
        read(forces, lane, &mut one.forces);
        solution.cone_duals.clear();
        solution.iterations = 1;
        let products = Products { px: &one.px, ax: &one.ax, sx: &[], forces: &one.forces };
        let residuals = KktResiduals::from_products(&program, solution, products);
        solution.objective = residuals.primal_objective;
        let kkt_residual = residuals.max();
        // Not a number is not accurate.
        let is_accurate = kkt_residual <= GOOD.min(self.layer.settings.tolerance);
        if !is_accurate {
            return None;
        }
        let reading = Reading::of_products(&program, solution, (&one.px, &one.ax), self.program.row_norms());
        let active = reading.identify();
        // What the solver held, and what is active, must be the same: its factor is known to be regular on that alone.
        let held = solution.y.iter().chain(&solution.bound_duals).zip(active.rows.iter().chain(&active.bounds));
        let agrees = held.clone().all(|(dual, side)| *side == Side::Equal || (*dual != 0.0) == side.is_active());
        let weak = weakly_active(&reading, &residuals, 1.0);
        if !agrees || !weak.is_empty() || !is_settled(&reading, &active) {
            return None;
        }
        let facts =
            Facts::new(&program, self.program.blocks(), &active, (&[], AtKink::Drop), Rank::regular(&reading), 0.0);
        facts.refuse(self.layer.at_kink, self.layer.at_degeneracy).ok()?;
        let sides = reading.pushing_sides(&active);
        Some(Checked { active, sides, facts, kkt_residual })
    }

    /// The gradients at the solutions in the lanes, where their adjoint residuals are small enough.
    fn differentiate(
        &mut self,
        buffers: &mut LaneBuffers,
        first: usize,
        cotangent: &CotangentOf<'_>,
    ) -> [Option<Outcome>; LANES] {
        let mut bar = vec![0.0; self.program.num_vars()];
        for lane in 0..LANES {
            bar.fill(0.0);
            if let Some(solved) = &buffers.lanes[lane] {
                cotangent(first + lane, &solved.solution.x, &mut bar);
                if !bar.iter().all(|v| v.is_finite()) {
                    buffers.lanes[lane] = None;
                }
            }
            buffers.cotangents.iter_mut().zip(&bar).for_each(|(lanes, v)| lanes[lane] = *v);
        }
        if let Some(solver) = self.session.lanes() {
            solver.adjoint(&buffers.cotangents, &mut buffers.adjoint);
        }
        buffers.multiply(self, true);
        std::array::from_fn(|lane| {
            let solved = buffers.lanes[lane].take()?;
            let adjoint = buffers.adjoint(lane, &solved.checked.active);
            // Not a number is not small.
            let is_small = adjoint.residual <= ADJOINT_TOLERANCE;
            if !is_small {
                return None;
            }
            let Solved { solution, checked: Checked { sides, facts, kkt_residual, .. } } = solved;
            let certificate = Certificate::new(&facts, &adjoint, kkt_residual);
            let gradient = assemble(&self.program, &solution, &sides, adjoint, certificate);
            Some(Outcome { solution, gradient: Some(gradient) })
        })
    }
}

impl LaneBuffers {
    /// The adjoint solution in `lane` with its residual on `active`, as [`ReducedKkt`](super::reduced::ReducedKkt) has it.
    fn adjoint(&self, lane: usize, active: &ActiveSet) -> KktSolution {
        let mut solution = KktSolution::default();
        read(&self.adjoint.x, lane, &mut solution.z);
        read(&self.adjoint.y, lane, &mut solution.y);
        let (mut worst, mut size) = (0.0, 0.0);
        for (j, side) in active.bounds.iter().enumerate() {
            // Without the solver's ζ̃, which the stationarity condition replaces.
            let force = self.px[j][lane] + self.forces[j][lane] - self.adjoint.bound_duals[j][lane];
            let g = self.cotangents[j][lane];
            if side.is_active() {
                solution.zeta.push(-(g + force));
                worst = max_nan(solution.z[j].abs(), worst);
            } else {
                solution.zeta.push(0.0);
                worst = max_nan((g + force).abs(), worst);
                size = max_nan(g.abs(), size);
            }
        }
        for (i, side) in active.rows.iter().enumerate() {
            let gap = if side.is_active() { self.ax[i][lane] } else { solution.y[i] };
            worst = max_nan(gap.abs(), worst);
        }
        solution.residual = if size > 0.0 { worst / size } else { worst };
        if !max_abs(&solution.zeta).is_finite() {
            solution.residual = f64::NAN;
        }
        solution
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
