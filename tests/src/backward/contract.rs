//! The contract around the arithmetic: bad input, repetition, threads, new values.

use bpqp_traits::{ErrorKind, KktFactor};

use super::random::random_qp;
use super::{BackwardContext, Qp};
use crate::verdict::{accepted, close, ensure, refused};
use crate::{CaseResult, SplitMix64};

/// `H = diag(2, 4)`, `z₁ + z₂ = r`; see the case `least_squares`.
fn small() -> Result<Qp, String> {
    Qp::dense(&[2.0, 0.0, 0.0, 4.0], &[1.0, 1.0], 2)
}

fn check_small(ctx: &BackwardContext<'_>, factor: &mut dyn KktFactor) -> CaseResult {
    let solved = ctx.solve_well(factor, &small()?, &[-2.0, -8.0], &[1.0])?;
    close("z", &solved.z, &[-1.0 / 3.0, 4.0 / 3.0], ctx.config.adjoint_accuracy)?;
    close("nu", &solved.nu, &[8.0 / 3.0], ctx.config.adjoint_accuracy)
}

/// The name is lower case without spaces, and there is a version.
pub(super) fn info(ctx: &BackwardContext<'_>) -> CaseResult {
    let info = ctx.solver.info();
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "-_".contains(c);
    let good = !info.name.is_empty() && info.name.chars().all(plain);
    ensure(good, || format!("the name '{}' is not lower case without spaces", info.name))?;
    ensure(!info.version.is_empty(), || "the version is empty".into())
}

/// A buffer or a right-hand side of wrong length is an invalid argument, and the factor works on.
pub(super) fn wrong_lengths(ctx: &BackwardContext<'_>) -> CaseResult {
    let mut factor = ctx.factorize(&small()?)?;
    for which in 0..4 {
        for change in [-1, 1] {
            let mut lengths = [2_isize, 1, 2, 1];
            lengths[which] += change;
            let [g, r, mut z, mut nu] = lengths.map(|len| vec![1.0; len.unsigned_abs()]);
            let answer = factor.solve(&g, &r, &mut z, &mut nu);
            refused(&format!("lengths (g, r, z, nu) = {lengths:?}"), answer, &[ErrorKind::InvalidArgument])?;
        }
    }
    check_small(ctx, factor.as_mut())
}

/// A right-hand side that is not finite is an invalid argument, and the factor works on.
pub(super) fn not_finite(ctx: &BackwardContext<'_>) -> CaseResult {
    let mut factor = ctx.factorize(&small()?)?;
    for bad in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
        let (mut z, mut nu) = ([0.0; 2], [0.0]);
        let answer = factor.solve(&[1.0, bad], &[0.0], &mut z, &mut nu);
        refused(&format!("g = {bad}"), answer, &[ErrorKind::InvalidArgument])?;
        let answer = factor.solve(&[1.0, 0.0], &[bad], &mut z, &mut nu);
        refused(&format!("r = {bad}"), answer, &[ErrorKind::InvalidArgument])?;
    }
    check_small(ctx, factor.as_mut())
}

/// Right-hand sides leave no trace: the same one before and after another gives the same answer.
pub(super) fn repeatable(ctx: &BackwardContext<'_>) -> CaseResult {
    let mut factor = ctx.factorize(&small()?)?;
    check_small(ctx, factor.as_mut())?;
    ctx.solve_well(factor.as_mut(), &small()?, &[1e3, -5.0], &[-70.0])?;
    check_small(ctx, factor.as_mut())
}

/// Two factors of one solver, used in turn, do not disturb each other.
pub(super) fn factors_are_independent(ctx: &BackwardContext<'_>) -> CaseResult {
    let mut rng = SplitMix64::new(6000);
    let other = random_qp(7, 3, 0.8, &mut rng)?;
    let (g, r) = (rng.normals(7), rng.normals(3));
    let (mut first, mut second) = (ctx.factorize(&small()?)?, ctx.factorize(&other)?);
    for _ in 0..2 {
        check_small(ctx, first.as_mut())?;
        ctx.check_oracle(second.as_mut(), &other, (&g, &r), 1.0)?;
    }
    Ok(())
}

/// Factors are made here, then used on other threads, two at once; the solver is shared between them.
pub(super) fn across_threads(ctx: &BackwardContext<'_>) -> CaseResult {
    let (first, second) = (ctx.factorize(&small()?)?, ctx.factorize(&small()?)?);
    let run = |mut factor: Box<dyn KktFactor>| {
        for _ in 0..3 {
            check_small(ctx, factor.as_mut())?;
            check_small(ctx, ctx.factorize(&small()?)?.as_mut())?;
        }
        Ok(())
    };
    std::thread::scope(|scope| {
        let joined = [scope.spawn(move || run(first)), scope.spawn(move || run(second))].map(|thread| thread.join());
        joined.into_iter().try_for_each(|result| result.unwrap_or_else(|_| Err("a thread panicked".into())))
    })
}

/// New values on the same patterns give what a fresh factorization gives.
pub(super) fn refactorize_equals_fresh(ctx: &BackwardContext<'_>) -> CaseResult {
    let mut rng = SplitMix64::new(7000);
    let old = random_qp(9, 4, 0.6, &mut rng)?;
    let mut new = old.clone();
    new.c.values_mut().iter_mut().for_each(|v| *v *= rng.uniform(0.5, 1.5));
    new.h.values_mut().iter_mut().for_each(|v| *v *= 3.0);
    let (g, r) = (rng.normals(9), rng.normals(4));
    let mut factor = ctx.factorize(&old)?;
    for qp in [&old, &new, &old] {
        accepted("refactorize", factor.refactorize(&qp.view()?))?;
        ctx.check_oracle(factor.as_mut(), qp, (&g, &r), 1.0)?;
        let fresh = ctx.solve(qp, &g, &r)?;
        let again = ctx.solve_with(factor.as_mut(), qp, &g, &r)?;
        close("z against a fresh factor", &again.z, &fresh.z, ctx.config.adjoint_accuracy)?;
        close("nu against a fresh factor", &again.nu, &fresh.nu, ctx.config.adjoint_accuracy)?;
    }
    Ok(())
}

/// Another pattern is an invalid argument, and the factor works on.
pub(super) fn refactorize_other_pattern(ctx: &BackwardContext<'_>) -> CaseResult {
    let mut factor = ctx.factorize(&small()?)?;
    let others = [
        Qp::dense(&[2.0, 1.0, 1.0, 4.0], &[1.0, 1.0], 2)?,
        Qp::dense(&[2.0, 0.0, 0.0, 4.0], &[1.0, 0.0], 2)?,
        Qp::dense(&[2.0, 0.0, 0.0, 4.0], &[], 2)?,
        Qp::dense(&[2.0], &[1.0], 1)?,
    ];
    for other in &others {
        refused("another pattern", factor.refactorize(&other.view()?), &[ErrorKind::InvalidArgument])?;
    }
    check_small(ctx, factor.as_mut())
}
