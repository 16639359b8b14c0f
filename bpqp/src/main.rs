//! The command-line program: see `bpqp --help`.

fn main() -> std::process::ExitCode {
    bpqp::cli::run(&bpqp::Registry::compiled())
}
