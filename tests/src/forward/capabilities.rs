//! Capability flags, both ways: what is declared works, what is not is refused before any work.

use bpqp_traits::{CscMatrix, ErrorKind, ProgramBuf, ProgramUpdate};

use super::{Expected, ForwardContext};
use crate::verdict::{accepted, close, ensure, refused};
use crate::{CaseResult, Problem};

/// The name is lower case without spaces, and there is a version.
pub(super) fn info(ctx: &ForwardContext<'_>) -> CaseResult {
    let info = ctx.solver.info();
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "-_".contains(c);
    let good = !info.name.is_empty() && info.name.chars().all(plain);
    ensure(good, || format!("the name '{}' is not lower case without spaces", info.name))?;
    ensure(!info.version.is_empty(), || "the version is empty".into())
}

/// `½x² − x` gives 1, or is refused.
pub(super) fn quadratic_objective(ctx: &ForwardContext<'_>) -> CaseResult {
    let problem = Problem::distance_to(&[1.0]).bounds(&[-4.0], &[4.0]);
    if ctx.capabilities.quadratic_objective {
        return ctx.check(&problem, Expected { x: &[1.0], ..Expected::default() });
    }
    let set_up = ctx.solver.setup(&problem.build()?.as_ref(), &ctx.config.settings());
    refused("an undeclared quadratic objective", set_up, &[ErrorKind::Unsupported])
}

/// `min 3x₁ + 4x₂` on the unit ball gives `(−0.6, −0.8)`, or is refused.
pub(super) fn second_order_cones(ctx: &ForwardContext<'_>) -> CaseResult {
    let problem = Problem::new(&[3.0, 4.0]).ball(1.0);
    if ctx.capabilities.second_order_cones {
        return ctx
            .check_curved(&problem, Expected { x: &[-0.6, -0.8], cones: &[5.0, 3.0, 4.0], ..Expected::default() });
    }
    let set_up = ctx.solver.setup(&problem.build()?.as_ref(), &ctx.config.settings());
    refused("undeclared second-order cones", set_up, &[ErrorKind::Unsupported])
}

/// `P = [1 2; 2 1]` has the eigenvalue −1 behind a positive diagonal. Declared: refused as not convex, at setup. A
/// convex problem is not refused either way, nor a singular one with rounding errors in it.
pub(super) fn checks_convexity(ctx: &ForwardContext<'_>) -> CaseResult {
    let boxed = |p: &[f64]| Problem::new(&[0.0; 2]).hessian(p).bounds(&[-1.0; 2], &[1.0; 2]);
    let third = 1.0 / 3.0;
    let rank_one = boxed(&[third * third, third * 0.1, third * 0.1, 0.1 * 0.1]).build()?;
    accepted("a convex problem", ctx.solver.setup(&rank_one.as_ref(), &ctx.config.settings()))?;
    if !ctx.capabilities.checks_convexity {
        return Ok(());
    }
    for p in [[1.0, 2.0, 2.0, 1.0], [1.0, 1.1, 1.1, 1.0], [0.0, 1.0, 1.0, 0.0]] {
        let set_up = ctx.solver.setup(&boxed(&p).build()?.as_ref(), &ctx.config.settings());
        refused(&format!("P = {p:?}"), set_up, &[ErrorKind::NotConvex])?;
    }
    Ok(())
}

/// New vectors are taken, or refused with the session left as it was: `min x` on `[0, 1]`, then `min −x`.
pub(super) fn update_vectors(ctx: &ForwardContext<'_>) -> CaseResult {
    let program = Problem::new(&[1.0]).bounds(&[0.0], &[1.0]).build()?;
    let mut session = ctx.setup(&program)?;
    let update = session.update(&ProgramUpdate { q: Some(&[-1.0]), ..Default::default() });
    if ctx.capabilities.update_vectors {
        accepted("update of q", update)?;
        let turned = Problem::new(&[-1.0]).bounds(&[0.0], &[1.0]).build()?;
        return close("x", &ctx.solved_in(session.as_mut(), &turned)?.x, &[1.0], ctx.config.accuracy);
    }
    refused("an undeclared update of q", update, &[ErrorKind::Unsupported])?;
    close("x", &ctx.solved_in(session.as_mut(), &program)?.x, &[0.0], ctx.config.accuracy)
}

/// New matrix values are taken, or refused with the session left as it was: `max x`, `2x ≤ 2`, then `4x ≤ 2`.
pub(super) fn update_matrices(ctx: &ForwardContext<'_>) -> CaseResult {
    let build = |a: f64| Problem::new(&[-1.0]).at_most(&[a], 2.0).build();
    let program = build(2.0)?;
    let mut session = ctx.setup(&program)?;
    let update = session.update(&ProgramUpdate { a: Some(&[4.0]), ..Default::default() });
    if ctx.capabilities.update_matrices {
        accepted("update of A", update)?;
        return close("x", &ctx.solved_in(session.as_mut(), &build(4.0)?)?.x, &[0.5], ctx.config.accuracy);
    }
    refused("an undeclared update of A", update, &[ErrorKind::Unsupported])?;
    close("x", &ctx.solved_in(session.as_mut(), &program)?.x, &[1.0], ctx.config.accuracy)
}

/// A Hessian of stored zeros may get values, `min −x` on `[−4, 4]` becoming `½x² − x`, or they are refused with the session
/// left as it was.
pub(super) fn update_to_quadratic(ctx: &ForwardContext<'_>) -> CaseResult {
    let program = |p: f64| {
        let none = (vec![], vec![]);
        let a = CscMatrix::zeros(0, 1);
        ProgramBuf::new(CscMatrix::from_diagonal(&[p])?, vec![-1.0], a, none, (vec![-4.0], vec![4.0]))
    };
    let (linear, quadratic) =
        (accepted("the suite's own problem", program(0.0))?, accepted("the suite's own problem", program(1.0))?);
    let mut session = ctx.setup(&linear)?;
    let update = session.update(&ProgramUpdate { p: Some(&[1.0]), ..Default::default() });
    if ctx.capabilities.quadratic_objective {
        accepted("update of P", update)?;
        return close("x", &ctx.solved_in(session.as_mut(), &quadratic)?.x, &[1.0], ctx.config.accuracy);
    }
    refused("an undeclared quadratic objective", update, &[ErrorKind::Unsupported])?;
    close("x", &ctx.solved_in(session.as_mut(), &linear)?.x, &[4.0], ctx.config.accuracy)
}

/// Calling for the capabilities twice gives the same flags: they are facts, not states.
pub(super) fn capabilities_are_constant(ctx: &ForwardContext<'_>) -> CaseResult {
    let again = ctx.solver.capabilities();
    ensure(again == ctx.capabilities, || format!("{:?}, then {again:?}", ctx.capabilities))
}
