//! `ForwardAsBackward` with forward solvers that can do less than everything, and with loose ones.

use bpqp_conformance::reference::ReferenceForward;
use bpqp_conformance::{Config, run_backward};
use bpqp_traits::{
    AdjointQpRef, BackendInfo, BackwardQpSolver, Capabilities, CscMatrix, ErrorKind, ForwardAsBackward, ForwardSolver,
    ProgramRef, Result, Session, Settings, Solution, Status,
};

/// The reference solver without some of its abilities.
#[derive(Clone, Copy)]
struct Reduced {
    duals: bool,
    updates: bool,
    /// Relative error added to each solution.
    noise: f64,
}

struct ReducedSession {
    inner: Box<dyn Session>,
    noise: f64,
}

impl ForwardSolver for Reduced {
    fn info(&self) -> BackendInfo {
        BackendInfo::new("reduced", "0")
    }

    fn capabilities(&self) -> Capabilities {
        let (duals, update_vectors) = (self.duals, self.updates);
        Capabilities { quadratic_objective: true, duals, update_vectors, ..Capabilities::default() }
    }

    fn setup(&self, problem: &ProgramRef<'_>, settings: &Settings) -> Result<Box<dyn Session>> {
        let inner = ReferenceForward.setup(problem, settings)?;
        // Without updates the trait's own default refuses them.
        if self.updates {
            return Ok(inner);
        }
        Ok(Box::new(ReducedSession { inner, noise: self.noise }))
    }
}

impl Session for ReducedSession {
    fn solve(&mut self, out: &mut Solution) -> Result<Status> {
        let status = self.inner.solve(out)?;
        let noise = self.noise;
        out.x.iter_mut().chain(&mut out.y).enumerate().for_each(|(k, v)| *v *= 1.0 + noise * (k % 3) as f64);
        Ok(status)
    }
}

const SKIPS: &[&str] = &["refactorize_equals_fresh", "refactorize_other_pattern"];

#[test]
fn a_solver_without_duals_is_refused() {
    let solver = ForwardAsBackward::new(Reduced { duals: false, updates: true, noise: 0.0 });
    let (h, c) = (CscMatrix::from_diagonal(&[1.0]).unwrap(), CscMatrix::zeros(0, 1));
    let error = solver.factorize(&AdjointQpRef::new(h.as_ref(), c.as_ref()).unwrap()).err().unwrap();
    assert_eq!(error.kind(), ErrorKind::Unsupported);
    assert!(error.to_string().contains("reduced"), "{error}");
}

#[test]
fn a_solver_without_updates_is_set_up_again() {
    let solver = ForwardAsBackward::new(Reduced { duals: true, updates: false, noise: 0.0 });
    let report = run_backward(&solver, &Config { expected_skips: SKIPS, ..Config::default() });
    assert!(report.is_conformant(), "{report}");
}

/// Each pass is off by up to 2e-3; refinement multiplies the errors, so twelve passes reach 1e-9 with room to spare. Only
/// the choice among many solutions cannot be mended by refinement.
#[test]
fn refinement_makes_a_loose_solver_exact() {
    let solver = ForwardAsBackward::new(Reduced { duals: true, updates: false, noise: 1e-3 });
    let report = run_backward(&solver, &Config { expected_skips: SKIPS, ..Config::default() });
    assert_eq!(report.failed(), ["least_norm_primal", "least_norm_duals"], "{report}");
}
