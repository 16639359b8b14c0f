//! What any solved program must satisfy.

use bpqp::convex::{ConvexLayer, ConvexProgram, ConvexSolved, check_derivatives};
use bpqp::{CertificateKind, Cotangent, Layer, Registry, Status};

use crate::common::{Rng, difference};
use crate::instances::{Instance, geometric, kelly, log_utility, logistic, quadratic, softmax, transport};

pub(crate) fn library() -> Vec<Instance> {
    let mut rng = Rng::new(7);
    vec![
        transport(&mut rng, 4, 5, 0.1),
        softmax(&mut rng, 6),
        log_utility(&mut rng, 8),
        kelly(&mut rng, 4, 9),
        logistic(&mut rng, 30, 5),
        geometric(&mut rng, 5, 2, 3),
        quadratic(&mut rng, 6, 3),
    ]
}

/// A layer for every pair of a forward and a backward backend that is compiled in, with its name.
pub(crate) fn every_pair() -> Vec<(String, ConvexLayer)> {
    let names = Registry::compiled().usable().quadratic().names();
    let pairs = names.iter().flat_map(|f| names.iter().map(move |b| (f, b)));
    pairs.map(|(f, b)| (format!("{f} forward, {b} backward"), layer(f, b))).collect()
}

pub(crate) fn layer(forward: &str, backward: &str) -> ConvexLayer {
    let layer = Layer::builder().forward(forward).backward(backward);
    ConvexLayer::builder(layer).tolerance(1e-10).build().unwrap()
}

pub(crate) fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

pub(crate) fn solve<'p>(
    layer: &ConvexLayer,
    program: &'p dyn ConvexProgram,
    theta: &[f64],
    name: &str,
) -> ConvexSolved<'p> {
    let solved = layer.forward(program, theta).unwrap();
    assert_eq!(solved.status(), Status::Solved, "{name}: {:?}", solved.message());
    assert!(solved.residuals().max() <= 1e-10, "{name}: {:?}", solved.residuals());
    solved
}

/// A loss's gradient with respect to the solution and the multipliers.
pub(crate) struct Loss {
    x: Vec<f64>,
    nu: Vec<f64>,
    lambda: Vec<f64>,
    zeta: Vec<f64>,
}

impl Loss {
    pub(crate) fn random(rng: &mut Rng, program: &dyn ConvexProgram) -> Self {
        let (d, n, m) = (program.num_vars(), program.num_equalities(), program.num_inequalities());
        Self { x: rng.normals(d), nu: rng.normals(n), lambda: rng.normals(m), zeta: rng.normals(d) }
    }

    fn of(&self, solved: &ConvexSolved<'_>) -> f64 {
        let at = solved.primal_dual();
        dot(&self.x, at.x) + dot(&self.nu, at.nu) + dot(&self.lambda, at.lambda) + dot(&self.zeta, solved.bound_duals())
    }

    fn cotangent(&self) -> Cotangent<'_> {
        Cotangent {
            x: Some(&self.x),
            equalities: Some(&self.nu),
            inequalities: Some(&self.lambda),
            bounds: Some(&self.zeta),
            ..Cotangent::default()
        }
    }
}

/// Solves, and compares all derivatives with central differences and with one another.
pub(crate) fn check(instance: &Instance, layer: &ConvexLayer, pair: &str) {
    let Instance { name, program, theta } = instance;
    let (program, name) = (&**program, format!("{name}, {pair}"));
    let mut rng = Rng::new(11);
    let mut solved = solve(layer, program, theta, &name);
    let loss = Loss::random(&mut rng, program);
    let gradient = solved.vjp(&loss.cotangent()).unwrap();
    let certificate = gradient.certificate();
    assert_eq!(certificate.kind, CertificateKind::Exact, "{name}: {certificate:?}");
    let value_gradient = solved.value_gradient().unwrap();
    for _ in 0..3 {
        let direction = rng.normals(theta.len());
        let h = 1e-5;
        let moved = |h: f64| {
            let theta: Vec<f64> = theta.iter().zip(&direction).map(|(t, v)| t + h * v).collect();
            let solved = solve(layer, program, &theta, &name);
            (loss.of(&solved), solved.objective(), solved.x().to_vec())
        };
        let (up, down) = (moved(h), moved(-h));
        let (of_loss, of_value) = ((up.0 - down.0) / (2.0 * h), (up.1 - down.1) / (2.0 * h));
        let (found, value) = (dot(gradient.theta(), &direction), dot(&value_gradient, &direction));
        assert!(difference(&[found], &[of_loss]) <= 1e-6, "{name}: loss {found} beside {of_loss}");
        assert!(difference(&[value], &[of_value]) <= 1e-7, "{name}: value {value} beside {of_value}");
        let tangent = solved.jvp(&direction).unwrap();
        let of_x: Vec<f64> = up.2.iter().zip(&down.2).map(|(u, d)| (u - d) / (2.0 * h)).collect();
        assert!(difference(&tangent.x, &of_x) <= 1e-6, "{name}: {:?} beside {of_x:?}", tangent.x);
        let forward = dot(&loss.x, &tangent.x)
            + dot(&loss.nu, &tangent.equalities)
            + dot(&loss.lambda, &tangent.inequalities)
            + dot(&loss.zeta, &tangent.bounds);
        let scale = dot(&loss.x, &loss.x).max(1.0).max(found.abs());
        assert!((forward - found).abs() <= 1e-9 * scale, "{name}: jvp {forward} beside vjp {found}");
    }
}

/// All that `program` implements beside differences, away from zero.
pub(crate) fn check_functions(instance: &Instance, layer: &ConvexLayer) {
    let Instance { name, program, theta } = instance;
    let solved = solve(layer, &**program, theta, name);
    let x: Vec<f64> = solved.x().iter().map(|x| 1.02 * x + 0.1_f64.copysign(*x)).collect();
    for check in check_derivatives(&**program, theta, &x).unwrap() {
        assert!(check.error <= 1e-6, "{name}: {check:?}");
    }
}
