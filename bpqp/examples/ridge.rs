//! Tunes the ridge weight of a logistic regression by the gradient of a validation loss.
//!
//! ```text
//! cargo run --release -p bpqp --example ridge
//! ```

use bpqp::convex::library::LogisticRegression;
use bpqp::convex::{ConvexLayer, PrimalDual};

/// Samples and labels: of 8 features two matter; the labels are noisy.
fn data(count: usize, offset: usize) -> (Vec<Vec<f64>>, Vec<f64>) {
    let noise = |k: usize| ((k as f64 * 12.9898).sin() * 43_758.547).fract();
    let samples: Vec<Vec<f64>> =
        (0..count).map(|i| (0..8).map(|j| 2.0 * noise(8 * (i + offset) + j)).collect()).collect();
    let label = |(i, a): (usize, &Vec<f64>)| (a[0] - a[1] + 0.8 * noise(7 * (i + offset) + 3)).signum();
    let labels = samples.iter().enumerate().map(label).collect();
    (samples, labels)
}

/// The mean logistic loss of the coefficients `x`, and its gradient with respect to them.
fn loss(samples: &[Vec<f64>], labels: &[f64], x: &[f64]) -> (f64, Vec<f64>) {
    let (mut value, mut gradient) = (0.0, vec![0.0; x.len()]);
    for (a, y) in samples.iter().zip(labels) {
        let margin = y * a.iter().zip(x).map(|(a, x)| a * x).sum::<f64>();
        value += (-margin).exp().ln_1p() / labels.len() as f64;
        let force = y / (1.0 + margin.exp()) / labels.len() as f64;
        gradient.iter_mut().zip(a).for_each(|(g, a)| *g -= force * a);
    }
    (value, gradient)
}

fn main() -> bpqp::Result<()> {
    let (samples, labels) = data(40, 0);
    let (held_out, truth) = data(200, 1000);
    let program = LogisticRegression::new(&samples, &labels)?.with_bounds(&[-4.0; 8], &[4.0; 8])?;
    let layer = ConvexLayer::new()?;

    // θ = (ρ, s): the ridge weight, then the samples' weights. ρ = exp(t) stays positive.
    let mut theta = vec![1.0; 41];
    let mut t = 0.0_f64;
    let mut last: Option<(Vec<f64>, Vec<f64>)> = None;
    for step in 0..30 {
        theta[0] = t.exp();
        let mut solved = match &last {
            Some((x, _)) => layer.forward_from(&program, &theta, PrimalDual { x, nu: &[], lambda: &[] })?,
            None => layer.forward(&program, &theta)?,
        };
        let (value, x_bar) = loss(&held_out, &truth, solved.x());
        let gradient = solved.backward(&x_bar)?;
        if step % 5 == 0 {
            println!(
                "ρ = {:.4}  validation loss {value:.6}  slope {:+.1e}  {} steps, {}",
                theta[0],
                theta[0] * gradient.theta()[0],
                solved.iterations(),
                gradient.certificate().kind
            );
        }
        t -= 20.0 * theta[0] * gradient.theta()[0]; // d(loss)/dt = ρ d(loss)/dρ
        last = Some((solved.x().to_vec(), gradient.theta().to_vec()));
    }
    if let Some((_, gradient)) = last {
        let (worst, slope) =
            gradient.iter().enumerate().skip(1).fold((0, 0.0), |m, (i, g)| if *g > m.1 { (i, *g) } else { m });
        println!("the sample that hurts most is {} ({slope:+.1e} a unit of weight)", worst - 1);
    }
    Ok(())
}
