//! The backward pass by the factor that the forward solver ended on.
#![cfg(feature = "native")]

mod common;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use bpqp::{Backend, CertificateKind, Layer, LayerBuilder, Program, Registry, Values};
use bpqp_native::{NativeKkt, NativeSolver};
use bpqp_traits::{AdjointQpRef, BackendInfo, BackwardQpSolver, KktFactor, Result};
use common::{Rng, Sizes, random_program};

/// The native backward solver, with its factorizations counted.
struct Counting(Arc<AtomicUsize>);

impl BackwardQpSolver for Counting {
    fn info(&self) -> BackendInfo {
        NativeKkt.info()
    }
    fn factorize(&self, qp: &AdjointQpRef<'_>) -> Result<Box<dyn KktFactor>> {
        self.0.fetch_add(1, Ordering::Relaxed);
        NativeKkt.factorize(qp)
    }
}

fn counting() -> (LayerBuilder, Arc<AtomicUsize>) {
    let count = Arc::new(AtomicUsize::new(0));
    let mut registry = Registry::empty();
    registry.register(Backend::from_pair(NativeSolver, Counting(Arc::clone(&count))));
    (Layer::builder().registry(registry), count)
}

const SIZES: Sizes = Sizes { vars: 20, equalities: 4, inequalities: 8, rows: 5 };

#[test]
fn the_factor_is_reused_and_gives_the_same_gradient() {
    for seed in 0..20 {
        let program = random_program(seed, SIZES);
        let x_bar = Rng::new(100 + seed).normals(SIZES.vars);
        let (builder, count) = counting();
        let layer = builder.build().unwrap();
        let mut solved = layer.forward(&program).unwrap();
        let reused = solved.backward(&x_bar).unwrap();
        solved.backward(&x_bar).unwrap();
        assert_eq!(count.load(Ordering::Relaxed), 0, "seed {seed}");
        assert_eq!(reused.certificate().kind, CertificateKind::Exact);
        assert!(reused.certificate().residual <= 1e-14, "seed {seed}: {}", reused.certificate().residual);

        let (builder, count) = counting();
        let own = builder.reuse(false).build().unwrap().forward(&program).unwrap().backward(&x_bar).unwrap();
        assert!(count.load(Ordering::Relaxed) > 0);
        assert!(reused.difference(&own) <= 1e-11, "seed {seed}: {}", reused.difference(&own));
        assert_eq!(reused.certificate().active, own.certificate().active);
    }
}

#[test]
fn a_session_reuses_it_after_each_update() {
    let program = random_program(3, SIZES);
    let (builder, count) = counting();
    let mut session = builder.build().unwrap().session(program.clone()).unwrap();
    let fresh = Layer::builder().reuse(false).build().unwrap();
    let mut changed = program;
    let mut rng = Rng::new(7);
    for _ in 0..10 {
        let (q, x_bar) = (rng.normals(SIZES.vars), rng.normals(SIZES.vars));
        let values = Values { q: Some(&q), ..Values::default() };
        session.update(&values).unwrap();
        changed.update(&values).unwrap();
        let reused = session.forward().unwrap().backward(&x_bar).unwrap();
        let own = fresh.forward(&changed).unwrap().backward(&x_bar).unwrap();
        assert!(reused.difference(&own) <= 1e-11, "{}", reused.difference(&own));
    }
    assert_eq!(count.load(Ordering::Relaxed), 0);
}

/// `min ½x²  s.t.  x ≥ 0`: the bound has neither dual nor slack, and the factor says nothing about that.
#[test]
fn a_kink_is_still_told() {
    let program = Program::builder(1).objective(&[[1.0]], &[0.0]).bounds(&[0.0], &[f64::INFINITY]).build().unwrap();
    let gradient = Layer::new().unwrap().forward(&program).unwrap().backward(&[1.0]).unwrap();
    assert_eq!(gradient.certificate().kind, CertificateKind::Kink);
}

/// `min ½x₀² − x₀` in two variables: `x₁` is anything.
#[test]
fn a_singular_hessian_is_still_told() {
    let free = Program::builder(2).objective(&[[1.0, 0.0], [0.0, 0.0]], &[-1.0, 0.0]).build().unwrap();
    let gradient = Layer::new().unwrap().forward(&free).unwrap().backward(&[1.0, 0.0]).unwrap();
    assert_eq!(gradient.certificate().kind, CertificateKind::Degenerate);
    assert_eq!(gradient.certificate().loose_variables, [1]);
}

/// A backward backend chosen by name does its own work.
#[test]
fn another_backward_backend_is_not_bypassed() {
    let count = Arc::new(AtomicUsize::new(0));
    let mut registry = Registry::compiled();
    let mut other = Registry::empty();
    other.register(Backend::from_pair(Renamed, Counting(Arc::clone(&count))));
    other.iter().for_each(|backend| registry.register(backend.clone()));
    let layer = Layer::builder().registry(registry).forward("native").backward("renamed").build().unwrap();
    layer.forward(&random_program(0, SIZES)).unwrap().backward(&[1.0; 20]).unwrap();
    assert!(count.load(Ordering::Relaxed) > 0);
}

/// The native solver under another name.
struct Renamed;

impl bpqp_traits::ForwardSolver for Renamed {
    fn info(&self) -> BackendInfo {
        BackendInfo::new("renamed", "1")
    }
    fn capabilities(&self) -> bpqp_traits::Capabilities {
        NativeSolver.capabilities()
    }
    fn setup(
        &self,
        problem: &bpqp_traits::ProgramRef<'_>,
        settings: &bpqp_traits::Settings,
    ) -> Result<Box<dyn bpqp_traits::Session>> {
        NativeSolver.setup(problem, settings)
    }
}

#[test]
fn a_solution_found_elsewhere_is_judged_and_differentiated() {
    let program = random_program(3, SIZES);
    let layer = Layer::new().unwrap();
    let mut own = layer.forward(&program).unwrap();
    let x_bar = Rng::new(4).normals(SIZES.vars);
    let expected = own.backward(&x_bar).unwrap();
    let mut brought = layer.at(&program, own.solution().clone()).unwrap();
    assert_eq!(brought.status(), bpqp::Status::Solved);
    assert!(brought.backward(&x_bar).unwrap().difference(&expected) < 1e-10);

    let mut wrong = own.solution().clone();
    wrong.x[0] += 1.0;
    let mut refused = layer.at(&program, wrong.clone()).unwrap();
    assert_eq!(refused.status(), bpqp::Status::NumericalError);
    assert!(matches!(refused.backward(&x_bar), Err(bpqp::Error::NotSolved { .. })));
    wrong.y.pop();
    let error = layer.at(&program, wrong).err().unwrap().to_string();
    assert!(error.contains('y') && error.contains("length"), "{error}");
}
