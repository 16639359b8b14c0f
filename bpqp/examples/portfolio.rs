//! Twenty lines from data to gradient: how the best portfolio moves with the expected returns.

use bpqp::{Layer, Program};

fn main() -> bpqp::Result<()> {
    let covariance = [[0.10, 0.02, 0.01], [0.02, 0.08, 0.03], [0.01, 0.03, 0.12]];
    let minus_returns = [-0.06, -0.05, -0.01];

    // minimize ½ xᵀΣx − rᵀx   subject to   Σx = 1,  x ≥ 0
    let program = Program::builder(3)
        .objective(&covariance, &minus_returns)
        .equalities(&[[1.0, 1.0, 1.0]], &[1.0])
        .bounds(&[0.0; 3], &[f64::INFINITY; 3])
        .build()?;

    // One word changes the solver: Layer::builder().forward("clarabel").backward("native").build()?
    let mut solved = Layer::new()?.forward(&program)?;
    println!("portfolio       {:?}", solved.x());

    let gradient = solved.backward(&[1.0, 0.0, 0.0])?; // L = x₀, the holding of the first asset
    println!("∂L/∂q           {:?}", gradient.q());
    println!("∂L/∂Σ₀₁         {:?}", gradient.p().as_ref().entries().find(|e| (e.0, e.1) == (0, 1)));
    println!("∂L/∂b           {:?}", gradient.b());
    println!("certificate     {:?}", gradient.certificate().kind);
    Ok(())
}
