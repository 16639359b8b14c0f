//! The version constant is the library's.

use clarabel::algebra::CscMatrix;
use clarabel::io::ConfigurablePrintTarget;
use clarabel::solver::{DefaultSettings, DefaultSolver, IPSolver};

#[test]
fn the_version_is_what_the_log_says() {
    let (p, a) = (CscMatrix::identity(1), CscMatrix::zeros((0, 1)));
    let settings = DefaultSettings { verbose: true, ..Default::default() };
    let mut solver = DefaultSolver::new(&p, &[0.0], &a, &[], &[], settings).unwrap();
    solver.print_to_buffer();
    solver.solve();
    let log = solver.get_print_buffer().unwrap();
    assert!(log.contains(&format!("v{}", bpqp_clarabel::VERSION)), "{log}");
}
