//! The program `bpqp` with one more backend in it: `cargo run -- compare`.

use bpqp::{Backend, Registry};
use third_party_backend::MySolver;

fn main() -> std::process::ExitCode {
    let mut registry = Registry::compiled();
    registry.register(Backend::from_forward(MySolver));
    bpqp::cli::run(&registry)
}
