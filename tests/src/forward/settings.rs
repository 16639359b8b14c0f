//! Settings that break the contract are typed errors; limits are honored.

use std::time::Duration;

use bpqp_traits::{ErrorKind, Settings, Status};

use super::ForwardContext;
use super::context::dirty_solution;
use crate::verdict::{accepted, ensure, refused};
use crate::{CaseResult, KnownProblem, Problem, RandomShape};

fn expect_refusal(ctx: &ForwardContext<'_>, what: &str, settings: &Settings) -> CaseResult {
    let program = easy().build()?;
    refused(what, ctx.solver.setup(&program.as_ref(), settings), &[ErrorKind::InvalidSetting])
}

/// A linear problem that any backend serves.
fn easy() -> Problem {
    Problem::new(&[1.0]).bounds(&[0.0], &[1.0])
}

/// A tolerance outside `(0, 1)`, or NaN, is an invalid setting.
pub(super) fn invalid_tolerance(ctx: &ForwardContext<'_>) -> CaseResult {
    for tolerance in [0.0, -1e-6, 1.0, f64::NAN, f64::INFINITY] {
        let settings = Settings { tolerance, ..ctx.config.settings() };
        expect_refusal(ctx, &format!("tolerance {tolerance}"), &settings)?;
    }
    Ok(())
}

/// An iteration limit of zero is an invalid setting.
pub(super) fn zero_iterations(ctx: &ForwardContext<'_>) -> CaseResult {
    expect_refusal(ctx, "max_iterations 0", &Settings { max_iterations: Some(0), ..ctx.config.settings() })
}

/// An option that no backend has is an invalid setting, and the error names it.
pub(super) fn unknown_option(ctx: &ForwardContext<'_>) -> CaseResult {
    let mut settings = ctx.config.settings();
    settings.options.insert("no_such_option".into(), "1".into());
    expect_refusal(ctx, "option no_such_option", &settings)?;
    let program = easy().build()?;
    let message = ctx.solver.setup(&program.as_ref(), &settings).err().map(|e| e.to_string()).unwrap_or_default();
    ensure(message.contains("no_such_option"), || format!("the error does not name the option: {message}"))
}

/// A looser tolerance is still a promise: at 1e-4 the residuals are at most 1e-4.
pub(super) fn loose_tolerance(ctx: &ForwardContext<'_>) -> CaseResult {
    let config = crate::Config { tolerance: 1e-4, ..ctx.config.clone() };
    let loose = ForwardContext { config: &config, ..*ctx };
    loose.solved(&Problem::new(&[-1.0, -2.0]).at_most(&[1.0, 3.0], 6.0).bounds(&[0.0; 2], &[4.0; 2]).build()?)?;
    Ok(())
}

/// A problem with a dozen active rows, linear where the backend serves nothing else.
fn hard(ctx: &ForwardContext<'_>) -> KnownProblem {
    let linear = !ctx.capabilities.quadratic_objective;
    let shape = RandomShape {
        n: 16,
        equalities: 4,
        active_rows: 8,
        inactive_rows: 8,
        active_bounds: 4,
        inactive_bounds: 4,
        density: 0.8,
        linear,
    };
    KnownProblem::random(shape, 11)
}

/// The solver stopped by itself with a right answer, or says that the limit came first; both are audited.
fn stopped_in_time(ctx: &ForwardContext<'_>, settings: &Settings, limit: Status) -> Result<u64, String> {
    let program = hard(ctx).problem.build()?;
    let mut session = ctx.setup_with(&program, settings)?;
    let mut out = dirty_solution();
    let status = accepted("solve", session.solve(&mut out))?;
    ctx.audit(&program, status, &out)?;
    let right = [limit, Status::Solved, Status::SolvedInaccurate].contains(&status);
    ensure(right, || format!("status is {status}, expected {limit} or solved"))?;
    Ok(out.iterations)
}

/// Declared: one iteration is not exceeded, and "solved" after it must be true. Not declared: the limit is refused.
pub(super) fn iteration_limit(ctx: &ForwardContext<'_>) -> CaseResult {
    let settings = Settings { max_iterations: Some(1), ..ctx.config.settings() };
    if !ctx.capabilities.iteration_limit {
        let program = easy().build()?;
        let kinds = [ErrorKind::Unsupported, ErrorKind::InvalidSetting];
        return refused("an undeclared iteration limit", ctx.solver.setup(&program.as_ref(), &settings), &kinds);
    }
    let iterations = stopped_in_time(ctx, &settings, Status::IterationLimit)?;
    ensure(iterations <= 1, || format!("took {iterations} iterations, allowed 1"))
}

/// Declared: a nanosecond leads to the time limit, or to a true "solved". Not declared: the limit is refused.
pub(super) fn time_limit(ctx: &ForwardContext<'_>) -> CaseResult {
    let settings = Settings { time_limit: Some(Duration::from_nanos(1)), ..ctx.config.settings() };
    if !ctx.capabilities.time_limit {
        let program = easy().build()?;
        let kinds = [ErrorKind::Unsupported, ErrorKind::InvalidSetting];
        return refused("an undeclared time limit", ctx.solver.setup(&program.as_ref(), &settings), &kinds);
    }
    stopped_in_time(ctx, &settings, Status::TimeLimit).map(|_| ())
}

/// Generous limits change nothing, where they are declared.
pub(super) fn generous_limits(ctx: &ForwardContext<'_>) -> CaseResult {
    let settings = Settings {
        max_iterations: ctx.capabilities.iteration_limit.then_some(1_000_000),
        time_limit: ctx.capabilities.time_limit.then_some(Duration::from_secs(3600)),
        ..ctx.config.settings()
    };
    let program = hard(ctx).problem.build()?;
    ctx.solved_in(ctx.setup_with(&program, &settings)?.as_mut(), &program)?;
    Ok(())
}
