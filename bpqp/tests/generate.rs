//! The benchmark problems are what they say: feasible, reproducible, with the solution and the activity they claim.
#![cfg(feature = "generate")]
#![allow(clippy::unwrap_used, clippy::panic)] // a test panics by design

mod common;

use bpqp::generate::{Family, Generated, Recipe};
use bpqp::traits::KktResiduals;
#[cfg(any(feature = "native", feature = "clarabel"))]
use common::difference;

/// A small problem of each family, with sizes that it allows.
fn small(family: Family, seed: u64) -> Generated {
    let recipe = Recipe::new(family).seed(seed);
    let recipe = match family {
        Family::PaperQp | Family::PaperLp | Family::Gaussian => recipe.n(20).m(6).p(4),
        Family::RandomSparse | Family::Local => recipe.n(60),
        Family::Portfolio | Family::PortfolioFactor => recipe.n(30).m(4),
        Family::Mpc => recipe.n(8).m(2).p(3),
        Family::PaperSocp | Family::Simplex | Family::Chain => recipe.n(25),
    };
    recipe.generate().unwrap()
}

fn all(seeds: u64) -> impl Iterator<Item = Generated> {
    Family::ALL.into_iter().flat_map(move |family| (1..=seeds).map(move |seed| small(family, seed)))
}

#[test]
fn known_solutions_satisfy_the_optimality_conditions() {
    let mut seen = 0;
    for problem in all(10) {
        let Some(solution) = &problem.solution else { continue };
        let residuals = KktResiduals::compute(&problem.program.as_stacked(), solution);
        assert!(residuals.max() < 1e-9, "{}: {residuals:?}", problem.name);
        let objective = problem.program.as_stacked().objective(&solution.x);
        assert!((solution.objective - objective).abs() <= 1e-12 * objective.abs().max(1.0), "{}", problem.name);
        seen += 1;
    }
    assert_eq!(seen, 70, "seven families know their solutions");
}

#[test]
fn one_seed_gives_one_problem_and_another_seed_another() {
    for family in Family::ALL {
        let [first, again, other] = [3, 3, 4].map(|seed| small(family, seed));
        assert_eq!(first.program, again.program, "{family}");
        assert_eq!(first.solution, again.solution, "{family}");
        assert_ne!(first.program, other.program, "{family}");
        assert_ne!(first.name, other.name);
    }
}

#[test]
fn every_other_inequality_is_active_in_planted_problems() {
    for family in [Family::Gaussian, Family::RandomSparse, Family::Local] {
        for seed in 1..=5 {
            let Generated { program, solution, .. } = small(family, seed);
            let (solution, stacked) = (solution.unwrap(), program.as_stacked());
            let rows = program.blocks().inequalities.clone();
            let mut slack = stacked.u().to_vec();
            stacked.a().mul_add(-1.0, &solution.x, &mut slack);
            for (k, i) in rows.enumerate() {
                match k % 2 {
                    0 => assert!(slack[i].abs() < 1e-12 && solution.y[i] >= 0.1),
                    _ => assert!(slack[i] > 0.1 - 1e-12 && solution.y[i] == 0.0),
                }
            }
        }
    }
}

#[test]
fn wrong_sizes_are_refused_with_the_reason() {
    let reason = |recipe: Recipe| recipe.generate().unwrap_err().to_string();
    assert!(reason(Recipe::new(Family::PaperQp).n(10).m(6).p(5)).contains("11 > 10"));
    assert!(reason(Recipe::new(Family::Gaussian).n(10).m(10).p(6)).contains("11 > 10"));
    assert!(reason(Recipe::new(Family::Simplex).m(3)).contains("simplex does not have it"));
    assert!(reason(Recipe::new(Family::Chain).n(0)).contains("positive"));
    assert!(reason(Recipe::new(Family::Mpc).m(0)).contains("positive"));
    assert!(reason(Recipe::new(Family::PaperLp).epsilon(f64::NAN)).contains("NaN"));
    for family in Family::ALL {
        let message = reason(Recipe::new(family).n(usize::MAX));
        assert!(message.contains("entries") || message.contains("≤ n"), "{family}: {message}");
    }
}

#[test]
fn the_smallest_problems_exist() {
    for family in Family::ALL {
        let recipe = Recipe::new(family).n(1);
        let Generated { program, solution, name } = recipe.generate().unwrap();
        if let Some(solution) = solution {
            assert!(KktResiduals::compute(&program.as_stacked(), &solution).max() < 1e-9, "{name}");
        }
    }
}

#[test]
fn names_lead_back_to_their_families() {
    for family in Family::ALL {
        assert_eq!(family.name().parse(), Ok(family));
    }
    assert!("gauss".parse::<Family>().unwrap_err().contains("gaussian"));
}

/// Small cases by hand: the simplex keeps its sum, the chain its order and its mean.
#[test]
fn projections_have_their_invariants() {
    for seed in 1..=10 {
        let x = small(Family::Simplex, seed).solution.unwrap().x;
        assert!((x.iter().sum::<f64>() - 1.0).abs() < 1e-14 && x.iter().all(|v| *v >= 0.0));
        let problem = small(Family::Chain, seed);
        let (x, q) = (problem.solution.unwrap().x, problem.program.as_stacked().q().to_vec());
        assert!(x.windows(2).all(|pair| pair[0] <= pair[1]));
        assert!((x.iter().sum::<f64>() + q.iter().sum::<f64>()).abs() < 1e-12);
    }
}

#[cfg(feature = "native")]
mod solved {
    use super::*;
    use bpqp::traits::Settings;
    use bpqp::{Block, Layer};

    fn native(tolerance: f64) -> Layer {
        Layer::builder().forward("native").settings(Settings::with_tolerance(tolerance)).build().unwrap()
    }

    /// Whatever the native solver handles; cones are not among it.
    fn quadratic(seeds: u64) -> impl Iterator<Item = Generated> {
        all(seeds).filter(|problem| problem.program.as_stacked().num_cone_rows() == 0)
    }

    #[test]
    fn every_problem_is_solved_to_the_known_solution() {
        let layer = native(1e-9);
        for problem in quadratic(3) {
            let mut solved = layer.forward(&problem.program).unwrap();
            assert!(solved.status().is_solved(), "{}: {}", problem.name, solved.status());
            solved.polish().unwrap();
            let Some(known) = &problem.solution else { continue };
            assert!(difference(solved.x(), &known.x) < 1e-6, "{}", problem.name);
        }
    }

    #[test]
    fn about_half_of_the_inequalities_of_gaussian_problems_are_active() {
        for seed in 1..=5 {
            let problem = Recipe::new(Family::Gaussian).n(50).m(20).p(10).seed(seed).generate().unwrap();
            let layer = native(1e-9);
            let gradient = layer.forward(&problem.program).unwrap().backward(&[1.0; 50]).unwrap();
            let certificate = gradient.certificate();
            let active = certificate.active.iter().filter(|id| id.block == Block::Inequalities).count();
            assert_eq!((active, certificate.weakly_active.len()), (10, 0), "{}", problem.name);
        }
    }

    /// What is known of the paper's generator: hardly any inequality is active.
    #[test]
    fn few_inequalities_of_the_papers_programs_are_active() {
        let layer = native(1e-9);
        let mut active = 0;
        for seed in 1..=10 {
            let problem = Recipe::new(Family::PaperQp).n(50).m(10).p(10).seed(seed).generate().unwrap();
            let gradient = layer.forward(&problem.program).unwrap().backward(&[1.0; 50]).unwrap();
            active += gradient.certificate().active.iter().filter(|id| id.block == Block::Inequalities).count();
        }
        assert!(active <= 20, "{active} of 100");
    }

    #[test]
    fn both_forms_of_a_portfolio_have_one_solution() {
        for seed in 1..=5 {
            let [dense, lifted] = [Family::Portfolio, Family::PortfolioFactor].map(|family| small(family, seed));
            let solve = |problem: &Generated| {
                let layer = native(1e-10);
                let mut solved = layer.forward(&problem.program).unwrap();
                solved.polish().unwrap();
                solved.x()[..30].to_vec()
            };
            assert!(difference(&solve(&dense), &solve(&lifted)) < 1e-8, "seed {seed}");
        }
    }

    #[test]
    fn bounds_of_control_problems_are_active_at_some_inputs_and_leave_others() {
        for seed in 1..=3 {
            let problem = Recipe::new(Family::Mpc).seed(seed).generate().unwrap();
            let layer = native(1e-9);
            let gradient = layer.forward(&problem.program).unwrap().backward(&[1.0; 480]).unwrap();
            let active = gradient.certificate().active.iter().filter(|id| id.block == Block::Bounds).count();
            assert!((1..240).contains(&active), "seed {seed}: {active} of 480 bounds");
        }
    }
}

#[cfg(feature = "clarabel")]
#[test]
fn the_papers_cone_programs_are_solved_to_the_known_solution() {
    let layer = bpqp::Layer::builder().forward("clarabel").backward("clarabel").build().unwrap();
    for seed in 1..=5 {
        let problem = small(Family::PaperSocp, seed);
        let solved = layer.forward(&problem.program).unwrap();
        assert!(solved.status().is_solved());
        assert!(difference(solved.x(), &problem.solution.unwrap().x) < 1e-6);
    }
}

/// Two rows of this one are so nearly parallel that the shortest point with all rows active is far off, and some row would
/// have to pull: it is not the solution.
#[test]
fn a_solution_is_not_claimed_where_a_multiplier_is_negative() {
    let recipe = Recipe::new(Family::PaperLp).n(10).m(5).p(5);
    assert!(recipe.seed(67).generate().unwrap().solution.is_none());
    assert!(recipe.seed(1).generate().unwrap().solution.is_some());
}
