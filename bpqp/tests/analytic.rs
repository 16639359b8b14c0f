//! Solutions and gradients known in closed form, to 1e-9, through every pair of backends.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)] // a failed helper is a failed test

mod common;

use bpqp::{CertificateKind, Gradient, Program};
use common::{dense, difference, every_pair};

const INF: f64 = f64::INFINITY;

fn identity(d: usize) -> Vec<Vec<f64>> {
    (0..d).map(|i| (0..d).map(|j| f64::from(u8::from(i == j))).collect()).collect()
}

fn close(name: &str, what: &str, found: &[f64], expected: &[f64]) {
    let error = difference(found, expected);
    assert!(error <= 1e-9, "{name}: {what} is {found:?}, expected {expected:?}");
}

fn close_matrix(name: &str, what: &str, found: &[Vec<f64>], expected: &[&[f64]]) {
    for (found, expected) in found.iter().zip(expected) {
        close(name, what, found, expected);
    }
}

/// Solves, checks `x`, and hands the gradient of `x_bar·x` on.
fn each_pair(program: &Program, x: &[f64], x_bar: &[f64], check: impl Fn(&str, &Gradient)) {
    for (name, layer) in every_pair() {
        let mut solved = layer.forward(program).unwrap();
        solved.polish().unwrap();
        close(&name, "x", solved.x(), x);
        let gradient = solved.backward(x_bar).unwrap();
        assert_eq!(gradient.certificate().kind, CertificateKind::Exact, "{name}");
        check(&name, &gradient);
    }
}

/// min ½‖x − c‖² over 0 ≤ x ≤ 1 with c = (−0.5, 0.3, 1.7): x = (0, 0.3, 1). With L = x₀ + 2x₁ + 3x₂: x₁ = −q₁ alone moves
/// with q, x₀ = lb₀, x₂ = ub₂. P: x₁ = (−q₁ − P₁₀x₀ − P₁₂x₂)/P₁₁, so dL/dP₁₁ = −2·0.3, and for the pair (1, 2) the
/// symmetric gradient is half of −2x₂ = −2 on each side.
#[test]
fn projection_onto_a_box() {
    let program =
        Program::builder(3).objective(&identity(3), &[0.5, -0.3, -1.7]).bounds(&[0.0; 3], &[1.0; 3]).build().unwrap();
    each_pair(&program, &[0.0, 0.3, 1.0], &[1.0, 2.0, 3.0], |name, gradient| {
        close(name, "∂q", gradient.q(), &[0.0, -2.0, 0.0]);
        close(name, "∂lb", gradient.lb(), &[1.0, 0.0, 0.0]);
        close(name, "∂ub", gradient.ub(), &[0.0, 0.0, 3.0]);
        let p = dense(gradient.p());
        close_matrix(name, "∂P", &p, &[&[0.0, 0.0, 0.0], &[0.0, -0.6, -1.0], &[0.0, -1.0, 0.0]]);
    });
}

/// min ½‖x − c‖², Σx = 1, x ≥ 0, c = (0.8, 0.6, −1): the support is {0, 1}, x = c − τ there with τ = 0.2, so
/// x = (0.6, 0.4, 0). On the support dx = dc − mean(dc) + db/2; with L = x₀: ∂L/∂c = (½, −½, 0) = −∂L/∂q, ∂L/∂b = ½.
/// With ν = τ = 0.2, z̃ = (−½, ½, 0), ν̃ = −½: ∂A = ν z̃ᵀ + ν̃ xᵀ = (−0.4, −0.1, 0).
/// ∂lb₂ = −ζ̃₂ = x̄₂ + z̃₂ + ν̃ = −½.
#[test]
fn projection_onto_the_simplex() {
    let program = Program::builder(3)
        .objective(&identity(3), &[-0.8, -0.6, 1.0])
        .equalities(&[[1.0, 1.0, 1.0]], &[1.0])
        .bounds(&[0.0; 3], &[INF; 3])
        .build()
        .unwrap();
    each_pair(&program, &[0.6, 0.4, 0.0], &[1.0, 0.0, 0.0], |name, gradient| {
        close(name, "∂q", gradient.q(), &[-0.5, 0.5, 0.0]);
        close(name, "∂b", gradient.b(), &[0.5]);
        close(name, "∂A", &dense(gradient.a())[0], &[-0.4, -0.1, 0.0]);
        close(name, "∂lb", gradient.lb(), &[0.0, 0.0, -0.5]);
    });
}

/// min ½‖x − c‖², gᵀx ≤ h with c = (2, 1), g = (1, 1), h = 1: x = c − λg, λ = (gᵀc − h)/gᵀg = 1, x = (1, 0).
/// With L = x₀: ∂L/∂h = g₀/gᵀg = ½; ∂L/∂c = e₀ − g/2 = (½, −½), so z̃ = ∂q = (−½, ½); λ̃ = −½;
/// ∂G = λz̃ᵀ + λ̃xᵀ = (−1, ½).
/// The published formula multiplies ∂G and ∂h by λ; λ = 1 here would hide that, the next test has λ = 3.
#[test]
fn projection_onto_a_half_space() {
    let program =
        Program::builder(2).objective(&identity(2), &[-2.0, -1.0]).inequalities(&[[1.0, 1.0]], &[1.0]).build().unwrap();
    each_pair(&program, &[1.0, 0.0], &[1.0, 0.0], |name, gradient| {
        close(name, "∂q", gradient.q(), &[-0.5, 0.5]);
        close(name, "∂h", gradient.h(), &[0.5]);
        close(name, "∂G", &dense(gradient.g())[0], &[-1.0, 0.5]);
    });
}

/// One variable per block, all multipliers different from 1: min Σ ½pⱼxⱼ² + qⱼxⱼ with p = (2, 4, 5, 8) and
/// x₀: 3x₀ = 6 (ν), x₁: 2x₁ ≤ 2 (λ), x₂: 1 ≤ 4x₂ ≤ 4 at its lower side (y), x₃ ≥ ½ (ζ).
/// x = (2, 1, ¼, ½). Stationarity, pⱼxⱼ + qⱼ + aⱼyⱼ = 0, with q = (5, −10, 6.75, 3):
/// ν = −(4+5)/3 = −3; λ = −(4−10)/2 = 3; y = −(1.25+6.75)/4 = −2; ζ = −(4+3) = −7.
/// L = Σ wⱼxⱼ, w = (1, 2, 3, 4): a fixed variable xⱼ = bⱼ/aⱼ has z̃ⱼ = 0, ∂b = w/a, ∂a = −w x/a:
/// ∂b = ⅓, ∂A = −⅔; ∂h = 1, ∂G = −1; ∂l = ¾, ∂C = −3/16; ∂lb = 4.
#[test]
fn every_block_with_a_multiplier_that_is_not_one() {
    let mut p = identity(4);
    for (j, v) in [2.0, 4.0, 5.0, 8.0].into_iter().enumerate() {
        p[j][j] = v;
    }
    let program = Program::builder(4)
        .objective(&p, &[5.0, -10.0, 6.75, 3.0])
        .equalities(&[[3.0, 0.0, 0.0, 0.0]], &[6.0])
        .inequalities(&[[0.0, 2.0, 0.0, 0.0]], &[2.0])
        .rows(&[1.0], &[[0.0, 0.0, 4.0, 0.0]], &[4.0])
        .bounds(&[-INF, -INF, -INF, 0.5], &[INF; 4])
        .build()
        .unwrap();
    for (name, layer) in every_pair() {
        let mut solved = layer.forward(&program).unwrap();
        solved.polish().unwrap();
        let duals = solved.duals();
        close(&name, "ν", duals.equalities, &[-3.0]);
        close(&name, "λ", duals.inequalities, &[3.0]);
        close(&name, "y", duals.rows, &[-2.0]);
        close(&name, "ζ", duals.bounds, &[0.0, 0.0, 0.0, -7.0]);
    }
    each_pair(&program, &[2.0, 1.0, 0.25, 0.5], &[1.0, 2.0, 3.0, 4.0], |name, gradient| {
        close(name, "∂q", gradient.q(), &[0.0; 4]);
        close(name, "∂b", gradient.b(), &[1.0 / 3.0]);
        close(name, "∂h", gradient.h(), &[1.0]);
        close(name, "∂l", gradient.l(), &[0.75]);
        close(name, "∂u", gradient.u(), &[0.0]);
        close(name, "∂lb", gradient.lb(), &[0.0, 0.0, 0.0, 4.0]);
        close(name, "∂ub", gradient.ub(), &[0.0; 4]);
        // Off the row's own variable: ∂Aⱼ = ν z̃ⱼ + ν̃ xⱼ with ν̃ = −⅓.
        close(name, "∂A", &dense(gradient.a())[0], &[-2.0 / 3.0, -1.0 / 3.0, -1.0 / 12.0, -1.0 / 6.0]);
        close(name, "∂G", &dense(gradient.g())[0], &[-2.0, -1.0, -0.25, -0.5]);
        close(name, "∂C", &dense(gradient.rows())[0], &[-1.5, -0.75, -0.1875, -0.375]);
    });
}

/// min ½‖Mx − t‖² s.t. Ax = b, that is P = MᵀM, q = −Mᵀt, with M = diag(1, 2), A = (1, 1): eliminating x₁ = b − x₀,
/// x₀ = (4b + t₀ − 2t₁)/5. With t = (1, 2), b = 3: x = (9/5, 6/5). L = x₀: ∂b = 4/5, ∂q₀ = −1/5, ∂q₁ = 1/5 (q = −Mᵀt).
/// ν = −(P x + q)₀ = −(9/5 − 1) = −4/5, ν̃ = −4/5, z̃ = (−1/5, 1/5):
/// ∂A = νz̃ᵀ + ν̃xᵀ = (4/25 − 36/25, −4/25 − 24/25) = (−32/25, −28/25); ∂P₀₀ = z̃₀x₀ = −9/25, ∂P₁₁ = z̃₁x₁ = 6/25,
/// ∂P₀₁ = ½(z̃₀x₁ + x₀z̃₁) = ½(−6/25 + 9/25) = 3/50.
#[test]
fn least_squares_with_an_equality() {
    let program = Program::builder(2)
        .objective(&[[1.0, 0.0], [0.0, 4.0]], &[-1.0, -4.0])
        .equalities(&[[1.0, 1.0]], &[3.0])
        .build()
        .unwrap();
    each_pair(&program, &[1.8, 1.2], &[1.0, 0.0], |name, gradient| {
        close(name, "∂q", gradient.q(), &[-0.2, 0.2]);
        close(name, "∂b", gradient.b(), &[0.8]);
        close(name, "∂A", &dense(gradient.a())[0], &[-1.28, -1.12]);
        close_matrix(name, "∂P", &dense(gradient.p()), &[&[-0.36, 0.06], &[0.06, 0.24]]);
    });
}
