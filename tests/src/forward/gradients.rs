//! Gradient fitness: central differences of the solver's own `x*` agree with the oracle's gradients, block by block. A
//! solver that passes is exact enough to be differentiated.

use super::ForwardContext;
use crate::gradients::{check_block, exact, instance, solve_to};
use crate::{CaseResult, GradientBlock};

fn check(ctx: &ForwardContext<'_>, block: GradientBlock) -> CaseResult {
    let (known, x_bar) = instance();
    let found = exact(&known, &x_bar)?;
    let mut settings = ctx.config.settings();
    settings.tolerance = ctx.config.gradient_tolerance;
    check_block(block, (&known, &x_bar), &found, ctx.config, |program| solve_to(ctx.solver, program, &settings))
}

macro_rules! block_cases {
    ($($(#[$doc:meta])* $name:ident $block:ident;)*) => {
        $($(#[$doc])* pub(super) fn $name(ctx: &ForwardContext<'_>) -> CaseResult {
            check(ctx, GradientBlock::$block)
        })*
    };
}

block_cases! {
    /// Stored upper triangle of `P`: `z̃ᵢxⱼ + xᵢz̃ⱼ` off the diagonal.
    gradient_p P;
    /// `∂L/∂q = z̃`.
    gradient_q Q;
    /// Equality rows: `ν z̃ᵀ + ν̃ xᵀ`.
    gradient_a A;
    /// Right-hand sides of equalities: `−ν̃`.
    gradient_b B;
    /// One-sided rows: `λ z̃ᵀ + λ̃ xᵀ` where active, else 0.
    gradient_g G;
    /// Their right-hand sides: `−λ̃` where active, else 0.
    gradient_h H;
    /// Two-sided and lower rows.
    gradient_c C;
    /// Lower sides: `−ỹ` where active, else 0.
    gradient_l L;
    /// Upper sides: `−ỹ` where active, else 0.
    gradient_u U;
    /// Lower bounds: `−ζ̃` where active, else 0.
    gradient_lb Lb;
    /// Upper bounds: `−ζ̃` where active, else 0.
    gradient_ub Ub;
}
