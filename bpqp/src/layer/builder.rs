//! What a layer is made of.

use bpqp_traits::Settings;

use super::Layer;
use super::choices::{AtDegeneracy, AtInfeasibility, AtKink, Choices};
use crate::registry::Registry;
use crate::{Error, Result};

/// Chooses the backends and settings of a [`Layer`].
#[derive(Clone, Default)]
pub struct LayerBuilder {
    registry: Option<Registry>,
    forward: Option<String>,
    backward: Option<String>,
    choices: Choices,
}

impl LayerBuilder {
    /// The backends to choose from; default: those compiled in.
    pub fn registry(mut self, registry: Registry) -> Self {
        self.registry = Some(registry);
        self
    }

    /// The forward backend by name; default: the first registered.
    pub fn forward(mut self, name: impl Into<String>) -> Self {
        self.forward = Some(name.into());
        self
    }

    /// The backward backend by name; default: the first registered.
    pub fn backward(mut self, name: impl Into<String>) -> Self {
        self.backward = Some(name.into());
        self
    }

    /// The forward solver's settings.
    pub fn settings(mut self, settings: Settings) -> Self {
        self.choices.settings = settings;
        self
    }

    /// The `ε ≥ 0` of the objective `qᵀx + ε‖x‖²` that takes the place of a linear one, as in the paper (section 4): its
    /// solution is unique and has derivatives everywhere but at kinks. Default 1e-6; 0 differentiates the linear program
    /// itself.
    ///
    /// The linear program is solved first, so it is infeasible or unbounded as it would be without. Then the point moves to
    /// the regularized solution, where [`Solved::x`], the duals, the residuals and all derivatives belong. Where the linear
    /// program's solution is unique and `ε` is small that is the same point, and `∂x/∂q = 0`; among many solutions it is
    /// the one of least norm, and `∂x/∂q` is about `1/(2ε)` along them. Programs with curvature are left alone.
    ///
    /// [`Solved::x`]: super::Solved::x
    pub fn lp_regularization(mut self, epsilon: f64) -> Self {
        self.choices.lp_regularization = epsilon;
        self
    }

    /// The barrier `μ ≥ 0`, in units of the objective, of derivatives that are smoothed: those of the minimizer of
    /// ```text
    /// ½xᵀP x + qᵀx − μ Σ log(slack)    over all sides of inequalities and bounds, subject to the equalities
    /// ```
    /// and of cones, whose slack is `√((cᵀx + d)² − ‖Fx + g‖²)`
    /// (the paper's section 4.1) in place of the solution's own. They exist at kinks, at degenerate solutions, at the apex of a
    /// cone, and from points that are not converged, and tell of constraints before these become active; a linear program's solution, whose
    /// exact derivative is zero, has useful ones. As `μ` vanishes they become the exact derivative, where there is one.
    /// [`Solved::x`] stays the program's own solution; [`Solved::smoothed`] is the one that is differentiated. A program
    /// needs points strictly inside its inequalities and cones. Takes the place of
    /// [`lp_regularization`](Self::lp_regularization). Default 0: not smoothed.
    ///
    /// [`Solved::x`]: super::Solved::x
    /// [`Solved::smoothed`]: super::Solved::smoothed
    pub fn smoothing(mut self, mu: f64) -> Self {
        self.choices.smoothing = mu;
        self
    }

    /// Whether derivatives may use the factorization that the forward solver ended on, where it holds one: one triangular
    /// solve instead of a factorization. Default true. A backward backend chosen by name, other than the forward one, does
    /// its own work always.
    pub fn reuse(mut self, reuse: bool) -> Self {
        self.choices.reuse = reuse;
        self
    }

    /// Whether every gradient comes with an estimate of its error and of how far it holds: [`Certificate::error_estimate`],
    /// [`Certificate::radius`]. It costs four more solves with the factorization at hand. Default false.
    ///
    /// [`Certificate::error_estimate`]: super::Certificate::error_estimate
    /// [`Certificate::radius`]: super::Certificate::radius
    pub fn estimate_errors(mut self, estimate: bool) -> Self {
        self.choices.estimate_errors = estimate;
        self
    }

    /// What becomes of constraints that are met with neither slack nor force. Default: they count as inactive.
    pub fn at_kink(mut self, choice: AtKink) -> Self {
        self.choices.at_kink = choice;
        self
    }

    /// What becomes of gradients where active constraints depend on one another or the solution is not unique. Default: the
    /// element of least norm.
    pub fn at_degeneracy(mut self, choice: AtDegeneracy) -> Self {
        self.choices.at_degeneracy = choice;
        self
    }

    /// What becomes of infeasible programs. Default: they have no solution.
    pub fn at_infeasibility(mut self, choice: AtInfeasibility) -> Self {
        self.choices.at_infeasibility = choice;
        self
    }

    /// Builds the layer.
    ///
    /// # Errors
    /// [`Error::UnknownBackend`];
    /// [`InvalidSetting`](bpqp_traits::Error::InvalidSetting) for settings out of range.
    pub fn build(self) -> Result<Layer> {
        let Self { registry, forward, backward, mut choices } = self;
        choices.validate()?;
        let registry = registry.unwrap_or_else(Registry::compiled);
        let none = || Error::UnknownBackend { name: "default".into(), available: Vec::new() };
        let default = registry.names().into_iter().next().ok_or_else(none)?;
        let forward = forward.as_ref().unwrap_or(&default);
        // Whoever asks for another backward solver gets it.
        choices.reuse &= backward.as_ref().is_none_or(|name| name == forward);
        let forward = registry.get(forward)?.forward();
        let backward = registry.get(backward.as_ref().unwrap_or(&default))?.backward();
        Ok(Layer { forward, backward, choices })
    }
}
