//! `bpqp bench`.

use std::time::Instant;

use crate::io::ProblemFile;
use crate::{Gradient, Layer, Program, Registry};
use serde::Serialize;

use super::args::BenchArgs;
use super::compare::with_default_limit;
use super::input::{self, ms};
use super::output::{self, Failure, Outcome};
use super::scaling;
use super::table::{millis, table};

#[derive(Serialize)]
struct Row {
    file: String,
    forward: String,
    backward: String,
    /// A status, or `error: kind`.
    status: String,
    setup_ms: Option<f64>,
    forward_ms: Option<f64>,
    backward_ms: Option<f64>,
    /// Of the gradients of `P`, `A`, `G` and the rows, beyond the backward pass.
    #[serde(skip_serializing_if = "Option::is_none")]
    matrices_ms: Option<f64>,
    repeat: u32,
    message: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    gradients: Option<Vectors>,
}

/// Gradients of the loss with respect to the vectors of the problem.
#[derive(Serialize)]
struct Vectors {
    certificate: &'static str,
    q: Vec<f64>,
    b: Vec<f64>,
    h: Vec<f64>,
    l: Vec<f64>,
    u: Vec<f64>,
    lb: Vec<f64>,
    ub: Vec<f64>,
}

impl From<&Gradient> for Vectors {
    fn from(g: &Gradient) -> Self {
        let [q, b, h, l, u, lb, ub] = [g.q(), g.b(), g.h(), g.l(), g.u(), g.lb(), g.ub()].map(<[f64]>::to_vec);
        Self { certificate: g.certificate().kind.as_str(), q, b, h, l, u, lb, ub }
    }
}

/// Milliseconds of one run; a problem without a solution has no backward pass.
pub(crate) struct Run {
    pub(crate) status: crate::Status,
    pub(crate) setup: f64,
    pub(crate) forward: f64,
    pub(crate) backward: Option<f64>,
    matrices: Option<f64>,
    gradients: Option<Vectors>,
}

pub(crate) fn run(registry: &Registry, args: &BenchArgs, json: bool) -> Result<Outcome, Failure> {
    let pair = input::pair(registry, &args.pair, &args.solver, |layer| layer)?;
    let limits = registry.get(&pair.forward)?.capabilities().time_limit;
    let layer = Layer::builder()
        .registry(registry.clone())
        .forward(&pair.forward)
        .backward(&pair.backward)
        .settings(with_default_limit(&args.solver, limits))
        .build()?;
    if let Some(path) = &args.scaling {
        return scaling::run(&layer, (&pair.forward, &pair.backward), args, path, json);
    }
    let problems: Result<Vec<_>, Failure> = args.files.iter().map(|file| input::problem(file)).collect();
    let problems = problems?;
    let cotangent = |problem: &ProblemFile| input::cotangent(&args.cotangent, problem.program.num_vars());
    let x_bars = problems.iter().map(cotangent).collect::<Result<Vec<_>, _>>()?;
    let bar = input::progress(problems.len() * (args.repeat as usize + 1));
    let mut rows = Vec::new();
    for ((file, problem), x_bar) in args.files.iter().zip(&problems).zip(&x_bars) {
        bar.set_message(file.display().to_string());
        let measured = median_run(&layer, &problem.program, x_bar, args, || bar.inc(1));
        let (mut run, message) = match measured {
            Ok(run) => (Ok(run), None),
            Err(error) => (Err(error.kind()), Some(error.to_string())),
        };
        rows.push(Row {
            file: file.display().to_string(),
            forward: pair.forward.clone(),
            backward: pair.backward.clone(),
            status: run.as_ref().map_or_else(|kind| format!("error: {kind}"), |run| run.status.to_string()),
            setup_ms: run.as_ref().ok().map(|run| run.setup),
            forward_ms: run.as_ref().ok().map(|run| run.forward),
            backward_ms: run.as_ref().ok().and_then(|run| run.backward),
            matrices_ms: run.as_ref().ok().and_then(|run| run.matrices),
            repeat: args.repeat,
            message,
            gradients: run.as_mut().ok().and_then(|run| run.gradients.take()),
        });
    }
    bar.finish_and_clear();
    if json {
        output::document(&rows)
    } else {
        output::text(&render(&rows, &args.cotangent))
    }
    Ok(Outcome::solved_if(rows.iter().all(|row| row.status == crate::Status::Solved.as_str())))
}

/// Medians over the runs that were asked for, after one that does not count.
pub(crate) fn median_run(
    layer: &Layer,
    program: &Program,
    x_bar: &[f64],
    args: &BenchArgs,
    mut done: impl FnMut(),
) -> crate::Result<Run> {
    let mut runs = Vec::new();
    for _ in 0..=args.repeat {
        runs.push(single_run(layer, program, x_bar, args.gradients)?);
        done();
    }
    let gradients = runs.last_mut().and_then(|run| run.gradients.take());
    let counted = &runs[1..];
    let status = counted.iter().map(|run| run.status).find(|s| !s.is_solved()).unwrap_or(crate::Status::Solved);
    let optional = |part: fn(&Run) -> Option<f64>| counted.iter().map(part).collect::<Option<Vec<_>>>().map(median);
    Ok(Run {
        status,
        setup: median(counted.iter().map(|run| run.setup).collect()),
        forward: median(counted.iter().map(|run| run.forward).collect()),
        backward: optional(|run| run.backward),
        matrices: optional(|run| run.matrices),
        gradients,
    })
}

fn single_run(layer: &Layer, program: &Program, x_bar: &[f64], gradients: bool) -> crate::Result<Run> {
    let mut solved = layer.forward(program)?;
    let (status, timing) = (solved.status(), solved.timing());
    let (setup, forward) = (ms(timing.setup), ms(timing.forward));
    if !status.has_solution() {
        return Ok(Run { status, setup, forward, backward: None, matrices: None, gradients: None });
    }
    let gradient = solved.backward(x_bar)?;
    let backward = Some(ms(gradient.elapsed()));
    if !gradients {
        return Ok(Run { status, setup, forward, backward, matrices: None, gradients: None });
    }
    let start = Instant::now();
    std::hint::black_box((gradient.p(), gradient.a(), gradient.g(), gradient.rows()));
    let matrices = Some(ms(start.elapsed()));
    Ok(Run { status, setup, forward, backward, matrices, gradients: Some((&gradient).into()) })
}

/// The median; the mean of the middle two where their number is even, NaN of nothing.
pub(crate) fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    let half = values.len() / 2;
    match values.len() {
        0 => f64::NAN,
        n if n % 2 == 1 => values[half],
        _ => 0.5 * (values[half - 1] + values[half]),
    }
}

fn render(rows: &[Row], cotangent: &str) -> String {
    let mut headings = vec!["file", "forward", "backward", "status", "set-up ms", "forward ms", "backward ms"];
    let matrices = rows.iter().any(|row| row.matrices_ms.is_some());
    headings.extend(matrices.then_some("matrices ms"));
    let mut listing = table(&headings, &[4, 5, 6, 7][..headings.len() - 4]);
    for row in rows {
        let mut cells = vec![
            row.file.clone(),
            row.forward.clone(),
            row.backward.clone(),
            row.status.clone(),
            millis(row.setup_ms),
            millis(row.forward_ms),
            millis(row.backward_ms),
        ];
        cells.extend(matrices.then(|| millis(row.matrices_ms)));
        listing.add_row(cells);
    }
    let mut text = format!("{listing}\n");
    for row in rows {
        if let Some(message) = &row.message {
            text += &format!("{}: {message}\n", row.file);
        }
    }
    let repeat = rows.first().map_or(0, |row| row.repeat);
    let runs = if repeat == 1 { "One run".into() } else { format!("Medians of {repeat} runs") };
    let loss = if cotangent == "sum" { "the loss is the sum of x".into() } else { format!("cotangent {cotangent}") };
    format!("{text}{runs}, after one that does not count; {loss}.\n")
}

#[cfg(test)]
mod tests {
    use super::median;

    #[test]
    fn medians_of_odd_and_even_numbers() {
        assert_eq!(median(vec![3.0, 1.0, 2.0]), 2.0);
        assert_eq!(median(vec![4.0, 1.0, 2.0, 3.0]), 2.5);
        assert_eq!(median(vec![7.0]), 7.0);
        assert!(median(vec![]).is_nan());
    }
}
