//! Lines that count, with their numbers.

/// What is wrong in which line (from 1); the file's name is added at the door.
#[derive(Debug)]
pub(super) struct Fault {
    pub(super) line: usize,
    pub(super) message: String,
}

pub(super) type Checked<T> = Result<T, Fault>;

impl Fault {
    pub(super) fn new(line: usize, message: impl Into<String>) -> Self {
        Self { line, message: message.into() }
    }
}

/// An entry of a section: its indices, its value, and its line.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Entry<const K: usize> {
    pub(super) at: [usize; K],
    pub(super) value: f64,
    pub(super) line: usize,
}

/// Lines without comments and blanks.
pub(super) struct Lines<'a> {
    lines: std::iter::Enumerate<std::str::Lines<'a>>,
    last: usize,
}

impl<'a> Lines<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        Self { lines: text.lines().enumerate(), last: 0 }
    }

    pub(super) fn next_line(&mut self) -> Option<(usize, &'a str)> {
        let (number, line) = self
            .lines
            .by_ref()
            .map(|(k, line)| (k + 1, line.trim()))
            .find(|(_, l)| !l.is_empty() && !l.starts_with('#'))?;
        self.last = number;
        Some((number, line))
    }

    pub(super) fn expect_line(&mut self, what: &str) -> Checked<(usize, &'a str)> {
        let end = self.last;
        self.next_line().ok_or_else(|| Fault::new(end, format!("expected {what}, found the end of the file")))
    }

    /// A line of `K` natural numbers.
    pub(super) fn numbers<const K: usize>(&mut self) -> Checked<[usize; K]> {
        let (line, text) = self.expect_line("numbers")?;
        let mut words = text.split_whitespace();
        let mut numbers = [0; K];
        for number in &mut numbers {
            *number = index(line, words.next())?;
        }
        end(line, words.next())?;
        Ok(numbers)
    }

    /// A line with one real number.
    pub(super) fn value(&mut self) -> Checked<f64> {
        let (line, text) = self.expect_line("a number")?;
        real(line, Some(text))
    }

    /// A count, then as many lines of `K` indices and a value.
    pub(super) fn entries<const K: usize>(&mut self) -> Checked<Vec<Entry<K>>> {
        let [count] = self.numbers()?;
        let mut entries = Vec::new();
        for _ in 0..count {
            let (line, text) = self.expect_line("an entry")?;
            let mut words = text.split_whitespace();
            let mut at = [0; K];
            for index_at in &mut at {
                *index_at = index(line, words.next())?;
            }
            let value = real(line, words.next())?;
            end(line, words.next())?;
            entries.push(Entry { at, value, line });
        }
        Ok(entries)
    }
}

fn index(line: usize, word: Option<&str>) -> Checked<usize> {
    let word = word.ok_or_else(|| Fault::new(line, "expected another natural number"))?;
    word.parse().map_err(|_| Fault::new(line, format!("'{word}' is no natural number")))
}

fn real(line: usize, word: Option<&str>) -> Checked<f64> {
    let word = word.ok_or_else(|| Fault::new(line, "expected another number"))?;
    match word.parse::<f64>() {
        Ok(value) if value.is_finite() => Ok(value),
        _ => Err(Fault::new(line, format!("'{word}' is no finite number"))),
    }
}

fn end(line: usize, word: Option<&str>) -> Checked<()> {
    word.map_or(Ok(()), |word| Err(Fault::new(line, format!("'{word}' is one word too many"))))
}
