//! Programs that differentiate themselves, beside the same by hand.

use bpqp::Status;
use bpqp::convex::{Auto, ConvexLayer, ConvexProgram, Model, Var, check_derivatives, dot, log_sum_exp};

use crate::common::difference;
use crate::instances::Instance;
use crate::support::{check, every_pair, layer};

/// Water filling as in the library, with parameters `(w, a, B)`.
struct Water;

impl Model for Water {
    fn num_vars(&self) -> usize {
        3
    }

    fn num_params(&self) -> usize {
        7
    }

    fn objective<'t>(&self, x: &[Var<'t>], theta: &[Var<'t>]) -> Var<'t> {
        -(0..3).map(|j| theta[j] * (theta[3 + j] + x[j]).ln()).sum::<Var<'t>>()
    }

    fn equalities<'t>(&self, x: &[Var<'t>], theta: &[Var<'t>]) -> Vec<Var<'t>> {
        vec![x.iter().copied().sum::<Var<'t>>() - theta[6]]
    }

    fn bounds(&self, lb: &mut [f64], _ub: &mut [f64]) {
        lb.fill(0.0);
    }
}

#[test]
fn a_model_and_the_same_by_hand() {
    let theta = [2.0, 1.0, 0.2, 0.5, 0.4, 0.5, 1.0];
    let by_hand = bpqp::convex::library::LogUtility::new(3).unwrap();
    let layer = layer("native", "native");
    let auto = Auto::new(Water);
    let (mut a, mut b) = (layer.forward(&auto, &theta).unwrap(), layer.forward(&by_hand, &theta).unwrap());
    assert!(difference(a.x(), b.x()) <= 1e-12);
    let (a, b) = (a.backward(&[1.0, 2.0, 3.0]).unwrap(), b.backward(&[1.0, 2.0, 3.0]).unwrap());
    assert!(difference(a.theta(), b.theta()) <= 1e-11, "{:?} beside {:?}", a.theta(), b.theta());
}

/// One of everything: all functions of `Var`, parameters in all places.
struct Everything;

impl Model for Everything {
    fn num_vars(&self) -> usize {
        3
    }

    fn num_params(&self) -> usize {
        5
    }

    fn objective<'t>(&self, x: &[Var<'t>], t: &[Var<'t>]) -> Var<'t> {
        let powers = x[0].powf(1.5) + (x[0] * t[0]).recip() - (x[1] + 2.0).sqrt() + 1.0 / (x[1] + 3.0);
        let entropies = (x[2] * t[1]).exp() - x[0].ln() + (x[1] - t[2]).softplus() + (2.0 - x[2]).square();
        powers + entropies + log_sum_exp(&[x[0] * t[3], x[1] - x[2], Var::from(0.5)]) + dot(&[0.1, -0.2, 0.3], x)
    }

    fn equalities<'t>(&self, x: &[Var<'t>], t: &[Var<'t>]) -> Vec<Var<'t>> {
        vec![(x[0] - t[4]) * t[1] + x[1] / t[0] - 0.3]
    }

    fn inequalities<'t>(&self, x: &[Var<'t>], t: &[Var<'t>]) -> Vec<Var<'t>> {
        vec![x[2].square() * t[3] + x[1] - t[0], -x[0] - 5.0, Var::from(-1.0)]
    }

    fn domain(&self, lower: &mut [f64], _upper: &mut [f64]) {
        lower.copy_from_slice(&[0.0, -2.0, f64::NEG_INFINITY]);
    }
}

#[test]
fn every_function_beside_differences() {
    let theta = vec![1.2, 0.7, 0.4, 0.9, 0.3];
    let program = Auto::new(Everything);
    assert_eq!((program.num_equalities(), program.num_inequalities()), (1, 3));
    for found in check_derivatives(&program, &theta, &[0.8, 0.4, 0.6]).unwrap() {
        assert!(found.error <= 1e-6, "{found:?}");
    }
    let instance = Instance { name: "everything", program: Box::new(program), theta };
    every_pair().iter().for_each(|(pair, layer)| check(&instance, layer, pair));
}

/// Stable where the naive formula overflows, and exact to second order.
#[test]
fn softplus_and_log_sum_exp_do_not_overflow() {
    struct Steep;
    impl Model for Steep {
        fn num_vars(&self) -> usize {
            1
        }
        fn num_params(&self) -> usize {
            1
        }
        fn objective<'t>(&self, x: &[Var<'t>], theta: &[Var<'t>]) -> Var<'t> {
            (x[0] * 900.0).softplus() + log_sum_exp(&[x[0] * -900.0, theta[0]])
        }
    }
    // 900 σ(900 x) = 900 e^(−900 x)/(e^(−900 x) + e^θ): x = −θ/1800.
    let solved =
        ConvexLayer::new().unwrap().forward(&Auto::new(Steep), &[1.8]).map(|s| (s.status(), s.x()[0])).unwrap();
    assert_eq!(solved.0, Status::Solved);
    assert!((solved.1 + 0.001).abs() <= 1e-10, "{}", solved.1);
}
