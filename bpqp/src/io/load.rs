//! From bytes to text: gzip, UTF-8, which format.

use std::borrow::Cow;
use std::io::{self, Read};
use std::path::Path;

use flate2::read::MultiGzDecoder;

use super::{ProblemFile, read_str};
use crate::{Error, Result};

/// A file format for problems.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// QPS or MPS, free or fixed columns.
    Qps,
    /// The conic benchmark format.
    Cbf,
    /// JSON.
    Json,
}

const GZIP_MAGIC: [u8; 2] = [0x1f, 0x8b];

pub(super) fn read_file(path: &Path) -> Result<ProblemFile> {
    let bytes = std::fs::read(path).map_err(|source| io_error(path, source))?;
    read_bytes(&path.to_string_lossy(), &bytes)
}

pub(super) fn read_bytes(name: &str, bytes: &[u8]) -> Result<ProblemFile> {
    let bytes = unpack(bytes).map_err(|source| io_error(Path::new(name), source))?;
    let text = utf8(name, &bytes)?;
    if text.trim().is_empty() {
        return Err(Error::Parse { name: name.into(), line: 1, message: "the file is empty".into() });
    }
    let (stem, extension) = split_name(name);
    let format = format_of(extension).unwrap_or_else(|| guess(text));
    let mut problem = read_str(name, text, format)?;
    if problem.name == name {
        problem.name = stem.into();
    }
    Ok(problem)
}

pub(super) fn read_numbers(path: &Path) -> Result<Vec<f64>> {
    let bytes = std::fs::read(path).map_err(|source| io_error(path, source))?;
    let bytes = unpack(&bytes).map_err(|source| io_error(path, source))?;
    let name = path.to_string_lossy();
    serde_json::from_str(utf8(&name, &bytes)?).map_err(|e| {
        let message = format!("expected a JSON array of numbers: {}", super::json::message(&e));
        Error::Parse { name: name.into(), line: e.line().max(1), message }
    })
}

/// The text of a file, plain or gzipped.
#[cfg(feature = "train")]
pub(crate) fn read_text(path: &Path) -> Result<String> {
    let bytes = std::fs::read(path).map_err(|source| io_error(path, source))?;
    text_of(&path.to_string_lossy(), &bytes)
}

/// The text of bytes, plain or gzipped.
#[cfg(feature = "train")]
pub(crate) fn text_of(name: &str, bytes: &[u8]) -> Result<String> {
    let bytes = unpack(bytes).map_err(|source| io_error(Path::new(name), source))?;
    utf8(name, &bytes).map(str::to_owned)
}

fn io_error(path: &Path, source: io::Error) -> Error {
    Error::Io { path: path.into(), source }
}

/// The bytes themselves, or what their gzip members hold.
fn unpack(bytes: &[u8]) -> io::Result<Cow<'_, [u8]>> {
    if !bytes.starts_with(&GZIP_MAGIC) {
        return Ok(Cow::Borrowed(bytes));
    }
    let mut unpacked = Vec::new();
    MultiGzDecoder::new(bytes)
        .read_to_end(&mut unpacked)
        .map_err(|e| io::Error::new(e.kind(), format!("damaged or cut-off gzip data ({e})")))?;
    Ok(Cow::Owned(unpacked))
}

fn utf8<'a>(name: &str, bytes: &'a [u8]) -> Result<&'a str> {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    std::str::from_utf8(bytes).map_err(|e| {
        let line = 1 + bytes[..e.valid_up_to()].iter().filter(|&&b| b == b'\n').count();
        let message = format!("not a text file: byte 0x{:02x} is not UTF-8", bytes[e.valid_up_to()]);
        Error::Parse { name: name.into(), line, message }
    })
}

/// `dir/QAFIRO.QPS.gz` → (`QAFIRO`, `QPS`).
fn split_name(name: &str) -> (&str, &str) {
    let file = name.rsplit(['/', '\\']).next().unwrap_or(name);
    let file = match file.len().checked_sub(3).and_then(|at| file.split_at_checked(at)) {
        Some((rest, end)) if end.eq_ignore_ascii_case(".gz") => rest,
        _ => file,
    };
    match file.rsplit_once('.') {
        Some((stem, extension)) if !stem.is_empty() => (stem, extension),
        _ => (file, ""),
    }
}

fn format_of(extension: &str) -> Option<Format> {
    match extension.to_ascii_lowercase().as_str() {
        "qps" | "mps" | "sif" => Some(Format::Qps),
        "cbf" => Some(Format::Cbf),
        "json" => Some(Format::Json),
        _ => None,
    }
}

fn guess(text: &str) -> Format {
    let first = text.lines().map(str::trim).find(|line| !line.is_empty() && !line.starts_with('#'));
    match first {
        Some(line) if line.starts_with(['{', '[']) => Format::Json,
        Some("VER") => Format::Cbf,
        _ => Format::Qps,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_lose_their_folder_and_extensions() {
        assert_eq!(split_name("a/b/QAFIRO.QPS.gz"), ("QAFIRO", "QPS"));
        assert_eq!(split_name("pilot.we.mps"), ("pilot.we", "mps"));
        assert_eq!(split_name(".hidden"), (".hidden", ""));
        assert_eq!(split_name("é.gz"), ("é", ""));
    }

    #[test]
    fn content_decides_where_the_extension_does_not() {
        assert_eq!(format_of("JSON"), Some(Format::Json));
        assert_eq!(format_of("txt"), None);
        assert_eq!(guess("\n {\"q\": [1]}"), Format::Json);
        assert_eq!(guess("# comment\n\nVER\n1"), Format::Cbf);
        assert_eq!(guess("* comment\nNAME x"), Format::Qps);
    }
}
