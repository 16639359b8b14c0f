//! What goes between the polish and its caller.

use std::time::Instant;

/// What one run may spend.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Budget {
    pub(crate) factorizations: u64,
    pub(crate) steps: u64,
    pub(crate) deadline: Option<Instant>,
}

/// What one run spent.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Spent {
    pub(crate) factorizations: u64,
    pub(crate) steps: u64,
    /// The judge said that a point was good enough, or that time is up.
    pub(crate) done: bool,
}

/// A point, or a difference of two, in scaled units.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Point<'a> {
    pub(crate) x: &'a [f64],
    pub(crate) y: &'a [f64],
    pub(crate) zeta: &'a [f64],
}

/// What the judge says of a point: its residual, and whether to stop.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Verdict {
    pub(crate) residual: f64,
    pub(crate) done: bool,
}

/// Judges a point; the second argument is what the last outer step changed, a candidate for a certificate.
pub(crate) type Judge<'a> = dyn FnMut(Point<'_>, Option<Point<'_>>) -> Verdict + 'a;
