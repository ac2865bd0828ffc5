//! Which generation is read in the place of the files on disk, and until when.
//!
//! The operator's own files are never written to. What stands here counts as long as they are as
//! they were when it was written: whoever changes a file means that file.

use std::io;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::files::ConfigFiles;
use super::generation::{self, Generation};
use crate::digest::Digest;
use crate::owned;
use crate::regular;

/// The choice of a generation in the place of the files on disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Rollback {
    /// The generation.
    pub generation: u64,
    /// The files that it is in the place of, as they were.
    pub files: Digest,
}

/// The generation that is in the place of these files.
pub(super) fn in_force(data_dir: &Path, files: &ConfigFiles) -> io::Result<Option<Generation>> {
    match read(data_dir)? {
        Some(rollback) if rollback.files == files.digest() => {
            Generation::read(data_dir, rollback.generation).map(Some)
        }
        _ => Ok(None),
    }
}

pub(super) fn read(data_dir: &Path) -> io::Result<Option<Rollback>> {
    let path = path(data_dir);
    let bytes = match regular::read(&path, 1 << 20) {
        Err(error) if owned::is_absent(&error) => return Ok(None),
        read => read?,
    };
    let rollback = serde_json::from_slice(&bytes);
    rollback.map(Some).map_err(|error| {
        let what = format!("`{}`: {error}: remove it", path.display());
        io::Error::new(io::ErrorKind::InvalidData, what)
    })
}

/// Writes it, or takes it away.
pub(super) fn write(data_dir: &Path, rollback: Option<Rollback>) -> io::Result<()> {
    let path = path(data_dir);
    let Some(rollback) = rollback else {
        return owned::remove(&path);
    };
    owned::own_dir(&generation::folder(data_dir))?;
    owned::replace(&path, &serde_json::to_vec(&rollback)?)
}

fn path(data_dir: &Path) -> PathBuf {
    generation::folder(data_dir).join("rollback.json")
}
