//! The files that config was read from, with their texts at that time. They are watched for changes
//! and kept in generations.

use std::collections::BTreeSet;
use std::fmt;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::origin::Origin;
use super::reading::{self, Unreadable};
use super::yaml;
use crate::digest::Digest;

/// The files that config was read from, with their texts at that time.
///
/// `Debug` shows only the names, because the texts may contain secrets.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConfigFiles {
    pub(super) manager_file: Option<PathBuf>,
    pub(super) config_dir: Option<PathBuf>,
    pub(super) texts: Vec<FileText>,
    /// The files and directories that could not be read, with the reasons.
    #[serde(skip)]
    pub(super) faults: Vec<ReadFault>,
}

/// A file and its text.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct FileText {
    pub(super) path: PathBuf,
    pub(super) text: String,
}

/// A file or directory that could not be read, and the reason.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct ReadFault {
    path: PathBuf,
    what: String,
}

impl ConfigFiles {
    pub(super) fn new(manager_file: Option<PathBuf>) -> Self {
        Self {
            manager_file,
            ..Self::default()
        }
    }

    /// The manager's file, which does not have to exist.
    #[must_use]
    pub fn manager_file(&self) -> Option<&Path> {
        self.manager_file.as_deref()
    }

    /// The directory of the plugins' files, which does not have to exist.
    #[must_use]
    pub fn config_dir(&self) -> Option<&Path> {
        self.config_dir.as_deref()
    }

    /// The files that were read. The manager's file is the first.
    pub fn paths(&self) -> impl Iterator<Item = &Path> {
        self.texts.iter().map(|file| file.path.as_path())
    }

    /// Whether no file was read.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.texts.is_empty()
    }

    /// The text of one of the files.
    pub(super) fn text(&self, path: &Path) -> String {
        let mut texts = self.texts.iter();
        let found = texts.find(|file| file.path == path);
        found.map(|file| file.text.clone()).unwrap_or_default()
    }

    /// These files, except that the files with the given sections are taken from `new`.
    pub(super) fn mixed(&self, new: &Self, sections: &[String]) -> Self {
        let holds = |file: &&FileText| {
            let root = yaml::parse(&file.text, &Origin::Default);
            root.is_ok_and(|root| sections.iter().any(|name| root.get(name).is_some()))
        };
        let taken: Vec<&FileText> = new.texts.iter().filter(holds).collect();
        let is_taken = |file: &FileText| taken.iter().any(|taken| taken.path == file.path);
        let stay = self
            .texts
            .iter()
            .filter(|file| !holds(file) && !is_taken(file));
        let mut texts: Vec<FileText> = stay.chain(taken.iter().copied()).cloned().collect();
        let manager = self.manager_file.clone();
        texts.sort_by_key(|file| (Some(&file.path) != manager.as_ref(), file.path.clone()));
        Self {
            texts,
            ..self.clone()
        }
    }

    /// A digest of the names and texts of the files. For a file that could not be read, the reason
    /// is included.
    #[must_use]
    pub fn digest(&self) -> Digest {
        let places = [&self.manager_file, &self.config_dir].map(|path| {
            let path = path.as_deref().unwrap_or(Path::new(""));
            path.as_os_str().as_encoded_bytes()
        });
        let texts = self.texts.iter();
        let texts = texts.flat_map(|file| {
            [
                file.path.as_os_str().as_encoded_bytes(),
                file.text.as_bytes(),
            ]
        });
        let faults = self.faults.iter();
        let faults = faults.flat_map(|fault| {
            [
                fault.path.as_os_str().as_encoded_bytes(),
                fault.what.as_bytes(),
            ]
        });
        Digest::of(places.into_iter().chain(texts).chain(faults))
    }

    /// The files whose texts differ, that exist in only one of the two, or that can't be read in
    /// one of them.
    #[must_use]
    pub fn different(&self, other: &Self) -> Vec<PathBuf> {
        let all = self.texts.iter().chain(&other.texts);
        let faults = self.faults.iter().chain(&other.faults);
        let all = all
            .map(|file| &file.path)
            .chain(faults.map(|fault| &fault.path));
        let paths: BTreeSet<&PathBuf> = all.collect();
        let of = |files: &Self, path: &Path| {
            let text = files.texts.iter().find(|file| file.path == path).cloned();
            let fault = files
                .faults
                .iter()
                .find(|fault| fault.path == path)
                .cloned();
            (text, fault)
        };
        let changed = paths
            .into_iter()
            .filter(|path| of(self, path) != of(other, path));
        changed.cloned().collect()
    }

    /// Reads the same paths again. If config names other paths by now, that is not noticed;
    /// [`files`](super::files()) reads the paths anew.
    #[must_use]
    pub fn now(&self) -> Self {
        let mut files = Self::new(self.manager_file.clone());
        let manager = files.manager_file.clone();
        if let Some(path) = manager.filter(|path| !reading::is_absent(path)) {
            drop(files.read(&path));
        }
        files.config_dir.clone_from(&self.config_dir);
        if let Some(dir) = self
            .config_dir
            .as_ref()
            .filter(|dir| !reading::is_absent(dir))
        {
            let (paths, _) = files.list(dir);
            for path in paths {
                drop(files.read(&path));
            }
        }
        files
    }

    /// Reads a file and records it.
    pub(super) fn read(&mut self, path: &Path) -> Result<String, Unreadable> {
        let read = named(path).and_then(reading::read);
        let path = path.to_owned();
        match &read {
            Ok(text) => self.texts.push(FileText {
                path,
                text: text.clone(),
            }),
            Err(unreadable) => self.fault(&path, &unreadable.what),
        }
        read
    }

    /// The files of a directory except the manager's, ordered by name, and the reasons why others
    /// can't be read.
    pub(super) fn list(&mut self, dir: &Path) -> (Vec<PathBuf>, Vec<String>) {
        let (mut files, faults) = match reading::list(dir) {
            Ok(listed) => listed,
            Err(fault) => (Vec::new(), vec![fault]),
        };
        let whole = |path: &Path| path.canonicalize().ok();
        let own = self.manager_file.as_deref().and_then(whole);
        files.retain(|path| own.is_none() || whole(path) != own);
        faults.iter().for_each(|fault| self.fault(dir, fault));
        (files, faults)
    }

    /// Records a fault, unless the path does not exist. A missing file is recognized by its missing
    /// text.
    fn fault(&mut self, path: &Path, what: &str) {
        if reading::is_absent(path) {
            return;
        }
        self.faults.push(ReadFault {
            path: path.to_owned(),
            what: what.to_owned(),
        });
    }
}

/// Refuses a file whose name consists only of an extension.
fn named(path: &Path) -> Result<&Path, Unreadable> {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    if reading::is_nameless(&name) {
        let what = format!("a config file needs a name before `{name}`: rename it, or remove it");
        return Err(what.into());
    }
    Ok(path)
}

impl fmt::Debug for ConfigFiles {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ConfigFiles")
            .field("manager_file", &self.manager_file)
            .field("config_dir", &self.config_dir)
            .field("files", &self.paths().collect::<Vec<_>>())
            .finish_non_exhaustive()
    }
}
