//! Gradients against central differences.

mod directions;
mod moves;

use bpqp_traits::Error as SolverError;
use bpqp_traits::vector::{dot, max_nan};

pub use self::directions::{DirectionCheck, check_directions};
use self::moves::{Group, Move, choose, groups};
use crate::layer::{Gradient, Layer};
use crate::program::{Program, Values};
use crate::{Error, Result};

/// What to compare in [`check_gradient`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CheckOptions {
    /// Entries to compare in each block: all where a block has no more, else so many chosen at random. Default 20.
    pub entries: usize,
    /// Seed of the choice. Default 0.
    pub seed: u64,
}

impl Default for CheckOptions {
    fn default() -> Self {
        Self { entries: 20, seed: 0 }
    }
}

/// How one block of a gradient compares with central differences.
#[derive(Clone, Debug, PartialEq)]
pub struct BlockCheck {
    /// The block: `P`, `q`, `A`, `b`, `G`, `h`, `rows`, `l`, `u`, `lb` or `ub`; `l=u` and `lb=ub` where both sides of an
    /// equality move together; `F`, `g`, `c`, `d` of all cones.
    pub block: &'static str,
    /// Entries compared.
    pub checked: usize,
    /// Entries chosen but not compared: no program nearby is convex and has a solution.
    pub skipped: usize,
    /// Entries that could have been chosen; a symmetric pair of `P` counts once, an infinite bound not at all.
    pub total: usize,
    /// Largest `|gradient − difference|` over `max(1, largest entry of the block's gradient)`.
    pub error: f64,
}

/// Compares `gradient`, of `L = x̄ᵀx` at the solution of `program`, with central differences: each chosen entry `θ` is
/// moved by `±1e-6 max(1, |θ|)` and the program solved anew by `layer`. Both sides of an equality move together, and so
/// does a symmetric pair of `P`; where only one of the two moves leaves a program with a solution, the difference is
/// one-sided.
///
/// `progress` is told how many entries of how many are done. A gradient whose certificate is not exact need not agree.
///
/// # Errors
/// [`InvalidArgument`](SolverError::InvalidArgument) for an `x_bar` or a gradient of another shape; as
/// [`Layer::forward`] and [`Solved::polish`](crate::Solved::polish) at the program itself.
pub fn check_gradient(
    layer: &Layer,
    program: &Program,
    x_bar: &[f64],
    gradient: &Gradient,
    options: &CheckOptions,
    mut progress: impl FnMut(usize, usize),
) -> Result<Vec<BlockCheck>> {
    check_shapes(program, x_bar, gradient)?;
    let probe = Probe { layer, program, x_bar, loss: loss(layer, program, x_bar)? };
    let groups = groups(program, gradient);
    let seeds = (0..).map(|k| options.seed.wrapping_add(k));
    let chosen: Vec<Vec<Move>> =
        groups.iter().zip(seeds).map(|(group, seed)| choose(&group.moves, options.entries, seed)).collect();
    let (mut done, all) = (0, chosen.iter().map(Vec::len).sum());
    let mut blocks = Vec::new();
    for (group, moves) in groups.iter().zip(chosen) {
        let mut block = BlockCheck { block: group.name, checked: 0, skipped: 0, total: group.moves.len(), error: 0.0 };
        let scale = group.moves.iter().fold(1.0_f64, |m, step| m.max(step.gradient.abs()));
        for step in moves {
            match probe.difference(group, step) {
                Some(difference) => {
                    block.checked += 1;
                    block.error = max_nan((step.gradient - difference).abs() / scale, block.error);
                }
                None => block.skipped += 1,
            }
            done += 1;
            progress(done, all);
        }
        if block.total > 0 {
            blocks.push(block);
        }
    }
    Ok(blocks)
}

fn check_shapes(program: &Program, x_bar: &[f64], gradient: &Gradient) -> Result<()> {
    let d = program.num_vars();
    if x_bar.len() != d {
        let reason = format!("has length {}, expected {d}", x_bar.len());
        return Err(SolverError::invalid_argument("x_bar", reason).into());
    }
    let blocks = program.blocks();
    let fits = gradient.p().as_ref().same_pattern(&program.p())
        && [(gradient.a(), &blocks.equalities), (gradient.g(), &blocks.inequalities), (gradient.rows(), &blocks.rows)]
            .iter()
            .all(|(matrix, rows)| matrix.as_ref().same_pattern(&program.row_block(rows).as_ref()))
        && gradient.cone_offsets().len() == program.as_stacked().num_cone_rows();
    if fits { Ok(()) } else { Err(SolverError::invalid_argument("gradient", "is of another program").into()) }
}

/// `x̄ᵀx` at the polished solution, or at the smoothed one where that is differentiated.
fn loss(layer: &Layer, program: &Program, x_bar: &[f64]) -> Result<f64> {
    let mut solved = layer.forward(program)?;
    if !solved.status().has_solution() {
        return Err(Error::NotSolved { status: solved.status() });
    }
    if layer.smoothing() > 0.0 {
        return Ok(dot(x_bar, &solved.smoothed()?.x));
    }
    solved.polish()?;
    Ok(dot(x_bar, solved.x()))
}

/// The loss at a program and around it.
struct Probe<'a> {
    layer: &'a Layer,
    program: &'a Program,
    x_bar: &'a [f64],
    loss: f64,
}

impl Probe<'_> {
    /// The difference quotient of one move; `None` where no program nearby has a solution.
    fn difference(&self, group: &Group, step: Move) -> Option<f64> {
        let width = 1e-6 * group.values[step.place].abs().max(1.0);
        match (self.moved(group, step, width), self.moved(group, step, -width)) {
            (Ok(up), Ok(down)) => Some((up - down) / (2.0 * width)),
            (Ok(up), Err(_)) => Some((up - self.loss) / width),
            (Err(_), Ok(down)) => Some((self.loss - down) / width),
            (Err(_), Err(_)) => None,
        }
    }

    fn moved(&self, group: &Group, step: Move, by: f64) -> Result<f64> {
        let (mut values, mut partner) = (group.values.clone(), group.partner.clone());
        for place in std::iter::once(step.place).chain(step.mirror) {
            values[place] += by;
        }
        if let Some(value) = partner.get_mut(step.place) {
            *value += by;
        }
        let mut new = Values::default();
        (group.set)(&mut new, &values, &partner);
        let mut program = self.program.clone();
        program.update(&new)?;
        loss(self.layer, &program, self.x_bar)
    }
}
