//! Gradients by central differences, block by block, for solvers (against the oracle) and for layers (against a solver).

use bpqp_traits::{ProgramBuf, Session, Settings, Solution, Status};

use crate::reference::{Gradients, ReferenceForward, gradients};
use crate::verdict::{accepted, ensure, guarded};
use crate::{CaseReport, CaseResult, Config, KnownProblem, Outcome, Problem, RandomShape, Report};

/// A block of a QP's data, in the paper's names: `(A, b)` are the equality rows, `(G, h)` the rows with an upper side
/// alone, `(C, l, u)` all others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GradientBlock {
    /// Stored upper triangle of `P`.
    P,
    /// Linear term `q`.
    Q,
    /// Equality rows `A`.
    A,
    /// Their right-hand sides `b`.
    B,
    /// Rows `G` with an upper side alone.
    G,
    /// Their right-hand sides `h`.
    H,
    /// All other rows `C`.
    C,
    /// Their lower sides `l`.
    L,
    /// Their upper sides `u`.
    U,
    /// Lower bounds of the variables.
    Lb,
    /// Upper bounds of the variables.
    Ub,
}

impl GradientBlock {
    /// All blocks with the names of their cases.
    pub const ALL: [(Self, &'static str); 11] = [
        (Self::P, "gradient_p"),
        (Self::Q, "gradient_q"),
        (Self::A, "gradient_a"),
        (Self::B, "gradient_b"),
        (Self::G, "gradient_g"),
        (Self::H, "gradient_h"),
        (Self::C, "gradient_c"),
        (Self::L, "gradient_l"),
        (Self::U, "gradient_u"),
        (Self::Lb, "gradient_lb"),
        (Self::Ub, "gradient_ub"),
    ];
}

/// One number of the data.
#[derive(Clone, Copy)]
enum Entry {
    P(usize, usize),
    Q(usize),
    A(usize, usize),
    Both(usize),
    L(usize),
    U(usize),
    Lb(usize),
    Ub(usize),
}

impl Entry {
    fn value(self, problem: &Problem) -> f64 {
        match self {
            Self::P(i, j) => problem.p[i * problem.q.len() + j],
            Self::Q(j) => problem.q[j],
            Self::A(i, j) => problem.a[i][j],
            Self::Both(i) | Self::U(i) => problem.u[i],
            Self::L(i) => problem.l[i],
            Self::Lb(j) => problem.lb[j],
            Self::Ub(j) => problem.ub[j],
        }
    }

    fn moved(self, problem: &Problem, by: f64) -> Problem {
        let mut moved = problem.clone();
        match self {
            // The stored value of the upper triangle stands for both places.
            Self::P(i, j) => moved.p[i * problem.q.len() + j] += by,
            Self::Q(j) => moved.q[j] += by,
            Self::A(i, j) => moved.a[i][j] += by,
            Self::Both(i) => {
                moved.l[i] += by;
                moved.u[i] += by;
            }
            Self::L(i) => moved.l[i] += by,
            Self::U(i) => moved.u[i] += by,
            Self::Lb(j) => moved.lb[j] += by,
            Self::Ub(j) => moved.ub[j] += by,
        }
        moved
    }

    fn gradient(self, all: &Gradients, n: usize) -> Option<f64> {
        match self {
            Self::P(i, j) => all.p.get(i * n + j),
            Self::Q(j) => all.q.get(j),
            Self::A(i, j) => all.a.get(i * n + j),
            Self::Both(i) | Self::U(i) => all.u.get(i),
            Self::L(i) => all.l.get(i),
            Self::Lb(j) => all.lb.get(j),
            Self::Ub(j) => all.ub.get(j),
        }
        .copied()
    }
}

/// The stored and finite entries of a block.
fn entries(problem: &Problem, block: GradientBlock) -> Vec<Entry> {
    use GradientBlock as Block;
    let (n, m) = (problem.q.len(), problem.l.len());
    let equal = |i: &usize| problem.l[*i] == problem.u[*i];
    let upper = |i: &usize| problem.l[*i] == f64::NEG_INFINITY && problem.u[*i].is_finite();
    let other = |i: &usize| !equal(i) && !upper(i);
    let stored = |i: usize| (0..n).filter(move |&j| problem.a[i][j] != 0.0).map(move |j| Entry::A(i, j));
    match block {
        Block::P => {
            let upper = (0..n).flat_map(|i| (i..n).map(move |j| (i, j)));
            upper.filter(|&(i, j)| problem.p[i * n + j] != 0.0).map(|(i, j)| Entry::P(i, j)).collect()
        }
        Block::Q => (0..n).map(Entry::Q).collect(),
        Block::A => (0..m).filter(equal).flat_map(stored).collect(),
        Block::B => (0..m).filter(equal).map(Entry::Both).collect(),
        Block::G => (0..m).filter(upper).flat_map(stored).collect(),
        Block::H => (0..m).filter(upper).map(Entry::U).collect(),
        Block::C => (0..m).filter(other).flat_map(stored).collect(),
        Block::L => (0..m).filter(other).filter(|&i| problem.l[i].is_finite()).map(Entry::L).collect(),
        Block::U => (0..m).filter(other).filter(|&i| problem.u[i].is_finite()).map(Entry::U).collect(),
        Block::Lb => (0..n).filter(|&j| problem.lb[j].is_finite()).map(Entry::Lb).collect(),
        Block::Ub => (0..n).filter(|&j| problem.ub[j].is_finite()).map(Entry::Ub).collect(),
    }
}

/// The problem that gradients are taken of: every block present, half of the inequality rows active, multipliers
/// between 0.4 and 3, strictly complementary.
pub(crate) fn instance() -> (KnownProblem, Vec<f64>) {
    let shape = RandomShape {
        n: 9,
        equalities: 2,
        active_rows: 4,
        inactive_rows: 4,
        active_bounds: 2,
        inactive_bounds: 2,
        density: 0.8,
        linear: false,
    };
    (KnownProblem::random(shape, 42), (0..9).map(|j| 1.0 - 0.3 * f64::from(j)).collect())
}

/// The oracle's gradients of `x_barᵀx*`.
pub(crate) fn exact(known: &KnownProblem, x_bar: &[f64]) -> Result<Gradients, String> {
    let program = known.problem.build()?;
    accepted("the oracle", gradients(&program.as_ref(), (&known.x, &known.y), &known.active, x_bar))
}

/// Compares central differences of `x_barᵀx*(θ)` over `solve` with `found`, entry by entry of a block.
pub(crate) fn check_block(
    block: GradientBlock,
    (known, x_bar): (&KnownProblem, &[f64]),
    found: &Gradients,
    config: &Config,
    solve: impl Fn(&ProgramBuf) -> Result<Vec<f64>, String>,
) -> CaseResult {
    let loss = |problem: &Problem| -> Result<f64, String> {
        Ok(solve(&problem.build()?)?.iter().zip(x_bar).map(|(x, b)| x * b).sum())
    };
    let mut pairs = Vec::new();
    for entry in entries(&known.problem, block) {
        let step = config.difference_step * entry.value(&known.problem).abs().max(1.0);
        let (above, below) = (loss(&entry.moved(&known.problem, step))?, loss(&entry.moved(&known.problem, -step))?);
        let gradient = entry.gradient(found, x_bar.len());
        let gradient = gradient.ok_or_else(|| format!("{block:?}: the gradient has a wrong length"))?;
        pairs.push((gradient, (above - below) / (2.0 * step)));
    }
    let largest = pairs.iter().fold(0.0, |m: f64, (_, d)| m.max(d.abs()));
    ensure(largest > 1e-3, || format!("{block:?}: the solution does not depend on the block"))?;
    for (k, (gradient, difference)) in pairs.iter().enumerate() {
        ensure((gradient - difference).abs() <= config.gradient_accuracy * largest, || {
            format!("{block:?}: entry {k} is {gradient:.9e}, central difference {difference:.9e}")
        })?;
    }
    Ok(())
}

/// Gradients of `x_barᵀx*` for a program, as a layer computes them.
pub type VjpFn<'a> = dyn Fn(&ProgramBuf, &[f64]) -> Result<Gradients, String> + 'a;

/// Checks a layer's gradients, block by block, against central differences over the reference solver.
pub fn run_gradients(name: &str, vjp: &VjpFn<'_>, config: &Config) -> Report {
    let (known, x_bar) = instance();
    let settings = Settings::with_tolerance(config.gradient_tolerance);
    let solve = |program: &ProgramBuf| solve_to(&ReferenceForward, program, &settings);
    let case = |&(block, name): &(GradientBlock, &'static str)| {
        let outcome = guarded(|| {
            let found = vjp(&known.problem.build()?, &x_bar)?;
            check_block(block, (&known, &x_bar), &found, config, solve)
        });
        CaseReport { name, outcome: outcome.map_or_else(Outcome::Failed, |()| Outcome::Passed) }
    };
    Report::new(name.into(), GradientBlock::ALL.iter().map(case).collect(), config.expected_skips)
}

/// The primal solution at the given settings.
pub(crate) fn solve_to(
    solver: &dyn bpqp_traits::ForwardSolver,
    program: &ProgramBuf,
    settings: &Settings,
) -> Result<Vec<f64>, String> {
    let mut session: Box<dyn Session> = accepted("setup", solver.setup(&program.as_ref(), settings))?;
    let mut out = Solution::default();
    let status = accepted("solve", session.solve(&mut out))?;
    ensure(status == Status::Solved, || format!("status is {status}, expected solved"))?;
    Ok(out.x)
}
