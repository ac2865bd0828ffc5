//! The problems that a file can have, with its name and a remedy.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use plugin_core::{Error, regular};

/// The reason why a file can't be used.
#[derive(Debug)]
pub(crate) struct FileError {
    path: PathBuf,
    fault: Fault,
}

/// A problem of the file.
#[derive(Debug)]
pub(crate) enum Fault {
    /// Another process serves it.
    Served,
    /// It is the database of another program, or not a database.
    Foreign,
    /// It was written by a later version.
    Newer(i64),
    /// Its pages are inconsistent; contains SQLite's message.
    Damaged(String),
    /// The file is missing, but its log exists.
    Orphaned,
    Io(io::Error),
    Sqlite(sqlx::Error),
}

impl Fault {
    pub(crate) fn at(self, path: &Path) -> FileError {
        FileError {
            path: path.to_owned(),
            fault: self,
        }
    }
}

impl fmt::Display for FileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = self.path.display();
        match &self.fault {
            Fault::Served => write!(
                f,
                "another process serves `{path}`: stop it, or give this one another `path`"
            ),
            Fault::Foreign => write!(
                f,
                "`{path}` is no queue of this service: move it away, or give another `path`"
            ),
            Fault::Newer(version) => write!(
                f,
                "`{path}` was written by a later version of this service (tables of version {version}, known is {}): go back to that version",
                crate::schema::VERSION
            ),
            Fault::Damaged(what) => write!(
                f,
                "`{path}` is damaged ({what}), and is left as it is: save what can be saved with `sqlite3 {path} .recover`, or restore a copy; to begin with an empty queue, move it away together with `{path}-wal`"
            ),
            Fault::Orphaned => write!(
                f,
                "`{path}` is gone, and its log `{path}-wal` is there: put the file back, or move the log away"
            ),
            Fault::Io(_) | Fault::Sqlite(_) => write!(f, "can't open `{path}`"),
        }
    }
}

impl std::error::Error for FileError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match &self.fault {
            Fault::Io(error) => Some(error),
            Fault::Sqlite(error) => Some(error),
            _ => None,
        }
    }
}

impl FileError {
    /// Classifies it: an operator has to act, unless the disk may recover by itself.
    pub(crate) fn classified(self) -> Error {
        match &self.fault {
            Fault::Io(error) if regular::is_other(error) => Error::config("").because(self),
            Fault::Io(_) | Fault::Sqlite(_) => Error::retriable("").because(self),
            _ => Error::config("").because(self),
        }
    }
}

/// Whether SQLite reports that the file is damaged or not a database.
pub(crate) fn is_broken(error: &sqlx::Error) -> bool {
    matches!(code(error), Some(11 | 26))
}

/// Whether another connection holds the lock of the file.
pub(crate) fn is_locked(error: &sqlx::Error) -> bool {
    matches!(code(error), Some(5 | 6))
}

/// The error for the kernel. All errors are retriable, except those that violate a rule of the
/// tables or a limit.
pub(crate) fn store_error(error: sqlx::Error) -> Error {
    match code(&error) {
        // The value is too large, violates a rule of the tables, or has the wrong type.
        Some(18..=20) => Error::external("queue").because(error),
        _ => Error::retriable("queue").because(error),
    }
}

/// The primary result code of SQLite, the low byte of the extended one.
fn code(error: &sqlx::Error) -> Option<u32> {
    let code = error.as_database_error()?.code()?;
    Some(code.parse::<u32>().ok()? & 0xff)
}
