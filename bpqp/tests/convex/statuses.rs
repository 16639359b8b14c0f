//! Questions that are wrong, and programs without a solution: a typed error or a status that says what and where.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use bpqp::convex::library::{LogisticRegression, QuadraticConstraints, Softmax};
use bpqp::convex::{
    Auto, ConvexLayer, ConvexProgram, Entries, Model, PrimalDual, SymmetricEntries, Var, check_derivatives,
};
use bpqp::{CertificateKind, Error, Layer, Status};

use crate::common::difference;
use crate::support::{every_pair, layer};

/// minimize f(x) s.t. g(x) ≤ 0 from closures.
struct Small<F, G>(usize, F, G);

impl<F, G> Model for Small<F, G>
where
    F: for<'t> Fn(&[Var<'t>], &[Var<'t>]) -> Var<'t>,
    G: for<'t> Fn(&[Var<'t>], &[Var<'t>]) -> Vec<Var<'t>>,
{
    fn num_vars(&self) -> usize {
        self.0
    }

    fn num_params(&self) -> usize {
        1
    }

    fn objective<'t>(&self, x: &[Var<'t>], theta: &[Var<'t>]) -> Var<'t> {
        (self.1)(x, theta)
    }

    fn inequalities<'t>(&self, x: &[Var<'t>], theta: &[Var<'t>]) -> Vec<Var<'t>> {
        (self.2)(x, theta)
    }
}

fn small<F, G>(d: usize, f: F, g: G) -> Auto<Small<F, G>>
where
    F: for<'t> Fn(&[Var<'t>], &[Var<'t>]) -> Var<'t>,
    G: for<'t> Fn(&[Var<'t>], &[Var<'t>]) -> Vec<Var<'t>>,
{
    Auto::new(Small(d, f, g))
}

/// Two balls of radius 1 around −2 and 2 have no point in common; the multipliers prove it.
#[test]
fn infeasible() {
    let program = small(1, |x, _| x[0].square(), |x, _| vec![(x[0] - 2.0).square() - 1.0, (x[0] + 2.0).square() - 1.0]);
    for (pair, layer) in every_pair() {
        let mut solved = layer.forward(&program, &[0.0]).unwrap();
        assert_eq!(solved.status(), Status::PrimalInfeasible, "{pair}");
        assert!(solved.message().unwrap().contains("no point in common"), "{pair}");
        assert!(solved.primal_dual().lambda.iter().all(|v| *v > 0.0), "{pair}: {:?}", solved.primal_dual());
        assert!(
            matches!(solved.backward(&[1.0]), Err(Error::NotSolved { status: Status::PrimalInfeasible })),
            "{pair}"
        );
        assert!(matches!(solved.value_gradient(), Err(Error::NotSolved { .. })), "{pair}");
    }
}

/// A gap of a thousandth is found, too: iterates approach it, and there the linearization is infeasible.
#[test]
fn infeasible_by_a_hair_and_just_feasible() {
    for (pair, layer) in every_pair() {
        for (gap, status) in [(1e-3, Status::PrimalInfeasible), (-1e-3, Status::Solved)] {
            let program = small(
                2,
                |x, _| x[0] + x[1].square(),
                move |x, _| {
                    let ball = |center: f64| (x[0] - center).square() + x[1].square() - 1.0;
                    vec![ball(1.0 + gap), ball(-1.0)]
                },
            );
            let solved = layer.forward(&program, &[0.0]).unwrap();
            assert_eq!(solved.status(), status, "{pair}, gap {gap}: {:?} {:?}", solved.x(), solved.message());
        }
    }
}

#[test]
fn unbounded() {
    let linear = small(2, |x, _| x[0] - x[1], |x, _| vec![-x[0] - 1.0]);
    for (pair, layer) in every_pair() {
        let solved = layer.forward(&linear, &[0.0]).unwrap();
        assert_eq!(solved.status(), Status::DualInfeasible, "{pair}: {:?}", solved.message());
        assert!(solved.x()[1] > 0.0, "{pair}: the ray is {:?}", solved.x());
    }
}

/// −ln(x + 1) falls for ever, ever more slowly, and no ray shows it.
#[test]
fn without_a_minimum() {
    let program = small(1, |x, _| -(x[0] + 1.0).ln(), |_, _| Vec::new());
    let solved = layer("native", "native").forward(&program, &[0.0]).unwrap();
    assert_eq!(solved.status(), Status::NumericalError);
    assert!(solved.message().unwrap().contains("run away"), "{:?}", solved.message());
}

#[test]
fn limits_leave_the_best_iterate() {
    let program = Softmax::new(50, 0.1).unwrap();
    let theta: Vec<f64> = (0..50).map(|j| (j as f64).sin()).collect();
    let builder = || ConvexLayer::builder(Layer::builder());
    let mut solved = builder().max_iterations(1).build().unwrap().forward(&program, &theta).unwrap();
    assert_eq!((solved.status(), solved.iterations()), (Status::IterationLimit, 1));
    assert!(solved.residuals().max() < 1.0);
    assert!(matches!(solved.backward(&[0.0; 50]), Err(Error::NotSolved { status: Status::IterationLimit })));
    let solved = builder().time_limit(Duration::ZERO).build().unwrap().forward(&program, &theta).unwrap();
    assert_eq!(solved.status(), Status::TimeLimit);
    let wrong = builder().tolerance(0.0).build().err().unwrap();
    assert_eq!(wrong.kind(), "invalid_setting");
}

#[test]
fn wrong_arguments() {
    let program = Softmax::new(2, 1.0).unwrap();
    let layer = ConvexLayer::new().unwrap();
    for theta in [&[1.0][..], &[1.0, f64::NAN]] {
        assert_eq!(layer.forward(&program, theta).err().unwrap().kind(), "invalid_argument");
    }
    let outside = PrimalDual { x: &[1.5, -0.5], nu: &[0.0], lambda: &[] };
    let error = layer.forward_from(&program, &[1.0, 2.0], outside).err().unwrap();
    assert!(error.to_string().contains("variable 1 is -0.5"), "{error}");
    let short = PrimalDual { x: &[0.5], nu: &[0.0], lambda: &[] };
    assert_eq!(layer.at(&program, &[1.0, 2.0], short, None).err().unwrap().kind(), "invalid_argument");
    let mut solved = layer.forward(&program, &[1.0, 2.0]).unwrap();
    assert_eq!(solved.backward(&[1.0]).err().unwrap().kind(), "invalid_argument");
    assert_eq!(solved.jvp(&[1.0]).err().unwrap().kind(), "invalid_argument");
    assert!(Softmax::new(0, 1.0).is_err() && Softmax::new(1, -1.0).is_err());
    assert!(LogisticRegression::new(&[[1.0]], &[0.5]).is_err());
    let saddle = [[1.0, 0.0], [0.0, -1.0]];
    assert_eq!(QuadraticConstraints::new(&saddle, &[]).err().unwrap().kind(), "not_convex");
}

#[test]
fn a_program_that_is_not_convex_is_refused_with_the_place() {
    let program = small(2, |x, _| x[0].square() - x[1].square() + x[1], |_, _| Vec::new());
    for (pair, layer) in every_pair() {
        let error = layer.forward(&program, &[0.0]).err().unwrap();
        assert_eq!(error.kind(), "not_convex", "{pair}: {error}");
        assert!(error.to_string().contains("the Hessian P of the Lagrangian at iterate 1: P[1, 1]"), "{pair}: {error}");
    }
}

/// A program whose functions go wrong one at a time: minimize Σ (xⱼ − θ)².
struct Broken(&'static str);

impl ConvexProgram for Broken {
    fn num_vars(&self) -> usize {
        2
    }

    fn num_params(&self) -> usize {
        1
    }

    fn num_equalities(&self) -> usize {
        1
    }

    fn num_inequalities(&self) -> usize {
        1
    }

    fn objective(&self, x: &[f64], theta: &[f64]) -> f64 {
        if self.0 == "objective" { f64::NAN } else { x.iter().map(|x| (x - theta[0]).powi(2)).sum() }
    }

    fn gradient(&self, x: &[f64], theta: &[f64], out: &mut [f64]) {
        out.iter_mut().zip(x).for_each(|(o, x)| *o = 2.0 * (x - theta[0]));
        match self.0 {
            "gradient" => out[1] = f64::INFINITY,
            "slope" => out.iter_mut().for_each(|v| *v = -*v),
            _ => {}
        }
    }

    fn hessian(&self, _x: &[f64], _theta: &[f64], _lambda: &[f64], out: &mut SymmetricEntries) {
        (0..2).for_each(|j| out.add(j, j, 2.0));
        match self.0 {
            "hessian" => out.add(0, 2, 1.0),
            "curvature" => out.add(0, 1, f64::NAN),
            _ => {}
        }
    }

    fn equalities(&self, _theta: &[f64], a: &mut Entries, b: &mut [f64]) {
        a.add(0, 0, 1.0);
        b[0] = if self.0 == "equalities" { f64::NAN } else { 0.5 };
    }

    fn inequalities(&self, x: &[f64], _theta: &[f64], out: &mut [f64]) {
        out[0] = if self.0 == "inequalities" { f64::INFINITY } else { x[1] - 0.25 };
    }

    fn jacobian(&self, _x: &[f64], _theta: &[f64], out: &mut Entries) {
        out.add(0, 1, if self.0 == "jacobian" { f64::NAN } else { 1.0 });
    }

    fn bounds(&self, lb: &mut [f64], _ub: &mut [f64]) {
        if self.0 == "bounds" {
            lb[1] = f64::NAN;
        }
    }

    fn domain(&self, lower: &mut [f64], upper: &mut [f64]) {
        if self.0 == "domain" {
            (lower[0], upper[0]) = (1.0, 1.0);
        }
    }

    fn start(&self, _theta: &[f64], x: &mut [f64]) {
        if self.0 == "start" {
            x[0] = f64::NAN;
        }
    }

    fn objective_vjp(&self, x: &[f64], theta: &[f64], out: &mut [f64]) {
        out[0] = x.iter().map(|x| -2.0 * (x - theta[0])).sum();
    }

    fn residual_vjp(&self, _at: PrimalDual<'_>, _theta: &[f64], adjoint: PrimalDual<'_>, out: &mut [f64]) {
        out[0] = if self.0 == "residual_vjp" { f64::NAN } else { -2.0 * (adjoint.x[0] + adjoint.x[1]) };
    }
}

#[test]
fn what_a_function_got_wrong_is_told() {
    let layer = ConvexLayer::new().unwrap();
    let cases = [
        ("objective", "invalid argument start: lies outside the domain: the objective is NaN"),
        ("inequalities", "invalid argument start: lies outside the domain: inequality 0 is inf"),
        ("gradient", "the program's gradient: entry 1 is inf at the start"),
        ("hessian", "the program's hessian: entry (0, 2) lies outside 2 × 2 at the start"),
        ("curvature", "the program's hessian: entry (0, 1) is NaN at the start"),
        ("equalities", "the program's equalities: entry 0 is NaN"),
        ("jacobian", "the program's jacobian: entry (0, 1) is NaN at the start"),
        ("bounds", "the program's bounds: entry 1: no number lies between NaN and inf"),
        ("domain", "the program's domain: entry 0: no number lies between 1 and 1"),
        ("start", "the program's start: entry 0 is NaN"),
    ];
    for (name, message) in cases {
        let error = layer.forward(&Broken(name), &[1.0]).err().unwrap();
        assert_eq!(error.to_string(), message);
    }
    let mut solved = layer.forward(&Broken("residual_vjp"), &[1.0]).map(|s| (s.x().to_vec(), s)).unwrap();
    assert!(difference(&solved.0, &[0.5, 0.25]) <= 1e-9);
    let error = solved.1.backward(&[1.0, 1.0]).err().unwrap();
    assert_eq!(error.to_string(), "the program's residual_vjp: entry 0 is NaN at the solution");
    assert_eq!(error.kind(), "evaluation");
}

/// A gradient of the wrong sign leads uphill: the line search ends, and the check of derivatives says why.
#[test]
fn a_wrong_derivative_is_found() {
    let solved_status = layer("native", "native").forward(&Broken("slope"), &[1.0]).map(|s| s.status());
    assert!(!solved_status.is_ok_and(Status::is_solved));
    let checks = check_derivatives(&Broken("slope"), &[1.0], &[0.3, 0.1]).unwrap();
    let wrong: Vec<_> = checks.iter().filter(|check| check.error > 1e-6).map(|check| check.function).collect();
    assert_eq!(wrong, ["gradient", "hessian", "residual_vjp", "residual_jvp"]);
}

/// (x − θ)² with x ≥ 0 (an inequality) at θ = 0: met with neither slack nor force.
#[test]
fn a_kink_is_called_one_by_the_inequalitys_name() {
    let program = small(1, |x, t| (x[0] - t[0]).square(), |x, _| vec![-x[0]]);
    for (pair, layer) in every_pair() {
        let gradient = layer.forward(&program, &[0.0]).unwrap().backward(&[1.0]).unwrap();
        assert_eq!(gradient.certificate().kind, CertificateKind::Kink, "{pair}");
        assert_eq!(gradient.certificate().weakly_active[0].to_string(), "G[0]", "{pair}");
        assert!((gradient.theta()[0] - 1.0).abs() <= 1e-9, "{pair}");
    }
}

/// A solution found elsewhere, bounds' multipliers left out, is as good as one's own; one that is none is refused.
#[test]
fn a_solution_brought_along() {
    let program = bpqp::convex::library::LogUtility::new(3).unwrap();
    let theta = [2.0, 1.0, 0.2, 0.5, 0.5, 0.5, 1.0];
    let x = [2.0 / 1.5 - 0.5, 1.0 / 1.5 - 0.5, 0.0];
    for (pair, layer) in every_pair() {
        let own = layer.forward(&program, &theta).unwrap().backward(&[1.0, -1.0, 2.0]).unwrap();
        let solution = PrimalDual { x: &x, nu: &[1.5], lambda: &[] };
        let mut solved = layer.at(&program, &theta, solution, None).unwrap();
        assert_eq!((solved.status(), solved.iterations()), (Status::Solved, 0), "{pair}");
        assert!(
            difference(solved.bound_duals(), &[0.0, 0.0, 0.4 - 1.5]) <= 1e-12,
            "{pair}: {:?}",
            solved.bound_duals()
        );
        let gradient = solved.backward(&[1.0, -1.0, 2.0]).unwrap();
        assert!(difference(gradient.theta(), own.theta()) <= 1e-9, "{pair}");
        let nonsense = PrimalDual { x: &[0.2, 0.3, 0.4], nu: &[-2.0], lambda: &[] };
        let mut solved = layer.at(&program, &theta, nonsense, None).unwrap();
        assert_eq!(solved.status(), Status::NumericalError, "{pair}");
        assert!(solved.message().unwrap().contains("no solution"), "{pair}");
        assert!(solved.backward(&[1.0, 0.0, 0.0]).is_err(), "{pair}");
    }
}

/// Progress is told at every iterate, and a start at the solution of a program nearby saves steps.
#[test]
fn progress_and_warm_starts() {
    let seen = Arc::new(Mutex::new(Vec::new()));
    let sink = Arc::clone(&seen);
    let builder = ConvexLayer::builder(Layer::builder());
    let layer = builder.progress(move |at| sink.lock().unwrap().push(*at)).build().unwrap();
    let program = Softmax::new(5, 0.2).unwrap();
    let cold = layer.forward(&program, &[0.0, 1.0, 2.0, 1.5, 0.5]).unwrap();
    {
        let seen = seen.lock().unwrap();
        assert_eq!(seen.len(), cold.iterations() as usize + 1);
        assert!(seen.iter().zip(0..).all(|(at, k)| at.iteration == k));
        assert!(seen.last().unwrap().residuals.max() <= 1e-9);
    }
    let warm = layer.forward_from(&program, &[0.0, 1.001, 2.0, 1.5, 0.5], cold.primal_dual()).unwrap();
    assert!(warm.status().is_solved() && warm.iterations() < cold.iterations());
}
