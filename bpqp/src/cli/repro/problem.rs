//! The problems of the tables.

use serde::Serialize;

use super::ball;
use super::reference::{Reference, reference};
use crate::generate::{Family, Generated, Recipe};
use crate::{Layer, Program, Settings};

/// A kind of problem.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub(super) enum Kind {
    /// The paper's generator: hardly an inequality is active.
    #[serde(rename = "qp")]
    PaperQp,
    /// Every other inequality is active.
    #[serde(rename = "qp-active")]
    ActiveQp,
    /// `qᵀx + ε‖x‖²`, built bounded.
    #[serde(rename = "lp")]
    Lp,
    /// A linear objective over a ball.
    #[serde(rename = "socp")]
    Socp,
}

impl Kind {
    pub(super) const ALL: [Self; 4] = [Self::PaperQp, Self::ActiveQp, Self::Lp, Self::Socp];

    /// The name in files.
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::PaperQp => "qp",
            Self::ActiveQp => "qp-active",
            Self::Lp => "lp",
            Self::Socp => "socp",
        }
    }

    /// What it is, for people.
    pub(super) fn describe(self) -> &'static str {
        match self {
            Self::PaperQp => "QP, the paper's generator: all data uniform in [0, 1), hardly an inequality active",
            Self::ActiveQp => "QP, Gaussian data, every other inequality active",
            Self::Lp => "LP as qᵀx + ε‖x‖², ε = 1e-6, bounded and dual feasible by q = −Gᵀλ₀, λ₀ ≥ 0: all rows active",
            Self::Socp => {
                "SOCP, qᵀx over a ball (of a size n×m the n alone counts); forward by the backend named where it takes cones, else by the first that does"
            }
        }
    }

    fn family(self) -> Family {
        match self {
            Self::PaperQp => Family::PaperQp,
            Self::ActiveQp => Family::Gaussian,
            Self::Lp => Family::PaperLp,
            Self::Socp => Family::PaperSocp,
        }
    }
}

/// One problem, its loss and what its backward pass should come to.
pub(super) struct Problem {
    pub(super) kind: Kind,
    pub(super) program: Program,
    /// The gradient of the loss, the sum of `x`.
    pub(super) x_bar: Vec<f64>,
    pub(super) reference: Reference,
}

impl Problem {
    /// # Errors
    /// Of the generator; of the solver that looks for the active set; where that set cannot be proved to be the solution's.
    pub(super) fn new(kind: Kind, (n, m): (usize, usize), seed: u64) -> crate::Result<Self> {
        let recipe = Recipe::new(kind.family()).n(n).seed(seed);
        let recipe = if kind == Kind::Socp { recipe } else { recipe.m(m).p(m) };
        let Generated { program, solution, name } = recipe.generate()?;
        let x_bar = vec![1.0; n];
        if kind == Kind::Socp {
            let reference = ball::reference(&program, &x_bar);
            return Ok(Self { kind, program, x_bar, reference });
        }
        let guess = match solution {
            Some(solution) => solution,
            None => {
                let layer = Layer::builder().settings(Settings::with_tolerance(1e-10)).build()?;
                layer.forward(&program)?.solution().clone()
            }
        };
        let reference = reference(&program, &guess, &x_bar)
            .map_err(|reason| bpqp_traits::Error::backend("the reference", format!("{name}: {reason}")))?;
        Ok(Self { kind, program, x_bar, reference })
    }
}
