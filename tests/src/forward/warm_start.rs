//! Warm starts: accepted where declared, refused elsewhere, never harmful.

use bpqp_traits::ErrorKind;

use super::ForwardContext;
use crate::verdict::{accepted, close, refused};
use crate::{CaseResult, Problem};

/// The vertex (3, 1) of `max x₁ + 2x₂`; see the case `linear_program`.
fn problem() -> Problem {
    Problem::new(&[-1.0, -2.0])
        .at_most(&[1.0, 1.0], 4.0)
        .at_most(&[1.0, 3.0], 6.0)
        .bounds(&[0.0; 2], &[f64::INFINITY; 2])
}

/// Declared: the solution itself, accepted as a start, is found again. Not declared: refused, and the session works on.
pub(super) fn warm_start(ctx: &ForwardContext<'_>) -> CaseResult {
    let program = problem().build()?;
    let mut session = ctx.setup(&program)?;
    let given = session.warm_start(&[3.0, 1.0], &[0.5, 0.5], &[0.0, 0.0]);
    if ctx.capabilities.warm_start {
        accepted("warm start", given)?;
    } else {
        refused("an undeclared warm start", given, &[ErrorKind::Unsupported])?;
    }
    close("x", &ctx.solved_in(session.as_mut(), &program)?.x, &[3.0, 1.0], ctx.config.accuracy)
}

/// A start far off, with duals of the wrong signs, costs time at most; before the first solve and between solves.
pub(super) fn warm_start_far_off(ctx: &ForwardContext<'_>) -> CaseResult {
    let program = problem().build()?;
    let mut session = ctx.setup(&program)?;
    for start in [[1e3, -1e3], [0.0, 0.0], [-5.0, 7.0]] {
        accepted("warm start", session.warm_start(&start, &[-3.0, 4.0], &[2.0, -2.0]))?;
        let found = ctx.solved_in(session.as_mut(), &program)?;
        close("x", &found.x, &[3.0, 1.0], ctx.config.accuracy)?;
    }
    Ok(())
}

/// A wrong length or a value that is not finite is an invalid argument, and the session works on.
pub(super) fn warm_start_invalid(ctx: &ForwardContext<'_>) -> CaseResult {
    let program = problem().build()?;
    let mut session = ctx.setup(&program)?;
    let ok: &[f64] = &[0.0, 0.0];
    let kinds = [ErrorKind::InvalidArgument];
    for bad in [&[0.0][..], &[0.0; 3], &[], &[0.0, f64::NAN], &[f64::INFINITY, 0.0]] {
        refused(&format!("x = {bad:?}"), session.warm_start(bad, ok, ok), &kinds)?;
        refused(&format!("y = {bad:?}"), session.warm_start(ok, bad, ok), &kinds)?;
        refused(&format!("bound_duals = {bad:?}"), session.warm_start(ok, ok, bad), &kinds)?;
    }
    close("x", &ctx.solved_in(session.as_mut(), &program)?.x, &[3.0, 1.0], ctx.config.accuracy)
}
