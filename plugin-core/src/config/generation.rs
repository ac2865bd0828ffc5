//! An applied config and the form in which it is stored.

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

/// The folder of the generations, below `data_dir`. It can't be the folder of a plugin, because no
/// plugin's name begins with an underscore.
const FOLDER: &str = "_config";

/// Largest size of a generation's file in bytes. It is more than ten times the total size that
/// config files may have.
const LARGEST: u64 = 256 << 20;

/// A config that was applied. `Serialize` omits the texts of the files, because they may contain
/// secrets.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[non_exhaustive]
pub struct Generation {
    /// The number of the generation. Each number is one more than the one before.
    pub number: u64,
    /// A digest of the names and texts of the files and of the names of the variables. Two
    /// generations with the same content have the same digest.
    pub digest: Digest,
    /// The time at which it was applied, in RFC 3339 format.
    pub time: String,
    /// The actor that applied it.
    pub by: String,
    /// The number of the older generation that it restored, if it was a rollback.
    pub rolled_back_to: Option<u64>,
    /// The names of the `APP__…` variables that were set. Their values are not kept.
    pub variables: Vec<String>,
    /// The config files with their texts.
    #[serde(skip)]
    pub files: Arc<ConfigFiles>,
}

/// The content of a generation's file.
#[derive(Serialize, Deserialize)]
struct StoredGeneration {
    #[serde(flatten)]
    generation: Generation,
    files: ConfigFiles,
}

impl Generation {
    /// Makes a generation of the settings that are applied. It has no number yet.
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

    /// The digest of the texts and of the names of the variables.
    pub(super) fn digest_of(files: &ConfigFiles, variables: &[String]) -> Digest {
        let files = files.digest();
        let names = variables.iter().map(String::as_bytes);
        Digest::of(std::iter::once(files.as_bytes()).chain(names))
    }

    /// The content of its file.
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
