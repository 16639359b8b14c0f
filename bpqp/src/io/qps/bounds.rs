//! The section BOUNDS.

use super::Checked;
use super::draft::Draft;
use super::fields::{Layout, Line};

/// A line of BOUNDS by its parts.
struct Card<'a> {
    kind: &'a str,
    set: Option<&'a str>,
    column: usize,
    value: Option<&'a str>,
}

impl<'a> Draft<'a> {
    pub(super) fn bound(&mut self, line: &Line<'a>) -> Checked<()> {
        let card = self.bound_card(line)?;
        self.same_set(card.set, line)?;
        let value = || match card.value {
            Some(text) => line.bound(text),
            None => Err(line.fault(format!("the type {} needs a value", card.kind))),
        };
        let column = &mut self.columns[card.column];
        column.line = line.number;
        match card.kind.to_ascii_uppercase().as_str() {
            "UP" => column.upper = Some(value()?),
            "LO" => column.lower = Some(value()?),
            "FX" => {
                let value = value()?;
                (column.lower, column.upper) = (Some(value), Some(value));
            }
            "FR" => (column.lower, column.upper) = (Some(f64::NEG_INFINITY), Some(f64::INFINITY)),
            "MI" => column.lower = Some(f64::NEG_INFINITY),
            "PL" => column.upper = Some(f64::INFINITY),
            "BV" | "LI" | "UI" => {
                let message = format!("integer variables ({} on '{}') are not supported", card.kind, column.name);
                return Err(line.fault(message));
            }
            "SC" => return Err(line.fault(format!("semicontinuous variables ('{}') are not supported", column.name))),
            _ => {
                let message = format!("expected the type UP, LO, FX, FR, MI or PL, found '{}'", card.kind);
                return Err(line.fault(message));
            }
        }
        Ok(())
    }

    fn bound_card(&self, line: &Line<'a>) -> Checked<Card<'a>> {
        let fields = line.fields()?;
        let column = |name: &str| self.column_of.get(name).copied();
        let missing = |name: &str| line.fault(format!("the column '{name}' is not in COLUMNS"));
        let [kind, a, b, c, ..] = fields.items;
        let valueless = matches!(kind.to_ascii_uppercase().as_str(), "FR" | "MI" | "PL" | "BV");
        if line.layout == Layout::Fixed {
            let column = column(b).ok_or_else(|| missing(b))?;
            let present = |s: &'a str| Some(s).filter(|s| !s.is_empty());
            return Ok(Card { kind, set: present(a), column, value: present(c) });
        }
        match fields.len {
            4 => Ok(Card { kind, set: Some(a), column: column(b).ok_or_else(|| missing(b))?, value: Some(c) }),
            3 if valueless => match (column(b), column(a)) {
                (Some(column), _) => Ok(Card { kind, set: Some(a), column, value: None }),
                (None, Some(column)) => Ok(Card { kind, set: None, column, value: Some(b) }),
                (None, None) => Err(missing(b)),
            },
            3 => Ok(Card { kind, set: None, column: column(a).ok_or_else(|| missing(a))?, value: Some(b) }),
            2 if valueless => Ok(Card { kind, set: None, column: column(a).ok_or_else(|| missing(a))?, value: None }),
            _ => Err(line.fault(format!("expected 'type [set] column value', found '{}'", line.text.trim()))),
        }
    }
}
