//! A config that was applied, as it is kept.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::files::ConfigFiles;
use super::settings::Settings;
use crate::digest::Digest;
use crate::regular;
use crate::timestamp::Timestamp;

/// Where generations are, below `data_dir`: no plugin has a name with an underscore at its front.
const FOLDER: &str = "_config";

/// Most bytes of the file of a generation: more than ten times what its files may have together.
const LARGEST: u64 = 256 << 20;

/// A config that was applied. `Serialize` leaves the texts of the files out: they may hold secrets.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[non_exhaustive]
pub struct Generation {
    /// Its number: each is one more than the one before it.
    pub number: u64,
    /// What tells it from others: the names and texts of its files, and the names of variables.
    pub digest: Digest,
    /// When it was applied, in RFC 3339.
    pub time: String,
    /// Who had it applied.
    pub by: String,
    /// The older generation that it brought back.
    pub rolled_back_to: Option<u64>,
    /// The `APP__…` variables that were set, without their values.
    pub variables: Vec<String>,
    /// The files, with their texts.
    #[serde(skip)]
    pub files: Arc<ConfigFiles>,
}

/// What stands in the file of a generation.
#[derive(Serialize, Deserialize)]
struct StoredGeneration {
    #[serde(flatten)]
    generation: Generation,
    files: ConfigFiles,
}

impl Generation {
    /// The config that is applied, as it is kept; it has no number yet.
    pub(super) fn of(settings: &Settings, by: &str) -> Self {
        Self {
            number: 0,
            digest: Self::digest_of(&settings.applied, &settings.variables),
            time: Timestamp(SystemTime::now()).to_string(),
            by: by.to_owned(),
            rolled_back_to: settings.rolled_back_to(),
            variables: settings.variables.clone(),
            files: Arc::clone(&settings.applied),
        }
    }

    /// What the texts and the names of variables come to.
    pub(super) fn digest_of(files: &ConfigFiles, variables: &[String]) -> Digest {
        let files = files.digest();
        let names = variables.iter().map(String::as_bytes);
        Digest::of(std::iter::once(files.as_bytes()).chain(names))
    }

    /// What is written to its file.
    pub(super) fn to_json(&self) -> io::Result<Vec<u8>> {
        let stored = StoredGeneration {
            generation: self.clone(),
            files: (*self.files).clone(),
        };
        Ok(serde_json::to_vec(&stored)?)
    }

    /// Reads the file of a generation.
    pub(super) fn read(data_dir: &Path, number: u64) -> io::Result<Self> {
        let path = path(data_dir, number);
        let named = |error: io::Error| {
            io::Error::new(error.kind(), format!("`{}`: {error}", path.display()))
        };
        let bytes = regular::read(&path, LARGEST).map_err(named)?;
        let stored: StoredGeneration =
            serde_json::from_slice(&bytes).map_err(|error| named(error.into()))?;
        let mut generation = stored.generation;
        if generation.number != number {
            let what = format!(
                "is generation {}, under the name of another",
                generation.number
            );
            return Err(named(io::Error::new(io::ErrorKind::InvalidData, what)));
        }
        if Self::digest_of(&stored.files, &generation.variables) != generation.digest {
            let error = io::Error::new(
                io::ErrorKind::InvalidData,
                "holds something else than was written",
            );
            return Err(named(error));
        }
        generation.files = Arc::new(stored.files);
        Ok(generation)
    }
}

pub(super) fn folder(data_dir: &Path) -> PathBuf {
    data_dir.join(FOLDER)
}

pub(super) fn path(data_dir: &Path, number: u64) -> PathBuf {
    folder(data_dir).join(format!("{number}.json"))
}
