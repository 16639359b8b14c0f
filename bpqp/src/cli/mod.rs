//! The command-line program `bpqp`, over any registry of backends.
//!
//! A crate with a solver of its own makes the same program with that solver in it:
//! ```no_run
//! fn program(mine: bpqp::Backend) -> std::process::ExitCode {
//!     let mut registry = bpqp::Registry::compiled();
//!     registry.register(mine);
//!     bpqp::cli::run(&registry)
//! }
//! ```

mod args;
mod audit;
mod backends;
mod bench;
mod compare;
mod generate;
mod grad;
mod input;
mod output;
mod page;
mod report;
mod repro;
mod scaling;
mod solve;
mod table;
#[cfg(feature = "train")]
mod train;

use std::ffi::OsString;
use std::process::ExitCode;

use clap::Parser;
use clap::error::ErrorKind;

use self::args::{Cli, Command, CompareArgs};
use self::output::{Failure, Outcome};
use crate::Registry;

/// Runs the program on the arguments of this process with the backends of `registry`: prints, and returns the exit code
/// (0 solved, 1 error, 2 wrong usage, 3 not solved).
pub fn run(registry: &Registry) -> ExitCode {
    let args: Vec<OsString> = std::env::args_os().collect();
    // Also where the arguments do not parse, a program that asked for JSON gets JSON.
    let json = args.iter().take_while(|a| *a != "--").any(|a| a == "--json");
    let cli = match Cli::try_parse_from(args) {
        Ok(cli) => cli,
        Err(error) => return usage(&error, json),
    };
    match dispatch(registry, cli, json) {
        Ok(Outcome::Solved) => ExitCode::SUCCESS,
        Ok(Outcome::NotSolved) => ExitCode::from(3),
        Err(failure) => {
            output::failure(&failure, json);
            ExitCode::FAILURE
        }
    }
}

fn dispatch(registry: &Registry, cli: Cli, json: bool) -> Result<Outcome, Failure> {
    match cli.command.unwrap_or_else(|| Command::Compare(CompareArgs::default())) {
        Command::Backends => backends::run(registry, json),
        Command::Solve(args) => solve::run(registry, &args, json),
        Command::Grad(args) => grad::run(registry, &args, json),
        Command::Compare(args) => compare::run(registry, &args, json),
        Command::Bench(args) => bench::run(registry, &args, json),
        Command::Audit(args) => audit::run(registry, &args, json),
        Command::Generate(args) => generate::run(&args, json),
        Command::Repro(args) => repro::run(registry, &args, json),
        #[cfg(feature = "train")]
        Command::Train(args) => train::run(registry, &args, json),
        #[cfg(not(feature = "train"))]
        Command::Train(_) => Err(Failure::without_feature("train", "train")),
    }
}

/// Help and version go to standard output with success; a wrong usage is told, and ends with 2.
fn usage(error: &clap::Error, json: bool) -> ExitCode {
    if matches!(error.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion) {
        output::text(&error.to_string());
        return ExitCode::SUCCESS;
    }
    if json {
        output::failure(&Failure::usage(error), true);
    } else {
        // Nothing is left to do where standard error is closed.
        let _ = error.print();
    }
    ExitCode::from(2)
}
