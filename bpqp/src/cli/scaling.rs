//! `bpqp bench --scaling`: times against variables, members of a batch and threads, with the exponents that fit them.

mod batches;
mod plot;

use std::path::Path;

use serde::Serialize;

use super::args::BenchArgs;
use super::bench::{Run, median_run};
use super::input;
use super::output::{self, Failure, Outcome};
use super::table::{millis, table};
use crate::generate::{Family, Recipe};
use crate::{Layer, Status};

/// Dense and sparse problems, over more than an order of magnitude each.
const SERIES: [(Family, &[usize]); 2] =
    [(Family::Gaussian, &[10, 20, 50, 100, 200, 500]), (Family::Local, &[1_000, 3_000, 10_000, 30_000])];

/// What grows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
enum Axis {
    Variables,
    Members,
    Threads,
}

impl Axis {
    const ALL: [Self; 3] = [Self::Variables, Self::Members, Self::Threads];

    fn as_str(self) -> &'static str {
        match self {
            Self::Variables => "variables",
            Self::Members => "members",
            Self::Threads => "threads",
        }
    }

    /// What is timed.
    fn measure(self) -> &'static str {
        match self {
            Self::Variables => "set-up + forward + backward, ms",
            Self::Members | Self::Threads => "one step of all members, ms",
        }
    }
}

/// One family's times.
#[derive(Serialize)]
struct Series {
    family: &'static str,
    axis: Axis,
    forward: String,
    backward: String,
    /// The `k` of total time `~ nᵏ`, by least squares of the logarithms.
    exponent: Option<f64>,
    points: Vec<Point>,
}

#[derive(Serialize)]
struct Point {
    /// Variables, members or threads.
    n: usize,
    /// A status, or `error: kind`.
    status: String,
    setup_ms: Option<f64>,
    forward_ms: Option<f64>,
    backward_ms: Option<f64>,
    /// Both passes of all members of a batch.
    step_ms: Option<f64>,
}

impl Point {
    fn new(n: usize, run: crate::Result<Run>) -> Self {
        match run {
            Ok(run) => Self {
                n,
                status: run.status.to_string(),
                setup_ms: Some(run.setup),
                forward_ms: Some(run.forward),
                backward_ms: run.backward,
                step_ms: None,
            },
            Err(error) => Self::failed(n, &error),
        }
    }

    /// Of a batch: status, set-up and a step of all members.
    fn of_step(n: usize, times: crate::Result<(Status, f64, f64)>) -> Self {
        match times {
            Ok((status, setup, step)) => {
                let (setup_ms, step_ms) = (Some(setup), Some(step));
                Self { n, status: status.to_string(), setup_ms, forward_ms: None, backward_ms: None, step_ms }
            }
            Err(error) => Self::failed(n, &error),
        }
    }

    fn failed(n: usize, error: &crate::Error) -> Self {
        let status = format!("error: {}", error.kind());
        Self { n, status, setup_ms: None, forward_ms: None, backward_ms: None, step_ms: None }
    }

    /// Size and the time that counts, where the problem was solved: of a batch that of a step, else of everything.
    fn total(&self) -> Option<(f64, f64)> {
        let solved = self.status == Status::Solved.as_str();
        let all = || Some(self.setup_ms? + self.forward_ms? + self.backward_ms?);
        let total = self.step_ms.or_else(all)?;
        solved.then_some((self.n as f64, total))
    }
}

impl Series {
    fn totals(&self) -> Vec<(f64, f64)> {
        self.points.iter().filter_map(Point::total).collect()
    }
}

/// Measures with the layer of `pair`; writes the plot to `path`, which is tried before any solve.
pub(crate) fn run(
    layer: &Layer,
    (forward, backward): (&str, &str),
    args: &BenchArgs,
    path: &Path,
    json: bool,
) -> Result<Outcome, Failure> {
    let unwritable = |source| Failure::from(crate::Error::Io { path: path.into(), source });
    let opened = std::fs::OpenOptions::new().write(true).create(true).truncate(false).open(path);
    opened.map_err(unwritable)?;
    let sizes: usize = SERIES.iter().map(|(_, sizes)| sizes.len()).sum();
    let bar = input::progress((sizes + batches::count()) * (args.repeat as usize + 1));
    let mut all = Vec::new();
    for (family, sizes) in SERIES {
        let mut points = Vec::new();
        for &n in sizes {
            bar.set_message(format!("{family} {n}"));
            let problem = Recipe::new(family).n(n).generate()?;
            let x_bar: Vec<f64> = (0..n).map(|i| (i as f64).cos()).collect();
            points.push(Point::new(n, median_run(layer, &problem.program, &x_bar, args, || bar.inc(1))));
        }
        let (forward, backward) = (forward.into(), backward.into());
        let (family, axis) = (family.name(), Axis::Variables);
        let mut series = Series { family, axis, forward, backward, exponent: None, points };
        series.exponent = exponent(&series.totals());
        all.push(series);
    }
    all.extend(batches::measure(layer, (forward, backward), args.repeat, |next| match next {
        Some(what) => bar.set_message(what),
        None => bar.inc(1),
    })?);
    bar.finish_and_clear();
    std::fs::write(path, plot::svg(&all)?).map_err(unwritable)?;
    if json {
        output::document(&all);
    } else {
        output::text(&render(&all, path));
    }
    Ok(Outcome::solved_if(all.iter().all(|series| series.totals().len() == series.points.len())))
}

/// The slope of the least-squares line through the logarithms.
fn exponent(totals: &[(f64, f64)]) -> Option<f64> {
    let logs: Vec<(f64, f64)> = totals.iter().map(|(n, t)| (n.ln(), t.ln())).collect();
    let count = logs.len() as f64;
    let (mean_n, mean_t) =
        (logs.iter().map(|p| p.0).sum::<f64>() / count, logs.iter().map(|p| p.1).sum::<f64>() / count);
    let spread: f64 = logs.iter().map(|(n, _)| (n - mean_n).powi(2)).sum();
    let common: f64 = logs.iter().map(|(n, t)| (n - mean_n) * (t - mean_t)).sum();
    (spread > 0.0 && common.is_finite()).then(|| common / spread)
}

fn render(all: &[Series], path: &Path) -> String {
    let headings = ["family", "of", "number", "status", "set-up ms", "forward ms", "backward ms", "step ms"];
    let mut listing = table(&headings, &[2, 4, 5, 6, 7]);
    for series in all {
        for point in &series.points {
            let times = [point.setup_ms, point.forward_ms, point.backward_ms, point.step_ms].map(millis);
            let row = [series.family.into(), series.axis.as_str().into(), point.n.to_string(), point.status.clone()];
            listing.add_row(row.into_iter().chain(times));
        }
    }
    let fit = |s: &Series| Some(format!("{}: time ~ {}^{:.2}", s.family, s.axis.as_str(), s.exponent?));
    let fits: Vec<String> = all.iter().filter_map(fit).collect();
    format!("{listing}\n{}\nplotted in {}\n", fits.join("; "), path.display())
}

#[cfg(test)]
mod tests {
    use super::exponent;

    #[test]
    fn powers_have_their_exponents() {
        let square: Vec<(f64, f64)> = [1.0, 10.0, 50.0].map(|n| (n, 3.0 * n * n)).to_vec();
        assert!((exponent(&square).unwrap() - 2.0).abs() < 1e-12);
        let root: Vec<(f64, f64)> = [2.0_f64, 7.0].map(|n| (n, n.sqrt())).to_vec();
        assert!((exponent(&root).unwrap() - 0.5).abs() < 1e-12);
        assert_eq!(exponent(&[]), None);
        assert_eq!(exponent(&[(10.0, 1.0)]), None, "one point has no slope");
    }
}
