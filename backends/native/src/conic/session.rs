//! One cone program held by the solver.

use std::time::Instant;

use bpqp_traits::{ProgramBuf, ProgramRef, ProgramUpdate, Result, Reuse, Session, Solution, Status, check_start};

use super::equilibrate::Scales;
use super::form::Form;
use super::kkt::Kkt;
use super::run::{Limits, Problem, solve};
use crate::convexity::Convexity;
use crate::settings::Options;

/// Without an iteration limit of the caller's, this many.
const MAX_ITERATIONS: u64 = 200;

/// The solver's session for programs with cones.
pub(crate) struct ConicSession {
    program: ProgramBuf,
    options: Options,
    convexity: Convexity,
    /// In scaled units.
    form: Form,
    scales: Scales,
    kkt: Kkt,
}

impl ConicSession {
    /// Checks convexity, scales, and analyzes the pattern.
    pub(crate) fn new(program: &ProgramRef<'_>, options: Options) -> Result<Self> {
        let mut convexity = Convexity::default();
        convexity.check(program.p())?;
        let mut form = Form::new(program)?;
        let scales = Scales::equilibrate(&mut form);
        let kkt = Kkt::new(&form)?;
        Ok(Self { program: ProgramBuf::from(program), options, convexity, form, scales, kkt })
    }

    fn run(&mut self, is_judged: bool, out: &mut Solution) -> Status {
        let Options { tolerance, max_iterations, time_limit, verbose, .. } = self.options;
        let limits = Limits {
            tolerance,
            iterations: max_iterations.min(MAX_ITERATIONS),
            limited: max_iterations <= MAX_ITERATIONS || time_limit.is_some(),
            deadline: time_limit.and_then(|limit| Instant::now().checked_add(limit)),
            verbose,
            is_judged,
        };
        let problem = Problem { program: self.program.as_ref(), form: &self.form, scales: &self.scales };
        solve(&problem, &mut self.kkt, limits, out)
    }

    /// Takes over the program as it is now.
    fn reload(&mut self) -> Result<Reuse> {
        let mut form = Form::new(&self.program.as_ref())?;
        self.scales = Scales::equilibrate(&mut form);
        let reuse = if form.is_like(&self.form) && self.kkt.set_data(&form) {
            Reuse::Symbolic
        } else {
            self.kkt = Kkt::new(&form)?;
            Reuse::Nothing
        };
        self.form = form;
        Ok(reuse)
    }
}

impl Session for ConicSession {
    fn solve(&mut self, out: &mut Solution) -> Result<Status> {
        Ok(self.run(false, out))
    }

    fn propose(&mut self, out: &mut Solution) -> Result<Status> {
        Ok(self.run(true, out))
    }

    /// Checked, and not used: an interior-point method gains nothing from a point at the boundary.
    fn warm_start(&mut self, x: &[f64], y: &[f64], bound_duals: &[f64]) -> Result<()> {
        let program = self.program.as_ref();
        check_start((program.num_vars(), program.num_rows()), x, y, bound_duals)
    }

    fn update(&mut self, new: &ProgramUpdate<'_>) -> Result<Reuse> {
        self.program.check_update(new)?;
        if let Some(values) = new.p {
            self.convexity.check(self.program.as_ref().p().with_values(values)?)?;
        }
        self.program.apply(new)?;
        self.reload()
    }
}
