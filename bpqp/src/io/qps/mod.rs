//! QPS and MPS text.

mod assemble;
mod bounds;
mod draft;
mod fields;
mod quadratic;
mod sections;

use self::draft::Draft;
use self::fields::Layout;
use super::ProblemFile;
use crate::{Error, Result};

/// What is wrong in which line (from 1); the file's name is added at the door.
#[derive(Debug)]
struct Fault {
    line: usize,
    message: String,
}

type Checked<T> = std::result::Result<T, Fault>;

impl Fault {
    fn new(line: usize, message: impl Into<String>) -> Self {
        Self { line, message: message.into() }
    }
}

/// Reads free fields, and fixed columns where the file breaks the free form. Where both fail, the reading that came
/// further is the one to blame.
pub(super) fn read(name: &str, text: &str) -> Result<ProblemFile> {
    let draft = sections::parse(text, Layout::Free).or_else(|free| {
        sections::parse(text, Layout::Fixed).map_err(|fixed| if fixed.line > free.line { fixed } else { free })
    });
    draft.and_then(Draft::check).map_err(|fault| parse_error(name, fault))?.into_problem(name)
}

fn parse_error(name: &str, fault: Fault) -> Error {
    Error::Parse { name: name.into(), line: fault.line, message: fault.message }
}
