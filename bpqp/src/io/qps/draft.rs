//! What the sections have said so far.

use std::collections::HashMap;

/// Where entries that name a row go.
#[derive(Clone, Copy, Debug)]
pub(super) enum Target {
    Objective,
    /// An `N` row after the first.
    Dropped,
    Row(usize),
}

/// The sense of a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sense {
    Equal,
    AtMost,
    AtLeast,
}

/// A row: its sense, right-hand side (0 where not given) and range.
#[derive(Debug)]
pub(super) struct Row<'a> {
    pub(super) name: &'a str,
    pub(super) sense: Sense,
    pub(super) rhs: Option<f64>,
    pub(super) range: Option<f64>,
    /// Where its sides were last spoken of.
    pub(super) line: usize,
}

/// A variable; bounds are `None` where not given.
#[derive(Debug)]
pub(super) struct Column<'a> {
    pub(super) name: &'a str,
    pub(super) cost: Option<f64>,
    pub(super) lower: Option<f64>,
    pub(super) upper: Option<f64>,
    /// Where its bounds were last spoken of.
    pub(super) line: usize,
}

/// A stored matrix entry and the line that gave it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Entry {
    pub(super) row: usize,
    pub(super) column: usize,
    pub(super) value: f64,
    pub(super) line: usize,
}

/// How much of `P` a quadratic section holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Triangle {
    One,
    Both,
}

/// What the sections have said so far; names borrow from the text.
#[derive(Debug, Default)]
pub(super) struct Draft<'a> {
    pub(super) name: Option<&'a str>,
    pub(super) maximize: bool,
    pub(super) objective: Option<&'a str>,
    pub(super) constant: Option<f64>,
    pub(super) rows: Vec<Row<'a>>,
    pub(super) row_of: HashMap<&'a str, Target>,
    pub(super) columns: Vec<Column<'a>>,
    pub(super) column_of: HashMap<&'a str, usize>,
    pub(super) entries: Vec<Entry>,
    pub(super) quadratic: Vec<Entry>,
    pub(super) triangle: Option<Triangle>,
    /// The name of the RHS, RANGES and BOUNDS set in use.
    pub(super) sets: HashMap<&'static str, &'a str>,
}
