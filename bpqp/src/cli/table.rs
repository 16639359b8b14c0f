//! Tables and numbers for people.

use comfy_table::{CellAlignment, ContentArrangement, Table, TableComponent, presets};

/// A table with these column headings; columns in `numeric` are aligned to the right.
pub(crate) fn table(headings: &[&str], numeric: &[usize]) -> Table {
    let mut table = Table::new();
    table.load_preset(presets::UTF8_HORIZONTAL_ONLY).set_content_arrangement(ContentArrangement::Disabled);
    let between_rows = [
        TableComponent::HorizontalLines,
        TableComponent::MiddleIntersections,
        TableComponent::LeftBorderIntersections,
        TableComponent::RightBorderIntersections,
    ];
    for part in between_rows {
        table.remove_style(part);
    }
    table.set_header(headings);
    for &column in numeric {
        if let Some(column) = table.column_mut(column) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    table
}

/// A value to nine digits; a dash where there is none.
pub(crate) fn value(v: Option<f64>) -> String {
    match v {
        Some(0.0) => "0".into(),
        Some(v) if (1e-3..1e9).contains(&v.abs()) => trim_zeros(&format!("{v:.*}", decimals(v))),
        Some(v) if v.is_finite() => format!("{v:.6e}"),
        Some(v) => v.to_string(),
        None => "–".into(),
    }
}

/// Decimals that leave nine significant digits.
fn decimals(v: f64) -> usize {
    (8.0 - v.abs().log10().floor()).clamp(0.0, 12.0) as usize
}

fn trim_zeros(text: &str) -> String {
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').into() } else { text.into() }
}

/// A small error measure: one digit and its power.
pub(crate) fn small(v: Option<f64>) -> String {
    match v {
        Some(0.0) => "0".into(),
        Some(v) if v.is_finite() => format!("{v:.0e}"),
        Some(v) => v.to_string(),
        None => "–".into(),
    }
}

/// Milliseconds to three digits.
pub(crate) fn millis(v: Option<f64>) -> String {
    match v {
        Some(v) if v < 0.9995 => format!("{v:.3}"),
        Some(v) if v < 9.995 => format!("{v:.2}"),
        Some(v) if v < 99.95 => format!("{v:.1}"),
        Some(v) => format!("{v:.0}"),
        None => "–".into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_short_and_true() {
        assert_eq!(value(Some(-1.590_781_79)), "-1.59078179");
        assert_eq!(value(Some(2.0)), "2");
        assert_eq!(value(Some(11_590.718_119)), "11590.7181");
        assert_eq!(value(Some(1e-12)), "1.000000e-12");
        assert_eq!(value(None), "–");
        assert_eq!(value(Some(f64::NAN)), "NaN");
        assert_eq!(small(Some(3.4e-11)), "3e-11");
        assert_eq!(millis(Some(0.0417)), "0.042");
        assert_eq!(millis(Some(1234.5)), "1234");
    }
}
