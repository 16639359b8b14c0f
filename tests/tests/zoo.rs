//! A zoo of degenerate programs, each with the answer and the certificate derived by hand, through every pair of backends.
#![allow(clippy::unwrap_used, clippy::panic, reason = "helpers of tests")]

use bpqp::CertificateKind::{Degenerate, Exact, Kink};
use bpqp::{AtDegeneracy, AtKink, Block, CertificateKind, ConstraintId, Error, Gradient, Layer, LayerBuilder, Program};
use bpqp::{Registry, Settings};

const INF: f64 = f64::INFINITY;

/// A layer for every pair of a forward and a backward backend, with its name.
fn every_pair(configure: impl Fn(LayerBuilder) -> LayerBuilder) -> Vec<(String, Layer)> {
    let names = Registry::compiled().usable().quadratic().names();
    assert!(names.len() >= 2, "pairs need two backends, found {names:?}");
    let pairs = names.iter().flat_map(|f| names.iter().map(move |b| (f, b)));
    let layer = |f: &String, b: &String| {
        let builder = Layer::builder().forward(f).backward(b).settings(Settings::with_tolerance(1e-9));
        configure(builder).build().unwrap()
    };
    pairs.map(|(f, b)| (format!("{f} forward, {b} backward"), layer(f, b))).collect()
}

/// What a program's solution and certificate must be.
struct Case {
    program: Program,
    /// Of the loss `x̄ᵀx`.
    x_bar: Vec<f64>,
    x: Vec<f64>,
    kind: CertificateKind,
    weakly_active: Vec<ConstraintId>,
    dependent: Vec<ConstraintId>,
    inexact: Vec<&'static str>,
    /// Blocks that are unique, with their values.
    blocks: Vec<(&'static str, Vec<f64>)>,
}

impl Case {
    fn exact(program: Program, x_bar: &[f64], x: &[f64], blocks: &[(&'static str, &[f64])]) -> Self {
        Self {
            program,
            x_bar: x_bar.to_vec(),
            x: x.to_vec(),
            kind: Exact,
            weakly_active: Vec::new(),
            dependent: Vec::new(),
            inexact: Vec::new(),
            blocks: blocks.iter().map(|(name, values)| (*name, values.to_vec())).collect(),
        }
    }

    fn kink(mut self, weakly_active: &[ConstraintId]) -> Self {
        (self.kind, self.weakly_active) = (Kink, weakly_active.to_vec());
        self.inexact = vec!["P", "q", "A", "b", "G", "h", "rows", "l", "u", "lb", "ub", "cones", "cone_offsets"];
        self
    }

    fn dependent(mut self, dependent: &[ConstraintId], inexact: &[&'static str]) -> Self {
        (self.kind, self.dependent, self.inexact) = (Degenerate, dependent.to_vec(), inexact.to_vec());
        self
    }

    fn check(&self) {
        self.check_with(|builder| builder);
    }

    fn check_with(&self, configure: impl Fn(LayerBuilder) -> LayerBuilder) {
        for (name, layer) in every_pair(configure) {
            let mut solved = layer.forward(&self.program).unwrap();
            let gradient = solved.backward(&self.x_bar).unwrap_or_else(|e| panic!("{name}: {e}"));
            close(&name, "x", solved.x(), &self.x);
            let certificate = gradient.certificate();
            assert_eq!(certificate.kind, self.kind, "{name}: {certificate:?}");
            assert_eq!(certificate.weakly_active, self.weakly_active, "{name}");
            assert_eq!(certificate.dependent, self.dependent, "{name}");
            assert_eq!(certificate.inexact_blocks, self.inexact, "{name}");
            assert!(certificate.residual <= 1e-9, "{name}: {:e}", certificate.residual);
            for (block, want) in &self.blocks {
                close(&name, block, values(&gradient, block), want);
            }
        }
    }
}

fn values<'a>(gradient: &'a Gradient, block: &str) -> &'a [f64] {
    gradient.blocks().into_iter().find(|(name, _)| *name == block).unwrap().1
}

fn close(pair: &str, what: &str, have: &[f64], want: &[f64]) {
    assert_eq!(have.len(), want.len(), "{pair}: {what}");
    let size = want.iter().fold(1e-3_f64, |m, w| m.max(w.abs()));
    for (a, b) in have.iter().zip(want) {
        assert!((a - b).abs() <= 1e-8 * size, "{pair}: {what} is {have:?}, not {want:?}");
    }
}

fn at(block: Block, index: usize) -> ConstraintId {
    ConstraintId { block, index }
}

/// `½‖x‖² + qᵀx`.
fn ball(q: &[f64]) -> bpqp::ProgramBuilder {
    let n = q.len();
    let identity: Vec<Vec<f64>> = (0..n).map(|i| (0..n).map(|j| f64::from(u8::from(i == j))).collect()).collect();
    Program::builder(n).objective(&identity[..], q)
}

/// `min ½‖x‖² − x₀ − x₁`, `x₀ + x₁ = 2`: the equality pushes with no force. Its derivative is there all the same:
/// `z̃ = −(½, −½)` for `L = x₀`, and `∂x₀/∂b = ½`.
#[test]
fn an_equality_whose_multiplier_is_exactly_zero() {
    let program = ball(&[-1.0, -1.0]).equalities(&[[1.0, 1.0]], &[2.0]).build().unwrap();
    Case::exact(program, &[1.0, 0.0], &[1.0, 1.0], &[("q", &[-0.5, 0.5]), ("b", &[0.5]), ("A", &[-1.0 / 2.0, -0.5])])
        .check();
}

/// `min ½x²`, `x ≥ 0`: dropped, `dx/dq = −1`; kept, 0 and `dx/dlb = 1`; or refused.
#[test]
fn a_weakly_active_bound() {
    let program = || ball(&[0.0]).bounds(&[0.0], &[INF]).build().unwrap();
    let bound = [at(Block::Bounds, 0)];
    Case::exact(program(), &[1.0], &[0.0], &[("q", &[-1.0]), ("lb", &[0.0])]).kink(&bound).check();
    Case::exact(program(), &[1.0], &[0.0], &[("q", &[0.0]), ("lb", &[1.0])])
        .kink(&bound)
        .check_with(|builder| builder.at_kink(AtKink::Keep));
    for (name, layer) in every_pair(|builder| builder.at_kink(AtKink::Refuse)) {
        let refused = layer.forward(&program()).unwrap().backward(&[1.0]).unwrap_err();
        assert!(matches!(&refused, Error::Kink { weakly_active } if *weakly_active == bound), "{name}: {refused}");
    }
}

/// `min ½‖x‖² − x₀`, `x₀ + x₁ ≤ 1`: the row is met by the free solution (1, 0). Kept: `z̃ = −(½, −½)`.
#[test]
fn a_weakly_active_row() {
    let program = || ball(&[-1.0, 0.0]).inequalities(&[[1.0, 1.0]], &[1.0]).build().unwrap();
    let row = [at(Block::Inequalities, 0)];
    Case::exact(program(), &[1.0, 0.0], &[1.0, 0.0], &[("q", &[-1.0, 0.0]), ("h", &[0.0])]).kink(&row).check();
    Case::exact(program(), &[1.0, 0.0], &[1.0, 0.0], &[("q", &[-0.5, 0.5]), ("h", &[0.5])])
        .kink(&row)
        .check_with(|builder| builder.at_kink(AtKink::Keep));
}

/// `x₀ + x₁ = 1` twice: `x` and `∂L/∂q` are unique, what belongs to the rows is not; or it is refused.
#[test]
fn a_duplicate_equality() {
    let program = || ball(&[0.0, 0.0]).equalities(&[[1.0, 1.0], [1.0, 1.0]], &[1.0, 1.0]).build().unwrap();
    let rows = [at(Block::Equalities, 0), at(Block::Equalities, 1)];
    Case::exact(program(), &[1.0, 0.0], &[0.5, 0.5], &[("q", &[-0.5, 0.5]), ("P", &[-0.25, 0.0, 0.0, 0.25])])
        .dependent(&rows, &["A", "b"])
        .check();
    for (name, layer) in every_pair(|builder| builder.at_degeneracy(AtDegeneracy::Refuse)) {
        let refused = layer.forward(&program()).unwrap().backward(&[1.0, 0.0]).unwrap_err();
        assert!(matches!(&refused, Error::Degenerate { dependent, .. } if *dependent == rows), "{name}: {refused}");
    }
}

/// `min ½(x − 3)²`, `x ≤ 1`, `2x ≤ 2`: whichever row a solver lets push, both are dependent, and `∂x/∂q = 0` is right.
#[test]
fn parallel_inequalities_that_are_both_met() {
    let program = ball(&[-3.0]).inequalities(&[[1.0], [2.0]], &[1.0, 2.0]).build().unwrap();
    let rows = [at(Block::Inequalities, 0), at(Block::Inequalities, 1)];
    Case::exact(program, &[1.0], &[1.0], &[("q", &[0.0]), ("P", &[0.0])]).dependent(&rows, &["G", "h"]).check();
}

/// `min ½(x − 3)²`, `x ≤ 1` as a row and as a bound.
#[test]
fn a_row_that_repeats_a_bound() {
    let program = ball(&[-3.0]).inequalities(&[[1.0]], &[1.0]).bounds(&[-INF], &[1.0]).build().unwrap();
    let both = [at(Block::Inequalities, 0), at(Block::Bounds, 0)];
    Case::exact(program, &[1.0], &[1.0], &[("q", &[0.0])]).dependent(&both, &["G", "h", "lb", "ub"]).check();
}

/// Three lines through one point of the plane. Their multipliers may be (0, 0, 2), (2, 2, 0) or anything between, and
/// `∂x/∂q = 0`: either a solver's multipliers show that, or no block is called the derivative.
#[test]
fn a_redundant_inequality_through_a_vertex() {
    let program =
        ball(&[-3.0, -3.0]).inequalities(&[[1.0, 0.0], [0.0, 1.0], [1.0, 1.0]], &[1.0, 1.0, 2.0]).build().unwrap();
    for (name, layer) in every_pair(|builder| builder) {
        let gradient = layer.forward(&program).unwrap().backward(&[1.0, 2.0]).unwrap();
        let certificate = gradient.certificate();
        assert_eq!(certificate.kind, Degenerate, "{name}");
        assert_eq!(certificate.dependent, [0, 1, 2].map(|i| at(Block::Inequalities, i)), "{name}");
        if certificate.inexact_blocks.contains(&"q") {
            assert!(
                !certificate.weakly_active.is_empty() && certificate.inexact_blocks.len() == gradient.blocks().len(),
                "{name}"
            );
        } else {
            close(&name, "q", gradient.q(), &[0.0, 0.0]);
            assert_eq!(certificate.inexact_blocks, ["G", "h"], "{name}");
        }
    }
}

/// `min ½(x − 2)²`, `x ≤ 1`, `x ≤ 5`.
#[test]
fn a_redundant_inequality_that_stays_slack() {
    let program = ball(&[-2.0]).inequalities(&[[1.0], [1.0]], &[1.0, 5.0]).build().unwrap();
    Case::exact(program, &[1.0], &[1.0], &[("q", &[0.0]), ("h", &[1.0, 0.0]), ("G", &[-1.0, 0.0])]).check();
}

/// `lb = ub`: the variable follows its bounds, which move together; `x₁` is free.
#[test]
fn a_fixed_variable() {
    let program = ball(&[-1.0, -2.0]).bounds(&[3.0, -INF], &[3.0, INF]).build().unwrap();
    let case = Case::exact(program, &[1.0, 1.0], &[3.0, 2.0], &[("q", &[0.0, -1.0])]);
    case.check();
    for (name, layer) in every_pair(|builder| builder) {
        let gradient = layer.forward(&case.program).unwrap().backward(&case.x_bar).unwrap();
        assert!((gradient.lb()[0] + gradient.ub()[0] - 1.0).abs() < 1e-9, "{name}");
    }
}

/// A row without entries never binds; but where its side is exactly zero, moving that makes the program infeasible, so
/// there is no derivative with respect to it.
#[test]
fn empty_rows() {
    let program = |h: f64| {
        let rows = [[0.0, 0.0], [1.0, 0.0]];
        let builder = ball(&[-1.0, 1.0]).inequalities(&rows, &[h, 0.5]);
        builder.rows(&[-1.0], &[[0.0, 0.0]], &[1.0]).build().unwrap()
    };
    let q: (&str, &[f64]) = ("q", &[0.0, -1.0]);
    Case::exact(program(0.1), &[1.0, 1.0], &[0.5, -1.0], &[q, ("h", &[0.0, 1.0]), ("u", &[0.0])]).check();
    Case::exact(program(0.0), &[1.0, 1.0], &[0.5, -1.0], &[q, ("u", &[0.0])])
        .dependent(&[at(Block::Inequalities, 0)], &["G", "h"])
        .check();
}

/// One variable, no constraints at all.
#[test]
fn a_single_variable_without_constraints() {
    Case::exact(ball(&[-3.0]).build().unwrap(), &[2.0], &[3.0], &[("q", &[-2.0]), ("P", &[-6.0])]).check();
}

/// `min −x₀ − x₁` on `x₀ ≤ 1`, `x₁ ≤ 2`: a vertex, where nothing depends on `q`.
#[test]
fn a_zero_hessian_at_a_vertex() {
    let program = Program::builder(2)
        .objective(&[[0.0, 0.0], [0.0, 0.0]], &[-1.0, -1.0])
        .inequalities(&[[1.0, 0.0], [0.0, 1.0]], &[1.0, 2.0])
        .build()
        .unwrap();
    Case::exact(program, &[3.0, 1.0], &[1.0, 2.0], &[("q", &[0.0, 0.0]), ("h", &[3.0, 1.0])])
        .check_with(|builder| builder.lp_regularization(0.0));
}

/// `min ½(x₀ − 1)²`, `0 ≤ x₁ ≤ 1`: any `x₁` will do; it is said which variable, and the data that would choose one are not
/// called the derivative.
#[test]
fn a_solution_that_is_not_unique() {
    let program = Program::builder(2)
        .objective(&[[1.0, 0.0], [0.0, 0.0]], &[-1.0, 0.0])
        .bounds(&[-INF, 0.0], &[INF, 1.0])
        .build()
        .unwrap();
    for (name, layer) in every_pair(|builder| builder) {
        let mut solved = layer.forward(&program).unwrap();
        let gradient = solved.backward(&[1.0, 0.0]).unwrap_or_else(|e| panic!("{name}: {e}"));
        let certificate = gradient.certificate();
        assert!((solved.x()[0] - 1.0).abs() < 1e-8 && (-1e-9..=1.0 + 1e-9).contains(&solved.x()[1]), "{name}");
        // At a bound of x₁ that has no force, the solution is at a kink; between them, loose.
        assert_ne!(certificate.kind, Exact, "{name}");
        assert!(certificate.loose_variables == [1] || certificate.weakly_active == [at(Block::Bounds, 1)], "{name}");
        if certificate.weakly_active.is_empty() {
            assert_eq!(certificate.inexact_blocks, ["P", "q"], "{name}");
        } else {
            assert_eq!(certificate.inexact_blocks.len(), gradient.blocks().len(), "{name}");
        }
        assert!((gradient.q()[0] + 1.0).abs() < 1e-8, "{name}");
    }
}

/// `min α(½x₀² − 2x₀ + ½x₁² − 2x₁)`, `s x₀ ≤ s`: in units of 1e±8 of the objective and of the row, the same solution (1, 2),
/// `∂x₁/∂q₁ = −1/α`, and `∂x₀/∂h = 1/s`.
#[test]
fn huge_and_tiny_scales() {
    for alpha in [1e-8, 1.0, 1e8] {
        for s in [1e-8, 1.0, 1e8] {
            let program = Program::builder(2)
                .objective(&[[alpha, 0.0], [0.0, alpha]], &[-2.0 * alpha, -2.0 * alpha])
                .inequalities(&[[s, 0.0]], &[s])
                .build()
                .unwrap();
            let layer = Layer::builder().settings(Settings::with_tolerance(1e-12)).build().unwrap();
            let mut solved = layer.forward(&program).unwrap();
            let gradient = solved.backward(&[1.0, 1.0]).unwrap_or_else(|e| panic!("{alpha:e} {s:e}: {e}"));
            let name = format!("objective × {alpha:e}, row × {s:e}");
            close(&name, "x", solved.x(), &[1.0, 2.0]);
            assert_eq!(gradient.certificate().kind, Exact, "{name}");
            let in_units: Vec<f64> = gradient.q().iter().map(|v| v * alpha).collect();
            close(&name, "q", &in_units, &[0.0, -1.0]);
            close(&name, "h", &[gradient.h()[0] * s], &[1.0]);
        }
    }
}
