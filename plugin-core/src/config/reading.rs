//! Lists and reads config files on disk, and says why a file can't be read.
//!
//! A file that has the name of a config file but can't be read is always reported. Otherwise, its
//! content would be ignored without notice.

use std::ffi::OsStr;
use std::fs::{self, OpenOptions};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use crate::owned;
use crate::regular::{self, NotRegular};

/// Most bytes of a text, and most bytes that its aliases may add.
pub(super) const LARGEST: usize = 1 << 20;

/// The reason why the text of a file could not be read.
pub(super) struct Unreadable {
    /// What is wrong, and what to do.
    pub(super) what: String,
    /// Line and column, if the problem is at one place of the file.
    pub(super) place: (usize, usize),
}

impl From<String> for Unreadable {
    fn from(what: String) -> Self {
        let place = (0, 0);
        Self { what, place }
    }
}

/// Whether nothing exists at this path. A broken link on the way to it counts as existing.
pub(super) fn is_absent(path: &Path) -> bool {
    match fs::symlink_metadata(path) {
        Ok(_) => false,
        Err(error) => owned::is_absent(&error) && broken_link(path).is_none(),
    }
}

/// Reads the text of a file.
pub(super) fn read(path: &Path) -> Result<String, Unreadable> {
    let failed = |error: io::Error| Unreadable::from(failure(path, "file", &error));
    let file = regular::open(path, OpenOptions::new().read(true)).map_err(failed)?;
    let is_now = file.metadata().map_err(failed)?;
    let mut bytes = Vec::new();
    file.take(LARGEST as u64 + 1)
        .read_to_end(&mut bytes)
        .map_err(failed)?;
    if bytes.len() > LARGEST {
        return Err(too_large(is_now.len().max(bytes.len() as u64)).into());
    }
    text(bytes)
}

/// The message for a text that is too large.
pub(super) fn too_large(bytes: u64) -> String {
    format!(
        "holds {bytes} bytes, and a config file may hold {LARGEST} at most: keep large data in a file of its own, and its path in config"
    )
}

/// The config files of a directory, ordered by name, and the reasons why others can't be read.
pub(super) fn list(dir: &Path) -> Result<(Vec<PathBuf>, Vec<String>), String> {
    let failed = |error: io::Error| failure(dir, "directory", &error);
    let (mut files, mut faults) = (Vec::new(), Vec::new());
    for entry in fs::read_dir(dir).map_err(failed)? {
        match entry {
            Ok(entry) if is_config_name(&entry.file_name()) => files.push(entry.path()),
            Ok(_) => {}
            Err(error) => faults.push(failed(error)),
        }
    }
    files.sort();
    Ok((files, faults))
}

/// Whether a file is a config file by its name, which must end in `.yaml` or `.yml`, in upper or
/// lower case. Backup and swap files of editors are not (`a.yaml~`, `a.yaml.bak`, `.a.yaml.swp`,
/// `.#a.yaml`).
fn is_config_name(name: &OsStr) -> bool {
    let name = name.to_string_lossy().to_lowercase();
    let is_yaml = name.ends_with(".yaml") || name.ends_with(".yml");
    is_yaml && (!name.starts_with('.') || is_nameless(&name))
}

/// Whether a name consists only of an extension.
pub(super) fn is_nameless(name: &str) -> bool {
    [".yaml", ".yml"].contains(&name.to_lowercase().as_str())
}

/// What is wrong with a path, and how to repair it.
fn failure(path: &Path, noun: &str, error: &io::Error) -> String {
    if path.as_os_str().is_empty() {
        return format!("the path of the {noun} is empty: name one");
    }
    let inner = error.get_ref();
    if let Some(other) = inner.and_then(|inner| inner.downcast_ref::<NotRegular>()) {
        return format!(
            "is {}, and a config file is a regular one: give it another name, or put a file in its place",
            other.noun()
        );
    }
    if let Some(link) = broken_link(path) {
        let target = fs::read_link(&link).unwrap_or_default();
        return format!(
            "can't read the {noun}: `{}` is a link to `{}`, which is not there: put something there, or remove the link",
            link.display(),
            target.display()
        );
    }
    let remedy = match error.kind() {
        io::ErrorKind::NotFound => ": create it, or name another",
        io::ErrorKind::PermissionDenied => ": give the user that runs this the right to read it",
        io::ErrorKind::NotADirectory => ": name the directory that the files are in",
        _ => "",
    };
    format!("can't read the {noun}: {error}{remedy}")
}

/// The first broken link on the way to a path.
fn broken_link(path: &Path) -> Option<PathBuf> {
    let mut steps: Vec<&Path> = path.ancestors().collect();
    steps.reverse();
    let is_broken = |step: &&Path| {
        let is_link = fs::symlink_metadata(step).is_ok_and(|step| step.is_symlink());
        let missing = |error: io::Error| error.kind() == io::ErrorKind::NotFound;
        is_link && fs::metadata(step).is_err_and(missing)
    };
    steps.into_iter().find(is_broken).map(Path::to_owned)
}

fn text(bytes: Vec<u8>) -> Result<String, Unreadable> {
    String::from_utf8(bytes).map_err(|error| {
        let good = error.utf8_error().valid_up_to();
        let bytes = error.as_bytes();
        if bytes.starts_with(&[0xff, 0xfe]) || bytes.starts_with(&[0xfe, 0xff]) {
            return "the file is UTF-16: save it as UTF-8".to_owned().into();
        }
        let before = String::from_utf8_lossy(&bytes[..good]);
        let line = before.rsplit('\n').next().unwrap_or_default();
        Unreadable {
            what: format!(
                "the byte {:#04x} is no UTF-8: save the file as UTF-8",
                bytes[good]
            ),
            place: (before.matches('\n').count() + 1, line.chars().count() + 1),
        }
    })
}
