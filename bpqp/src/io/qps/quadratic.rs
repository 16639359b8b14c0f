//! The sections QUADOBJ, QSECTION and QMATRIX.

use super::draft::{Draft, Entry, Triangle};
use super::fields::Line;
use super::{Checked, Fault};

impl<'a> Draft<'a> {
    pub(super) fn quadratic(&mut self, line: &Line<'a>, triangle: Triangle) -> Checked<()> {
        if *self.triangle.get_or_insert(triangle) != triangle {
            return Err(line.fault("the quadratic objective is given in two sections"));
        }
        let card = line.pairs(false)?;
        let Some(head) = card.head else { return Err(line.fault("the first column is missing")) };
        let column = self.quadratic_column(head, line)?;
        for (name, value) in card.iter() {
            let row = self.quadratic_column(name, line)?;
            self.quadratic.push(Entry { row, column, value, line: line.number });
        }
        Ok(())
    }

    fn quadratic_column(&self, name: &str, line: &Line<'a>) -> Checked<usize> {
        let found = self.column_of.get(name).copied();
        found.ok_or_else(|| line.fault(format!("the column '{name}' is not in COLUMNS")))
    }

    /// Every entry of `P`, both triangles, once each.
    pub(super) fn symmetric_entries(&self) -> Checked<Vec<Entry>> {
        let mut entries = self.quadratic.clone();
        if self.triangle == Some(Triangle::Both) {
            self.check_unique(&mut entries, "QMATRIX")?;
            self.check_mirrored(&entries)?;
            return Ok(entries);
        }
        let mirrored = self.quadratic.iter().filter(|e| e.row != e.column);
        entries.extend(mirrored.map(|e| Entry { row: e.column, column: e.row, ..*e }));
        self.check_unique(&mut entries, "QUADOBJ")?;
        Ok(entries)
    }

    /// Sorts by place and refuses a place named twice.
    fn check_unique(&self, entries: &mut [Entry], section: &str) -> Checked<()> {
        entries.sort_by_key(|e| (e.column, e.row, e.line));
        let Some(pair) = entries.windows(2).find(|w| (w[0].column, w[0].row) == (w[1].column, w[1].row)) else {
            return Ok(());
        };
        let (a, b) = (self.columns[pair[1].column].name, self.columns[pair[1].row].name);
        let hint = if section == "QUADOBJ" { "; give one triangle here, or both in QMATRIX" } else { "" };
        Err(Fault::new(pair[1].line, format!("{section}: the entry ('{a}', '{b}') is given twice{hint}")))
    }

    /// Every off-diagonal entry of sorted `entries` needs its mirror image.
    fn check_mirrored(&self, entries: &[Entry]) -> Checked<()> {
        for e in entries.iter().filter(|e| e.row != e.column) {
            if entries.binary_search_by_key(&(e.row, e.column), |e| (e.column, e.row)).is_err() {
                let (a, b) = (self.columns[e.column].name, self.columns[e.row].name);
                let message = format!("QMATRIX: the entry ('{a}', '{b}') stands without ('{b}', '{a}')");
                return Err(Fault::new(e.line, format!("{message}; give both triangles, or one in QUADOBJ")));
            }
        }
        Ok(())
    }
}
