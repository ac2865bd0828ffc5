//! Ensures that only one service uses a data folder: it locks a file in the folder, and writes the
//! number of its process into it for a second service. The system releases the lock even if the
//! process is killed.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Read, Seek, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::error::{Error, Result};
use crate::owned;
use crate::regular;

/// Name of the file.
const FILE: &str = ".lock";

/// Code that checks whether a service runs also takes the lock for a moment.
const ATTEMPTS: u32 = 5;
const PAUSE: Duration = Duration::from_millis(20);

/// The right to store data in a data folder, as long as this exists.
#[derive(Debug)]
pub(crate) struct DataLock(#[expect(dead_code, reason = "it is held, and not used")] File);

impl DataLock {
    /// Creates the folder if it does not exist, and takes the lock, before anything else is
    /// written.
    ///
    /// # Errors
    ///
    /// Returns an error if another service has the lock, or if the folder can't be used.
    ///
    /// # Cancel safety
    ///
    /// If the future is dropped, the lock is not taken.
    pub(crate) async fn take(data_dir: &Path) -> Result<Self> {
        let refused = |error: io::Error| {
            let path = data_dir.display();
            Error::config(format!("`{path}` can't be the `data_dir`")).because(error)
        };
        owned::create_dir_all(data_dir).map_err(refused)?;
        let mut options = owned::options();
        options.read(true).write(true).create(true).truncate(false);
        let mut file = regular::open(&path(data_dir), &mut options).map_err(refused)?;
        for _ in 0..ATTEMPTS {
            match file.try_lock() {
                Ok(()) => {
                    note(&mut file).map_err(refused)?;
                    return Ok(Self(file));
                }
                Err(TryLockError::WouldBlock) => tokio::time::sleep(PAUSE).await,
                Err(TryLockError::Error(error)) => return Err(refused(error)),
            }
        }
        Err(taken(&mut file, data_dir))
    }
}

/// A service that runs with a data folder.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Holder {
    /// The id of its process, if it has recorded it.
    pub pid: Option<u32>,
}

/// The service that runs with a data folder; `None` if there is none, or if that can't be
/// determined.
#[must_use]
pub fn holder(data_dir: &Path) -> Option<Holder> {
    let mut file = regular::open(&path(data_dir), OpenOptions::new().read(true)).ok()?;
    let is_held = matches!(file.try_lock_shared(), Err(TryLockError::WouldBlock));
    is_held.then(|| Holder {
        pid: noted(&mut file),
    })
}

fn path(data_dir: &Path) -> PathBuf {
    data_dir.join(FILE)
}

fn note(file: &mut File) -> io::Result<()> {
    file.set_len(0)?;
    file.rewind()?;
    writeln!(file, "{}", std::process::id())
}

fn noted(file: &mut File) -> Option<u32> {
    let mut text = String::new();
    file.take(32).read_to_string(&mut text).ok()?;
    text.trim().parse().ok()
}

fn taken(file: &mut File, data_dir: &Path) -> Error {
    let who = match noted(file) {
        Some(pid) if pid == std::process::id() => "this process has it already".to_owned(),
        Some(pid) => format!("the service with the process id {pid} runs with it"),
        None => "another service runs with it".to_owned(),
    };
    let folder = std::path::absolute(data_dir).unwrap_or_else(|_| data_dir.to_owned());
    Error::config(format!(
        "the data folder `{}` is taken, {who}: stop that one, or give this one a `data_dir` of its \
         own",
        folder.display()
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_second_service_is_told_who_was_first() {
        let root = tempfile::tempdir().unwrap();
        let dir = root.path().join("data");
        assert_eq!(holder(&dir), None, "nothing is there");
        let first = DataLock::take(&dir).await.unwrap();
        let own = std::process::id();
        assert_eq!(holder(&dir), Some(Holder { pid: Some(own) }));
        for (text, who) in [
            ("", "another service"),
            ("12\n", "the process id 12 runs"),
            (&format!("{own}\n"), "this process"),
        ] {
            std::fs::write(path(&dir), text).unwrap();
            let error = DataLock::take(&dir).await.unwrap_err();
            assert_eq!(error.kind(), crate::ErrorKind::Config);
            let text = error.to_string();
            assert!(text.contains(who), "{text}");
            assert!(text.contains(&format!("`{}`", dir.display())), "{text}");
        }
        drop(first);
        assert_eq!(holder(&dir), None);
        DataLock::take(&dir).await.unwrap();
    }

    #[tokio::test(start_paused = true)]
    async fn a_folder_that_can_t_be_used_is_named() {
        let root = tempfile::tempdir().unwrap();
        let file = root.path().join("file");
        std::fs::write(&file, "").unwrap();
        let error = DataLock::take(&file.join("data")).await.unwrap_err();
        assert!(error.to_string().contains("can't be the `data_dir`"));
        std::fs::create_dir(root.path().join(FILE)).unwrap();
        assert!(DataLock::take(root.path()).await.is_err());
    }
}
