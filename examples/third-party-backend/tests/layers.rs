//! Layers with the solver registered at run time, forward, backward and both.

use bpqp::{Backend, CertificateKind, Layer, Program, Registry};
use third_party_backend::{Cgls, MySolver};

/// `min ½‖x‖² − x₀ − 2x₁  s.t.  x₀ + x₁ ≤ 1` has `x = (0, 1)` and the multiplier 1. For `L = x₀` the backward QP is
/// `z̃ + λ̃ (1, 1) = −(1, 0)`, `z̃₀ + z̃₁ = 0`: `z̃ = (−½, ½)`, `λ̃ = −½`, so `∂L/∂h = ½`.
fn check(layer: &Layer, name: &str) -> bpqp::Result<()> {
    let program = Program::builder(2)
        .objective(&[[1.0, 0.0], [0.0, 1.0]], &[-1.0, -2.0])
        .inequalities(&[[1.0, 1.0]], &[1.0])
        .build()?;
    let mut solved = layer.forward(&program)?;
    let gradient = solved.backward(&[1.0, 0.0])?;
    let found = [gradient.q()[0], gradient.q()[1], gradient.h()[0]];
    let error = found.iter().zip([-0.5, 0.5, 0.5]).fold(0.0, |m: f64, (f, e)| m.max((f - e).abs()));
    assert!(error <= 1e-9, "{name}: {found:?}");
    assert_eq!(gradient.certificate().kind, CertificateKind::Exact, "{name}");
    Ok(())
}

#[test]
fn every_pair_differentiates() -> bpqp::Result<()> {
    let mut registry = Registry::compiled().usable();
    registry.register(Backend::from_forward(MySolver));
    assert!(registry.names().contains(&"dual-active-set".to_string()));
    for forward in registry.names() {
        for backward in registry.names() {
            let layer = Layer::builder().registry(registry.clone()).forward(&forward).backward(&backward).build()?;
            check(&layer, &format!("{forward} forward, {backward} backward"))?;
        }
    }
    Ok(())
}

#[test]
fn a_backward_solver_of_ones_own_joins_any_forward_solver() -> bpqp::Result<()> {
    let mut registry = Registry::empty();
    registry.register(Backend::from_pair(MySolver, Cgls));
    registry.register(Backend::from_pair(Registry::compiled().get("clarabel")?.forward(), Cgls));
    for name in registry.names() {
        let layer = Layer::builder().registry(registry.clone()).forward(&name).backward(&name).build()?;
        check(&layer, &format!("{name} forward, cgls backward"))?;
    }
    Ok(())
}
