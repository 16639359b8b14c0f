//! Sequential quadratic programming with exact Hessians and a line search.
//!
//! Each linearized convex constraint is implied by the constraint itself, so a QP without a feasible point proves that the
//! program has none: no elastic mode is needed. Any point that satisfies the KKT conditions is a global solution, so a
//! step that halves their residual is taken whatever the merit function says: full steps near the solution are never
//! refused (the Maratos effect).

use std::time::Instant;

use bpqp_traits::vector::{axpy, dot, max_abs};
use bpqp_traits::{KktResiduals, Status};

use super::evaluate::{Iterate, Linearization, Problem, Values, Workspace};
use super::layer::{ConvexProgress, Options};
use super::subproblem::{Answer, Choices, Subproblem, not_convex};
use crate::{Layer, Result};

/// Share of the predicted decrease that a step must bring.
const ARMIJO: f64 = 1e-4;
/// Steps shorter than this are none.
const SHORTEST_STEP: f64 = 1e-12;
/// Forces on steps in units of the distance to the end of the domain that are lost in a solver's tolerance.
const UNSEEN: f64 = 1e-9;
/// Differences of merit below this share of it are rounding.
const ROUNDING: f64 = 1e-13;
/// From this residual on, QPs are solved to the accuracy of the arithmetic.
const POLISHED: f64 = 1e-3;
/// Steps beyond the tolerance, each a factor of 10 or more in the residual, and where they end.
const REFINEMENTS: u32 = 3;
const FINEST: f64 = 1e-14;
/// Larger proximal weights tried at one iterate.
const ATTEMPTS: u32 = 8;
/// A point this much larger than the start runs away.
const RUNAWAY: f64 = 1e12;
/// Length, in lengths of the point, of a ray along which the objective must fall as its slope says.
const RAY: f64 = 1e6;

/// How a run ended.
pub(super) struct Outcome {
    pub(super) status: Status,
    /// Why it did not end well.
    pub(super) message: Option<String>,
    pub(super) point: Point,
    pub(super) iterations: u32,
    pub(super) qp_iterations: u64,
}

/// An iterate and all that is known there.
#[derive(Clone)]
pub(super) struct Point {
    pub(super) at: Iterate,
    pub(super) lin: Linearization,
    pub(super) residuals: KktResiduals,
}

impl Point {
    pub(super) fn new(
        problem: &Problem<'_, '_>,
        workspace: &mut Workspace,
        at: Iterate,
        values: Values,
        place: &str,
    ) -> Result<Self> {
        let lin = problem.linearize(&at, values, place, workspace)?;
        let residuals = problem.residuals(&at, &lin);
        Ok(Self { at, lin, residuals })
    }
}

/// Where a step leads.
enum Step {
    To { point: Box<Point>, length: f64 },
    Nowhere { status: Status, message: String, certificate: Option<Iterate> },
}

struct Run<'a> {
    problem: &'a Problem<'a, 'a>,
    layer: &'a Layer,
    workspace: Workspace,
    subproblem: Subproblem,
    /// Penalties of the rows in the merit function, equalities first: at least their multipliers (Powell's rule).
    weights: Vec<f64>,
    proximal: f64,
    /// Whether steps lead to the end of the domain, and so are bounded within it.
    within: bool,
    /// What was outside the domain in the last line search.
    outside: Option<String>,
    iteration: u32,
}

/// Solves `problem` from `start`.
pub(super) fn run(problem: &Problem<'_, '_>, layer: &Layer, options: &Options, mut start: Iterate) -> Result<Outcome> {
    let begun = Instant::now();
    problem.clamp(&mut start.x);
    let outside = |reason| bpqp_traits::Error::invalid_argument("start", format!("lies outside the domain: {reason}"));
    let values = problem.values(&start.x).map_err(outside)?;
    let runaway = RUNAWAY * (1.0 + max_abs(&start.x));
    let mut workspace = Workspace::new(problem);
    let mut current = Point::new(problem, &mut workspace, start, values, " at the start")?;
    let (_, n, m) = problem.sizes();
    let mut run = Run {
        problem,
        layer,
        workspace,
        subproblem: Subproblem::default(),
        weights: vec![0.0; n + m],
        proximal: 0.0,
        within: problem.has_domain(),
        outside: None,
        iteration: 0,
    };
    let mut best = current.clone();
    let (mut refinements, mut length) = (0, 0.0);
    let (status, message) = loop {
        if let Some(progress) = &options.progress {
            let (objective, residuals) = (current.lin.values.f, current.residuals);
            progress(&ConvexProgress {
                iteration: run.iteration,
                objective,
                residuals,
                length,
                proximal: run.proximal,
            });
        }
        let (now, before) = (current.residuals.max(), best.residuals.max());
        let better = now < before || before.is_nan();
        if better {
            best = current.clone();
        }
        if best.residuals.max() <= options.tolerance {
            let stuck = refinements > 0 && !(better && now <= 0.1 * before);
            if stuck || refinements == REFINEMENTS || now <= FINEST {
                break (Status::Solved, None);
            }
            refinements += 1;
        }
        let solved = refinements > 0;
        let limit = if run.iteration >= options.max_iterations {
            Some(Status::IterationLimit)
        } else if options.time_limit.is_some_and(|limit| begun.elapsed() > limit) {
            Some(Status::TimeLimit)
        } else if max_abs(&current.at.x) > runaway {
            let message = "iterates run away: the program seems to be unbounded, or its infimum is not attained";
            break (Status::NumericalError, Some(message.to_owned()));
        } else {
            None
        };
        if let Some(limit) = limit {
            break if solved { (Status::Solved, None) } else { (limit, None) };
        }
        run.iteration += 1;
        match run.step(&current) {
            Ok(Step::To { point, length: taken }) => (current, length) = (*point, taken),
            // Whatever goes wrong beyond the tolerance does not take the solution back.
            _ if solved => break (Status::Solved, None),
            Ok(Step::Nowhere { status, message, certificate }) => {
                if let Some(certificate) = certificate {
                    best.at = certificate;
                }
                break (status, Some(message));
            }
            Err(error) => return Err(error),
        }
    };
    let (iterations, qp_iterations) = (run.iteration, run.subproblem.iterations);
    Ok(Outcome { status, message, point: best, iterations, qp_iterations })
}

impl Run<'_> {
    fn place(&self) -> String {
        format!(" at iterate {}", self.iteration)
    }

    fn step(&mut self, from: &Point) -> Result<Step> {
        let mut last = (Status::NumericalError, String::new());
        for _ in 0..ATTEMPTS {
            let answer = self.qp(from, None)?;
            match answer.status {
                Status::Solved | Status::SolvedInaccurate => {
                    if let Some((point, length)) = self.search(from, answer)? {
                        if length == 1.0 {
                            self.relax(from);
                        }
                        return Ok(Step::To { point: Box::new(point), length });
                    }
                    let why = match self.outside.take() {
                        Some(outside) => format!("outside the domain, {outside}"),
                        None => "without descent; check_derivatives tells whether the derivatives are right".into(),
                    };
                    last = (Status::NumericalError, format!("the line search ended{}: {why}", self.place()));
                }
                Status::PrimalInfeasible => {
                    let message = format!("the constraints linearized{} have no point in common", self.place());
                    let certificate = Some(answer.iterate);
                    return Ok(Step::Nowhere { status: Status::PrimalInfeasible, message, certificate });
                }
                Status::DualInfeasible => {
                    if self.falls_along(from, &answer.iterate.x) {
                        let message = format!("the objective falls without end along a ray{}", self.place());
                        let certificate = Some(answer.iterate);
                        return Ok(Step::Nowhere { status: Status::DualInfeasible, message, certificate });
                    }
                    last = (Status::NumericalError, format!("the QP is unbounded{}", self.place()));
                }
                status => last = (status, format!("the QP was not solved{}: {status}", self.place())),
            }
            self.hold(from);
        }
        let (status, message) = last;
        Ok(Step::Nowhere { status, message, certificate: None })
    }

    /// Solves the QP at `from`. Where its step would leave the domain it is solved once more with bounds within the domain, or
    /// with the domain's ends where these leave no point. Bounds that do not bind are left out: an interior point so close to
    /// them knows their multipliers, and hence its own, to few digits.
    fn qp(&mut self, from: &Point, correction: Option<&[f64]>) -> Result<Answer> {
        let problem = self.problem;
        if !self.within {
            let answer = self.bounded_qp(from, correction, (&problem.lb, &problem.ub))?;
            let stays = |step: &[f64]| problem.longest_step(&from.at.x, step) == 1.0;
            if !problem.has_domain() || (answer.status.has_solution() && stays(&minus(&answer.iterate.x, &from.at.x))) {
                return Ok(answer);
            }
        }
        let (lb, ub) = problem.step_bounds(&from.at.x, true);
        let answer = self.bounded_qp(from, correction, (&lb, &ub))?;
        if answer.status == Status::PrimalInfeasible {
            let (lb, ub) = problem.step_bounds(&from.at.x, false);
            return self.bounded_qp(from, correction, (&lb, &ub));
        }
        self.within = answer.iterate.x.iter().enumerate().any(|(j, &y)| {
            let (x, room) = (from.at.x[j], 1e-3);
            let (to_lower, to_upper) = (lb[j] != problem.lb[j], ub[j] != problem.ub[j]);
            (to_lower && y - lb[j] <= room * (x - lb[j])) || (to_upper && ub[j] - y <= room * (ub[j] - x))
        });
        Ok(answer)
    }

    /// Solves the QP at `from` within `bounds`; only those that are the program's own have multipliers.
    fn bounded_qp(&mut self, from: &Point, correction: Option<&[f64]>, (lb, ub): (&[f64], &[f64])) -> Result<Answer> {
        let polish = from.residuals.max() <= POLISHED || self.problem.has_domain();
        let choices = Choices { proximal: self.proximal, bounds: (lb, ub), correction, polish };
        let answer = self.subproblem.solve(self.layer, self.problem, (&from.at, &from.lin), &choices);
        let mut answer = answer.map_err(|error| not_convex(error, &self.place()))?;
        if answer.status.has_solution() {
            for (j, zeta) in answer.iterate.zeta.iter_mut().enumerate() {
                let (side, own) = if *zeta > 0.0 { (ub[j], self.problem.ub[j]) } else { (lb[j], self.problem.lb[j]) };
                if side != own || side.is_infinite() {
                    *zeta = 0.0;
                }
            }
            if (lb, ub) != (&self.problem.lb, &self.problem.ub) {
                self.move_unseen(from, &mut answer.iterate, (lb, ub));
            }
        }
        Ok(answer)
    }

    /// Variables so close to the end of their domain that no solver sees them, whose forces move the objective by less than
    /// its tolerance, take a Newton step of their own at the multipliers that were found.
    fn move_unseen(&self, from: &Point, target: &mut Iterate, (lb, ub): (&[f64], &[f64])) {
        let (hessian, units) = (from.lin.hessian.as_ref(), self.problem.units(&from.at.x));
        let mut forces = target.zeta.clone();
        axpy(1.0, &from.lin.gradient, &mut forces);
        hessian.mul_add(1.0, &minus(&target.x, &from.at.x), &mut forces);
        self.problem.a.as_ref().transpose_mul_add(1.0, &target.nu, &mut forces);
        from.lin.jacobian.as_ref().transpose_mul_add(1.0, &target.lambda, &mut forces);
        let size = units.iter().zip(&from.lin.gradient).fold(1.0_f64, |m, (unit, v)| m.max(unit * v.abs()));
        for (i, j, curvature) in hessian.entries() {
            let is_own = i == j && (lb[j] != self.problem.lb[j] || ub[j] != self.problem.ub[j]);
            if is_own && curvature > 0.0 && (forces[j] * units[j]).abs() <= UNSEEN * size {
                target.x[j] = (target.x[j] - forces[j] / curvature).clamp(lb[j], ub[j]);
            }
        }
    }

    /// The point along the step to `answer`, and how much of it was taken.
    fn search(&mut self, from: &Point, mut answer: Answer) -> Result<Option<(Point, f64)>> {
        let place = self.place();
        self.problem.clamp(&mut answer.iterate.x);
        let target = answer.iterate;
        let step = minus(&target.x, &from.at.x);
        for (weight, dual) in self.weights.iter_mut().zip(target.nu.iter().chain(&target.lambda)) {
            *weight = dual.abs().max(0.5 * (*weight + dual.abs()));
        }
        let old = &from.lin.values;
        let weights = self.weights.clone();
        let merit = |values: &Values| values.f + dot(&weights, &violations(values));
        let before = merit(old);
        let slope = dot(&from.lin.gradient, &step) - dot(&weights, &violations(old));
        let slack = ROUNDING * (old.f.abs() + (before - old.f).abs());
        // A step that the merit function is too coarse to see is judged by what it does not spoil.
        let descends = slope < slack;
        let slope = slope.min(0.0);
        let mut length = self.problem.longest_step(&from.at.x, &step);
        let mut corrected = false;
        self.outside = None;
        while length > SHORTEST_STEP {
            let x = along(&from.at.x, &step, length);
            match self.problem.values(&x) {
                Err(reason) => self.outside = Some(reason),
                Ok(values) => {
                    self.outside = None;
                    let decreases = descends && merit(&values) <= before + ARMIJO * length * slope + slack;
                    if decreases || length == 1.0 {
                        let at = Iterate { x, ..target.clone() };
                        let point = Point::new(self.problem, &mut self.workspace, at, values.clone(), &place)?;
                        if decreases || point.residuals.max() <= 0.5 * from.residuals.max() {
                            return Ok(Some((point, length)));
                        }
                    }
                    if length == 1.0 && !corrected && !values.g.is_empty() {
                        corrected = true;
                        if let Some(target) = self.corrected(from, &step, &values)?
                            && let Ok(values) = self.problem.values(&target.x)
                            && descends
                            && merit(&values) <= before + ARMIJO * slope + slack
                        {
                            let point = Point::new(self.problem, &mut self.workspace, target, values, &place)?;
                            return Ok(Some((point, length)));
                        }
                    }
                }
            }
            length *= 0.5;
        }
        Ok(None)
    }

    /// The solution of the QP with the constraints linearized along `from` but met where the full step leads: the
    /// second-order correction.
    fn corrected(&mut self, from: &Point, step: &[f64], values: &Values) -> Result<Option<Iterate>> {
        let mut correction: Vec<f64> = from.lin.values.g.iter().zip(&values.g).map(|(old, new)| old - new).collect();
        from.lin.jacobian.as_ref().mul_add(1.0, step, &mut correction);
        let mut answer = self.qp(from, Some(&correction))?;
        self.problem.clamp(&mut answer.iterate.x);
        Ok(answer.status.has_solution().then_some(answer.iterate))
    }

    /// Whether the objective falls as fast as it does at `from`, and the constraints hold, far along `ray`.
    fn falls_along(&self, from: &Point, ray: &[f64]) -> bool {
        let size = max_abs(ray);
        let t = RAY * (1.0 + max_abs(&from.at.x)) / size;
        let slope = dot(&from.lin.gradient, ray);
        let there = self.problem.values(&along(&from.at.x, ray, t));
        let Ok(there) = there else { return false };
        let old = &from.lin.values;
        let grown = violations(&there).iter().zip(violations(old)).fold(0.0_f64, |m, (new, old)| m.max(new - old));
        size > 0.0 && slope < 0.0 && there.f - old.f <= 0.9 * t * slope && grown <= 1e-6 * t * size
    }

    /// What a proximal weight is compared with.
    fn curvature(from: &Point) -> f64 {
        let hessian = from.lin.hessian.as_ref();
        let diagonal = hessian.entries().filter(|(i, j, _)| i == j).fold(0.0_f64, |m, (.., v)| m.max(v));
        let slope = max_abs(&from.lin.gradient) / (1.0 + max_abs(&from.at.x));
        if diagonal > 0.0 { diagonal } else { slope.max(f64::MIN_POSITIVE) }
    }

    /// Holds the next steps back.
    fn hold(&mut self, from: &Point) {
        self.proximal = (10.0 * self.proximal).max(1e-3 * Self::curvature(from));
    }

    /// Lets them go.
    fn relax(&mut self, from: &Point) {
        self.proximal *= 0.1;
        if self.proximal < 1e-5 * Self::curvature(from) {
            self.proximal = 0.0;
        }
    }
}

/// By how much each row is violated, equalities first.
fn violations(values: &Values) -> Vec<f64> {
    values.gap.iter().map(|r| r.abs()).chain(values.g.iter().map(|g| g.max(0.0))).collect()
}

fn along(x: &[f64], step: &[f64], length: f64) -> Vec<f64> {
    x.iter().zip(step).map(|(x, p)| x + length * p).collect()
}

fn minus(a: &[f64], b: &[f64]) -> Vec<f64> {
    a.iter().zip(b).map(|(a, b)| a - b).collect()
}
