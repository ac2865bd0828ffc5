//! What can be wrong with the file, said with its name and a remedy.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use plugin_core::{Error, regular};

/// Why a file can't be used.
#[derive(Debug)]
pub(crate) struct FileError {
    path: PathBuf,
    fault: Fault,
}

/// What is wrong with it.
#[derive(Debug)]
pub(crate) enum Fault {
    /// Another process serves it.
    Served,
    /// It is another program's database, or none.
    Foreign,
    /// It was written by a later version.
    Newer(i64),
    /// Its pages do not fit together; what SQLite says of it.
    Damaged(String),
    /// The file is gone, and its log is there.
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
    /// An operator has to act, unless the disk may come back by itself.
    pub(crate) fn classified(self) -> Error {
        match &self.fault {
            Fault::Io(error) if regular::is_other(error) => Error::config("").because(self),
            Fault::Io(_) | Fault::Sqlite(_) => Error::retriable("").because(self),
            _ => Error::config("").because(self),
        }
    }
}

/// Whether SQLite says that the file is damaged, or no database at all.
pub(crate) fn is_broken(error: &sqlx::Error) -> bool {
    matches!(code(error), Some(11 | 26))
}

/// Whether another connection has the lock of the file.
pub(crate) fn is_locked(error: &sqlx::Error) -> bool {
    matches!(code(error), Some(5 | 6))
}

/// Whether trying again may help: all but what breaks a rule of the tables or a limit.
pub(crate) fn store_error(error: sqlx::Error) -> Error {
    match code(&error) {
        // Too big, a rule of the tables, a wrong type.
        Some(18..=20) => Error::external("queue").because(error),
        _ => Error::retriable("queue").because(error),
    }
}

/// The primary result code of SQLite, the low byte of the extended one.
fn code(error: &sqlx::Error) -> Option<u32> {
    let code = error.as_database_error()?.code()?;
    Some(code.parse::<u32>().ok()? & 0xff)
}
