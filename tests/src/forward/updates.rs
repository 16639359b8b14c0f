//! Updates: each field against a fresh setup; bad ones leave the session as it was.

use bpqp_traits::{ErrorKind, ProgramUpdate};

use super::ForwardContext;
use crate::verdict::{accepted, close, ensure, refused};
use crate::{CaseResult, KnownProblem, Problem, RandomShape};

const INF: f64 = f64::INFINITY;

/// A problem's values in the layout of an update.
struct Values {
    p: Vec<f64>,
    a: Vec<f64>,
    data: Problem,
}

impl Values {
    fn of(problem: &Problem) -> Result<Self, String> {
        let program = problem.build()?;
        let (p, a) = (program.as_ref().p().values().to_vec(), program.as_ref().a().values().to_vec());
        Ok(Self { p, a, data: problem.clone() })
    }
}

/// Updates a solved session to `new` and back, comparing with a fresh setup each time. The two must differ in `x`, or
/// the update could be ignored unseen.
fn check_update(
    ctx: &ForwardContext<'_>,
    old: &Problem,
    new: &Problem,
    pick: fn(&Values) -> ProgramUpdate<'_>,
) -> CaseResult {
    let (old_program, new_program) = (old.build()?, new.build()?);
    let mut session = ctx.setup(&old_program)?;
    let first = ctx.solved_in(session.as_mut(), &old_program)?;
    for (problem, program) in [(new, &new_program), (old, &old_program)] {
        accepted("update", session.update(&pick(&Values::of(problem)?)))?;
        let found = ctx.solved_in(session.as_mut(), program)?;
        ctx.compare(&found, &ctx.solved(program)?, 10.0 * ctx.config.accuracy)?;
        let moved = first.x.iter().zip(&found.x).any(|(a, b)| (a - b).abs() > 1e-3);
        ensure(moved == std::ptr::eq(problem, new), || "x did not move with the update, and back".into())?;
    }
    Ok(())
}

/// The box `[0, 4]²` with `1 ≤ x₁ + x₂ ≤ 5`: `min x₁ + 2x₂` is at `(l, 0)`, its opposite at `(u − 4, 4)`.
fn strip(q: [f64; 2]) -> Problem {
    Problem::new(&q).row(1.0, &[1.0, 1.0], 5.0).bounds(&[0.0; 2], &[4.0; 2])
}

/// A quadratic problem in which every block matters.
fn quadratic() -> Problem {
    let shape = RandomShape {
        n: 8,
        equalities: 2,
        active_rows: 3,
        inactive_rows: 4,
        active_bounds: 2,
        inactive_bounds: 2,
        density: 0.7,
        linear: false,
    };
    KnownProblem::random(shape, 5).problem
}

/// The linear term: the cheap corner becomes the dear one.
pub(super) fn update_q(ctx: &ForwardContext<'_>) -> CaseResult {
    check_update(ctx, &strip([1.0, 2.0]), &strip([-1.0, -2.0]), |v| ProgramUpdate {
        q: Some(&v.data.q),
        ..Default::default()
    })
}

/// Lower sides of rows.
pub(super) fn update_l(ctx: &ForwardContext<'_>) -> CaseResult {
    let (old, mut new) = (strip([1.0, 2.0]), strip([1.0, 2.0]));
    new.l[0] = 2.5;
    check_update(ctx, &old, &new, |v| ProgramUpdate { l: Some(&v.data.l), ..Default::default() })
}

/// Upper sides of rows.
pub(super) fn update_u(ctx: &ForwardContext<'_>) -> CaseResult {
    let (old, mut new) = (strip([-1.0, -2.0]), strip([-1.0, -2.0]));
    new.u[0] = 6.5;
    check_update(ctx, &old, &new, |v| ProgramUpdate { u: Some(&v.data.u), ..Default::default() })
}

/// Lower bounds.
pub(super) fn update_lb(ctx: &ForwardContext<'_>) -> CaseResult {
    let (old, mut new) = (strip([1.0, 2.0]), strip([1.0, 2.0]));
    new.lb[1] = 0.5;
    check_update(ctx, &old, &new, |v| ProgramUpdate { lb: Some(&v.data.lb), ..Default::default() })
}

/// Upper bounds.
pub(super) fn update_ub(ctx: &ForwardContext<'_>) -> CaseResult {
    let (old, mut new) = (strip([-1.0, -2.0]), strip([-1.0, -2.0]));
    new.ub[1] = 3.0;
    check_update(ctx, &old, &new, |v| ProgramUpdate { ub: Some(&v.data.ub), ..Default::default() })
}

/// The Hessian's values, diagonal and off it.
pub(super) fn update_p(ctx: &ForwardContext<'_>) -> CaseResult {
    let (old, mut new) = (quadratic(), quadratic());
    new.p.iter_mut().for_each(|v| *v *= 0.5);
    let n = new.q.len();
    (0..n).for_each(|j| new.p[j * n + j] += 0.3);
    check_update(ctx, &old, &new, |v| ProgramUpdate { p: Some(&v.p), ..Default::default() })
}

/// The rows' values.
pub(super) fn update_a(ctx: &ForwardContext<'_>) -> CaseResult {
    let (old, mut new) = (strip([1.0, 2.0]), strip([1.0, 2.0]));
    new.a[0] = vec![0.5, 1.5];
    check_update(ctx, &old, &new, |v| ProgramUpdate { a: Some(&v.a), ..Default::default() })
}

/// Every field at once.
pub(super) fn update_everything(ctx: &ForwardContext<'_>) -> CaseResult {
    let (old, mut new) = (quadratic(), quadratic());
    new.p.iter_mut().chain(&mut new.q).for_each(|v| *v *= 1.25);
    new.a.iter_mut().flatten().for_each(|v| *v *= 0.9);
    for (j, v) in new.l.iter_mut().chain(&mut new.lb).enumerate() {
        *v -= 0.01 * (j % 3) as f64;
    }
    new.u.iter_mut().chain(&mut new.ub).for_each(|v| *v += 0.02);
    check_update(ctx, &old, &new, |v| ProgramUpdate {
        p: Some(&v.p),
        q: Some(&v.data.q),
        a: Some(&v.a),
        l: Some(&v.data.l),
        u: Some(&v.data.u),
        lb: Some(&v.data.lb),
        ub: Some(&v.data.ub),
        ..Default::default()
    })
}

/// Every field of a linear program at once: the dear corner on the upper side becomes a cheap one on the lower.
pub(super) fn update_linear_program(ctx: &ForwardContext<'_>) -> CaseResult {
    let (old, mut new) = (strip([-1.0, -2.0]), strip([1.0, 2.0]));
    new.a[0] = vec![0.5, 1.5];
    (new.l, new.u, new.lb, new.ub) = (vec![2.5], vec![6.0], vec![0.25, 0.5], vec![3.0, 3.5]);
    check_update(ctx, &old, &new, |v| ProgramUpdate {
        q: Some(&v.data.q),
        a: Some(&v.a),
        l: Some(&v.data.l),
        u: Some(&v.data.u),
        lb: Some(&v.data.lb),
        ub: Some(&v.data.ub),
        ..Default::default()
    })
}

/// Sides change their kind: a row is opened, an inequality becomes an equality, a variable is fixed, and all back.
pub(super) fn update_kinds_of_sides(ctx: &ForwardContext<'_>) -> CaseResult {
    let old = strip([1.0, 2.0]);
    let mut opened = old.clone();
    (opened.l[0], opened.u[0]) = (-INF, INF);
    let mut equal = old.clone();
    (equal.l[0], equal.u[0]) = (3.0, 3.0);
    let mut fixed = old.clone();
    (fixed.lb[1], fixed.ub[1]) = (0.75, 0.75);
    let mut unbounded_above = old.clone();
    (unbounded_above.lb[1], unbounded_above.ub) = (-2.0, vec![INF; 2]);
    for new in [&opened, &equal, &fixed, &unbounded_above] {
        check_update(ctx, &old, new, |v| ProgramUpdate {
            l: Some(&v.data.l),
            u: Some(&v.data.u),
            lb: Some(&v.data.lb),
            ub: Some(&v.data.ub),
            ..Default::default()
        })?;
    }
    Ok(())
}

/// An update of nothing changes nothing, and is accepted with whatever capability for updates there is.
pub(super) fn update_nothing(ctx: &ForwardContext<'_>) -> CaseResult {
    let program = strip([1.0, 2.0]).build()?;
    let mut session = ctx.setup(&program)?;
    accepted("an empty update", session.update(&ProgramUpdate::default()))?;
    close("x", &ctx.solved_in(session.as_mut(), &program)?.x, &[1.0, 0.0], ctx.config.accuracy)
}

/// Every broken vector is refused, also beside good ones, and the session solves the old problem: all or nothing.
pub(super) fn update_invalid_vectors(ctx: &ForwardContext<'_>) -> CaseResult {
    let good: &[f64] = &[-1.0, -2.0];
    let none = ProgramUpdate::default;
    let bad = [
        ("q of wrong length", ProgramUpdate { q: Some(&[1.0]), ..none() }),
        ("q with a NaN", ProgramUpdate { q: Some(&[1.0, f64::NAN]), ..none() }),
        ("infinite q", ProgramUpdate { q: Some(&[INF, 1.0]), ..none() }),
        ("l of wrong length, good q", ProgramUpdate { q: Some(good), l: Some(&[1.0, 1.0]), ..none() }),
        ("l = NaN, good q", ProgramUpdate { q: Some(good), l: Some(&[f64::NAN]), ..none() }),
        ("l above u, good q", ProgramUpdate { q: Some(good), l: Some(&[9.0]), ..none() }),
        ("u below l", ProgramUpdate { u: Some(&[0.0]), ..none() }),
        ("u = −∞", ProgramUpdate { u: Some(&[-INF]), l: Some(&[-INF]), ..none() }),
        ("lb above ub, good q", ProgramUpdate { q: Some(good), lb: Some(&[0.0, 9.0]), ..none() }),
        ("ub of wrong length", ProgramUpdate { ub: Some(&[]), ..none() }),
        ("ub with a NaN", ProgramUpdate { ub: Some(&[f64::NAN, 1.0]), ..none() }),
        ("cone offset without cones", ProgramUpdate { cone_offset: Some(&[1.0]), q: Some(good), ..none() }),
    ];
    check_invalid(ctx, &bad)
}

/// The same for matrix values.
pub(super) fn update_invalid_matrices(ctx: &ForwardContext<'_>) -> CaseResult {
    let good: &[f64] = &[-1.0, -2.0];
    let none = ProgramUpdate::default;
    let bad = [
        ("A of wrong length, good q", ProgramUpdate { q: Some(good), a: Some(&[1.0]), ..none() }),
        ("A with a NaN, good q", ProgramUpdate { q: Some(good), a: Some(&[1.0, f64::NAN]), ..none() }),
        ("P of wrong length", ProgramUpdate { p: Some(&[1.0]), ..none() }),
        ("l above u, good A", ProgramUpdate { a: Some(&[0.5, 1.5]), l: Some(&[9.0]), ..none() }),
    ];
    check_invalid(ctx, &bad)
}

fn check_invalid(ctx: &ForwardContext<'_>, bad: &[(&str, ProgramUpdate<'_>)]) -> CaseResult {
    let program = strip([1.0, 2.0]).build()?;
    let mut session = ctx.setup(&program)?;
    for (what, update) in bad {
        refused(what, session.update(update), &[ErrorKind::InvalidProblem])?;
        let found = ctx.solved_in(session.as_mut(), &program).map_err(|e| format!("after {what}: {e}"))?;
        close(&format!("x after {what}"), &found.x, &[1.0, 0.0], ctx.config.accuracy)?;
    }
    Ok(())
}
