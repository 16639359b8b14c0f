//! Regularized linear programs: their adjoint solutions are 1/(2ε) times as large as the cotangent.

#![cfg(all(feature = "generate", feature = "native"))]
#![allow(clippy::unwrap_used)]

use bpqp::Layer;
use bpqp::generate::{Family, Recipe};

#[test]
fn the_gradient_of_a_large_regularized_lp_is_certified_and_right() {
    let (n, step) = (300, 1e-7);
    let problem = Recipe::new(Family::PaperLp).n(n).m(60).p(60).seed(1).generate().unwrap();
    let layer = Layer::new().unwrap();
    let x_bar: Vec<f64> = (0..n).map(|i| (i as f64).cos()).collect();
    let mut solved = layer.forward(&problem.program).unwrap();
    let gradient = solved.backward(&x_bar).unwrap();
    // Along the gradient of q itself: L changes by |∂L/∂q|² for each unit, as long as the active set stays.
    let direction = gradient.q();
    let size = direction.iter().fold(0.0, |m: f64, v| m.max(v.abs()));
    let mut losses = [0.0; 2];
    for (loss, sign) in losses.iter_mut().zip([1.0, -1.0]) {
        let q: Vec<f64> =
            problem.program.as_stacked().q().iter().zip(direction).map(|(q, d)| q + sign * step * d / size).collect();
        let mut moved = problem.program.clone();
        moved.update(&bpqp::Values { q: Some(&q), ..bpqp::Values::default() }).unwrap();
        *loss = layer.forward(&moved).unwrap().x().iter().zip(&x_bar).map(|(x, b)| x * b).sum();
    }
    let have: f64 = direction.iter().map(|d| d * d / size).sum();
    let want = (losses[0] - losses[1]) / (2.0 * step);
    assert!((have - want).abs() <= 1e-6 * want.abs(), "{have:e} against {want:e}");
}
