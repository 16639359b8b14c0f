//! Where a point and its dual stand in each cone.

use std::ops::Range;

use bpqp_traits::Solution;
use bpqp_traits::vector::{dot, max_abs};

use crate::layer::certificate::WEAK;
use crate::program::Program;

/// Change of a unit vector that a linearization may ignore.
const SAME_DIRECTION: f64 = 1e-6;

/// What a cone is to the derivative.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    /// One smooth inequality `‖Fx + g‖ − cᵀx − d ≤ 0`, active or not.
    Smooth,
    /// At its apex and pushed there: all of its rows hold with equality.
    Apex {
        /// Whether the dual lies on its cone's boundary: a kink.
        weak: bool,
    },
}

/// One cone at one point.
#[derive(Clone, Debug)]
pub(super) struct ConePoint {
    /// Its rows among the stacked ones.
    pub(super) rows: Range<usize>,
    pub(super) state: State,
    /// `u/‖u‖` for `u = Fx + g`; zero where `u` is.
    pub(super) unit: Vec<f64>,
    /// `‖u‖`, zero where `unit` is.
    pub(super) length: f64,
    /// The multiplier `λ ≥ 0` of the inequality, over `‖u‖`: its curvature. Zero where there is none.
    pub(super) curvature: f64,
    /// `λ`, the first entry of the dual.
    pub(super) multiplier: f64,
}

impl ConePoint {
    /// The rows of `F` among the stacked ones.
    pub(super) fn tail(&self) -> Range<usize> {
        self.rows.start + 1..self.rows.end
    }

    /// Whether the cone stands as `other` does, in the same direction.
    pub(super) fn is_like(&self, other: &Self) -> bool {
        let turned = self.unit.iter().zip(&other.unit).fold(0.0, |m: f64, (a, b)| m.max((a - b).abs()));
        self.state == other.state && turned <= SAME_DIRECTION
    }

    /// `λ M v = λ (I/t − u uᵀ/t³) v` for `v` of `F`'s rows.
    pub(super) fn curve(&self, v: &[f64]) -> Vec<f64> {
        let along = dot(&self.unit, v);
        v.iter().zip(&self.unit).map(|(v, unit)| self.curvature * (v - along * unit)).collect()
    }

    /// The direction of the next `u`, from the step across the old one alone: `u` may be at its end by the step along it,
    /// with no direction left.
    pub(super) fn turned(&self, u: &[f64]) -> Vec<f64> {
        let along = dot(&self.unit, u);
        let turned: Vec<f64> =
            u.iter().zip(&self.unit).map(|(u, unit)| u - along * unit + self.length * unit).collect();
        let length = dot(&turned, &turned).sqrt();
        turned.into_iter().map(|v| if length > 0.0 { v / length } else { 0.0 }).collect()
    }

    /// The dual of the cone for the multiplier `λ` of the smooth inequality: `(λ, −λ u/‖u‖)`.
    pub(super) fn dual(&self, multiplier: f64) -> impl Iterator<Item = f64> + '_ {
        std::iter::once(multiplier).chain(self.unit.iter().map(move |unit| -multiplier * unit))
    }
}

/// Reads every cone of `of` at `solution`.
///
/// A slack `s = Sx + s₀` and a dual `w` that are complementary have, with their smaller and larger eigenvalues
/// `s₀ ∓ ‖s₁‖` and `w₀ ∓ ‖w₁‖`: `w = 0` where `s` is inside, `s = 0` where `w` is, and otherwise both on the boundary. So in
/// units in which they compare, the cone is at its apex where the smaller eigenvalue of the dual exceeds the larger one of
/// the slack.
pub(super) fn read(of: &Program, solution: &Solution) -> Vec<ConePoint> {
    let program = of.as_stacked();
    let Some(cones) = program.cones() else { return Vec::new() };
    let Solution { x, cone_duals, .. } = solution;
    let slack = cones.slacks(x);
    let norms = cones.matrix().row_norms();
    let mut px = program.q().to_vec();
    program.p().symmetric_mul_add(1.0, x, &mut px);
    let forces = cone_duals.iter().zip(&norms).map(|(w, norm)| (w * norm).abs()).fold(0.0, f64::max);
    let force = max_abs(program.q()).max(max_abs(&px)).max(forces);
    let (force, length) = (if force > 0.0 { force } else { 1.0 }, max_abs(x).max(1.0));
    let point = |rows: Range<usize>| {
        let (s, w) = (&slack[rows.clone()], &cone_duals[rows.clone()]);
        let norm = max_abs(&norms[rows.clone()]);
        let norm = if norm > 0.0 { norm } else { 1.0 };
        let size = |v: &[f64]| dot(v, v).sqrt();
        let (t, w_tail) = (size(&s[1..]), size(&w[1..]));
        let (lowest_slack, highest_slack) = ((s[0] - t) / (norm * length), (s[0] + t) / (norm * length));
        let (lowest_dual, highest_dual) = ((w[0] - w_tail) * norm / force, (w[0] + w_tail) * norm / force);
        // A half line is one linear inequality, at its end as anywhere.
        let at_apex = rows.len() > 1 && highest_slack <= highest_dual;
        let state = if at_apex && lowest_dual > highest_slack.max(WEAK) {
            State::Apex { weak: false }
        } else if at_apex && highest_slack <= WEAK && highest_dual > WEAK {
            State::Apex { weak: true }
        } else {
            State::Smooth
        };
        // Without slack or force there is no direction to speak of.
        let is_directed = t > 0.0 && highest_slack > WEAK;
        let unit = s[1..].iter().map(|u| if is_directed { u / t } else { 0.0 }).collect();
        let multiplier = w[0].max(0.0);
        // One row has no curvature: |u| is linear beside zero.
        let is_active = state == State::Smooth && lowest_slack <= highest_dual;
        // A multiplier that counts as zero has no curvature either.
        let is_curved = is_active && is_directed && rows.len() > 2 && highest_dual > WEAK;
        let curvature = if is_curved { multiplier / t } else { 0.0 };
        ConePoint { rows, state, unit, length: if is_directed { t } else { 0.0 }, curvature, multiplier }
    };
    of.cone_rows().map(point).collect()
}
