//! Programs that people use, ready to be solved and differentiated.

mod geometric;
mod kelly;
mod log_utility;
mod logistic;
mod quadratic;
mod softmax;
mod transport;

pub use geometric::GeometricProgram;
pub use kelly::Kelly;
pub use log_utility::LogUtility;
pub use logistic::LogisticRegression;
pub use quadratic::QuadraticConstraints;
pub use softmax::Softmax;
pub use transport::EntropicTransport;

use crate::Result;

/// Checks that there are at least `least` of what is called `name`.
fn sizes(name: &str, found: usize, least: usize) -> Result<()> {
    if found >= least {
        return Ok(());
    }
    Err(bpqp_traits::Error::invalid_problem(name, format!("is {found}, expected at least {least}")).into())
}

/// Checks that all entries of the vector called `name` are positive and finite.
fn positive(name: &str, v: &[f64]) -> Result<()> {
    match v.iter().position(|v| !(*v > 0.0 && v.is_finite())) {
        Some(i) => {
            let reason = format!("entry {i} is {}, expected a positive number", v[i]);
            Err(bpqp_traits::Error::invalid_problem(name, reason).into())
        }
        None => Ok(()),
    }
}
