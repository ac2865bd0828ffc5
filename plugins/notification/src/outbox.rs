//! A directory for messages that are not sent to a server. As in a maildir, a message is written
//! below `tmp` and renamed into `new`, so that a reader of `new` sees only complete messages.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::{SystemTime, UNIX_EPOCH};

use plugin_core::{Error, ErrorExt, Result, owned};

/// The directory. A clone refers to the same one.
#[derive(Debug, Clone)]
pub struct Outbox(Arc<Path>);

impl Outbox {
    /// Opens an outbox, and creates its missing parts.
    ///
    /// # Errors
    ///
    /// Returns an error if the directories can't be created.
    pub fn open(root: PathBuf) -> Result<Self> {
        for path in [root.clone(), root.join("tmp"), root.join("new")] {
            owned::own_dir(&path).map_err(|error| {
                Error::config(format!("can't make `{}`", path.display())).because(error)
            })?;
        }
        Ok(Self(root.into()))
    }

    /// Adds a message with a unique name that ends in `extension`, and returns its path.
    ///
    /// # Errors
    ///
    /// Returns an error if it can't be written. The error may be temporary, as with a full disk.
    ///
    /// # Cancel safety
    ///
    /// If the future is dropped, the message may or may not be there, but never a part of it.
    pub async fn put(&self, extension: &'static str, message: Vec<u8>) -> Result<PathBuf> {
        let root = Arc::clone(&self.0);
        tokio::task::spawn_blocking(move || write(&root, extension, &message))
            .await
            .context("the outbox")?
            .context(format!("can't write to the outbox `{}`", self.0.display()))
            .retriable()
    }

    /// Checks that messages can be stored.
    ///
    /// # Errors
    ///
    /// Returns an error if one of its directories is missing.
    pub fn present(&self) -> Result<()> {
        for part in ["tmp", "new"] {
            let path = self.0.join(part);
            if !path.is_dir() {
                return Err(Error::retriable(format!(
                    "`{}` was removed while it was in use: make it again, or restart the plugin",
                    path.display()
                )));
            }
        }
        Ok(())
    }

    /// The directory of complete messages.
    #[must_use]
    pub fn new_messages(&self) -> PathBuf {
        self.0.join("new")
    }
}

fn write(root: &Path, extension: &str, message: &[u8]) -> io::Result<PathBuf> {
    let name = format!("{}.{extension}", unique());
    let tmp = root.join("tmp").join(&name);
    let new = root.join("new").join(&name);
    let written = fill(&tmp, message).and_then(|()| fs::rename(&tmp, &new));
    if let Err(error) = written {
        // If this fails, the rest in `tmp` does no harm.
        drop(fs::remove_file(&tmp));
        return Err(error);
    }
    Ok(new)
}

fn fill(path: &Path, message: &[u8]) -> io::Result<()> {
    let mut file = owned::options().write(true).create_new(true).open(path)?;
    file.write_all(message)?;
    file.sync_all()
}

/// A name that is unique on this machine: the time, the process and a counter.
pub(crate) fn unique() -> String {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    let now = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    let count = COUNT.fetch_add(1, Relaxed);
    format!(
        "{}.{:09}.{}_{count}",
        now.as_secs(),
        now.subsec_nanos(),
        process::id()
    )
}

#[cfg(test)]
mod tests {
    use plugin_core::ErrorKind;

    use super::*;

    fn names(path: &Path) -> Vec<String> {
        let entries = fs::read_dir(path).unwrap();
        entries
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect()
    }

    #[tokio::test]
    async fn a_message_appears_whole_and_leaves_nothing_in_tmp() {
        let dir = tempfile::tempdir().unwrap();
        let outbox = Outbox::open(dir.path().join("outbox")).unwrap();
        let path = outbox.put("eml", b"hello".to_vec()).await.unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"hello");
        assert!(path.starts_with(outbox.new_messages()));
        assert_eq!(names(&dir.path().join("outbox/tmp")), Vec::<String>::new());
    }

    #[tokio::test]
    async fn names_never_collide() {
        let dir = tempfile::tempdir().unwrap();
        let outbox = Outbox::open(dir.path().to_owned()).unwrap();
        let mut puts = tokio::task::JoinSet::new();
        for n in 0..64 {
            let outbox = outbox.clone();
            puts.spawn(async move { outbox.put("sms.json", vec![n]).await.unwrap() });
        }
        puts.join_all().await;
        let names = names(&outbox.new_messages());
        assert_eq!(names.len(), 64);
        assert!(names.iter().all(|name| name.ends_with(".sms.json")));
    }

    #[tokio::test]
    async fn a_write_that_fails_is_retriable_and_names_the_directory() {
        let dir = tempfile::tempdir().unwrap();
        let outbox = Outbox::open(dir.path().join("outbox")).unwrap();
        fs::remove_dir_all(dir.path().join("outbox")).unwrap();
        let error = outbox.put("eml", Vec::new()).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::External { retriable: true });
        assert!(error.to_string().contains("outbox"), "{error}");
    }

    #[test]
    fn a_place_that_is_taken_by_a_file_is_the_operators() {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("outbox"), "a file").unwrap();
        let error = Outbox::open(dir.path().join("outbox")).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Config);
    }
}
