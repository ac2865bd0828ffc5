//! Ensures that only one process serves a file.

use std::fs::{File, OpenOptions, TryLockError};
use std::path::{Path, PathBuf};
use std::time::Duration;

use plugin_core::{owned, regular};

use crate::failure::{Fault, FileError};

/// The right to serve a file, as long as this exists. The system also releases it if the process is
/// killed.
#[derive(Debug)]
pub(crate) struct Lock {
    _file: File,
}

impl Lock {
    /// Takes the lock.
    ///
    /// # Errors
    ///
    /// Returns an error if another process has it, or if the lock file can't be created.
    pub(crate) async fn take(queue: &Path) -> Result<Self, FileError> {
        let path = beside(queue);
        let file = regular::open(&path, owned::options().create(true).append(true));
        let file = file.map_err(|error| Fault::Io(error).at(&path))?;
        // A command that checks whether the file is served also takes the lock for a moment.
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

/// The lock is on a separate file, because SQLite locks parts of the queue's file.
fn beside(queue: &Path) -> PathBuf {
    let mut path = queue.as_os_str().to_owned();
    path.push(".lock");
    path.into()
}
