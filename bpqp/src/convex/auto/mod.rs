//! Programs that differentiate themselves: for those that are written down in a few lines.

mod tape;
mod var;

pub use var::{Var, dot, log_sum_exp};

use super::entries::{Entries, SymmetricEntries};
use super::program::{ConvexProgram, PrimalDual, ResidualTangent};
use tape::Tape;

/// A convex program by its functions alone; [`Auto`] makes a [`ConvexProgram`] of it.
///
/// ```
/// use bpqp::convex::{Auto, ConvexLayer, Model, Var};
///
/// /// minimize Σ θⱼ/xⱼ  s.t.  Σ xⱼ ≤ 1: xⱼ = √θⱼ / Σ √θₖ
/// struct Shares;
///
/// impl Model for Shares {
///     fn num_vars(&self) -> usize { 2 }
///     fn num_params(&self) -> usize { 2 }
///     fn objective<'t>(&self, x: &[Var<'t>], theta: &[Var<'t>]) -> Var<'t> {
///         theta[0] / x[0] + theta[1] / x[1]
///     }
///     fn inequalities<'t>(&self, x: &[Var<'t>], _theta: &[Var<'t>]) -> Vec<Var<'t>> {
///         vec![x[0] + x[1] - 1.0]
///     }
///     fn domain(&self, lower: &mut [f64], _upper: &mut [f64]) { lower.fill(0.0) }
/// }
///
/// # fn main() -> bpqp::Result<()> {
/// let program = Auto::new(Shares);
/// let mut solved = ConvexLayer::new()?.forward(&program, &[1.0, 4.0])?;
/// assert!((solved.x()[0] - 1.0 / 3.0).abs() < 1e-9);
/// let gradient = solved.backward(&[1.0, 0.0])?;
/// assert!((gradient.theta()[0] - 1.0 / 9.0).abs() < 1e-9); // √θ₁/(2 √θ₀ (Σ√θ)²)
/// # Ok(())
/// # }
/// ```
pub trait Model {
    /// Number of variables `d`, at least 1.
    fn num_vars(&self) -> usize;

    /// Number of parameters.
    fn num_params(&self) -> usize;

    /// `f(x, θ)`, convex in `x`.
    fn objective<'t>(&self, x: &[Var<'t>], theta: &[Var<'t>]) -> Var<'t>;

    /// `A(θ)x − b(θ)`, affine in `x` and as many at every `x`: the equalities say that it is zero.
    fn equalities<'t>(&self, _x: &[Var<'t>], _theta: &[Var<'t>]) -> Vec<Var<'t>> {
        Vec::new()
    }

    /// `g(x, θ)`, convex in `x` and as many at every `x`: the inequalities say that it is not positive.
    fn inequalities<'t>(&self, _x: &[Var<'t>], _theta: &[Var<'t>]) -> Vec<Var<'t>> {
        Vec::new()
    }

    /// As [`ConvexProgram::bounds`].
    fn bounds(&self, _lb: &mut [f64], _ub: &mut [f64]) {}

    /// As [`ConvexProgram::domain`].
    fn domain(&self, _lower: &mut [f64], _upper: &mut [f64]) {}

    /// As [`ConvexProgram::start`].
    fn start(&self, _theta: &[f64], _x: &mut [f64]) {}
}

/// A [`Model`] as a [`ConvexProgram`]: all derivatives come from one record of its operations, gradients in reverse, Hessians
/// one column at a time. That is as good as derivatives by hand, and fast up to a few hundred variables.
#[derive(Clone, Debug)]
pub struct Auto<M> {
    model: M,
    equalities: usize,
    inequalities: usize,
}

/// The record of a model's functions, inputs first: `x`, then `θ`.
#[derive(Default)]
struct Record {
    tape: Tape,
    d: usize,
    /// Values and places of the objective, the equalities, the inequalities.
    objective: (f64, Option<usize>),
    equalities: Vec<(f64, Option<usize>)>,
    inequalities: Vec<(f64, Option<usize>)>,
}

/// Which functions a record needs.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Part {
    Objective,
    Equalities,
    Inequalities,
    All,
}

impl Record {
    fn new(model: &impl Model, x: &[f64], theta: &[f64], part: Part) -> Self {
        let tape = Tape::default();
        let mut record = Self { d: x.len(), ..Self::default() };
        {
            let inputs = |v: &[f64]| v.iter().map(|&v| Var::input(&tape, v)).collect::<Vec<_>>();
            let (x, theta) = (inputs(x), inputs(theta));
            let wants = |one| part == one || part == Part::All;
            let of = |v: Var<'_>| (v.value(), v.index());
            if wants(Part::Objective) {
                record.objective = of(model.objective(&x, &theta));
            }
            if wants(Part::Equalities) {
                record.equalities = model.equalities(&x, &theta).into_iter().map(of).collect();
            }
            if wants(Part::Inequalities) {
                record.inequalities = model.inequalities(&x, &theta).into_iter().map(of).collect();
            }
        }
        Self { tape, ..record }
    }

    fn num_inputs(&self, theta: &[f64]) -> usize {
        self.d + theta.len()
    }

    /// Places and weights of `ρ f + νᵀh + λᵀg`.
    fn lagrangian<'a>(
        &'a self,
        (rho, nu, lambda): (f64, &'a [f64], &'a [f64]),
    ) -> impl Iterator<Item = (usize, f64)> + 'a {
        let rows = self.equalities.iter().zip(nu).chain(self.inequalities.iter().zip(lambda));
        let rows = rows.filter_map(|((_, place), weight)| place.map(|place| (place, *weight)));
        self.objective.1.map(|place| (place, rho)).into_iter().chain(rows)
    }

    /// The rows of the derivative of `outputs` with respect to `x`.
    fn rows(&self, outputs: &[(f64, Option<usize>)], inputs: usize, out: &mut Entries) {
        let still = self.tape.forward(std::iter::repeat_n(0.0, inputs));
        for (i, (_, place)) in outputs.iter().enumerate() {
            let Some(place) = place else { continue };
            let adjoints = self.tape.reverse(std::iter::once((*place, 1.0)), &still);
            let entries = adjoints.value[..self.d].iter().enumerate().filter(|(_, v)| **v != 0.0);
            entries.for_each(|(j, v)| out.add(i, j, *v));
        }
    }
}

impl<M: Model> Auto<M> {
    /// Wraps `model`.
    pub fn new(model: M) -> Self {
        let (x, theta) = (vec![1.0; model.num_vars()], vec![1.0; model.num_params()]);
        let counted = Record::new(&model, &x, &theta, Part::All);
        Self { equalities: counted.equalities.len(), inequalities: counted.inequalities.len(), model }
    }

    /// The model.
    pub fn model(&self) -> &M {
        &self.model
    }

    fn record(&self, x: &[f64], theta: &[f64], part: Part) -> Record {
        Record::new(&self.model, x, theta, part)
    }
}

fn direction<'a>(x: &'a [f64], theta: &'a [f64]) -> impl Iterator<Item = f64> + 'a {
    x.iter().chain(theta).copied()
}

impl<M: Model> ConvexProgram for Auto<M> {
    fn num_vars(&self) -> usize {
        self.model.num_vars()
    }

    fn num_params(&self) -> usize {
        self.model.num_params()
    }

    fn num_equalities(&self) -> usize {
        self.equalities
    }

    fn num_inequalities(&self) -> usize {
        self.inequalities
    }

    fn objective(&self, x: &[f64], theta: &[f64]) -> f64 {
        self.record(x, theta, Part::Objective).objective.0
    }

    fn gradient(&self, x: &[f64], theta: &[f64], out: &mut [f64]) {
        let record = self.record(x, theta, Part::Objective);
        let still = record.tape.forward(std::iter::repeat_n(0.0, record.num_inputs(theta)));
        let adjoints = record.tape.reverse(record.lagrangian((1.0, &[], &[])), &still);
        out.copy_from_slice(&adjoints.value[..x.len()]);
    }

    fn hessian(&self, x: &[f64], theta: &[f64], lambda: &[f64], out: &mut SymmetricEntries) {
        let record = self.record(x, theta, Part::All);
        let (mut unit, still) = (vec![0.0; x.len()], vec![0.0; theta.len()]);
        for j in 0..x.len() {
            unit[j] = 1.0;
            let dots = record.tape.forward(direction(&unit, &still));
            unit[j] = 0.0;
            let adjoints = record.tape.reverse(record.lagrangian((1.0, &[], lambda)), &dots);
            let column = adjoints.along[..=j].iter().enumerate().filter(|(_, v)| **v != 0.0);
            column.for_each(|(i, v)| out.add(i, j, *v));
        }
    }

    fn equalities(&self, theta: &[f64], a: &mut Entries, b: &mut [f64]) {
        // Away from zero: what cancels there is affine all the same.
        let x = vec![1.0; self.num_vars()];
        let record = self.record(&x, theta, Part::Equalities);
        record.rows(&record.equalities, record.num_inputs(theta), a);
        let still = vec![0.0; theta.len()];
        let along = record.tape.forward(direction(&x, &still));
        for (b, (value, place)) in b.iter_mut().zip(&record.equalities) {
            *b = place.map_or(0.0, |place| along[place]) - value;
        }
    }

    fn inequalities(&self, x: &[f64], theta: &[f64], out: &mut [f64]) {
        let record = self.record(x, theta, Part::Inequalities);
        out.iter_mut().zip(&record.inequalities).for_each(|(o, (value, _))| *o = *value);
    }

    fn jacobian(&self, x: &[f64], theta: &[f64], out: &mut Entries) {
        let record = self.record(x, theta, Part::Inequalities);
        record.rows(&record.inequalities, record.num_inputs(theta), out);
    }

    fn bounds(&self, lb: &mut [f64], ub: &mut [f64]) {
        self.model.bounds(lb, ub);
    }

    fn domain(&self, lower: &mut [f64], upper: &mut [f64]) {
        self.model.domain(lower, upper);
    }

    fn start(&self, theta: &[f64], x: &mut [f64]) {
        self.model.start(theta, x);
    }

    fn objective_vjp(&self, x: &[f64], theta: &[f64], out: &mut [f64]) {
        let record = self.record(x, theta, Part::Objective);
        let still = record.tape.forward(std::iter::repeat_n(0.0, record.num_inputs(theta)));
        let adjoints = record.tape.reverse(record.lagrangian((1.0, &[], &[])), &still);
        out.copy_from_slice(&adjoints.value[x.len()..record.num_inputs(theta)]);
    }

    fn residual_vjp(&self, at: PrimalDual<'_>, theta: &[f64], adjoint: PrimalDual<'_>, out: &mut [f64]) {
        let record = self.record(at.x, theta, Part::All);
        let inputs = record.num_inputs(theta);
        let dots = record.tape.forward(direction(adjoint.x, &vec![0.0; theta.len()]));
        let of_gradient = record.tape.reverse(record.lagrangian((1.0, at.nu, at.lambda)), &dots);
        let of_rows = record.tape.reverse(record.lagrangian((0.0, adjoint.nu, adjoint.lambda)), &dots);
        for (k, out) in (at.x.len()..inputs).zip(out) {
            *out = of_gradient.along[k] + of_rows.value[k];
        }
    }

    fn residual_jvp(&self, at: PrimalDual<'_>, theta: &[f64], theta_dot: &[f64], out: ResidualTangent<'_>) {
        let record = self.record(at.x, theta, Part::All);
        let dots = record.tape.forward(direction(&vec![0.0; at.x.len()], theta_dot));
        let adjoints = record.tape.reverse(record.lagrangian((1.0, at.nu, at.lambda)), &dots);
        out.gradient.copy_from_slice(&adjoints.along[..at.x.len()]);
        let moved = |place: &Option<usize>| place.map_or(0.0, |place| dots[place]);
        out.equalities.iter_mut().zip(&record.equalities).for_each(|(o, (_, place))| *o = moved(place));
        out.inequalities.iter_mut().zip(&record.inequalities).for_each(|(o, (_, place))| *o = moved(place));
    }
}
