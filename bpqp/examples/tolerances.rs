//! How rough may a forward solution be? Every file forward at three tolerances by several backends, polished and
//! differentiated, against the gradient of a solution at 1e-10.
//!
//! ```text
//! cargo run --release --features osqp --example tolerances -- [--max-size N] [--time-limit S] [--verbose] FILE…
//! ```
//! For each backend and tolerance: how many gradients are called exact, how many of these are within 1e-9 of the
//! reference (where that is exact, too), the largest difference, and what the others were called.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use bpqp::io::read_file;
use bpqp::{CertificateKind, Error, Gradient, Layer, Program, Registry, Settings};
use clap::Parser;

/// Tolerances of the forward solves …
const TOLERANCES: [f64; 3] = [1e-3, 1e-5, 1e-8];
/// … and of the reference.
const REFERENCE: f64 = 1e-10;
/// Largest difference from the reference.
const SAME: f64 = 1e-9;

#[derive(Parser)]
struct Args {
    /// Problem files.
    files: Vec<PathBuf>,
    /// Largest number of variables plus rows.
    #[arg(long, default_value_t = 5000)]
    max_size: usize,
    /// Seconds for one forward solve.
    #[arg(long, default_value_t = 20.0)]
    time_limit: f64,
    /// A line for every gradient that differs from the reference or is not called what that is.
    #[arg(long)]
    verbose: bool,
}

/// Forward backends with their options.
const FORWARD: [(&str, &[(&str, &str)]); 4] =
    [("native", &[("method", "admm"), ("polish", "false")]), ("native", &[]), ("clarabel", &[]), ("osqp", &[])];

#[derive(Default)]
struct Counts {
    exact: usize,
    same: usize,
    /// Exact where the reference is not.
    unlike: usize,
    worst: f64,
    others: BTreeMap<&'static str, usize>,
}

fn main() -> bpqp::Result<()> {
    let args = Args::parse();
    let mut counts = BTreeMap::<(usize, usize), Counts>::new();
    let mut references = BTreeMap::<&str, usize>::new();
    for path in &args.files {
        let program = read_file(path)?.program;
        if program.num_vars() + program.as_stacked().num_rows() > args.max_size {
            continue;
        }
        let reference = differentiate("native", &[], REFERENCE, args.time_limit, &program);
        *references.entry(name(&reference)).or_default() += 1;
        let Ok(reference) = reference else { continue };
        for (f, (forward, options)) in FORWARD.iter().enumerate() {
            if Registry::compiled().get(forward).is_err() {
                continue;
            }
            for (t, tolerance) in TOLERANCES.into_iter().enumerate() {
                let found = differentiate(forward, options, tolerance, args.time_limit, &program);
                let verdict = counts.entry((f, t)).or_default().add(&found, &reference);
                if args.verbose && (verdict || name(&found) != reference.certificate().kind.as_str()) {
                    let why = found.as_ref().err().map(ToString::to_string).unwrap_or_default();
                    let difference = found.as_ref().map_or(f64::NAN, |g| g.difference(&reference));
                    println!(
                        "{}, {forward} at {tolerance:e}: {}, {} at {REFERENCE:e}, difference {difference:.1e} {why}",
                        path.display(),
                        name(&found),
                        reference.certificate().kind
                    );
                }
            }
        }
    }
    println!("at {REFERENCE:e}, native: {references:?}");
    println!(
        "{:<24}{:>10}{:>7}{:>9}{:>8}{:>10}  others",
        "forward", "tolerance", "exact", "<= 1e-9", "unlike", "largest"
    );
    for ((f, t), Counts { exact, same, unlike, worst, others }) in &counts {
        let (forward, options) = FORWARD[*f];
        let options: String = options.iter().map(|(name, value)| format!(" {name}={value}")).collect();
        let tolerance = TOLERANCES[*t];
        println!(
            "{:<24}{tolerance:>10.0e}{exact:>7}{same:>9}{unlike:>8}{worst:>10.1e}  {others:?}",
            forward.to_owned() + &options
        );
    }
    Ok(())
}

impl Counts {
    /// Counts a gradient; whether it is called exact and differs from the reference.
    fn add(&mut self, found: &bpqp::Result<Gradient>, reference: &Gradient) -> bool {
        match found {
            Ok(gradient) if gradient.certificate().kind == CertificateKind::Exact => {
                self.exact += 1;
                if reference.certificate().kind != CertificateKind::Exact {
                    self.unlike += 1;
                    return true;
                }
                let difference = gradient.difference(reference);
                self.worst = self.worst.max(difference);
                self.same += usize::from(difference <= SAME);
                difference > SAME
            }
            other => {
                *self.others.entry(name(other)).or_default() += 1;
                false
            }
        }
    }
}

fn name(outcome: &bpqp::Result<Gradient>) -> &'static str {
    match outcome {
        Ok(gradient) => gradient.certificate().kind.as_str(),
        Err(Error::NotSolved { status }) => status.as_str(),
        Err(error) => error.kind(),
    }
}

/// The gradient of the sum of `x`, by native's backward pass; of linear programs, without regularization.
fn differentiate(
    forward: &str,
    options: &[(&str, &str)],
    tolerance: f64,
    time_limit: f64,
    program: &Program,
) -> bpqp::Result<Gradient> {
    let options = options.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    let limit = Some(Duration::from_secs_f64(time_limit));
    let settings = Settings { options, time_limit: limit, ..Settings::with_tolerance(tolerance) };
    let layer =
        Layer::builder().forward(forward).backward("native").settings(settings).lp_regularization(0.0).build()?;
    layer.forward(program)?.backward(&vec![1.0; program.num_vars()])
}
