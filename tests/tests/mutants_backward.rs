//! Tests of the tests: a good backward solver broken on purpose, one promise at a time, is caught each time.

use bpqp_conformance::reference::ReferenceBackward;
use bpqp_conformance::{Config, Report, run_backward};
use bpqp_traits::{AdjointQpRef, AdjointReport, BackendInfo, BackwardQpSolver, CscMatrix, KktFactor, Result};

/// One broken promise.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Broken {
    Nothing,
    RegularizedWithoutRefinement,
    ResidualAlwaysZero,
    ResidualOfTheRegularizedSystem,
    IgnoresR,
    DualSign,
    LowerTriangleIgnored,
    SinglePrecision,
    AddsToTheBuffers,
    RefactorizeDoesNothing,
    RefactorizeUnchecked,
    AcceptsNan,
    AcceptsWrongLengths,
    NanForSingular,
    AbsoluteThreshold,
}

use Broken::*;

struct BrokenSolver(Broken);

struct BrokenFactor {
    broken: Broken,
    h: CscMatrix,
    c: CscMatrix,
    inner: Box<dyn KktFactor>,
}

impl BackwardQpSolver for BrokenSolver {
    fn info(&self) -> BackendInfo {
        BackendInfo::new("broken", "0")
    }

    fn factorize(&self, qp: &AdjointQpRef<'_>) -> Result<Box<dyn KktFactor>> {
        let d = qp.num_vars();
        let changed: Vec<_> = match self.0 {
            RegularizedWithoutRefinement | ResidualOfTheRegularizedSystem => {
                qp.h().entries().chain((0..d).map(|j| (j, j, 1e-6))).collect()
            }
            LowerTriangleIgnored => qp.h().entries().filter(|&(i, j, _)| i == j).collect(),
            _ => qp.h().entries().collect(),
        };
        let h = CscMatrix::from_triplets(d, d, &changed)?;
        let inner = ReferenceBackward.factorize(&AdjointQpRef::new(h.as_ref(), qp.c())?)?;
        let factor = BrokenFactor { broken: self.0, h: qp.h().to_owned(), c: qp.c().to_owned(), inner };
        Ok(Box::new(factor))
    }
}

impl KktFactor for BrokenFactor {
    fn solve(&mut self, g: &[f64], r: &[f64], z: &mut [f64], nu: &mut [f64]) -> Result<AdjointReport> {
        let qp = AdjointQpRef::new(self.h.as_ref(), self.c.as_ref())?;
        let finite = |v: &[f64]| v.iter().map(|v| if v.is_finite() { *v } else { 0.0 }).collect::<Vec<_>>();
        let (start_z, start_nu) = (finite(z), finite(nu));
        let report = match self.broken {
            IgnoresR => self.inner.solve(g, &vec![0.0; r.len()], z, nu)?,
            AcceptsNan => self.inner.solve(&finite(g), &finite(r), z, nu)?,
            AcceptsWrongLengths if qp.check_rhs(g, r, z, nu).is_err() && g.iter().all(|v| v.is_finite()) => {
                return Ok(AdjointReport::default());
            }
            AbsoluteThreshold if g.iter().chain(r).all(|v| v.abs() < 1e-9) => {
                z.fill(0.0);
                nu.fill(0.0);
                AdjointReport::default()
            }
            _ => self.inner.solve(g, r, z, nu)?,
        };
        match self.broken {
            DualSign => nu.iter_mut().for_each(|v| *v = -*v),
            SinglePrecision => z.iter_mut().chain(&mut *nu).for_each(|v| *v = f64::from(*v as f32)),
            AddsToTheBuffers => {
                z.iter_mut().zip(start_z).for_each(|(z, s)| *z += s + 1e-3);
                nu.iter_mut().zip(start_nu).for_each(|(n, s)| *n += s + 1e-3);
            }
            NanForSingular if report.residual > 1e-6 => z.fill(f64::NAN),
            _ => {}
        }
        // Each mutant breaks one promise: but for two, the residual stays honest.
        let residual = match self.broken {
            ResidualAlwaysZero => 0.0,
            ResidualOfTheRegularizedSystem => report.residual,
            _ => qp.residual(g, r, z, nu),
        };
        Ok(AdjointReport { residual, ..report })
    }

    fn refactorize(&mut self, qp: &AdjointQpRef<'_>) -> Result<()> {
        match self.broken {
            RefactorizeDoesNothing => return Ok(()),
            RefactorizeUnchecked => self.inner = ReferenceBackward.factorize(qp)?,
            _ => self.inner.refactorize(qp)?,
        }
        (self.h, self.c) = (qp.h().to_owned(), qp.c().to_owned());
        Ok(())
    }
}

fn run(broken: Broken) -> Report {
    run_backward(&BrokenSolver(broken), &Config::default())
}

#[test]
fn the_unbroken_solver_passes() {
    let report = run(Nothing);
    assert!(report.is_conformant(), "{report}");
    assert!(report.skipped().is_empty());
}

#[test]
fn every_broken_promise_is_caught() {
    let table: &[(Broken, &[&str])] = &[
        (RegularizedWithoutRefinement, &["unconstrained", "least_squares", "random_dense", "scaled_hessian_down"]),
        (ResidualAlwaysZero, &["inconsistent_rows", "singular_hessian_inconsistent"]),
        (ResidualOfTheRegularizedSystem, &["unconstrained", "random_sparse"]),
        (IgnoresR, &["dual_cotangent", "square_rows", "duplicate_rows"]),
        (DualSign, &["hyperplane", "dual_cotangent", "symmetry"]),
        (LowerTriangleIgnored, &["unconstrained", "random_dense"]),
        (SinglePrecision, &["unconstrained", "random_dense", "symmetry"]),
        (AddsToTheBuffers, &["zero_right_hand_side", "repeatable"]),
        (RefactorizeDoesNothing, &["refactorize_equals_fresh", "refactorize_other_pattern"]),
        (RefactorizeUnchecked, &["refactorize_other_pattern"]),
        (AcceptsNan, &["not_finite"]),
        (AcceptsWrongLengths, &["wrong_lengths"]),
        (NanForSingular, &["inconsistent_rows", "singular_hessian_inconsistent"]),
        (AbsoluteThreshold, &["scaled_right_hand_side"]),
    ];
    for (broken, cases) in table {
        let report = run(*broken);
        let failed = report.failed();
        let missed: Vec<_> = cases.iter().filter(|case| !failed.contains(case)).collect();
        assert!(missed.is_empty(), "{broken:?} slips through {missed:?}\n{report}");
        println!("{broken:?}: caught by {} cases, among them {}", failed.len(), cases[0]);
    }
}
