//! The sections in the order in which they come, and the lines of ROWS, COLUMNS, RHS and RANGES.

use super::draft::{Column, Draft, Entry, Row, Sense, Target, Triangle};
use super::fields::{Layout, Line, infinite_beyond};
use super::{Checked, Fault};

/// A section, by its heading.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Section {
    Name,
    ObjSense,
    Rows,
    Columns,
    Rhs,
    Ranges,
    Bounds,
    Quadratic(Triangle),
}

/// Headings of what is no convex QP, and what they would bring.
const REFUSED: [(&str, &str); 8] = [
    ("QCMATRIX", "quadratic constraints"),
    ("CSECTION", "cones"),
    ("SOS", "special ordered sets"),
    ("SOS1", "special ordered sets"),
    ("SOS2", "special ordered sets"),
    ("SETS", "special ordered sets"),
    ("INDICATORS", "indicator constraints"),
    ("GENCONS", "general constraints"),
];

/// Parses the whole text in one layout.
pub(super) fn parse(text: &str, layout: Layout) -> Checked<Draft<'_>> {
    let mut draft = Draft::default();
    let mut section = (Section::Name, "NAME");
    let mut last = 0;
    for (index, text) in text.lines().enumerate() {
        let (number, text) = (index + 1, text.trim_end());
        last = number;
        if text.is_empty() || text.starts_with('*') {
            continue;
        }
        if !text.starts_with([' ', '\t']) {
            match heading(&mut draft, text, number)? {
                Some(next) => section = next,
                None => return Ok(draft),
            }
            continue;
        }
        draft.line(section.0, &Line { text, number, section: section.1, layout })?;
    }
    Err(Fault::new(last.max(1), "the file ends without ENDATA; it may be cut off"))
}

/// Reads a section heading; `None` at the end of the data.
fn heading<'a>(draft: &mut Draft<'a>, text: &'a str, number: usize) -> Checked<Option<(Section, &'static str)>> {
    let (keyword, rest) = text.split_once([' ', '\t']).map_or((text, ""), |(k, r)| (k, r.trim()));
    let section = match keyword.to_ascii_uppercase().as_str() {
        "ENDATA" => return Ok(None),
        "NAME" => {
            draft.name = Some(rest).filter(|s| !s.is_empty());
            (Section::Name, "NAME")
        }
        "OBJSENSE" => {
            if !rest.is_empty() {
                draft.maximize = maximizes(rest).ok_or_else(|| Fault::new(number, sense_message(rest)))?;
            }
            (Section::ObjSense, "OBJSENSE")
        }
        "ROWS" => (Section::Rows, "ROWS"),
        "COLUMNS" => (Section::Columns, "COLUMNS"),
        "RHS" => (Section::Rhs, "RHS"),
        "RANGES" => (Section::Ranges, "RANGES"),
        "BOUNDS" => (Section::Bounds, "BOUNDS"),
        "QUADOBJ" => (Section::Quadratic(Triangle::One), "QUADOBJ"),
        "QMATRIX" => (Section::Quadratic(Triangle::Both), "QMATRIX"),
        "QSECTION" => {
            if let Some(name) = Some(rest).filter(|name| !name.is_empty() && draft.objective != Some(*name)) {
                let message = format!("QSECTION: quadratic constraints (row '{name}') are not supported");
                return Err(Fault::new(number, message));
            }
            (Section::Quadratic(Triangle::One), "QSECTION")
        }
        other => return Err(Fault::new(number, unknown_heading(other, keyword))),
    };
    Ok(Some(section))
}

fn unknown_heading(upper: &str, keyword: &str) -> String {
    if let Some((_, what)) = REFUSED.iter().find(|(name, _)| *name == upper) {
        return format!("{upper}: {what} are not supported");
    }
    format!(
        "expected a section (NAME, OBJSENSE, ROWS, COLUMNS, RHS, RANGES, BOUNDS, QUADOBJ, QMATRIX, QSECTION, ENDATA), \
         found '{}'",
        keyword.chars().take(30).collect::<String>()
    )
}

fn maximizes(text: &str) -> Option<bool> {
    match text.to_ascii_uppercase().as_str() {
        "MAX" | "MAXIMIZE" | "MAXIMISE" => Some(true),
        "MIN" | "MINIMIZE" | "MINIMISE" => Some(false),
        _ => None,
    }
}

fn sense_message(found: &str) -> String {
    format!("OBJSENSE: expected MAX or MIN, found '{found}'")
}

impl<'a> Draft<'a> {
    fn line(&mut self, section: Section, line: &Line<'a>) -> Checked<()> {
        match section {
            Section::Name => Err(line.fault(format!("expected a section heading, found '{}'", line.text.trim()))),
            Section::ObjSense => self.sense(line),
            Section::Rows => self.row(line),
            Section::Columns => self.column(line),
            Section::Rhs => self.rhs(line),
            Section::Ranges => self.range(line),
            Section::Bounds => self.bound(line),
            Section::Quadratic(triangle) => self.quadratic(line, triangle),
        }
    }

    fn sense(&mut self, line: &Line<'a>) -> Checked<()> {
        let text = line.text.trim();
        self.maximize = maximizes(text).ok_or_else(|| Fault::new(line.number, sense_message(text)))?;
        Ok(())
    }

    fn row(&mut self, line: &Line<'a>) -> Checked<()> {
        let fields = line.fields()?;
        let mut words = fields.words();
        let (Some(kind), Some(name), None) = (words.next(), words.next(), words.next()) else {
            return Err(line.fault(format!("expected 'type name', found '{}'", line.text.trim())));
        };
        let sense = match kind {
            "N" | "n" => None,
            "E" | "e" => Some(Sense::Equal),
            "L" | "l" => Some(Sense::AtMost),
            "G" | "g" => Some(Sense::AtLeast),
            _ => return Err(line.fault(format!("expected the type N, L, G or E, found '{kind}'"))),
        };
        let target = match sense {
            Some(_) => Target::Row(self.rows.len()),
            None if self.objective.is_none() => Target::Objective,
            None => Target::Dropped,
        };
        if self.row_of.insert(name, target).is_some() {
            return Err(line.fault(format!("the row '{name}' is given twice")));
        }
        match sense {
            Some(sense) => self.rows.push(Row { name, sense, rhs: None, range: None, line: line.number }),
            None => self.objective = self.objective.or(Some(name)),
        }
        Ok(())
    }

    fn column(&mut self, line: &Line<'a>) -> Checked<()> {
        if line.text.contains("'MARKER'") {
            let message = "integer variables ('MARKER') are not supported; drop the markers to solve the relaxation";
            return Err(line.fault(message));
        }
        let card = line.pairs(false)?;
        let Some(name) = card.head else { return Err(line.fault("the column has no name")) };
        let column = match self.columns.last() {
            Some(last) if last.name == name => self.columns.len() - 1,
            _ => self.find_or_add_column(name, line.number),
        };
        for (row, value) in card.iter() {
            match self.target(row, line)? {
                Target::Row(row) => self.entries.push(Entry { row, column, value, line: line.number }),
                Target::Objective => {
                    if self.columns[column].cost.replace(value).is_some() {
                        return Err(line.fault(format!("the cost of '{name}' is given twice")));
                    }
                }
                Target::Dropped => {}
            }
        }
        Ok(())
    }

    fn find_or_add_column(&mut self, name: &'a str, line: usize) -> usize {
        let new = self.columns.len();
        let column = *self.column_of.entry(name).or_insert(new);
        if column == new {
            self.columns.push(Column { name, cost: None, lower: None, upper: None, line });
        }
        column
    }

    fn rhs(&mut self, line: &Line<'a>) -> Checked<()> {
        let card = line.pairs(true)?;
        self.same_set(card.head, line)?;
        for (name, value) in card.iter() {
            let given_before = match self.target(name, line)? {
                Target::Row(row) => {
                    self.rows[row].line = line.number;
                    self.rows[row].rhs.replace(infinite_beyond(value)).is_some()
                }
                // The objective row reads "cost − constant".
                Target::Objective => self.constant.replace(-value).is_some(),
                Target::Dropped => false,
            };
            if given_before {
                return Err(line.fault(format!("the right-hand side of '{name}' is given twice")));
            }
        }
        Ok(())
    }

    fn range(&mut self, line: &Line<'a>) -> Checked<()> {
        let card = line.pairs(true)?;
        self.same_set(card.head, line)?;
        for (name, value) in card.iter() {
            let Target::Row(row) = self.target(name, line)? else { continue };
            self.rows[row].line = line.number;
            if self.rows[row].range.replace(infinite_beyond(value)).is_some() {
                return Err(line.fault(format!("the range of '{name}' is given twice")));
            }
        }
        Ok(())
    }

    fn target(&self, name: &str, line: &Line<'a>) -> Checked<Target> {
        self.row_of.get(name).copied().ok_or_else(|| line.fault(format!("the row '{name}' is not in ROWS")))
    }

    /// A file may hold several sets of right-hand sides or bounds; which one is meant, nobody can know.
    pub(super) fn same_set(&mut self, name: Option<&'a str>, line: &Line<'a>) -> Checked<()> {
        let Some(name) = name else { return Ok(()) };
        let first = *self.sets.entry(line.section).or_insert(name);
        if first == name {
            return Ok(());
        }
        Err(line.fault(format!("a second set '{name}' beside '{first}'; keep one")))
    }
}
