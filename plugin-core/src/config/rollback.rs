//! The choice of a generation that is read in place of the files on disk.
//!
//! The operator's own files are never changed. The choice applies only while the files are the same
//! as at the time of the choice: an operator who changes a file wants the files to be read.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::files::ConfigFiles;
use super::generation::{self, Generation};
use crate::digest::Digest;
use crate::owned;
use crate::printable;
use crate::regular;

/// The choice of a generation in the place of the files on disk.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[non_exhaustive]
pub struct Rollback {
    /// The generation.
    pub generation: u64,
    /// The digest of the files that the generation replaces, at the time of the choice.
    pub files: Digest,
    /// Why the files could not be applied; `None` if an operator chose the generation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub because: Option<String>,
}

impl fmt::Display for Rollback {
    /// One line that says which config is in force, until when, and why.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "config is rolled back to generation {}: the files do not count until one of them changes",
            self.generation
        )?;
        match &self.because {
            Some(because) => write!(f, ", for they were refused: {}", printable::line(because)),
            None => Ok(()),
        }
    }
}

/// The choice of a generation that replaces these files, if there is one, and the generation.
pub(super) fn in_force(
    data_dir: &Path,
    files: &ConfigFiles,
) -> io::Result<Option<(Rollback, Generation)>> {
    match read(data_dir)? {
        Some(rollback) if rollback.files == files.digest() => {
            let generation = Generation::read(data_dir, rollback.generation)?;
            Ok(Some((rollback, generation)))
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

/// Writes the choice; with `None`, removes it.
pub(super) fn write(data_dir: &Path, rollback: Option<&Rollback>) -> io::Result<()> {
    let path = path(data_dir);
    let Some(rollback) = rollback else {
        return owned::remove(&path);
    };
    owned::own_dir(&generation::folder(data_dir))?;
    owned::replace(&path, &serde_json::to_vec(rollback)?)
}

fn path(data_dir: &Path) -> PathBuf {
    generation::folder(data_dir).join("rollback.json")
}
