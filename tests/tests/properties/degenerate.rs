//! Where there is no derivative, or no solution: that is what is said.

use bpqp::CertificateKind::{Degenerate, Exact, Kink};
use bpqp::traits::{dual_ray_violation, primal_ray_violation};
use bpqp::{Block, ConstraintId, Status};
use proptest::prelude::*;

use crate::planted::{dot, rank, regular};
use crate::{close, config, layer, layer_of, solve};

const ROUNDING: f64 = 1e-9;

/// Every way to a solution.
const WAYS: [(&str, &[(&str, &str)]); 3] =
    [("native", &[("structure", "dense")]), ("native", &[("structure", "sparse")]), ("clarabel", &[])];

fn inequality(index: usize) -> ConstraintId {
    ConstraintId { block: Block::Inequalities, index }
}

proptest! {
    #![proptest_config(config())]

    /// A multiple of an equality: both are named, and the point moves with `q` as it did.
    #[test]
    fn a_repeated_equality(planted in regular(), at in 0_usize..8, factor in prop::sample::select(vec![-2.0, 1.0, 3.0])) {
        prop_assume!(!planted.a.is_empty());
        let mut other = planted.clone();
        let i = at % planted.a.len();
        other.a.push(planted.a[i].iter().map(|v| factor * v).collect());
        other.b.push(factor * planted.b[i]);
        let (_, expected) = solve(&layer(), &planted.program(), &planted.x_bar).unwrap();
        for (forward, options) in WAYS {
            let (x, gradient) = solve(&layer_of(forward, options), &other.program(), &other.x_bar).unwrap();
            let certificate = gradient.certificate();
            let ids = [i, planted.a.len()].map(|index| ConstraintId { block: Block::Equalities, index });
            prop_assert!(close(&x, &planted.x, ROUNDING));
            prop_assert_eq!(certificate.kind, Degenerate);
            prop_assert_eq!(&certificate.dependent, &ids);
            prop_assert_eq!(&certificate.inexact_blocks, &["A", "b"]);
            prop_assert!(close(gradient.q(), expected.q(), ROUNDING));
        }
    }

    /// A combination of one or two inequalities that push is met with them. Whatever multipliers a solver returns, the
    /// program is not called regular, and a gradient of `q` that is vouched for is the one without the combination.
    #[test]
    fn a_redundant_inequality(planted in regular(), at in (0_usize..8, 0_usize..8), w in (1_u8..3, 0_u8..3)) {
        prop_assume!(!planted.active.is_empty());
        let mut other = planted.clone();
        let count = planted.active.len();
        let (one, two) = (&planted.g[planted.active[at.0 % count]], &planted.g[planted.active[at.1 % count]]);
        let row = one.iter().zip(two).map(|(a, b)| f64::from(w.0) * a + f64::from(w.1) * b).collect();
        other.push_inequality(row, 0.0);
        let (_, expected) = solve(&layer(), &planted.program(), &planted.x_bar).unwrap();
        for (forward, options) in WAYS {
            let (x, gradient) = solve(&layer_of(forward, options), &other.program(), &other.x_bar).unwrap();
            let certificate = gradient.certificate();
            prop_assert!(close(&x, &planted.x, ROUNDING));
            prop_assert_eq!(certificate.kind, Degenerate);
            prop_assert!(certificate.dependent.contains(&inequality(planted.g.len())), "{certificate:?}");
            if !certificate.inexact_blocks.contains(&"q") {
                prop_assert!(close(gradient.q(), expected.q(), ROUNDING));
            }
        }
    }

    /// An inequality that is met without force and independent of what is active: it is named, and the gradient is that
    /// of the program without it.
    #[test]
    fn a_weakly_active_inequality(planted in regular(), row in prop::collection::vec(-2_i8..=2, 5)) {
        let row: Vec<f64> = row[..planted.q.len()].iter().map(|&v| f64::from(v)).collect();
        let mut normals = planted.normals();
        normals.push(row.clone());
        prop_assume!(rank(&normals) == normals.len());
        let mut other = planted.clone();
        other.push_inequality(row, 0.0);
        let (_, expected) = solve(&layer(), &planted.program(), &planted.x_bar).unwrap();
        for (forward, options) in WAYS {
            let (x, gradient) = solve(&layer_of(forward, options), &other.program(), &other.x_bar).unwrap();
            let certificate = gradient.certificate();
            prop_assert!(close(&x, &planted.x, ROUNDING));
            prop_assert_eq!(certificate.kind, Kink, "{} {:?}: {:?}", forward, options, certificate);
            prop_assert_eq!(&certificate.weakly_active, &[inequality(planted.g.len())]);
            prop_assert!(close(gradient.q(), expected.q(), ROUNDING));
            prop_assert!(close(&gradient.h()[..planted.g.len()], expected.h(), ROUNDING));
        }
    }

    /// A variable that nothing holds: it is named, and no block is vouched for.
    #[test]
    fn a_loose_variable(planted in regular(), bound in prop::sample::select(vec![0.5, 3.0, f64::INFINITY])) {
        let mut other = planted.clone();
        other.push_variable((0.0, 0.0), (-bound, bound));
        let n = planted.q.len();
        for (forward, options) in WAYS {
            let Ok((x, gradient)) = solve(&layer_of(forward, options), &other.program(), &other.x_bar) else {
                prop_assert!(forward == "clarabel", "{options:?}");
                continue;
            };
            let certificate = gradient.certificate();
            prop_assert!(close(&x[..n], &planted.x, ROUNDING));
            prop_assert_ne!(certificate.kind, Exact);
            let at_bound = ConstraintId { block: Block::Bounds, index: n };
            prop_assert!(certificate.loose_variables == [n] || certificate.weakly_active == [at_bound], "{certificate:?}");
            prop_assert_eq!(certificate.inexact_blocks.len(), gradient.blocks().len());
        }
    }

    /// The same with a loss that does not see it: the sides of the constraints have the derivatives that they had without it.
    #[test]
    fn a_loose_variable_beside_the_loss(planted in regular()) {
        let mut other = planted.clone();
        other.push_variable((0.0, 0.0), (-3.0, 3.0));
        let n = planted.q.len();
        other.x_bar[n] = 0.0;
        let (_, expected) = solve(&layer(), &planted.program(), &planted.x_bar).unwrap();
        for (forward, options) in WAYS {
            let Ok((_, gradient)) = solve(&layer_of(forward, options), &other.program(), &other.x_bar) else {
                prop_assert!(forward == "clarabel", "{options:?}");
                continue;
            };
            let certificate = gradient.certificate();
            if certificate.loose_variables.is_empty() {
                // The solver returned an end of the face.
                prop_assert_eq!(certificate.inexact_blocks.len(), gradient.blocks().len());
                continue;
            }
            let vouched = |block| !certificate.inexact_blocks.contains(&block);
            prop_assert!(["b", "h", "l", "u", "lb", "ub"].into_iter().all(vouched), "{certificate:?}");
            prop_assert!(!vouched("q") && !vouched("P"), "{certificate:?}");
            prop_assert!(close(gradient.b(), expected.b(), ROUNDING) && close(gradient.h(), expected.h(), ROUNDING));
            prop_assert!(close(&gradient.lb()[..n], expected.lb(), ROUNDING));
            prop_assert!(close(&gradient.ub()[..n], expected.ub(), ROUNDING));
        }
    }

    /// An inequality against the others: `−Σ wᵢ gᵢᵀx ≤ −Σ wᵢ hᵢ − gap`.
    #[test]
    fn an_infeasible_program(planted in regular(), w in prop::collection::vec(0_u8..3, 8), gap in 1_u8..4) {
        let mut other = planted.clone();
        let weighted = |f: &dyn Fn(usize) -> f64| -> f64 { (0..planted.g.len()).map(|i| f64::from(w[i]) * f(i)).sum() };
        other.g.push((0..planted.q.len()).map(|j| -weighted(&|i| planted.g[i][j])).collect());
        other.h.push(-weighted(&|i| planted.h[i]) - f64::from(gap));
        let program = other.program();
        for (forward, options) in WAYS {
            let mut solved = layer_of(forward, options).forward(&program).unwrap();
            prop_assert_eq!(solved.status(), Status::PrimalInfeasible, "{} {:?}", forward, options);
            let proof = solved.solution();
            let violation = primal_ray_violation(&program.as_stacked(), &proof.y, &proof.bound_duals, &proof.cone_duals);
            prop_assert!(violation <= 1e-7, "{forward} {options:?}: {violation:e}");
            prop_assert!(solved.backward(&other.x_bar).is_err());
        }
    }

    /// A variable that only costs, and may go on for ever.
    #[test]
    fn an_unbounded_program(planted in regular(), cost in 1_u8..4) {
        let mut other = planted;
        other.push_variable((0.0, -f64::from(cost)), (0.0, f64::INFINITY));
        let program = other.program();
        for (forward, options) in WAYS {
            let mut solved = layer_of(forward, options).forward(&program).unwrap();
            prop_assert!(solved.backward(&other.x_bar).is_err());
            if forward == "clarabel" && solved.status() == Status::NumericalError {
                continue; // It may fail to find the ray, but then says so.
            }
            prop_assert_eq!(solved.status(), Status::DualInfeasible, "{} {:?}", forward, options);
            let ray = &solved.solution().x;
            prop_assert!(dual_ray_violation(&program.as_stacked(), ray) <= 1e-7 && dot(&other.q, ray) < 0.0);
        }
    }
}
