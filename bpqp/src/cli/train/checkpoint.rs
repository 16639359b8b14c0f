//! A run's state in one file: a line of JSON, then the networks and the optimizer as burn packs them.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::args::{Experiment, Method};
use super::evaluate::Day;
use crate::{Error, Result};

/// One run among many.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct RunId {
    pub(super) method: Method,
    pub(super) fold: usize,
    pub(super) seed: u64,
}

impl RunId {
    pub(super) fn path(&self, folder: &Path) -> PathBuf {
        folder.join(format!("{}-window{}-seed{}.run", self.method.as_str(), self.fold + 1, self.seed))
    }
}

/// What one pass over the training dates took and came to.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Epoch {
    /// Mean loss over the steps.
    pub(super) loss: f64,
    /// The method's loss on the validation dates.
    pub(super) validation: f64,
    /// Milliseconds of the whole, and of the layer's passes in it.
    pub(super) total_ms: f64,
    pub(super) forward_ms: f64,
    pub(super) backward_ms: f64,
}

/// All of a run but the numbers of its networks.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct State {
    pub(super) run: RunId,
    pub(super) experiment: Experiment,
    pub(super) prices: String,
    pub(super) epochs: Vec<Epoch>,
    /// The epoch, from zero, with the least validation loss.
    pub(super) best: usize,
    /// The days of the test window with the best network, once the run is over.
    pub(super) result: Option<Vec<Day>>,
}

/// Lengths of the parts that follow.
#[derive(Serialize, Deserialize)]
struct Header {
    #[serde(flatten)]
    state: State,
    lengths: [usize; 3],
}

/// Networks and optimizer, packed.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Packed {
    pub(super) network: Vec<u8>,
    pub(super) best: Vec<u8>,
    pub(super) optimizer: Vec<u8>,
}

/// Writes a file that is there as a whole or not at all.
pub(super) fn save(path: &Path, state: &State, packed: &Packed) -> Result<()> {
    let parts = [&packed.network, &packed.best, &packed.optimizer];
    let header = Header { state: state.clone(), lengths: parts.map(Vec::len) };
    let io = |source| Error::Io { path: path.into(), source };
    let mut bytes = serde_json::to_vec(&header).map_err(|e| io(e.into()))?;
    bytes.push(b'\n');
    parts.into_iter().for_each(|part| bytes.extend_from_slice(part));
    let draft = path.with_extension("part");
    std::fs::write(&draft, bytes).and_then(|()| std::fs::rename(&draft, path)).map_err(io)
}

/// The state in a file; `None` where there is no file.
pub(super) fn load(path: &Path) -> Result<Option<(State, Packed)>> {
    let bytes = match std::fs::read(path) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(source) => return Err(Error::Io { path: path.into(), source }),
    };
    let damaged = |message: String| Error::Parse { name: path.display().to_string(), line: 1, message };
    let end = bytes.iter().position(|b| *b == b'\n').ok_or_else(|| damaged("no checkpoint".into()))?;
    let Header { state, lengths } = serde_json::from_slice(&bytes[..end]).map_err(|e| damaged(e.to_string()))?;
    let mut rest = &bytes[end + 1..];
    let mut part = |len: usize| {
        let (part, others) = rest.split_at_checked(len).ok_or_else(|| damaged("the file is cut off".into()))?;
        rest = others;
        Ok::<_, Error>(part.to_vec())
    };
    let packed = Packed { network: part(lengths[0])?, best: part(lengths[1])?, optimizer: part(lengths[2])? };
    Ok(Some((state, packed)))
}
