//! The command-line program: see `bpqp --help`.

mod cli;

fn main() -> std::process::ExitCode {
    cli::run(std::env::args_os())
}
