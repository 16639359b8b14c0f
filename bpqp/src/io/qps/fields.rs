//! From a line to its fields, by blanks or by columns.

use super::{Checked, Fault};

/// How a line is cut into fields.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Layout {
    /// At blanks.
    Free,
    /// At the columns of the MPS standard, so that names may hold blanks.
    Fixed,
}

/// Columns of the six fields of the fixed form, from 0.
const COLUMNS: [(usize, usize); 6] = [(1, 3), (4, 12), (14, 22), (24, 36), (39, 47), (49, 61)];

/// One data line of a section.
#[derive(Clone, Copy)]
pub(super) struct Line<'a> {
    pub(super) text: &'a str,
    pub(super) number: usize,
    pub(super) section: &'static str,
    pub(super) layout: Layout,
}

/// A name with one or two `(name, value)` pairs, the shape of most lines.
pub(super) struct Pairs<'a> {
    /// The column, or the name of the set where one is given.
    pub(super) head: Option<&'a str>,
    pairs: [Option<(&'a str, f64)>; 2],
}

impl<'a> Pairs<'a> {
    pub(super) fn iter(&self) -> impl Iterator<Item = (&'a str, f64)> {
        self.pairs.into_iter().flatten()
    }
}

impl<'a> Line<'a> {
    pub(super) fn fault(&self, message: impl AsRef<str>) -> Fault {
        Fault::new(self.number, format!("{}: {}", self.section, message.as_ref()))
    }

    /// The fields; six at most in the free form, always six in the fixed one, blank where absent.
    pub(super) fn fields(&self) -> Checked<Fields<'a>> {
        match self.layout {
            Layout::Free => self.free_fields(),
            Layout::Fixed => self.fixed_fields(),
        }
    }

    fn free_fields(&self) -> Checked<Fields<'a>> {
        let mut fields = Fields { items: [""; 6], len: 0 };
        for word in self.text.split_ascii_whitespace() {
            let Some(slot) = fields.items.get_mut(fields.len) else {
                return Err(self.fault("more than six fields in a line"));
            };
            *slot = word;
            fields.len += 1;
        }
        Ok(fields)
    }

    fn fixed_fields(&self) -> Checked<Fields<'a>> {
        let mut items = [""; 6];
        for ((from, to), item) in COLUMNS.into_iter().zip(&mut items) {
            let to = to.min(self.text.len());
            if from >= to {
                break;
            }
            let field = self.text.get(from..to).ok_or_else(|| self.fault("fixed columns cut a character in two"))?;
            *item = field.trim();
        }
        Ok(Fields { items, len: 6 })
    }

    /// A line `head name value [name value]`; the head is optional where `set` says that it names a set.
    pub(super) fn pairs(&self, set: bool) -> Checked<Pairs<'a>> {
        let fields = self.fields()?;
        let (head, rest) = match self.layout {
            Layout::Fixed => (Some(fields.items[1]).filter(|s| !s.is_empty()), &fields.items[2..]),
            Layout::Free if fields.len % 2 == 0 && set => (None, &fields.items[..fields.len]),
            Layout::Free => (Some(fields.items[0]), &fields.items[1..fields.len.max(1)]),
        };
        let mut pairs = [None, None];
        for (slot, pair) in pairs.iter_mut().zip(rest.chunks(2)) {
            *slot = match pair {
                [name, value] if !name.is_empty() => Some((*name, self.number(value)?)),
                ["", ""] => None,
                _ => return Err(self.wrong_shape(set)),
            };
        }
        if pairs[0].is_none() || rest.len() > 4 || (head.is_none() && !set) {
            return Err(self.wrong_shape(set));
        }
        Ok(Pairs { head, pairs })
    }

    fn wrong_shape(&self, set: bool) -> Fault {
        let head = if set { "[set] " } else { "column " };
        self.fault(format!("expected '{head}row value [row value]', found '{}'", self.text.trim()))
    }

    /// A finite number; `1.0D+3` is read as Fortran writes it.
    pub(super) fn number(&self, text: &str) -> Checked<f64> {
        let value = parse_number(text).ok_or_else(|| self.fault(format!("'{text}' is not a number")))?;
        if value.is_finite() { Ok(value) } else { Err(self.fault(format!("'{text}' is not a finite number"))) }
    }

    /// A number that may be infinite: a magnitude of 1e20 or more, or `inf` in words.
    pub(super) fn bound(&self, text: &str) -> Checked<f64> {
        match parse_number(text) {
            Some(value) if !value.is_nan() => Ok(infinite_beyond(value)),
            _ => Err(self.fault(format!("'{text}' is not a number"))),
        }
    }
}

/// Magnitudes from here on are infinite in bounds and sides.
const INFINITY: f64 = 1e20;

/// The value, or the infinity that it stands for.
pub(super) fn infinite_beyond(value: f64) -> f64 {
    if value.abs() >= INFINITY { f64::INFINITY.copysign(value) } else { value }
}

fn parse_number(text: &str) -> Option<f64> {
    text.parse().ok().or_else(|| {
        let exponent = text.find(['d', 'D'])?;
        let (mantissa, power) = text.split_at(exponent);
        format!("{mantissa}e{}", &power[1..]).parse().ok()
    })
}

/// The fields of one line.
pub(super) struct Fields<'a> {
    pub(super) items: [&'a str; 6],
    pub(super) len: usize,
}

impl<'a> Fields<'a> {
    /// The fields that are there, in order.
    pub(super) fn words(&self) -> impl Iterator<Item = &'a str> {
        self.items.into_iter().take(self.len).filter(|s| !s.is_empty())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fortran_exponents_are_numbers() {
        assert_eq!(parse_number("1.0D+3"), Some(1000.0));
        assert_eq!(parse_number("-2.5d-1"), Some(-0.25));
        assert_eq!(parse_number(".5"), Some(0.5));
        assert_eq!(parse_number("-1."), Some(-1.0));
        assert_eq!(parse_number("D"), None);
        assert_eq!(parse_number("bounded"), None);
    }

    #[test]
    fn huge_bounds_are_infinite() {
        assert_eq!(infinite_beyond(1e30), f64::INFINITY);
        assert_eq!(infinite_beyond(-1e20), f64::NEG_INFINITY);
        assert_eq!(infinite_beyond(9e19), 9e19);
    }

    #[test]
    fn fixed_columns_keep_blanks_in_names() {
        let text = "    DEDO3 11  OB1PNW20        .02466   DEDO3 1R           -1.";
        let line = Line { text, number: 1, section: "COLUMNS", layout: Layout::Fixed };
        let card = line.pairs(false).unwrap();
        assert_eq!(card.head, Some("DEDO3 11"));
        assert_eq!(card.iter().collect::<Vec<_>>(), [("OB1PNW20", 0.02466), ("DEDO3 1R", -1.0)]);
    }
}
