//! Sessions: repeated solves, independence, threads, buffers.

use bpqp_traits::{ActiveSet, AdjointQpRef, CscMatrix, ProgramUpdate, Session, Side, Solution, Status};

use super::ForwardContext;
use crate::reference::solve_adjoint;
use crate::verdict::{accepted, at_most, close, ensure};
use crate::{CaseResult, Problem};

/// Two linear problems of different shape that any backend serves: the vertex (3, 1), and `min x` on `[−2, 5]`.
fn two_problems() -> (Problem, Problem) {
    let inf = f64::INFINITY;
    let first =
        Problem::new(&[-1.0, -2.0]).at_most(&[1.0, 1.0], 4.0).at_most(&[1.0, 3.0], 6.0).bounds(&[0.0; 2], &[inf; 2]);
    (first, Problem::new(&[1.0]).bounds(&[-2.0], &[5.0]))
}

/// A second solve of the same session gives the same answer.
pub(super) fn solve_twice(ctx: &ForwardContext<'_>) -> CaseResult {
    let program = two_problems().0.build()?;
    let mut session = ctx.setup(&program)?;
    let first = ctx.solved_in(session.as_mut(), &program)?;
    let second = ctx.solved_in(session.as_mut(), &program)?;
    ctx.compare(&second, &first, ctx.config.accuracy)
}

/// Two sessions of one solver, used in turn, do not disturb each other.
pub(super) fn sessions_are_independent(ctx: &ForwardContext<'_>) -> CaseResult {
    let (a, b) = two_problems();
    let (a, b) = (a.build()?, b.build()?);
    let (mut first, mut second) = (ctx.setup(&a)?, ctx.setup(&b)?);
    for _ in 0..2 {
        close("x of the first", &ctx.solved_in(first.as_mut(), &a)?.x, &[3.0, 1.0], ctx.config.accuracy)?;
        close("x of the second", &ctx.solved_in(second.as_mut(), &b)?.x, &[-2.0], ctx.config.accuracy)?;
    }
    Ok(())
}

/// Buffers are the caller's: one that held a larger problem's solution is resized, and its values overwritten.
pub(super) fn buffers_are_resized(ctx: &ForwardContext<'_>) -> CaseResult {
    let (a, b) = two_problems();
    let (a, b) = (a.build()?, b.build()?);
    let mut out = Solution::default();
    for (program, x) in [(&a, &[3.0, 1.0][..]), (&b, &[-2.0]), (&a, &[3.0, 1.0])] {
        let status = accepted("solve", ctx.setup(program)?.solve(&mut out))?;
        ensure(status == Status::Solved, || format!("status is {status}"))?;
        ctx.audit(program, status, &out)?;
        close("x", &out.x, x, ctx.config.accuracy)?;
    }
    Ok(())
}

/// Sessions are made here, then solved on other threads, two at once; the solver is shared between them.
pub(super) fn across_threads(ctx: &ForwardContext<'_>) -> CaseResult {
    let (a, b) = two_problems();
    let (a, b) = (a.build()?, b.build()?);
    let (first, second) = (ctx.setup(&a)?, ctx.setup(&b)?);
    let run = |mut session: Box<dyn Session>, program, x: &[f64]| {
        for _ in 0..3 {
            close("x", &ctx.solved_in(session.as_mut(), program)?.x, x, ctx.config.accuracy)?;
            close("x of a setup on the thread", &ctx.solved(program)?.x, x, ctx.config.accuracy)?;
        }
        Ok(())
    };
    std::thread::scope(|scope| {
        let one = scope.spawn(|| run(first, &a, &[3.0, 1.0]));
        let two = scope.spawn(|| run(second, &b, &[-2.0]));
        let joined = [one.join(), two.join()];
        joined.into_iter().try_for_each(|result| result.unwrap_or_else(|_| Err("a thread panicked".into())))
    })
}

/// A status is of the last solve: feasible, then infeasible by an update, then feasible again.
pub(super) fn status_is_fresh(ctx: &ForwardContext<'_>) -> CaseResult {
    // x₁ ≤ 1 and x₁ ≥ l: feasible for l = 0, infeasible for l = 2.
    let mut program = Problem::new(&[1.0]).at_most(&[1.0], 1.0).at_least(0.0, &[1.0]).build()?;
    let mut session = ctx.setup(&program)?;
    let low = f64::NEG_INFINITY;
    for (l, feasible) in [(0.0, true), (2.0, false), (0.5, true)] {
        let sides = [low, l];
        let new = ProgramUpdate { l: Some(&sides), ..Default::default() };
        accepted("update", session.update(&new))?;
        accepted("the suite's own update", program.apply(&new))?;
        let (status, out) = ctx.solve_in(session.as_mut(), &program)?;
        ensure((status == Status::Solved) == feasible, || format!("status is {status} with l = {l}"))?;
        ensure(feasible || !status.has_solution(), || format!("status is {status} with l = {l}"))?;
        if feasible {
            close("x", &out.x, &[l], ctx.config.accuracy)?;
        }
    }
    Ok(())
}

/// Where a session hands out a factor for the adjoint QP, it solves that QP: here on one active row and no active
/// bound, so that the unknowns are all of `x` and one multiplier.
pub(super) fn adjoint_factor(ctx: &ForwardContext<'_>) -> CaseResult {
    let problem = Problem::distance_to(&[3.0, 4.0]).at_most(&[1.0, 0.0], 9.0).at_most(&[1.0, 2.0], 5.0);
    let program = problem.build()?;
    let mut session = ctx.setup(&program)?;
    ctx.solved_in(session.as_mut(), &program)?;
    let active = ActiveSet { rows: vec![Side::Free, Side::Upper], bounds: vec![Side::Free; 2] };
    let Some(factor) = session.adjoint_factor(&active) else { return Ok(()) };
    let c = accepted("the suite's own rows", CscMatrix::from_dense_rows(1, 2, &[1.0, 2.0]))?;
    let qp = accepted("the suite's own QP", AdjointQpRef::new(program.as_ref().p(), c.as_ref()))?;
    let (g, r) = ([1.0, -3.0], [0.5]);
    let (mut z, mut nu) = ([f64::NAN; 2], [f64::NAN]);
    let report = accepted("the factor's solve", factor.solve(&g, &r, &mut z, &mut nu))?;
    let (want_z, want_nu) = solve_adjoint(&qp, &g, &r);
    close("z", &z, &want_z, ctx.config.adjoint_accuracy)?;
    close("nu", &nu, &want_nu, ctx.config.adjoint_accuracy)?;
    at_most("the reported residual", report.residual, ctx.config.adjoint_accuracy)
}
