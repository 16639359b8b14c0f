//! The conic benchmark format: linear objectives over linear and second-order cones.

mod assemble;
mod lines;

use self::assemble::Draft;
use self::lines::{Checked, Fault, Lines};
use super::ProblemFile;
use crate::{Error, Result};

/// A cone of the format, with its dimension.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Domain {
    Free,
    NonNegative,
    NonPositive,
    Zero,
    /// `x₀ ≥ ‖(x₁, …)‖`.
    Quadratic,
    /// `2x₀x₁ ≥ ‖(x₂, …)‖², x₀, x₁ ≥ 0`.
    Rotated,
}

impl Domain {
    fn parse(line: usize, word: &str) -> Checked<Self> {
        match word {
            "F" => Ok(Self::Free),
            "L+" => Ok(Self::NonNegative),
            "L-" => Ok(Self::NonPositive),
            "L=" => Ok(Self::Zero),
            "Q" => Ok(Self::Quadratic),
            "QR" => Ok(Self::Rotated),
            _ => Err(Fault::new(line, format!("'{word}' is no cone that is served: F, L+, L-, L=, Q, QR are"))),
        }
    }

    /// The smallest dimension it has.
    fn smallest(self) -> usize {
        match self {
            Self::Rotated => 2,
            Self::Quadratic => 1,
            _ => 0,
        }
    }
}

pub(super) fn read(name: &str, text: &str) -> Result<ProblemFile> {
    let draft = parse(text);
    let draft = draft.map_err(|fault| Error::Parse { name: name.into(), line: fault.line, message: fault.message })?;
    draft.into_problem(name)
}

fn parse(text: &str) -> Checked<Draft> {
    let mut lines = Lines::new(text);
    let mut draft = Draft::default();
    let mut version = None;
    while let Some((line, keyword)) = lines.next_line() {
        if version.is_none() && keyword != "VER" {
            return Err(Fault::new(line, format!("expected VER first, found '{keyword}'")));
        }
        match keyword {
            "VER" => {
                let [number] = lines.numbers()?;
                // Later versions add cones that are refused by name.
                if !(1..=4).contains(&number) {
                    return Err(Fault::new(line + 1, format!("version {number} is not known: 1 to 4 are")));
                }
                version = Some(number);
            }
            "OBJSENSE" => match lines.expect_line("MIN or MAX")? {
                (_, "MIN") => draft.maximize = false,
                (_, "MAX") => draft.maximize = true,
                (line, word) => return Err(Fault::new(line, format!("expected MIN or MAX, found '{word}'"))),
            },
            "VAR" => draft.variables = domains(&mut lines, line, draft.variables.is_empty())?,
            "CON" => draft.constraints = domains(&mut lines, line, draft.constraints.is_empty())?,
            "OBJACOORD" => draft.objective.extend(lines.entries::<1>()?),
            "OBJBCOORD" => draft.constant += lines.value()?,
            "ACOORD" => draft.matrix.extend(lines.entries::<2>()?),
            "BCOORD" => draft.offset.extend(lines.entries::<1>()?),
            "INT" => return Err(Fault::new(line, "integer variables are not served")),
            _ => {
                let message =
                    format!("section '{keyword}' is not served: semidefinite, power and exponential cones are not");
                return Err(Fault::new(line, message));
            }
        }
    }
    if version.is_none() {
        return Err(Fault::new(1, "expected VER first, found nothing"));
    }
    draft.check()?;
    Ok(draft)
}

/// The cones of a `VAR` or `CON` section: how many entries and how many cones, then each cone with its dimension.
fn domains(lines: &mut Lines<'_>, line: usize, is_first: bool) -> Checked<Vec<(Domain, usize)>> {
    if !is_first {
        return Err(Fault::new(line, "the section is given twice"));
    }
    let [total, count] = lines.numbers()?;
    let mut domains = Vec::new();
    let mut sum = 0_usize;
    for _ in 0..count {
        let (line, text) = lines.expect_line("a cone and its dimension")?;
        let (word, dim) = text.split_once(char::is_whitespace).unwrap_or((text, ""));
        let domain = Domain::parse(line, word)?;
        let dim: usize = dim.trim().parse().map_err(|_| Fault::new(line, format!("'{dim}' is no dimension")))?;
        if dim < domain.smallest() {
            return Err(Fault::new(line, format!("a cone {word} has at least {} entries", domain.smallest())));
        }
        sum = sum.saturating_add(dim);
        domains.push((domain, dim));
    }
    if sum != total {
        return Err(Fault::new(line + 1, format!("the cones have {sum} entries together, not {total}")));
    }
    Ok(domains)
}
