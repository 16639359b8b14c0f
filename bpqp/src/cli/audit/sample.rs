//! Small random programs around known solutions, many of them at kinks, degenerate, badly scaled or without a solution.

use crate::generate::random::Random;
use crate::{Program, Result};

use super::rows::{Rows, inverse_scales, powers};

/// Largest number of variables.
const MAX_VARIABLES: f64 = 12.0;

/// What is special about a program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Family {
    /// Strictly convex, all that is active pushes, and no more of it than variables.
    Regular,
    WeaklyActive,
    DuplicateRows,
    RedundantRows,
    SingularHessian,
    FixedVariables,
    /// Objective and rows in units of 1e-8 to 1e8, variables of 1e-2 to 1e2.
    Scaled,
    Linear,
    LinearRegularized,
    Infeasible,
    Unbounded,
    /// Everything at once.
    Mixed,
}

impl Family {
    pub(super) const ALL: [Self; 12] = [
        Self::Regular,
        Self::WeaklyActive,
        Self::DuplicateRows,
        Self::RedundantRows,
        Self::SingularHessian,
        Self::FixedVariables,
        Self::Scaled,
        Self::Linear,
        Self::LinearRegularized,
        Self::Infeasible,
        Self::Unbounded,
        Self::Mixed,
    ];

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Regular => "regular",
            Self::WeaklyActive => "weakly active",
            Self::DuplicateRows => "duplicate rows",
            Self::RedundantRows => "redundant rows",
            Self::SingularHessian => "singular P",
            Self::FixedVariables => "fixed variables",
            Self::Scaled => "scales of 1e±8",
            Self::Linear => "linear",
            Self::LinearRegularized => "linear, regularized",
            Self::Infeasible => "infeasible",
            Self::Unbounded => "unbounded",
            Self::Mixed => "mixed",
        }
    }

    /// The share of constraints that have a property: `own` in the family named, less in the mixed one.
    pub(super) fn share(self, of: Self, own: f64) -> f64 {
        if self == of {
            own
        } else if self == Self::Mixed {
            own / 4.0
        } else {
            0.0
        }
    }
}

/// What must come out.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Known {
    Optimum(f64),
    NoSolution,
    /// In units in which tolerances decide.
    Nothing,
}

/// A program and what is known of it.
pub(super) struct Sample {
    pub(super) family: Family,
    pub(super) program: Program,
    pub(super) known: Known,
    /// Gradient of the loss.
    pub(super) x_bar: Vec<f64>,
}

/// The random numbers of one program: small integers, among which coincidences are common, or real ones.
pub(super) struct Numbers {
    pub(super) random: Random,
    integers: bool,
}

impl Numbers {
    pub(super) fn chance(&mut self, share: f64) -> bool {
        self.random.uniform(0.0, 1.0) < share
    }

    pub(super) fn below(&mut self, limit: f64) -> usize {
        self.random.uniform(0.0, limit) as usize
    }

    pub(super) fn any(&mut self) -> f64 {
        if self.integers { self.random.uniform(-3.0, 4.0).floor() } else { self.random.normal() }
    }

    pub(super) fn vector(&mut self, len: usize) -> Vec<f64> {
        (0..len).map(|_| self.any()).collect()
    }

    /// A slack or a force.
    pub(super) fn positive(&mut self) -> f64 {
        if self.integers { self.random.uniform(1.0, 4.0).floor() } else { 0.05 + self.random.normal().abs() }
    }
}

/// The program of this seed.
pub(super) fn sample(seed: u64) -> Result<Sample> {
    let family = Family::ALL[(seed % Family::ALL.len() as u64) as usize];
    let mut random = Random::new(seed);
    let integers = random.uniform(0.0, 1.0) < 0.5;
    let mut numbers = Numbers { random, integers };
    let n = 1 + numbers.below(MAX_VARIABLES);
    let x = numbers.vector(n);
    let mut p = hessian(family, n, &mut numbers);
    let mut rows = Rows::plant(family, &x, &mut numbers);
    let mut q: Vec<f64> = (0..n).map(|j| -dot(&p[j], &x) - rows.forces[j]).collect();
    let unbounded = family == Family::Unbounded || numbers.chance(family.share(Family::Unbounded, 0.2));
    if unbounded {
        // One variable has no curvature, is in no row, and only costs.
        let j = numbers.below(n as f64);
        p.iter_mut().for_each(|row| row[j] = 0.0);
        p[j].fill(0.0);
        rows.release(j, &x);
        q[j] = -numbers.positive();
    }
    if family == Family::Infeasible || numbers.chance(family.share(Family::Infeasible, 0.2)) {
        rows.contradict(&mut numbers);
    }
    if family == Family::Scaled || numbers.chance(family.share(Family::Scaled, 1.0)) {
        let (objective, columns) = (powers(1, 8.0, &mut numbers)[0], powers(n, 2.0, &mut numbers));
        for i in 0..n {
            q[i] *= objective * columns[i];
            for j in 0..n {
                p[i][j] *= objective * columns[i] * columns[j];
            }
        }
        rows.scale(&columns, &mut numbers);
        let x: Vec<f64> = x.iter().zip(inverse_scales(&columns)).map(|(x, s)| x * s).collect();
        let mut sample = finish(family, (p, q), rows, &x, unbounded, &mut numbers)?;
        if family == Family::Mixed {
            sample.known = Known::Nothing;
        }
        return Ok(sample);
    }
    finish(family, (p, q), rows, &x, unbounded, &mut numbers)
}

fn finish(
    family: Family,
    (p, q): (Vec<Vec<f64>>, Vec<f64>),
    rows: Rows,
    x: &[f64],
    unbounded: bool,
    numbers: &mut Numbers,
) -> Result<Sample> {
    let px: Vec<f64> = p.iter().map(|row| dot(row, x)).collect();
    let has_solution = !unbounded && !rows.contradicted;
    let known = if has_solution { Known::Optimum(0.5 * dot(x, &px) + dot(&q, x)) } else { Known::NoSolution };
    let builder = Program::builder(q.len()).objective(&p[..], &q).assume_convex();
    let program = rows.add_to(builder).build()?;
    Ok(Sample { family, program, known, x_bar: numbers.vector(x.len()) })
}

/// `FᵀF + εI`; of lower rank, or zero, in some families.
fn hessian(family: Family, n: usize, numbers: &mut Numbers) -> Vec<Vec<f64>> {
    let linear = matches!(family, Family::Linear | Family::LinearRegularized);
    if linear || numbers.chance(family.share(Family::Linear, 0.4)) {
        return vec![vec![0.0; n]; n];
    }
    let singular = family == Family::SingularHessian || numbers.chance(family.share(Family::SingularHessian, 2.0));
    let rank = if singular { numbers.below(n as f64) } else { n };
    let shift = if singular { 0.0 } else { 0.5 };
    let factor: Vec<Vec<f64>> = (0..rank).map(|_| numbers.vector(n)).collect();
    let entry =
        |i: usize, j: usize| factor.iter().map(|row| row[i] * row[j]).sum::<f64>() + if i == j { shift } else { 0.0 };
    (0..n).map(|i| (0..n).map(|j| entry(i, j)).collect()).collect()
}

pub(super) fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}
