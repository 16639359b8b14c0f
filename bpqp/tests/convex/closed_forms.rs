//! Solutions and derivatives that are known by hand.

use bpqp::Cotangent;
use bpqp::convex::library::{EntropicTransport, GeometricProgram, Kelly, LogUtility, QuadraticConstraints, Softmax};
use bpqp::convex::{ConvexLayer, PrimalDual};

use crate::common::{Rng, difference};
use crate::support::{dot, every_pair};

fn for_every_pair(check: impl Fn(&str, &ConvexLayer)) {
    every_pair().iter().for_each(|(pair, layer)| check(pair, layer));
}

/// x = softmax(θ/T), ∂x/∂θ = (diag(x) − x xᵀ)/T; the value is −T ln Σ exp(θ/T), its gradient −x.
#[test]
fn softmax() {
    let (theta, temperature) = ([0.3, -1.0, 2.5, 0.0], 0.5);
    let weights = theta.map(|t: f64| (t / temperature).exp());
    let total: f64 = weights.iter().sum();
    let x = weights.map(|w| w / total);
    let x_bar = [1.0, -2.0, 0.5, 3.0];
    let mean = dot(&x, &x_bar);
    let expected: Vec<f64> = (0..4).map(|j| x[j] * (x_bar[j] - mean) / temperature).collect();
    for_every_pair(|pair, layer| {
        let program = Softmax::new(4, temperature).unwrap();
        let mut solved = layer.forward(&program, &theta).unwrap();
        assert!(difference(solved.x(), &x) <= 1e-10, "{pair}: {:?}", solved.x());
        assert!((solved.objective() + temperature * total.ln()).abs() <= 1e-10, "{pair}");
        let gradient = solved.backward(&x_bar).unwrap();
        assert!(difference(gradient.theta(), &expected) <= 1e-9, "{pair}: {:?}", gradient.theta());
        assert!(difference(&solved.value_gradient().unwrap(), &x.map(|x| -x)) <= 1e-10, "{pair}");
    });
}

/// The plan is diag(u) K diag(v) with K = exp(−C/ε), as Sinkhorn's iteration finds it.
#[test]
fn entropic_transport_beside_sinkhorn() {
    let (n, m, epsilon) = (3, 4, 0.2);
    let mut rng = Rng::new(5);
    let costs: Vec<f64> = (0..n * m).map(|_| rng.uniform()).collect();
    let (from, to) = ([0.5, 0.2, 0.3], [0.1, 0.2, 0.3, 0.4]);
    let kernel: Vec<f64> = costs.iter().map(|c| (-c / epsilon).exp()).collect();
    let (mut u, mut v) = (vec![1.0; n], vec![1.0; m]);
    for _ in 0..2000 {
        (0..n).for_each(|i| u[i] = from[i] / (0..m).map(|j| kernel[i * m + j] * v[j]).sum::<f64>());
        (0..m).for_each(|j| v[j] = to[j] / (0..n).map(|i| kernel[i * m + j] * u[i]).sum::<f64>());
    }
    let plan: Vec<f64> = (0..n * m).map(|k| u[k / m] * kernel[k] * v[k % m]).collect();
    let theta = EntropicTransport::theta(&costs, &from, &to);
    for_every_pair(|pair, layer| {
        let program = EntropicTransport::new(n, m, epsilon).unwrap();
        let solved = layer.forward(&program, &theta).unwrap();
        assert!(difference(solved.x(), &plan) <= 1e-10, "{pair}: {:?} beside {plan:?}", solved.x());
        // The value's gradient with respect to the costs is the plan.
        assert!(difference(&solved.value_gradient().unwrap()[..n * m], &plan) <= 1e-10, "{pair}");
    });
}

/// w = (2, 1, 0.2), a = 0.5, B = 1: the third gets nothing, and the others w/ν − a with ν = 3/(1 + 2·0.5) = 1.5. So
/// ∂x₀/∂B = w₀/(w₀ + w₁), ∂x₀/∂w₀ = 1/ν − w₀/ν² ∂ν/∂w₀ = 1/ν − w₀/(ν (w₀ + w₁)).
#[test]
fn water_filling() {
    let theta = [2.0, 1.0, 0.2, 0.5, 0.5, 0.5, 1.0];
    for_every_pair(|pair, layer| {
        let program = LogUtility::new(3).unwrap();
        let mut solved = layer.forward(&program, &theta).unwrap();
        let expected = [2.0 / 1.5 - 0.5, 1.0 / 1.5 - 0.5, 0.0];
        assert!(difference(solved.x(), &expected) <= 1e-10, "{pair}: {:?}", solved.x());
        assert!(difference(solved.primal_dual().nu, &[1.5]) <= 1e-9, "{pair}");
        let gradient = solved.backward(&[1.0, 0.0, 0.0]).unwrap();
        let of_w = 1.0 / 1.5 - 2.0 / (1.5 * 3.0);
        assert!((gradient.theta()[0] - of_w).abs() <= 1e-9, "{pair}: {:?}", gradient.theta());
        assert!((gradient.theta()[6] - 2.0 / 3.0).abs() <= 1e-9, "{pair}: {:?}", gradient.theta());
        let active = &gradient.certificate().active;
        assert_eq!(active.iter().map(ToString::to_string).collect::<Vec<_>>(), ["bounds[2]"], "{pair}");
    });
}

/// A bet that pays b to one with probability p, beside cash: the fraction is p − (1 − p)/b, and its derivative with respect
/// to p, with 1 − p going down as p goes up, is 1 + 1/b.
#[test]
fn kelly() {
    let (p, b) = (0.6, 1.5);
    let theta = [p, 1.0 - p, 1.0 + b, 1.0, 0.0, 1.0];
    for_every_pair(|pair, layer| {
        let program = Kelly::new(2, 2).unwrap();
        let mut solved = layer.forward(&program, &theta).unwrap();
        assert!((solved.x()[0] - (p - (1.0 - p) / b)).abs() <= 1e-10, "{pair}: {:?}", solved.x());
        let gradient = solved.backward(&[1.0, 0.0]).unwrap();
        let along = gradient.theta()[0] - gradient.theta()[1];
        assert!((along - (1.0 + 1.0 / b)).abs() <= 1e-9, "{pair}: {along}");
    });
}

/// minimize 1/(u v) s.t. u + c v ≤ 1: u = ½, v = 1/(2c), the value ln(4c) and its derivative with respect to ln c is 1; the
/// derivative of ln v with respect to ln c is −1.
#[test]
fn a_box_of_most_volume() {
    let log_c = 0.7_f64;
    for_every_pair(|pair, layer| {
        let program = GeometricProgram::new(&vec![vec![-1.0, -1.0]], &[&vec![vec![1.0, 0.0], vec![0.0, 1.0]]]).unwrap();
        let mut solved = layer.forward(&program, &[0.0, 0.0, log_c]).unwrap();
        let expected = [0.5_f64.ln(), -(2.0 * log_c.exp()).ln()];
        assert!(difference(solved.x(), &expected) <= 1e-9, "{pair}: {:?}", solved.x());
        assert!((solved.objective() - (4.0_f64.ln() + log_c)).abs() <= 1e-10, "{pair}");
        let gradient = solved.backward(&[0.0, 1.0]).unwrap();
        assert!(difference(gradient.theta(), &[0.0, 0.0, -1.0]) <= 1e-8, "{pair}: {:?}", gradient.theta());
        assert!((solved.value_gradient().unwrap()[2] - 1.0).abs() <= 1e-9, "{pair}");
    });
}

/// minimize qᵀx over the ball ½‖x‖² ≤ r: x = −√(2r) q/‖q‖, λ = ‖q‖/√(2r); the value −√(2r)‖q‖. With q = (3, 4), r = 2:
/// x = (−1.2, −1.6), λ = 2.5, ∂λ/∂r = −λ/(2r), ∂x/∂q = −√(2r)(I − qqᵀ/‖q‖²)/‖q‖.
#[test]
fn a_linear_objective_over_a_ball() {
    let zero = vec![vec![0.0, 0.0], vec![0.0, 0.0]];
    let ball = vec![vec![1.0, 0.0], vec![0.0, 1.0]];
    let theta = [3.0, 4.0, 0.0, 0.0, 2.0];
    for_every_pair(|pair, layer| {
        let program = QuadraticConstraints::new(&zero, &[&ball]).unwrap();
        // A start near the solution: the linearization at the center has no slope.
        let start = PrimalDual { x: &[-1.0, -1.0], nu: &[], lambda: &[1.0] };
        let mut solved = layer.forward_from(&program, &theta, start).unwrap();
        assert!(difference(solved.x(), &[-1.2, -1.6]) <= 1e-10, "{pair}: {:?}", solved.x());
        assert!(difference(solved.primal_dual().lambda, &[2.5]) <= 1e-9, "{pair}");
        let cotangent = Cotangent { x: Some(&[1.0, 0.0]), inequalities: Some(&[1.0]), ..Cotangent::default() };
        let gradient = solved.vjp(&cotangent).unwrap();
        // −(2/5)(1 − 9/25, −12/25) and ∂λ/∂q = q/(‖q‖ √(2r)); ∂x₀/∂r = x₀/(2r).
        let expected = [-0.4 * 0.64 + 0.3, 0.4 * 0.48 + 0.4];
        assert!(difference(&gradient.theta()[..2], &expected) <= 1e-9, "{pair}: {:?}", gradient.theta());
        assert!((gradient.theta()[4] - (-1.2 / 4.0 - 2.5 / 4.0)).abs() <= 1e-9, "{pair}: {:?}", gradient.theta());
        assert!((solved.value_gradient().unwrap()[4] + 2.5).abs() <= 1e-9, "{pair}");
        // From the center, where the constraint's gradient is zero, too.
        let solved = layer.forward(&program, &theta).unwrap();
        assert!(difference(solved.x(), &[-1.2, -1.6]) <= 1e-9, "{pair}: {:?} {:?}", solved.x(), solved.message());
    });
}
