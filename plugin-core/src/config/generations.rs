//! The configs that were applied, the last few of them, in the data folder.
//!
//! Each has a file of its own, which is written beside and then renamed, and never changed. The
//! oldest are removed after the newest is there: whatever a crash interrupts, the files that have a
//! number for a name are whole, and the newest of them is the config that was applied last or the
//! one before it.

use std::fs;
use std::io;
use std::path::PathBuf;

use schemars::JsonSchema;
use serde::Serialize;

use super::files::ConfigFiles;
use super::generation::{self, Generation};
use super::rollback::{self, Rollback};
use super::settings::Settings;
use crate::digest::Digest;
use crate::owned;
use crate::regular;

/// The configs that were applied, the last few of them.
///
/// A generation holds the texts of the config files, with the secrets that stand in them, in files
/// for their owner alone. Of environment variables it holds the names, never the values: a rollback
/// takes the values that the process has.
#[derive(Debug, Clone)]
pub struct Generations {
    data_dir: PathBuf,
    keep: usize,
}

/// A config that was applied, and what there is to know of it now.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[non_exhaustive]
pub struct KeptGeneration {
    /// The config.
    #[serde(flatten)]
    pub generation: Generation,
    /// Whether it was applied last.
    pub running: bool,
    /// Whether a service has last started with it.
    pub started: bool,
    /// Whether it is in the place of the files.
    pub in_place_of_files: bool,
}

impl Generations {
    /// Those of a service: in its `data_dir`, as many as its `config_generations`.
    #[must_use]
    pub fn of(settings: &Settings) -> Self {
        Self {
            data_dir: settings.manager.data_dir.clone(),
            keep: settings.manager.config_generations,
        }
    }

    /// Those in a data folder, to be read.
    #[must_use]
    pub fn in_dir(data_dir: impl Into<PathBuf>) -> Self {
        Self {
            data_dir: data_dir.into(),
            keep: usize::MAX,
        }
    }

    /// The numbers of those that are there, the oldest first.
    ///
    /// # Errors
    ///
    /// When the folder can't be read.
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

    /// One of them.
    ///
    /// # Errors
    ///
    /// When it is not there, can't be read, or is not what was written.
    pub fn read(&self, number: u64) -> io::Result<Generation> {
        Generation::read(&self.data_dir, number)
    }

    /// All that are there, the oldest first, each if it can be read; `files` is the digest of the
    /// config files as they are now.
    ///
    /// # Errors
    ///
    /// When the folder can't be read.
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

    /// The one that was applied last, if it can be read.
    ///
    /// # Errors
    ///
    /// When the folder can't be read.
    pub fn latest(&self) -> io::Result<Option<Generation>> {
        let last = self.numbers()?.pop();
        Ok(last.and_then(|number| self.read(number).ok()))
    }

    /// Keeps the config that was applied, unless it is the latest one already, and removes the
    /// oldest that are too many. Answers with its number.
    ///
    /// One process at a time may record: it is the one that runs the service.
    ///
    /// # Errors
    ///
    /// When it can't be written. Those that are there stay.
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

    /// Notes that a service has started with one of them: it stays until another one has, however
    /// many come after it.
    ///
    /// # Errors
    ///
    /// When it can't be written.
    pub(crate) fn note_start(&self, number: u64) -> io::Result<()> {
        if self.started() == Some(number) {
            return Ok(());
        }
        owned::replace(&self.start_mark(), &serde_json::to_vec(&number)?)
    }

    /// The one that a service has last started with, as far as it is known.
    #[must_use]
    pub fn started(&self) -> Option<u64> {
        let bytes = regular::read(&self.start_mark(), 1 << 10).ok()?;
        serde_json::from_slice(&bytes).ok()
    }

    fn start_mark(&self) -> PathBuf {
        generation::folder(&self.data_dir).join("started.json")
    }

    /// Removes the oldest that are too many, but for the one that is in the place of the files, and
    /// the one that a service has last started with.
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

    /// Chooses a generation in the place of files as they are now; the next load that
    /// [obeys](super::Sources::obey_rollback) reads it. Answers with what was chosen before, for
    /// [`restore`](Self::restore) if that load fails.
    ///
    /// # Errors
    ///
    /// When the generation can't be read, or the choice can't be written.
    pub fn roll_back(&self, number: u64, files: &ConfigFiles) -> io::Result<Option<Rollback>> {
        let before = self.rollback().ok().flatten();
        self.choose(number, files, None)?;
        Ok(before)
    }

    /// The same, with why the files could not be applied.
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

    /// What is chosen in the place of files. It is in force only while they are the same.
    ///
    /// # Errors
    ///
    /// When it can't be read.
    pub fn rollback(&self) -> io::Result<Option<Rollback>> {
        rollback::read(&self.data_dir)
    }

    /// Puts back what was chosen, or that nothing was.
    ///
    /// # Errors
    ///
    /// When it can't be written.
    pub fn restore(&self, rollback: Option<Rollback>) -> io::Result<()> {
        rollback::write(&self.data_dir, rollback.as_ref())
    }
}

/// The number that a name is, as it is written here: the last one has none after it.
fn number_of(name: &str) -> Option<u64> {
    let number = name.parse::<u64>().ok()?;
    (number < u64::MAX && number.to_string() == name).then_some(number)
}
