//! Checks whether the path of an open file or directory still leads to it.

use std::fmt;
use std::fs::Metadata;
use std::io;
use std::path::{Path, PathBuf};

/// A path and the file to which it leads. If a file is removed while a program has it open, the
/// program can still write to it, but everything written then is lost. [`Place::check`] detects
/// this.
///
/// # Example
///
/// ```
/// use plugin_core::place::Place;
///
/// # let directory = tempfile::tempdir().unwrap();
/// let path = directory.path().join("data.sqlite");
/// std::fs::write(&path, "").unwrap();
/// let place = Place::of(&path).unwrap();
/// assert!(place.check().is_ok());
/// std::fs::remove_file(&path).unwrap();
/// assert!(place.check().unwrap_err().to_string().contains("was removed"));
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    path: PathBuf,
    id: Option<(u64, u64)>,
}

impl Place {
    /// The file to which a path leads now.
    ///
    /// # Errors
    ///
    /// Returns an error if nothing exists there, or if it can't be examined.
    pub fn of(path: impl Into<PathBuf>) -> io::Result<Self> {
        let path = path.into();
        let id = id(&std::fs::metadata(&path)?);
        Ok(Self { path, id })
    }

    /// The path.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Checks whether the path leads to the same file as before. On systems that can't identify
    /// files, it checks only whether something exists there.
    ///
    /// # Errors
    ///
    /// Returns an error if it does not.
    pub fn check(&self) -> Result<(), PlaceError> {
        let why = match std::fs::metadata(&self.path) {
            Ok(data) if id(&data) == self.id => return Ok(()),
            Ok(_) => Why::Another,
            Err(error) if error.kind() == io::ErrorKind::NotFound => Why::Removed,
            Err(error) => Why::Unreadable(error),
        };
        let path = self.path.clone();
        Err(PlaceError { path, why })
    }
}

#[cfg(unix)]
#[expect(clippy::unnecessary_wraps, reason = "other systems have none")]
fn id(data: &Metadata) -> Option<(u64, u64)> {
    use std::os::unix::fs::MetadataExt;
    Some((data.dev(), data.ino()))
}

#[cfg(not(unix))]
fn id(_: &Metadata) -> Option<(u64, u64)> {
    None
}

/// The error when a path does not lead to the same file any more.
#[derive(Debug)]
pub struct PlaceError {
    path: PathBuf,
    why: Why,
}

#[derive(Debug)]
enum Why {
    Removed,
    Another,
    Unreadable(io::Error),
}

impl fmt::Display for PlaceError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = self.path.display();
        match &self.why {
            Why::Removed => write!(f, "`{path}` was removed while it was in use"),
            Why::Another => write!(
                f,
                "`{path}` was replaced while it was in use: restart the plugin to use the new one"
            ),
            Why::Unreadable(error) => write!(f, "`{path}` can't be looked at: {error}"),
        }
    }
}

impl std::error::Error for PlaceError {}
