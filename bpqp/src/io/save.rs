//! From programs to files.

use std::io::Write;
use std::path::Path;

use bpqp_traits::Error as SolverError;
use flate2::Compression;
use flate2::write::GzEncoder;

use super::to_json;
use crate::{Error, Program, Result};

pub(super) fn write_file(path: &Path, program: &Program) -> Result<()> {
    let name = path.to_string_lossy().to_ascii_lowercase();
    let packed = name.ends_with(".json.gz");
    if !packed && !name.ends_with(".json") {
        let reason = format!("{}: problems are written as JSON; name it .json or .json.gz", path.display());
        return Err(SolverError::invalid_argument("file", reason).into());
    }
    let text = to_json(program)?;
    let written = if packed { pack(text.as_bytes()) } else { Ok(text.into_bytes()) };
    let written = written.and_then(|bytes| std::fs::write(path, bytes));
    written.map_err(|source| Error::Io { path: path.into(), source })
}

fn pack(bytes: &[u8]) -> std::io::Result<Vec<u8>> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes)?;
    encoder.finish()
}
