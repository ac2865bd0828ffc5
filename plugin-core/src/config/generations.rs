//! The last configs that were applied, stored in the data folder.
//!
//! Each generation has a file of its own, which is written under a temporary name, then renamed,
//! and never changed. The oldest files are removed only after the newest one exists. Therefore,
//! after a crash at any point, every file whose name is a number is complete, and the newest of
//! them contains either the config that was applied last or the one before it.

use std::fs;
use std::io;
use std::path::PathBuf;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::files::ConfigFiles;
use super::generation::{self, Generation};
use super::rollback::{self, Rollback};
use super::settings::Settings;
use crate::digest::Digest;
use crate::owned;
use crate::regular;

/// The last configs that were applied.
///
/// A generation contains the texts of the config files, including the secrets in them, so only the
/// owner of its file can read it. Of environment variables it contains the names but not the
/// values: a rollback uses the values that the process has.
#[derive(Debug, Clone)]
pub struct Generations {
    data_dir: PathBuf,
    keep: usize,
}

/// A stored generation and its present role.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[non_exhaustive]
pub struct KeptGeneration {
    /// The config.
    #[serde(flatten)]
    pub generation: Generation,
    /// Whether it was applied last.
    pub running: bool,
    /// Whether the last successful start of a service used it.
    pub started: bool,
    /// Whether it is read in place of the config files.
    pub in_place_of_files: bool,
}

impl Generations {
    /// The generations of a service: stored in its `data_dir`, and limited to its
    /// `config_generations`.
    #[must_use]
    pub fn of(settings: &Settings) -> Self {
        Self {
            data_dir: settings.manager.data_dir.clone(),
            keep: settings.manager.config_generations,
        }
    }

    /// The generations in a data folder, for reading.
    #[must_use]
    pub fn in_dir(data_dir: impl Into<PathBuf>) -> Self {
        Self {
            data_dir: data_dir.into(),
            keep: usize::MAX,
        }
    }

    /// The numbers of the stored generations, oldest first.
    ///
    /// # Errors
    ///
    /// Returns an error if the folder can't be read.
    pub fn numbers(&self) -> io::Result<Vec<u64>> {
        let entries = match fs::read_dir(generation::folder(&self.data_dir)) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            entries => entries?,
        };
        let mut numbers = Vec::new();
        for entry in entries {
            let name = entry?.file_name();
            let number = name.to_str().and_then(|name| name.strip_suffix(".json"));
            numbers.extend(number.and_then(number_of));
        }
        numbers.sort_unstable();
        Ok(numbers)
    }

    /// Reads one generation.
    ///
    /// # Errors
    ///
    /// Returns an error if the generation does not exist, can't be read, or does not have the
    /// content that was written.
    pub fn read(&self, number: u64) -> io::Result<Generation> {
        Generation::read(&self.data_dir, number)
    }

    /// Reads all stored generations, oldest first, with an error for each that can't be read.
    /// `files` is the digest of the config files as they are now.
    ///
    /// # Errors
    ///
    /// Returns an error if the folder can't be read.
    pub fn history(&self, files: Digest) -> io::Result<Vec<io::Result<KeptGeneration>>> {
        let numbers = self.numbers()?;
        let chosen = self.rollback().ok().flatten();
        let chosen = chosen.filter(|chosen| chosen.files == files);
        let chosen = chosen.map(|chosen| chosen.generation);
        let started = self.started();
        let kept = numbers.iter().map(|number| {
            self.read(*number).map(|generation| KeptGeneration {
                running: numbers.last() == Some(number),
                started: started == Some(*number),
                in_place_of_files: chosen == Some(*number),
                generation,
            })
        });
        Ok(kept.collect())
    }

    /// Reads the generation that was applied last, if it can be read.
    ///
    /// # Errors
    ///
    /// Returns an error if the folder can't be read.
    pub fn latest(&self) -> io::Result<Option<Generation>> {
        let last = self.numbers()?.pop();
        Ok(last.and_then(|number| self.read(number).ok()))
    }

    /// Stores the applied config as a new generation, unless it equals the latest one, and removes
    /// the oldest generations above the limit. Returns the number of the generation.
    ///
    /// Only one process at a time may call this: the process that runs the service.
    ///
    /// # Errors
    ///
    /// Returns an error if the generation can't be written. The stored generations are not changed
    /// then.
    pub fn record(&self, settings: &Settings, by: &str) -> io::Result<u64> {
        let generation = Generation::of(settings, by);
        let numbers = self.numbers()?;
        let last = numbers.last().copied();
        let latest = last.and_then(|number| self.read(number).ok());
        if let Some(latest) = latest.filter(|latest| latest.digest == generation.digest) {
            self.remove_old(numbers);
            return Ok(latest.number);
        }
        let generation = Generation {
            number: last.unwrap_or(0) + 1,
            ..generation
        };
        owned::own_dir(&generation::folder(&self.data_dir))?;
        let path = generation::path(&self.data_dir, generation.number);
        owned::replace(&path, &generation.to_json()?)?;
        self.remove_old(numbers.into_iter().chain([generation.number]));
        Ok(generation.number)
    }

    /// Records that a service has started with a generation. That generation is not removed until a
    /// service has started with another one, however many generations are added.
    ///
    /// # Errors
    ///
    /// Returns an error if the record can't be written.
    pub(crate) fn note_start(&self, number: u64) -> io::Result<()> {
        if self.started() == Some(number) {
            return Ok(());
        }
        owned::replace(&self.start_mark(), &serde_json::to_vec(&number)?)
    }

    /// The generation with which a service was started last, if it is known.
    #[must_use]
    pub fn started(&self) -> Option<u64> {
        let bytes = regular::read(&self.start_mark(), 1 << 10).ok()?;
        serde_json::from_slice(&bytes).ok()
    }

    fn start_mark(&self) -> PathBuf {
        generation::folder(&self.data_dir).join("started.json")
    }

    /// Removes the oldest generations above the limit, except for the one that is read in place of
    /// the files and the one with which a service was started last.
    fn remove_old(&self, numbers: impl IntoIterator<Item = u64>) {
        let chosen = self.rollback().ok().flatten();
        let kept = [chosen.map(|rollback| rollback.generation), self.started()];
        let numbers: Vec<u64> = numbers.into_iter().collect();
        let too_many = numbers.len().saturating_sub(self.keep);
        let old = numbers.into_iter().take(too_many);
        for number in old.filter(|number| !kept.contains(&Some(*number))) {
            let path = generation::path(&self.data_dir, number);
            if let Err(error) = fs::remove_file(&path) {
                tracing::warn!("`{}` can't be removed: {error}", path.display());
            }
        }
    }

    /// Chooses a generation that is read in place of the files as they are now. The next load that
    /// [obeys](super::Sources::obey_rollback) it reads this generation. Returns the previous
    /// choice, for [`restore`](Self::restore) if that load fails.
    ///
    /// # Errors
    ///
    /// Returns an error if the generation can't be read, or if the choice can't be written.
    pub fn roll_back(&self, number: u64, files: &ConfigFiles) -> io::Result<Option<Rollback>> {
        let before = self.rollback().ok().flatten();
        self.choose(number, files, None)?;
        Ok(before)
    }

    /// Does the same, and records why the files could not be applied.
    pub(crate) fn choose(
        &self,
        number: u64,
        files: &ConfigFiles,
        because: Option<String>,
    ) -> io::Result<Rollback> {
        let rollback = Rollback {
            generation: self.read(number)?.number,
            files: files.digest(),
            because,
        };
        rollback::write(&self.data_dir, Some(&rollback))?;
        Ok(rollback)
    }

    /// The generation that was chosen in place of the files. It is in force only while the files do
    /// not change.
    ///
    /// # Errors
    ///
    /// Returns an error if the choice can't be read.
    pub fn rollback(&self) -> io::Result<Option<Rollback>> {
        rollback::read(&self.data_dir)
    }

    /// Restores the previous choice, or that there was none.
    ///
    /// # Errors
    ///
    /// Returns an error if the choice can't be written.
    pub fn restore(&self, rollback: Option<&Rollback>) -> io::Result<()> {
        rollback::write(&self.data_dir, rollback)
    }
}

/// The number of a file name, if the name is a number in the form in which it is written here. The
/// largest number is refused, because there is no next one.
fn number_of(name: &str) -> Option<u64> {
    let number = name.parse::<u64>().ok()?;
    (number < u64::MAX && number.to_string() == name).then_some(number)
}
