//! `bpqp generate`.

use std::path::Path;

use bpqp_traits::Solution;
use serde::Serialize;

use super::args::GenerateArgs;
use super::output::{self, Failure, Outcome};
use super::report::DualsReport;
use super::table::value;
use crate::generate::{Generated, Recipe};
use crate::io::{to_json, write_file};
use crate::{Duals, Program};

#[derive(Serialize)]
struct Report<'a> {
    family: &'static str,
    name: &'a str,
    file: String,
    n: usize,
    m: usize,
    p: usize,
    seed: u64,
    variables: usize,
    equalities: usize,
    inequalities: usize,
    /// Entries of `P` (both triangles) and of all rows.
    entries: [usize; 2],
    /// Of the known solution.
    objective: Option<f64>,
}

#[derive(Serialize)]
struct SolutionReport<'a> {
    name: &'a str,
    objective: f64,
    x: &'a [f64],
    duals: DualsReport<'a>,
}

pub(crate) fn run(args: &GenerateArgs, json: bool) -> Result<Outcome, Failure> {
    let recipe = recipe(args);
    let problem = recipe.generate()?;
    if let Some(path) = &args.solution {
        write_solution(path, &problem)?;
    }
    if args.output == Path::new("-") {
        output::text(&to_json(&problem.program)?);
        return Ok(Outcome::Solved);
    }
    write_file(&args.output, &problem.program)?;
    let report = report(args, &recipe, &problem)?;
    if json {
        output::document(&report)
    } else {
        output::text(&render(&report))
    }
    Ok(Outcome::Solved)
}

fn recipe(args: &GenerateArgs) -> Recipe {
    let mut recipe = Recipe::new(args.family).seed(args.seed).epsilon(args.epsilon);
    for (size, set) in [(args.n, Recipe::n as fn(Recipe, usize) -> Recipe), (args.m, Recipe::m), (args.p, Recipe::p)] {
        if let Some(size) = size {
            recipe = set(recipe, size);
        }
    }
    recipe
}

fn write_solution(path: &Path, Generated { name, program, solution }: &Generated) -> Result<(), Failure> {
    let Some(solution) = solution else {
        return Err(Failure::new("unsupported", "--solution: the solution of this family has no closed form"));
    };
    let duals = duals(program, solution);
    let report = SolutionReport { name, objective: solution.objective, x: &solution.x, duals };
    let text = serde_json::to_string(&report).map_err(std::io::Error::other);
    let written = text.and_then(|text| std::fs::write(path, text));
    written.map_err(|source| Failure::from(crate::Error::Io { path: path.into(), source }))
}

fn duals<'a>(program: &Program, solution: &'a Solution) -> DualsReport<'a> {
    let (blocks, y) = (program.blocks(), &solution.y);
    Duals {
        equalities: &y[blocks.equalities.clone()],
        inequalities: &y[blocks.inequalities.clone()],
        rows: &y[blocks.rows.clone()],
        bounds: &solution.bound_duals,
        cones: &solution.cone_duals,
    }
    .into()
}

fn report<'a>(args: &GenerateArgs, recipe: &Recipe, problem: &'a Generated) -> Result<Report<'a>, Failure> {
    let sizes = recipe.sizes()?;
    let (program, blocks) = (&problem.program, problem.program.blocks());
    Ok(Report {
        family: args.family.name(),
        name: &problem.name,
        file: args.output.display().to_string(),
        n: sizes.n,
        m: sizes.m,
        p: sizes.p,
        seed: args.seed,
        variables: program.num_vars(),
        equalities: blocks.equalities.len(),
        inequalities: blocks.inequalities.len(),
        entries: [program.p().nnz(), program.as_stacked().a().nnz()],
        objective: problem.solution.as_ref().map(|solution| solution.objective),
    })
}

fn render(report: &Report<'_>) -> String {
    let [p, rows] = report.entries;
    let optimum = match report.objective {
        Some(objective) => format!("; its optimum is {}", value(Some(objective))),
        None => String::new(),
    };
    format!(
        "{}: {} variables, {} equalities, {} inequalities; {p} entries in P, {rows} in the rows{optimum}\n\
         written to {}\n",
        report.name, report.variables, report.equalities, report.inequalities, report.file
    )
}
