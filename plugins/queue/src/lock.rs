//! One process serves a file.

use std::fs::{File, OpenOptions, TryLockError};
use std::path::{Path, PathBuf};
use std::time::Duration;

use plugin_core::{owned, regular};

use crate::failure::{Fault, FileError};

/// The right to serve a file, for as long as this lives: also a process that is killed lets go
/// of it.
#[derive(Debug)]
pub(crate) struct Lock {
    _file: File,
}

impl Lock {
    /// Takes it.
    ///
    /// # Errors
    ///
    /// When another process has it, or the file beside the queue can't be made.
    pub(crate) async fn take(queue: &Path) -> Result<Self, FileError> {
        let path = beside(queue);
        let file = regular::open(&path, owned::options().create(true).append(true));
        let file = file.map_err(|error| Fault::Io(error).at(&path))?;
        // A command that looks whether the file is served holds the lock for a moment.
        for _ in 0..ATTEMPTS {
            match file.try_lock() {
                Ok(()) => return Ok(Self { _file: file }),
                Err(TryLockError::WouldBlock) => tokio::time::sleep(PAUSE).await,
                Err(TryLockError::Error(error)) => return Err(Fault::Io(error).at(queue)),
            }
        }
        Err(Fault::Served.at(queue))
    }
}

/// Whether a process serves the file now.
pub(crate) fn is_served(queue: &Path) -> bool {
    let Ok(file) = regular::open(&beside(queue), OpenOptions::new().read(true)) else {
        return false;
    };
    matches!(file.try_lock_shared(), Err(TryLockError::WouldBlock))
}

const ATTEMPTS: u32 = 5;
const PAUSE: Duration = Duration::from_millis(20);

/// The lock is on a file of its own: SQLite locks parts of the queue's.
fn beside(queue: &Path) -> PathBuf {
    let mut path = queue.as_os_str().to_owned();
    path.push(".lock");
    path.into()
}
