//! Lines of progress for `verbose`.

use std::io::Write;

/// Prints a line; a closed standard output is no reason to stop.
pub(crate) fn print(line: std::fmt::Arguments<'_>) {
    let _ = writeln!(std::io::stdout(), "{line}");
}
