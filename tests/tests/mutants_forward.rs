//! Tests of the tests: a good forward solver broken on purpose, one promise at a time, is caught each time.
#![allow(clippy::panic, reason = "a helper of tests fails the test")]

use bpqp_conformance::reference::ReferenceForward;
use bpqp_conformance::{Config, Report, run_forward};
use bpqp_traits::{
    BackendInfo, Capabilities, CscMatrix, Error, ErrorKind, ForwardSolver, ProgramBuf, ProgramRef, ProgramUpdate,
    Result, Reuse, Session, Settings, Solution, Status,
};

/// One broken promise.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Broken {
    Nothing,
    LowerBoundDualSign,
    AllDualSigns,
    RowAndBoundDualsSwapped,
    ConeDualsSign,
    StaleStatus,
    IgnoresUpdateOf(&'static str),
    UpdateNotAllOrNothing,
    UpdateUnchecked,
    SolvedForInfeasible,
    SolvedForUnbounded,
    InfeasibleIsAnError,
    CertificateSign,
    ClaimsCones,
    ClaimsWarmStart,
    HidesWarmStart,
    HidesUpdates,
    HidesCones,
    WarmStartUnchecked,
    NanWithSolved,
    HalvedHessian,
    WrongObjective,
    Imprecise,
    IgnoresIterationLimit,
    IgnoresUnknownOptions,
    IgnoresBadTolerance,
    AcceptsNonConvex,
    Panics,
}

use Broken::*;

struct BrokenSolver(Broken);

struct BrokenSession {
    broken: Broken,
    inner: Box<dyn Session>,
    rows: usize,
    first: Option<Status>,
}

impl ForwardSolver for BrokenSolver {
    fn info(&self) -> BackendInfo {
        BackendInfo::new("broken", "0")
    }

    fn capabilities(&self) -> Capabilities {
        let all = ReferenceForward.capabilities();
        match self.0 {
            HidesWarmStart => Capabilities { warm_start: false, ..all },
            HidesUpdates => Capabilities { update_vectors: false, update_matrices: false, ..all },
            HidesCones => Capabilities { second_order_cones: false, ..all },
            _ => all,
        }
    }

    fn setup(&self, problem: &ProgramRef<'_>, settings: &Settings) -> Result<Box<dyn Session>> {
        let mut settings = settings.clone();
        let mut program = ProgramBuf::from(problem);
        match self.0 {
            ClaimsCones if problem.cones().is_some() => return Err(Error::unsupported("broken", "cones")),
            HalvedHessian => {
                let p: Vec<f64> = problem.p().values().iter().map(|v| 0.5 * v).collect();
                program.apply(&ProgramUpdate { p: Some(&p), ..Default::default() })?;
            }
            IgnoresIterationLimit => {
                settings.validate()?;
                settings.max_iterations = None;
            }
            IgnoresUnknownOptions => settings.options.clear(),
            IgnoresBadTolerance if Settings::with_tolerance(settings.tolerance).validate().is_err() => {
                settings.tolerance = 1e-8;
            }
            _ => {}
        }
        let inner = match (self.0, ReferenceForward.setup(&program.as_ref(), &settings)) {
            (AcceptsNonConvex, Err(error)) if error.kind() == ErrorKind::NotConvex => {
                let n = problem.num_vars();
                let flat = ProgramBuf::new(
                    CscMatrix::zeros(n, n),
                    problem.q().to_vec(),
                    problem.a().to_owned(),
                    (problem.l().to_vec(), problem.u().to_vec()),
                    (problem.lb().to_vec(), problem.ub().to_vec()),
                )?;
                ReferenceForward.setup(&flat.as_ref(), &settings)?
            }
            (_, session) => session?,
        };
        Ok(Box::new(BrokenSession { broken: self.0, inner, rows: problem.num_rows(), first: None }))
    }
}

impl Session for BrokenSession {
    fn solve(&mut self, out: &mut Solution) -> Result<Status> {
        let status = self.inner.solve(out)?;
        let first = *self.first.get_or_insert(status);
        match (self.broken, status) {
            (LowerBoundDualSign, Status::Solved) => out.bound_duals.iter_mut().for_each(|v| *v = v.abs()),
            (AllDualSigns, Status::Solved) => {
                out.y.iter_mut().chain(&mut out.bound_duals).for_each(|v| *v = -*v);
            }
            (RowAndBoundDualsSwapped, Status::Solved) if out.y.len() == out.bound_duals.len() => {
                std::mem::swap(&mut out.y, &mut out.bound_duals);
            }
            (ConeDualsSign, Status::Solved) => out.cone_duals.iter_mut().for_each(|v| *v = -*v),
            (StaleStatus, _) => return Ok(first),
            (SolvedForInfeasible, Status::PrimalInfeasible) | (SolvedForUnbounded, Status::DualInfeasible) => {
                for v in [&mut out.x, &mut out.y, &mut out.bound_duals, &mut out.cone_duals] {
                    v.fill(0.0);
                }
                out.objective = 0.0;
                return Ok(Status::Solved);
            }
            (InfeasibleIsAnError, Status::PrimalInfeasible) => return Err(Error::backend("broken", "infeasible")),
            (CertificateSign, Status::PrimalInfeasible) => {
                out.y.iter_mut().chain(&mut out.bound_duals).for_each(|v| *v = -*v);
            }
            (NanWithSolved, Status::Solved) => out.x[0] = f64::NAN,
            (WrongObjective, Status::Solved) => out.objective *= 2.0,
            (Imprecise, Status::Solved) => out.x.iter_mut().for_each(|v| *v += 1e-7 * (1.0 + v.abs())),
            (Panics, Status::DualInfeasible) => panic!("no solution to unwrap"),
            _ => {}
        }
        Ok(status)
    }

    fn warm_start(&mut self, x: &[f64], y: &[f64], bound_duals: &[f64]) -> Result<()> {
        match self.broken {
            ClaimsWarmStart => Err(Error::unsupported("broken", "warm starts")),
            WarmStartUnchecked => {
                let _ = self.inner.warm_start(x, y, bound_duals);
                Ok(())
            }
            _ => self.inner.warm_start(x, y, bound_duals),
        }
    }

    fn update(&mut self, new: &ProgramUpdate<'_>) -> Result<Reuse> {
        let mut new = *new;
        match self.broken {
            IgnoresUpdateOf("p") => new.p = None,
            IgnoresUpdateOf("q") => new.q = None,
            IgnoresUpdateOf("a") => new.a = None,
            IgnoresUpdateOf("l") => new.l = None,
            IgnoresUpdateOf("u") => new.u = None,
            IgnoresUpdateOf("lb") => new.lb = None,
            IgnoresUpdateOf("ub") => new.ub = None,
            IgnoresUpdateOf("cone_matrix") => new.cone_matrix = None,
            UpdateNotAllOrNothing => {
                self.inner.update(&ProgramUpdate { q: new.q, ..Default::default() })?;
            }
            UpdateUnchecked if new.l.is_some_and(|l| l.len() != self.rows) => return Ok(Reuse::Numeric),
            _ => {}
        }
        self.inner.update(&new)
    }
}

fn run(broken: Broken) -> Report {
    run_forward(&BrokenSolver(broken), &Config::default())
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
        (LowerBoundDualSign, &["bound_duals", "box_projection", "simplex_projection"]),
        (AllDualSigns, &["row_upper_dual", "row_lower_dual", "equality_duals", "two_sided_rows"]),
        (RowAndBoundDualsSwapped, &["row_and_bound_duals", "linear_program"]),
        (ConeDualsSign, &["ball_projection", "cone_apex", "second_order_cones"]),
        (StaleStatus, &["status_is_fresh"]),
        (IgnoresUpdateOf("p"), &["update_p", "update_everything"]),
        (IgnoresUpdateOf("q"), &["update_q", "update_vectors"]),
        (IgnoresUpdateOf("a"), &["update_a", "update_matrices"]),
        (IgnoresUpdateOf("l"), &["update_l", "status_is_fresh"]),
        (IgnoresUpdateOf("u"), &["update_u"]),
        (IgnoresUpdateOf("lb"), &["update_lb"]),
        (IgnoresUpdateOf("ub"), &["update_ub"]),
        (IgnoresUpdateOf("cone_matrix"), &["cone_updates"]),
        (UpdateNotAllOrNothing, &["update_invalid_vectors", "update_invalid_matrices"]),
        (UpdateUnchecked, &["update_invalid_vectors"]),
        (SolvedForInfeasible, &["infeasible_rows", "infeasible_bounds", "cone_infeasible"]),
        (SolvedForUnbounded, &["unbounded_linear_program", "unbounded_quadratic", "unbounded_free"]),
        (InfeasibleIsAnError, &["infeasible_rows", "infeasible_equalities"]),
        (CertificateSign, &["infeasible_rows", "infeasible_bounds"]),
        (ClaimsCones, &["second_order_cones", "ball_linear"]),
        (ClaimsWarmStart, &["warm_start"]),
        (HidesWarmStart, &["warm_start"]),
        (HidesUpdates, &["update_vectors", "update_matrices"]),
        (HidesCones, &["second_order_cones"]),
        (WarmStartUnchecked, &["warm_start_invalid"]),
        (NanWithSolved, &["unconstrained", "linear_program"]),
        (HalvedHessian, &["unconstrained", "quadratic_objective", "gradient_q"]),
        (WrongObjective, &["unconstrained", "linear_program"]),
        (Imprecise, &["linear_program", "random_small"]),
        (IgnoresIterationLimit, &["iteration_limit"]),
        (IgnoresUnknownOptions, &["unknown_option"]),
        (IgnoresBadTolerance, &["invalid_tolerance"]),
        (AcceptsNonConvex, &["checks_convexity"]),
        (Panics, &["unbounded_free"]),
    ];
    for (broken, cases) in table {
        let report = run(*broken);
        let failed = report.failed();
        let missed: Vec<_> = cases.iter().filter(|case| !failed.contains(case)).collect();
        assert!(missed.is_empty(), "{broken:?} slips through {missed:?}\n{report}");
        println!("{broken:?}: caught by {} cases, among them {}", failed.len(), cases[0]);
    }
}

#[test]
fn hidden_capabilities_show_as_unexpected_skips() {
    let report = run(HidesCones);
    assert!(report.skip_mismatches.iter().any(|m| m.contains("ball_projection")), "{report}");
}
