//! The command-line program.

mod args;
mod backends;
mod bench;
mod compare;
mod embedded;
mod grad;
mod input;
mod output;
mod report;
mod solve;
mod table;

use std::ffi::OsString;
use std::process::ExitCode;

use clap::Parser;
use clap::error::ErrorKind;

use self::args::{Cli, Command, CompareArgs};
use self::output::{Failure, Outcome};

/// Runs the program on its arguments.
pub(crate) fn run(args: impl IntoIterator<Item = OsString>) -> ExitCode {
    let args: Vec<OsString> = args.into_iter().collect();
    // Also where the arguments do not parse, a program that asked for JSON gets JSON.
    let json = args.iter().take_while(|a| *a != "--").any(|a| a == "--json");
    let cli = match Cli::try_parse_from(args) {
        Ok(cli) => cli,
        Err(error) => return usage(&error, json),
    };
    match dispatch(cli, json) {
        Ok(Outcome::Solved) => ExitCode::SUCCESS,
        Ok(Outcome::NotSolved) => ExitCode::from(3),
        Err(failure) => {
            output::failure(&failure, json);
            ExitCode::FAILURE
        }
    }
}

fn dispatch(cli: Cli, json: bool) -> Result<Outcome, Failure> {
    match cli.command.unwrap_or_else(|| Command::Compare(CompareArgs::default())) {
        Command::Backends => backends::run(json),
        Command::Solve(args) => solve::run(&args, json),
        Command::Grad(args) => grad::run(&args, json),
        Command::Compare(args) => compare::run(&args, json),
        Command::Bench(args) => bench::run(&args, json),
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
