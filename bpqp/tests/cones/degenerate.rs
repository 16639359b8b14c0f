//! Weakly active cones, apexes and faces of solutions: what has no derivative is told.

use bpqp::{AtKink, CertificateKind, Error, Layer, Program, Settings, Values};

use crate::{builder, close, dot, layer};

#[test]
fn inactive_and_weakly_active_cones_are_told_apart() {
    let project = |point: [f64; 2], layer: &Layer| {
        let program = Program::builder(2)
            .objective(&[[1.0, 0.0], [0.0, 1.0]], &[-point[0], -point[1]])
            .second_order_cone(&[[1.0, 0.0], [0.0, 1.0]], &[0.0, 0.0], &[0.0, 0.0], 1.0)
            .build()
            .unwrap();
        let mut solved = layer.forward(&program).unwrap();
        solved.backward(&[1.0, 0.5])
    };
    let inside = project([0.3, 0.2], &layer()).unwrap();
    assert_eq!(inside.certificate().kind, CertificateKind::Exact);
    assert!(inside.certificate().active.is_empty());
    close(inside.q(), &[-1.0, -0.5], 1e-9);

    let weak = project([0.6, 0.8], &layer()).unwrap();
    assert_eq!(weak.certificate().kind, CertificateKind::Kink);
    assert_eq!(weak.certificate().weakly_active.len(), 1);
    assert_eq!(weak.certificate().weakly_active[0].to_string(), "soc[0]");
    close(weak.q(), &[-1.0, -0.5], 1e-6);
    let kept = project([0.6, 0.8], &builder().at_kink(AtKink::Keep).build().unwrap()).unwrap();
    let along = 0.6 + 0.4;
    close(kept.q(), &[-(1.0 - along * 0.6), -(0.5 - along * 0.8)], 1e-6);
    let refused = project([0.6, 0.8], &builder().at_kink(AtKink::Refuse).build().unwrap());
    assert!(matches!(refused, Err(Error::Kink { .. })), "{refused:?}");
}

/// Projection onto the cone `‖(x₀, x₁)‖ ≤ x₂`: from inside its polar the apex, on the polar's boundary a kink there.
#[test]
fn the_apex_is_held_where_the_dual_is_inside_and_a_kink_on_its_boundary() {
    let project = |point: [f64; 3]| {
        let program = Program::builder(3)
            .objective(&[[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]], &[-point[0], -point[1], -point[2]])
            .second_order_cone(&[[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]], &[0.0, 0.0], &[0.0, 0.0, 1.0], 0.0)
            .build()
            .unwrap();
        // Beside the boundary of its polar Clarabel reaches no more.
        let layer = builder().settings(Settings { tolerance: 1e-7, ..Settings::default() }).build().unwrap();
        let mut solved = layer.forward(&program).unwrap();
        solved.backward(&[1.0, 2.0, 3.0]).unwrap()
    };
    let inside = project([0.3, 0.1, -1.0]);
    assert_eq!(inside.certificate().kind, CertificateKind::Exact);
    close(inside.q(), &[0.0; 3], 1e-12);
    // The apex moves with g and d: x = (−g, −d).
    let cone = inside.cone(0).unwrap();
    close(&cone.g, &[-1.0, -2.0], 1e-9);
    close(&[cone.d], &[-3.0], 1e-9);

    let kink = project([0.6, 0.8, -1.0]);
    assert_eq!(kink.certificate().kind, CertificateKind::Kink);
    assert_eq!(kink.certificate().inexact_blocks.len(), kink.blocks().len());
}

/// Balls `‖(x₂ₖ, x₂ₖ₊₁)‖ ≤ 1` with the objective `−λₖ x₂ₖ`, so with the multipliers `λₖ` and `∂x₂ₖ₊₁/∂q₂ₖ₊₁ = −1/λₖ`, beside six
/// variables `f` inside a large one with `f₀ + f₁ + f₂ − x₁ = 0`, so many times, and `f₃ + f₄ + f₅ = ½`: a face of four dimensions.
fn face(multipliers: &[f64], times: usize) -> Program {
    let balls = multipliers.len();
    let n = 2 * balls + 6;
    let unit = |j: usize| (0..n).map(|i| f64::from(i == j)).collect::<Vec<_>>();
    let (zero, f) = (vec![0.0; n], 2 * balls);
    let mut q = zero.clone();
    multipliers.iter().enumerate().for_each(|(k, lambda)| q[2 * k] = -lambda);
    let sum = |of: [usize; 3]| (0..n).map(|i| f64::from(of.contains(&i))).collect::<Vec<_>>();
    let mut tied = sum([f, f + 1, f + 2]);
    tied[1] = -1.0;
    let rows = [tied.clone(), sum([f + 3, f + 4, f + 5]), tied];
    let mut builder = Program::builder(n).linear_objective(&q).equalities(&rows[..=times], &[0.0, 0.5, 0.0][..=times]);
    for k in 0..balls {
        builder = builder.second_order_cone(&[unit(2 * k), unit(2 * k + 1)][..], &[0.0; 2], &zero, 1.0);
    }
    let inside: Vec<_> = (f..n).map(unit).collect();
    builder.second_order_cone(&inside[..], &[0.0; 6], &zero, 10.0).build().unwrap()
}

/// A loss that is constant along the face has its derivative; of another, the part along the face is told and left out.
#[test]
fn along_a_face_of_solutions_the_part_without_a_derivative_is_told() {
    let multipliers = [1.0, 1e-2, 1e-4, 1e-6];
    let program = face(&multipliers, 2);
    let (n, f) = (program.num_vars(), 2 * multipliers.len());
    let layer = layer();
    let mut solved = layer.forward(&program).unwrap();

    // L = f₀ + f₁ + f₂ + x₃ + x₅ + x₇, and the first three are x₁.
    let mut x_bar = vec![0.0; n];
    [3, 5, 7, f, f + 1, f + 2].iter().for_each(|&j| x_bar[j] = 1.0);
    let gradient = solved.backward(&x_bar).unwrap();
    let certificate = gradient.certificate();
    assert_eq!(certificate.kind, CertificateKind::Degenerate, "{certificate:?}");
    assert_eq!(certificate.loose_variables, (f..n).collect::<Vec<_>>());
    let dependent: Vec<String> = certificate.dependent.iter().map(ToString::to_string).collect();
    assert_eq!(dependent, ["A[0]", "A[2]"]);
    assert!(certificate.residual <= 1e-9 && certificate.undetermined <= 1e-10, "{certificate:?}");
    let mut expected = vec![0.0; n];
    multipliers.iter().enumerate().for_each(|(k, lambda)| expected[2 * k + 1] = -1.0 / lambda);
    for (have, want) in gradient.q()[..f].iter().zip(&expected) {
        assert!((have - want).abs() <= 1e-6 * want.abs().max(1e-6), "{:?}", gradient.q());
    }
    // Radii move x₀ alone; the offsets across move x₂ₖ₊₁ with them.
    let cone = gradient.cone(1).unwrap();
    close(&[cone.d, cone.g[0], cone.g[1]], &[0.0, 0.0, -1.0], 1e-8);

    // Differences of the loss itself, from solutions that need not be at the same place of the face.
    let step = 1e-3;
    let loss = |sign: f64| {
        let mut q = program.as_stacked().q().to_vec();
        q[1] += sign * step;
        let mut moved = program.clone();
        moved.update(&Values { q: Some(&q), ..Values::default() }).unwrap();
        let mut solved = layer.forward(&moved).unwrap();
        solved.polish().unwrap();
        dot(&solved.x()[f..f + 3], &[1.0; 3])
    };
    close(&[(loss(1.0) - loss(-1.0)) / (2.0 * step)], &[gradient.q()[1]], 1e-5);

    // L = f₀: a third of it is (f₀ + f₁ + f₂)/3, and √⅔ of its length has no derivative.
    let mut x_bar = vec![0.0; n];
    x_bar[f] = 1.0;
    let gradient = solved.backward(&x_bar).unwrap();
    let certificate = gradient.certificate();
    assert!(certificate.residual <= 1e-9, "{certificate:?}");
    close(&[certificate.undetermined], &[(2.0_f64 / 3.0).sqrt()], 1e-8);
    close(&[gradient.q()[1]], &[-1.0 / 3.0], 1e-8);
    assert_eq!(certificate.inexact_blocks.len(), gradient.blocks().len());
    let refusing = builder().at_degeneracy(bpqp::AtDegeneracy::Refuse).build().unwrap();
    let refused = refusing.forward(&program).unwrap().backward(&x_bar);
    assert!(matches!(refused, Err(Error::Degenerate { .. })), "{refused:?}");
}

/// The equalities move with the face. So would the balls, by those of their entries that are zero.
#[test]
fn cones_beside_the_face_are_vouched_for() {
    let program = face(&[1.0, 0.5], 1);
    let (n, layer) = (program.num_vars(), layer());
    let mut x_bar = vec![0.0; n];
    [3, 4, 5, 6].iter().for_each(|&j| x_bar[j] = 1.0);
    let gradient = layer.forward(&program).unwrap().backward(&x_bar).unwrap();
    let certificate = gradient.certificate();
    assert_eq!(certificate.inexact_blocks, ["q", "A", "cones"], "{certificate:?}");
    let vouched = |block: &str| !certificate.inexact_blocks.contains(&block);
    let checks = bpqp::check_directions(&layer, &program, &x_bar, &gradient, vouched, 3).unwrap();
    assert!(checks.iter().any(|check| check.block == "g"), "{checks:?}");
    for check in checks {
        assert!(check.difference.is_some() && check.error <= 1e-4, "{check:?}");
    }
}

/// `min x₂ − x₀` on `‖(x₀, x₁)‖ ≤ x₂ ≤ 2`, `x₁ = b`: at `b = 0` all of the ray `(s, 0, s)`. The equality's multiplier is `b/s`, so that
/// its derivative by `b` depends on the place on the ray, though the multiplier does not.
#[test]
fn along_the_ray_of_a_curved_cone_nothing_is_vouched_for() {
    let program = Program::builder(3)
        .linear_objective(&[-1.0, 0.0, 1.0])
        .equalities(&[[0.0, 1.0, 0.0]], &[0.0])
        .bounds(&[-f64::INFINITY, -f64::INFINITY, 1.0], &[f64::INFINITY, f64::INFINITY, 2.0])
        .second_order_cone(&[[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]], &[0.0; 2], &[0.0, 0.0, 1.0], 0.0)
        .build()
        .unwrap();
    let mut solved = layer().forward(&program).unwrap();
    let gradient = solved.backward(&[1.0, 0.0, -1.0]).unwrap();
    let certificate = gradient.certificate();
    assert!(certificate.undetermined <= 1e-10, "{certificate:?}");
    assert_eq!(certificate.loose_variables, [0, 2], "{certificate:?}");
    assert_eq!(certificate.inexact_blocks.len(), gradient.blocks().len());
}
