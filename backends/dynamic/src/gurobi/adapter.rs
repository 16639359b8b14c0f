//! A program inside Gurobi.

use std::ffi::c_char;
use std::sync::Arc;

use bpqp_traits::{CscMatrix, ProgramRef, Result, Reuse, Solution};

use super::NAME;
use super::ffi::{Environment, Functions, Model, Of, Problem};
use super::status::{ended, stopped};
use crate::cones::cones_of;
use crate::ffi::int;
use crate::model::{Matrix, Terms, is_quadratic, with_infinity};
use crate::vendor::{Changed, Ended, Engine, Limits, Parameters, negate_duals};

/// Gurobi's infinity; whatever lies beyond 1e20 is infinite to it.
const INFINITY: f64 = 1e100;
/// The tightest tolerance that Gurobi takes for feasibility and optimality.
const MIN_TOLERANCE: f64 = 1e-9;
/// The tightest gap that its barrier method reaches.
const MIN_GAP: f64 = 1e-12;
/// Gurobi's tolerances are on other measures than ours.
const MARGIN: f64 = 0.01;

/// The rows as Gurobi takes them: one side each. A row with two sides or none is `aᵢᵀx − s = 0` with a column `s` of its
/// own that has them as bounds, so that the row's dual is that of whichever side holds `s`.
#[derive(PartialEq)]
struct Rows {
    sense: Vec<c_char>,
    /// The rows with a column `s`, in the order of these columns.
    slack: Vec<usize>,
}

impl Rows {
    fn of(program: &ProgramRef<'_>) -> Self {
        let (mut sense, mut slack) = (Vec::new(), Vec::new());
        for (i, (l, u)) in program.l().iter().zip(program.u()).enumerate() {
            let kind = match (l.is_finite(), u.is_finite()) {
                (false, true) => b'<',
                (true, false) => b'>',
                _ => b'=',
            };
            if kind == b'=' && l != u {
                slack.push(i);
            }
            sense.push(kind as c_char);
        }
        Self { sense, slack }
    }

    /// The right-hand sides (`m`).
    fn rhs(&self, program: &ProgramRef<'_>) -> Vec<f64> {
        let sides = program.l().iter().zip(program.u());
        let mut rhs: Vec<f64> = sides.map(|(l, u)| if u.is_finite() { *u } else { *l }).collect();
        self.slack.iter().for_each(|&i| rhs[i] = 0.0);
        rhs
    }

    /// Bounds of all columns, those of `x` first.
    fn bounds(&self, x: &[f64], rows: &[f64]) -> Vec<f64> {
        let all: Vec<f64> = x.iter().copied().chain(self.slack.iter().map(|&i| rows[i])).collect();
        with_infinity(&all, INFINITY)
    }

    /// `(A −E)`, with a column of the identity `E` for each `s`.
    fn matrix(&self, program: &ProgramRef<'_>) -> Result<Matrix> {
        let mut matrix = Matrix::new(NAME, program.a())?;
        for &row in &self.slack {
            matrix.index.push(int(NAME, row)?);
            matrix.value.push(-1.0);
            matrix.start.push(int(NAME, matrix.value.len())?);
        }
        Ok(matrix)
    }
}

pub(super) struct GurobiEngine {
    model: Model,
    rows: Rows,
    /// `A`, to find the rows' values at a start.
    a: CscMatrix,
    has_cones: bool,
}

impl GurobiEngine {
    pub(super) fn new(library: &Arc<Functions>, program: &ProgramRef<'_>, parameters: &Parameters) -> Result<Self> {
        let threads = parameters.threads.to_string();
        let mut settings = vec![
            ("OutputFlag", if parameters.verbose { "1" } else { "0" }),
            ("Threads", threads.as_str()),
            // Tell infeasible from unbounded.
            ("DualReductions", "0"),
            // Refuse what is not convex, rather than search for its global minimum.
            ("NonConvex", "0"),
        ];
        let cones = cones_of(program);
        if !cones.is_empty() {
            // By default there are no multipliers then, not of the rows either.
            settings.push(("QCPDual", "1"));
        }
        settings.extend(parameters.own.iter().map(|(name, value)| (name.as_str(), value.as_str())));
        let environment = Environment::start(library, &settings)?;
        let rows = Rows::of(program);
        let model = with_problem(&rows, program, |problem| Model::load(environment, problem))?;
        let mut engine = Self { model, rows, a: program.a().to_owned(), has_cones: !cones.is_empty() };
        engine.set_quadratic(program)?;
        cones.into_iter().try_for_each(|cone| engine.model.add_cone(cone))?;
        engine.model.apply()?;
        Ok(engine)
    }

    fn set_quadratic(&mut self, program: &ProgramRef<'_>) -> Result<()> {
        if !is_quadratic(program) {
            return Ok(());
        }
        self.model.set_quadratic(&Terms::new(NAME, program.p())?)
    }

    fn set_limits(&mut self, limits: &Limits) -> Result<()> {
        let tolerance = format!("{:e}", (MARGIN * limits.tolerance).max(MIN_TOLERANCE));
        self.model.set("FeasibilityTol", &tolerance)?;
        self.model.set("OptimalityTol", &tolerance)?;
        let gap = format!("{:e}", (MARGIN * limits.tolerance).max(MIN_GAP));
        self.model.set("BarConvTol", &gap)?;
        if self.has_cones {
            self.model.set("BarQCPConvTol", &gap)?;
        }
        let time = limits.time.map_or(INFINITY, |time| time.as_secs_f64());
        self.model.set("TimeLimit", &format!("{time:e}"))
    }

    /// Copies the point and the multipliers into `out`; false where there is none.
    fn read(&self, out: &mut Solution) -> Result<bool> {
        let (mut x, mut y, mut bound_duals) =
            (vec![0.0; out.x.len()], vec![0.0; out.y.len()], vec![0.0; out.bound_duals.len()]);
        let all = self.model.get_doubles(c"X", Of::Columns, &mut x)?
            && self.model.get_doubles(c"Pi", Of::Rows, &mut y)?
            && self.model.get_doubles(c"RC", Of::Columns, &mut bound_duals)?;
        if all {
            (out.x, out.y, out.bound_duals) = (x, y, bound_duals);
            negate_duals(out);
        }
        Ok(all)
    }
}

impl Engine for GurobiEngine {
    fn run(&mut self, limits: &Limits, out: &mut Solution) -> Result<Ended> {
        self.set_limits(limits)?;
        let code = self.model.optimize();
        if code != 0 {
            return stopped(code);
        }
        let ended = ended(self.model.status()?)?;
        out.iterations = self.model.iterations();
        Ok(match ended {
            Ended::Point(status) if !self.read(out)? => Ended::NoPoint(status),
            ended => ended,
        })
    }

    fn update(&mut self, program: &ProgramRef<'_>, changed: Changed) -> Result<Reuse> {
        let rows = Rows::of(program);
        if rows != self.rows {
            with_problem(&rows, program, |problem| self.model.replace(problem))?;
            self.rows = rows;
            self.a = program.a().to_owned();
            self.set_quadratic(program)?;
            self.model.apply()?;
            return Ok(Reuse::Nothing);
        }
        if changed.matrices {
            self.a = program.a().to_owned();
            let a = Matrix::new(NAME, program.a())?;
            self.model.change_matrix(&a.index, &a.columns(), &a.value)?;
            self.set_quadratic(program)?;
        }
        if changed.costs {
            self.model.set_doubles(c"Obj", Of::Columns, program.q())?;
        }
        if changed.sides {
            self.model.set_doubles(c"RHS", Of::Rows, &rows.rhs(program))?;
        }
        if changed.sides || changed.bounds {
            self.model.set_doubles(c"LB", Of::Columns, &rows.bounds(program.lb(), program.l()))?;
            self.model.set_doubles(c"UB", Of::Columns, &rows.bounds(program.ub(), program.u()))?;
        }
        self.model.apply()?;
        // The basis is kept, its factor is not.
        Ok(Reuse::Nothing)
    }

    fn warm_start(&mut self, x: &[f64], y: &[f64], _bound_duals: &[f64]) -> Result<()> {
        let mut values = vec![0.0; y.len()];
        self.a.as_ref().mul_add(1.0, x, &mut values);
        let x: Vec<f64> = x.iter().copied().chain(self.rows.slack.iter().map(|&i| values[i])).collect();
        let negated: Vec<f64> = y.iter().map(|v| -v).collect();
        self.model.set_doubles(c"PStart", Of::Columns, &x)?;
        self.model.set_doubles(c"DStart", Of::Rows, &negated)?;
        self.model.apply()
    }
}

/// Hands the linear part of `program` to `take`.
fn with_problem<R>(rows: &Rows, program: &ProgramRef<'_>, take: impl FnOnce(&Problem<'_>) -> Result<R>) -> Result<R> {
    let mut cost = program.q().to_vec();
    cost.resize(cost.len() + rows.slack.len(), 0.0);
    let (lower, upper) = (rows.bounds(program.lb(), program.l()), rows.bounds(program.ub(), program.u()));
    take(&Problem {
        cost: &cost,
        bounds: (&lower, &upper),
        sense: &rows.sense,
        rhs: &rows.rhs(program),
        a: &rows.matrix(program)?,
    })
}
