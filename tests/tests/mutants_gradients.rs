//! Tests of the tests: wrong gradient formulas, among them published ones, are caught by the block they are wrong in.

use bpqp_conformance::reference::{Gradients, ReferenceForward, gradients};
use bpqp_conformance::{Config, Report, run_gradients};
use bpqp_traits::{ActiveSet, ForwardSolver, ProgramBuf, Settings, Side, Solution};

/// One wrong formula.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Wrong {
    Nothing,
    /// Eq. (18) of the paper as printed: the rows of `G` and `h` carry an extra `D(λ)`.
    FactorLambda,
    /// Eq. (21) as printed: `∂b = +ν̃`.
    SignOfB,
    /// `∂P = z̃xᵀ`, of which the upper triangle alone is taken.
    PNotSymmetrized,
    /// `½(z̃xᵀ + xz̃ᵀ)` for a stored value that stands for two places.
    PHalvedOffTheDiagonal,
    /// `∂A = ν̃xᵀ`, the term `ν z̃ᵀ` forgotten.
    AWithoutZ,
    /// The lower side's gradient with the upper side's name.
    SidesSwapped,
    /// `∂lb`, `∂ub` not computed.
    NoBounds,
    /// Everything times two.
    Doubled,
    /// `∂q = −z̃`.
    SignOfQ,
}

use Wrong::*;

fn active_set(program: &ProgramBuf, solution: &Solution) -> ActiveSet {
    let side = |dual: &f64, l: &f64, u: &f64| match dual {
        _ if l == u => Side::Equal,
        d if *d > 1e-6 => Side::Upper,
        d if *d < -1e-6 => Side::Lower,
        _ => Side::Free,
    };
    let view = program.as_ref();
    let sides = |duals: &[f64], l: &[f64], u: &[f64]| {
        duals.iter().zip(l.iter().zip(u)).map(|(d, (l, u))| side(d, l, u)).collect()
    };
    ActiveSet {
        rows: sides(&solution.y, view.l(), view.u()),
        bounds: sides(&solution.bound_duals, view.lb(), view.ub()),
    }
}

fn vjp(wrong: Wrong, program: &ProgramBuf, x_bar: &[f64]) -> Result<Gradients, String> {
    let view = program.as_ref();
    let mut session = ReferenceForward.setup(&view, &Settings::with_tolerance(1e-10)).map_err(|e| e.to_string())?;
    let mut solution = Solution::default();
    session.solve(&mut solution).map_err(|e| e.to_string())?;
    let active = active_set(program, &solution);
    let (x, y) = (&solution.x, &solution.y);
    let mut found = gradients(&view, (x, y), &active, x_bar).map_err(|e| e.to_string())?;
    let n = x.len();
    match wrong {
        Nothing => {}
        FactorLambda => {
            for i in (0..y.len()).filter(|&i| active.rows[i] == Side::Upper) {
                found.a[i * n..(i + 1) * n].iter_mut().for_each(|v| *v *= y[i]);
                found.u[i] *= y[i];
            }
        }
        SignOfB => (0..y.len()).filter(|&i| active.rows[i] == Side::Equal).for_each(|i| found.u[i] *= -1.0),
        PNotSymmetrized => (0..n * n).filter(|k| k / n < k % n).for_each(|k| found.p[k] = found.q[k / n] * x[k % n]),
        PHalvedOffTheDiagonal => (0..n * n).filter(|k| k / n != k % n).for_each(|k| found.p[k] *= 0.5),
        AWithoutZ => (0..y.len() * n).for_each(|k| found.a[k] -= y[k / n] * found.q[k % n]),
        SidesSwapped => {
            std::mem::swap(&mut found.l, &mut found.u);
            std::mem::swap(&mut found.lb, &mut found.ub);
        }
        NoBounds => found.lb.iter_mut().chain(&mut found.ub).for_each(|v| *v = 0.0),
        Doubled => {
            for block in [&mut found.p, &mut found.q, &mut found.a, &mut found.l, &mut found.u] {
                block.iter_mut().for_each(|v| *v *= 2.0);
            }
        }
        SignOfQ => found.q.iter_mut().for_each(|v| *v = -*v),
    }
    Ok(found)
}

fn run(wrong: Wrong) -> Report {
    run_gradients(&format!("{wrong:?}"), &|program, x_bar| vjp(wrong, program, x_bar), &Config::default())
}

#[test]
fn the_right_formulas_pass() {
    let report = run(Nothing);
    assert!(report.is_conformant(), "{report}");
    assert_eq!(report.passed().len(), 11);
}

#[test]
fn every_wrong_formula_is_caught_in_its_block_and_no_other() {
    let table: &[(Wrong, &[&str])] = &[
        (FactorLambda, &["gradient_g", "gradient_h", "gradient_c", "gradient_u"]),
        (SignOfB, &["gradient_b"]),
        (PNotSymmetrized, &["gradient_p"]),
        (PHalvedOffTheDiagonal, &["gradient_p"]),
        (AWithoutZ, &["gradient_a", "gradient_g", "gradient_c"]),
        (SidesSwapped, &["gradient_b", "gradient_h", "gradient_l", "gradient_u", "gradient_lb", "gradient_ub"]),
        (NoBounds, &["gradient_lb", "gradient_ub"]),
        (
            Doubled,
            &[
                "gradient_p",
                "gradient_q",
                "gradient_a",
                "gradient_b",
                "gradient_g",
                "gradient_h",
                "gradient_c",
                "gradient_l",
                "gradient_u",
            ],
        ),
        (SignOfQ, &["gradient_q"]),
    ];
    for (wrong, cases) in table {
        let report = run(*wrong);
        assert_eq!(&report.failed(), cases, "{wrong:?}\n{report}");
    }
}
