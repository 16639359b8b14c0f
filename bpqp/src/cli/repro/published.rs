//! BPQP as its authors run it: OSQP both ways, and its word taken for the answer.

use std::sync::Arc;
use std::time::{Duration, Instant};

use bpqp_traits::{CscMatrix, ForwardSolver, ProgramBuf, ProgramRef, Settings, Solution, Status};

use super::ball::Constraint;
use super::exact;
use super::reference::{Vectors, distance};
use crate::{Layer, Program};

/// What the authors' programs set; the rest are the defaults of OSQP 0.6.
#[derive(Clone, Copy)]
pub(super) struct Chosen {
    /// Tolerance of residuals and certificates alike.
    tolerance: f64,
    /// The multiplier above which an inequality is taken to be active.
    active: f64,
}

impl Chosen {
    /// The layer that portfolios are learned through: `solver.py`.
    pub(super) const TRAINED: Self = Self { tolerance: 1e-5, active: 1e-4 };
    /// The notebook of the experiments with QPs and LPs: OSQP's default tolerance.
    pub(super) const TIMED: Self = Self { tolerance: 1e-3, active: 1e-8 };
}

/// OSQP with the authors' settings.
pub(super) struct Published {
    osqp: Arc<dyn ForwardSolver>,
    settings: Settings,
    active: f64,
}

/// One solve.
struct Solved {
    solution: Solution,
    setup: Duration,
    solve: Duration,
}

/// Both passes.
pub(super) struct Passes {
    /// Of the forward and of the backward pass: set-up and solve.
    pub(super) forward: (Duration, Duration),
    pub(super) backward: (Duration, Duration),
    pub(super) x: Vec<f64>,
    pub(super) gradient: Vectors,
    /// Distance of `∂q` to that by the inverse at the same point, good or bad: the notebooks' measure of error.
    pub(super) to_inverse: f64,
}

impl Published {
    pub(super) fn new(osqp: Arc<dyn ForwardSolver>, chosen: Chosen) -> Self {
        let options = [("verify", "false"), ("check_dualgap", "false"), ("max_iter", "4000")];
        let options = options.map(|(name, value)| (name.into(), value.into())).into();
        let settings = Settings { options, ..Settings::with_tolerance(chosen.tolerance) };
        Self { osqp, settings, active: chosen.active }
    }

    /// # Errors
    /// What OSQP said in place of "solved".
    pub(super) fn run(&self, program: &Program, x_bar: &[f64]) -> Result<Passes, String> {
        let forward = self.solve(&program.as_stacked(), Instant::now())?;
        let started = Instant::now();
        let (adjoint, rows) = adjoint(program, &forward.solution, self.active, x_bar).map_err(|e| e.to_string())?;
        let backward = self.solve(&adjoint.as_ref(), started)?;
        let blocks = program.blocks();
        let mut sides = vec![0.0; program.as_stacked().num_rows()];
        rows.iter().zip(&backward.solution.y).for_each(|(&i, y)| sides[i] = -y);
        let lambda = &forward.solution.y[blocks.inequalities.clone()];
        let inverse = exact::backward(program, &forward.solution.x, lambda, x_bar);
        Ok(Passes {
            to_inverse: distance(&backward.solution.x, &inverse.q),
            forward: (forward.setup, forward.solve),
            backward: (backward.setup, backward.solve),
            x: forward.solution.x,
            gradient: Vectors {
                b: sides[blocks.equalities.clone()].to_vec(),
                h: sides[blocks.inequalities.clone()].to_vec(),
                q: backward.solution.x,
            },
        })
    }

    /// The same for a ball, with the forward pass of `layer`: OSQP has no cones.
    ///
    /// # Errors
    /// As [`run`](Self::run).
    pub(super) fn run_over_ball(&self, layer: &Layer, program: &Program, x_bar: &[f64]) -> Result<Passes, String> {
        let solved = layer.forward(program).map_err(|e| e.to_string())?;
        let (timing, x) = (solved.timing(), solved.x().to_vec());
        let multiplier = solved.solution().cone_duals.first().copied().unwrap_or_default();
        let started = Instant::now();
        let constraint = Constraint::at(program, &x, multiplier);
        let adjoint = adjoint_over_ball(&constraint, x_bar).map_err(|e| e.to_string())?;
        let backward = self.solve(&adjoint.as_ref(), started)?;
        let inverse = constraint.backward(x_bar);
        Ok(Passes {
            to_inverse: distance(&backward.solution.x, &inverse.q) / x.len() as f64,
            forward: (timing.setup, timing.forward),
            backward: (backward.setup, backward.solve),
            x,
            gradient: Vectors { h: vec![-backward.solution.y[0]], b: vec![], q: backward.solution.x },
        })
    }

    /// Set-up counts from `started`.
    fn solve(&self, program: &ProgramRef<'_>, started: Instant) -> Result<Solved, String> {
        let mut session = self.osqp.setup(program, &self.settings).map_err(|e| e.to_string())?;
        let setup = started.elapsed();
        let (mut solution, started) = (Solution::default(), Instant::now());
        match session.solve(&mut solution) {
            Ok(Status::Solved) => Ok(Solved { solution, setup, solve: started.elapsed() }),
            Ok(status) => Err(status.to_string()),
            Err(error) => Err(error.to_string()),
        }
    }
}

/// The backward pass as a QP, and which rows of the program its rows are.
fn adjoint(
    program: &Program,
    at: &Solution,
    active: f64,
    x_bar: &[f64],
) -> bpqp_traits::Result<(ProgramBuf, Vec<usize>)> {
    let (n, stacked, blocks) = (program.num_vars(), program.as_stacked(), program.blocks());
    let active = blocks.inequalities.clone().filter(|&i| at.y[i] > active);
    let rows: Vec<usize> = blocks.equalities.clone().chain(active).collect();
    let mut place = vec![None; stacked.num_rows()];
    rows.iter().enumerate().for_each(|(k, &i)| place[i] = Some(k));
    let held = stacked.a().entries().filter_map(|(i, j, v)| Some((place[i]?, j, v))).collect::<Vec<_>>();
    let matrix = CscMatrix::from_triplets(rows.len(), n, &held)?;
    let zeros = vec![0.0; rows.len()];
    let free = (vec![f64::NEG_INFINITY; n], vec![f64::INFINITY; n]);
    let program = ProgramBuf::new(stacked.p().to_owned(), x_bar.to_vec(), matrix, (zeros.clone(), zeros), free)?;
    Ok((program, rows))
}

/// The backward pass over a ball as a QP: its Hessian is the constraint's.
fn adjoint_over_ball(at: &Constraint, x_bar: &[f64]) -> bpqp_traits::Result<ProgramBuf> {
    let n = x_bar.len();
    let normal = CscMatrix::from_dense_rows(1, n, &at.normal)?;
    let free = (vec![f64::NEG_INFINITY; n], vec![f64::INFINITY; n]);
    ProgramBuf::new(at.upper()?, x_bar.to_vec(), normal, (vec![0.0], vec![0.0]), free)
}
