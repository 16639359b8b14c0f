//! The arguments.

use std::path::PathBuf;
use std::time::Duration;

use super::repro::args::ReproArgs;
#[cfg(feature = "train")]
use super::train::args::TrainArgs;
use crate::generate::Family;
use crate::{AtDegeneracy, AtInfeasibility, AtKink, Settings};
use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{Args, Parser, Subcommand};

const AFTER_HELP: &str = "\
Files are QPS/MPS or JSON, plain or gzipped; '-' is standard input.
Without a command, `bpqp` runs `bpqp compare` on a few real problems that are embedded in the program.

Exit code: 0 solved, 1 error, 2 wrong usage, 3 not solved.";

/// Differentiable convex programs: any solver forward, any solver backward.
#[derive(Parser)]
#[command(name = "bpqp", version, about, after_help = AFTER_HELP)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Option<Command>,
    /// Print one JSON document instead of tables
    // Read from the raw arguments, so that usage errors obey it too.
    #[arg(long, global = true)]
    json: bool,
}

#[derive(Subcommand)]
pub(crate) enum Command {
    /// List the backends: compiled in, available, version, capabilities
    Backends,
    /// Solve a problem
    Solve(SolveArgs),
    /// Differentiate a loss of a problem's solution with respect to all of its data
    Grad(GradArgs),
    /// Run every file through every backend, forward and backward; without a file, the embedded problems
    Compare(CompareArgs),
    /// Time set-up, forward and backward pass: medians over several runs
    Bench(BenchArgs),
    /// Count what certificates say of files and of generated programs, and compare all that they call exact with differences
    Audit(AuditArgs),
    /// Write a benchmark problem
    Generate(GenerateArgs),
    /// Make tables of the paper again: the paper's problems, its baseline and its method beside the backends
    Repro(ReproArgs),
    /// Train a model through the layer
    #[cfg(feature = "train")]
    Train(TrainArgs),
    /// Train a model through the layer; in builds with the feature `train` alone
    #[cfg(not(feature = "train"))]
    Train(Elsewhere),
}

/// The arguments of what only other builds can do, whatever they are.
#[cfg(not(feature = "train"))]
#[derive(Args, Debug)]
pub(crate) struct Elsewhere {
    #[arg(hide = true, trailing_var_arg = true, allow_hyphen_values = true)]
    _all: Vec<std::ffi::OsString>,
}

#[derive(Args, Clone, Debug)]
pub(crate) struct SolverArgs {
    /// Relative tolerance on primal residual, dual residual and gap
    #[arg(long, value_name = "T", default_value = "1e-8", value_parser = tolerance, allow_negative_numbers = true)]
    pub(crate) tol: f64,
    /// Time limit for one solve, in seconds
    #[arg(long, value_name = "S", value_parser = seconds, allow_negative_numbers = true)]
    pub(crate) time_limit: Option<Duration>,
    /// Option of the backend, as its documentation names it; may be given several times
    #[arg(long = "option", value_name = "NAME=VALUE", value_parser = option)]
    pub(crate) options: Vec<(String, String)>,
    /// Let the solver print its progress
    #[arg(long, conflicts_with = "json")]
    pub(crate) verbose: bool,
}

impl SolverArgs {
    pub(crate) fn settings(&self) -> Settings {
        let options = self.options.iter().cloned().collect();
        Settings { time_limit: self.time_limit, options, verbose: self.verbose, ..Settings::with_tolerance(self.tol) }
    }
}

fn option(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((name, value)) if !name.is_empty() => Ok((name.into(), value.into())),
        _ => Err("expected NAME=VALUE".into()),
    }
}

impl Default for SolverArgs {
    fn default() -> Self {
        Self { tol: Settings::default().tolerance, time_limit: None, options: Vec::new(), verbose: false }
    }
}

#[derive(Args, Debug)]
pub(crate) struct SolveArgs {
    /// Problem file
    pub(crate) file: PathBuf,
    /// Backend to solve with; default: the first of `bpqp backends`
    #[arg(long, value_name = "NAME")]
    pub(crate) backend: Option<String>,
    /// ε of the objective qᵀx + ε‖x‖² that takes the place of a linear one; 0 for the program itself
    #[arg(long, value_name = "EPS", default_value = "0", allow_negative_numbers = true)]
    pub(crate) lp_regularization: f64,
    /// A program whose constraints no point satisfies: refuse, or closest to move its rows least
    #[arg(long, value_name = "CHOICE", default_value_t)]
    pub(crate) at_infeasibility: AtInfeasibility,
    #[command(flatten)]
    pub(crate) solver: SolverArgs,
}

#[derive(Args, Debug)]
pub(crate) struct GradArgs {
    /// Problem file
    pub(crate) file: PathBuf,
    #[command(flatten)]
    pub(crate) pair: PairArgs,
    /// Weakly active constraints, met with neither slack nor force: drop, keep or refuse
    #[arg(long, value_name = "CHOICE", default_value_t)]
    pub(crate) at_kink: AtKink,
    /// Dependent constraints or a solution that is not unique: least-norm or refuse
    #[arg(long, value_name = "CHOICE", default_value_t)]
    pub(crate) at_degeneracy: AtDegeneracy,
    /// Gradient of the loss with respect to x: 'sum' for L = x₀ + x₁ + …, or a file with a JSON array of numbers
    #[arg(long, value_name = "sum|FILE", default_value = "sum")]
    pub(crate) cotangent: String,
    /// Compare with central differences
    #[arg(long)]
    pub(crate) check: bool,
    /// Entries to check in each block, chosen at random; default 20, for up to 500 variables
    #[arg(long, value_name = "N", requires = "check")]
    pub(crate) check_entries: Option<usize>,
    /// ε of the objective qᵀx + ε‖x‖² that takes the place of a linear one; 0 for the program itself
    #[arg(long, value_name = "EPS", default_value = "1e-6", allow_negative_numbers = true)]
    pub(crate) lp_regularization: f64,
    /// Barrier μ of a smoothed gradient: that of the log-barrier program in place of the program; 0 for the program itself
    #[arg(long, value_name = "MU", default_value = "0", allow_negative_numbers = true)]
    pub(crate) smoothing: f64,
    /// A program whose constraints no point satisfies: refuse, or closest to move its rows least
    #[arg(long, value_name = "CHOICE", default_value_t)]
    pub(crate) at_infeasibility: AtInfeasibility,
    #[command(flatten)]
    pub(crate) solver: SolverArgs,
}

#[derive(Args, Debug)]
pub(crate) struct PairArgs {
    /// Backend of the forward pass; default: the first of `bpqp backends`
    #[arg(long, value_name = "NAME")]
    pub(crate) forward: Option<String>,
    /// Backend of the backward pass; default: the first of `bpqp backends`
    #[arg(long, value_name = "NAME")]
    pub(crate) backward: Option<String>,
}

#[derive(Args, Debug, Default)]
pub(crate) struct CompareArgs {
    /// Problem files; without any, the problems embedded in the program
    pub(crate) files: Vec<PathBuf>,
    /// Backends, separated by commas; default: all that are available
    #[arg(long, value_name = "A,B", value_delimiter = ',')]
    pub(crate) backends: Vec<String>,
    /// Pair every backend forward with every backend backward, rather than each with itself
    #[arg(long)]
    pub(crate) pairs: bool,
    /// Write the comparison with plots to FILE as well, as one HTML page that needs nothing else
    #[arg(long, value_name = "FILE")]
    pub(crate) report: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) solver: SolverArgs,
}

#[derive(Args, Debug)]
pub(crate) struct BenchArgs {
    /// Problem files
    #[arg(required_unless_present = "scaling")]
    pub(crate) files: Vec<PathBuf>,
    /// Time generated dense and sparse problems of growing size instead, and plot times against size to FILE (.svg)
    #[arg(long, value_name = "FILE", conflicts_with_all = ["files", "gradients", "cotangent"])]
    pub(crate) scaling: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) pair: PairArgs,
    /// Runs to take the median of, after one that does not count
    #[arg(long, value_name = "N", default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) repeat: u32,
    /// Form the gradients of P, A and G as well, and time that; with --json print the gradients of the vectors
    #[arg(long)]
    pub(crate) gradients: bool,
    /// Gradient of the loss with respect to x: 'sum' for L = x₀ + x₁ + …, or a file with a JSON array of numbers
    #[arg(long, value_name = "sum|FILE", default_value = "sum")]
    pub(crate) cotangent: String,
    #[command(flatten)]
    pub(crate) solver: SolverArgs,
}

#[derive(Args, Debug)]
pub(crate) struct AuditArgs {
    /// Problem files
    pub(crate) files: Vec<PathBuf>,
    /// Small random programs to audit as well: at kinks, degenerate, badly scaled, linear, without a solution
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub(crate) generated: u64,
    /// Seed of the first of them; the others count up
    #[arg(long, value_name = "SEED", default_value_t = 0)]
    pub(crate) seed: u64,
    /// ε of the objective qᵀx + ε‖x‖² that takes the place of a linear one; 0 for the program itself
    #[arg(long, value_name = "EPS", default_value = "1e-6", allow_negative_numbers = true)]
    pub(crate) lp_regularization: f64,
    #[command(flatten)]
    pub(crate) pair: PairArgs,
    #[command(flatten)]
    pub(crate) solver: SolverArgs,
}

#[derive(Args, Debug)]
pub(crate) struct GenerateArgs {
    /// Kind of problem
    #[arg(value_parser = family())]
    pub(crate) family: Family,
    /// Variables; assets of a portfolio; stages of a control problem
    #[arg(long, short)]
    pub(crate) n: Option<usize>,
    /// Inequalities; factors of a portfolio; inputs of a control problem
    #[arg(long, short)]
    pub(crate) m: Option<usize>,
    /// Equalities; states of a control problem
    #[arg(long, short)]
    pub(crate) p: Option<usize>,
    /// Seed of the random numbers
    #[arg(long, value_name = "SEED", default_value_t = 1)]
    pub(crate) seed: u64,
    /// ε of the objective qᵀx + ε‖x‖² of paper-lp
    #[arg(long, value_name = "EPS", default_value = "1e-6", allow_negative_numbers = true)]
    pub(crate) epsilon: f64,
    /// File to write, .json or .json.gz; '-' is standard output
    #[arg(long, short, value_name = "FILE")]
    pub(crate) output: PathBuf,
    /// Write the known solution and its multipliers as JSON
    #[arg(long, value_name = "FILE")]
    pub(crate) solution: Option<PathBuf>,
}

/// Lists the families in the help and in errors.
fn family() -> impl TypedValueParser<Value = Family> {
    PossibleValuesParser::new(Family::ALL.map(Family::name)).try_map(|name| name.parse::<Family>())
}

fn tolerance(text: &str) -> Result<f64, String> {
    let value: f64 = text.parse().map_err(|_| "not a number".to_string())?;
    if value > 0.0 && value < 1.0 { Ok(value) } else { Err("must lie between 0 and 1".into()) }
}

fn seconds(text: &str) -> Result<Duration, String> {
    let value: f64 = text.parse().map_err(|_| "not a number".to_string())?;
    match Duration::try_from_secs_f64(value) {
        Ok(limit) if !limit.is_zero() => Ok(limit),
        _ => Err("must be a positive number of seconds".into()),
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn limits_out_of_range_are_refused() {
        assert!(tolerance("0").is_err() && tolerance("1").is_err() && tolerance("nan").is_err());
        assert!(
            seconds("0").is_err() && seconds("-1").is_err() && seconds("inf").is_err() && seconds("1e400").is_err()
        );
        assert_eq!(seconds("1.5"), Ok(Duration::from_millis(1500)));
    }
}
