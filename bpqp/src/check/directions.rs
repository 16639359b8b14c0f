//! Gradients against differences along one random direction of each block: few solves, whatever the number of entries.

use bpqp_traits::Solution;
use bpqp_traits::vector::{dot, max_abs};

use super::check_shapes;
use super::moves::{Group, SplitMix, groups};
use crate::Result;
use crate::layer::{Gradient, Layer, LayerSession};
use crate::program::{Program, Values};

/// Steps, relative to the data, in the order in which they are tried. The right one lies between the rounding of the
/// solution and the distance to the next change of the active set, and neither is known.
const STEPS: [f64; 10] = [1e-6, 1e-5, 1e-7, 1e-4, 1e-8, 1e-9, 1e-3, 1e-10, 1e-11, 1e-12];
/// Error at which a step is believed and no other one tried.
const AGREED: f64 = 1e-5;
/// Largest error that is agreement.
const AGREEMENT: f64 = 1e-4;
/// Largest relative difference of the quotients of two steps that speak of one derivative.
const CONSISTENT: f64 = 0.1;
/// Below this step, rounding may be no more …
const SMALL_STEP: f64 = 1e-7;
/// … than this share of the slope, or of the disagreement that is to be decided.
const VISIBLE: f64 = 1e-2;
/// Rounding of the solution, relative to what the data's own relative changes make of the loss: solvers refine until the active
/// rows hold to this.
const NOISE: f64 = 1e-13;

/// How one block of a gradient compares with differences along one random direction.
#[derive(Clone, Debug, PartialEq)]
pub struct DirectionCheck {
    /// The block, named as in [`BlockCheck`](super::BlockCheck).
    pub block: &'static str,
    /// The slope along the direction that the gradient tells.
    pub predicted: f64,
    /// The difference quotient that came closest; `None` where no program nearby is convex and has a solution, or where the
    /// quotients disagree with one another as well.
    pub difference: Option<f64>,
    /// The step of that quotient, relative to the data; 0 without one.
    pub step: f64,
    /// `|predicted − difference|` over `Σ|gradient · direction|`, with 1e4 times the rounding that the quotient may have added: an
    /// `error` of at most 1e-4 is agreement.
    pub error: f64,
}

/// Compares `gradient`, of `L = x̄ᵀx` at the solution of `program`, with central differences along one random direction in
/// each block in `wanted`, or along a positive semidefinite one from one side where `P` can move to no other.
///
/// The direction moves every entry in proportion to its size, both sides of an equality together; zeros stay in matrices, and
/// move in vectors by the size of the terms that they are compared with. Several steps are tried
/// until one agrees: a gradient that is wrong in any entry disagrees with all of them but by chance. Where the certificate has
/// an [error estimate](crate::Certificate::error_estimate) and a [radius](crate::Certificate::radius), solutions are believed
/// up to the one, and no step beyond the other speaks against the gradient.
///
/// # Errors
/// As [`check_gradient`](super::check_gradient).
pub fn check_directions(
    layer: &Layer,
    program: &Program,
    x_bar: &[f64],
    gradient: &Gradient,
    wanted: impl Fn(&str) -> bool,
    seed: u64,
) -> Result<Vec<DirectionCheck>> {
    check_shapes(program, x_bar, gradient)?;
    let mut random = SplitMix::new(seed);
    let mut at =
        Around { session: layer.session(program.clone())?, x_bar, loss: 0.0, noise: 0.0, radius: f64::INFINITY };
    let mut solved = layer.forward(program)?;
    solved.polish()?;
    at.loss = dot(x_bar, solved.x());
    let sizes = Sizes::new(program, solved.solution());
    let groups = groups(program, gradient);
    let sensitivity =
        groups.iter().flat_map(|group| group.moves.iter().map(|m| (m.gradient * group.values[m.place]).abs()));
    let length = x_bar.iter().map(|v| v.abs()).sum::<f64>() * max_abs(solved.x()).max(1.0);
    let certificate = gradient.certificate();
    at.noise = NOISE * (length + sensitivity.sum::<f64>()) + length * certificate.error_estimate.unwrap_or(0.0);
    at.radius = certificate.radius.unwrap_or(f64::INFINITY);
    let mut checks = Vec::new();
    for group in groups {
        let names: Vec<&str> = group.name.split('=').collect();
        if group.moves.is_empty() || !names.iter().all(|name| wanted(name)) {
            continue;
        }
        let direction = match group.name {
            "P" => dominant(program, &mut random),
            name => signs(&group, &sizes.of(program, name), &mut random),
        };
        checks.push(at.check(&group, &direction));
    }
    Ok(checks)
}

/// What the entries of vectors are compared with: the terms that they are added to.
struct Sizes {
    /// `Σ|P_jk x_k| + Σ|a_ij yᵢ| + |ζ_j|`.
    forces: Vec<f64>,
    /// `Σ|a_ij x_j|`.
    rows: Vec<f64>,
    /// `|x_j|`.
    variables: Vec<f64>,
}

impl Sizes {
    fn new(program: &Program, solution: &Solution) -> Self {
        let stacked = program.as_stacked();
        let mut forces: Vec<f64> = solution.bound_duals.iter().map(|v| v.abs()).collect();
        program.p().entries().for_each(|(i, j, v)| forces[i] += (v * solution.x[j]).abs());
        let mut rows = vec![0.0; stacked.num_rows()];
        for (i, j, v) in stacked.a().entries() {
            forces[j] += (v * solution.y[i]).abs();
            rows[i] += (v * solution.x[j]).abs();
        }
        Self { forces, rows, variables: solution.x.iter().map(|v| v.abs()).collect() }
    }

    /// Those of a block; none for matrices, where a zero is in the units of its row and column.
    fn of(&self, program: &Program, block: &str) -> Vec<f64> {
        let blocks = program.blocks();
        match block {
            "q" => self.forces.clone(),
            "b" => self.rows[blocks.equalities.clone()].to_vec(),
            "h" => self.rows[blocks.inequalities.clone()].to_vec(),
            "l" | "u" | "l=u" => self.rows[blocks.rows.clone()].to_vec(),
            "lb" | "ub" | "lb=ub" => self.variables.clone(),
            _ => Vec::new(),
        }
    }
}

/// Random numbers in ±[½, 1] of the size of each entry. Zeros in vectors move like what they are compared with, those in
/// matrices not at all.
fn signs(group: &Group, sizes: &[f64], random: &mut SplitMix) -> Vec<f64> {
    let mut direction = vec![0.0; group.values.len()];
    for step in &group.moves {
        let size = group.values[step.place].abs();
        let size = if size > 0.0 { size } else { sizes.get(step.place).copied().unwrap_or(0.0) };
        direction[step.place] = random.sign() * size;
    }
    direction
}

/// A symmetric direction of the pattern of `P` whose diagonal dominates: positive semidefinite, in the units of `P`.
fn dominant(program: &Program, random: &mut SplitMix) -> Vec<f64> {
    let p = program.p();
    let mut roots = vec![0.0; p.ncols()];
    p.entries().filter(|(i, j, _)| i == j).for_each(|(i, _, v)| roots[i] = v.max(0.0).sqrt());
    // An entry and its mirror image get the same number: a hash of the pair.
    let salt = random.next();
    let entry = |(i, j, _): (usize, usize, f64)| {
        let (low, high) = (i.min(j) as u64, i.max(j) as u64);
        let sign = SplitMix::new(salt ^ ((low << 32) | high)).sign();
        roots[i] * roots[j] * if i == j { 1.0 + sign.abs() } else { sign / p.ncols() as f64 }
    };
    p.entries().map(entry).collect()
}

/// Whether the quotients of any two neighboring steps agree with one another. Where none do, because the solution is not
/// known to enough digits or changes its active set within all of them, they say nothing of a derivative.
fn are_witnesses(mut quotients: Vec<(f64, f64, f64)>) -> bool {
    quotients.sort_by(|a, b| a.0.total_cmp(&b.0));
    let agree = |(_, one, rounding): (f64, f64, f64), (_, two, _): (f64, f64, f64)| {
        (one - two).abs() <= CONSISTENT * one.abs().max(two.abs()) + rounding
    };
    quotients.windows(2).any(|pair| agree(pair[0], pair[1]))
}

/// The program with its loss, and what is around it.
struct Around<'a> {
    session: LayerSession,
    x_bar: &'a [f64],
    loss: f64,
    noise: f64,
    /// The largest step within which the gradient is said to hold.
    radius: f64,
}

impl Around<'_> {
    fn check(&mut self, group: &Group, direction: &[f64]) -> DirectionCheck {
        let terms = || group.moves.iter().map(|step| step.gradient * direction[step.place]);
        let (predicted, size) = (terms().sum(), terms().map(f64::abs).sum::<f64>());
        let mut best =
            DirectionCheck { block: group.name, predicted, difference: None, step: 0.0, error: f64::INFINITY };
        let mut quotients = Vec::new();
        for step in STEPS {
            // A step so small that rounding would hide the disagreement so far decides nothing.
            let rounding = self.noise / step;
            let open = best.difference.map_or(0.0, |difference| (predicted - difference).abs());
            if step < SMALL_STEP && rounding > VISIBLE * size.max(open) {
                continue;
            }
            let Some(difference) = self.quotient(group, direction, step) else { continue };
            let error = (predicted - difference).abs();
            quotients.push((step, difference, rounding));
            let allowed = size + 1e4 * rounding;
            let error = if error > 0.0 { error / allowed } else { 0.0 };
            if error < best.error {
                best = DirectionCheck { difference: Some(difference), step, error, ..best };
            }
            if error <= AGREED {
                break;
            }
        }
        // Of what is farther away than the certificate speaks of, the quotients may say what they like.
        quotients.retain(|(step, ..)| *step <= self.radius);
        if best.error > AGREEMENT && (quotients.is_empty() || !are_witnesses(quotients)) {
            (best.difference, best.step) = (None, 0.0);
        }
        // Back to where it was; values that were valid are so again.
        let mut old = Values::default();
        (group.set)(&mut old, &group.values, &group.partner);
        let _ = self.session.update(&old);
        best
    }

    /// The central difference quotient; that of the second order from one side where the other has no solution.
    fn quotient(&mut self, group: &Group, direction: &[f64], h: f64) -> Option<f64> {
        let (up, down) = (self.moved(group, direction, h), self.moved(group, direction, -h));
        match (up, down) {
            (Some(up), Some(down)) => Some((up - down) / (2.0 * h)),
            (Some(up), None) => self.moved(group, direction, 2.0 * h).map(|far| self.one_sided(up, far) / h),
            (None, Some(down)) => self.moved(group, direction, -2.0 * h).map(|far| -self.one_sided(down, far) / h),
            (None, None) => None,
        }
    }

    fn one_sided(&self, near: f64, far: f64) -> f64 {
        2.0 * near - 0.5 * far - 1.5 * self.loss
    }

    /// The loss after a move; `None` without a solution.
    fn moved(&mut self, group: &Group, direction: &[f64], by: f64) -> Option<f64> {
        let add = |values: &[f64]| values.iter().zip(direction).map(|(v, d)| v + by * d).collect::<Vec<_>>();
        let (values, partner) = (add(&group.values), add(&group.partner));
        let mut new = Values::default();
        (group.set)(&mut new, &values, &partner);
        self.session.update(&new).ok()?;
        let mut solved = self.session.forward().ok()?;
        solved.polish().ok()?;
        Some(dot(self.x_bar, solved.x()))
    }
}
