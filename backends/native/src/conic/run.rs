//! One solve: steps until a point or a certificate holds.

use std::time::Instant;

use bpqp_traits::claims::{Claim, judge};
use bpqp_traits::vector::max_abs;
use bpqp_traits::{ProgramRef, Solution, Status};

use super::embedding::Embedding;
use super::equilibrate::Scales;
use super::form::Form;
use super::kkt::Kkt;
use super::nesterov_todd::NesterovTodd;
use crate::progress::print;

/// Iterations without a smaller residual.
const PATIENCE: u32 = 12;
/// A step shorter than this is none …
const SHORT: f64 = 1e-4;
/// … and so many in a row end the solve.
const MAX_SHORT: u32 = 3;
/// Whoever judges the point after this solver is given one whose residual is by so much below the tolerance.
const CLEARLY: f64 = 0.1;
/// A certificate is looked at from this violation on, in scaled units.
const NEARLY_CERTAIN: f64 = 1e-7;

/// When to stop.
#[derive(Clone, Copy, Debug)]
pub(super) struct Limits {
    pub(super) tolerance: f64,
    pub(super) iterations: u64,
    /// Whether the caller set a limit on iterations, or time.
    pub(super) limited: bool,
    pub(super) deadline: Option<Instant>,
    pub(super) verbose: bool,
    /// Whether the caller judges the point.
    pub(super) is_judged: bool,
}

/// A program and what belongs to its standard form.
pub(super) struct Problem<'a> {
    pub(super) program: ProgramRef<'a>,
    pub(super) form: &'a Form,
    pub(super) scales: &'a Scales,
}

impl Problem<'_> {
    /// Writes `(x, z) / size` in the program's units.
    fn restore(&self, (x, z): (&[f64], &[f64]), size: f64, out: &mut Solution) {
        let Scales { d, e, c } = self.scales;
        let x: Vec<f64> = x.iter().zip(d).map(|(x, d)| d * x / size).collect();
        let z: Vec<f64> = z.iter().zip(e).map(|(z, e)| e * z / (c * size)).collect();
        self.form.layout.restore((self.program.num_vars(), self.program.num_rows()), &x, &z, out);
    }

    /// Whether the point with this `residual` in scaled units is a solution, in `out` then.
    fn is_solved(&self, point: &Embedding, residual: f64, limits: Limits, out: &mut Solution) -> bool {
        let Limits { tolerance, is_judged, .. } = limits;
        let is_near = residual <= tolerance;
        if is_near {
            self.restore((&point.x, &point.z), point.tau, out);
        }
        let is_clear = is_judged && residual <= CLEARLY * tolerance;
        is_near && (is_clear || self.holds(tolerance, out))
    }

    fn holds(&self, tolerance: f64, out: &mut Solution) -> bool {
        judge(&self.program, Claim { status: Status::Solved, limited: false }, tolerance, out) == Status::Solved
    }

    /// The kind of infeasibility that the point proves, its certificate in `out`.
    fn infeasible(&self, point: &Embedding, out: &mut Solution) -> Option<Status> {
        let products = &point.products;
        let mut prove = |status: Status| {
            self.restore((&point.x, &point.z), 1.0, out);
            (judge(&self.program, Claim { status, limited: false }, 1.0, out) == status).then_some(status)
        };
        if products.hz < 0.0 && max_abs(&products.gtz) <= -NEARLY_CERTAIN * products.hz {
            return prove(Status::PrimalInfeasible);
        }
        let recession = products.gx.iter().zip(&point.s).fold(0.0, |m: f64, (g, s)| m.max((g + s).abs()));
        if products.qx < 0.0 && max_abs(&products.px).max(recession) <= -NEARLY_CERTAIN * products.qx {
            return prove(Status::DualInfeasible);
        }
        None
    }
}

/// Solves, and leaves the best point in `out` where nothing better can be had.
pub(super) fn solve(problem: &Problem<'_>, kkt: &mut Kkt, limits: Limits, out: &mut Solution) -> Status {
    let form = problem.form;
    let mut point = Embedding::new(form);
    let (mut best, mut idle, mut short, mut count) = (f64::INFINITY, 0, 0, 0);
    let mut best_point = (point.x.clone(), point.z.clone(), 1.0);
    let mut claim = Status::NumericalError;
    let mut scaling = NesterovTodd::new(&form.layout);
    let mut running = point.start(form, &scaling, kkt);
    while running {
        point.measure(form);
        let residual = point.residual(form, problem.scales);
        if limits.verbose {
            let (mu, tau, kappa) = (point.mu(scaling.degree()), point.tau, point.kappa);
            let solves = kkt.worst;
            print(format_args!(
                "{count:>8} residual {residual:.1e} mu {mu:.1e} tau {tau:.1e} kappa {kappa:.1e} solves to {solves:.1e}"
            ));
        }
        idle += 1;
        if residual < best {
            (best, idle) = (residual, 0);
            best_point.0.clone_from(&point.x);
            best_point.1.clone_from(&point.z);
            best_point.2 = point.tau;
        }
        if problem.is_solved(&point, residual, limits, out) {
            out.iterations = count;
            return Status::Solved;
        }
        if let Some(status) = problem.infeasible(&point, out) {
            out.iterations = count;
            return status;
        }
        if count >= limits.iterations {
            claim = Status::IterationLimit;
            break;
        }
        if limits.deadline.is_some_and(|deadline| Instant::now() >= deadline) {
            claim = Status::TimeLimit;
            break;
        }
        count += 1;
        running = match point.advance(form, &mut scaling, kkt) {
            Some(length) => {
                short = if length < SHORT { short + 1 } else { 0 };
                short < MAX_SHORT && idle < PATIENCE
            }
            None => false,
        };
    }
    problem.restore((&best_point.0, &best_point.1), best_point.2, out);
    out.iterations = count;
    judge(&problem.program, Claim { status: claim, limited: limits.limited }, limits.tolerance, out)
}
