//! Prices of stocks, day by day.

use std::path::Path;

use crate::io::{read_text, text_of};
use crate::{Error, Result};

/// Twenty stocks from 1990 to 2022: see `data/README.md`.
const EMBEDDED: &[u8] = include_bytes!("../../../data/stocks20.csv.gz");
const EMBEDDED_NAME: &str = "the 20 stocks embedded in the program";

/// Adjusted closing prices.
#[derive(Clone, Debug)]
pub(super) struct Prices {
    /// Where they come from.
    pub(super) source: String,
    pub(super) dates: Vec<String>,
    pub(super) names: Vec<String>,
    /// By day, then by stock.
    pub(super) values: Vec<Vec<f64>>,
}

impl Prices {
    /// # Errors
    /// [`Error::Io`]; [`Error::Parse`] naming the line.
    pub(super) fn load(path: Option<&Path>) -> Result<Self> {
        match path {
            Some(path) => Self::parse(&path.display().to_string(), &read_text(path)?),
            None => Self::parse(EMBEDDED_NAME, &text_of(EMBEDDED_NAME, EMBEDDED)?),
        }
    }

    /// A heading, then a date and one price of each stock per line.
    pub(super) fn parse(name: &str, text: &str) -> Result<Self> {
        let fail = |line: usize, message: String| Error::Parse { name: name.into(), line, message };
        let mut lines = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
        let (_, heading) = lines.next().ok_or_else(|| fail(1, "the file is empty".into()))?;
        let names: Vec<String> = heading.split(',').skip(1).map(|name| name.trim().to_owned()).collect();
        if names.len() < 2 {
            return Err(fail(1, "the heading names fewer than two stocks".into()));
        }
        let (mut dates, mut values) = (Vec::new(), Vec::new());
        for (k, line) in lines {
            let mut cells = line.split(',').map(str::trim);
            dates.push(cells.next().unwrap_or_default().to_owned());
            let parse = |(name, cell): (&String, &str)| match cell.parse::<f64>() {
                Ok(price) if price > 0.0 && price.is_finite() => Ok(price),
                _ => Err(fail(k + 1, format!("{name}: '{cell}' is no price"))),
            };
            let cells: Vec<&str> = cells.collect();
            if cells.len() != names.len() {
                return Err(fail(k + 1, format!("has {} prices for {} stocks", cells.len(), names.len())));
            }
            values.push(names.iter().zip(cells).map(parse).collect::<Result<Vec<f64>>>()?);
        }
        Ok(Self { source: name.into(), dates, names, values })
    }

    pub(super) fn stocks(&self) -> usize {
        self.names.len()
    }

    /// Return of each stock from the close of day `from` to that of day `to`, in percent.
    pub(super) fn returns(&self, from: usize, to: usize) -> Vec<f64> {
        self.values[from].iter().zip(&self.values[to]).map(|(a, b)| 100.0 * (b / a - 1.0)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prices_are_read_and_damage_is_told_with_its_line() {
        let prices = Prices::parse("p", "Date,A,B\n2020-01-01,1,2\n2020-01-02,1.1,1\n").unwrap();
        let returns = prices.returns(0, 1);
        assert!((returns[0] - 10.0).abs() < 1e-12 && (returns[1] + 50.0).abs() < 1e-12);
        for (text, line) in [("", 1), ("d,A,B\nx,1", 2), ("d,A,B\nx,1,2\ny,0,1", 3), ("d,A,B\nx,1,nan", 2), ("d,A", 1)]
        {
            let error = Prices::parse("p", text).unwrap_err();
            assert!(matches!(error, Error::Parse { line: l, .. } if l == line), "{text:?}: {error}");
        }
    }

    #[test]
    fn the_embedded_prices_are_whole() {
        let prices = Prices::load(None).unwrap();
        assert_eq!((prices.stocks(), prices.dates.len()), (20, 8313));
        assert_eq!((prices.dates[0].as_str(), prices.names[0].as_str()), ("1990-01-02", "AAPL"));
    }
}
